// SPDX-License-Identifier: GPL-2.0-only

//! Address spaces, as far as pages and mappings of migrated processes go.
//!
//! C header: [`include/linux/openmosix_edge.h`](srctree/include/linux/openmosix_edge.h)

use core::{
    ptr::NonNull,
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
};
use kernel::{
    bindings,
    prelude::*,
    task::Task, //
};

/// Bytes of a page.
pub(crate) const PAGE: usize = 4096;

/// The most pages that one run has.
pub(crate) const RUN: usize = 64;

/// A mapping: start, end, protection, kind, stay reasons.
pub(crate) type Vma = bindings::openmosix_vma;

/// An address space in pages, as `/proc/PID/statm` has it.
pub(crate) type Statm = bindings::openmosix_statm;

/// What [`Mm::take`] and [`Mm::peek`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The page was copied.
    Copied,
    /// The address space has no content of its own there.
    None,
    /// Nothing is mapped there.
    Unmapped,
}

/// An address space with users.
///
/// # Invariants
///
/// Holds a reference on `mm_users` of the `mm_struct`.
pub(crate) struct Mm(NonNull<bindings::mm_struct>);

// SAFETY: An `mm_struct` may be used and put from any task.
unsafe impl Send for Mm {}
// SAFETY: The functions called on it lock what they need.
unsafe impl Sync for Mm {}

impl Mm {
    /// The address space of the current task.
    pub(crate) fn current() -> Result<Self> {
        // SAFETY: `current` is valid; only the task itself changes its `mm`.
        let mm = unsafe { (*Task::current_raw()).mm };
        let mm = NonNull::new(mm).ok_or(ESRCH)?;
        // SAFETY: The task holds a reference on `mm_users`, so it is not zero.
        unsafe { bindings::mmget(mm.as_ptr()) };
        // INVARIANT: The reference was just taken.
        Ok(Self(mm))
    }

    /// The address space of any task, if it has one.
    pub(crate) fn of(task: &Task) -> Option<Self> {
        // SAFETY: The task is alive; the function takes a reference or returns null.
        let mm = unsafe { bindings::get_task_mm(task.as_ptr()) };
        // INVARIANT: The reference was just taken.
        NonNull::new(mm).map(Self)
    }

    /// The address space that C hands over.
    ///
    /// # Safety
    ///
    /// Somebody else holds a reference on its `mm_users` meanwhile.
    pub(crate) unsafe fn from_raw(mm: NonNull<bindings::mm_struct>) -> Self {
        // SAFETY: By the safety requirements.
        unsafe { bindings::mmget(mm.as_ptr()) };
        // INVARIANT: The reference was just taken.
        Self(mm)
    }

    /// Identifies the address space, for comparison only.
    pub(crate) fn id(&self) -> usize {
        self.0.as_ptr() as usize
    }

    /// The address space, for other edges.
    pub(super) fn as_ptr(&self) -> *mut bindings::mm_struct {
        self.0.as_ptr()
    }

    /// A reference that does not keep the memory alive.
    pub(crate) fn weak(&self) -> WeakMm {
        // SAFETY: By the type invariant the `mm_struct` is live.
        unsafe { bindings::mmgrab(self.0.as_ptr()) };
        WeakMm(self.0)
    }

    /// The first mapping that ends behind `from`.
    pub(crate) fn next_vma(&self, from: u64) -> Option<Vma> {
        let mut vma = Vma::default();
        // SAFETY: By the type invariant; `vma` is room for one.
        unsafe { bindings::openmosix_next_vma(self.0.as_ptr(), from as usize, &mut vma) }
            .then_some(vma)
    }

    /// The next run of pages that must travel with the process, from `addr` on.
    pub(crate) fn next_run(&self, addr: u64) -> Result<Option<(u64, usize)>> {
        let mut at = addr as usize;
        // SAFETY: By the type invariant; `at` is read and written during the call only.
        let count = unsafe { bindings::openmosix_next_run(self.0.as_ptr(), &mut at, RUN) };
        if count < 0 {
            return Err(Error::from_errno(count as i32));
        }
        Ok((count > 0).then_some((at as u64, count as usize)))
    }

    /// Holds up to [`RUN`] pages from `addr` on, faulting them in.
    pub(crate) fn hold(&self, addr: u64, count: usize) -> Result<Held> {
        let mut held = Held {
            pages: [core::ptr::null_mut(); RUN],
            count: 0,
        };
        let count = count.min(RUN);
        // SAFETY: By the type invariant; `pages` has room for `count` pointers.
        let got = unsafe {
            bindings::openmosix_get_pages(
                self.0.as_ptr(),
                addr as usize,
                count,
                held.pages.as_mut_ptr(),
            )
        };
        if got <= 0 {
            return Err(if got == 0 {
                EFAULT
            } else {
                Error::from_errno(got as i32)
            });
        }
        held.count = got as usize;
        Ok(held)
    }

    /// Gives a page its content, in place of a marker or of a file's.
    pub(crate) fn put(&self, addr: u64, data: &[u8]) -> Result {
        if data.len() != PAGE || addr % PAGE as u64 != 0 {
            return Err(EINVAL);
        }
        // SAFETY: By the type invariant; `data` is a page of bytes.
        kernel::error::to_result(unsafe {
            bindings::openmosix_put_page(self.0.as_ptr(), addr as usize, data.as_ptr().cast())
        })
    }

    /// Copies a page out and leaves a remote marker in its place.
    pub(crate) fn take(&self, addr: u64, to: &mut [u8; PAGE]) -> Result<Content> {
        // SAFETY: By the type invariant; `to` is room for a page.
        content(unsafe {
            bindings::openmosix_take_page(
                self.0.as_ptr(),
                addr as usize & !(PAGE - 1),
                to.as_mut_ptr().cast(),
            )
        })
    }

    /// Copies a page if the address space has content of its own there.
    pub(crate) fn peek(&self, addr: u64, to: &mut [u8; PAGE]) -> Result<Content> {
        // SAFETY: By the type invariant; `to` is room for a page.
        content(unsafe {
            bindings::openmosix_peek_page(
                self.0.as_ptr(),
                addr as usize & !(PAGE - 1),
                to.as_mut_ptr().cast(),
            )
        })
    }

    /// Reads bytes of one page without mapping it: what is mapped there, the file's content, or zeros.
    pub(crate) fn read(&self, addr: u64, to: &mut [u8]) -> Result {
        // SAFETY: By the type invariant; `to` is room for its length.
        kernel::error::to_result(unsafe {
            bindings::openmosix_read(
                self.0.as_ptr(),
                addr as usize,
                to.as_mut_ptr().cast(),
                to.len(),
            )
        })
    }

    /// A page that was taken has no content after all.
    pub(crate) fn clear_marker(&self, addr: u64) {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_clear_marker(self.0.as_ptr(), addr as usize) };
    }

    /// Has faults on pages of a file map no others, which may be the guest's own, until one of them is dropped.
    pub(crate) fn fence(&self, addr: u64, count: usize) -> Result {
        // SAFETY: By the type invariant.
        kernel::error::to_result(unsafe {
            bindings::openmosix_fence(self.0.as_ptr(), addr as usize, count)
        })
    }

    /// Forgets a page at home that is the guest's; with one of a file, all of its mapping.
    pub(crate) fn drop_page(&self, addr: u64) {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_drop_page(self.0.as_ptr(), addr as usize) };
    }

    /// Forgets a range that is behind the end of the file that is mapped there, all of what was written to it too.
    pub(crate) fn cut(&self, start: u64, len: u64) {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_cut(self.0.as_ptr(), start as usize, len as usize) };
    }

    /// Frees all memory, and keeps the mappings.
    pub(crate) fn release(&self) {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_release(self.0.as_ptr()) };
    }

    /// Are there nearly as many mappings as there may be? Whatever changes them may fail then.
    pub(crate) fn is_crowded(&self) -> bool {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_is_crowded(self.0.as_ptr()) }
    }

    /// Pages in mappings that grow down.
    pub(crate) fn stack_pages(&self) -> usize {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_stack_pages(self.0.as_ptr()) }
    }

    /// Does a range touch mappings of one of these kinds (a mask of `1 << kind`)?
    pub(crate) fn range_has(&self, start: u64, len: u64, kinds: u32) -> bool {
        // SAFETY: By the type invariant.
        unsafe {
            bindings::openmosix_range_has(self.0.as_ptr(), start as usize, len as usize, kinds)
        }
    }

    /// Lets a mapping that grows down reach down to `addr`.
    pub(crate) fn grow(&self, addr: u64) {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_grow(self.0.as_ptr(), addr as usize) };
    }

    /// Bytes of memory in use.
    pub(crate) fn resident(&self) -> u64 {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_resident(self.0.as_ptr()) as u64 }
    }

    /// The most bytes of memory that were ever in use.
    pub(crate) fn peak(&self) -> u64 {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_peak(self.0.as_ptr()) as u64 }
    }

    /// Its pages, counted.
    pub(crate) fn statm(&self) -> Statm {
        let mut statm = Statm::default();
        // SAFETY: By the type invariant; `statm` is room for one.
        unsafe { bindings::openmosix_get_statm(self.0.as_ptr(), &mut statm) };
        statm
    }

    /// Marks the address space as half of a migrated process, until the claim is dropped.
    pub(crate) fn claim(self) -> Claim {
        // SAFETY: By the type invariant.
        let no_huge = unsafe { bindings::openmosix_mm_claim(self.0.as_ptr()) };
        Claim {
            mm: self,
            marked: AtomicBool::new(true),
            no_huge,
        }
    }

    /// Where the vDSO and its data begin, or 0.
    pub(crate) fn vdso(&self) -> u64 {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_vdso_start(self.0.as_ptr()) as u64 }
    }
}

fn content(ret: c_int) -> Result<Content> {
    match ret {
        1 => Ok(Content::Copied),
        0 => Ok(Content::None),
        ret if ret == EFAULT.to_errno() => Ok(Content::Unmapped),
        ret => Err(Error::from_errno(ret)),
    }
}

impl Drop for Mm {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the reference is ours. The task that drops it may sleep.
        unsafe { bindings::mmput(self.0.as_ptr()) };
    }
}

/// An address space that may have lost its users.
///
/// # Invariants
///
/// Holds a reference on `mm_count`.
pub(crate) struct WeakMm(NonNull<bindings::mm_struct>);

// SAFETY: As for `Mm`.
unsafe impl Send for WeakMm {}
// SAFETY: As for `Mm`.
unsafe impl Sync for WeakMm {}

impl WeakMm {
    /// The address space, if it still has users.
    pub(crate) fn get(&self) -> Option<Mm> {
        // SAFETY: By the type invariant the struct is there; this takes a reference or fails.
        let alive = unsafe { bindings::mmget_not_zero(self.0.as_ptr()) };
        // INVARIANT: The reference was just taken.
        alive.then_some(Mm(self.0))
    }
}

impl Drop for WeakMm {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the reference is ours.
        unsafe { bindings::mmdrop(self.0.as_ptr()) };
    }
}

/// The mark on half of a migrated process; taken off when dropped, at the latest. Only the process's own task puts it on
/// and takes it off.
pub(crate) struct Claim {
    mm: Mm,
    /// It is there, and has to be taken off.
    marked: AtomicBool,
    /// Huge pages were kept out of the address space before.
    no_huge: bool,
}

impl Claim {
    /// Takes the mark off, if it is there.
    pub(crate) fn end(&self) {
        if self.marked.swap(false, Ordering::AcqRel) {
            // SAFETY: By the type invariant of `Mm`.
            unsafe { bindings::openmosix_mm_free(self.mm.0.as_ptr(), self.no_huge) };
        }
    }

    /// Leaves the mark on for good: the address space ends, and its memory is lost.
    pub(crate) fn keep(&self) {
        self.marked.store(false, Ordering::Release);
    }

    /// The address space.
    pub(crate) fn mm(&self) -> &Mm {
        &self.mm
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.end();
    }
}

/// Pages held in memory.
///
/// # Invariants
///
/// The first `count` pointers are pages with a reference of ours.
pub(crate) struct Held {
    pages: [*mut bindings::page; RUN],
    count: usize,
}

impl Held {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Does somebody else hold one, to use it when he likes? They are pages that only the process has.
    pub(crate) fn is_pinned(&self) -> bool {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_is_pinned(self.pages.as_ptr(), self.count) }
    }

    /// The bytes of each.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.pages.iter().take(self.count).map(|&page| {
            // SAFETY: By the type invariant the page stays; all pages of x86-64 are mapped. User
            // space may write to it meanwhile as it may to any page that is being sent.
            unsafe { core::slice::from_raw_parts(bindings::page_address(page).cast::<u8>(), PAGE) }
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { bindings::openmosix_put_pages(self.pages.as_mut_ptr(), self.count) };
    }
}
