// SPDX-License-Identifier: GPL-2.0-only

//! Connections between nodes.
//!
//! A [`Channel`] is one authenticated TCP connection. Two nodes are joined by one with the purpose `Control`;
//! each migrated process has two of its own, a call lane and a page lane. There are no threads that take
//! frames apart: who waits for a frame, reads it.
//!
//! Incoming connections are taken by the [`door`], which proves them ([`handshake`]) and hands them to whom
//! they are for.

pub(crate) mod channel;
pub(crate) mod door;
mod handshake;
pub(crate) mod lane;
pub(crate) mod refused;
mod registry;

use kernel::prelude::*;

pub(crate) use crate::sys::wait::{
    fatal_signal_pending,
    Deadline,
    Wait, //
};
pub(crate) use crate::wire::{
    hello::Purpose,
    Kind, //
};
pub(crate) use channel::Channel;
pub(crate) use registry::cut;

/// Makes ready for connections; none is made or taken yet.
pub(crate) fn start(handler: door::Handler) -> Result {
    door::start(handler);
    registry::start()
}
