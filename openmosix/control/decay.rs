// SPDX-License-Identifier: GPL-2.0-only

//! `/proc/hpc/decay`: how the writing process, and its children, are to be seen.
//!
//! | file               | meaning                                                          |
//! |--------------------|------------------------------------------------------------------|
//! | `clear`            | forget what it has used, and what was written to the others      |
//! | `cpujob`, `iojob`  | it computes: what it says to its home does not count; it does I/O: its place is at home |
//! | `slow`, `fast`     | forget what it uses at this pace of the node                     |
//! | `none`             | forget nothing                                                   |
//! | `own`              | seconds, and per mille that are kept each time: a pace of its own; 0 is none |
//! | `exec`             | 1: all of it holds for the programs that it becomes; 0: it ends with the next `execve()`; `exec 0`: with the one after that |
//! | `inherit`          | 1: it holds for its children, too; 0: not                        |
//!
//! The first six take a 1. Reading tells whether it is so for the reader.

use crate::{
    balance::rules::Kind,
    load::process,
    migrate::migrant::Migrant,
    placement,
    sys::{
        proc::{
            Content,
            Dir,
            File, //
        },
        task, //
    },
    task::rules::{
        Character,
        Lasting,
        Pace, //
    },
};
use kernel::{
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::Arc, //
};

/// What a file stands for.
#[derive(Clone, Copy)]
enum Decay {
    Clear,
    Kind(Kind),
    Pace(Pace),
    Own,
    Exec,
    Inherit,
}

const FILES: [(&CStr, Decay); 9] = [
    (c"clear", Decay::Clear),
    (c"cpujob", Decay::Kind(Kind::Cpu)),
    (c"iojob", Decay::Kind(Kind::Io)),
    (c"slow", Decay::Pace(Pace::Slow)),
    (c"fast", Decay::Pace(Pace::Fast)),
    (c"none", Decay::Pace(Pace::Never)),
    (c"own", Decay::Own),
    (c"exec", Decay::Exec),
    (c"inherit", Decay::Inherit),
];

/// All files. They go before their directory.
pub(super) struct Files {
    _files: KVec<File<Decay>>,
    _dir: Dir,
}

impl Files {
    pub(super) fn new(root: &Dir) -> Result<Self> {
        let dir = Dir::new(c"decay", Some(root))?;
        let mut files = KVec::with_capacity(FILES.len(), GFP_KERNEL)?;
        for (name, decay) in FILES {
            let decay = Arc::new(decay, GFP_KERNEL)?;
            files.push(File::new(name, &dir, decay)?, GFP_KERNEL)?;
        }
        Ok(Self {
            _files: files,
            _dir: dir,
        })
    }
}

/// Seconds and per mille; none if it is 0.
fn own(text: &str) -> Result<Option<process::Decay>> {
    if text == "0" {
        return Ok(None);
    }
    let (seconds, keep) = text.split_once(' ').ok_or(EINVAL)?;
    let number = |text: &str| text.trim().parse().map_err(|_| EINVAL);
    let own = process::Decay::own(number(seconds)?, number(keep)?);
    own.map(Some).ok_or(EINVAL)
}

impl Decay {
    /// Whether a character is like that.
    fn is_so(self, character: &Character) -> bool {
        match self {
            Self::Clear => *character == Character::default(),
            Self::Kind(kind) => character.kind == kind,
            Self::Pace(pace) => character.pace == pace,
            Self::Own => matches!(character.pace, Pace::Own(_)),
            Self::Exec => character.exec == Lasting::Always,
            Self::Inherit => !character.alone,
        }
    }

    /// Makes a character what was written.
    fn take(self, text: &[u8], character: &mut Character) -> Result {
        let text = core::str::from_utf8(text).map_err(|_| EINVAL)?.trim();
        match (self, text) {
            (Self::Clear, "1") => *character = Character::default(),
            (Self::Kind(kind), "1") => character.kind = kind,
            (Self::Pace(pace), "1") => character.pace = pace,
            (Self::Own, text) => character.pace = own(text)?.map_or(Pace::default(), Pace::Own),
            (Self::Exec, "1") => character.exec = Lasting::Always,
            (Self::Exec, "exec 0") => character.exec = Lasting::Once,
            (Self::Exec, "0") => character.exec = Lasting::Never,
            (Self::Inherit, "1") => character.alone = false,
            (Self::Inherit, "0") => character.alone = true,
            _ => return Err(EINVAL),
        }
        Ok(())
    }
}

/// What is known of the process that reads or writes, whichever of its threads does.
fn mine() -> Result<Arc<Migrant>> {
    let standing = task::standing(&task::current()).ok_or(ESRCH)?;
    placement::find(&standing)
}

impl Content for Decay {
    const MODE: u16 = 0o666;
    // Everybody writes it for himself.
    const ADMIN: bool = false;

    fn show(&self, to: &SeqFile) -> Result {
        let migrant = mine()?;
        let character = migrant.process().rules().character;
        match (self, character.pace, character.exec) {
            (Self::Own, Pace::Own(own), _) => {
                seq_print!(to, "{} {}\n", own.interval_ms / 1_000, own.keep);
            }
            (Self::Exec, _, Lasting::Once) => seq_print!(to, "exec 0\n"),
            _ => seq_print!(to, "{}\n", u8::from(self.is_so(&character))),
        }
        Ok(())
    }

    fn write(&self, text: &[u8]) -> Result {
        let migrant = mine()?;
        let process = migrant.process();
        process.set_rules(|rules| self.take(text, &mut rules.character))?;
        if matches!(self, Self::Clear) {
            process.clear_statistics();
        }
        Ok(())
    }
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kunit_tests(openmosix_decay)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_of_its_own() {
        let mut character = Character::default();
        for text in [&b"5 900\n"[..], b" 5  900"] {
            assert_eq!(Decay::Own.take(text, &mut character), Ok(()));
            let own = process::Decay::own(5, 900).map(Pace::Own);
            assert_eq!(Some(character.pace), own);
        }
        assert_eq!(Decay::Own.take(b"0", &mut character), Ok(()));
        assert_eq!(character, Character::default());
    }

    #[test]
    fn whom_it_holds_for() {
        let mut character = Character::default();
        for (text, exec) in [
            (&b"0"[..], Lasting::Never),
            (b"exec 0\n", Lasting::Once),
            (b"1", Lasting::Always),
        ] {
            assert_eq!(Decay::Exec.take(text, &mut character), Ok(()));
            assert_eq!(character.exec, exec);
        }
        assert_eq!(Decay::Inherit.take(b"0", &mut character), Ok(()));
        assert!(character.alone);
        assert_eq!(Decay::Clear.take(b"1", &mut character), Ok(()));
        assert_eq!(character, Character::default());
    }

    #[test]
    fn anything_else_is_refused() {
        let mut character = Character::default();
        for (file, text) in [
            (Decay::Clear, &b"0"[..]),
            (Decay::Kind(Kind::Cpu), b"0"),
            (Decay::Pace(Pace::Fast), b"2"),
            (Decay::Own, b"5"),
            (Decay::Own, b"0 900"),
            (Decay::Own, b"3601 900"),
            (Decay::Own, b"5 1001"),
            (Decay::Own, b"5 -1"),
            (Decay::Own, b"1 2 3"),
            (Decay::Exec, b"exec"),
            (Decay::Exec, b"exec 1"),
            (Decay::Inherit, b"2"),
            (Decay::Inherit, b"\xff"),
        ] {
            assert_eq!(file.take(text, &mut character), Err(EINVAL));
        }
        assert_eq!(character, Character::default());
    }
}
