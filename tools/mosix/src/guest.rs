// SPDX-License-Identifier: GPL-2.0-only
//! A guest: the process of another node that runs here, as `/proc/hpc/remote/<pid>` shows it.

use std::time::Duration;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::process::{page_size, seconds, ticks};
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
    /// What it does and has used here.
    #[serde(flatten)]
    pub stats: Stats,
}

/// What a guest does and has used on this node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Its state, a letter as in `ps`.
    pub state: char,
    /// The CPU time that it has used.
    #[serde(rename = "cpu_seconds", serialize_with = "seconds")]
    pub time: Duration,
    /// Its memory in bytes.
    pub resident: u64,
    /// How many milliseconds ago it came.
    #[serde(rename = "age_ms")]
    pub age: u64,
}

impl Stats {
    /// Read `name=value` words; those that are not known here are skipped.
    fn parse(text: &str) -> Option<Self> {
        let fact = |name: &str| {
            let mut words = text.split_whitespace().filter_map(|word| word.split_once('='));
            words.find(|(it, _)| *it == name).map(|(_, value)| value)
        };
        Some(Self {
            state: fact("state")?.chars().next()?,
            time: ticks(fact("utime")?.parse().ok()?),
            resident: fact("rss")?.parse::<u64>().ok()?.checked_mul(page_size())?,
            age: fact("age")?.parse().ok()?,
        })
    }
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
        let file = format!("remote/{pid}/stats");
        let stats = Stats::parse(&self.read_hpc(&file)?)
            .ok_or_else(|| Error::format(self.hpc(&file), "not understood"))?;
        Ok(Guest { pid, home, home_pid, comm: comm.to_string(), stats })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    #[test]
    fn guests_with_any_name() {
        let tree = Tree::cluster();
        tree.guest(99, 2, "1234 Web Content");
        let guests = System::at(tree.root()).guests().unwrap();
        let stats = Stats {
            state: 'R',
            time: Duration::from_secs(2),
            resident: 256 * page_size(),
            age: 65000,
        };
        let comm = "Web Content".to_string();
        assert_eq!(guests, [Guest { pid: 99, home: 2, home_pid: 1234, comm, stats }]);
    }

    #[test]
    fn a_guest_that_leaves_meanwhile_is_left_out() {
        let tree = Tree::cluster();
        tree.guest(98, 2, "1233 xz");
        tree.guest(99, 2, "1234 xz");
        std::fs::remove_dir_all(tree.root().join("proc/hpc/remote/98")).unwrap();
        assert_eq!(System::at(tree.root()).guests().unwrap().len(), 1);
        tree.write("proc/hpc/remote/99/stats", "utime=1\n");
        let error = System::at(tree.root()).guests().unwrap_err().to_string();
        assert!(error.ends_with("remote/99/stats: not understood"), "{error}");
    }
}
