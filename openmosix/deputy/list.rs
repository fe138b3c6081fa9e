// SPDX-License-Identifier: GPL-2.0-only

//! The page lanes of the departed processes of this node, by address space: for whoever looks at their
//! memory from outside.
//!
//! Locks: `List::entries`, a leaf.

use super::{
    memory::PageLane,
    Deputy, //
};
use kernel::{
    alloc::KVec,
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex,
        SetOnce, //
    },
};

#[pin_data]
struct List {
    #[pin]
    entries: Mutex<KVec<(usize, Arc<PageLane>)>>,
}

static LIST: SetOnce<Pin<KBox<List>>> = SetOnce::new();

/// Begins with an empty list.
pub(crate) fn start() -> Result {
    let list = KBox::pin_init(
        pin_init!(List {
            entries <- new_mutex!(KVec::new(), "deputy::List::entries"),
        }),
        GFP_KERNEL,
    )?;
    LIST.populate(list);
    Ok(())
}

/// Adds a deputy.
pub(crate) fn add(deputy: &Deputy) -> Result {
    let list = LIST.as_ref().ok_or(ENODEV)?;
    let entry = (deputy.mm().id(), deputy.pages().clone());
    list.entries.lock().push(entry, GFP_KERNEL)?;
    Ok(())
}

/// Forgets a deputy.
pub(crate) fn remove(deputy: &Deputy) {
    if let Some(list) = LIST.as_ref() {
        let id = deputy.mm().id();
        list.entries.lock().retain(|(mm, _)| *mm != id);
    }
}

/// The page lane of an address space.
pub(crate) fn find(mm: usize) -> Option<Arc<PageLane>> {
    let entries = LIST.as_ref()?.entries.lock();
    let entry = entries.iter().find(|(id, _)| *id == mm);
    entry.map(|(_, lane)| lane.clone())
}
