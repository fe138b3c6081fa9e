// SPDX-License-Identifier: GPL-2.0-only

//! A page fault in the memory of a migrated process.
//!
//! C header: [`include/linux/mm.h`](srctree/include/linux/mm.h)

use core::ptr::NonNull;
use kernel::{
    bindings,
    task::Task, //
};

/// See the module.
///
/// # Invariants
///
/// Points at a fault that is being handled; the lock that its flags tell is held.
pub(crate) struct Fault(NonNull<bindings::vm_fault>);

impl Fault {
    /// Takes what the fault handler has.
    ///
    /// # Safety
    ///
    /// `vmf` is a fault being handled, with its lock held, and is used for nothing else meanwhile.
    pub(crate) unsafe fn from_raw(vmf: *mut bindings::vm_fault) -> Self {
        // INVARIANT: By the safety requirements.
        // SAFETY: A fault being handled is not null.
        Self(unsafe { NonNull::new_unchecked(vmf) })
    }

    fn vma(&self) -> *mut bindings::vm_area_struct {
        // SAFETY: By the type invariant.
        unsafe { (*self.0.as_ptr()).__bindgen_anon_1.vma }
    }

    /// Identifies the address space, for comparison only.
    pub(crate) fn mm(&self) -> usize {
        // SAFETY: By the type invariant the mapping is locked and live.
        unsafe { (*self.vma()).vm_mm as usize }
    }

    /// Is it the current task's own?
    pub(crate) fn is_mine(&self) -> bool {
        // SAFETY: `current` is valid.
        unsafe { (*Task::current_raw()).mm as usize == self.mm() }
    }

    /// The page.
    pub(crate) fn addr(&self) -> u64 {
        // SAFETY: By the type invariant.
        unsafe { (*self.0.as_ptr()).__bindgen_anon_1.address as u64 }
    }

    /// Is it in the vDSO or its data, which every node has itself?
    pub(crate) fn is_special(&self) -> bool {
        // SAFETY: By the type invariant the mapping is locked and live.
        unsafe { bindings::openmosix_is_special(self.vma()) }
    }

    fn flags(&self) -> u32 {
        // SAFETY: By the type invariant.
        unsafe { (*self.0.as_ptr()).flags }
    }

    /// Has it been tried before?
    pub(crate) fn is_second(&self) -> bool {
        self.flags() & bindings::fault_flag_FAULT_FLAG_TRIED != 0
    }

    /// Drops the lock, so that the fault may sleep for long; `None` where that is not allowed.
    pub(crate) fn unlock(self) -> Option<Retry> {
        let flags = self.flags();
        if flags & bindings::fault_flag_FAULT_FLAG_ALLOW_RETRY == 0
            || flags & bindings::fault_flag_FAULT_FLAG_RETRY_NOWAIT != 0
        {
            return None;
        }
        // SAFETY: By the type invariant the lock is held, and the fault is given up here.
        unsafe { bindings::openmosix_unlock_fault(self.0.as_ptr()) };
        Some(Retry)
    }
}

/// The result of a fault on what cannot be had; its lock is still held.
pub(crate) const REFUSED: bindings::vm_fault_t = bindings::vm_fault_reason_VM_FAULT_SIGBUS;

/// A fault whose lock was dropped: it must be tried again.
pub(crate) struct Retry;

impl Retry {
    /// The result for the fault handler.
    pub(crate) fn result(self) -> bindings::vm_fault_t {
        bindings::vm_fault_reason_VM_FAULT_RETRY
    }
}
