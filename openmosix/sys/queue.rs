// SPDX-License-Identifier: GPL-2.0-only

//! The queue on which all work of openMosix runs.
//!
//! Its items run at once, each in a thread of its own: they may sleep for as long as they need, and hold up nobody.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use kernel::{
    bindings,
    prelude::*,
    sync::SetOnce,
    time::msecs_to_jiffies,
    workqueue::{
        Queue,
        RawDelayedWorkItem,
        RawWorkItem, //
    },
};

static QUEUE: SetOnce<&'static Queue> = SetOnce::new();

/// Makes the queue. It exists for ever.
pub(crate) fn start() -> Result {
    // SAFETY: The format takes one string, which is valid.
    let queue = unsafe {
        bindings::alloc_workqueue_noprof(
            c"%s".as_char_ptr(),
            bindings::wq_flags_WQ_UNBOUND,
            bindings::wq_consts_WQ_UNBOUND_MAX_ACTIVE as i32,
            c"openmosix".as_char_ptr(),
        )
    };
    if queue.is_null() {
        return Err(ENOMEM);
    }
    // SAFETY: It was just made, and is never destroyed.
    QUEUE.populate(unsafe { Queue::from_raw(queue) });
    Ok(())
}

/// Has `work` done soon. Fails without memory for it.
pub(crate) fn spawn(work: impl FnOnce() + Send + 'static) -> Result {
    let queue = QUEUE.copy().ok_or(ENODEV)?;
    Ok(queue.try_spawn(GFP_KERNEL, work)?)
}

/// Has a work item run soon. One that is queued already is run once.
pub(crate) fn run<W, const ID: u64>(item: W)
where
    W: RawWorkItem<ID> + Send + 'static,
{
    if let Some(queue) = QUEUE.copy() {
        let _ = queue.enqueue(item);
    }
}

/// Has a work item run after `ms` milliseconds. One that is queued already is run once.
pub(crate) fn run_after<W, const ID: u64>(item: W, ms: u32)
where
    W: RawDelayedWorkItem<ID> + Send + 'static,
{
    if let Some(queue) = QUEUE.copy() {
        let _ = queue.enqueue_delayed(item, msecs_to_jiffies(ms));
    }
}
