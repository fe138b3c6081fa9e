// SPDX-License-Identifier: GPL-2.0-only

//! The guests of this node.
//!
//! Locks: `List::entries`, a leaf; the files of `/proc/hpc/remote` are made and removed outside it.

use super::Guest;
use crate::{
    control,
    link::{
        Deadline,
        Wait, //
    },
    sys::{
        self,
        wait::WaitQueue, //
    },
    task::target::Token, //
};
use kernel::{
    alloc::KVec,
    new_mutex,
    prelude::*,
    static_lock_class,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Mutex,
        SetOnce, //
    },
};

struct Entry {
    guest: Arc<Guest>,
    _files: control::Guest,
}

#[pin_data]
struct List {
    #[pin]
    entries: Mutex<KVec<Entry>>,
    /// How many there are.
    count: Atomic<usize>,
    /// How many more were let in, and are not here yet.
    coming: Atomic<i32>,
    /// Who waits for guests to leave.
    #[pin]
    leaves: WaitQueue,
}

static LIST: SetOnce<Pin<KBox<List>>> = SetOnce::new();

/// Begins with an empty list.
pub(crate) fn start() -> Result {
    let list = KBox::pin_init(
        pin_init!(List {
            entries <- new_mutex!(KVec::new(), "guest::List::entries"),
            count: Atomic::new(0),
            coming: Atomic::new(0),
            leaves <- WaitQueue::new(c"guest::List::leaves", static_lock_class!()),
        }),
        GFP_KERNEL,
    )?;
    LIST.populate(list);
    Ok(())
}

/// Adds a guest, and shows it in `/proc/hpc/remote`.
pub(crate) fn add(guest: Arc<Guest>) -> Result {
    let list = LIST.as_ref().ok_or(ENODEV)?;
    let origin = guest.origin();
    let home_pid = i32::try_from(origin.pid).map_err(|_| EPROTO)?;
    let files = control::Guest::new(guest.clone(), origin.node, home_pid, &origin.comm)?;
    let entry = Entry {
        guest,
        _files: files,
    };
    let mut entries = list.entries.lock();
    entries.push(entry, GFP_KERNEL)?;
    list.count.store(entries.len(), Relaxed);
    Ok(())
}

/// Forgets a guest.
pub(crate) fn remove(guest: &Guest) {
    let Some(list) = LIST.as_ref() else {
        return;
    };
    let entry = {
        let mut entries = list.entries.lock();
        let at = entries
            .iter()
            .position(|entry| core::ptr::eq::<Guest>(&*entry.guest, guest));
        let entry = at.and_then(|at| entries.remove(at).ok());
        list.count.store(entries.len(), Relaxed);
        entry
    };
    list.leaves.wake_all();
    drop(entry);
}

/// All guests.
pub(crate) fn all() -> Result<KVec<Arc<Guest>>> {
    let list = LIST.as_ref().ok_or(ENODEV)?;
    let entries = list.entries.lock();
    let mut guests = KVec::with_capacity(entries.len(), GFP_KERNEL)?;
    for entry in entries.iter() {
        guests.push(entry.guest.clone(), GFP_KERNEL)?;
    }
    Ok(guests)
}

/// Waits until there are no guests, and none is on its way here. Any signal ends that.
pub(crate) fn await_none(deadline: Deadline) -> Result {
    let list = LIST.as_ref().ok_or(ENODEV)?;
    list.leaves.wait(Wait::Interruptible, deadline, || {
        list.count.load(Relaxed) == 0 && list.coming.load(Relaxed) == 0
    })
}

/// A guest is on its way here, until this is dropped.
pub(crate) struct Coming(());

impl Coming {
    /// One more guest.
    pub(crate) fn new() -> Self {
        if let Some(list) = LIST.as_ref() {
            list.coming.add(1, Relaxed);
        }
        Self(())
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        if let Some(list) = LIST.as_ref() {
            list.coming.fetch_sub(1, Relaxed);
            list.leaves.wake_all();
        }
    }
}

/// How many guests there are, those that are just coming among them.
pub(crate) fn count() -> usize {
    LIST.as_ref().map_or(0, |list| list.count.load(Relaxed))
}

/// How many guests have arrived, and how many of all run or wait for a processor.
pub(crate) fn present() -> (usize, u32) {
    let Some(list) = LIST.as_ref() else {
        return (0, 0);
    };
    let entries = list.entries.lock();
    let running = entries
        .iter()
        .filter(|entry| sys::task::is_running(entry.guest.task()));
    let running = u32::try_from(running.count()).unwrap_or(0);
    let arrived = entries.iter().filter(|entry| entry.guest.has_arrived());
    (arrived.count(), running)
}

/// The guest whose page lane says this.
pub(crate) fn find(token: &Token) -> Option<Arc<Guest>> {
    let entries = LIST.as_ref()?.entries.lock();
    let entry = entries.iter().find(|entry| entry.guest.token == *token);
    entry.map(|entry| entry.guest.clone())
}
