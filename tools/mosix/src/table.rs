// SPDX-License-Identifier: GPL-2.0-only
//! The table of nodes in the kernel, `/proc/hpc/admin/config`, and the map files it comes from.

use std::io::ErrorKind;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::key::Key;
use crate::map::{Alias, Builder, Map, Range};
use crate::system::System;

/// The kernel's file, below `/proc/hpc`.
const FILE: &str = "admin/config";

/// Where a map file is looked for, in this order.
const MAP_FILES: [&str; 3] = ["etc/openmosix.map", "etc/mosix.map", "etc/hpc.map"];

/// What one node knows about the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    /// The number of this node.
    pub me: u16,
    /// The nodes of the map.
    #[serde(flatten)]
    pub map: Map,
    /// Where nodes are that this one joins by.
    pub join: Vec<IpAddr>,
    /// Whether only nodes of the map are let in.
    pub closed: bool,
}

impl Table {
    /// The text that the kernel takes.
    fn config(&self, key: &Key) -> String {
        use std::fmt::Write;
        let mut text = format!("me {}\nkey {}\n", self.me, key.hex());
        for Range { first, address, count } in &self.map.nodes {
            let _ = writeln!(text, "node {first} {address} {count}");
        }
        for Alias { id, address } in &self.map.aliases {
            let _ = writeln!(text, "alias {id} {address}");
        }
        for address in &self.join {
            let _ = writeln!(text, "join {address}");
        }
        if self.closed {
            text.push_str("closed\n");
        }
        text
    }

    /// Why the kernel does not take it, as far as that can be said.
    fn refused(&self, error: Error) -> Error {
        match error {
            Error::Io { path, source } if source.kind() == ErrorKind::InvalidInput => {
                let mut addresses = self.map.addresses().chain(self.join.iter().copied());
                let what = match addresses.find(IpAddr::is_ipv6) {
                    Some(address) => format!("nodes speak IPv4, and {address} is IPv6"),
                    None => "the kernel does not take this configuration; its log says why".into(),
                };
                Error::Format { path, what }
            }
            other => other,
        }
    }

    /// Read what the kernel shows: the same without the key. `None` while openMosix is off.
    fn parse(text: &str) -> std::result::Result<Option<Self>, String> {
        let (mut me, mut join, mut closed) = (0, vec![], false);
        let mut builder = Builder::default();
        for (index, line) in text.lines().enumerate() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let wrong = || format!("line {}: '{line}' is not understood", index + 1);
            let id = |word: &str| word.parse().ok().filter(|id| *id != 0).ok_or_else(wrong);
            let address = |word: &str| word.parse().map_err(|_| wrong());
            match fields[..] {
                [] => Ok(()),
                ["me", number] => number.parse().map(|number| me = number).map_err(|_| wrong()),
                ["node", first, start, count] => {
                    builder.range(index + 1, id(first)?, address(start)?, id(count)?)
                }
                ["alias", node, other] => builder.alias(index + 1, id(node)?, address(other)?),
                ["join", by] => {
                    join.push(address(by)?);
                    Ok(())
                }
                ["closed"] => {
                    closed = true;
                    Ok(())
                }
                _ => Err(wrong()),
            }?;
        }
        if me == 0 {
            return Ok(None);
        }
        let map = builder.finish().map_err(|error| error.to_string())?;
        Ok(Some(Self { me, map, join, closed }))
    }
}

impl System {
    /// The table in the kernel. Only root may read it.
    pub fn table(&self) -> Result<Table> {
        let table = Table::parse(&self.read_hpc(FILE)?);
        let table = table.map_err(|what| Error::format(self.hpc(FILE), what))?;
        table.ok_or(Error::Off)
    }

    /// Give the kernel a new table.
    pub fn configure(&self, table: &Table, key: &Key) -> Result<()> {
        self.write_hpc(FILE, &table.config(key)).map_err(|error| table.refused(error))
    }

    /// The map file of this machine.
    pub fn map_file(&self) -> Result<PathBuf> {
        let tried: Vec<PathBuf> = MAP_FILES.iter().map(|file| self.path(file)).collect();
        tried.iter().find(|path| path.exists()).cloned().ok_or(Error::NoMap(tried))
    }
}

/// Read a map from `text`, which came from `path`, and look up its host names.
pub fn read_map(path: &Path, text: &[u8]) -> Result<Map> {
    // Comments of old maps may be in any character set.
    Map::parse(&String::from_utf8_lossy(text), resolve)
        .map_err(|source| Error::Line { path: path.to_path_buf(), source })
}

/// The address of a node to join by, given as address or host name.
pub fn address(name: &str) -> Result<IpAddr> {
    let found = name.parse().or_else(|_| resolve(name));
    found.map_err(|what| Error::NotFound(format!("'{name}': {what}")))
}

/// The address of a host; IPv4 if it has one.
fn resolve(name: &str) -> std::result::Result<IpAddr, String> {
    let found = (name, 0).to_socket_addrs().map_err(|_| "neither an address nor a known host")?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.first().copied().ok_or_else(|| "the host has no address".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    #[test]
    fn the_kernel_gets_what_it_shows() {
        let tree = Tree::cluster();
        let system = System::at(tree.root());
        tree.write_mode(crate::key::PATH, "abc", 0o600);
        let key = Key::read(&system.path(crate::key::PATH)).unwrap();
        let map =
            read_map(Path::new("m"), b"1 10.0.0.1 3 # caf\xe9\n7 fd00::7 1\n2 10.9.0.2 ALIAS");
        let table = Table {
            me: 7,
            map: map.unwrap(),
            join: vec!["10.0.0.9".parse().unwrap()],
            closed: true,
        };
        system.configure(&table, &key).unwrap();
        let text = tree.read("proc/hpc/admin/config");
        let hex = key.hex();
        assert_eq!(
            text,
            format!(
                "me 7\nkey {hex}\nnode 1 10.0.0.1 3\nnode 7 fd00::7 1\nalias 2 10.9.0.2\n\
                 join 10.0.0.9\nclosed\n"
            )
        );
        tree.write("proc/hpc/admin/config", &text.replace(&format!("key {hex}\n"), ""));
        assert_eq!(system.table().unwrap(), table);
    }

    #[test]
    fn joining_needs_no_nodes() {
        let tree = Tree::cluster();
        let system = System::at(tree.root());
        tree.write("proc/hpc/admin/config", "me 3\njoin 10.0.0.1\n");
        let table = system.table().unwrap();
        assert!(table.map.is_empty() && !table.closed);
        assert_eq!(table.join, [address("10.0.0.1").unwrap()]);
        assert!(address("no such host").is_err());
        tree.write("proc/hpc/admin/config", "me 3\n");
        assert!(system.table().unwrap().join.is_empty(), "the first node of a cluster");
    }

    #[test]
    fn what_the_kernel_does_not_take() {
        let refused = |join: &[&str], errno| {
            let join = join.iter().map(|it| address(it).unwrap()).collect();
            let table = Table { me: 3, map: Map::default(), join, closed: false };
            table.refused(Error::io("config", std::io::Error::from_raw_os_error(errno))).to_string()
        };
        let einval = 22;
        let expected = "config: nodes speak IPv4, and fd00::7 is IPv6";
        assert_eq!(refused(&["10.0.0.1", "fd00::7"], einval), expected);
        let expected = "config: the kernel does not take this configuration; its log says why";
        assert_eq!(refused(&["10.0.0.1"], einval), expected);
        assert_eq!(refused(&["fd00::7"], 13), "config: Permission denied");
    }

    #[test]
    fn off_and_nonsense_are_different() {
        let tree = Tree::cluster();
        let system = System::at(tree.root());
        for off in ["", "me 0\n"] {
            tree.write("proc/hpc/admin/config", off);
            assert!(matches!(system.table(), Err(Error::Off)), "{off:?}");
        }
        for wrong in ["me one\n", "me 1\nnode 0 10.0.0.1 1\n", "hello\n"] {
            tree.write("proc/hpc/admin/config", wrong);
            assert!(matches!(system.table(), Err(Error::Format { .. })), "{wrong:?}");
        }
    }

    #[test]
    fn map_files_have_an_order() {
        let tree = Tree::new();
        let system = System::at(tree.root());
        assert!(system.map_file().unwrap_err().to_string().contains("etc/hpc.map)"));
        for file in ["etc/hpc.map", "etc/mosix.map", "etc/openmosix.map"] {
            tree.write(file, "");
            assert!(system.map_file().unwrap().ends_with(file));
        }
    }
}
