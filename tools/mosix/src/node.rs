// SPDX-License-Identifier: GPL-2.0-only
//! A node as `/proc/hpc/nodes/<n>` shows it.

use std::net::{IpAddr, ToSocketAddrs};

use serde::{Serialize, Serializer};

use crate::error::{Error, Result};
use crate::system::System;

/// The state bits of a node, with openMosix's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

impl Status {
    /// The node is in the table.
    pub const CONF: u32 = 1;
    /// The node is connected.
    pub const UP: u32 = 2;
    /// All bits and their names, in openMosix's order, and what it had not.
    const NAMES: [(u32, &str); 8] = [
        (Self::CONF, "conf"),
        (Self::UP, "up"),
        (4, "stay"),
        (8, "lstay"),
        (16, "block"),
        (32, "quiet"),
        (64, "nomfs"),
        (128, "expel"),
    ];

    /// Whether the node can be reached.
    pub fn is_up(self) -> bool {
        self.0 & Self::UP != 0
    }

    /// The names of the bits that are set, CONF apart: it is always set.
    pub fn names(self) -> Vec<&'static str> {
        let mut names = if self.is_up() { vec![] } else { vec!["down"] };
        let set = Self::NAMES.iter().filter(|(bit, _)| *bit != Self::CONF && self.0 & bit != 0);
        names.extend(set.map(|(_, name)| *name));
        names
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

/// One node of the cluster. What a node that is down last said about itself is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its number.
    pub id: u16,
    /// Its address.
    pub address: IpAddr,
    /// Its state bits.
    pub status: Status,
    /// Whether it can be reached.
    pub up: bool,
    /// How many CPUs it has.
    pub cpus: Option<u32>,
    /// The speed of one of its CPUs, in openMosix's units.
    pub speed: Option<u64>,
    /// Free memory in bytes.
    pub mem: Option<u64>,
    /// All memory in bytes.
    pub tmem: Option<u64>,
    /// Free memory in bytes as Linux counts it.
    pub rmem: Option<u64>,
    /// Load: 100 is one process on a standard processor.
    pub load: Option<u64>,
    /// How much of the time processes can use the processors, in per cent; less than 100 if they
    /// wait for memory.
    pub util: Option<u64>,
    /// How many guests are there.
    pub guests: Option<u64>,
    /// The most guests; 0 is its kernel's own choice.
    pub maxguests: Option<u64>,
    /// The most load; 0 is no limit.
    pub loadlimit: Option<u64>,
    /// Whose load: 0 total, 1 local, 2 guests.
    pub llimitmode: Option<u8>,
    /// The most use of each processor in per cent; 0 is no limit.
    pub cpulimit: Option<u64>,
    /// Whose use.
    pub climitmode: Option<u8>,
    /// How many milliseconds ago the node said so.
    #[serde(rename = "age_ms")]
    pub age: Option<u64>,
}

impl System {
    /// All configured nodes, in order. Nodes that leave the cluster meanwhile are not errors.
    pub fn nodes(&self) -> Result<Vec<Node>> {
        self.require_openmosix()?;
        let ids: Vec<u16> = self.numbered("proc/hpc/nodes")?;
        let here = |id| self.hpc(format!("nodes/{id}/status")).exists();
        let read = ids.into_iter().map(|id| (id, self.node(id)));
        read.filter(|(id, node)| node.is_ok() || here(*id)).map(|(_, node)| node).collect()
    }

    /// The node with number `id`.
    pub fn node(&self, id: u16) -> Result<Node> {
        let status = self.status(id)?;
        let text = self.read_hpc(format!("nodes/{id}/address"))?;
        let address = text.parse().map_err(|_| {
            let path = self.hpc(format!("nodes/{id}/address"));
            Error::format(path, format!("'{text}' is not an address"))
        })?;
        Ok(Node {
            id,
            address,
            status,
            up: status.is_up(),
            cpus: self.fact(id, status, "CPUs")?,
            speed: self.fact(id, status, "speed")?,
            mem: self.fact(id, status, "mem")?,
            tmem: self.fact(id, status, "tmem")?,
            rmem: self.fact(id, status, "rmem")?,
            load: self.fact(id, status, "load")?,
            util: self.fact(id, status, "util")?,
            guests: self.fact(id, status, "guests")?,
            maxguests: self.fact(id, status, "maxguests")?,
            loadlimit: self.fact(id, status, "loadlimit")?,
            llimitmode: self.fact(id, status, "llimitmode")?,
            cpulimit: self.fact(id, status, "cpulimit")?,
            climitmode: self.fact(id, status, "climitmode")?,
            age: self.fact(id, status, "age")?,
        })
    }

    /// The state bits of node `id`.
    pub fn status(&self, id: u16) -> Result<Status> {
        self.require_openmosix()?;
        if !self.hpc(format!("nodes/{id}")).is_dir() {
            return Err(Error::NoNode(id));
        }
        self.number_hpc(format!("nodes/{id}/status")).map(Status)
    }

    /// Fail unless node `id` is configured and can be reached.
    pub fn require_up(&self, id: u16) -> Result<()> {
        if self.status(id)?.is_up() { Ok(()) } else { Err(Error::NodeDown(id)) }
    }

    /// The number of the node that a number, an address or a host name stands for.
    pub fn whois(&self, name: &str) -> Result<Node> {
        if let Ok(id) = name.parse() {
            return self.node(id);
        }
        let addresses: Vec<IpAddr> = match name.parse() {
            Ok(address) => vec![address],
            Err(_) => (name, 0)
                .to_socket_addrs()
                .map_err(|_| Error::NotFound(format!("the host name '{name}' is not known")))?
                .map(|address| address.ip())
                .collect(),
        };
        // An alias is another address of a node; only the table knows it, and only root reads it.
        let table = self.table().ok();
        let by_table = |address| table.as_ref().and_then(|table| table.map.owner(address));
        if let Some(id) = addresses.iter().find_map(|address| by_table(*address)) {
            return self.node(id);
        }
        let mut nodes = self.nodes()?.into_iter();
        nodes
            .find(|node| addresses.contains(&node.address))
            .ok_or_else(|| Error::NotFound(format!("no node has the address '{name}'")))
    }

    /// One number about a node; `None` while it is down or has not said it.
    fn fact<T: std::str::FromStr>(&self, id: u16, status: Status, file: &str) -> Result<Option<T>> {
        let relative = format!("nodes/{id}/{file}");
        if !status.is_up() || !self.hpc(&relative).exists() {
            return Ok(None);
        }
        self.number_hpc(relative).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    #[test]
    fn nodes_are_read_in_order() {
        let tree = Tree::cluster();
        let nodes = System::at(tree.root()).nodes().unwrap();
        let ids: Vec<_> = nodes.iter().map(|node| (node.id, node.up)).collect();
        assert_eq!(ids, [(1, true), (2, true), (3, false)]);
        assert_eq!(nodes[1].cpus, Some(4));
        assert_eq!(nodes[2].cpus, None, "a node that is down says nothing");
    }

    #[test]
    fn a_node_that_leaves_meanwhile_is_left_out() {
        let tree = Tree::cluster();
        tree.remove("proc/hpc/nodes/2/status");
        let system = System::at(tree.root());
        let ids: Vec<u16> = system.nodes().unwrap().iter().map(|node| node.id).collect();
        assert_eq!(ids, [1, 3]);
        tree.write("proc/hpc/nodes/3/address", "nowhere\n");
        let error = system.nodes().unwrap_err().to_string();
        assert!(error.ends_with("nodes/3/address: 'nowhere' is not an address"), "{error}");
    }

    #[test]
    fn down_and_unknown_nodes_are_different() {
        let tree = Tree::cluster();
        let system = System::at(tree.root());
        assert!(system.require_up(2).is_ok());
        assert!(matches!(system.require_up(3), Err(Error::NodeDown(3))));
        assert!(matches!(system.require_up(4), Err(Error::NoNode(4))));
    }

    #[test]
    fn whois_takes_numbers_addresses_and_aliases() {
        let tree = Tree::cluster();
        let system = System::at(tree.root());
        assert_eq!(system.whois("2").unwrap().id, 2);
        assert_eq!(system.whois("10.0.0.3").unwrap().id, 3);
        assert_eq!(system.whois("10.9.0.2").unwrap().id, 2, "an alias");
        assert!(matches!(system.whois("10.0.0.9"), Err(Error::NotFound(_))));
        assert!(matches!(system.whois("no such host"), Err(Error::NotFound(_))));
        tree.remove("proc/hpc/admin/config");
        assert_eq!(system.whois("10.0.0.3").unwrap().id, 3, "without the table");
    }

    #[test]
    fn status_names() {
        assert_eq!(Status(3).names(), ["up"]);
        assert_eq!(Status(1).names(), ["down"]);
        assert_eq!(Status(1 + 2 + 16).names(), ["up", "block"]);
    }
}
