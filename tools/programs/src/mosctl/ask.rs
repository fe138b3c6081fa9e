// SPDX-License-Identifier: GPL-2.0-only
//! Questions about nodes and their guests.

use mosix::node::Node;
use mosix::{Error, Result, System};

use super::explain::ago;
use crate::mps::clock;
use crate::nodes;
use crate::output::{Format, Table, bytes, or_dash, print};

/// The number of this node.
fn this(system: &System) -> Result<u16> {
    system.me()?.ok_or(Error::Off)
}

fn or_this(system: &System, id: Option<u16>) -> Result<u16> {
    id.map_or_else(|| this(system), Ok)
}

fn node_that_is_up(system: &System, id: Option<u16>) -> Result<Node> {
    let id = or_this(system, id)?;
    system.require_up(id)?;
    system.node(id)
}

/// The number and address of a node.
pub fn whois(system: &System, name: Option<&str>) -> Result<()> {
    let node = match name {
        Some(name) => system.whois(name)?,
        None => system.node(this(system)?)?,
    };
    print(&format!("{} {}\n", node.id, node.address))
}

/// Up or down, and the switches.
pub fn status(system: &System, id: Option<u16>) -> Result<()> {
    let names = system.status(or_this(system, id)?)?.names();
    print(&format!("{}\n", names.join(" ")))
}

/// Whether a node can be reached.
pub fn is_up(system: &System, id: Option<u16>) -> Result<()> {
    let id = or_this(system, id)?;
    let up = system.status(id)?.is_up();
    print(if up { "yes\n" } else { "no\n" })?;
    if up { Ok(()) } else { Err(Error::NodeDown(id)) }
}

/// One number about a node.
pub fn fact(system: &System, id: Option<u16>, which: impl Fn(&Node) -> Option<u64>) -> Result<()> {
    let node = node_that_is_up(system, id)?;
    print(&format!("{}\n", or_dash(which(&node))))
}

/// The load of a node by the yardstick.
pub fn load(system: &System, id: Option<u16>) -> Result<()> {
    let yard = system.yard()?;
    fact(system, id, |node| node.load.map(|load| yard.load(load)))
}

/// Free memory and all of it.
pub fn memory(system: &System, id: Option<u16>) -> Result<()> {
    let node = node_that_is_up(system, id)?;
    print(&format!("{} {}\n", or_dash(node.mem), or_dash(node.tmem)))
}

/// All nodes.
pub fn nodes(system: &System, format: &Format) -> Result<()> {
    let (nodes, yard) = (system.nodes()?, system.yard()?);
    format.print("nodes", &nodes, || nodes::table(&nodes, yard))
}

/// All guests of this node.
pub fn guests(system: &System, format: &Format) -> Result<()> {
    let guests = system.guests()?;
    format.print("guests", &guests, || {
        let mut table =
            Table::new(&[">PID", ">HOME", ">HOME-PID", "S", ">TIME", ">RES", ">AGE", "CMD"]);
        for it in &guests {
            table.row([
                it.pid.to_string(),
                it.home.to_string(),
                it.home_pid.to_string(),
                it.stats.state.to_string(),
                clock(it.stats.time),
                bytes(it.stats.resident),
                ago(it.stats.age),
                it.comm.clone(),
            ]);
        }
        table
    })
}

/// The version in the kernel.
pub fn version(system: &System) -> Result<()> {
    print(&format!("{}\n", system.version()?))
}

/// Strangers that were refused.
pub fn refused(system: &System, format: &Format) -> Result<()> {
    let refused = system.refused()?;
    format.print("refused", &refused, || {
        let mut table = Table::new(&["REASON", ">COUNT"]);
        for (reason, count) in &refused {
            table.row([reason.clone(), count.to_string()]);
        }
        table
    })
}
