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

/// `-ERESTARTNOINTR`, with which a call is made once more whatever comes first.
pub(crate) const RESTART_ANYHOW: i64 = -513;

/// `-ERESTART_RESTARTBLOCK`, with which a sleep says that it has told what is left.
pub(crate) const RESTART_BLOCK: i64 = -516;

/// Is it one of the restart codes, which never reach user space?
pub(crate) fn is_restart(result: i64) -> bool {
    (RESTART_BLOCK..=-512).contains(&result)
}

/// Do these general registers stand behind a system call that was interrupted and has yet to be restarted,
/// or to fail?
pub(crate) fn is_interrupted(general: &[u8; GENERAL]) -> bool {
    /// Where `struct user_regs_struct` has the result, and the number of the call.
    const RESULT: usize = 10;
    const NUMBER: usize = 15;

    let (words, _) = general.as_chunks::<8>();
    let word = |at: usize| words.get(at).map_or(-1, |word| i64::from_le_bytes(*word));
    word(NUMBER) >= 0 && is_restart(word(RESULT))
}

/// Do the bases of FS and GS in these general registers lie in user space? The instructions that write to them take
/// others too, which nobody can install.
pub(crate) fn has_user_bases(general: &[u8; GENERAL]) -> bool {
    // SAFETY: The buffer has the length that is read.
    unsafe { bindings::openmosix_user_bases(general.as_ptr().cast()) }
}

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

/// What the frame of a handler tells of a task's last trap: its number, its error code, the address of a page fault.
pub(crate) type Trap = bindings::openmosix_trap;

/// That of the current task.
pub(crate) fn trap() -> Trap {
    let mut out = Trap::default();
    // SAFETY: `out` is room for one.
    unsafe { bindings::openmosix_trap_get(&mut out) };
    out
}

/// Lets a trap have been the last one of the current task.
pub(crate) fn set_trap(trap: &Trap) {
    // SAFETY: Frames tell it, and nothing else uses it, so any numbers will do.
    unsafe { bindings::openmosix_trap_set(trap) };
}

// A kernel with more calls than the table knows does not build.
const _: () = assert!(crate::syscall::COUNT == bindings::NR_syscalls as usize);

/// Runs a system call in the current task and returns its raw result.
pub(crate) fn call(nr: u32, args: &[u64; 6]) -> i64 {
    // SAFETY: The deputy is a user task; its handlers check their arguments.
    unsafe { bindings::openmosix_call_native(nr, args.as_ptr()) as i64 }
}

/// How deep a program is in its stack: its stack pointer; bit 0 tells that it is in the alternative signal stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StackPlace(pub(crate) usize);

impl StackPlace {
    const ALTERNATIVE: usize = 1;

    /// Whether a function that was here when a handler interrupted it has yet to return.
    pub(crate) fn is_covered_by(self, now: Self) -> bool {
        if (self.0 ^ now.0) & Self::ALTERNATIVE != 0 {
            // A handler runs on the other stack, or what ran there is over.
            return self.0 & Self::ALTERNATIVE == 0;
        }
        now.0 <= self.0
    }
}

/// Does the handler whose frame was made there return into the middle of a vDSO function? Not if something else is there
/// now: it has been left by `longjmp()`.
pub(crate) fn returns_to_vdso(frame: usize) -> bool {
    // SAFETY: Reads memory of the current task, whatever the address.
    unsafe { bindings::openmosix_returns_to_vdso(frame) }
}

/// Where a program is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    /// Its instruction pointer.
    pub(crate) ip: u64,
    /// Its stack pointer.
    pub(crate) sp: u64,
}

impl Place {
    /// Lets others see that the program of the current deputy is there.
    pub(crate) fn show(self) {
        // SAFETY: Sets registers of `current`, a deputy: before it is in user mode it gets all of them anew, or dies.
        unsafe { bindings::openmosix_show_place(self.ip, self.sp) };
    }
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

    /// Where the program is.
    pub(crate) fn place(&self) -> Place {
        let mut place = Place::default();
        // SAFETY: All pointers are to live values.
        unsafe { bindings::openmosix_place(self.0, &mut place.ip, &mut place.sp) };
        place
    }

    /// How deep the program is in its stack.
    pub(crate) fn stack_place(&self) -> StackPlace {
        // SAFETY: The registers are live.
        StackPlace(unsafe { bindings::openmosix_stack_place(self.0) } as usize)
    }

    /// Number, arguments and result of the system call from which the program returns, if it is one of 64 bits
    /// that will not be made once more.
    pub(crate) fn ended_call(&mut self) -> Option<(u32, [u64; 6], i64)> {
        let mut result = 0;
        if self.is_rewound() {
            return None;
        }
        // SAFETY: Both pointers are to live values.
        if !unsafe { bindings::openmosix_ended_call(self.0, &mut result) } {
            return None;
        }
        let (nr, args) = self.call();
        Some((nr, args, result as i64))
    }

    /// Does the program return from a system call, of 32 bits or 64, with `EINTR`?
    pub(crate) fn is_interrupted(&mut self) -> bool {
        // SAFETY: The registers are live.
        unsafe { bindings::openmosix_is_interrupted(self.0) }
    }

    /// Lets user mode make the call that has ended once more.
    pub(crate) fn repeat_call(&mut self) {
        // SAFETY: The registers are live and ours.
        unsafe { bindings::openmosix_repeat_call(self.0) };
    }

    /// Lets a call that was rewound have ended with `result`, which may be a restart code.
    pub(crate) fn end_rewound_call(&mut self, result: i64) {
        // SAFETY: The registers are live and ours.
        unsafe { bindings::openmosix_end_rewound_call(self.0, result as isize) };
    }

    /// Was a system call interrupted, and will user mode make it once more at once?
    pub(crate) fn is_rewound(&mut self) -> bool {
        // SAFETY: The registers are live; `current` has an address space.
        unsafe { bindings::openmosix_is_rewound(self.0) }
    }

    /// Makes a call that is rewound at once, so that a signal which waits interrupts it and does not come
    /// before it.
    pub(crate) fn make_rewound_call(&mut self) {
        // SAFETY: The registers are live and ours; no locks are held.
        unsafe { bindings::openmosix_make_rewound_call(self.0) };
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
