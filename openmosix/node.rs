// SPDX-License-Identifier: GPL-2.0-only

//! Who is in the cluster, and who of them is there now.
//!
//! The administrator gives every node the cluster key, and either the same [`map`] or an address to [`join`] by. A node
//! keeps a control link to every other one that it knows of ([`peer`]); a node is *up* while its link lives. More about
//! others it learns from gossip, which is the business of whom it tells what happens on the links ([`Listener`]).

mod cluster;
mod join;
pub(crate) mod map;
mod peer;

use kernel::{
    fmt,
    prelude::*,
    sync::SetOnce, //
};

pub(crate) use cluster::{
    address,
    admits,
    configure,
    each,
    forget,
    gone,
    id_self,
    ip,
    ip_self,
    is_known,
    is_up,
    joined,
    known,
    off,
    send,
    show,
    sign, //
};
pub(crate) use map::{
    Ip,
    NodeId, //
};

/// Who is told what happens on control links. All of it is called in work items and may sleep, but not for long.
pub(crate) trait Listener: Sync {
    /// There is a link to this node now.
    fn up(&self, node: NodeId);

    /// The link to this node broke.
    fn down(&self, node: NodeId);

    /// It sent gossip.
    fn heard(&self, node: NodeId, payload: &[u8]) -> Result;

    /// It answered a ping after so many microseconds.
    fn measured(&self, node: NodeId, round_trip_us: u64);

    /// Whether a node with this id lives at another address, as far as is known.
    fn is_elsewhere(&self, node: NodeId, ip: Ip) -> bool;
}

static LISTENER: SetOnce<&'static dyn Listener> = SetOnce::new();

/// Who is told; there is one from the start.
fn listener() -> Option<&'static dyn Listener> {
    LISTENER.copy()
}

/// Makes ready to be configured; the node is off until then.
pub(crate) fn start(listener: &'static dyn Listener) -> Result {
    LISTENER.populate(listener);
    join::start()?;
    cluster::start()
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}
