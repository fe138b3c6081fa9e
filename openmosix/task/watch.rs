// SPDX-License-Identifier: GPL-2.0-only

//! What a process uses, as it is seen time and again.

use crate::{
    load::process::{
        Counters,
        Decay,
        Statistics, //
    },
    sys::walk::Uses,
};

/// Milliseconds of life, all of which count when a process is seen for the first time.
const FRESH_MS: u64 = 8_000;

/// Nanoseconds of a millisecond.
pub(super) const MS: u64 = 1_000_000;

/// What a process has used when it was seen last.
#[derive(Clone, Copy)]
pub(super) struct Watch {
    at_ms: u64,
    cpu_ns: u64,
    /// Calls and bytes at home, and those for the guest.
    home: (u64, u64),
    talk: (u64, u64),
    counters: Counters,
    pub(super) statistics: Statistics,
}

impl Watch {
    /// Sees a process for the first time. If it is young, all of its life counts.
    pub(super) fn begin(now_ms: u64, age_ms: u64, uses: &Uses, talk: (u64, u64)) -> Self {
        let known_ms = if age_ms <= FRESH_MS { age_ms } else { 0 };
        let cpu_ms = uses.cpu_ns / MS;
        let counters = Counters {
            wanted_ms: if uses.running { known_ms } else { cpu_ms },
            cpu_ms,
            calls: uses.calls,
            bytes: uses.bytes,
        };
        let mut statistics = if known_ms > 0 {
            let begin_ms = now_ms.saturating_sub(known_ms);
            Statistics::new(begin_ms, Counters::default(), Decay::NONE)
        } else {
            Statistics::new(now_ms, counters, Decay::NONE)
        };
        statistics.add(now_ms, counters);
        Self {
            at_ms: now_ms,
            cpu_ns: uses.cpu_ns,
            home: (uses.calls, uses.bytes),
            talk,
            counters,
            statistics,
        }
    }

    /// Sees it again.
    pub(super) fn go_on(
        mut self,
        now_ms: u64,
        uses: &Uses,
        talk: (u64, u64),
        away: bool,
        running: bool,
    ) -> Self {
        let elapsed_ms = now_ms.saturating_sub(self.at_ms);
        let used_ms = uses.cpu_ns.saturating_sub(self.cpu_ns) / MS;
        let (then, now) = if away {
            (self.talk, talk)
        } else {
            (self.home, (uses.calls, uses.bytes))
        };
        let wanted_ms = if running {
            elapsed_ms
        } else {
            used_ms.min(elapsed_ms)
        };
        let counters = &mut self.counters;
        counters.wanted_ms = counters.wanted_ms.saturating_add(wanted_ms);
        counters.cpu_ms = counters.cpu_ms.saturating_add(used_ms);
        counters.calls = counters.calls.saturating_add(now.0.saturating_sub(then.0));
        counters.bytes = counters.bytes.saturating_add(now.1.saturating_sub(then.1));
        self.statistics.add(now_ms, *counters);
        Self {
            at_ms: now_ms,
            cpu_ns: uses.cpu_ns,
            home: (uses.calls, uses.bytes),
            talk,
            ..self
        }
    }
}
