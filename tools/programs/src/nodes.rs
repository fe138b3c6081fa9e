// SPDX-License-Identifier: GPL-2.0-only
//! The table of nodes that `mosctl` and `mosmon --once` print.

use mosix::node::Node;
use mosix::yard::Yard;

use crate::output::{Table, bytes, or_dash};

/// A row for each node; loads by the yardstick.
pub fn table(nodes: &[Node], yard: Yard) -> Table {
    let mut table = Table::new(&[
        ">ID", "ADDRESS", "STATUS", ">CPUS", ">SPEED", ">LOAD", ">UTIL", ">GUESTS", ">FREE",
        ">MEMORY", ">AGE",
    ]);
    for node in nodes {
        table.row([
            node.id.to_string(),
            node.address.to_string(),
            node.status.names().join(","),
            or_dash(node.cpus),
            or_dash(node.speed),
            or_dash(node.load.map(|load| yard.load(load))),
            or_dash(node.util.map(|util| format!("{util}%"))),
            or_dash(node.guests),
            or_dash(node.mem.map(bytes)),
            or_dash(node.tmem.map(bytes)),
            or_dash(node.age.map(|ms| format!("{:.1}s", ms as f64 / 1e3))),
        ]);
    }
    table
}
