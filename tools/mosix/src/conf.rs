// SPDX-License-Identifier: GPL-2.0-only
//! `/etc/openmosix/openmosix.conf`: how this node takes part, and its settings.
//!
//! Lines are `name = value`; `#` starts a comment. Settings are named as the kernel's files.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::error::{Error, LineError, Result};
use crate::setting::{self, Setting};
use crate::system::System;

/// The file, below the root directory.
pub const PATH: &str = "etc/openmosix/openmosix.conf";

/// What else than settings can be said, each with its meaning.
pub const WORDS: &[(&str, &str)] = &[
    ("id", "the number of this node"),
    ("key", "the file with the cluster key"),
    ("map", "a map file, the same on all nodes"),
    ("join", "addresses of nodes to join by"),
    ("closed", "whether only nodes of the map are let in"),
    ("discover", "whether omdiscd looks for neighbours"),
    ("interface", "where omdiscd looks for them"),
];

/// A configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// The number of this node.
    pub id: Option<u16>,
    /// The file with the cluster key.
    pub key: Option<PathBuf>,
    /// The map file.
    pub map: Option<PathBuf>,
    /// Addresses or host names of nodes to join by.
    pub join: Vec<String>,
    /// Whether only nodes of the map are let in.
    pub closed: bool,
    /// Whether neighbours are looked for by multicast.
    pub discover: bool,
    /// The interfaces to look on; none means all.
    pub interfaces: Vec<String>,
    /// Settings, each with the kernel's value.
    pub settings: Vec<(&'static Setting, String)>,
}

impl Conf {
    /// Read a configuration.
    pub fn parse(text: &str) -> std::result::Result<Self, LineError> {
        let mut conf = Self::default();
        let mut seen: Vec<(String, usize)> = vec![];
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let number = index + 1;
            let wrong = |what: String| LineError { line: Some(number), what };
            if line.is_empty() {
                continue;
            }
            let Some((name, value)) = line.split_once('=') else {
                return Err(wrong(format!("expected name = value, not '{line}'")));
            };
            let (name, value) = (name.trim(), value.trim());
            if let Some((_, first)) = seen.iter().find(|(it, _)| it == name && name != "join") {
                return Err(wrong(format!("{name} is already on line {first}")));
            }
            seen.push((name.to_string(), number));
            if value.is_empty() {
                return Err(wrong(format!("{name} has no value")));
            }
            conf.take(name, value).map_err(wrong)?;
        }
        Ok(conf)
    }

    fn take(&mut self, name: &str, value: &str) -> std::result::Result<(), String> {
        match name {
            "id" => match value.parse() {
                Ok(0) | Err(_) => {
                    return Err(format!("id is a number from 1 to 65535, not '{value}'"));
                }
                Ok(id) => self.id = Some(id),
            },
            "key" => self.key = Some(value.into()),
            "map" => self.map = Some(value.into()),
            "join" => self.join.extend(words(value)),
            "closed" => self.closed = truth(name, value)?,
            "discover" => self.discover = truth(name, value)?,
            "interface" => self.interfaces = words(value).collect(),
            _ => {
                let Some(setting) = setting::find(name) else {
                    return Err(format!("there is nothing of the name '{name}'"));
                };
                self.settings.push((setting, setting.parse(value)?));
            }
        }
        Ok(())
    }
}

/// Words with blanks or commas between them.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split([' ', '\t', ',']).filter(|word| !word.is_empty()).map(str::to_string)
}

fn truth(name: &str, value: &str) -> std::result::Result<bool, String> {
    match value {
        "yes" | "on" | "true" | "1" => Ok(true),
        "no" | "off" | "false" | "0" => Ok(false),
        _ => Err(format!("{name} is yes or no, not '{value}'")),
    }
}

impl System {
    /// The configuration in `file`, or else in the usual place; there it may be missing.
    pub fn conf(&self, file: Option<&PathBuf>) -> Result<Conf> {
        let path = file.cloned().unwrap_or_else(|| self.path(PATH));
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound && file.is_none() => String::new(),
            other => other.map_err(|error| Error::io(&path, error))?,
        };
        Conf::parse(&text).map_err(|source| Error::Line { path, source })
    }

    /// The place of a file that a configuration names: below the root directory.
    pub fn named_file(&self, path: &std::path::Path) -> PathBuf {
        self.path(path.strip_prefix("/").unwrap_or(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Conf::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn everything_that_can_be_said() {
        let conf = Conf::parse(
            "# ours\nid = 7\nkey=/root/key\njoin = 10.0.0.1, alpha # two\njoin = 10.0.0.9\n\
             closed = yes\n\ndiscover = on\ninterface = eth0,eth1\nstay = yes\nllimitmode = local\n",
        )
        .unwrap();
        assert_eq!((conf.id, conf.key), (Some(7), Some("/root/key".into())));
        assert_eq!(conf.join, ["10.0.0.1", "alpha", "10.0.0.9"]);
        assert!(conf.closed && conf.discover);
        assert_eq!(conf.interfaces, ["eth0", "eth1"]);
        let values: Vec<_> =
            conf.settings.iter().map(|(it, value)| (it.name, &value[..])).collect();
        assert_eq!(values, [("stay", "1"), ("llimitmode", "1")]);
    }

    #[test]
    fn errors_name_the_line() {
        assert_eq!(error("\nstay\n"), "line 2: expected name = value, not 'stay'");
        assert_eq!(error("colour = red"), "line 1: there is nothing of the name 'colour'");
        assert_eq!(error("id = 0"), "line 1: id is a number from 1 to 65535, not '0'");
        assert_eq!(error("stay = 2"), "line 1: stay is yes or no, not '2'");
        assert_eq!(error("closed = perhaps"), "line 1: closed is yes or no, not 'perhaps'");
        assert_eq!(error("id = 1\nid = 2"), "line 2: id is already on line 1");
        assert_eq!(error("map ="), "line 1: map has no value");
    }

    #[test]
    fn the_example_has_every_word_and_every_setting() {
        let example = include_str!("../../etc/openmosix.conf");
        // An example that changes nothing, as long as its lines are comments.
        assert_eq!(Conf::parse(example), Ok(Conf::default()));
        let lines: Vec<&str> = example.lines().filter_map(|it| it.strip_prefix('#')).collect();
        let says = |name: &str| {
            lines.iter().any(|line| line.split_once('=').is_some_and(|it| it.0.trim() == name))
        };
        let settings = setting::ALL.iter().map(|setting| setting.name);
        for name in WORDS.iter().map(|(word, _)| *word).chain(settings) {
            assert!(says(name), "{name}");
        }
        let uncommented: String = lines
            .iter()
            .filter(|line| !line.starts_with(' '))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(
            Conf::parse(&uncommented).is_ok_and(|conf| conf.settings.len() > 10),
            "{uncommented}"
        );
    }
}
