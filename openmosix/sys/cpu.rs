// SPDX-License-Identifier: GPL-2.0-only

//! Registers and system calls of the current task.
//!
//! C header: [`include/linux/openmosix_edge.h`](srctree/include/linux/openmosix_edge.h)

use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

/// Bytes of the general registers.
pub(crate) const GENERAL: usize = bindings::OPENMOSIX_GP_LEN as usize;

/// Bytes of the extended state, on this machine.
pub(crate) fn xstate_size() -> usize {
    // SAFETY: Reads a number that is constant after boot.
    unsafe { bindings::openmosix_xstate_size() }
}

/// The features whose state is in it.
pub(crate) fn xfeatures() -> u64 {
    // SAFETY: Reads a number that is constant after boot.
    unsafe { bindings::openmosix_xfeatures() }
}

/// Reads the registers of the current task.
pub(crate) fn get(general: &mut [u8; GENERAL], xstate: &mut [u8]) -> Result {
    // SAFETY: Both buffers have the lengths that are passed.
    to_result(unsafe {
        bindings::openmosix_cpu_get(
            general.as_mut_ptr().cast(),
            xstate.as_mut_ptr().cast(),
            xstate.len(),
        )
    })
}

/// Installs the registers of the current task, which sleeps meanwhile.
pub(crate) fn set(general: &[u8; GENERAL], xstate: &[u8]) -> Result {
    // SAFETY: Both buffers have the lengths that are passed and live until the call returns.
    to_result(unsafe {
        bindings::openmosix_cpu_set(
            general.as_ptr().cast(),
            xstate.as_ptr().cast(),
            xstate.len(),
        )
    })
}

// A kernel with more calls than the table knows does not build.
const _: () = assert!(crate::syscall::COUNT == bindings::NR_syscalls as usize);

/// Runs a system call in the current task and returns its raw result.
pub(crate) fn call(nr: u32, args: &[u64; 6]) -> i64 {
    // SAFETY: The deputy is a user task; its handlers check their arguments.
    unsafe { bindings::openmosix_call_native(nr, args.as_ptr()) as i64 }
}

/// The user registers of the current task, inside a hook.
pub(crate) struct Regs<'a>(&'a mut bindings::pt_regs);

impl<'a> Regs<'a> {
    /// What the entry code handed to a hook.
    pub(crate) fn new(regs: &'a mut bindings::pt_regs) -> Self {
        Self(regs)
    }

    /// Number and arguments of the system call.
    pub(crate) fn call(&self) -> (u32, [u64; 6]) {
        let mut nr = 0;
        let mut args = [0; 6];
        // SAFETY: All pointers are to live values.
        unsafe { bindings::openmosix_call_args(self.0, &mut nr, args.as_mut_ptr()) };
        (nr, args)
    }

    /// Lets the system call return `result`.
    pub(crate) fn set_result(&mut self, result: i64) {
        // SAFETY: The registers are live and ours.
        unsafe { bindings::openmosix_set_result(self.0, result as isize) };
    }

    /// Is the program in the middle of a vDSO function?
    ///
    /// It must not move then: its registers may hold half of this node's time.
    pub(crate) fn in_vdso(&self) -> bool {
        // SAFETY: The registers are live; `current` has an address space.
        unsafe { bindings::openmosix_in_vdso(self.0) }
    }

    /// A call that was interrupted by nothing but a kick of ours is made once more.
    pub(crate) fn undo_kick(&mut self) {
        // SAFETY: The registers are live and ours.
        unsafe { bindings::openmosix_undo_kick(self.0) };
    }

    /// Is it a 32-bit system call, whose numbers mean something else?
    pub(crate) fn is_compat(&self) -> bool {
        // SAFETY: Looks at `current`.
        unsafe { bindings::openmosix_compat_call() }
    }

    /// Lets user mode make the system call once more; returns what the registers were.
    pub(crate) fn rewind(&mut self) -> bindings::pt_regs {
        let before = *self.0;
        // SAFETY: The registers are live and ours.
        unsafe { bindings::openmosix_rewind_call(self.0) };
        before
    }

    /// Puts back what [`Self::rewind`] returned.
    pub(crate) fn restore(&mut self, before: bindings::pt_regs) {
        *self.0 = before;
    }
}

/// A number that processors with equal features share.
pub(crate) fn features() -> u64 {
    // SAFETY: Reads what is constant after boot.
    unsafe { bindings::openmosix_cpu_features() }
}
