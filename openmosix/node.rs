// SPDX-License-Identifier: GPL-2.0-only

//! Who is in the cluster, and who of them is there now.
//!
//! The administrator gives every node the same [`map`] and the cluster key. Each node keeps a control link to every
//! other one ([`peer`]); a node is *up* while its link lives.

mod cluster;
pub(crate) mod map;
mod peer;

use kernel::{
    fmt,
    prelude::*, //
};

pub(crate) use cluster::{
    address,
    configure,
    each,
    id_self,
    info,
    ip_self,
    is_in_map,
    is_peer_at,
    is_up,
    joined,
    off,
    show,
    sign, //
};
pub(crate) use map::{
    Ip,
    NodeId, //
};

/// Makes ready to be configured; the node is off until then.
pub(crate) fn start() -> Result {
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
