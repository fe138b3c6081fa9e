// SPDX-License-Identifier: GPL-2.0-only
//! What came out.

use serde::Serialize;

use crate::setup::Setup;
use crate::turnover::Turnover;

/// The result of a simulation.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was simulated.
    pub setup: Setup,
    /// Jobs that ended.
    pub ended: usize,
    /// Jobs that were lost, for whatever reason.
    pub lost: usize,
    /// Those among them that neither ran on a node which crashed nor had their home there.
    pub astray: usize,
    /// Jobs that had not ended at the end of the simulation.
    pub left: usize,
    /// Seconds from the first arrival until the last end.
    pub makespan: f64,
    /// Seconds that no strategy can be faster than.
    pub makespan_bound: f64,
    /// Mean seconds from arrival to end.
    pub response: f64,
    /// Seconds that no strategy can be faster than.
    pub response_bound: f64,
    /// Mean of how many times longer a job took than alone on the fastest processor.
    pub slowdown: f64,
    /// The most that one did.
    pub worst_slowdown: f64,
    /// Mean moves of a job.
    pub moves: f64,
    /// The most moves of one job.
    pub most_moves: u32,
    /// Moves that the target refused, or for which nobody was there.
    pub refused: u64,
    /// Seconds that nodes, all together, used more memory than they have.
    pub swapping: f64,
    /// Seconds from the first arrival until all nodes had work, if they ever did.
    pub all_busy: Option<f64>,
    /// Mean bytes that a node sent each second.
    pub bytes: f64,
    /// The most that one node sent each second.
    pub most_bytes: f64,
    /// How old knowledge was.
    pub ages: Ages,
    /// How often a node was taken for lost by another one while it took part.
    pub false_alarms: u64,
    /// Seconds from the crash until half of the others, and all, had noticed each lost node that they knew; if they did.
    pub noticed: (Option<f64>, Option<f64>),
    /// What came of nodes that came and went.
    pub turnover: Turnover,
    /// Jobs that ran, second by second: the fewest on a node, the mean, and the most.
    pub history: Vec<(usize, f64, usize)>,
}

/// How old what nodes knew of each other was, in seconds, and how much it was.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Ages {
    /// Other nodes of which a node knew something not older than ten seconds, on average.
    pub fresh: f64,
    /// Mean age.
    pub mean: f64,
    /// Half of all is not older.
    pub median: f64,
    /// 90 % are not older.
    pub p90: f64,
    /// 99 % are not older.
    pub p99: f64,
    /// How many were so many seconds old, in steps of half a second; the last one counts all older ones.
    pub histogram: Vec<u64>,
}

impl Ages {
    /// Steps of the histogram.
    const STEPS: usize = 41;

    /// Sum up the ages, in milliseconds, that were found in looking at nodes so many times.
    pub(crate) fn new(mut ages: Vec<u64>, looks: usize) -> Self {
        if ages.is_empty() {
            return Self::default();
        }
        ages.sort_unstable();
        let at = |part: f64| ages[((ages.len() - 1) as f64 * part) as usize] as f64 / 1e3;
        let mut histogram = vec![0; Self::STEPS];
        for age in &ages {
            histogram[(*age as usize / 500).min(Self::STEPS - 1)] += 1;
        }
        Self {
            fresh: ages.iter().filter(|age| **age <= 10_000).count() as f64 / looks as f64,
            mean: ages.iter().sum::<u64>() as f64 / ages.len() as f64 / 1e3,
            median: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            histogram,
        }
    }
}
