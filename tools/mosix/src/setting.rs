// SPDX-License-Identifier: GPL-2.0-only
//! The settings of this node: files of `/proc/hpc/admin` that hold one value each.
//!
//! `mosctl` and `/etc/openmosix/openmosix.conf` use the same names.

use std::io::ErrorKind;

use crate::error::{Error, Result};
use crate::system::System;

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name: of the kernel's file, and in the configuration.
    pub name: &'static str,
    /// What it means, for people.
    pub meaning: &'static str,
    kind: Kind,
}

/// What values a setting can have.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// Yes or no; the kernel's 1 or 0.
    Switch,
    /// A number: the least and the greatest one.
    Number(u64, u64),
    /// Words for people, and what the kernel calls them.
    Words(&'static [(&'static str, &'static str)]),
}

/// Whose load a limit is about.
const WHOSE: Kind = Kind::Words(&[("total", "0"), ("local", "1"), ("guests", "2")]);

/// All settings, in the order in which they are shown and applied.
pub const ALL: &[Setting] = &[
    Setting::new("stay", "no process leaves this node by itself", Kind::Switch),
    Setting::new("lstay", "no process of this node leaves by itself", Kind::Switch),
    Setting::new("block", "no guests come", Kind::Switch),
    Setting::new("quiet", "loads are not exchanged", Kind::Switch),
    Setting::new(
        "nomfs",
        "no other node sees files of this one; only for kernels with oMFS",
        Kind::Switch,
    ),
    Setting::new(
        "balance",
        "off, on, or exec: on, and programs start where they run best",
        Kind::Words(&[("off", "off"), ("on", "on"), ("exec", "exec")]),
    ),
    Setting::new(
        "speed",
        "of a processor, 10000 is a standard one; 0 has it measured",
        Kind::Number(0, u32::MAX as u64),
    ),
    Setting::new("maxguests", "most guests; 0 is the kernel's own choice", Kind::Number(0, 65_535)),
    Setting::new(
        "loadlimit",
        "most load, 100 is one process; 0 is no limit",
        Kind::Number(0, 1 << 30),
    ),
    Setting::new("llimitmode", "whose load: total, local or guests", WHOSE),
    Setting::new(
        "cpulimit",
        "most use of processors in %; 0 is no limit",
        Kind::Number(0, 1 << 20),
    ),
    Setting::new("climitmode", "whose use: total, local or guests", WHOSE),
    Setting::new("decay-interval", "seconds between two decays", Kind::Number(1, 3600)),
    Setting::new("slow-decay", "per mille kept each interval", Kind::Number(0, 1000)),
    Setting::new("fast-decay", "per mille kept each interval", Kind::Number(0, 1000)),
];

/// The setting of that name.
pub fn find(name: &str) -> Option<&'static Setting> {
    ALL.iter().find(|setting| setting.name == name)
}

impl Setting {
    const fn new(name: &'static str, meaning: &'static str, kind: Kind) -> Self {
        Self { name, meaning, kind }
    }

    /// What the kernel calls a value that a person wrote; the error continues a sentence.
    pub fn parse(&self, text: &str) -> std::result::Result<String, String> {
        let name = self.name;
        match self.kind {
            Kind::Switch => match text {
                "1" | "yes" | "on" | "true" => Ok("1".into()),
                "0" | "no" | "off" | "false" => Ok("0".into()),
                _ => Err(format!("{name} is yes or no, not '{text}'")),
            },
            Kind::Number(least, most) => match text.parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(number.to_string()),
                _ => Err(format!("{name} is a number from {least} to {most}, not '{text}'")),
            },
            Kind::Words(words) => {
                let known = words.iter().find(|(word, kernel)| text == *word || text == *kernel);
                known.map(|(_, kernel)| kernel.to_string()).ok_or_else(|| {
                    let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                    format!("{name} is one of {}, not '{text}'", all.join(", "))
                })
            }
        }
    }

    /// A value of the kernel's as people write it.
    pub fn show(&self, kernel: &str) -> String {
        match (&self.kind, kernel) {
            (Kind::Switch, "1") => "yes".into(),
            (Kind::Switch, "0") => "no".into(),
            (Kind::Words(words), _) => words
                .iter()
                .find(|(_, it)| *it == kernel)
                .map_or(kernel.into(), |(word, _)| word.to_string()),
            _ => kernel.into(),
        }
    }

    fn file(&self) -> String {
        format!("admin/{}", self.name)
    }
}

impl System {
    /// The value of a setting, as the kernel writes it.
    pub fn setting(&self, setting: &Setting) -> Result<String> {
        self.read_hpc(setting.file()).map_err(|error| missing(setting, error))
    }

    /// Change a setting; `value` comes from [`Setting::parse`].
    pub fn set(&self, setting: &Setting, value: &str) -> Result<()> {
        let done = self.write_hpc(setting.file(), &format!("{value}\n"));
        done.map_err(|error| missing(setting, error))
    }

    /// The settings that this kernel has, each with its value.
    pub fn settings(&self) -> Result<Vec<(&'static Setting, String)>> {
        self.require_openmosix()?;
        let there = ALL.iter().filter(|setting| self.hpc(setting.file()).exists());
        there.map(|setting| Ok((setting, self.setting(setting)?))).collect()
    }

    /// Those settings of node `id` that it tells others, each with its value.
    pub fn settings_of(&self, id: u16) -> Result<Vec<(&'static Setting, String)>> {
        self.require_up(id)?;
        let file = |setting: &Setting| format!("nodes/{id}/{}", setting.name);
        let told = ALL.iter().filter(|setting| self.hpc(file(setting)).exists());
        told.map(|setting| Ok((setting, self.read_hpc(file(setting))?))).collect()
    }
}

/// A file that is not there is a setting that this kernel does not have.
fn missing(setting: &Setting, error: Error) -> Error {
    match error {
        Error::Io { source, .. } if source.kind() == ErrorKind::NotFound => {
            Error::Missing(setting.name.into())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    fn parse(name: &str, text: &str) -> std::result::Result<String, String> {
        find(name).unwrap().parse(text)
    }

    #[test]
    fn values() {
        assert_eq!(parse("stay", "yes").as_deref(), Ok("1"));
        assert_eq!(parse("stay", "0").as_deref(), Ok("0"));
        assert_eq!(parse("llimitmode", "guests").as_deref(), Ok("2"));
        assert_eq!(parse("llimitmode", "2").as_deref(), Ok("2"));
        assert_eq!(parse("slow-decay", "0975").as_deref(), Ok("975"));
        let wrong = |name, text| parse(name, text).unwrap_err();
        assert_eq!(wrong("stay", "maybe"), "stay is yes or no, not 'maybe'");
        assert_eq!(wrong("balance", "2"), "balance is one of off, on, exec, not '2'");
        assert_eq!(
            wrong("slow-decay", "1001"),
            "slow-decay is a number from 0 to 1000, not '1001'"
        );
        assert_eq!(
            wrong("decay-interval", "0"),
            "decay-interval is a number from 1 to 3600, not '0'"
        );
        assert_eq!(
            wrong("maxguests", "65536"),
            "maxguests is a number from 0 to 65535, not '65536'"
        );
    }

    #[test]
    fn what_is_shown_can_be_written() {
        for (setting, kernel) in System::at(Tree::cluster().root()).settings().unwrap() {
            let shown = setting.show(&kernel);
            assert_eq!(setting.parse(&shown).as_ref(), Ok(&kernel), "{}", setting.name);
        }
    }

    #[test]
    fn the_kernel_is_told() {
        let tree = Tree::cluster();
        let system = System::at(tree.root());
        let block = find("block").unwrap();
        assert_eq!(system.setting(block).unwrap(), "0");
        system.set(block, "1").unwrap();
        assert_eq!(tree.read("proc/hpc/admin/block"), "1\n");
        let names: Vec<_> = system.settings().unwrap().iter().map(|(it, _)| it.name).collect();
        assert!(names.contains(&"fast-decay") && !names.contains(&"nomfs"), "{names:?}");
        let error = system.set(find("nomfs").unwrap(), "1").unwrap_err();
        assert_eq!(error.to_string(), "this kernel has no nomfs");
    }
}
