// SPDX-License-Identifier: GPL-2.0-only

//! The page lane of a guest: home takes, gives and looks at pages.
//!
//! A worker serves it beside the guest's task, which mostly waits for the very system call at home that
//! needs the page.

use super::{
    list,
    Guest, //
};
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
        Channel,
        Deadline,
        Wait, //
    },
    shortage,
    sys::{
        self,
        mm::{
            Content,
            Mm,
            PAGE,
            RUN, //
        },
    },
    wire::{
        life::Usage,
        pages::{
            addresses,
            Bytes,
            Done,
            Fetch,
            NoPage,
            Pages,
            Peek,
            Poke,
            UsageAsked, //
        },
        prepare::Join,
        Kind, //
    },
};
use kernel::{
    alloc::KVVec,
    prelude::*,
    sync::Arc, //
};

/// Milliseconds that a peer may take to say whose page lane it has opened.
const JOIN_MS: u32 = 10_000;

/// Milliseconds for which memory may be short while home takes pages: less than it waits for them.
const TAKE_MS: u32 = 8_000;

/// The same while it gives pages back.
const GIVE_MS: u32 = 50_000;

/// Serves a page lane until it ends. Runs in a worker of its own.
pub(crate) fn serve(channel: Arc<Channel>) -> Result {
    let (lane, first) = Lane::accept(channel, Deadline::ms(JOIN_MS))?;
    let join: Join = first.read()?;
    let guest = list::find(&join.token).ok_or(ENOENT)?;
    if guest.origin().node != lane.channel().peer() {
        return Err(EPERM);
    }
    // When home knows that it is served, it is too late to have no memory.
    let mut page = KVVec::from_elem(0u8, PAGE, GFP_KERNEL)?;
    let room = page.first_chunk_mut().ok_or(EINVAL)?;
    guest.join(&lane)?;
    let end = lane.say(first.seq(), &Done { len: 0 });
    let end = end.and_then(|()| answer_all(&guest, &lane, room));
    // The guest keeps it too, and home must not wait for more answers.
    lane.close();
    end
}

/// Answers requests until the lane ends; `page` is room for a page.
fn answer_all(guest: &Guest, lane: &Lane, page: &mut [u8; PAGE]) -> Result {
    loop {
        // A worker that waits like this is no load. Nobody sends it signals.
        let frame = lane.hear(Wait::Interruptible, Deadline::NEVER)?;
        let memory = guest.memory.get().ok_or(ESRCH)?;
        answer(guest, &memory, lane, &frame, page)?;
    }
}

/// Answers one request.
fn answer(guest: &Guest, memory: &Mm, lane: &Lane, frame: &Frame, page: &mut [u8; PAGE]) -> Result {
    let seq = frame.seq();
    match frame.kind() {
        Kind::Fetch => fetch(memory, lane, frame, page),
        Kind::Poke => poke(memory, lane, frame),
        Kind::Peek => peek(memory, lane, frame, page),
        Kind::UsageAsked => {
            guest.heard_home();
            let task = guest.task();
            let (minor_faults, major_faults) = sys::task::faults(task);
            sys::task::set_guest_nice(task, frame.read::<UsageAsked>()?.nice);
            lane.say(
                seq,
                &Usage {
                    cpu_ns: sys::task::cpu_time(task),
                    resident: memory.resident(),
                    peak: memory.peak(),
                    minor_faults,
                    major_faults,
                    running: u64::from(sys::task::is_running(task)),
                },
            )
        }
        _ => Err(EPROTO),
    }
}

/// Home takes pages.
fn fetch(memory: &Mm, lane: &Lane, frame: &Frame, page: &mut [u8; PAGE]) -> Result {
    fault::hit(Point::Fetch)?;
    let seq = frame.seq();
    let fetch: Fetch = frame.read()?;
    let count = (fetch.count as usize).clamp(1, RUN);
    check_range(fetch.addr, count)?;
    let (taken, first, bytes) = take(memory, lane, fetch.addr, count, page)?;
    match first {
        Content::Copied => {
            let head = Pages::head(fetch.addr, taken);
            lane.say_parts(Kind::Pages, seq, &[&head, &bytes])
        }
        Content::None => no_pages(lane, seq, fetch.addr, taken, NoPage::EMPTY),
        Content::Unmapped => no_pages(lane, seq, fetch.addr, 1, NoPage::FAULT),
    }
}

/// Home gives pages back.
fn poke(memory: &Mm, lane: &Lane, frame: &Frame) -> Result {
    let poke: Poke<'_> = frame.read()?;
    if poke.data.is_empty() {
        let pages = (poke.count as usize).min(RUN);
        check_range(poke.addr, pages)?;
        for addr in addresses(poke.addr, pages) {
            memory.clear_marker(addr);
        }
    } else {
        let pages = Pages::new(poke.addr, poke.data).map_err(|_| EPROTO)?;
        let deadline = Deadline::ms(GIVE_MS);
        for (addr, data) in pages.iter() {
            match outlast(lane, deadline, || memory.put(addr, data)) {
                // Home has a mapping there, and the program has none.
                Err(error) if error == EFAULT => {}
                put => put?,
            }
        }
    }
    let len = poke.data.len() as u64;
    lane.say(frame.seq(), &Done { len })
}

/// Home looks at bytes of a page.
fn peek(memory: &Mm, lane: &Lane, frame: &Frame, page: &mut [u8; PAGE]) -> Result {
    let seq = frame.seq();
    let peek: Peek = frame.read()?;
    let start = (peek.addr % PAGE as u64) as usize;
    let end = start.saturating_add(peek.len as usize).min(PAGE);
    match memory.peek(peek.addr, page) {
        Ok(Content::Copied) => {
            let data = page.get(start..end).ok_or(EPROTO)?;
            lane.say(seq, &Bytes { data })
        }
        Ok(Content::None) => no_pages(lane, seq, peek.addr, 1, NoPage::EMPTY),
        // If it cannot be had, that is for who looks; the process has not asked for it.
        Ok(Content::Unmapped) | Err(_) => no_pages(lane, seq, peek.addr, 1, NoPage::FAULT),
    }
}

/// Home speaks of pages that an address space can have.
fn check_range(addr: u64, pages: usize) -> Result {
    let len = (pages * PAGE) as u64;
    addr.checked_add(len).map(|_| ()).ok_or(EPROTO)
}

/// Tries until it is not memory that lacks, as long as home is there.
fn outlast<T>(
    lane: &Lane,
    deadline: Deadline,
    mut attempt: impl FnMut() -> Result<T>,
) -> Result<T> {
    shortage::outlast(deadline, || {
        if !lane.channel().is_open() {
            return Err(ECONNRESET);
        }
        attempt()
    })
}

/// Takes up to `count` pages that are like the first: with content, which is returned, or without.
fn take(
    memory: &Mm,
    lane: &Lane,
    addr: u64,
    count: usize,
    page: &mut [u8; PAGE],
) -> Result<(u32, Content, KVVec<u8>)> {
    let mut bytes = KVVec::new();
    let first = outlast(lane, Deadline::ms(TAKE_MS), || {
        bytes.reserve(count * PAGE, GFP_KERNEL)?;
        memory.take(addr, page)
    })?;
    if matches!(first, Content::Copied) {
        bytes.extend_from_slice(page, GFP_KERNEL)?;
    }
    let mut taken = 1;
    for addr in addresses(addr, count).skip(1) {
        if matches!(first, Content::Unmapped) || !take_like(memory, first, addr, page) {
            break;
        }
        if matches!(first, Content::Copied) {
            bytes.extend_from_slice(page, GFP_KERNEL)?;
        }
        taken += 1;
    }
    Ok((taken, first, bytes))
}

/// Takes a page if it is like the first of its run. Looks at it before: there might be no memory to put it back. If
/// it cannot be had, that shows when it is the first.
fn take_like(memory: &Mm, first: Content, addr: u64, page: &mut [u8; PAGE]) -> bool {
    if memory.peek(addr, page) != Ok(first) {
        return false;
    }
    let like = memory.take(addr, page) == Ok(first);
    if !like {
        // The kernel was free to drop its content, and has just done so.
        memory.clear_marker(addr);
    }
    like
}

/// So many pages are not there.
fn no_pages(lane: &Lane, seq: u64, addr: u64, count: u32, why: u32) -> Result {
    lane.say(seq, &NoPage { addr, count, why })
}
