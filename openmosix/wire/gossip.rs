// SPDX-License-Identifier: GPL-2.0-only

//! What nodes tell each other about nodes.

use super::codec::{
    message,
    record,
    Records, //
};

/// The most nodes that one message tells of.
pub(crate) const VECTORS: usize = 16;

record! {
    /// A node, as somebody knows it.
    pub(crate) struct Vector {
        /// Its id.
        node: u16,
        /// Bits of its `status`, as in `/proc/hpc/nodes/N/status`.
        status: u16,
        /// How it stands with it: one of `Vector::…`.
        standing: u16,
        /// How many processors it has.
        cpus: u16,
        /// Its address: IPv6, or IPv4 mapped into IPv6.
        address: [u8; 16],
        /// Which of its lives this is; a later one has a greater number.
        life: u32,
        /// Counts what it says about itself in this life.
        version: u32,
        /// Milliseconds since it said this.
        age: u32,
        /// Hundredths of processes that run or wait for a processor, averaged.
        running: u32,
        /// The speed of one processor; 10000 is the standard.
        speed: u32,
        /// Guests there.
        guests: u16,
        /// Per mille of time that somebody there waits for memory.
        pressure: u16,
        /// Bytes of memory that programs could still get.
        free: u64,
        /// Bytes of memory.
        total: u64,
        /// The greatest load that it may have; 0 is no limit.
        load_limit: u32,
        /// The most hundredths of processes on each processor; 0 is no limit.
        cpu_limit: u32,
        /// What the first of these counts, as in `/proc/hpc/admin/llimitmode`.
        load_mode: u8,
        /// What the second one does.
        cpu_mode: u8,
        /// The most guests; 0 leaves it to the kernel.
        most_guests: u16,
        /// Hundredths of guests that run or wait for a processor: a part of `running`.
        running_guests: u32,
    }
}

impl Vector {
    /// Its bytes.
    pub(crate) const SIZE: usize = 80;

    /// It lives.
    pub(crate) const ALIVE: u16 = 0;
    /// It did not answer somebody.
    pub(crate) const SUSPECT: u16 = 1;
    /// It crashed, or cannot be reached.
    pub(crate) const GONE: u16 = 2;
    /// It left in order.
    pub(crate) const LEFT: u16 = 3;
}

message! {
    /// What I know of nodes: first myself, then what is news, then what is freshest.
    pub(crate) struct Gossip<'a> {
        /// A set of `Gossip::…` bits.
        flags: u32,
        /// Zero.
        zero: u32,
        /// At most [`VECTORS`] of them.
        vectors: Records<'a, Vector>,
    }
}

impl Gossip<'_> {
    /// Answer with what you know.
    pub(crate) const ASK: u32 = 1;
}

const _: () = assert!(<Vector as super::codec::Field<'static>>::MIN == Vector::SIZE);
