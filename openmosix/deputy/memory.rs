// SPDX-License-Identifier: GPL-2.0-only

//! The pages of a departed process, seen from home.
//!
//! Home has the mappings and no pages. When a system call touches one, the fault takes the page from
//! the guest over the page lane; after the call all such pages go back, so that between calls the
//! guest has every page. Others (`/proc/PID/mem`, `ps`) only ever get copies of bytes.

use super::Deputy;
use crate::{
    fault::{
        self,
        Point, //
    },
    link::{
        lane::{
            Frame,
            Lane, //
        },
        Deadline,
        Wait, //
    },
    shortage,
    sys::{
        fault::{
            Fault,
            REFUSED, //
        },
        gate::{
            new_gate,
            Gate, //
        },
        mm::{
            self,
            Mm,
            PAGE, //
        },
        signal,
        task, //
    },
    wire::{
        life::{
            Pause,
            Usage, //
        },
        pages::{
            addresses,
            Bytes,
            Done,
            Fetch,
            NoPage,
            Pages,
            Peek,
            Poke, //
            UsageAsked,
        },
        Kind,
        Message, //
    },
};
use core::sync::atomic::Ordering;
use kernel::{
    alloc::KVVec,
    prelude::*,
    sync::Arc,
    task::Task, //
};

/// Milliseconds until a request for memory has failed, and until memory at home that is short for a page has.
const PATIENCE_MS: u32 = 10_000;

/// The same where nobody waits but the process: when it gives pages back, and when it is lent some.
const ALONE_MS: u32 = 60_000;

/// The page lane of a process, with one request on it at a time.
#[pin_data]
pub(crate) struct PageLane {
    lane: Lane,
    /// Number of the last request; who is inside has asked, and waits for the answer.
    #[pin]
    last: Gate<u64>,
}

/// Pages that lie one after the other.
pub(super) struct Run {
    start: u64,
    count: usize,
}

impl Run {
    fn has(&self, addr: u64) -> bool {
        addr.wrapping_sub(self.start) < (self.count * PAGE) as u64
    }

    /// The address of each.
    fn pages(&self) -> impl Iterator<Item = u64> {
        addresses(self.start, self.count)
    }
}

/// What the guest had at an address.
enum Answer {
    /// `Pages`.
    Content(Frame),
    /// So many pages have nothing of its own: home's own content is right, zeros if there is none.
    Home(usize),
}

impl PageLane {
    /// Runs the page lane of a process on `lane`.
    pub(crate) fn new(lane: Lane) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                lane,
                last <- new_gate!(0, "PageLane::last"),
            }),
            GFP_KERNEL,
        )
    }

    /// Ends it.
    pub(crate) fn close(&self) {
        self.lane.close();
    }

    fn ask<'a, M: Message<'a>>(&self, message: &M) -> Result<Frame> {
        self.ask_with(Deadline::ms(PATIENCE_MS), message, &[])
    }

    /// Asks with more bytes in the last field of the question.
    fn ask_with<'a, M: Message<'a>>(
        &self,
        deadline: Deadline,
        message: &M,
        more: &[u8],
    ) -> Result<Frame> {
        let mut last = self.last.enter(Wait::Killable, deadline)?;
        *last += 1;
        self.lane.say_with(*last, message, more)?;
        loop {
            let frame = self.lane.hear(Wait::Killable, deadline)?;
            // An answer to a request that its asker gave up is late.
            if frame.seq() == *last {
                return Ok(frame);
            }
            if deadline.is_over() {
                return Err(ETIMEDOUT);
            }
        }
    }

    /// Takes up to `count` pages from the guest, which marks them remote.
    fn take(&self, addr: u64, count: usize) -> Result<Answer> {
        let frame = self.ask(&Fetch {
            addr,
            count: u32::try_from(count).map_err(|_| EINVAL)?,
            flags: Fetch::TAKE,
        })?;
        if frame.kind() == Kind::Pages {
            return Ok(Answer::Content(frame));
        }
        let none: NoPage = frame.read()?;
        match none.why {
            NoPage::EMPTY | NoPage::FAULT => Ok(Answer::Home(none.count as usize)),
            _ => Err(EFAULT),
        }
    }

    /// Gives pages back; without content those that got none.
    fn give(&self, addr: u64, count: u64, data: &[u8]) -> Result {
        if count == 0 {
            return Ok(());
        }
        let head = Poke {
            addr,
            count,
            data: &[],
        };
        self.ask_with(Deadline::ms(ALONE_MS), &head, data)?
            .read::<Done>()
            .map(|_| ())
    }

    /// Copies bytes of the guest's own pages; `None` where home's content is right.
    pub(crate) fn peek(&self, addr: u64, to: &mut [u8]) -> Result<Option<usize>> {
        let frame = self.ask(&Peek {
            addr,
            len: to.len() as u64,
        })?;
        if frame.kind() == Kind::NoPage {
            return match frame.read::<NoPage>()?.why {
                NoPage::EMPTY => Ok(None),
                _ => Err(EFAULT),
            };
        }
        let bytes: Bytes<'_> = frame.read()?;
        for (to, from) in to.iter_mut().zip(bytes.data) {
            *to = *from;
        }
        Ok(Some(bytes.data.len().min(to.len())))
    }

    /// Reads memory for somebody outside; returns how many bytes there were.
    ///
    /// What the guest has no content for is as `home` has it: pages of files, pages that a system call
    /// has fetched, and zeros.
    pub(crate) fn read(&self, home: &Mm, addr: u64, to: &mut [u8]) -> usize {
        by_page(addr, to, |at, part| match self.peek(at, part) {
            Ok(Some(count)) => count == part.len(),
            Ok(None) => home.read(at, part).is_ok(),
            Err(_) => false,
        })
    }

    /// What the guest of a process uses of its node, and has it be as nice as that is.
    pub(crate) fn usage(&self, process: &Task) -> Result<Usage> {
        self.usage_by(Deadline::ms(PATIENCE_MS), process)
    }

    /// The same, with another deadline.
    pub(super) fn usage_by(&self, deadline: Deadline, process: &Task) -> Result<Usage> {
        let nice = task::nice_away(process);
        self.ask_with(deadline, &UsageAsked { nice }, &[])?.read()
    }
}

/// Reads the memory of a process that is yet at home, for somebody outside; returns how many bytes there were. What it
/// has not touched is not touched by that.
pub(super) fn read_home(home: &Mm, addr: u64, to: &mut [u8]) -> usize {
    by_page(addr, to, |at, part| home.read(at, part).is_ok())
}

/// Goes on page by page as long as `copy` can; returns how many bytes that were.
fn by_page(addr: u64, to: &mut [u8], mut copy: impl FnMut(u64, &mut [u8]) -> bool) -> usize {
    let mut done = 0;
    while let Some(rest) = to.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let at = addr.wrapping_add(done as u64);
        let room = (PAGE - at as usize % PAGE).min(rest.len());
        if !rest.get_mut(..room).is_some_and(|part| copy(at, part)) {
            break;
        }
        done += room;
    }
    done
}

impl Deputy {
    /// A page that is missing or marked, touched by this deputy itself.
    pub(crate) fn fault(&self, fault: Fault, marked: bool) -> kernel::bindings::vm_fault_t {
        let addr = fault.addr() & !(PAGE as u64 - 1);
        let own = fault.is_special() || self.is_own(addr);
        if own && !marked {
            return 0;
        }
        let Some(retry) = fault.unlock() else {
            return REFUSED;
        };
        if own {
            // What was borrowed after it has had it marked, because it was not touched before.
            self.mm().clear_marker(addr);
        } else if self.borrow_page(addr).is_err() {
            // The guest does not answer any more: this process alone has failed.
            signal::kill_self();
        }
        retry.result()
    }

    /// Brings in the pages of a range that a system call of the deputy needs. Called without locks.
    pub(crate) fn borrow_range(&self, addr: u64, len: u64) {
        let start = addr & !(PAGE as u64 - 1);
        let count = (addr - start).saturating_add(len).div_ceil(PAGE as u64) as usize;
        for page in addresses(start, count) {
            // What is not mapped, the call finds out.
            let mapped = self
                .mm()
                .next_vma(page)
                .is_some_and(|vma| vma.start as u64 <= page);
            if mapped && !self.is_own(page) && self.borrow_page(page).is_err() {
                signal::kill_self();
                return;
            }
        }
        // Each may have had those before it marked, and a fault of the call may not be allowed to drop its locks.
        for page in addresses(start, count).filter(|&page| self.is_own(page)) {
            self.mm().clear_marker(page);
        }
    }

    /// Brings in the page that a system call of the deputy needs, and those behind it when it goes through
    /// memory in order. Called without locks.
    #[inline(never)]
    fn borrow_page(&self, addr: u64) -> Result {
        let deadline = Deadline::ms(PATIENCE_MS);
        shortage::outlast(deadline, || {
            Ok(self.borrowed.lock().reserve(1, GFP_KERNEL)?)
        })?;
        let wanted = self.wanted_at(addr);
        let answer = self.pages.take(addr, wanted)?;
        let count = match &answer {
            Answer::Content(frame) => frame.read::<Pages<'_>>()?.count(),
            // The fault is tried again, and is home's own then.
            Answer::Home(count) => *count,
        };
        if count == 0 || count > wanted {
            return Err(EPROTO);
        }
        let run = Run { start: addr, count };
        self.borrowed_end
            .store(addr + (count * PAGE) as u64, Ordering::Relaxed);
        self.borrowed
            .lock()
            .push_within_capacity(run)
            .map_err(|_| ENOMEM)?;
        let deadline = Deadline::ms(PATIENCE_MS);
        let Answer::Content(frame) = answer else {
            return shortage::outlast(deadline, || self.mm().fence(addr, count));
        };
        // The guest has them no more.
        let mut expected = addr;
        for (at, data) in frame.read::<Pages<'_>>()?.iter() {
            if at != expected {
                return Err(EPROTO);
            }
            shortage::outlast(deadline, || self.mm().put(at, data))?;
            expected += PAGE as u64;
        }
        Ok(())
    }

    /// How many pages to bring in: four times as many as before each time that it goes on where the last ones
    /// ended, within one mapping.
    fn wanted_at(&self, addr: u64) -> usize {
        let mut count = 1;
        if addr == self.borrowed_end.load(Ordering::Relaxed) {
            let room = self
                .mm()
                .next_vma(addr)
                .map_or(1, |vma| vma.end.saturating_sub(addr as usize) / PAGE);
            let more = self.borrowed_run.load(Ordering::Relaxed) * 4;
            count = more.min(room).clamp(1, mm::RUN);
        }
        self.borrowed_run.store(count, Ordering::Relaxed);
        count
    }

    /// May missing pages be served natively? So it is with those borrowed from no one, and while
    /// pages of files are read for the guest.
    fn is_own(&self, addr: u64) -> bool {
        let window = self.window_start.load(Ordering::Relaxed);
        self.lending.load(Ordering::Relaxed)
            || addr.wrapping_sub(window) < self.window_len.load(Ordering::Relaxed)
            || self.borrowed.lock().iter().any(|run| run.has(addr))
    }

    /// Gives all pages that a system call took back to the guest.
    #[inline(never)]
    pub(super) fn give_back(&self) -> Result {
        let borrowed = core::mem::take(&mut *self.borrowed.lock());
        if borrowed.is_empty() {
            return Ok(());
        }
        self.borrowed_end.store(0, Ordering::Relaxed);
        let deadline = Deadline::ms(ALONE_MS);
        for run in &borrowed {
            // What it has got already it may get once more: it stands still.
            shortage::outlast(deadline, || self.give_run(run))?;
        }
        // Only now: with a page of a file, others around it may have been mapped.
        for addr in borrowed.iter().flat_map(Run::pages) {
            self.mm().drop_page(addr);
        }
        Ok(())
    }

    /// Gives a run of pages back: stretches with content, and stretches without.
    fn give_run(&self, run: &Run) -> Result {
        let mut page = KVVec::from_elem(0u8, PAGE, GFP_KERNEL)?;
        let mut bytes = KVVec::new();
        let (mut start, mut count, mut filled) = (run.start, 0, false);
        for addr in run.pages() {
            let room: &mut [u8; PAGE] = page.first_chunk_mut().ok_or(EINVAL)?;
            let found = matches!(self.mm().peek(addr, room)?, mm::Content::Copied);
            if found != filled {
                self.pages.give(start, count, &bytes)?;
                bytes.clear();
                (start, count, filled) = (addr, 0, found);
            }
            if found {
                bytes.extend_from_slice(&page, GFP_KERNEL)?;
            }
            count += 1;
        }
        self.pages.give(start, count, &bytes)
    }

    /// Sends the guest pages of its file mappings.
    #[inline(never)]
    pub(super) fn lend(&self, frame: &Frame) -> Result {
        fault::hit(Point::Fetch)?;
        let fetch: Fetch = frame.read()?;
        let count = (fetch.count as usize).clamp(1, mm::RUN);
        self.lending.store(true, Ordering::Relaxed);
        // Any other error is that of the program.
        let held = shortage::outlast(Deadline::ms(ALONE_MS), || self.lendable(fetch.addr, count));
        self.lending.store(false, Ordering::Relaxed);
        match held {
            Ok(held) => {
                if self.has_due_news() {
                    // It must not go on with new pages beside old ones.
                    self.lane.say(0, &Pause {})?;
                }
                crate::image::memory::send(
                    &self.lane,
                    Kind::Pages,
                    frame.seq(),
                    fetch.addr,
                    held.iter(),
                )
            }
            Err(_) => self.lane.say(
                frame.seq(),
                &NoPage {
                    addr: fetch.addr,
                    count: 1,
                    why: NoPage::FAULT,
                },
            ),
        }
    }

    /// Holds pages of a file mapping, not beyond its end.
    fn lendable(&self, addr: u64, count: usize) -> Result<mm::Held> {
        let vma = self.mm().next_vma(addr).ok_or(EFAULT)?;
        let file = matches!(
            vma.kind,
            kernel::bindings::openmosix_vma_kind_OPENMOSIX_VMA_FILE
                | kernel::bindings::openmosix_vma_kind_OPENMOSIX_VMA_SHARED
        );
        if addr % PAGE as u64 != 0 || (vma.start as u64) > addr || !file {
            return Err(EFAULT);
        }
        let left = (vma.end as u64 - addr) as usize / PAGE;
        let held = self.mm().hold(addr, count.min(left));
        // Even if that has failed, the faults may have mapped pages around: a call must not find them.
        self.mm().drop_page(addr);
        held
    }
}
