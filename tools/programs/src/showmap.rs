// SPDX-License-Identifier: GPL-2.0-only
//! `showmap`: the nodes that the kernel knows.

use clap::Parser;
use mosix::table::Table as Nodes;
use mosix::{Result, System};

use crate::cli::Program;
use crate::output::{Format, Table, print};

/// Show the nodes that the kernel knows
///
/// Prints this node's number and the table of nodes: the number of the first node of each range,
/// its address, and how many nodes follow each other. ALIAS marks another address of a node, JOIN
/// the address of a node that this one joins by.
/// Only root may see the table.
#[derive(Parser, Debug)]
#[command(name = "showmap", version)]
pub struct Showmap {
    #[command(flatten)]
    format: Format,
}

impl Program for Showmap {
    const SECTION: u8 = 8;

    fn run(self, system: &System) -> Result<()> {
        let nodes = system.table()?;
        if self.format.is_table() {
            print(&format!("My Node-Id: {}\n\n", nodes.me))?;
        }
        self.format.print("map", &nodes, || table(&nodes))
    }
}

fn table(nodes: &Nodes) -> Table {
    let mut table = Table::new(&[">Base Node-Id", "Address", ">Count"]);
    for range in &nodes.map.nodes {
        table.row([range.first.to_string(), range.address.to_string(), range.count.to_string()]);
    }
    for alias in &nodes.map.aliases {
        table.row([alias.id.to_string(), alias.address.to_string(), "ALIAS".to_string()]);
    }
    for address in &nodes.join {
        table.row(["-".to_string(), address.to_string(), "JOIN".to_string()]);
    }
    table
}
