// SPDX-License-Identifier: GPL-2.0-only

//! Every function that C calls. Each converts, calls one method, and returns.
//!
//! C headers: [`include/linux/openmosix.h`](srctree/include/linux/openmosix.h),
//! [`include/linux/openmosix_mm.h`](srctree/include/linux/openmosix_mm.h) and
//! [`include/linux/openmosix_edge.h`](srctree/include/linux/openmosix_edge.h). The context of each hook is
//! told there and in Documentation/openmosix/hooks.rst.
//!
//! A task's `openmosix` pointer owns one reference on its [`Migrant`]. It is set and taken away under the
//! task's `alloc_lock`; the task itself may read it without, because it is taken away only at its exit. There
//! `PF_EXITING` is set before, and who finds it set under the lock gives the task no pointer any more.

use crate::{
    control::pid,
    deputy,
    migrate::{
        self,
        arrive::{
            self,
            Arrival, //
        },
        migrant::{
            Migrant,
            Role, //
        },
        Next, //
    },
    placement,
    sys::{
        self,
        cpu::Regs,
        guest as home_file,
        mm::Mm,
        signal, //
    },
    task::{
        stay::Stay,
        Destination,
        Order,
        Process, //
    },
};
use core::ptr::NonNull;
use kernel::{
    bindings,
    ffi::{
        c_char,
        c_int,
        c_uint,
        c_ulong,
        c_void, //
    },
    prelude::*,
    seq_file::SeqFile,
    sync::{
        aref::ARef,
        Arc, //
    },
    task::Task, //
};

/// The migrant of the current task, if it has one.
///
/// # Safety
///
/// The result must not be used after the exit hook of the task.
unsafe fn current_migrant<'a>() -> Option<&'a Migrant> {
    // SAFETY: Only the exit hook takes the pointer away, and by the safety requirements it comes later.
    unsafe { (*Task::current_raw()).openmosix.cast::<Migrant>().as_ref() }
}

/// A reference on the migrant of any task.
fn migrant_of(task: &Task) -> Option<Arc<Migrant>> {
    // SAFETY: The task is alive. Under its lock the pointer, if there, owns a reference.
    unsafe {
        bindings::task_lock(task.as_ptr());
        let raw = (*task.as_ptr()).openmosix.cast::<Migrant>().cast_const();
        let migrant = raw.as_ref().map(|_| {
            let owned = core::mem::ManuallyDrop::new(Arc::from_raw(raw));
            Arc::clone(&owned)
        });
        bindings::task_unlock(task.as_ptr());
        migrant
    }
}

/// Gives a task a migrant, unless it has one already or is on its way out.
fn attach(task: &Task, migrant: Arc<Migrant>) -> Result<Arc<Migrant>> {
    let raw = Arc::into_raw(migrant.clone());
    // SAFETY: The task is alive; the pointer is changed under its lock.
    let attached = unsafe {
        bindings::task_lock(task.as_ptr());
        let slot = &raw mut (*task.as_ptr()).openmosix;
        let free = (*slot).is_null() && (*task.as_ptr()).flags & bindings::PF_EXITING == 0;
        if free {
            slot.write(raw.cast_mut().cast());
        }
        bindings::task_unlock(task.as_ptr());
        free
    };
    if attached {
        return Ok(migrant);
    }
    // SAFETY: The reference was not given away.
    drop(unsafe { Arc::from_raw(raw) });
    migrant_of(task).ok_or(ESRCH)
}

/// The migrant of any task, made if there is none yet.
pub(crate) fn find_or_make(task: &Task) -> Result<Arc<Migrant>> {
    match migrant_of(task) {
        Some(migrant) => Ok(migrant),
        None => attach(task, Migrant::new(ARef::from(task), Role::Local)?),
    }
}

/// C: `__openmosix_syscall()`. Entry of a system call of a guest; may sleep; no locks held.
///
/// # Safety
///
/// `regs` are the user registers of the current task.
#[export]
pub(crate) unsafe extern "C" fn __openmosix_syscall(regs: *mut bindings::pt_regs) -> bool {
    // SAFETY: The exit hook cannot come before this returns.
    let Some(migrant) = (unsafe { current_migrant() }) else {
        return false;
    };
    let Role::Guest(guest) = migrant.role() else {
        return false;
    };
    // SAFETY: By the safety requirements; nobody else uses them meanwhile.
    guest.syscall(Regs::new(unsafe { &mut *regs }))
}

/// C: `__openmosix_resume()`. On the way to user mode; may sleep; no locks held.
///
/// # Safety
///
/// Called for the current task on its way to user mode, with its user registers; or null, before it enters a virtual
/// machine.
#[export]
pub(crate) unsafe extern "C" fn __openmosix_resume(regs: *mut bindings::pt_regs) {
    // SAFETY: The exit hook runs at the latest inside of `live()`, which then does not return.
    let Some(migrant) = (unsafe { current_migrant() }) else {
        return;
    };
    // SAFETY: By the safety requirements these are the user registers of the current task, if there are any.
    let Some(regs) = (unsafe { regs.as_mut() }) else {
        return migrate::before_machine(migrant);
    };
    let regs = &mut Regs::new(regs);
    let mut next = migrate::before_user_mode(migrant, regs);
    while let Next::Live(deputy) = next {
        let raw = Arc::as_ptr(&deputy);
        // The process's role owns the deputy. A reference of this frame would never be dropped if the
        // task dies in there.
        drop(deputy);
        // SAFETY: Only this task changes its role: in `settle()`, or in the exit hook.
        let end = migrate::live(unsafe { &*raw }, migrant.process());
        next = migrate::settle(migrant, end, regs);
    }
}

/// C: `__openmosix_fork()`. In `copy_process()`.
///
/// # Safety
///
/// `child` is not visible yet.
#[export]
pub(crate) unsafe extern "C" fn __openmosix_fork(child: *mut bindings::task_struct) {
    // SAFETY: By the safety requirements nobody else uses it.
    unsafe {
        let work = &raw mut (*child).thread_info.syscall_work;
        work.write(work.read() & !(1 << bindings::syscall_work_bit_SYSCALL_WORK_BIT_OPENMOSIX));
    }
}

/// C: `__openmosix_forked()`. At the end of `copy_process()`; may sleep; no locks held.
///
/// # Safety
///
/// `child` is a child of the current task, and does not run yet.
#[export]
pub(crate) unsafe extern "C" fn __openmosix_forked(child: *mut bindings::task_struct) {
    // Rules are those of the whole process.
    let leader = ARef::from(kernel::current!().group_leader());
    let standing = || sys::task::standing(&leader).and_then(|task| migrant_of(&task));
    let Some(parent) = migrant_of(&leader).or_else(standing) else {
        return;
    };
    // SAFETY: By the safety requirements the child is alive.
    let child = unsafe { &*child.cast::<Task>() };
    let rules = parent.process().rules().inherited();
    if rules.is_default() || child.pid() != child.tgid() {
        return;
    }
    match find_or_make(child) {
        Ok(migrant) => drop(
            migrant
                .process()
                .set_rules(|its| core::mem::replace(its, rules)),
        ),
        Err(error) => pr_warn!("process {} has lost its rules: {:?}\n", child.pid(), error),
    }
}

/// C: `__openmosix_exec()`. In `bprm_execve()`, which has succeeded; may sleep; no locks held.
#[export]
pub(crate) extern "C" fn __openmosix_exec(secure: bool) {
    // SAFETY: The exit hook cannot come before this returns.
    if let Some(migrant) = unsafe { current_migrant() } {
        // It is then that the files of `/proc/PID` are not those of the owner of the program before.
        let changes_hands = secure || !sys::task::is_dumpable();
        migrant.process().exec(changes_hands);
    }
    if !placement::is_at_exec() {
        return;
    }
    let task = sys::task::current();
    if Stay::of(&task, None).is_any() {
        return;
    }
    if let Ok(migrant) = find_or_make(&task) {
        placement::at_exec(&migrant);
    }
}

/// C: `__openmosix_exit()`. In `do_exit()`; may sleep; no locks held; memory and files still there.
///
/// # Safety
///
/// `task` is current, and has `PF_EXITING`.
#[export]
pub(crate) unsafe extern "C" fn __openmosix_exit(task: *mut bindings::task_struct) {
    // SAFETY: It is taken away below.
    if let Some(migrant) = unsafe { current_migrant() } {
        hand_over(migrant.process());
    }
    // SAFETY: By the safety requirements. Who had the lock before has left its pointer here, who gets it later finds
    // `PF_EXITING`.
    let raw = unsafe {
        bindings::task_lock(task);
        let raw = core::mem::replace(&mut (*task).openmosix, core::ptr::null_mut());
        bindings::task_unlock(task);
        raw.cast::<Migrant>().cast_const()
    };
    if raw.is_null() {
        return;
    }
    // SAFETY: The reference that the pointer owned is taken over.
    let migrant = unsafe { Arc::from_raw(raw) };
    migrate::ended(&migrant);
}

/// A thread ends, and not its process: what was said of that holds for the one that stands for it now.
fn hand_over(process: &Process) {
    let Some(said) = process.said() else {
        return;
    };
    while let Some(standing) = sys::task::standing(process.task()) {
        let taken = find_or_make(&standing).map(|migrant| migrant.process().take_over(&said));
        if sys::task::is_ending(&standing) {
            // It may have looked before what it has to hand over in its turn.
            continue;
        }
        if let Err(error) = taken {
            pr_warn!(
                "process {} has lost its rules: {:?}\n",
                standing.tgid(),
                error
            );
        }
        return;
    }
}

/// C: `__openmosix_force_sig()`. Any context; does not sleep.
///
/// # Safety
///
/// `info` is a complete siginfo, `task` a live task.
#[export]
pub(crate) unsafe extern "C" fn __openmosix_force_sig(
    info: *mut bindings::kernel_siginfo,
    task: *mut bindings::task_struct,
    fatal: bool,
) -> bool {
    if task != Task::current_raw() {
        return false;
    }
    // SAFETY: The exit hook cannot come before this returns.
    let Some(migrant) = (unsafe { current_migrant() }) else {
        return false;
    };
    let Role::Guest(guest) = migrant.role() else {
        return false;
    };
    // SAFETY: By the safety requirements.
    match unsafe { signal::unhandled(&*info, fatal) } {
        Some(info) => {
            guest.set_fault(info);
            true
        }
        None => false,
    }
}

/// C: `__openmosix_stopped()`. After a stop; no locks held.
#[export]
pub(crate) extern "C" fn __openmosix_stopped() {
    // SAFETY: The exit hook cannot come before this returns.
    if let Some(migrant) = unsafe { current_migrant() } {
        migrant.process().stopped();
    }
}

/// C: `__openmosix_fault()`. Page fault; `mmap_lock` or a VMA lock is held.
///
/// # Safety
///
/// `vmf` is a fault in an address space that has `MMF_OPENMOSIX`.
#[export]
pub(crate) unsafe extern "C" fn __openmosix_fault(
    vmf: *mut bindings::vm_fault,
    marked: bool,
) -> bindings::vm_fault_t {
    // SAFETY: By the safety requirements.
    let fault = unsafe { sys::fault::Fault::from_raw(vmf) };
    // SAFETY: The exit hook cannot come before this returns.
    let migrant = unsafe { current_migrant() };
    match migrant.map(Migrant::role) {
        Some(Role::Deputy(deputy)) if deputy.mm().id() == fault.mm() => deputy.fault(fault, marked),
        // Nothing of it is away yet, or any more.
        Some(Role::Local) if !marked && fault.is_mine() => 0,
        Some(Role::Guest(_) | Role::Arriving) if !marked && fault.is_mine() => 0,
        // Somebody else's memory: its process comes home with it.
        _ if !fault.is_second() => {
            let mm = fault.mm();
            fault.unlock().map_or(sys::fault::REFUSED, |retry| {
                // If that fails, the second try says so.
                let _ = bring_home(mm);
                retry.result()
            })
        }
        _ => sys::fault::REFUSED,
    }
}

/// Has the process with that address space come home, for somebody who needs its memory there.
fn bring_home(mm: usize) -> Result {
    let Some(entry) = deputy::list::find(mm) else {
        // It has come home just now. If it has ended instead, the mark that is left tells.
        return Ok(());
    };
    let migrant = migrant_of(&entry.task).ok_or(EFAULT)?;
    migrant.process().give_order(Order::HOME);
    deputy::list::await_return(mm)
}

/// Has a process of this node come home, unless it does already.
pub(crate) fn call_home(task: &Task) -> Result {
    let migrant = migrant_of(task).ok_or(ESRCH)?;
    let process = migrant.process();
    if process.destination() != Some(Destination::Home) {
        process.give_order(Order::HOME);
    }
    Ok(())
}

/// The deputy that the current task is, if that is its address space.
fn own_deputy(mm: usize) -> Option<Arc<deputy::Deputy>> {
    // SAFETY: The exit hook cannot come before this returns.
    match unsafe { current_migrant() }.map(Migrant::role) {
        Some(Role::Deputy(deputy)) if deputy.mm().id() == mm => Some(deputy),
        _ => None,
    }
}

/// C: `__openmosix_is_away()`. Has the process with that address space departed, and is it not the current one?
/// `mmap_lock` is held.
///
/// # Safety
///
/// None: the address is not followed.
#[export]
pub(crate) unsafe extern "C" fn __openmosix_is_away(mm: *mut bindings::mm_struct) -> bool {
    own_deputy(mm as usize).is_none() && deputy::list::is_away(mm as usize)
}

/// C: `__openmosix_access()`. May sleep; no locks held.
///
/// # Safety
///
/// `buf` has room for, or holds, `len` bytes; the caller holds a reference on the users of `mm`.
#[export]
pub(crate) unsafe extern "C" fn __openmosix_access(
    mm: *mut bindings::mm_struct,
    addr: c_ulong,
    buf: *mut c_void,
    len: c_int,
    gup_flags: c_uint,
) -> c_int {
    const NATIVE: c_int = -(bindings::EAGAIN as c_int);

    if let Some(deputy) = own_deputy(mm as usize) {
        // A call of its own: it borrows the pages beforehand, because faults come under a lock here.
        deputy.borrow_range(addr as u64, len.max(0) as u64);
        return NATIVE;
    }
    let (Some(mut entry), Some(raw)) = (deputy::list::find(mm as usize), NonNull::new(mm)) else {
        return NATIVE;
    };
    if gup_flags & bindings::FOLL_WRITE != 0 {
        return match bring_home(mm as usize) {
            Ok(()) => NATIVE,
            Err(_) => 0,
        };
    }
    // SAFETY: By the safety requirements.
    let to = unsafe { core::slice::from_raw_parts_mut(buf.cast::<u8>(), len.max(0) as usize) };
    // SAFETY: By the safety requirements.
    let home = unsafe { Mm::from_raw(raw) };
    loop {
        let done = entry.read(&home, addr as u64, to);
        if done == to.len() && entry.pages.is_some() {
            return done as c_int;
        }
        // There is no more, or it has moved meanwhile.
        entry = match deputy::list::find(mm as usize) {
            None => return NATIVE,
            Some(now) if !now.is_still(&entry) => now,
            Some(_) => return done as c_int,
        };
    }
}

/// C: `openmosix_fill()`. Reading a page of a guest's file mapping; may sleep.
///
/// # Safety
///
/// As [`home_file::fill`].
#[export]
pub(crate) unsafe extern "C" fn openmosix_fill(
    memory: *mut c_void,
    addr: c_ulong,
    pages: *mut *mut bindings::page,
    nr: c_ulong,
) -> c_int {
    // SAFETY: By the safety requirements.
    match unsafe { home_file::fill(memory, addr as u64, pages, nr) } {
        Ok(count) => count as c_int,
        Err(error) => error.to_errno(),
    }
}

/// C: `openmosix_guest_gone()`. The file of a guest's home memory is gone; may sleep.
///
/// # Safety
///
/// As [`home_file::gone`].
#[export]
pub(crate) unsafe extern "C" fn openmosix_guest_gone(memory: *mut c_void) {
    // SAFETY: By the safety requirements.
    unsafe { home_file::gone(memory) };
}

/// C: `openmosix_write()`. Writing a file of `/proc/PID`; may sleep.
///
/// # Safety
///
/// `task` is alive; `text` is `len` bytes.
#[export]
pub(crate) unsafe extern "C" fn openmosix_write(
    task: *mut bindings::task_struct,
    what: u32,
    text: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: By the safety requirements.
    let (task, text) = unsafe {
        (
            &*task.cast::<Task>(),
            core::slice::from_raw_parts(text.cast::<u8>(), len),
        )
    };
    match pid::write(task, what, text, find_or_make) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// C: `openmosix_show()`. Reading a file of `/proc/PID`; may sleep.
///
/// # Safety
///
/// `task` is alive; `m` is the file being read.
#[export]
pub(crate) unsafe extern "C" fn openmosix_show(
    task: *mut bindings::task_struct,
    what: u32,
    m: *mut bindings::seq_file,
) -> c_int {
    // SAFETY: By the safety requirements.
    let (task, to) = unsafe { (&*task.cast::<Task>(), SeqFile::from_raw(m)) };
    let migrant = migrant_of(task);
    match pid::show(task, migrant.as_deref(), what, to) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// Makes the task that will be a guest.
pub(crate) fn start_guest(arrival: Arrival) -> Result {
    let arrival = KBox::into_raw(KBox::new(arrival, GFP_KERNEL)?);
    // SAFETY: `guest_main()` takes over the box that it is given.
    let pid = unsafe { bindings::openmosix_start_guest(Some(guest_main), arrival.cast()) };
    if pid < 0 {
        // SAFETY: There is no task that could have taken it over.
        drop(unsafe { KBox::from_raw(arrival) });
        return Err(Error::from_errno(pid));
    }
    Ok(())
}

/// The first thing that the task of a guest does; returning enters user mode.
///
/// # Safety
///
/// `arrival` is an [`Arrival`] in a box, given away.
unsafe extern "C" fn guest_main(arrival: *mut c_void) -> c_int {
    // SAFETY: By the safety requirements.
    let arrival = unsafe { KBox::from_raw(arrival.cast::<Arrival>()) };
    let task = sys::task::current();
    let result = Migrant::new(task.clone(), Role::Arriving)
        .and_then(|migrant| attach(&task, migrant))
        .and_then(|migrant| arrive::become_guest(&migrant, &arrival));
    drop(arrival);
    drop(task);
    if result.is_err() {
        sys::task::exit();
    }
    0
}
