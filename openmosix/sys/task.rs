// SPDX-License-Identifier: GPL-2.0-only

//! What of a task openMosix reads and sets.
//!
//! C header: [`include/linux/openmosix_edge.h`](srctree/include/linux/openmosix_edge.h)

use core::ptr::NonNull;
use kernel::{
    bindings,
    prelude::*,
    sync::aref::ARef,
    task::Task,
    time::Delta, //
};

/// Addresses that the kernel writes to by itself: rseq, robust futexes, thread id, signal stack.
pub(crate) type Registrations = bindings::openmosix_registrations;

/// Reads those of the current task.
pub(crate) fn registrations() -> Registrations {
    let mut out = Registrations::default();
    // SAFETY: `out` is room for one.
    unsafe { bindings::openmosix_registrations_get(&mut out) };
    out
}

/// Makes these the current task's.
pub(crate) fn set_registrations(registrations: &Registrations) {
    // SAFETY: User addresses are checked where they are used.
    unsafe { bindings::openmosix_registrations_set(registrations) };
}

/// Takes them from the current task, but for the list of robust futexes.
pub(crate) fn clear_registrations() {
    // SAFETY: Acts on `current`.
    unsafe { bindings::openmosix_registrations_clear() };
}

/// Takes that list, too: the current task dies, and its program had the locks elsewhere.
pub(crate) fn clear_robust_list() {
    // SAFETY: Only a task itself changes it.
    #[cfg(CONFIG_FUTEX)]
    unsafe {
        (*Task::current_raw()).futex.robust_list = core::ptr::null_mut();
    }
}

/// A reference to the current task.
pub(crate) fn current() -> ARef<Task> {
    ARef::from(&**current!())
}

/// The thread that stands for the process of this one, which may have ended; none if the process ends.
pub(crate) fn standing(thread: &Task) -> Option<ARef<Task>> {
    // SAFETY: The reference keeps the task alive, if only as what is left of it.
    let standing = unsafe { bindings::openmosix_standing(thread.as_ptr()) };
    // SAFETY: It comes with a reference, which is ours.
    NonNull::new(standing.cast::<Task>()).map(|task| unsafe { ARef::from_raw(task) })
}

/// Whether a task is on its way out.
pub(crate) fn is_ending(task: &Task) -> bool {
    // SAFETY: The reference keeps the task alive; it is its own business when that changes.
    let flags = unsafe { core::ptr::read_volatile(&raw const (*task.as_ptr()).flags) };
    flags & bindings::PF_EXITING != 0
}

/// Whether a signal ends the current task.
pub(crate) fn is_killed() -> bool {
    // SAFETY: `current` is valid, and the flags are its own.
    let flags = unsafe { (*Task::current_raw()).flags };
    flags & bindings::PF_SIGNALED != 0
}

/// Whether a task is the current one.
pub(crate) fn is_current(task: &Task) -> bool {
    core::ptr::eq(task.as_ptr(), Task::current_raw())
}

/// Name of a task.
pub(crate) fn comm(task: &Task) -> [u8; 16] {
    let mut comm = [0; 16];
    // SAFETY: The reference keeps the task alive. Its name is 16 bytes, of which the last is always 0; who reads it
    // while it changes gets some of both names, as in the kernel's own messages.
    let raw = unsafe { core::ptr::read_volatile(&raw const (*task.as_ptr()).comm) };
    for (to, from) in comm.iter_mut().zip(raw) {
        *to = from;
    }
    comm
}

/// Names the current task.
pub(crate) fn set_comm(comm: &[u8; 16]) {
    let mut name = *comm;
    name[15] = 0;
    // SAFETY: `name` ends with a NUL.
    unsafe { bindings::__set_task_comm(Task::current_raw(), name.as_ptr().cast(), false) };
}

/// Why a task cannot move, apart from its memory: `OPENMOSIX_STAY_…` bits.
pub(crate) fn stay(task: &Task) -> u32 {
    // SAFETY: The reference keeps the task alive.
    unsafe { bindings::openmosix_task_stay(task.as_ptr()) }
}

/// Makes a task look at its orders and its channel: it leaves interruptible sleeps as for a signal
/// (`TIF_NOTIFY_SIGNAL`), and passes the return to user mode.
pub(crate) fn kick(task: &Task) {
    // SAFETY: The reference keeps the task alive.
    unsafe { bindings::openmosix_kick(task.as_ptr()) };
}

/// Has a deputy that is stopped see to its order, after which it stops again. Not to be called under `siglock`.
pub(crate) fn unstop(task: &Task) {
    // SAFETY: The reference keeps the task alive.
    unsafe { bindings::openmosix_unstop(task.as_ptr()) };
}

/// Has job control stopped a task?
pub(crate) fn is_stopped(task: &Task) -> bool {
    // SAFETY: The reference keeps the task alive.
    unsafe { bindings::openmosix_is_stopped(task.as_ptr()) }
}

/// Takes the mark that a kick has ended a call of the current task: how long that had slept.
pub(crate) fn take_kick() -> Option<Delta> {
    // SAFETY: Acts on `current`.
    let kick = unsafe { bindings::openmosix_take_kick() };
    let slept = i64::try_from(kick.checked_sub(1)?).unwrap_or(0);
    Some(Delta::from_nanos(slept))
}

/// A time by the clock of timers.
#[derive(Clone, Copy)]
pub(crate) struct Jiffy(pub(crate) usize);

impl Jiffy {
    /// Now.
    pub(crate) fn now() -> Self {
        // SAFETY: The clock is valid for ever, and only ever read as a whole.
        Self(unsafe { core::ptr::read_volatile(&raw const bindings::jiffies) })
    }

    /// Is it yet to come?
    pub(crate) fn is_ahead(self) -> bool {
        (self.0.wrapping_sub(Self::now().0) as isize) > 0
    }
}

/// Kicks the current task again after so many jiffies, when it has been in user mode. The kick does not come before the
/// time that is returned.
pub(crate) fn kick_later(jiffies: usize) -> Jiffy {
    let now = Jiffy::now();
    // SAFETY: Acts on `current`.
    let later = unsafe { bindings::openmosix_kick_later(jiffies) };
    Jiffy(now.0.wrapping_add(if later { jiffies } else { 0 }))
}

/// Has the current task pass the hook at the return to user mode.
pub(crate) fn raise_resume() {
    // SAFETY: Sets a flag of `current`.
    unsafe { bindings::openmosix_raise_resume() };
}

/// Has the current task come out of the call that it is in, as if it slept there and were kicked.
pub(crate) fn leave_call() {
    let task = Task::current_raw();
    // SAFETY: `current` is valid. Others write its mark only while it sleeps.
    unsafe {
        (&raw mut (*task).openmosix_kick).write_volatile(1);
        bindings::set_notify_signal(task);
        bindings::openmosix_raise_resume();
    }
}

/// Does what the kernel leaves to the return to user mode.
pub(crate) fn after_call() {
    // SAFETY: A deputy holds no locks between calls.
    unsafe { bindings::openmosix_after_call() };
}

/// Nanoseconds of CPU that a task has used.
pub(crate) fn cpu_time(task: &Task) -> u64 {
    // SAFETY: The reference keeps the task alive.
    unsafe { bindings::task_sched_runtime(task.as_ptr()) }
}

/// Whether a task runs or waits for a processor.
pub(crate) fn is_running(task: &Task) -> bool {
    // SAFETY: The reference keeps the task alive.
    unsafe { bindings::openmosix_is_running(task.as_ptr()) }
}

/// Nanoseconds of CPU time until a timer or limit on that of the current process is due; `u64::MAX` without any.
pub(crate) fn cpu_time_left() -> u64 {
    // SAFETY: Looks at `current`.
    unsafe { bindings::openmosix_cpu_time_left() }
}

/// Notes how many bytes of memory the current process has had at most on its guest's node.
pub(crate) fn saw_peak(bytes: u64) {
    // SAFETY: Acts on `current`; any number will do.
    unsafe { bindings::openmosix_saw_peak(bytes) };
}

/// The nicest.
const MOST_NICE: i32 = 19;

/// How nice a task is.
pub(crate) fn nice(task: &Task) -> i32 {
    // SAFETY: The reference keeps the task alive.
    unsafe { bindings::task_nice(task.as_ptr()) }
}

/// How nice the guest of a process has to be: as nice as that is. A processor that is idle otherwise is all that an
/// idle process gets at home, and all that one gets which is nicest.
pub(crate) fn nice_away(task: &Task) -> i32 {
    // SAFETY: The reference keeps the task alive; whoever changes the policy meanwhile is heard the next time.
    let policy = unsafe { core::ptr::read_volatile(&raw const (*task.as_ptr()).policy) };
    if policy == bindings::SCHED_IDLE {
        MOST_NICE
    } else {
        nice(task)
    }
}

/// Makes a guest as nice as home says. It never comes before what belongs to this node: a nice value below zero is a
/// privilege at home.
pub(crate) fn set_guest_nice(task: &Task, wanted: i32) {
    let wanted = wanted.clamp(0, MOST_NICE);
    // SAFETY: The reference keeps the task alive.
    unsafe { bindings::set_user_nice(task.as_ptr(), wanted as isize) };
}

/// The current task comes before others until this is dropped: while it moves, each wait for the link would cost it
/// a turn of all that compute on its node. It stays as nice as it is.
#[must_use = "the hurry is over when this is dropped"]
pub(crate) struct Hurry(());

impl Hurry {
    /// Begins to hurry.
    pub(crate) fn begin() -> Self {
        // SAFETY: Acts on `current`.
        unsafe { bindings::openmosix_hurry(true) };
        Self(())
    }
}

impl Drop for Hurry {
    fn drop(&mut self) {
        // SAFETY: Acts on `current`.
        unsafe { bindings::openmosix_hurry(false) };
    }
}

/// What a task does now, a letter as in `/proc/PID/stat`.
pub(crate) fn state(task: &Task) -> char {
    // SAFETY: The reference keeps the task alive.
    char::from(unsafe { bindings::task_state_to_char(task.as_ptr()) })
}

/// Charges user time to the current task.
pub(crate) fn charge(ns: u64) {
    // SAFETY: Acts on `current`.
    unsafe { bindings::openmosix_account(ns) };
}

/// Page faults that a task has taken: those that needed no reading, and those that did.
pub(crate) fn faults(task: &Task) -> (u64, u64) {
    let task = task.as_ptr();
    // SAFETY: The reference keeps the task alive; momentary values are enough.
    unsafe {
        (
            core::ptr::read_volatile(&raw const (*task).min_flt) as u64,
            core::ptr::read_volatile(&raw const (*task).maj_flt) as u64,
        )
    }
}

/// Charges such faults to the current task.
pub(crate) fn charge_faults(minor: u64, major: u64) {
    let task = Task::current_raw();
    // SAFETY: Only a task itself changes them.
    unsafe {
        (*task).min_flt = (*task).min_flt.wrapping_add(minor as usize);
        (*task).maj_flt = (*task).maj_flt.wrapping_add(major as usize);
    }
}

/// Is that file one to which a blocking write may be made in parts: a pipe, a socket, a terminal?
pub(crate) fn writes_in_parts(fd: u64) -> bool {
    // SAFETY: Looks up a file of `current`, whatever the number.
    unsafe { bindings::openmosix_writes_in_parts(fd as u32) }
}

/// Is that file a stream socket whose calls block?
pub(crate) fn is_stream(fd: u64) -> bool {
    // SAFETY: Looks up a file of `current`, whatever the number.
    unsafe { bindings::openmosix_is_stream(fd as u32) }
}

/// Is that file a character device whose calls block, such as a terminal?
pub(crate) fn is_device(fd: u64) -> bool {
    // SAFETY: Looks up a file of `current`, whatever the number.
    unsafe { bindings::openmosix_is_device(fd as u32) }
}

/// Has the next call on a socket tell an error: if this is `any` socket, or one of TCP.
pub(crate) fn leave_error(fd: u64, error: i32, any: bool) {
    // SAFETY: Looks up a file of `current`, whatever the number.
    unsafe { bindings::openmosix_leave_error(fd as u32, error, any) };
}

/// Is that file one of `/proc` that tells of the pages of the current process?
pub(crate) fn shows_pages(fd: u64) -> bool {
    // SAFETY: Looks up a file of `current`, whatever the number.
    unsafe { bindings::openmosix_shows_pages(fd as u32) }
}

/// For how many files the table of the current task has room.
pub(crate) fn fd_room() -> u32 {
    // SAFETY: `current` is a user task, and has a table.
    unsafe { bindings::openmosix_fd_room() }
}

/// Whether somebody traces the current task.
pub(crate) fn traced() -> bool {
    // SAFETY: Reads a field of `current`.
    unsafe { (*Task::current_raw()).ptrace != 0 }
}

/// What the clocks of this node say, in nanoseconds.
pub(crate) struct Clocks {
    /// `CLOCK_MONOTONIC`.
    pub(crate) monotonic: i64,
    /// `CLOCK_BOOTTIME`.
    pub(crate) boottime: i64,
    /// `CLOCK_REALTIME`.
    pub(crate) realtime: i64,
}

/// Reads them.
pub(crate) fn clocks() -> Clocks {
    // SAFETY: These may be called anywhere.
    unsafe {
        Clocks {
            monotonic: bindings::ktime_get(),
            boottime: bindings::ktime_get_with_offset(bindings::tk_offsets_TK_OFFS_BOOT),
            realtime: bindings::ktime_get_with_offset(bindings::tk_offsets_TK_OFFS_REAL),
        }
    }
}

/// How far the time of day is ahead of `CLOCK_MONOTONIC`, in nanoseconds. That changes when somebody sets it; who makes
/// the clocks run faster or slower changes both.
pub(crate) fn day() -> i64 {
    // SAFETY: This may be called anywhere.
    unsafe { bindings::ktime_mono_to_any(0, bindings::tk_offsets_TK_OFFS_REAL) }
}

/// Soft and hard limit of the stack.
pub(crate) fn stack_limit() -> (u64, u64) {
    // SAFETY: `current` has a signal struct; the limits are read as `getrlimit()` may.
    unsafe {
        let limit = (*(*Task::current_raw()).signal).rlim[bindings::RLIMIT_STACK as usize];
        (limit.rlim_cur as u64, limit.rlim_max as u64)
    }
}

/// Sets the limit of the stack of the current guest.
pub(crate) fn set_stack_limit(soft: u64, hard: u64) {
    // SAFETY: `current` is a guest: nobody else changes its limits.
    unsafe {
        let limit = &raw mut (*(*Task::current_raw()).signal).rlim[bindings::RLIMIT_STACK as usize];
        (*limit).rlim_cur = soft as usize;
        (*limit).rlim_max = hard as usize;
    }
}

/// How large the address space of the current task may become, in bytes, and how large it is, in pages.
pub(crate) fn space_limit() -> (u64, u64) {
    // SAFETY: `current` has a signal struct and an address space; the limit is read as `getrlimit()` may.
    unsafe {
        let limit = (*(*Task::current_raw()).signal).rlim[bindings::RLIMIT_AS as usize];
        (
            limit.rlim_cur as u64,
            bindings::openmosix_space_pages() as u64,
        )
    }
}

/// Lets the address space of the current guest grow as far as it may at home, where it has `pages` pages.
pub(crate) fn set_space_limit(bytes: u64, pages: u64) {
    // The special mappings of two kernels may differ.
    // SAFETY: `current` has an address space.
    let more = unsafe { bindings::openmosix_space_pages() as u64 }.wrapping_sub(pages);
    let limit = if bytes == bindings::RLIM_INFINITY as u64 {
        bytes
    } else {
        bytes.wrapping_add(more.wrapping_mul(super::mm::PAGE as u64))
    };
    // SAFETY: `current` is a guest: nobody else changes its limits.
    unsafe {
        let rlim = &raw mut (*(*Task::current_raw()).signal).rlim[bindings::RLIMIT_AS as usize];
        (*rlim).rlim_cur = limit as usize;
    }
}

/// The limits that the kernel of a guest's node enforces, and not home's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    stack: (u64, u64),
    space: u64,
}

impl Limits {
    /// Those of the current process, which others may change.
    pub(crate) fn now() -> Self {
        Self {
            stack: stack_limit(),
            space: space_limit().0,
        }
    }
}

/// `personality()` of the current task.
pub(crate) fn personality() -> u32 {
    // SAFETY: Only a task itself changes it.
    unsafe { (*Task::current_raw()).personality }
}

/// Gives the current guest the personality that the process has at home.
pub(crate) fn set_personality(personality: u32) {
    // SAFETY: Only a task itself changes it.
    unsafe { (*Task::current_raw()).personality = personality };
}

/// Ends the current task, which has no parent that waits.
pub(crate) fn exit() -> ! {
    // SAFETY: A guest without user context, with no locks held.
    unsafe { bindings::do_exit(0) }
}

/// Changes with each successful `execve()` of a task.
pub(crate) fn exec_id(task: &Task) -> u64 {
    // SAFETY: The reference keeps the task alive; the field is read as `ptrace` code reads it.
    unsafe { core::ptr::read_volatile(&raw const (*task.as_ptr()).self_exec_id) }
}

/// Whether the current task is its owner's to look into and to steer. What has privileges that he has not, or what he
/// may not read, is not.
pub(crate) fn is_dumpable() -> bool {
    // SAFETY: `current` is valid.
    let dumpable = unsafe { bindings::task_exec_state_get_dumpable(Task::current_raw()) };
    dumpable == bindings::task_dumpable_TASK_DUMPABLE_OWNER
}

/// Lets the system calls of the current task be resolved by [`crate::guest`].
pub(crate) fn intercept() {
    // SAFETY: Sets a flag of `current`.
    unsafe { bindings::openmosix_intercept() };
}
