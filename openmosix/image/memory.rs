// SPDX-License-Identifier: GPL-2.0-only

//! The pages that only the process has.
//!
//! Pages that were never touched, zero pages and clean pages of files do not travel.

use crate::{
    link::lane::{
        Frame,
        Lane, //
    },
    sys::mm::{
        Mm,
        PAGE,
        RUN, //
    },
    wire::{
        self,
        pages::Pages,
        Kind, //
    },
};
use kernel::prelude::*;

// What travels as one page is one.
const _: () = assert!(PAGE == wire::PAGE);

/// Sends the pages of an address space that stands still; returns how many there were.
pub(crate) fn capture(lane: &Lane, mm: &Mm) -> Result<u64> {
    let mut total = 0;
    let mut from = 0;
    while let Some((addr, count)) = mm.next_run(from)? {
        let held = mm.hold(addr, count)?;
        if held.is_pinned() {
            // What is written to it after it was sent would be lost.
            return Err(EBUSY);
        }
        send(lane, Kind::Pages, 0, addr, held.iter())?;
        from = addr + (held.count() * PAGE) as u64;
        total += held.count() as u64;
    }
    Ok(total)
}

/// Sends up to [`RUN`] pages that lie one after the other.
pub(crate) fn send<'a>(
    lane: &Lane,
    kind: Kind,
    seq: u64,
    addr: u64,
    pages: impl Iterator<Item = &'a [u8]>,
) -> Result {
    let mut parts: [&[u8]; RUN + 1] = [&[]; RUN + 1];
    let mut count = 0;
    for (part, page) in parts.iter_mut().skip(1).zip(pages) {
        *part = page;
        count += 1;
    }
    let head = Pages::head(addr, count);
    if let Some(first) = parts.first_mut() {
        *first = &head;
    }
    lane.say_parts(kind, seq, parts.get(..count as usize + 1).ok_or(EINVAL)?)
}

/// How many pages a frame carries.
pub(crate) fn count(frame: &Frame) -> Result<u64> {
    Ok(frame.read::<Pages<'_>>()?.count() as u64)
}

/// Puts pages where they belong; returns how many there were.
pub(crate) fn install(frame: &Frame, mm: &Mm) -> Result<u64> {
    let pages: Pages<'_> = frame.read()?;
    for (addr, data) in pages.iter() {
        mm.put(addr, data)?;
    }
    Ok(pages.count() as u64)
}
