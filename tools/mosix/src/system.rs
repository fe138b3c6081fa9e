// SPDX-License-Identifier: GPL-2.0-only
//! One machine's files: `/proc` and `/etc` below a root directory.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::{Error, Result};

/// Where the kernel's openMosix files are.
const HPC: &str = "proc/hpc";

/// The variable that names another root directory than `/`.
pub const ROOT_VARIABLE: &str = "OPENMOSIX_ROOT";

/// A machine, seen through its files. Cheap to make; holds nothing open.
#[derive(Clone, Debug)]
pub struct System {
    root: PathBuf,
}

impl System {
    /// The machine whose files are below `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// This machine, or the made-up one that `OPENMOSIX_ROOT` names.
    pub fn from_env() -> Self {
        Self::at(std::env::var_os(ROOT_VARIABLE).unwrap_or_else(|| "/".into()))
    }

    /// The path of a file of this machine.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Fail if the kernel has no openMosix.
    pub fn require_openmosix(&self) -> Result<()> {
        if self.path(HPC).is_dir() { Ok(()) } else { Err(Error::NoKernel) }
    }

    /// The path of one of the files below `/proc/hpc`.
    pub fn hpc(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.path(HPC).join(relative)
    }

    /// The text of a file below `/proc/hpc`, without the final newline.
    pub fn read_hpc(&self, relative: impl AsRef<Path>) -> Result<String> {
        let path = self.hpc(relative);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim_end().to_string()),
            Err(error) => {
                self.require_openmosix()?;
                Err(Error::io(path, error))
            }
        }
    }

    /// A number from a file below `/proc/hpc`.
    pub fn number_hpc<T: FromStr>(&self, relative: impl AsRef<Path>) -> Result<T> {
        let text = self.read_hpc(&relative)?;
        let wrong = || Error::format(self.hpc(&relative), format!("'{text}' is not a number"));
        text.parse().map_err(|_| wrong())
    }

    /// Give a file below `/proc/hpc` its new content in one write.
    pub fn write_hpc(&self, relative: impl AsRef<Path>, content: &str) -> Result<()> {
        self.require_openmosix()?;
        let path = self.hpc(relative);
        write_once(&path, content).map_err(|error| Error::io(path, error))
    }

    /// The numbered entries of a directory below the root, in order.
    pub fn numbered<T: FromStr + Ord>(&self, relative: impl AsRef<Path>) -> Result<Vec<T>> {
        let path = self.path(relative);
        let entries = fs::read_dir(&path).map_err(|error| Error::io(&path, error))?;
        let mut numbers: Vec<T> =
            entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
        numbers.sort();
        Ok(numbers)
    }

    /// This node's own number, or `None` while openMosix is off.
    pub fn me(&self) -> Result<Option<u16>> {
        let id: u16 = self.number_hpc("admin/mospe")?;
        Ok((id != 0).then_some(id))
    }

    /// Switch openMosix off on this node.
    pub fn switch_off(&self) -> Result<()> {
        self.write_hpc("admin/mospe", "0\n")
    }

    /// What the kernel says about its openMosix version.
    pub fn version(&self) -> Result<String> {
        self.read_hpc("admin/version")
    }

    /// How many strangers were refused, by reason.
    pub fn refused(&self) -> Result<BTreeMap<String, u64>> {
        const FILE: &str = "admin/refused";
        self.read_hpc(FILE)?
            .lines()
            .map(|line| {
                let (reason, count) = line.split_once(' ')?;
                Some((reason.to_string(), count.trim().parse().ok()?))
            })
            .collect::<Option<_>>()
            .ok_or_else(|| Error::format(self.hpc(FILE), "a line is not a reason and a count"))
    }
}

/// Write `content` to an existing file with one system call, because the kernel takes it as one
/// request.
pub fn write_once(path: &Path, content: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).truncate(true).open(path)?;
    match file.write(content.as_bytes())? {
        all if all == content.len() => Ok(()),
        some => Err(io::Error::other(format!("took only {some} of the {} bytes", content.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    #[test]
    fn a_kernel_without_openmosix_is_named() {
        let tree = Tree::new();
        let system = System::at(tree.root());
        assert!(matches!(system.me(), Err(Error::NoKernel)));
        assert!(matches!(system.switch_off(), Err(Error::NoKernel)));
    }

    #[test]
    fn own_number_and_off() {
        let tree = Tree::cluster();
        let system = System::at(tree.root());
        assert_eq!(system.me().unwrap(), Some(1));
        system.switch_off().unwrap();
        assert_eq!(system.me().unwrap(), None);
    }

    #[test]
    fn refused_counters() {
        let tree = Tree::cluster();
        let system = System::at(tree.root());
        tree.write("proc/hpc/admin/refused", "no-key 3\nversion 0\n");
        let refused = system.refused().unwrap();
        assert_eq!(refused["no-key"], 3);
        assert_eq!(refused["version"], 0);
        tree.write("proc/hpc/admin/refused", "no-key many\n");
        assert!(matches!(system.refused(), Err(Error::Format { .. })));
    }

    #[test]
    fn only_numbers_count_as_entries() {
        let tree = Tree::cluster();
        tree.write("proc/hpc/nodes/README", "");
        let nodes: Vec<u16> = System::at(tree.root()).numbered("proc/hpc/nodes").unwrap();
        assert_eq!(nodes, [1, 2, 3]);
    }
}
