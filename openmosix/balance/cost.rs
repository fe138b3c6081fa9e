// SPDX-License-Identifier: GPL-2.0-only

//! What it costs to run a process on a node.
//!
//! The cost is the *opportunity cost* of Amir, Awerbuch, Barak, Borgstrom and Keren ("An opportunity cost approach for
//! job assignment in a scalable computing cluster", IEEE TPDS 11(7), 2000). Using a part of a resource costs the more
//! the less of it is left: a resource used to the part `u` has the price `B^u`, and a process costs what it adds to
//! the prices of all resources, so that processors and memory can be compared and added up:
//!
//! ```text
//! cost = B^((found + own + delay) / L) - B^(found / L)      processors
//!      + B^((used + resident) / total) - B^(used / total)   memory, of which the first half is free
//! ```
//!
//! * `found`: the load that the process finds on one processor, see [`Processors::found`];
//! * `own`: the load that it is itself; half on a processor twice as fast;
//! * `delay`: what it loses by talking to its home and by moving, as a load: 100 is a second for each second of CPU
//!   time, as long as waiting for one other process takes;
//! * `L`: the load where the process runs, itself included, rounded up to a power of two processes. In the paper it is
//!   the greatest load of all nodes, doubled when it is exceeded; but one node that is hopelessly overloaded should not
//!   keep all others from caring about small differences;
//! * `used`, `total`: bytes beyond half of the memory. Unlike a processor that has something to do already, memory that
//!   is there delays nobody as long as it is not scarce;
//! * `B`: the number of nodes, but at least 64.
//!
//! What moving costs is spread over the time that the process will still run. That is not known, but processes that
//! have used much CPU time will use as much again, every second time (Harchol-Balter, Downey, "Exploiting process
//! lifetime distributions for dynamic load balancing", ACM TOCS 15(3), 1997). Hence who is young does not move.

use core::fmt;

use super::view::Path;
use crate::load::{
    metric::PROCESS,
    power::{
        exp2,
        log2_up,
        MOST,
        ONE, //
    },
    process::Usage,
    Memory,
    Processors, //
};

/// A cost. It has no unit; only costs on one scale can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cost(u64);

impl Cost {
    /// More than any other.
    pub(crate) const MOST: Self = Self(u64::MAX);

    /// This and an eighth of it.
    pub(crate) const fn and_an_eighth(self) -> Self {
        Self(self.0.saturating_add(self.0 / 8))
    }

    /// How much more this is than another.
    pub(crate) const fn above(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::MOST {
            return f.write_str("beyond measure");
        }
        let hundredths = self.0.saturating_mul(100) / ONE;
        write!(f, "{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

/// A node, without the process in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its processors.
    pub(crate) processors: Processors,
    /// Hundredths of processes that run or wait there.
    pub(crate) running: u32,
    /// Its memory.
    pub(crate) memory: Memory,
}

impl Place {
    /// The load of one processor when a process is added.
    pub(crate) fn load(&self, demand: &Demand) -> u32 {
        let found = self.processors.found(self.running);
        found.saturating_add(self.processors.own(demand.share))
    }
}

/// What a process would use, and lose, on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Hundredths of a process: how much of the time it wants a processor.
    pub(crate) share: u32,
    /// Bytes of memory.
    pub(crate) resident: u64,
    /// Hundredths of a second that it loses in each second of CPU time.
    pub(crate) delay: u64,
}

impl Demand {
    /// A process that only computes.
    pub(crate) const PLAIN: Self = Self {
        share: PROCESS,
        resident: 0,
        delay: 0,
    };
}

/// What costs are measured by: `B` and `L` of the formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    /// The logarithm of `B`, by 2.
    base: u64,
    /// `L`, as a load.
    load: u64,
}

impl Scale {
    /// The scale in a cluster of so many nodes, for a process that is part of such a load.
    pub(crate) fn new(nodes: usize, load: u32) -> Self {
        let processes = u64::from(load).div_ceil(u64::from(PROCESS)).max(1);
        Self {
            base: log2_up(nodes as u64).clamp(6, 16).into(),
            load: processes.next_power_of_two() * u64::from(PROCESS),
        }
    }

    /// The exponent of the price of a resource of which `part` / `whole` is used.
    fn exponent(self, part: u64, whole: u64) -> u64 {
        // The greatest power is long reached there.
        let whole = whole.max(1);
        let used = part.min(whole.saturating_mul(1 << 8));
        // 32 bits of the whole are precise enough, and nothing below overflows.
        let shift = (64 - whole.leading_zeros()).saturating_sub(32);
        self.base * ((used >> shift) * ONE) / (whole >> shift).max(1)
    }

    /// By how much the price of a resource rises when `after` instead of `before` of `whole` is used.
    fn rise(self, before: u64, after: u64, whole: u64) -> u64 {
        let after = self.exponent(after, whole);
        if after > MOST {
            return u64::MAX;
        }
        exp2(after).saturating_sub(exp2(self.exponent(before, whole)))
    }

    /// What a process costs on a node.
    pub(crate) fn cost(self, place: &Place, demand: &Demand) -> Cost {
        let found = u64::from(place.processors.found(place.running));
        let own = u64::from(place.processors.own(demand.share));
        let after = found.saturating_add(own).saturating_add(demand.delay);
        let cpu = self.rise(found, after, self.load);

        let Memory { free, total, .. } = place.memory;
        let half = total / 2;
        let used = total.saturating_sub(free);
        let filled = used.saturating_add(demand.resident);
        let scarce = |bytes: u64| bytes.saturating_sub(half);
        let memory = self.rise(scarce(used), scarce(filled), scarce(total));
        Cost(cpu.saturating_add(memory))
    }
}

/// Milliseconds that a move takes beside sending the memory.
const SETUP_MS: u64 = 20;

/// Hundredths of a second that a process loses in each second of CPU time by talking to its home over `path`.
pub(crate) fn talk(usage: &Usage, path: Path) -> u64 {
    let calls = usage.calls.saturating_mul(path.round_trip_us) / 10_000;
    let bytes = usage.bytes.saturating_mul(100) / path.rate.max(1);
    calls.saturating_add(bytes)
}

/// Milliseconds for which a process of this size stands still when it moves over `path`.
pub(crate) fn travel_ms(resident: u64, path: Path) -> u64 {
    let sending = resident.saturating_mul(1_000) / path.rate.max(1);
    let asking = path.round_trip_us.saturating_mul(8) / 1_000;
    SETUP_MS.saturating_add(asking).saturating_add(sending)
}

/// Hundredths of a second that a move of `travel_ms` costs each second of the CPU time that the process will still
/// use, which is as much as it has used.
pub(crate) fn travel(travel_ms: u64, used_cpu_ms: u64) -> u64 {
    travel_ms.saturating_mul(100) / used_cpu_ms.max(1)
}
