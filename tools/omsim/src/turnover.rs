// SPDX-License-Identifier: GPL-2.0-only
//! What came of nodes that came and went.

use serde::Serialize;

use crate::job::{SECOND, Time};

/// Nodes that joined, left and crashed one by one, and how long it took until others knew.
///
/// A node *knows* of another one that it is there when it has heard of it, and that it is not there when it has noticed,
/// heard, or forgotten it. So all know of one that joined only if they have room for all nodes. All are those that took
/// part when it happened, and still do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Turnover {
    /// Nodes that joined.
    pub joined: usize,
    /// Nodes that were told to leave.
    pub told: usize,
    /// Nodes that crashed.
    pub crashed: usize,
    /// From joining until all others knew; not of those that were gone before.
    pub join_known: Times,
    /// From joining until nine of ten of them knew.
    pub join_mostly: Times,
    /// From joining until the first job ran there; not of those that were gone before.
    pub working: Times,
    /// From being told to leave until no process needed the node; not of those that crashed before.
    pub leaving: Times,
    /// From saying farewell until all others knew.
    pub leave_known: Times,
    /// From saying farewell until nine of ten of them knew.
    pub leave_mostly: Times,
    /// From crashing until all others knew.
    pub crash_known: Times,
    /// From crashing until nine of ten of them knew.
    pub crash_mostly: Times,
    /// How often a node that had left was taken for a crashed one.
    pub mistaken: u64,
}

/// How long something took, each time it happened, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Times {
    /// How often it happened.
    pub count: usize,
    /// How often it had not happened until the end of the simulation.
    pub missing: usize,
    /// Mean.
    pub mean: f64,
    /// The longest.
    pub most: f64,
}

impl Times {
    /// It happened once more.
    pub(crate) fn add(&mut self, time: Time) {
        let seconds = time as f64 / SECOND as f64;
        self.count += 1;
        self.mean += (seconds - self.mean) / self.count as f64;
        self.most = self.most.max(seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_mean_and_a_longest() {
        let mut times = Times::default();
        [1, 6, 2].iter().for_each(|seconds| times.add(seconds * SECOND));
        assert_eq!((times.count, times.missing, times.mean, times.most), (3, 0, 3.0, 6.0));
    }
}
