// SPDX-License-Identifier: GPL-2.0-only

//! What a process has used lately, and how fast that is forgotten.
//!
//! As in openMosix, statistics decay: at the end of each interval a part of them is kept. What was used and the
//! time in which it was used decay together, so that their quotient is the rate of the time that is remembered.

/// How fast statistics are forgotten (`/proc/hpc/admin/decay-interval`, `slow-decay`, `fast-decay`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decay {
    /// Milliseconds of an interval.
    pub(crate) interval_ms: u32,
    /// Per mille that each interval keeps.
    pub(crate) keep: u16,
}

impl Decay {
    /// openMosix's slow decay.
    pub(crate) const SLOW: Self = Self::new(975);
    /// openMosix's fast decay.
    pub(crate) const FAST: Self = Self::new(926);
    /// No decay: the whole life counts.
    pub(crate) const NONE: Self = Self::new(1_000);
    /// Seconds of the longest interval that a process may have of its own.
    const LONGEST: u32 = 3_600;

    const fn new(keep: u16) -> Self {
        Self {
            interval_ms: 1_000,
            keep,
        }
    }

    /// One of a process's own (`/proc/hpc/decay/own`): seconds of an interval, and per mille that it keeps; if that
    /// makes sense.
    pub(crate) fn own(seconds: u32, keep: u32) -> Option<Self> {
        let keep = u16::try_from(keep).ok().filter(|keep| *keep <= 1_000)?;
        (1..=Self::LONGEST).contains(&seconds).then(|| Self {
            interval_ms: seconds * 1_000,
            keep,
        })
    }
}

/// Counters of a process, which only ever rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// Milliseconds in which it ran or waited for a processor.
    pub(crate) wanted_ms: u64,
    /// Milliseconds in which it ran.
    pub(crate) cpu_ms: u64,
    /// Its system calls that its home has to do, wherever it runs.
    pub(crate) calls: u64,
    /// Bytes which these calls read and wrote.
    pub(crate) bytes: u64,
}

/// What a process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Per mille of the time in which it wants a processor.
    pub(crate) share: u32,
    /// Calls for home in each second of CPU time.
    pub(crate) calls: u64,
    /// Bytes of these calls in each second of CPU time.
    pub(crate) bytes: u64,
}

/// The statistics of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statistics {
    decay: Decay,
    last_ms: u64,
    /// Milliseconds of the present interval that are over.
    begun_ms: u64,
    last: Counters,
    kept: Counters,
    kept_ms: u64,
}

impl Statistics {
    /// Begins to count.
    pub(crate) const fn new(now_ms: u64, counters: Counters, decay: Decay) -> Self {
        Self {
            decay,
            last_ms: now_ms,
            begun_ms: 0,
            last: counters,
            kept: Counters {
                wanted_ms: 0,
                cpu_ms: 0,
                calls: 0,
                bytes: 0,
            },
            kept_ms: 0,
        }
    }

    /// Forgets at another pace from now on.
    pub(crate) fn set_decay(&mut self, decay: Decay) {
        self.decay = decay;
    }

    /// Forgets everything (`/proc/hpc/decay/clear`).
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.last_ms, self.last, self.decay);
    }

    /// Takes what the counters say now.
    pub(crate) fn add(&mut self, now_ms: u64, now: Counters) {
        let elapsed = now_ms.saturating_sub(self.last_ms);
        self.last_ms = now_ms;
        self.begun_ms = self.begun_ms.saturating_add(elapsed);
        // Far more intervals than it takes to forget all are as good as these.
        let intervals = self.begun_ms / u64::from(self.decay.interval_ms.max(1));
        self.begun_ms %= u64::from(self.decay.interval_ms.max(1));
        for _ in 0..intervals.min(10_000) {
            self.forget();
        }
        let grow = |kept: &mut u64, now: u64, last: u64| {
            *kept = kept.saturating_add(now.saturating_sub(last));
        };
        grow(&mut self.kept.wanted_ms, now.wanted_ms, self.last.wanted_ms);
        grow(&mut self.kept.cpu_ms, now.cpu_ms, self.last.cpu_ms);
        grow(&mut self.kept.calls, now.calls, self.last.calls);
        grow(&mut self.kept.bytes, now.bytes, self.last.bytes);
        self.kept_ms = self.kept_ms.saturating_add(elapsed);
        self.last = now;
    }

    fn forget(&mut self) {
        let keep = u64::from(self.decay.keep.min(1_000));
        let Counters {
            wanted_ms,
            cpu_ms,
            calls,
            bytes,
        } = &mut self.kept;
        for kept in [wanted_ms, cpu_ms, calls, bytes, &mut self.kept_ms] {
            *kept = *kept / 1_000 * keep + *kept % 1_000 * keep / 1_000;
        }
    }

    /// What it uses, as far as is remembered.
    pub(crate) fn usage(&self) -> Usage {
        let cpu_ms = self.kept.cpu_ms.max(1);
        let per_second = |count: u64| count.saturating_mul(1_000) / cpu_ms;
        let share = self.kept.wanted_ms.saturating_mul(1_000) / self.kept_ms.max(1);
        Usage {
            share: u32::try_from(share.min(1_000)).unwrap_or(1_000),
            calls: per_second(self.kept.calls),
            bytes: per_second(self.kept.bytes),
        }
    }
}
