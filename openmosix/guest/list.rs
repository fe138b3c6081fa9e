// SPDX-License-Identifier: GPL-2.0-only

//! The guests of this node.
//!
//! Locks: `List::entries`, a leaf; the files of `/proc/hpc/remote` are made and removed outside it.

use super::{
    Guest,
    Token, //
};
use crate::{
    control,
    sys, //
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

struct Entry {
    guest: Arc<Guest>,
    _files: control::Guest,
}

#[pin_data]
struct List {
    #[pin]
    entries: Mutex<KVec<Entry>>,
}

static LIST: SetOnce<Pin<KBox<List>>> = SetOnce::new();

/// Begins with an empty list.
pub(crate) fn start() -> Result {
    let list = KBox::pin_init(
        pin_init!(List {
            entries <- new_mutex!(KVec::new(), "guest::List::entries"),
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
    let files = control::Guest::new(guest.task().pid(), origin.node, home_pid, &origin.comm)?;
    let entry = Entry {
        guest,
        _files: files,
    };
    list.entries.lock().push(entry, GFP_KERNEL)?;
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
        at.and_then(|at| entries.remove(at).ok())
    };
    drop(entry);
}

/// How many guests there are, and how many of them run or wait for a processor.
pub(crate) fn count() -> (usize, u32) {
    let Some(list) = LIST.as_ref() else {
        return (0, 0);
    };
    let entries = list.entries.lock();
    let running = entries
        .iter()
        .filter(|entry| sys::task::is_running(entry.guest.task()));
    (entries.len(), u32::try_from(running.count()).unwrap_or(0))
}

/// The guest whose page lane says this.
pub(crate) fn find(token: &Token) -> Option<Arc<Guest>> {
    let entries = LIST.as_ref()?.entries.lock();
    let entry = entries.iter().find(|entry| entry.guest.token == *token);
    entry.map(|entry| entry.guest.clone())
}
