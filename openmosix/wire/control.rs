// SPDX-License-Identifier: GPL-2.0-only

//! Messages of the control link that joins two nodes.

use super::codec::message;

message! {
    /// Sent every second: the sender lives, and this is its machine.
    pub(crate) struct Alive {
        /// How fast one of its processors is; 1000 is openMosix's Pentium III at 1 GHz.
        speed: u32,
        /// How many processors it has.
        cpus: u32,
        /// Bytes of memory that programs could still get.
        free: u64,
        /// Bytes of memory.
        total: u64,
    }

    /// The sender leaves the cluster now.
    pub(crate) struct Leave {
    }
}
