// SPDX-License-Identifier: GPL-2.0-only

//! Which guests a node lets in.
//!
//! Many nodes may find the same node idle at the same time. What each of them believes is checked here, where the truth
//! is: the first guest is let in and counts at once, and who believed that it would be alone is told that it would not.

use core::{
    fmt,
    ops::DerefMut, //
};

use super::{
    rules::Running,
    vector::Status,
    view::Slot,
    Balancer, //
};
use crate::load::{
    metric::PROCESS,
    Processors, //
};

/// A process that wants to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    /// Hundredths of processes that its home believes to be running here.
    pub(crate) believed: u32,
    /// Hundredths of a process: how much of the time it wants a processor.
    pub(crate) share: u32,
    /// Bytes of memory.
    pub(crate) resident: u64,
    /// Somebody ordered the move by name: only what must not be is refused.
    pub(crate) ordered: bool,
}

/// Why a process may not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The node takes no guests.
    Blocked,
    /// There is too little memory.
    Memory,
    /// It would be more than the administrator allows.
    Limit,
    /// Too many are coming already.
    Busy,
    /// More is running than was believed.
    Crowded,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocked => "takes no guests",
            Self::Memory => "has too little memory",
            Self::Limit => "has reached a limit",
            Self::Busy => "takes others at the moment",
            Self::Crowded => "has more to do than was believed",
        })
    }
}

/// Hundredths of processes by which belief and truth may differ: averages are never quite equal.
const DOUBT: u32 = PROCESS / 2;

/// Whether a node takes one more guest in a period in which so many have come: one more than it has processors.
pub(super) fn takes(processors: Processors, came: u16) -> bool {
    came <= processors.count()
}

/// Who has come lately.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    /// Guests that were let in during this period.
    let_in: u16,
}

impl Door {
    pub(super) const fn new() -> Self {
        Self { let_in: 0 }
    }

    /// A period begins.
    pub(super) fn tick(&mut self) {
        self.let_in = 0;
    }
}

impl<S: DerefMut<Target = [Slot]>> Balancer<S> {
    /// Lets a guest in, or not. Once let in, it counts; [`Balancer::arrived`] or [`Balancer::failed`] follows.
    pub(crate) fn accept(&mut self, offer: &Offer) -> Result<(), Refusal> {
        let own = &self.own;
        if own.status.has(Status::BLOCK) || own.expel {
            return Err(Refusal::Blocked);
        }
        let memory = own.memory();
        let needed = offer.resident.saturating_add(memory.reserve());
        if memory.free < needed || !offer.ordered && !memory.has_room(offer.resident) {
            return Err(Refusal::Memory);
        }
        let limits = own.limits;
        // Those that were let in a moment ago count: many may come at once.
        let expected = own.expected();
        let with = Running {
            guests: expected.guests.saturating_add(offer.share),
            ..expected
        };
        if limits.keep_out(own.processors, own.present(), with) {
            return Err(Refusal::Limit);
        }
        if !offer.ordered {
            if !takes(own.processors, self.door.let_in) {
                return Err(Refusal::Busy);
            }
            if own.place().running > offer.believed.saturating_add(DOUBT) {
                return Err(Refusal::Crowded);
            }
        }
        self.door.let_in = self.door.let_in.saturating_add(1);
        self.own.await_one(offer.share, offer.resident, true);
        Ok(())
    }

    /// A guest that was let in is here.
    pub(crate) fn arrived(&mut self, offer: &Offer) {
        self.own.settle(offer.share, offer.resident, true);
    }

    /// A guest that was let in did not come.
    pub(crate) fn failed(&mut self, offer: &Offer) {
        self.own.disappoint(offer.share, offer.resident, true);
    }

    /// A guest left this node; it may have ended.
    pub(crate) fn guest_left(&mut self, share: u32) {
        self.own.dismiss(share);
    }
}
