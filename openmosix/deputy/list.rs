// SPDX-License-Identifier: GPL-2.0-only

//! The departed processes of this node, by address space: for whoever looks at their memory from outside.
//!
//! Locks: `List::entries`, a leaf.

use super::{
    memory::PageLane,
    Deputy, //
};
use crate::{
    link::{
        Deadline,
        Wait, //
    },
    node::NodeId,
    sys::{
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

/// A departed process.
#[derive(Clone)]
pub(crate) struct Entry {
    mm: usize,
    /// Its page lane.
    pub(crate) pages: Arc<PageLane>,
    /// Its task at home.
    pub(crate) task: ARef<Task>,
    /// Where it is.
    node: NodeId,
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
            returned: AtomicU64::new(0),
            away: AtomicUsize::new(0),
            caller,
        }),
        GFP_KERNEL,
    )?;
    LIST.populate(list);
    Ok(())
}

/// Adds a deputy, whose task is `task`.
pub(crate) fn add(deputy: &Deputy, task: &Task) -> Result {
    let list = LIST.as_ref().ok_or(ENODEV)?;
    let entry = Entry {
        mm: deputy.mm().id(),
        pages: deputy.pages().clone(),
        task: task.into(),
        node: deputy.node(),
    };
    let mut entries = list.entries.lock();
    entries.push(entry, GFP_KERNEL)?;
    list.away.store(entries.len(), Ordering::Relaxed);
    Ok(())
}

/// The process is on another node now.
pub(crate) fn replace(deputy: &Deputy) {
    if let Some(list) = LIST.as_ref() {
        let id = deputy.mm().id();
        let mut entries = list.entries.lock();
        if let Some(entry) = entries.iter_mut().find(|entry| entry.mm == id) {
            entry.pages = deputy.pages().clone();
            entry.node = deputy.node();
        }
    }
}

/// Forgets a deputy.
pub(crate) fn remove(deputy: &Deputy) {
    if let Some(list) = LIST.as_ref() {
        let id = deputy.mm().id();
        let mut entries = list.entries.lock();
        entries.retain(|entry| entry.mm != id);
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
pub(crate) fn await_none() -> Result {
    let list = LIST.as_ref().ok_or(ENODEV)?;
    list.returns
        .wait(Wait::Interruptible, Deadline::NEVER, || count() == 0)
}

/// Waits until no departed process has that address space.
pub(crate) fn await_return(mm: usize) -> Result {
    let list = LIST.as_ref().ok_or(ENODEV)?;
    let deadline = Deadline::ms(RETURN_MS);
    loop {
        let returned = list.returned.load(Ordering::Relaxed);
        if find(mm).is_none() {
            return Ok(());
        }
        list.returns.wait(Wait::Killable, deadline, || {
            list.returned.load(Ordering::Relaxed) != returned
        })?;
    }
}
