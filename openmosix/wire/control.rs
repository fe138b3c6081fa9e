// SPDX-License-Identifier: GPL-2.0-only

//! Messages of the control link that joins two nodes.

use super::codec::message;

message! {
    /// Answer at once: the sender measures how long that takes.
    pub(crate) struct Ping {
    }

    /// The answer.
    pub(crate) struct Pong {
    }

    /// The sender leaves the cluster now.
    pub(crate) struct Leave {
    }
}
