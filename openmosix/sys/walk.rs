// SPDX-License-Identifier: GPL-2.0-only

//! What the processes of this node use.
//!
//! C header: [`include/linux/openmosix_edge.h`](srctree/include/linux/openmosix_edge.h)

use core::ptr::NonNull;
use kernel::{
    bindings,
    prelude::*,
    sync::aref::ARef,
    task::Task, //
};

/// How many processes there is room for at first.
const ROOM: usize = 128;

/// How often more room is made if that was too little. Processes may come faster.
const TRIES: usize = 4;

/// What a process uses: CPU time, calls, memory. The task in it is not to be used.
pub(crate) type Uses = bindings::openmosix_seen;

/// A process.
pub(crate) struct Seen {
    /// Its task.
    pub(crate) task: ARef<Task>,
    /// What it uses.
    pub(crate) uses: Uses,
}

/// Looks at one process.
pub(crate) fn look(task: &Task) -> Uses {
    let mut uses = Uses::default();
    // SAFETY: The reference keeps the task alive; `uses` is room for one.
    unsafe { bindings::openmosix_look(task.as_ptr(), &mut uses) };
    uses
}

/// The processes of this node that may have to be elsewhere: those that have used so many nanoseconds of CPU time, have
/// so many bytes of memory (if not 0), or that anything is known of.
pub(crate) fn walk(cpu_ns: u64, resident: u64) -> Result<KVVec<Seen>> {
    let mut room = ROOM;
    for _ in 0..TRIES {
        let mut raw = KVVec::from_elem(Uses::default(), room, GFP_KERNEL)?;
        let mut all = KVVec::with_capacity(room, GFP_KERNEL)?;
        // SAFETY: `raw` has room for so many.
        let count = unsafe { bindings::openmosix_walk(raw.as_mut_ptr(), room, cpu_ns, resident) };
        for uses in raw.iter().take(count) {
            let Some(task) = NonNull::new(uses.task.cast::<Task>()) else {
                break;
            };
            // SAFETY: The reference that the walk has taken is ours.
            let task = unsafe { ARef::from_raw(task) };
            let uses = *uses;
            all.push(Seen { task, uses }, GFP_KERNEL)?;
        }
        if count <= room {
            return Ok(all);
        }
        room = count.saturating_add(ROOM);
    }
    Err(EAGAIN)
}
