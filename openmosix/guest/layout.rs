// SPDX-License-Identifier: GPL-2.0-only

//! Calls that change the address space: home decides, and the same is done here.

use super::{
    dispatch::Outcome,
    Guest, //
};
use crate::{
    link::Deadline,
    shortage,
    sys::{
        self,
        cpu::{
            self,
            Regs, //
        },
        mm::{
            Mm,
            Vma,
            PAGE, //
        },
    },
    syscall::Args,
    wire::life::{
        Grown,
        Stale, //
    },
};
use core::sync::atomic::Ordering;
use kernel::{
    alloc::KVec,
    bindings,
    prelude::*, //
};

const ANON: u32 = bindings::openmosix_vma_kind_OPENMOSIX_VMA_ANON;
const FILE: u32 = bindings::openmosix_vma_kind_OPENMOSIX_VMA_FILE;
const SHARED: u32 = bindings::openmosix_vma_kind_OPENMOSIX_VMA_SHARED;
const SHMEM: u32 = bindings::openmosix_vma_kind_OPENMOSIX_VMA_SHMEM;
const PART: u32 = bindings::openmosix_vma_kind_OPENMOSIX_VMA_PART;

const WRITE: u64 = bindings::PROT_WRITE as u64;
const EXEC: u64 = bindings::PROT_EXEC as u64;

/// Among the features of the processor: protection keys.
const KEYS: u64 = 1 << 9;

/// Flags of `mmap()`.
mod map {
    use kernel::bindings;

    pub(super) const TYPE: u64 = 0x0f;
    pub(super) const PRIVATE: u64 = bindings::MAP_PRIVATE as u64;
    pub(super) const ANONYMOUS: u64 = bindings::MAP_ANONYMOUS as u64;
    pub(super) const FIXED: u64 = bindings::MAP_FIXED as u64;
    pub(super) const GROWSDOWN: u64 = bindings::MAP_GROWSDOWN as u64;
    pub(super) const POPULATE: u64 = bindings::MAP_POPULATE as u64;
    pub(super) const NONBLOCK: u64 = bindings::MAP_NONBLOCK as u64;
    /// Those that only work where the process is whole.
    pub(super) const HOME_FIRST: u64 =
        (bindings::MAP_LOCKED | bindings::MAP_HUGETLB | bindings::MAP_SYNC) as u64;
}

/// Milliseconds for which memory may be short for what home has done already.
const SHORT_MS: u32 = 20_000;

/// `-ENOMEM`.
const NO_MEMORY: i64 = -12;

/// `-EACCES`.
const NO_ACCESS: i64 = -13;

/// A result that is an error number.
fn failed(result: i64) -> bool {
    (-4095..0).contains(&result)
}

/// The bytes of the pages that `len` bytes take.
fn pages(len: u64) -> u64 {
    len.wrapping_add(PAGE as u64 - 1) & !(PAGE as u64 - 1)
}

/// Does the kernel give memory with such rights a protection key? It keeps a process at home, and its number is home's
/// to choose: a register of the program's says what it allows.
fn gets_key(prot: u64) -> bool {
    prot & 7 == EXEC && cpu::xfeatures() & KEYS != 0
}

/// Does a range hold a part of shared memory, of which the rest is elsewhere, or begin or end in the middle of some?
fn cuts_shared(mm: &Mm, start: u64, len: u64) -> bool {
    let is_inside = |at: u64| {
        mm.next_vma(at)
            .is_some_and(|vma| vma.kind == SHMEM && (vma.start as u64) < at)
    };
    let end = start.wrapping_add(pages(len));
    mm.range_has(start, pages(len), 1 << PART) || is_inside(start) || is_inside(end)
}

/// Unmaps what home has unmapped.
fn unmap(start: u64, len: u64) -> Result {
    shortage::outlast(Deadline::ms(SHORT_MS), || sys::guest::unmap(start, len))
}

impl Guest {
    /// A call that changes the layout, of which home knows all that matters before it decides.
    pub(super) fn change(&self, call: impl FnOnce() -> Result<Outcome>) -> Result<Outcome> {
        let mm = Mm::current()?;
        if mm.is_crowded() {
            // There may be fewer at home, which merges what is two here. Once that has done its part, it is too late to
            // have no room.
            return Ok(Outcome::HomeFirst);
        }
        self.tell_of_stacks()?;
        let outcome = call()?;
        self.stack_pages.store(mm.stack_pages(), Ordering::Relaxed);
        Ok(outcome)
    }

    /// Tells home of stacks that have grown, before it does a call that may look at them.
    pub(super) fn tell_of_stacks(&self) -> Result {
        let mm = Mm::current()?;
        let pages = mm.stack_pages();
        // But for calls that change the layout, nothing changes stacks except their growth.
        if pages != self.stack_pages.load(Ordering::Relaxed) {
            self.tell_growth(&mm)?;
            self.stack_pages.store(pages, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Tells home of stacks that have grown since it was told.
    fn tell_growth(&self, mm: &Mm) -> Result {
        let mut now = KVec::new();
        let mut from = 0;
        while let Some(vma) = mm.next_vma(from) {
            from = vma.end as u64;
            if vma.growsdown == 0 {
                continue;
            }
            let place = (vma.end, vma.start);
            if !self.grown.lock().contains(&place) {
                let start = vma.start as u64;
                self.line.lane().say(0, &Grown { start })?;
            }
            now.push(place, GFP_KERNEL)?;
        }
        *self.grown.lock() = now;
        Ok(())
    }

    /// A file has changed at home.
    pub(super) fn forget(&self, stale: &Stale) {
        self.home.forget(stale.start, stale.len);
        let gone = stale.len.saturating_sub(stale.kept);
        if gone > 0 {
            let from = stale.start.saturating_add(stale.kept);
            let advice = u64::from(bindings::MADV_DONTNEED);
            cpu::call(bindings::__NR_madvise, &[from, gone, advice, 0, 0, 0]);
        }
    }

    /// `mmap()`: home chooses the address, and this node maps there.
    pub(super) fn mmap(&self, nr: u32, args: &Args, regs: &mut Regs<'_>) -> Result<Outcome> {
        let [_, len, prot, flags, ..] = *args;
        let anonymous = flags & map::ANONYMOUS != 0;
        let shared = flags & map::TYPE != map::PRIVATE;
        let writes_file = shared && !anonymous && prot & WRITE != 0;
        let cuts = flags & map::FIXED != 0 && cuts_shared(&Mm::current()?, args[0], len);
        if flags & map::HOME_FIRST != 0 || writes_file || gets_key(prot) || cuts {
            return Ok(Outcome::HomeFirst);
        }
        let mut asked = *args;
        asked[3] = flags & !map::POPULATE;
        let (addr, kind) = self.forward_for_kind(nr, &asked, regs)?;
        if failed(addr) {
            if flags & map::FIXED != 0 && !anonymous {
                self.lose(args[0], pages(len), regs)?;
            }
            return Ok(Outcome::Result(addr));
        }
        let addr = addr as u64;
        let len = pages(len);
        let end = addr.checked_add(len).ok_or(EPROTO)?;
        unmap(addr, len)?;
        self.home.forget(addr, len);
        let vma = Vma {
            start: addr as usize,
            end: end as usize,
            prot: (prot & 7) as u32,
            growsdown: u32::from(flags & map::GROWSDOWN != 0),
            kind,
            stay: 0,
        };
        if self.home.map(&vma).is_err() {
            // What this node cannot do, home may.
            self.forward(bindings::__NR_munmap, &[addr, len, 0, 0, 0, 0], regs)?;
            return Ok(Outcome::HomeFirst);
        }
        let stays = !self.recalled.load(Ordering::Relaxed);
        if stays && flags & (map::POPULATE | map::NONBLOCK) == map::POPULATE {
            // Whether that can be done, mmap() does not tell.
            let advice = if prot & WRITE != 0 && !shared {
                bindings::MADV_POPULATE_WRITE
            } else {
                bindings::MADV_POPULATE_READ
            };
            let advice = u64::from(advice);
            cpu::call(bindings::__NR_madvise, &[addr, len, advice, 0, 0, 0]);
        }
        Ok(Outcome::Result(addr as i64))
    }

    /// A call has failed at home, which may have unmapped all of a range before it did: here that is unmapped, too.
    fn lose(&self, start: u64, len: u64, regs: &mut Regs<'_>) -> Result {
        let mm = Mm::current()?;
        let end = start.saturating_add(len);
        let mut next = start;
        while next < end {
            let Some(vma) = mm.next_vma(next).filter(|vma| (vma.start as u64) < end) else {
                break;
            };
            let from = next.max(vma.start as u64);
            next = end.min(vma.end as u64);
            let asked = [from, next - from, u64::from(bindings::MS_ASYNC), 0, 0, 0];
            if self.forward(bindings::__NR_msync, &asked, regs)? == NO_MEMORY {
                unmap(from, next - from)?;
                self.home.forget(from, next - from);
            }
        }
        Ok(())
    }

    /// `munmap()`: at home, then here.
    pub(super) fn munmap(&self, nr: u32, args: &Args, regs: &mut Regs<'_>) -> Result<Outcome> {
        if cuts_shared(&Mm::current()?, args[0], args[1]) {
            // What is mapped no more does not travel, but the rest can be made longer again, and show it.
            return Ok(Outcome::HomeFirst);
        }
        let result = self.forward(nr, args, regs)?;
        if result == 0 {
            unmap(args[0], args[1])?;
            self.home.forget(args[0], pages(args[1]));
        }
        Ok(Outcome::Result(result))
    }

    /// `mprotect()`: at home, then here.
    pub(super) fn mprotect(&self, nr: u32, args: &Args, regs: &mut Regs<'_>) -> Result<Outcome> {
        let [start, len, prot, ..] = *args;
        let writes_file = prot & WRITE != 0 && Mm::current()?.range_has(start, len, 1 << SHARED);
        if writes_file || gets_key(prot) {
            return Ok(Outcome::HomeFirst);
        }
        let result = self.forward(nr, args, regs)?;
        // It may have changed what lies before a hole, or before what may not be changed.
        if [0, NO_MEMORY, NO_ACCESS].contains(&result) && cpu::call(nr, args) != result {
            // Home's layout is the right one.
            return Ok(Outcome::HomeFirst);
        }
        Ok(Outcome::Result(result))
    }

    /// `mremap()`: at home, then here; undone at home if it fails here.
    pub(super) fn mremap(&self, nr: u32, args: &Args, regs: &mut Regs<'_>) -> Result<Outcome> {
        let [old, old_len, new_len, flags, new, _] = *args;
        let fixed = u64::from(bindings::MREMAP_FIXED);
        let plain = u64::from(bindings::MREMAP_MAYMOVE) | fixed;
        // Pages that it comes to show are those of home's object, of which this node has a part for each mapping.
        let objects = 1 << FILE | 1 << SHARED | 1 << SHMEM | 1 << PART;
        let mm = Mm::current()?;
        if pages(old_len) == 0
            || flags & !plain != 0
            || mm.range_has(old, old_len, objects)
            || (flags & fixed != 0 && cuts_shared(&mm, new, new_len))
        {
            return Ok(Outcome::HomeFirst);
        }
        let result = self.forward(nr, args, regs)?;
        if failed(result) {
            if flags & fixed != 0 {
                let left = pages(new_len);
                let cut = pages(old_len).saturating_sub(left);
                self.lose(new, left, regs)?;
                self.lose(old.wrapping_add(left), cut, regs)?;
            }
            return Ok(Outcome::Result(result));
        }
        let here = if result as u64 == old {
            cpu::call(nr, &[old, old_len, new_len, 0, 0, 0])
        } else {
            cpu::call(nr, &[old, old_len, new_len, plain, result as u64, 0])
        };
        if here == result {
            return Ok(Outcome::Result(result));
        }
        // Memory ran out, or home has merged mappings that are two here, as they would be if they had their
        // pages there: this node's answer is the right one, and home undoes its own.
        let undo = if result as u64 == old {
            [old, new_len, old_len, 0, 0, 0]
        } else {
            [result as u64, new_len, old_len, plain, old, 0]
        };
        if failed(self.forward(nr, &undo, regs)?) {
            return Err(ENOMEM);
        }
        Ok(Outcome::Result(here))
    }

    /// `brk()`: at home, then here; undone at home if it fails here.
    pub(super) fn brk(&self, nr: u32, args: &Args, regs: &mut Regs<'_>) -> Result<Outcome> {
        let result = self.forward(nr, args, regs)?;
        let here = cpu::call(nr, &[result as u64, 0, 0, 0, 0, 0]);
        if here != result {
            let back = self.forward(nr, &[here as u64, 0, 0, 0, 0, 0], regs)?;
            return Ok(Outcome::Result(back));
        }
        Ok(Outcome::Result(result))
    }

    /// `mincore()`: of files at home, of memory here. Where both are asked for at once, that of the memory is told.
    pub(super) fn mincore(&self, nr: u32, args: &Args, regs: &mut Regs<'_>) -> Result<Outcome> {
        let mm = Mm::current()?;
        let has = |kinds| mm.range_has(args[0], args[1], kinds);
        if has(1 << FILE | 1 << SHARED) && !has(1 << ANON | 1 << SHMEM | 1 << PART) {
            return self.forward(nr, args, regs).map(Outcome::Result);
        }
        Ok(Outcome::Native)
    }

    /// `madvise()`: about content here, about areas at home.
    pub(super) fn madvise(&self, nr: u32, args: &Args, regs: &mut Regs<'_>) -> Result<Outcome> {
        let advice = args[2];
        match advice as u32 {
            bindings::MADV_WILLNEED
            | bindings::MADV_COLD
            | bindings::MADV_PAGEOUT
            | bindings::MADV_FREE
            | bindings::MADV_POPULATE_READ
            | bindings::MADV_POPULATE_WRITE
            | bindings::MADV_DONTNEED => Ok(Outcome::Native),
            bindings::MADV_NORMAL
            | bindings::MADV_RANDOM
            | bindings::MADV_SEQUENTIAL
            | bindings::MADV_DONTFORK
            | bindings::MADV_DOFORK
            | bindings::MADV_WIPEONFORK
            | bindings::MADV_KEEPONFORK
            | bindings::MADV_DONTDUMP
            | bindings::MADV_DODUMP
            | bindings::MADV_HUGEPAGE
            | bindings::MADV_NOHUGEPAGE => self.forward(nr, args, regs).map(Outcome::Result),
            _ => Ok(Outcome::HomeFirst),
        }
    }
}
