// SPDX-License-Identifier: GPL-2.0-only

//! System calls that a guest has done at home.

use super::codec::message;

message! {
    /// Do this system call for me.
    pub(crate) struct Call<'a> {
        /// Its number.
        nr: u32,
        /// [`Call::CARRIED`], or 0.
        flags: u32,
        /// Its arguments, as the program gave them.
        args: [u64; 6],
        /// Signals blocked on the guest.
        blocked: u64,
        /// CPU time that the guest used so far.
        cpu_ns: u64,
        /// Where the program is: its instruction pointer.
        ip: u64,
        /// Its stack pointer.
        sp: u64,
        /// Bytes that the call reads from user memory, laid out by the system-call table.
        data: &'a [u8],
    }

    /// The call is done.
    pub(crate) struct Reply<'a> {
        /// Its raw result, restart codes included; other results may look like these ([`Reply::RESTARTS`]).
        result: i64,
        /// Signals blocked now.
        blocked: u64,
        /// [`Reply::RECALL`], [`Reply::ANSWERED`], [`Reply::RESTARTS`], and the kind of a new mapping.
        flags: u64,
        /// Bytes that the call wrote to user memory, laid out by the system-call table.
        data: &'a [u8],
    }
}

impl Call<'_> {
    /// The bytes of its arguments are in `data`.
    pub(crate) const CARRIED: u32 = 1;
}

impl Reply<'_> {
    /// Leave your node when this call is done with.
    pub(crate) const RECALL: u64 = 1;

    /// Bytes for the program are in `data`.
    pub(crate) const ANSWERED: u64 = 2;

    /// It was interrupted: `result` is a restart code.
    pub(crate) const RESTARTS: u64 = 4;

    /// The bit from which on there is the kind of the mapping that the call made.
    pub(crate) const KIND_SHIFT: u32 = 8;
}
