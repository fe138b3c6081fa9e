// SPDX-License-Identifier: GPL-2.0-only

//! Watching the files that an address space maps.
//!
//! C header: [`include/linux/openmosix_edge.h`](srctree/include/linux/openmosix_edge.h)

use super::mm::Mm;
use core::ptr::NonNull;
use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

/// A mapping to whose file something has happened: where it is, how much of it the file always had, whether it
/// has changed, and why it must not be mapped away from home any more.
pub(crate) type Area = bindings::openmosix_area;

/// The files that a process maps which is away.
///
/// # Invariants
///
/// Owns the watch.
pub(crate) struct Watch(NonNull<bindings::openmosix_watch>);

// SAFETY: A watch may be used and ended by any task.
unsafe impl Send for Watch {}
// SAFETY: The functions called on it lock what they need.
unsafe impl Sync for Watch {}

/// Makes what all watches need.
pub(crate) fn start() -> Result {
    // SAFETY: Called once, before there is any watch.
    to_result(unsafe { bindings::openmosix_watch_start() })
}

impl Watch {
    /// Watches all files that `mm` maps.
    pub(crate) fn new(mm: &Mm) -> Result<Self> {
        // SAFETY: May be called anywhere where one may sleep.
        let watch = unsafe { bindings::openmosix_watch_new() };
        // INVARIANT: The new watch is ours.
        let watch = NonNull::new(watch).map(Self).ok_or(ENOMEM)?;
        watch.cover(mm, 0, u64::MAX)?;
        Ok(watch)
    }

    /// Watches what is mapped in a range, too.
    pub(crate) fn cover(&self, mm: &Mm, start: u64, end: u64) -> Result {
        // SAFETY: By the type invariant; the reference keeps the address space alive.
        to_result(unsafe {
            bindings::openmosix_watch_range(
                self.0.as_ptr(),
                mm.as_ptr(),
                start as usize,
                end as usize,
            )
        })
    }

    /// Has anything happened since [`Watch::take`]?
    pub(crate) fn has_news(&self) -> bool {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_watch_has_news(self.0.as_ptr()) }
    }

    /// May somebody write to one of the files?
    pub(crate) fn is_open(&self) -> bool {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_watch_is_open(self.0.as_ptr()) }
    }

    /// Has [`Watch::next`] tell what has happened so far; false if it is nothing.
    pub(crate) fn take(&self) -> bool {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_watch_take(self.0.as_ptr()) }
    }

    /// The next mapping that ends behind `from` and to whose file something has happened.
    pub(crate) fn next(&self, mm: &Mm, from: u64) -> Option<Area> {
        let mut area = Area::default();
        // SAFETY: By the type invariant; the reference keeps the address space alive, and `area` is room for one.
        unsafe {
            bindings::openmosix_watch_next(self.0.as_ptr(), mm.as_ptr(), from as usize, &mut area)
        }
        .then_some(area)
    }

    /// Has the current task woken by what happens while it is in `wait`.
    pub(crate) fn during<T>(&self, wait: impl FnOnce() -> T) -> T {
        // SAFETY: By the type invariant. The current task is there until it is taken away again.
        unsafe { bindings::openmosix_watch_sleep(self.0.as_ptr(), true) };
        let result = wait();
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_watch_sleep(self.0.as_ptr(), false) };
        result
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // SAFETY: By the type invariant it is ours, and nobody uses it any more.
        unsafe { bindings::openmosix_watch_end(self.0.as_ptr()) };
    }
}
