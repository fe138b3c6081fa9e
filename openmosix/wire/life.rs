// SPDX-License-Identifier: GPL-2.0-only

//! What a deputy and its guest tell each other beside system calls.

use super::{
    codec::message,
    image::Action, //
};

message! {
    /// Deliver this signal to its handler. Home to guest; back after [`ComeHome`], if the guest has not done so.
    pub(crate) struct Signal {
        /// `siginfo_t`.
        info: [u8; 128],
        /// The handler, as home has it.
        action: Action,
        /// Signals blocked now.
        blocked: u64,
        /// Signals blocked again after the handler, if `has_saved`.
        saved: u64,
        /// 1 when `saved` counts, otherwise 0.
        has_saved: u64,
    }

    /// Stand still. Home to guest.
    pub(crate) struct Pause {
    }

    /// The guest stands still, as it was told or because its mask has changed. Guest to home.
    pub(crate) struct Paused {
        /// Signals blocked on the guest.
        blocked: u64,
        /// CPU time that it used so far.
        cpu_ns: u64,
        /// Where the program is: its instruction pointer.
        ip: u64,
        /// Its stack pointer.
        sp: u64,
    }

    /// Go on. Home to guest.
    pub(crate) struct Resume {
    }

    /// Leave this node; an image must follow. Home to guest.
    pub(crate) struct Recall {
        /// A [`Reason`](super::prepare::Reason).
        why: u64,
    }

    /// The guest leaves; its image follows. Guest to home.
    pub(crate) struct ComeHome {
        /// A [`Reason`](super::prepare::Reason); only if it is `Asked` may home send the guest elsewhere.
        why: u64,
        /// CPU time that it used so far.
        cpu_ns: u64,
    }

    /// A file that is mapped has changed: what the guest has of these pages is stale, but for those it wrote to.
    /// Home to guest, while that stands still or waits for the answer to a call.
    pub(crate) struct Stale {
        /// User address of the first.
        start: u64,
        /// Bytes.
        len: u64,
        /// Bytes before the new end of the file: all behind is gone, written to or not.
        kept: u64,
    }

    /// A mapping that grows down has grown. Guest to home.
    pub(crate) struct Grown {
        /// Its lowest address.
        start: u64,
    }

    /// What the guest uses of its node. Guest to home.
    pub(crate) struct Usage {
        /// CPU time so far, in nanoseconds.
        cpu_ns: u64,
        /// Bytes of memory.
        resident: u64,
        /// The most bytes of memory that it has had on this node.
        peak: u64,
        /// Page faults so far that needed no reading, and that did.
        minor_faults: u64,
        major_faults: u64,
        /// 1 when it runs or waits for a processor now, otherwise 0.
        running: u64,
    }

    /// Die at once. Home to guest.
    pub(crate) struct Kill {
    }

    /// The node cannot keep the guest: home has to find another place for it, or take it back. The node asks again
    /// until the guest is gone, which goes on meanwhile. Guest's node to home, from the image on to the last frame.
    pub(crate) struct Evict {
        /// A [`Reason`](super::prepare::Reason): `Memory`, `Limit` or `Expel`.
        why: u64,
    }

    /// The program did something for which it gets a signal, and has no handler. Guest to home.
    pub(crate) struct Fault {
        /// `siginfo_t`.
        info: [u8; 128],
        /// CPU time that it used so far.
        cpu_ns: u64,
        /// Its last trap: the number of the exception.
        trap: u64,
        /// The error code of that.
        error: u64,
        /// The address of its last page fault.
        address: u64,
    }
}
