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
    sys::{
        self,
        mm::{
            Content,
            Mm,
            PAGE, //
        },
    },
    wire::{
        life::Usage,
        pages::{
            Bytes,
            Done,
            Fetch,
            NoPage,
            Peek,
            Poke, //
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

/// Serves a page lane until it ends. Runs in a worker of its own.
pub(crate) fn serve(channel: Arc<Channel>) -> Result {
    let (lane, first) = Lane::accept(channel, Deadline::ms(JOIN_MS))?;
    let join: Join = first.read()?;
    let guest = list::find(&join.token).ok_or(ENOENT)?;
    if guest.origin().node != lane.channel().peer() {
        return Err(EPERM);
    }
    lane.say(first.seq(), &Done { len: 0 })?;
    let mut page = KVVec::from_elem(0u8, PAGE, GFP_KERNEL)?;
    loop {
        let frame = lane.hear(Wait::Killable, Deadline::NEVER)?;
        let memory = guest.memory.get().ok_or(ESRCH)?;
        let room = page.first_chunk_mut().ok_or(EINVAL)?;
        answer(&guest, &memory, &lane, &frame, room)?;
    }
}

fn answer(guest: &Guest, memory: &Mm, lane: &Lane, frame: &Frame, page: &mut [u8; PAGE]) -> Result {
    let seq = frame.seq();
    match frame.kind() {
        Kind::Fetch => {
            fault::hit(Point::Fetch)?;
            let fetch: Fetch = frame.read()?;
            match memory.take(fetch.addr, page)? {
                Content::Copied => {
                    let pages = core::iter::once(&page[..]);
                    crate::image::memory::send(lane, Kind::Pages, seq, fetch.addr, pages)
                }
                Content::None => no_page(lane, seq, fetch.addr, NoPage::EMPTY),
                Content::Unmapped => no_page(lane, seq, fetch.addr, NoPage::FAULT),
            }
        }
        Kind::Poke => {
            let poke: Poke<'_> = frame.read()?;
            if poke.data.is_empty() {
                memory.clear_marker(poke.addr);
            } else {
                memory.put(poke.addr, poke.data)?;
            }
            let len = poke.data.len() as u64;
            lane.say(seq, &Done { len })
        }
        Kind::Peek => {
            let peek: Peek = frame.read()?;
            let start = (peek.addr % PAGE as u64) as usize;
            let end = start.saturating_add(peek.len as usize).min(PAGE);
            match memory.peek(peek.addr, page)? {
                Content::Copied => lane.say(
                    seq,
                    &Bytes {
                        data: page.get(start..end).ok_or(EPROTO)?,
                    },
                ),
                Content::None => no_page(lane, seq, peek.addr, NoPage::EMPTY),
                Content::Unmapped => no_page(lane, seq, peek.addr, NoPage::FAULT),
            }
        }
        Kind::UsageAsked => {
            let cpu_ns = sys::task::cpu_time(guest.task());
            let resident = memory.resident();
            lane.say(seq, &Usage { cpu_ns, resident })
        }
        _ => Err(EPROTO),
    }
}

fn no_page(lane: &Lane, seq: u64, addr: u64, why: u64) -> Result {
    lane.say(seq, &NoPage { addr, why })
}
