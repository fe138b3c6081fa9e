// SPDX-License-Identifier: GPL-2.0-only
//! A cluster in one process: many nodes, their jobs and their network, as discrete events.
//!
//! Each node has a `Balancer`, which is the very code that the kernel is built from. Time, the
//! network, processors and memory are simulated. A run depends on nothing but its [`Setup`]: the
//! same seed gives the same result.

mod bound;
mod curve;
mod job;
mod machine;
mod network;
mod report;
mod setup;
mod svg;
mod turnover;
mod world;

#[rustfmt::skip]
#[path = "../../../openmosix"]
#[allow(dead_code, unused_imports, missing_docs, clippy::all, reason = "code of the kernel, checked there")]
mod pure {
    pub(crate) mod balance;
    pub(crate) mod load;
    pub(crate) mod wire;
}

#[rustfmt::skip]
#[path = "../../../openmosix/node"]
#[allow(dead_code, reason = "code of the kernel, checked there")]
mod node {
    pub(crate) mod map;
}

pub(crate) use pure::{balance, load, wire};

pub use curve::draw_curves;
pub use report::{Ages, Report};
pub use setup::{Churn, Setup, Strategy, Workload};
pub use svg::draw;
pub use turnover::{Times, Turnover};

/// Simulate one cluster.
pub fn run(setup: &Setup) -> Report {
    world::World::new(setup.clone()).run()
}
