// SPDX-License-Identifier: GPL-2.0-only

//! `/proc/hpc/decay`: how the writing process, and its children, are to be seen.
//!
//! | file               | meaning                                                          |
//! |--------------------|------------------------------------------------------------------|
//! | `clear`            | forget what it has used, and what was written to the others      |
//! | `cpujob`, `iojob`  | it computes: what it says to its home does not count; it does I/O: its place is at home |
//! | `slow`, `fast`     | forget what it uses at this pace                                 |
//! | `none`             | forget nothing                                                   |
//!
//! Reading tells whether it is so for the reader.

use crate::{
    balance::rules::Kind,
    placement,
    sys::proc::{
        Content,
        Dir,
        File, //
    },
    task::rules::{
        Pace,
        Rules, //
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
}

const FILES: [(&CStr, Decay); 6] = [
    (c"clear", Decay::Clear),
    (c"cpujob", Decay::Kind(Kind::Cpu)),
    (c"iojob", Decay::Kind(Kind::Io)),
    (c"slow", Decay::Pace(Pace::Slow)),
    (c"fast", Decay::Pace(Pace::Fast)),
    (c"none", Decay::Pace(Pace::Never)),
];

/// All files. They go before their directory.
pub(super) struct Files {
    _files: [File<Decay>; FILES.len()],
    _dir: Dir,
}

impl Files {
    pub(super) fn new(root: &Dir) -> Result<Self> {
        let dir = Dir::new(c"decay", Some(root))?;
        let file =
            |(name, decay): (&CStr, Decay)| File::new(name, &dir, Arc::new(decay, GFP_KERNEL)?);
        let [clear, cpujob, iojob, slow, fast, none] = FILES;
        Ok(Self {
            _files: [
                file(clear)?,
                file(cpujob)?,
                file(iojob)?,
                file(slow)?,
                file(fast)?,
                file(none)?,
            ],
            _dir: dir,
        })
    }
}

impl Content for Decay {
    const MODE: u16 = 0o666;
    // Everybody writes it for himself.
    const ADMIN: bool = false;

    fn show(&self, to: &SeqFile) -> Result {
        let migrant = placement::find(current!().group_leader())?;
        let rules = migrant.process().rules();
        let so = match self {
            Self::Clear => rules.kind == Kind::Measured && rules.pace == Pace::Slow,
            Self::Kind(kind) => rules.kind == *kind,
            Self::Pace(pace) => rules.pace == *pace,
        };
        seq_print!(to, "{}\n", u8::from(so));
        Ok(())
    }

    fn write(&self, text: &[u8]) -> Result {
        if text.trim_ascii() != b"1" {
            return Err(EINVAL);
        }
        let migrant = placement::find(current!().group_leader())?;
        let process = migrant.process();
        process.set_rules(|rules| match self {
            Self::Clear => {
                let Rules { kind, pace, .. } = Rules::default();
                rules.kind = kind;
                rules.pace = pace;
            }
            Self::Kind(kind) => rules.kind = *kind,
            Self::Pace(pace) => rules.pace = *pace,
        });
        if matches!(self, Self::Clear) {
            process.clear_statistics();
        }
        Ok(())
    }
}
