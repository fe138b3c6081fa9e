// SPDX-License-Identifier: GPL-2.0-only
//! From a configuration to the kernel: who this node is, whom it knows, its settings.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use crate::conf::Conf;
use crate::discovery;
use crate::error::{Error, Result};
use crate::interface;
use crate::key::{self, Key};
use crate::map::Map;
use crate::system::System;
use crate::table::{self, Table};

/// The first IPv4 address of this machine.
pub fn own_address() -> Result<Ipv4Addr> {
    let found = own_addresses()?.into_iter().find_map(|address| match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    });
    found.ok_or_else(|| Error::Me("this machine has no IPv4 address".into()))
}

/// The number of the machine with this address, as in openMosix.
pub fn id_by_address(address: Ipv4Addr) -> Result<u16> {
    let id = discovery::id_of(address);
    id.ok_or_else(|| Error::Me(format!("{address} makes no node number; choose one with -p or id")))
}

/// The number of this machine: the given one, or by its addresses in a map that came from `path`.
pub fn id_in_map(path: &Path, map: &Map, given: Option<u16>) -> Result<u16> {
    match given {
        Some(id) if map.contains(id) => Ok(id),
        Some(id) => Err(Error::format(path, format!("node {id} is not there"))),
        None => map.find_me(&own_addresses()?).map_err(|what| Error::format(path, what)),
    }
}

/// The addresses of nodes to join by, without those of this machine: so all nodes can have the same
/// list, and the first of them begins the cluster.
pub fn others(names: &[String]) -> Result<Vec<IpAddr>> {
    let mine = own_addresses()?;
    let addresses = names.iter().map(|name| table::address(name));
    addresses.filter(|it| !it.as_ref().is_ok_and(|it| mine.contains(it))).collect()
}

fn own_addresses() -> Result<Vec<IpAddr>> {
    interface::addresses().map_err(|error| Error::io("addresses of this machine", error))
}

impl System {
    /// The table that a configuration asks for.
    pub fn table_of(&self, conf: &Conf) -> Result<Table> {
        let path = match &conf.map {
            Some(path) => Some(self.named_file(path)),
            None if conf.join.is_empty() && !conf.discover => Some(self.map_file()?),
            None => None,
        };
        let join = others(&conf.join)?;
        let (me, map) = match path {
            Some(path) => {
                let text = fs::read(&path).map_err(|error| Error::io(&path, error))?;
                let map = table::read_map(&path, &text)?;
                (id_in_map(&path, &map, conf.id)?, map)
            }
            None => {
                let by_address = || own_address().and_then(id_by_address);
                (conf.id.map_or_else(by_address, Ok)?, Map::default())
            }
        };
        Ok(Table { me, map, join, closed: conf.closed })
    }

    /// The key that a configuration names.
    pub fn key_of(&self, conf: &Conf) -> Result<Key> {
        let named = conf.key.as_ref().map(|path| self.named_file(path));
        Key::read(&named.unwrap_or_else(|| self.key_file()))
    }

    /// Where the key is, unless somebody says otherwise.
    pub fn key_file(&self) -> PathBuf {
        self.path(key::PATH)
    }

    /// Give the kernel all settings of a configuration.
    pub fn apply_settings(&self, conf: &Conf) -> Result<()> {
        conf.settings.iter().try_for_each(|(setting, value)| self.set(setting, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    fn table_of(tree: &Tree, conf: &str) -> Result<Table> {
        System::at(tree.root()).table_of(&Conf::parse(conf).unwrap())
    }

    #[test]
    fn map_or_join() {
        let tree = Tree::cluster();
        assert!(matches!(table_of(&tree, "id = 2"), Err(Error::NoMap(_))));
        let table = table_of(&tree, "id = 9\njoin = 10.0.0.1\nclosed = yes").unwrap();
        assert_eq!((table.me, table.map.is_empty(), table.closed), (9, true, true));
        tree.write("etc/openmosix.map", "1 10.0.0.1 3\n");
        assert_eq!(table_of(&tree, "id = 2").unwrap().map.len(), 3);
        assert!(table_of(&tree, "id = 9").unwrap_err().to_string().ends_with("9 is not there"));
        tree.write("etc/other.map", "9 10.0.0.9 1\n");
        let table = table_of(&tree, "id = 9\nmap = /etc/other.map\njoin = 10.0.0.1").unwrap();
        assert_eq!((table.map.len(), table.join.len()), (1, 1));
        assert!(table_of(&tree, "id = 9\njoin = no such host").is_err());
        let table = table_of(&tree, "id = 9\njoin = 127.0.0.1, 10.0.0.1").unwrap();
        assert_eq!(table.join, [table::address("10.0.0.1").unwrap()], "not this machine");
    }

    #[test]
    fn numbers_by_address() {
        assert_eq!(id_by_address(Ipv4Addr::new(10, 0, 1, 2)).unwrap(), 258);
        assert!(id_by_address(Ipv4Addr::new(10, 0, 0, 0)).is_err());
    }

    #[test]
    fn settings_and_key() {
        let tree = Tree::cluster();
        tree.write_mode("root/key", "abc", 0o600);
        let conf = Conf::parse("block = yes\nmaxguests = 3\nkey = /root/key").unwrap();
        let system = System::at(tree.root());
        system.apply_settings(&conf).unwrap();
        assert_eq!(tree.read("proc/hpc/admin/block"), "1\n");
        assert_eq!(tree.read("proc/hpc/admin/maxguests"), "3\n");
        assert!(system.key_of(&conf).is_ok());
        assert!(system.key_of(&Conf::default()).is_err());
    }
}
