// SPDX-License-Identifier: GPL-2.0-only
//! Jobs: what they need, and how far they are.

use crate::balance::decision::Why;
use crate::balance::door::Offer;
use crate::balance::random::Random;
use crate::node::map::NodeId;
use crate::setup::{Setup, Workload};

/// Microseconds, the unit of time.
pub(crate) type Time = u64;

/// Microseconds of a second.
pub(crate) const SECOND: Time = 1_000_000;

/// Bytes of memory of each node.
pub(crate) const MEMORY: u64 = 4 << 30;

/// Bytes of an ordinary job.
const SMALL: u64 = 20 << 20;

/// One process.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Index of the node where it is created.
    pub(crate) home: usize,
    /// When.
    pub(crate) arrives: Time,
    /// CPU seconds on a standard processor.
    pub(crate) work: f64,
    /// CPU seconds that are left, as of when it last started or stopped.
    pub(crate) left: f64,
    /// Bytes that it comes to use, when half of its work is done.
    pub(crate) memory: u64,
    /// Index of the node where it is.
    pub(crate) at: usize,
    /// Since when.
    pub(crate) since: Time,
    /// What it was offered as, and which node it left, while it stands still on its way to another one.
    pub(crate) moving: Option<(Offer, NodeId)>,
    /// Until when it is left alone, because it was refused.
    pub(crate) rests_until: Time,
    /// How often it has moved.
    pub(crate) moves: u32,
    /// Why the node where it is wants it to go.
    pub(crate) pushed: Option<Why>,
    /// When it ended.
    pub(crate) ended: Option<Time>,
    /// It was lost, with the node where it was or with its home.
    pub(crate) lost: bool,
}

impl Job {
    /// Bytes that it uses when so much of its work is left.
    pub(crate) fn resident(&self, left: f64) -> u64 {
        let done = 1.0 - left / self.work;
        let grown = self.memory.saturating_sub(SMALL) as f64 * (2.0 * done).clamp(0.0, 1.0);
        SMALL.min(self.memory) + grown as u64
    }
}

/// A number from 0 to 1.
pub(crate) fn unit(random: &mut Random) -> f64 {
    (random.next() >> 11) as f64 / (1u64 << 53) as f64
}

/// A length with a heavy tail, as lifetimes of processes have it: bounded Pareto with the shape 1.1, of mean 1.
fn heavy(random: &mut Random) -> f64 {
    const SHAPE: f64 = 1.1;
    const LEAST: f64 = 0.25;
    const MOST: f64 = 25.0;
    let tail = 1.0 - (LEAST / MOST).powf(SHAPE);
    let mean = LEAST.powf(SHAPE) / tail * SHAPE / (SHAPE - 1.0)
        * (LEAST.powf(1.0 - SHAPE) - MOST.powf(1.0 - SHAPE));
    let length = LEAST / (1.0 - unit(random) * tail).powf(1.0 / SHAPE);
    length / mean
}

/// The speed of a node; 1 is the standard.
pub(crate) fn speed(setup: &Setup, node: usize) -> f64 {
    match setup.workload {
        Workload::Speeds => [1.0, 0.5, 2.0][node % 3],
        _ => 1.0,
    }
}

/// Part of all processors that jobs which arrive over time keep busy.
const BUSY: f64 = 0.7;

/// The jobs of a simulation, in the order in which they arrive.
pub(crate) fn jobs(setup: &Setup, random: &mut Random) -> Vec<Job> {
    let power: f64 = (0..setup.nodes).map(|node| speed(setup, node) * f64::from(setup.cpus)).sum();
    let mut clock = setup.warm_up as f64;
    (0..setup.jobs)
        .map(|n| {
            let length = match setup.workload {
                Workload::Mixed | Workload::Arrivals => heavy(random),
                _ => 1.0,
            };
            if setup.workload == Workload::Arrivals {
                clock += -(1.0 - unit(random)).ln() * setup.work / (BUSY * power);
            }
            let hog = setup.workload == Workload::Memory && n % 4 == 0;
            let home = n % setup.homes;
            let work = setup.work * length;
            Job {
                home,
                arrives: (clock * SECOND as f64) as Time,
                work,
                left: work,
                memory: if hog { MEMORY / 10 * 6 } else { SMALL },
                at: home,
                since: 0,
                moving: None,
                rests_until: 0,
                moves: 0,
                pushed: None,
                ended: None,
                lost: false,
            }
        })
        .collect()
}
