// SPDX-License-Identifier: GPL-2.0-only

//! System calls that a guest has done at home.

use super::codec::message;

message! {
    /// Do this system call for me.
    pub(crate) struct Call<'a> {
        /// Its number.
        nr: u32,
        /// How its bytes travel: flags of the system-call table.
        flags: u32,
        /// Its arguments, as the program gave them.
        args: [u64; 6],
        /// Signals blocked on the guest.
        blocked: u64,
        /// CPU time that the guest used so far.
        cpu_ns: u64,
        /// Bytes that the call reads from user memory, laid out by the system-call table.
        data: &'a [u8],
    }

    /// The call is done.
    pub(crate) struct Reply<'a> {
        /// Its raw result, restart codes included.
        result: i64,
        /// Signals blocked now.
        blocked: u64,
        /// What else happened: flags of the system-call table.
        flags: u64,
        /// Bytes that the call wrote to user memory, laid out by the system-call table.
        data: &'a [u8],
    }
}
