// SPDX-License-Identifier: GPL-2.0-only

//! The call lane, as the guest uses it: questions to home, and notes from home.
//!
//! Notes may come at any time; those that come while the task waits for an answer are kept until it is
//! on its way to user mode.

use crate::{
    image,
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
        guest::Memory,
        mm::PAGE,
        signal, //
    },
    wire::{
        life,
        pages::{
            Fetch,
            Pages, //
        },
        Kind,
        Message, //
    },
};
use core::sync::atomic::{
    AtomicU64,
    Ordering, //
};
use kernel::{
    alloc::KVVec,
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
};

/// The most notes, and signals, that wait to be heeded.
const MOST: usize = 4096;

/// Milliseconds for which memory for one may be short: home has forgotten it.
const SHORT_MS: u32 = 20_000;

/// Appends to what waits. Only the guest's own task does that, and looks at it.
pub(super) fn queue<T>(waiting: &mut KVVec<T>, one: T) -> Result {
    if waiting.len() >= MOST {
        return Err(EPROTO);
    }
    shortage::outlast(Deadline::ms(SHORT_MS), || {
        Ok(waiting.reserve(1, GFP_KERNEL)?)
    })?;
    waiting.push_within_capacity(one).map_err(|_| ENOMEM)
}

/// What home tells a guest unasked.
pub(crate) enum Note {
    /// Deliver this.
    Signal(signal::Delivery),
    /// Stand still.
    Pause,
    /// Go on.
    Resume,
    /// Come home.
    Recall,
    /// A file that is mapped has changed.
    Stale(life::Stale),
}

/// See the module.
#[pin_data]
pub(crate) struct Line {
    lane: Lane,
    /// Address of the only task that may use it.
    owner: usize,
    seq: AtomicU64,
    #[pin]
    notes: Mutex<KVVec<Note>>,
}

impl Line {
    /// The line of the current task.
    pub(crate) fn new(lane: Lane) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                lane,
                owner: me(),
                seq: AtomicU64::new(0),
                notes <- new_mutex!(KVVec::new()),
            }),
            GFP_KERNEL,
        )
    }

    /// The lane.
    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Ends it.
    pub(crate) fn close(&self) {
        self.lane.close();
    }

    /// Asks home, with more bytes in the last field of the question, and waits for the answer, however long a system
    /// call there may take. No locks are held.
    pub(crate) fn ask<'a, M: Message<'a>>(&self, message: &M, more: &[u8]) -> Result<Frame> {
        self.ask_and(Wait::Freezable, message, more)
    }

    fn ask_and<'a, M: Message<'a>>(&self, wait: Wait, message: &M, more: &[u8]) -> Result<Frame> {
        if me() != self.owner {
            return Err(EPERM);
        }
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        self.lane.say_with(seq, message, more)?;
        loop {
            let frame = self.lane.hear(wait, Deadline::NEVER)?;
            if frame.seq() == seq {
                return Ok(frame);
            }
            self.keep(&frame)?;
        }
    }

    /// Keeps a note for later.
    fn keep(&self, frame: &Frame) -> Result {
        let note = read(frame)?;
        queue(&mut self.notes.lock(), note)
    }

    /// The next note that was kept.
    pub(crate) fn kept(&self) -> Option<Note> {
        let mut notes = self.notes.lock();
        if notes.is_empty() {
            return None;
        }
        notes.remove(0).ok()
    }

    /// Forgets that home wanted a guest to stand still which has stood still since then.
    pub(crate) fn forget_pauses(&self) {
        let mut notes = self.notes.lock();
        notes.retain(|note| !matches!(note, Note::Pause));
    }

    /// The next of those that were kept which tells what is stale.
    pub(crate) fn kept_stale(&self) -> Option<life::Stale> {
        let mut notes = self.notes.lock();
        let at = notes
            .iter()
            .position(|note| matches!(note, Note::Stale(_)))?;
        match notes.remove(at) {
            Ok(Note::Stale(stale)) => Some(stale),
            _ => None,
        }
    }

    /// The next note that is here already.
    pub(crate) fn note(&self) -> Result<Option<Note>> {
        let kept = self.kept();
        if kept.is_some() {
            return Ok(kept);
        }
        match self.lane.hear(Wait::Poll, Deadline::NEVER) {
            Ok(frame) => read(&frame).map(Some),
            Err(error) if error == EAGAIN => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits for the next note, however long the process may be stopped. No locks are held.
    pub(crate) fn next_note(&self) -> Result<Note> {
        read(&self.lane.hear(Wait::Freezable, Deadline::NEVER)?)
    }
}

impl Memory for Line {
    fn fill(&self, addr: u64, pages: &mut [&mut [u8]]) -> Result<usize> {
        // The pages are locked.
        let frame = self.ask_and(
            Wait::Killable,
            &Fetch {
                addr,
                count: u32::try_from(pages.len()).map_err(|_| EINVAL)?,
                flags: 0,
            },
            &[],
        )?;
        if frame.kind() == Kind::NoPage {
            return Ok(0);
        }
        let got: Pages<'_> = frame.read()?;
        let mut count = 0;
        for (to, (_, from)) in pages.iter_mut().zip(got.iter()) {
            if to.len() != PAGE {
                return Err(EINVAL);
            }
            to.copy_from_slice(from);
            count += 1;
        }
        Ok(count)
    }
}

/// Identifies the current task.
fn me() -> usize {
    kernel::task::Task::current_raw() as usize
}

fn read(frame: &Frame) -> Result<Note> {
    Ok(match frame.kind() {
        Kind::Signal => Note::Signal(image::signals::read(frame)?),
        Kind::Pause => Note::Pause,
        Kind::Resume => Note::Resume,
        Kind::Recall => Note::Recall,
        Kind::Stale => Note::Stale(frame.read()?),
        // The process is over at home: the same as a fatal signal here.
        Kind::Kill => return Err(EINTR),
        _ => return Err(EPROTO),
    })
}
