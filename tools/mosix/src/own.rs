// SPDX-License-Identifier: GPL-2.0-only
//! What a program asks for itself before it becomes another one. Children inherit it.

use crate::error::{Error, Result};
use crate::process::{Mask, Process};
use crate::system::{System, write_once};

/// How fast the kernel forgets what a process used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decay {
    /// It computes: talking to home does not count.
    CpuJob,
    /// It talks: it stays near its files.
    IoJob,
    /// Nothing is forgotten.
    None,
    /// Slowly.
    Slow,
    /// Fast.
    Fast,
    /// So many per mille are kept each time that so many seconds are over.
    Own {
        /// Seconds of an interval.
        seconds: u32,
        /// Per mille.
        keep: u32,
    },
}

/// For whom it holds how fast the kernel forgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holds {
    /// Also for the programs that the next program becomes.
    pub over_exec: bool,
    /// Also for children.
    pub for_children: bool,
}

impl Decay {
    /// What to write to which file.
    fn file(self) -> (&'static str, String) {
        let one = |file| (file, "1\n".to_string());
        match self {
            Self::CpuJob => one("decay/cpujob"),
            Self::IoJob => one("decay/iojob"),
            Self::None => one("decay/none"),
            Self::Slow => one("decay/slow"),
            Self::Fast => one("decay/fast"),
            Self::Own { seconds, keep } => ("decay/own", format!("{seconds} {keep}\n")),
        }
    }
}

impl System {
    /// The calling program itself.
    fn myself(&self) -> OwnFiles<'_> {
        OwnFiles(self)
    }

    /// Lock the calling program where it is, or unlock it.
    pub fn lock_myself(&self, locked: bool) -> Result<()> {
        self.myself().write("lock", if locked { "1\n" } else { "0\n" })
    }

    /// Say where the calling program may go.
    pub fn mask_myself(&self, mask: &Mask) -> Result<()> {
        mask.files().into_iter().try_for_each(|(file, text)| self.myself().write(file, &text))
    }

    /// Say how fast to forget what the calling program uses, and for whom this holds once it has
    /// become another program.
    pub fn decay_myself(&self, decay: Decay, holds: Holds) -> Result<()> {
        let (file, text) = decay.file();
        self.write_hpc(file, &text)?;
        self.write_hpc("decay/exec", if holds.over_exec { "1\n" } else { "exec 0\n" })?;
        self.write_hpc("decay/inherit", if holds.for_children { "1\n" } else { "0\n" })
    }
}

/// The files of `/proc/self`.
struct OwnFiles<'a>(&'a System);

impl OwnFiles<'_> {
    fn write(&self, file: &str, text: &str) -> Result<()> {
        self.0.require_openmosix()?;
        let path = self.0.path("proc/self").join(file);
        write_once(&path, text).map_err(|error| Error::io(path, error))
    }
}

impl Mask {
    /// What to write to which file: last whether the mask counts.
    pub(crate) fn files(&self) -> Vec<(&'static str, String)> {
        let list = |nodes: &str, policy: &str| {
            vec![
                ("mignodes", format!("{nodes}\n")),
                ("migpolicy", format!("{policy}\n")),
                ("migfilter", "1\n".into()),
            ]
        };
        match self {
            Self::Any => vec![("migfilter", "0\n".into())],
            Self::Home => list("", "1"),
            Self::Only(nodes) => list(&nodes.to_string(), "1"),
            Self::Not(nodes) => list(&nodes.to_string(), "0"),
        }
    }
}

impl Process<'_> {
    /// Lock it where it is, or unlock it.
    pub fn lock(&self, locked: bool) -> Result<()> {
        self.write("lock", if locked { "1\n" } else { "0\n" })
    }

    /// Say where it may go.
    pub fn set_mask(&self, mask: &Mask) -> Result<()> {
        mask.files().into_iter().try_for_each(|(file, text)| self.write(file, &text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    #[test]
    fn locks_masks_and_decay() {
        let tree = Tree::cluster();
        tree.myself();
        let system = System::at(tree.root());
        system.lock_myself(true).unwrap();
        assert_eq!(tree.read("proc/self/lock"), "1\n");
        system.mask_myself(&Mask::Not("2,3".parse().unwrap())).unwrap();
        let read = |file: &str| tree.read(&format!("proc/self/{file}"));
        assert_eq!(
            [read("mignodes"), read("migpolicy"), read("migfilter")],
            ["2-3\n", "0\n", "1\n"]
        );
        let decay =
            |names: [&str; 3]| names.map(|name| tree.read(&format!("proc/hpc/decay/{name}")));
        let always = Holds { over_exec: true, for_children: true };
        system.decay_myself(Decay::CpuJob, always).unwrap();
        assert_eq!(decay(["cpujob", "exec", "inherit"]), ["1\n"; 3]);
        let own = Decay::Own { seconds: 5, keep: 900 };
        system.decay_myself(own, Holds { over_exec: false, for_children: false }).unwrap();
        assert_eq!(decay(["own", "exec", "inherit"]), ["5 900\n", "exec 0\n", "0\n"]);
    }

    #[test]
    fn other_processes() {
        let tree = Tree::cluster();
        tree.process(42, 0, "xz");
        let system = System::at(tree.root());
        let process = system.process(42).unwrap();
        assert_eq!(process.mask().unwrap(), Mask::Any);
        let (only, not) = ("1,3-5".parse().unwrap(), "2".parse().unwrap());
        for mask in [Mask::Only(only), Mask::Not(not), Mask::Home] {
            process.set_mask(&mask).unwrap();
            assert_eq!(process.mask().unwrap(), mask);
        }
        process.set_mask(&Mask::Any).unwrap();
        assert_eq!(process.mask().unwrap(), Mask::Any);
        process.lock(true).unwrap();
        assert!(process.is_locked().unwrap());
    }
}
