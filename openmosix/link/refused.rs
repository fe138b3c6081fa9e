// SPDX-License-Identifier: GPL-2.0-only

//! Strangers: who was refused, and how often.

use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    time::NSEC_PER_SEC, //
};

use crate::{
    node::Ip,
    sys::machine, //
};

/// The least time between two lines in the log.
const LOG_EVERY_NS: i64 = 2 * NSEC_PER_SEC;

/// Why a connection was refused, or not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The peer does not hold the cluster key.
    NoKey,
    /// It speaks another version of the protocol.
    Version,
    /// It does not speak the protocol.
    Malformed,
    /// It did not say all that it had to in time.
    Timeout,
    /// It holds the key, but is no node that is let in.
    UnknownNode,
    /// It holds the key, but another node has its id.
    Conflict,
    /// There are too many strangers at once.
    Busy,
}

impl Refusal {
    /// All of them.
    pub(crate) const ALL: [Refusal; 7] = [
        Refusal::NoKey,
        Refusal::Version,
        Refusal::Malformed,
        Refusal::Timeout,
        Refusal::UnknownNode,
        Refusal::Conflict,
        Refusal::Busy,
    ];

    /// Its name in `/proc/hpc/admin/refused`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Refusal::NoKey => "no-key",
            Refusal::Version => "version",
            Refusal::Malformed => "malformed",
            Refusal::Timeout => "timeout",
            Refusal::UnknownNode => "unknown-node",
            Refusal::Conflict => "conflict",
            Refusal::Busy => "busy",
        }
    }

    fn counter(self) -> &'static Atomic<u64> {
        static COUNTERS: [Atomic<u64>; Refusal::ALL.len()] =
            [const { Atomic::new(0) }; Refusal::ALL.len()];

        // The kinds are numbered from zero on.
        &COUNTERS[self as usize]
    }

    /// How often a stranger was refused for this.
    pub(crate) fn count(self) -> u64 {
        self.counter().load(Relaxed)
    }

    /// Counts a stranger, and says so in the log unless it said much a moment ago.
    pub(crate) fn note(self, from: Ip) {
        static LOGGED_NS: Atomic<i64> = Atomic::new(-LOG_EVERY_NS);

        self.counter().add(1, Relaxed);
        let now = machine::now_ns();
        let last = LOGGED_NS.load(Relaxed);
        if now - last >= LOG_EVERY_NS && LOGGED_NS.cmpxchg(last, now, Relaxed).is_ok() {
            pr_warn!("refused a connection from {from}: {}\n", self.name());
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoKey => EKEYREJECTED,
            Refusal::Version => EPROTONOSUPPORT,
            Refusal::Malformed => EPROTO,
            Refusal::Timeout => ETIMEDOUT,
            Refusal::UnknownNode => EHOSTUNREACH,
            Refusal::Conflict => EADDRINUSE,
            Refusal::Busy => EUSERS,
        }
    }
}
