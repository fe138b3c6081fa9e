// SPDX-License-Identifier: GPL-2.0-only
//! Leaving in order: guests are sent away, or own processes brought home.

use std::io::ErrorKind;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::system::{System, write_once};

/// The kernel's word for a wait that somebody else has ended.
const ECANCELED: i32 = 125;

/// Who leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Guests go on to other nodes, or home; no more come.
    Expel,
    /// Own processes come home, and stay.
    Bring,
}

impl Leave {
    fn file(self) -> &'static str {
        match self {
            Self::Expel => "admin/expel",
            Self::Bring => "admin/bring",
        }
    }

    /// Who is not yet where they should be.
    fn who(self, count: u64) -> String {
        let (one, many) = match self {
            Self::Expel => ("guest is", "guests are"),
            Self::Bring => ("process is", "processes are"),
        };
        let place = if self == Self::Expel { "here" } else { "away" };
        format!("{count} {} still {place}", if count == 1 { one } else { many })
    }
}

impl System {
    /// Have them leave, and wait until all have, at most `limit`.
    pub fn leave(&self, leave: Leave, limit: Option<Duration>) -> Result<()> {
        self.require_openmosix()?;
        let path = self.hpc(leave.file());
        let done = match limit {
            None => write_once(&path, "1\n"),
            Some(limit) => {
                // The kernel waits in the write; who waits no longer ends with the program.
                let (tell, told) = mpsc::channel();
                let path = path.clone();
                thread::spawn(move || tell.send(write_once(&path, "1\n")));
                told.recv_timeout(limit).unwrap_or_else(|_| Err(ErrorKind::Interrupted.into()))
            }
        };
        match done {
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                let left = self.number_hpc(leave.file())?;
                if left == 0 { Ok(()) } else { Err(Error::Left(leave.who(left))) }
            }
            Err(error) if error.raw_os_error() == Some(ECANCELED) => {
                let who = leave.who(self.number_hpc(leave.file())?);
                Err(Error::Left(format!("it was taken back: {who}")))
            }
            other => other.map_err(|error| Error::io(path, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    #[test]
    fn the_kernel_is_asked() {
        let tree = Tree::cluster();
        let system = System::at(tree.root());
        system.leave(Leave::Expel, None).unwrap();
        assert_eq!(tree.read("proc/hpc/admin/expel"), "1\n");
        system.leave(Leave::Bring, Some(Duration::from_secs(20))).unwrap();
        assert_eq!(tree.read("proc/hpc/admin/bring"), "1\n");
        assert!(matches!(
            System::at(Tree::new().root()).leave(Leave::Bring, None),
            Err(Error::NoKernel)
        ));
    }

    #[test]
    fn who_is_left() {
        assert_eq!(Leave::Expel.who(1), "1 guest is still here");
        assert_eq!(Leave::Bring.who(2), "2 processes are still away");
    }
}
