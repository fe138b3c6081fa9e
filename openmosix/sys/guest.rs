// SPDX-License-Identifier: GPL-2.0-only

//! Making guests.
//!
//! C header: [`include/linux/openmosix_edge.h`](srctree/include/linux/openmosix_edge.h)

use super::mm::{
    Vma,
    PAGE, //
};
use core::ptr::NonNull;
use kernel::{
    bindings,
    error::{
        from_err_ptr,
        to_result, //
    },
    prelude::*,
    sync::Arc, //
};

/// The most pages that are asked for at once.
const AT_ONCE: usize = 16;

/// Where the content of a [`HomeFile`] comes from.
pub(crate) trait Memory: Send + Sync {
    /// Reads pages from `addr` on; returns how many could be had. Called by the guest's own task.
    fn fill(&self, addr: u64, pages: &mut [&mut [u8]]) -> Result<usize>;
}

/// What the file's inode owns.
type Source = Arc<dyn Memory>;

/// Fills pages of a file.
///
/// # Safety
///
/// `source` comes from [`HomeFile::new`] and has not been given to [`gone`]; `pages` are `count` pages,
/// locked and not yet up to date.
pub(crate) unsafe fn fill(
    source: *mut c_void,
    addr: u64,
    pages: *mut *mut bindings::page,
    count: usize,
) -> Result<usize> {
    // SAFETY: By the safety requirements.
    let source = unsafe { &*source.cast::<Source>() };
    // SAFETY: By the safety requirements.
    let pages = unsafe { core::slice::from_raw_parts(pages, count.min(AT_ONCE)) };
    let mut room: [&mut [u8]; AT_ONCE] = Default::default();
    for (room, &page) in room.iter_mut().zip(pages) {
        // SAFETY: The page is locked and not up to date: nobody else looks at it.
        *room = unsafe {
            core::slice::from_raw_parts_mut(bindings::page_address(page).cast::<u8>(), PAGE)
        };
    }
    source.fill(addr, room.get_mut(..pages.len()).ok_or(EINVAL)?)
}

/// The file is gone.
///
/// # Safety
///
/// `source` comes from [`HomeFile::new`], and this is the last that is done with it.
pub(crate) unsafe fn gone(source: *mut c_void) {
    if !source.is_null() {
        // SAFETY: By the safety requirements.
        drop(unsafe { KBox::from_raw(source.cast::<Source>()) });
    }
}

/// Makes what all guests of this node need.
pub(crate) fn start() -> Result {
    // SAFETY: Called once, before there is any guest.
    to_result(unsafe { bindings::openmosix_guest_start() })
}

/// The file that stands for the memory of a process at its home.
///
/// # Invariants
///
/// Holds a reference on the file.
pub(crate) struct HomeFile(NonNull<bindings::file>);

// SAFETY: A `struct file` may be used and put from any task.
unsafe impl Send for HomeFile {}
// SAFETY: The functions called on it lock what they need.
unsafe impl Sync for HomeFile {}

impl HomeFile {
    /// Makes one.
    pub(crate) fn new(source: Source) -> Result<Self> {
        let source = KBox::into_raw(KBox::new(source, GFP_KERNEL)?).cast::<c_void>();
        // SAFETY: The inode owns `source` from here on, if it is made.
        let file = unsafe { bindings::openmosix_home_file(source) };
        let file = from_err_ptr(file).inspect_err(|_| {
            // SAFETY: Nobody else got it.
            unsafe { gone(source) }
        })?;
        // INVARIANT: The new file is ours.
        NonNull::new(file).map(Self).ok_or(ENOMEM)
    }

    /// Gives the current task an ordinary, empty user address space.
    pub(crate) fn become_guest(&self) -> Result {
        // SAFETY: By the type invariant the file is live.
        to_result(unsafe { bindings::openmosix_become_guest(self.0.as_ptr()) })
    }

    /// Makes one mapping of the current guest.
    pub(crate) fn map(&self, vma: &Vma) -> Result {
        // SAFETY: By the type invariant; `vma` is checked as the arguments of `mmap()` are.
        to_result(unsafe { bindings::openmosix_map(self.0.as_ptr(), vma) })
    }

    /// A range will stand for something else at home.
    pub(crate) fn forget(&self, start: u64, len: u64) {
        if len > 0 {
            // SAFETY: By the type invariant.
            unsafe {
                bindings::openmosix_forget_home(self.0.as_ptr(), start as usize, len as usize);
            }
        }
    }
}

impl Drop for HomeFile {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the reference is ours.
        unsafe { bindings::fput(self.0.as_ptr()) };
    }
}

/// Takes every right on this node from the current task.
pub(crate) fn sandbox() -> Result {
    // SAFETY: Acts on `current`.
    to_result(unsafe { bindings::openmosix_sandbox() })
}

/// Lets the clocks of the current task go on from those of its home, which are so far ahead.
pub(crate) fn set_clocks(monotonic: i64, boottime: i64, realtime: i64) -> Result {
    // SAFETY: Acts on `current`.
    to_result(unsafe { bindings::openmosix_set_clocks(monotonic, boottime, realtime) })
}

/// Maps the vDSO of this kernel where it was at home.
pub(crate) fn map_vdso(addr: u64) -> Result {
    // SAFETY: Acts on `current`, which has an address space.
    to_result(unsafe { bindings::openmosix_map_vdso(addr as usize) })
}

/// Begin and end of the heap of the current task.
pub(crate) fn brk() -> (u64, u64) {
    let (mut start, mut end) = (0, 0);
    // SAFETY: `current` has an address space; both are live.
    unsafe { bindings::openmosix_get_brk(&mut start, &mut end) };
    (start as u64, end as u64)
}

/// Sets begin and end of the heap of the current guest.
pub(crate) fn set_brk(start: u64, end: u64) -> Result {
    // SAFETY: `current` has an address space.
    to_result(unsafe { bindings::openmosix_set_brk(start as usize, end as usize) })
}

/// Unmaps a range of the current guest.
pub(crate) fn unmap(start: u64, len: u64) -> Result {
    // SAFETY: `current` has an address space; the range is checked as that of `munmap()` is.
    to_result(unsafe { bindings::vm_munmap(start as usize, len as usize) })
}

/// Memory of the deputy's own, for the arguments of calls; unmapped when dropped.
pub(crate) struct Window {
    addr: u64,
    len: usize,
}

impl Window {
    /// Maps `len` bytes.
    pub(crate) fn new(len: usize) -> Result<Self> {
        // SAFETY: `current` has an address space.
        let addr = unsafe { bindings::openmosix_window(len) };
        if addr as isize >= -4095 && (addr as isize) < 0 {
            return Err(Error::from_errno(addr as i32));
        }
        Ok(Self {
            addr: addr as u64,
            len,
        })
    }

    /// Where it is.
    pub(crate) fn addr(&self) -> u64 {
        self.addr
    }

    /// Its bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: The range is ours. A task that has lost its memory has lost the window too.
        unsafe { bindings::openmosix_close_window(self.addr as usize, self.len) };
    }
}
