// SPDX-License-Identifier: GPL-2.0-only

//! The departed processes of this node, and those that depart, by address space: for whoever looks at their memory from
//! outside.
//!
//! Locks: `List::entries`, a leaf.

use super::{
    memory::{
        self,
        PageLane, //
    },
    Deputy, //
};
use crate::{
    link::{
        Deadline,
        Wait, //
    },
    node::NodeId,
    sys::{
        mm::Mm,
        task,
        wait::WaitQueue, //
    },
};
use core::sync::atomic::{
    AtomicU64,
    AtomicUsize,
    Ordering, //
};
use kernel::{
    alloc::KVec,
    new_mutex,
    prelude::*,
    static_lock_class,
    sync::{
        aref::ARef,
        Arc,
        Mutex,
        SetOnce, //
    },
    task::Task, //
};

/// Milliseconds that a process may take to come home for somebody who needs its memory.
const RETURN_MS: u32 = 20_000;

/// A process that has departed, or departs.
#[derive(Clone)]
pub(crate) struct Entry {
    mm: usize,
    /// Its page lane; none as long as it has its memory at home.
    pub(crate) pages: Option<Arc<PageLane>>,
    /// Its task at home.
    pub(crate) task: ARef<Task>,
    /// Where it is.
    node: NodeId,
    /// Number of its departure.
    departure: u64,
}

impl Entry {
    /// Reads its memory for somebody outside; returns how many bytes there were. If it is not [`Self::is_still`] there
    /// then, they may be wrong.
    pub(crate) fn read(&self, home: &Mm, addr: u64, to: &mut [u8]) -> usize {
        match &self.pages {
            Some(pages) => pages.read(home, addr, to),
            None => memory::read_home(home, addr, to),
        }
    }

    /// Is its memory where it was?
    pub(crate) fn is_still(&self, before: &Self) -> bool {
        let same_lane = match (&self.pages, &before.pages) {
            (Some(now), Some(before)) => Arc::ptr_eq(now, before),
            (now, before) => now.is_none() && before.is_none(),
        };
        same_lane && self.departure == before.departure
    }
}

/// Has a process of this node come home.
pub(crate) type Caller = fn(&Task) -> Result;

#[pin_data]
struct List {
    #[pin]
    entries: Mutex<KVec<Entry>>,
    /// Who waits for a process to come home.
    #[pin]
    returns: WaitQueue,
    /// How many have begun to depart.
    departures: AtomicU64,
    /// How many have come home or ended.
    returned: AtomicU64,
    /// How many are away.
    away: AtomicUsize,
    caller: Caller,
}

static LIST: SetOnce<Pin<KBox<List>>> = SetOnce::new();

/// Begins with an empty list.
pub(crate) fn start(caller: Caller) -> Result {
    let list = KBox::pin_init(
        pin_init!(List {
            entries <- new_mutex!(KVec::new(), "deputy::List::entries"),
            returns <- WaitQueue::new(c"deputy::List::returns", static_lock_class!()),
            departures: AtomicU64::new(0),
            returned: AtomicU64::new(0),
            away: AtomicUsize::new(0),
            caller,
        }),
        GFP_KERNEL,
    )?;
    LIST.populate(list);
    Ok(())
}

/// A process that departs. If it does not, it is forgotten when this is dropped.
pub(crate) struct Departing {
    mm: usize,
}

impl Departing {
    /// Adds the process of `task` with that address space, which goes to `node`.
    pub(crate) fn begin(mm: &Mm, task: &Task, node: NodeId) -> Result<Self> {
        let list = LIST.as_ref().ok_or(ENODEV)?;
        let mm = mm.id();
        let entry = Entry {
            mm,
            pages: None,
            task: task.into(),
            node,
            departure: list.departures.fetch_add(1, Ordering::Relaxed),
        };
        let mut entries = list.entries.lock();
        entries.push(entry, GFP_KERNEL)?;
        list.away.store(entries.len(), Ordering::Relaxed);
        Ok(Self { mm })
    }

    /// It has departed.
    pub(crate) fn done(self) {
        core::mem::forget(self);
    }
}

impl Drop for Departing {
    fn drop(&mut self) {
        forget(self.mm);
    }
}

/// The memory of the process is on that deputy's node now.
pub(crate) fn replace(deputy: &Deputy) {
    if let Some(list) = LIST.as_ref() {
        let id = deputy.mm().id();
        let mut entries = list.entries.lock();
        if let Some(entry) = entries.iter_mut().find(|entry| entry.mm == id) {
            entry.pages = Some(deputy.pages().clone());
            entry.node = deputy.node();
        }
    }
}

/// Forgets a deputy.
pub(crate) fn remove(deputy: &Deputy) {
    forget(deputy.mm().id());
}

fn forget(mm: usize) {
    if let Some(list) = LIST.as_ref() {
        let mut entries = list.entries.lock();
        entries.retain(|entry| entry.mm != mm);
        list.away.store(entries.len(), Ordering::Relaxed);
        drop(entries);
        list.returned.fetch_add(1, Ordering::Relaxed);
        list.returns.wake_all();
    }
}

/// The departed process with that address space.
pub(crate) fn find(mm: usize) -> Option<Entry> {
    let entries = LIST.as_ref()?.entries.lock();
    entries.iter().find(|entry| entry.mm == mm).cloned()
}

/// Is there a departed process with that address space?
pub(crate) fn is_away(mm: usize) -> bool {
    LIST.as_ref()
        .is_some_and(|list| list.entries.lock().iter().any(|entry| entry.mm == mm))
}

/// How many processes are away.
pub(crate) fn count() -> usize {
    LIST.as_ref()
        .map_or(0, |list| list.away.load(Ordering::Relaxed))
}

/// How many deputies run or wait for a processor.
pub(crate) fn running() -> u32 {
    let Some(list) = LIST.as_ref() else {
        return 0;
    };
    let entries = list.entries.lock();
    let running = entries.iter().filter(|it| task::is_running(&it.task));
    u32::try_from(running.count()).unwrap_or(0)
}

/// Where they are; a node for each.
pub(crate) fn nodes() -> Result<KVec<NodeId>> {
    let entries = LIST.as_ref().ok_or(ENODEV)?.entries.lock();
    let mut nodes = KVec::with_capacity(entries.len(), GFP_KERNEL)?;
    for entry in entries.iter() {
        nodes.push(entry.node, GFP_KERNEL)?;
    }
    Ok(nodes)
}

/// Has all of them come home.
pub(crate) fn bring() {
    let Some(list) = LIST.as_ref() else {
        return;
    };
    let mut number = 0;
    loop {
        // Who comes home meanwhile moves others up: they are told the next time.
        let entry = list.entries.lock().get(number).cloned();
        let Some(entry) = entry else {
            return;
        };
        // One that ends need not come.
        let _ = (list.caller)(&entry.task);
        number += 1;
    }
}

/// Waits until none is away. Any signal ends that.
pub(crate) fn await_none(deadline: Deadline) -> Result {
    let list = LIST.as_ref().ok_or(ENODEV)?;
    list.returns
        .wait(Wait::Interruptible, deadline, || count() == 0)
}

/// Waits until no departed process has that address space.
pub(crate) fn await_return(mm: usize) -> Result {
    let list = LIST.as_ref().ok_or(ENODEV)?;
    let deadline = Deadline::ms(RETURN_MS);
    loop {
        let returned = list.returned.load(Ordering::Relaxed);
        if !is_away(mm) {
            return Ok(());
        }
        list.returns.wait(Wait::Killable, deadline, || {
            list.returned.load(Ordering::Relaxed) != returned
        })?;
    }
}
