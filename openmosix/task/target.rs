// SPDX-License-Identifier: GPL-2.0-only

//! A node that has agreed to take a process.

use super::{
    clock::Ahead,
    record::Timer, //
};
use crate::{
    link::lane::Lane,
    node::NodeId, //
};
use kernel::{
    prelude::*,
    time::{
        Instant,
        Monotonic, //
    }, //
};

/// Milliseconds after which a target that has agreed is asked anew: it does not wait for ever.
const KEPT_MS: i64 = 10_000;

/// What a peer must say to open the page lane of a guest.
pub(crate) type Token = [u8; 16];

/// The other end of a move.
pub(crate) struct Target {
    /// Which node.
    pub(crate) node: NodeId,
    /// The call lane to be.
    pub(crate) lane: Lane,
    /// Number of the move.
    pub(crate) epoch: u32,
    /// How far its clocks are behind ours.
    pub(crate) ahead: Ahead,
    /// As how our time of day was set then: [`crate::sys::task::day`].
    pub(crate) day: i64,
    /// What the page lane is known by.
    pub(crate) token: Token,
}

/// A move whose target has agreed.
pub(crate) struct Agreed {
    /// The target.
    pub(crate) target: Target,
    /// Times the move since it was asked.
    pub(crate) timer: Timer,
    since: Instant<Monotonic>,
}

impl Agreed {
    /// It has agreed just now.
    pub(crate) fn new(target: Target, timer: Timer) -> Result<KBox<Self>> {
        let agreed = Self {
            target,
            timer,
            since: Instant::now(),
        };
        Ok(KBox::new(agreed, GFP_KERNEL)?)
    }

    /// Whether it still waits for the process, as far as is known. Does not sleep.
    pub(crate) fn holds(&self) -> bool {
        self.since.elapsed().as_millis() < KEPT_MS && self.target.lane.channel().is_open()
    }
}
