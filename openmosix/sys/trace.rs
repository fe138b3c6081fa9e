// SPDX-License-Identifier: GPL-2.0-only

//! Tracepoints. They cost nothing while nobody looks.
//!
//! C header: [`include/trace/events/openmosix.h`](srctree/include/trace/events/openmosix.h)

use kernel::{
    ffi::{
        c_char,
        c_int,
        c_uint,
        c_ulong, //
    },
    task::Pid, //
};

mod points {
    use super::{
        c_char,
        c_int,
        c_uint,
        c_ulong, //
    };

    kernel::declare_trace! {
        /// # Safety
        ///
        /// Always safe to call.
        pub(super) unsafe fn openmosix_gossip(node: c_uint, bytes: c_uint, sent: bool);

        /// # Safety
        ///
        /// Always safe to call.
        pub(super) unsafe fn openmosix_member(node: c_uint, what: c_uint);

        /// # Safety
        ///
        /// `why` is `len` bytes.
        pub(super) unsafe fn openmosix_decide(
            pid: c_int,
            from: c_uint,
            to: c_uint,
            why: *const c_char,
            len: c_ulong,
        );

        /// # Safety
        ///
        /// `why` is `len` bytes.
        pub(super) unsafe fn openmosix_guest(
            node: c_uint,
            pid: c_uint,
            what: c_uint,
            why: *const c_char,
            len: c_ulong,
        );

        /// # Safety
        ///
        /// Always safe to call.
        pub(super) unsafe fn openmosix_move(
            pid: c_int,
            from: c_uint,
            to: c_uint,
            pages: c_ulong,
        );
    }
}

/// What happened to a node; the tracepoint has names for the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Member {
    /// It is there, for the first time or again.
    Joined = 0,
    /// It did not answer.
    Suspect = 1,
    /// It did not answer, but lives.
    Cleared = 2,
    /// It is lost.
    Gone = 3,
    /// It left in order.
    Left = 4,
    /// Two machines claim its id.
    Conflict = 5,
}

/// What was decided for a guest; the tracepoint has names for the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Guest {
    /// It may come.
    Accepted = 0,
    /// It may not.
    Refused = 1,
    /// It has to leave.
    Pushed = 2,
}

/// A message of so many bytes was sent to a node, or came from it.
pub(crate) fn gossip(node: u16, bytes: usize, sent: bool) {
    // SAFETY: Always safe to call.
    unsafe { points::openmosix_gossip(node.into(), bytes as c_uint, sent) };
}

/// Something happened to a node.
pub(crate) fn member(node: u16, what: Member) {
    // SAFETY: Always safe to call.
    unsafe { points::openmosix_member(node.into(), what as c_uint) };
}

/// Something new was decided for a process: to go to a node, or to stay where it is, for this reason.
pub(crate) fn decide(pid: Pid, from: u16, to: Option<u16>, why: &'static str) {
    let (text, len) = (why.as_ptr().cast(), why.len());
    // SAFETY: `why` is so many bytes.
    unsafe { points::openmosix_decide(pid, from.into(), to.unwrap_or(0).into(), text, len) };
}

/// Something was decided for a guest that has this pid at its home, for this reason.
pub(crate) fn guest(home: u16, pid: u32, what: Guest, why: &'static str) {
    let (text, len) = (why.as_ptr().cast(), why.len());
    // SAFETY: `why` is so many bytes.
    unsafe { points::openmosix_guest(home.into(), pid, what as c_uint, text, len) };
}

/// A process has moved; node 0 is home.
pub(crate) fn moved(pid: Pid, from: u16, to: u16, pages: u64) {
    // SAFETY: Always safe to call.
    unsafe { points::openmosix_move(pid, from.into(), to.into(), pages as c_ulong) };
}
