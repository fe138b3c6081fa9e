// SPDX-License-Identifier: GPL-2.0-only

//! What two nodes say to each other: the hello, frames, and the messages in them.
//!
//! # Protocol changelog
//!
//! * **1**: the first protocol. A 64-byte [`Hello`] each way, then a 32-byte proof of the cluster key
//!   each way, then [frames](frame). Connections have a [`Purpose`]: `Control` joins two nodes,
//!   `Process` and `Pages` are the call lane and the page lane of one migrated process.
//! * **2**: [`Gossip`](gossip::Gossip) on control links, in place of `Alive`; [`Ping`](control::Ping) and
//!   [`Pong`](control::Pong). [`Prepare`](prepare::Prepare) says what the source believes and what the process wants;
//!   reasons to refuse it. [`Evict`](life::Evict). A proof with which a client is refused. [`Usage`](life::Usage) says
//!   whether the guest wants a processor.
//! * **3**: [`Usage`](life::Usage) says how much memory the guest has had at most.
//! * **4**: [`Prepare`](prepare::Prepare) and [`UsageAsked`](pages::UsageAsked) say how nice the process is.
//! * **5**: [`Call`](call::Call) and [`Paused`](life::Paused) say where the program is. [`Usage`](life::Usage) counts
//!   page faults. [`Reply`](call::Reply) says whether its result is a restart code.
//! * **6**: [`Fault`](life::Fault) says what the processor said of it. [`Vma`](image::Vma) has a kind for parts of shared
//!   memory. [`Vector`](gossip::Vector) has the limits of its node, and what of its load is of guests.
//!
//! # Rules
//!
//! * Integers are little endian, without padding. There are no pointers on the wire.
//! * What a peer sent is hostile: it is parsed here and nowhere else, every length is bounded before
//!   anything is allocated, and nothing here can panic.
//! * A frame must be exactly right. Anything unknown, oversized, short, or with something left over is
//!   [`Malformed`], and the connection it came on is closed.
//! * A change of any layout changes [`VERSION`] and the golden bytes in
//!   `tests/host/src/wire_tests/golden.txt`.
//!
//! Everything in this module uses `core` only and does not allocate: decoded messages borrow from the
//! frame they came in, and encoders append to a [`Put`].

pub(crate) mod call;
pub(crate) mod codec;
pub(crate) mod control;
pub(crate) mod frame;
pub(crate) mod gossip;
pub(crate) mod hello;
pub(crate) mod image;
pub(crate) mod life;
pub(crate) mod pages;
pub(crate) mod prepare;

pub(crate) use codec::{
    Fixed,
    Full,
    Malformed,
    Message,
    Put,
    Records,
    Table, //
};
pub(crate) use frame::{
    Header,
    Kind, //
};
pub(crate) use hello::Purpose;

/// The protocol that this file and its modules describe.
pub(crate) const VERSION: u16 = 6;

/// Where nodes listen, as openMosix always did.
pub(crate) const PORT: u16 = 4660;

/// The size of the pages that travel.
pub(crate) const PAGE: usize = 4096;

/// The most bytes of memory in one frame.
pub(crate) const BULK: usize = 1 << 20;
