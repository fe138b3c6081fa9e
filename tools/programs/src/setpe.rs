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
use mosix::{Error, Result, System, setup};

use crate::cli::Program;
use crate::output::print;

/// Tell the kernel which nodes the cluster has
///
/// The nodes come from a map file, by default the first of /etc/openmosix.map, /etc/mosix.map and
/// /etc/hpc.map. Its lines are "ID ADDRESS COUNT" (COUNT nodes with consecutive numbers and
/// addresses) or "ID ADDRESS ALIAS" (another address of a node); # starts a comment. The map must
/// be the same on every node, and so must the cluster key.
///
/// This node finds its own number in the map by the addresses of its network interfaces.
///
/// Without a map a node joins by the address of any node that is up; its number then is the last
/// two bytes of its own IPv4 address, unless -p says otherwise.
#[derive(Parser, Debug)]
#[command(name = "setpe", version, group = ArgGroup::new("action"))]
pub struct Setpe {
    /// Give the kernel the nodes of the map file
    #[arg(short, long, visible_short_alias = 'W', group = "action",
          required_unless_present_any = ["read", "off", "join"])]
    write: bool,

    /// Show the nodes that the kernel knows, as a map file
    #[arg(short, long, group = "action")]
    read: bool,

    /// Switch openMosix off on this node (also -off)
    #[arg(long, group = "action")]
    off: bool,

    /// Join the cluster by this node's address; may be given several times, and with -w. The own
    /// address alone begins a cluster
    #[arg(short, long, value_name = "ADDRESS", value_delimiter = ',',
          conflicts_with_all = ["read", "off"])]
    join: Vec<String>,

    /// Let in only nodes of the map; without it, whoever has the key and a free number
    #[arg(long, conflicts_with_all = ["read", "off"])]
    closed: bool,

    /// Only check the map file and this node's place in it
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
        if !self.check {
            // Without it neither map nor key would help.
            system.require_openmosix()?;
        }
        let join = setup::others(&self.join)?;
        let (me, map) = if self.write { self.by_map(system)? } else { self.without_map()? };
        let table = Table { me, map, join, closed: self.closed };
        if self.check {
            return print(&self.summary(&table));
        }
        system.configure(&table, &Key::read(&self.key_file(system))?)
    }

    /// The map, and the number of this node in it.
    fn by_map(&self, system: &System) -> Result<(u16, Map)> {
        let path = self.map_file(system)?;
        let map = table::read_map(&path, &read(&path)?)?;
        self.check_network(&path, &map)?;
        Ok((setup::id_in_map(&path, &map, self.pe)?, map))
    }

    fn map_file(&self, system: &System) -> Result<PathBuf> {
        self.file.as_ref().map_or_else(|| system.map_file(), |file| Ok(file.clone()))
    }

    fn without_map(&self) -> Result<(u16, Map)> {
        let by_address = || setup::own_address().and_then(setup::id_by_address);
        Ok((self.pe.map_or_else(by_address, Ok)?, Map::default()))
    }

    fn summary(&self, table: &Table) -> String {
        let source = match &self.file {
            Some(file) => format!("{}: ", file.display()),
            None => String::new(),
        };
        let count = match table.map.len() {
            0 => "no map".to_string(),
            1 => "1 node".to_string(),
            nodes => format!("{nodes} nodes"),
        };
        format!("{source}{count}, this is node {}\n", table.me)
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
        if self.key == default { system.key_file() } else { self.key.clone() }
    }

    fn show(&self, table: &Table) -> Result<()> {
        let mut text = format!("# The nodes as node {} knows them\n{}", table.me, table.map);
        for address in &table.join {
            text.push_str(&format!("# joined by {address}\n"));
        }
        if table.closed {
            text.push_str("# closed: nobody else is let in\n");
        }
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
