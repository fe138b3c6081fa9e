// SPDX-License-Identifier: GPL-2.0-only
//! `setpe`: tell the kernel which nodes there are, or show it, or switch openMosix off.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Parser, ValueEnum};
use mosix::key::{self, Key};
use mosix::map::Map;
use mosix::table::{self, Table};
use mosix::{Error, Result, System, interface};

use crate::cli::Program;
use crate::output::print;

/// Tell the kernel which nodes the cluster has
///
/// The nodes come from a map file, by default the first of /etc/openmosix.map, /etc/mosix.map and
/// /etc/hpc.map. Its lines are "ID ADDRESS COUNT" (COUNT nodes with consecutive numbers and
/// addresses) or "ID ADDRESS ALIAS" (another address of a node); # starts a comment. The map must
/// be the same on every node, and so must the cluster key.
///
/// This node finds its own number by the addresses of its network interfaces.
#[derive(Parser, Debug)]
#[command(name = "setpe", version, group = ArgGroup::new("action").required(true))]
pub struct Setpe {
    /// Give the kernel the nodes of the map file
    #[arg(short, long, visible_short_alias = 'W', group = "action")]
    write: bool,

    /// Show the nodes that the kernel knows, as a map file
    #[arg(short, long, group = "action")]
    read: bool,

    /// Switch openMosix off on this node (also -off)
    #[arg(long, group = "action")]
    off: bool,

    /// With -w: only check the map file and this node's place in it
    #[arg(short, long, conflicts_with_all = ["read", "off"])]
    check: bool,

    /// The map file to read, or with -r to write; - is standard input or output
    #[arg(short, long, value_name = "FILE", conflicts_with = "off")]
    file: Option<PathBuf>,

    /// This node's number, instead of finding it by the address
    #[arg(short, long, value_name = "ID", conflicts_with_all = ["read", "off"],
          value_parser = clap::value_parser!(u16).range(1..))]
    pe: Option<u16>,

    /// The only kind of address that the map may have
    #[arg(short, long, value_name = "KIND", conflicts_with_all = ["read", "off"])]
    network: Option<Network>,

    /// The most gateways between two nodes; taken for old scripts, without effect
    #[arg(short, long, value_name = "0|1|2", value_parser = clap::value_parser!(u8).range(0..=2))]
    gateways: Option<u8>,

    /// The file with the cluster key; nobody but its owner may have access to it
    #[arg(short, long, value_name = "FILE", default_value = "/etc/openmosix/key")]
    key: PathBuf,
}

/// Kinds of addresses.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Network {
    /// IPv4
    Inet,
    /// IPv6
    Inet6,
}

impl Program for Setpe {
    const SECTION: u8 = 8;

    fn modernise(args: Vec<OsString>) -> Vec<OsString> {
        let modern = |arg| if arg == "-off" { "--off".into() } else { arg };
        args.into_iter().map(modern).collect()
    }

    fn run(self, system: &System) -> Result<()> {
        if self.off {
            system.switch_off()
        } else if self.read {
            self.show(&system.table()?)
        } else {
            self.configure(system)
        }
    }
}

impl Setpe {
    fn configure(&self, system: &System) -> Result<()> {
        let path = match &self.file {
            Some(file) => file.clone(),
            None => system.map_file()?,
        };
        let map = table::read_map(&path, &read(&path)?)?;
        self.check_network(&path, &map)?;
        let me = self.me(&path, &map)?;
        if self.check {
            let nodes = if map.len() == 1 { "node" } else { "nodes" };
            return print(&format!(
                "{}: {} {nodes}, this is node {me}\n",
                path.display(),
                map.len()
            ));
        }
        let key = Key::read(&self.key_file(system))?;
        system.configure(&Table { me, map }, &key)
    }

    /// The number of this node.
    fn me(&self, path: &Path, map: &Map) -> Result<u16> {
        match self.pe {
            Some(id) if map.contains(id) => Ok(id),
            Some(id) => Err(Error::format(path, format!("node {id} is not there"))),
            None => {
                let mine = interface::addresses()
                    .map_err(|error| Error::io("addresses of this machine", error))?;
                map.find_me(&mine).map_err(|what| Error::format(path, what))
            }
        }
    }

    fn check_network(&self, path: &Path, map: &Map) -> Result<()> {
        let (name, other) = match self.network {
            None => return Ok(()),
            Some(Network::Inet) => ("inet", map.addresses().find(|address| address.is_ipv6())),
            Some(Network::Inet6) => ("inet6", map.addresses().find(|address| address.is_ipv4())),
        };
        match other {
            None => Ok(()),
            Some(address) => Err(Error::format(path, format!("{address} is not of kind {name}"))),
        }
    }

    /// The key file, below the root directory unless the command line names another one.
    fn key_file(&self, system: &System) -> PathBuf {
        let default = Path::new("/").join(key::PATH);
        if self.key == default { system.path(key::PATH) } else { self.key.clone() }
    }

    fn show(&self, table: &Table) -> Result<()> {
        let text = format!("# The nodes as node {} knows them\n{}", table.me, table.map);
        match &self.file {
            Some(file) if !is_standard(file) => {
                fs::write(file, text).map_err(|error| Error::io(file, error))
            }
            _ => print(&text),
        }
    }
}

fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// The content of a file, or of standard input.
fn read(path: &Path) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let done = if is_standard(path) {
        std::io::stdin().lock().read_to_end(&mut content).map(|_| content)
    } else {
        fs::read(path)
    };
    done.map_err(|error| Error::io(path, error))
}
