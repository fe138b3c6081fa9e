// SPDX-License-Identifier: GPL-2.0-only
//! A guest: the process of another node that runs here, as `/proc/hpc/remote/<pid>` shows it.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::system::System;

/// One guest of this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Guest {
    /// Its process number here.
    pub pid: u32,
    /// Its home node.
    pub home: u16,
    /// Its process number at home.
    pub home_pid: u32,
    /// Its name.
    pub comm: String,
}

impl System {
    /// All guests of this node. Guests that leave meanwhile are not errors.
    pub fn guests(&self) -> Result<Vec<Guest>> {
        self.require_openmosix()?;
        let pids: Vec<u32> = self.numbered("proc/hpc/remote")?;
        let here = |pid| self.hpc(format!("remote/{pid}")).exists();
        let read = pids.into_iter().map(|pid| (pid, self.guest(pid)));
        read.filter(|(pid, guest)| guest.is_ok() || here(*pid)).map(|(_, guest)| guest).collect()
    }

    fn guest(&self, pid: u32) -> Result<Guest> {
        let home = self.number_hpc(format!("remote/{pid}/from"))?;
        let identity = format!("remote/{pid}/identity");
        let text = self.read_hpc(&identity)?;
        let wrong = || Error::format(self.hpc(&identity), "not a process number and a name");
        let (home_pid, comm) = text.split_once(' ').ok_or_else(wrong)?;
        let home_pid = home_pid.parse().map_err(|_| wrong())?;
        Ok(Guest { pid, home, home_pid, comm: comm.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    #[test]
    fn guests_with_any_name() {
        let tree = Tree::cluster();
        tree.write("proc/hpc/remote/99/from", "2\n");
        tree.write("proc/hpc/remote/99/identity", "1234 Web Content\n");
        let guests = System::at(tree.root()).guests().unwrap();
        let comm = "Web Content".to_string();
        assert_eq!(guests, [Guest { pid: 99, home: 2, home_pid: 1234, comm }]);
    }
}
