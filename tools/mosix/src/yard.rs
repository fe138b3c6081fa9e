// SPDX-License-Identifier: GPL-2.0-only
//! The yardstick: the speed of the processor on which a load of 100 is one process, for people.
//! The kernel's is 10000; another one is kept in a file.

use std::fs;
use std::io::ErrorKind;

use crate::error::{Error, Result};
use crate::system::System;

/// The file, below the root directory.
const FILE: &str = "etc/openmosix/yardstick";

/// The speed of a processor by which loads are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yard(u64);

impl Yard {
    /// The kernel's own.
    pub const STANDARD: Self = Self(10000);

    /// A yardstick of this speed; `None` for speeds that no processor has.
    pub fn new(speed: u64) -> Option<Self> {
        (1..=u32::MAX.into()).contains(&speed).then_some(Self(speed))
    }

    /// The speed.
    pub fn speed(self) -> u64 {
        self.0
    }

    /// The kernel's load as people read it.
    pub fn load(self, kernel: u64) -> u64 {
        kernel.saturating_mul(self.0).saturating_add(5000) / 10000
    }
}

impl System {
    /// The yardstick of this machine.
    pub fn yard(&self) -> Result<Yard> {
        let path = self.path(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => text
                .trim()
                .parse()
                .ok()
                .and_then(Yard::new)
                .ok_or_else(|| Error::format(path, "is not a speed")),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Yard::STANDARD),
            Err(error) => Err(Error::io(path, error)),
        }
    }

    /// Change the yardstick of this machine.
    pub fn set_yard(&self, yard: Yard) -> Result<()> {
        let path = self.path(FILE);
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        folder
            .and_then(|()| fs::write(&path, format!("{}\n", yard.speed())))
            .map_err(|error| Error::io(path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    #[test]
    fn loads_are_shown_by_it() {
        let tree = Tree::new();
        let system = System::at(tree.root());
        assert_eq!(system.yard().unwrap(), Yard::STANDARD);
        assert_eq!(Yard::STANDARD.load(230), 230);
        // One process on a processor of half the standard speed.
        let half = Yard::new(5000).unwrap();
        assert_eq!(half.load(200), 100);
        system.set_yard(half).unwrap();
        assert_eq!(system.yard().unwrap(), half);
        tree.write(FILE, "fast\n");
        assert!(system.yard().unwrap_err().to_string().ends_with("is not a speed"));
        assert_eq!(Yard::new(0), None);
    }
}
