// SPDX-License-Identifier: GPL-2.0-only

//! Signals of the current task.
//!
//! C header: [`include/linux/openmosix_edge.h`](srctree/include/linux/openmosix_edge.h)

use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    task::Task, //
};

/// How many signals there are.
pub(crate) const COUNT: usize = 64;

/// Bytes of a `siginfo_t`.
pub(crate) const INFO: usize = 128;

/// What a signal does: handler, flags, restorer, mask.
#[derive(Clone, Copy, Default)]
pub(crate) struct Action {
    /// User address of the handler, 0 (default) or 1 (ignore).
    pub(crate) handler: u64,
    /// `SA_…`.
    pub(crate) flags: u64,
    /// User address of the code that returns from the handler.
    pub(crate) restorer: u64,
    /// Signals blocked meanwhile.
    pub(crate) mask: u64,
}

impl Action {
    /// As a program has it, with integers of its own byte order.
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        let (words, _) = bytes.as_chunks::<8>();
        let word = |at: usize| words.get(at).map_or(0, |word| u64::from_le_bytes(*word));
        Self {
            handler: word(0),
            flags: word(1),
            restorer: word(2),
            mask: word(3),
        }
    }

    fn from_raw(raw: &bindings::sigaction) -> Self {
        Self {
            handler: raw.sa_handler.map_or(0, |handler| handler as usize as u64),
            flags: raw.sa_flags as u64,
            restorer: raw
                .sa_restorer
                .map_or(0, |restorer| restorer as usize as u64),
            mask: raw.sa_mask.sig[0] as u64,
        }
    }

    fn to_raw(self) -> bindings::sigaction {
        // SAFETY: An address or null in C; the kernel never calls it.
        let sa_handler = unsafe {
            core::mem::transmute::<usize, bindings::__sighandler_t>(self.handler as usize)
        };
        // SAFETY: As above.
        let sa_restorer = unsafe {
            core::mem::transmute::<usize, bindings::__sigrestore_t>(self.restorer as usize)
        };
        bindings::sigaction {
            sa_handler,
            sa_flags: self.flags as usize,
            sa_restorer,
            sa_mask: bindings::sigset_t {
                sig: [self.mask as usize],
            },
        }
    }
}

/// A signal that home decided to deliver to its handler.
#[derive(Clone, Copy)]
pub(crate) struct Delivery {
    /// `siginfo_t`.
    pub(crate) info: [u8; INFO],
    /// The handler.
    pub(crate) action: Action,
    /// Signals blocked at this moment.
    pub(crate) blocked: u64,
    /// Signals to block again after the handler, if a call had replaced them.
    pub(crate) saved: Option<u64>,
}

impl Delivery {
    /// Is there a handler? All that signals do without one is done at home.
    pub(crate) fn has_handler(&self) -> bool {
        let number = self
            .info
            .first_chunk()
            .map_or(0, |n| u32::from_ne_bytes(*n));
        let own = number == bindings::SIGKILL || number == bindings::SIGSTOP;
        (1..=COUNT as u32).contains(&number) && !own && self.action.handler > 1
    }
}

/// Takes the next signal whose handler must run; default actions happen in here, but for those that look at the
/// registers: `None` if such a one is next.
pub(crate) fn next() -> Option<Delivery> {
    let mut raw = bindings::openmosix_signal::default();
    // SAFETY: `raw` is room for one; a deputy has no locks held here.
    if !unsafe { bindings::openmosix_next_signal(&mut raw) } {
        return None;
    }
    Some(Delivery {
        info: info_bytes(&raw.info),
        action: Action::from_raw(&raw.action),
        blocked: raw.blocked,
        saved: raw.has_saved.then_some(raw.saved),
    })
}

fn info_bytes(raw: &bindings::kernel_siginfo) -> [u8; INFO] {
    let mut info = [0; INFO];
    let len = core::mem::size_of::<bindings::kernel_siginfo>().min(INFO);
    // SAFETY: A siginfo is plain data of `len` bytes, all of which the kernel initialises.
    let bytes = unsafe { core::slice::from_raw_parts((&raw const *raw).cast::<u8>(), len) };
    for (to, from) in info.iter_mut().zip(bytes) {
        *to = *from;
    }
    info
}

/// A signal that is about to be forced on the current task, if no handler of it takes it: there is none, or it
/// would be `fatal` all the same.
pub(crate) fn unhandled(raw: &bindings::kernel_siginfo, fatal: bool) -> Option<[u8; INFO]> {
    // SAFETY: The number is always there; it is checked before it is used.
    let handled = unsafe {
        let signo = raw.__bindgen_anon_1.si_signo;
        !(1..=COUNT as c_int).contains(&signo)
            || signo == bindings::SIGKILL as c_int
            || (!fatal && bindings::openmosix_handled(signo))
    };
    (!handled).then(|| info_bytes(raw))
}

fn raw_info(info: &[u8; INFO]) -> bindings::kernel_siginfo {
    let mut raw = bindings::kernel_siginfo::default();
    let len = core::mem::size_of::<bindings::kernel_siginfo>().min(INFO);
    // SAFETY: A siginfo is plain data of `len` bytes for which any bytes will do.
    unsafe {
        core::ptr::copy_nonoverlapping(info.as_ptr(), (&raw mut raw).cast::<u8>(), len);
    }
    raw
}

/// Queues a signal to the current task, whose frame the ordinary code makes. `ENOMEM` if that has to be tried again.
pub(crate) fn deliver(delivery: &Delivery) -> Result {
    let raw = bindings::openmosix_signal {
        info: raw_info(&delivery.info),
        action: delivery.action.to_raw(),
        blocked: delivery.blocked,
        saved: delivery.saved.unwrap_or(0),
        has_saved: delivery.saved.is_some(),
    };
    // SAFETY: `raw` is complete; its signal number is checked there.
    to_result(unsafe { bindings::openmosix_deliver_signal(&raw) })
}

/// Is it for an access to where nothing is mapped? It is that of the instruction that has yet to be done.
pub(crate) fn is_unmapped(info: &[u8; INFO]) -> bool {
    let raw = raw_info(info).__bindgen_anon_1;
    raw.si_signo == bindings::SIGSEGV as c_int && raw.si_code == bindings::SEGV_MAPERR as c_int
}

/// Forces a signal on the current task, as its own fault would.
pub(crate) fn force(info: &[u8; INFO]) {
    let mut raw = raw_info(info);
    // SAFETY: Any siginfo of a valid signal will do.
    unsafe {
        let signo = raw.__bindgen_anon_1.si_signo;
        if (1..=COUNT as c_int).contains(&signo) {
            bindings::force_sig_info(&mut raw);
        }
    }
}

/// Ends the current task as `SIGKILL` does, when it next looks at its signals.
pub(crate) fn kill_self() {
    // SAFETY: `current` is valid.
    unsafe { bindings::send_sig(bindings::SIGKILL as c_int, Task::current_raw(), 1) };
}

/// Lets a kick be over, so that it interrupts nothing that begins now.
pub(crate) fn forget_kick() {
    // SAFETY: Clears a flag of `current`; no work waits behind it, as `task_work` is run after each call.
    unsafe { bindings::openmosix_forget_kick() };
}

/// Whether a signal waits whose default action makes a core dump, which looks at the registers.
pub(crate) fn dumps_core() -> bool {
    // SAFETY: Looks at `current`.
    unsafe { bindings::openmosix_dumps_core() }
}

/// Whether a signal waits, as against a mere kick.
pub(crate) fn pending() -> bool {
    // SAFETY: `current` is valid.
    unsafe { bindings::task_sigpending(Task::current_raw()) }
}

/// The signals blocked, whatever mask a call has put in place for itself.
pub(crate) fn blocked() -> u64 {
    // SAFETY: Reads a field of `current`.
    unsafe { bindings::openmosix_blocked() }
}

/// Blocks exactly these signals; the mask of a call is over.
pub(crate) fn set_blocked(mask: u64) {
    // SAFETY: Acts on `current`.
    unsafe { bindings::openmosix_set_blocked(mask) };
}

/// Has the call that was interrupted put a mask in place for itself (`sigsuspend()`, `ppoll()`)? A signal that it
/// lets through has yet to be looked at.
pub(crate) fn has_call_mask() -> bool {
    // SAFETY: Reads a field of `current`.
    unsafe { bindings::openmosix_has_call_mask() }
}

/// Puts back the mask that it has replaced: it is made once more, and does that again.
pub(crate) fn end_call_mask() {
    // SAFETY: Acts on `current`.
    unsafe { bindings::openmosix_end_call_mask() };
}

/// What signal `number` (1 to 64) does.
pub(crate) fn action(number: usize) -> Action {
    let mut raw = bindings::sigaction::default();
    if (1..=COUNT).contains(&number) {
        // SAFETY: The number is in range.
        unsafe { bindings::openmosix_get_action(number as c_int, &mut raw) };
    }
    Action::from_raw(&raw)
}

/// Sets what signal `number` (1 to 64) does.
pub(crate) fn set_action(number: usize, action: Action) {
    if (1..=COUNT).contains(&number) {
        // SAFETY: The number is in range; the kernel only stores the action.
        unsafe { bindings::openmosix_set_action(number as c_int, &action.to_raw()) };
    }
}

/// Has an interrupted system call restarted on the way to user mode.
pub(crate) fn raise_restart() {
    // SAFETY: Sets a flag of `current`.
    unsafe { bindings::openmosix_raise_restart() };
}

/// Does the next `restart_syscall()` belong to this node?
pub(crate) fn restarts_here() -> bool {
    // SAFETY: Reads a field of `current`.
    unsafe { bindings::openmosix_restarts_here() }
}

/// There is nothing with which `restart_syscall()` would go on in the current task.
pub(crate) fn end_restart() {
    // SAFETY: Sets a field of `current`.
    unsafe { bindings::openmosix_end_restart() };
}

/// Where a call that was interrupted will write when it is restarted, or 0.
pub(crate) fn restart_pointer(nr: u32) -> u64 {
    // SAFETY: Reads a field of `current`.
    unsafe { bindings::openmosix_restart_pointer(nr) as u64 }
}

/// Lets a call that was interrupted write to `addr` when it is restarted.
pub(crate) fn set_restart_pointer(nr: u32, addr: u64) {
    // SAFETY: Sets a field of `current`, a user address that is checked when it is used.
    unsafe { bindings::openmosix_set_restart_pointer(nr, addr as usize) };
}
