// SPDX-License-Identifier: GPL-2.0-only

//! What a deputy and its guest tell each other beside system calls.

use super::{
    codec::message,
    image::Action, //
};

message! {
    /// Deliver this signal to its handler. Home to guest.
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
    }

    /// Go on. Home to guest.
    pub(crate) struct Resume {
    }

    /// Come home; an image must follow. Home to guest.
    pub(crate) struct Recall {
        /// A [`Reason`](super::prepare::Reason).
        why: u64,
    }

    /// The guest comes home; its image follows. Guest to home.
    pub(crate) struct ComeHome {
        /// A [`Reason`](super::prepare::Reason).
        why: u64,
        /// CPU time that it used so far.
        cpu_ns: u64,
    }

    /// CPU time used so far. Guest to home.
    pub(crate) struct CpuTime {
        /// Nanoseconds.
        ns: u64,
    }

    /// Die at once. Home to guest.
    pub(crate) struct Kill {
    }

    /// The program did something for which it gets a signal, and has no handler. Guest to home.
    pub(crate) struct Fault {
        /// `siginfo_t`.
        info: [u8; 128],
        /// CPU time that it used so far.
        cpu_ns: u64,
    }
}
