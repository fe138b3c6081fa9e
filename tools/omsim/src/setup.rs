// SPDX-License-Identifier: GPL-2.0-only
//! What is simulated.

use serde::Serialize;

/// How jobs get to nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Nodes gossip, and move processes: openMosix.
    Openmosix,
    /// Jobs run where they start.
    None,
    /// Each job starts on the next node.
    RoundRobin,
    /// Each job starts on any node.
    Random,
    /// Each job starts where it runs fastest at that moment, by perfect knowledge.
    Greedy,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Openmosix, Self::None, Self::RoundRobin, Self::Random, Self::Greedy];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Openmosix => "openmosix",
            Self::None => "none",
            Self::RoundRobin => "round-robin",
            Self::Random => "random",
            Self::Greedy => "greedy",
        }
    }
}

/// Which jobs there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// All alike, all at once.
    Equal,
    /// Many short and a few very long ones, all at once.
    Mixed,
    /// Many short and a few very long ones, one after the other.
    Arrivals,
    /// Equal jobs, on nodes of speed 0.5, 1 and 2.
    Speeds,
    /// Equal jobs, of which each fourth comes to use 60 % of a node's memory.
    Memory,
}

/// How many nodes come and go, each minute on average, at any moment, from the first job on until all have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Churn {
    /// Nodes that join: new ones, that know addresses of up to three others.
    pub joins: f64,
    /// Nodes that leave in order: guests are sent on, own processes come home.
    pub leaves: f64,
    /// Nodes that crash.
    pub crashes: f64,
}

/// One simulation.
#[derive(Clone, Debug, Serialize)]
pub struct Setup {
    /// How many nodes.
    pub nodes: usize,
    /// How many jobs.
    pub jobs: usize,
    /// On how many of the nodes jobs are started.
    pub homes: usize,
    /// Processors of each node.
    pub cpus: u16,
    /// Mean CPU seconds of a job, on a standard processor.
    pub work: f64,
    /// Which jobs.
    pub workload: Workload,
    /// How they get to nodes.
    pub strategy: Strategy,
    /// Nodes that crash, 20 seconds after the start.
    pub crash: usize,
    /// Nodes that come and go all the time.
    pub churn: Churn,
    /// Messages of a hundred that get lost.
    pub loss: f64,
    /// Seconds that are simulated before the jobs start: nodes get to know each other.
    pub warm_up: u64,
    /// Seconds after which the simulation ends even if jobs are left.
    pub limit: u64,
    /// Bytes a second of each node's link.
    pub rate: u64,
    /// The most other nodes that a node knows.
    pub known: usize,
    /// What all random numbers follow from.
    pub seed: u64,
}
