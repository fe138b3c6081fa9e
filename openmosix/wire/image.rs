// SPDX-License-Identifier: GPL-2.0-only

//! The image of a process, in parts.
//!
//! The parts follow each other as frames: `ImageStart`, `Task`, `Mm`, `Vmas` (as many as needed), `Pages`
//! (as many as needed), `Cpu`, `Signals`, `ImageEnd`.

use super::codec::{
    message,
    record,
    Records,
    Table, //
};

/// Signals that exist.
pub(crate) const SIGNALS: usize = 64;

/// Bytes of the general registers, as `user_regs_struct` lays them out.
pub(crate) const REGISTERS: usize = 27 * 8;

record! {
    /// An area of the address space.
    pub(crate) struct Vma {
        /// First byte.
        start: u64,
        /// First byte behind it.
        end: u64,
        /// `PROT_…`, and [`Vma::GROWS_DOWN`].
        flags: u64,
        /// What is mapped: `enum openmosix_vma_kind` of C.
        kind: u64,
    }
}

impl Vma {
    /// A stack that grows down.
    pub(crate) const GROWS_DOWN: u64 = 1 << 8;
}

record! {
    /// What a signal does, as `struct sigaction` of the kernel lays it out.
    pub(crate) struct Action {
        /// User address of the handler, or 0 (default) or 1 (ignore).
        handler: u64,
        /// `SA_…`.
        flags: u64,
        /// User address of the code that returns from the handler.
        restorer: u64,
        /// Signals blocked meanwhile.
        mask: u64,
    }
}

message! {
    /// An image follows.
    pub(crate) struct ImageStart {
    }

    /// Numbers of the address space.
    pub(crate) struct Mm {
        /// The heap.
        start_brk: u64,
        /// Its end.
        brk: u64,
        /// Where the vDSO and its data are mapped, or 0.
        vdso: u64,
    }

    /// Areas of the address space, in ascending order.
    pub(crate) struct Vmas<'a> {
        /// The areas.
        areas: Records<'a, Vma>,
    }

    /// The state of the processor.
    pub(crate) struct Cpu<'a> {
        /// General registers.
        registers: [u8; REGISTERS],
        /// Extended state, in the format of ptrace.
        xstate: &'a [u8],
    }

    /// How the process takes signals.
    pub(crate) struct Signals<'a> {
        /// Blocked now.
        blocked: u64,
        /// What each signal does, from signal 1 on.
        actions: Table<'a, Action, SIGNALS>,
    }

    /// All else about the task.
    pub(crate) struct Task {
        /// Its name.
        comm: [u8; 16],
        /// User address of its rseq area, or 0.
        rseq: u64,
        /// Size of that area.
        rseq_len: u32,
        /// Signature before its abort handlers.
        rseq_sig: u32,
        /// The processor that its kernel last wrote there.
        rseq_cpu: u32,
        /// The concurrency id that its kernel last wrote there.
        rseq_cid: u32,
        /// The memory node that its kernel last wrote there.
        rseq_node: u32,
        /// User address of its list of robust futexes, or 0.
        robust: u64,
        /// User address of the thread id to clear at its end, or 0.
        clear_child_tid: u64,
        /// Alternative signal stack: its lowest address.
        altstack: u64,
        /// Its size, 0 without one.
        altstack_size: u64,
        /// `SS_…`.
        altstack_flags: u64,
        /// How far the sender's monotonic clock is ahead of the receiver's, in nanoseconds.
        monotonic_ahead: i64,
        /// How far the sender's boot-time clock is ahead of the receiver's, in nanoseconds.
        boottime_ahead: i64,
        /// How far the sender's clock of the time of day is ahead of the receiver's, in nanoseconds.
        realtime_ahead: i64,
        /// How far its stack may grow.
        stack_soft: u64,
        /// How far that limit may be raised.
        stack_hard: u64,
        /// How large its address space may become, in bytes.
        space: u64,
        /// How large that is at home, in pages.
        space_pages: u64,
        /// `personality()`.
        personality: u32,
    }

    /// That was all.
    pub(crate) struct ImageEnd {
        /// Pages that were sent.
        pages: u64,
    }

    /// The image is in place; nothing of it runs yet.
    pub(crate) struct Installed {
        /// Pages that came.
        pages: u64,
    }
}
