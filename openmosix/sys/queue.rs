// SPDX-License-Identifier: GPL-2.0-only

//! The queues on which all work of openMosix runs.
//!
//! Items run at once, each in a thread of its own: they may sleep for as long as they need, and hold up nobody. But a
//! queue has no more than 2048 threads, fewer on a machine with several memory nodes. So what lasts as long as a link or
//! a guest has queues of its own: whatever their number, all else goes on.
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
static LINKS: SetOnce<&'static Queue> = SetOnce::new();
static LANES: SetOnce<&'static Queue> = SetOnce::new();

/// Makes the queues. They exist for ever.
pub(crate) fn start() -> Result {
    QUEUE.populate(make(c"openmosix")?);
    LINKS.populate(make(c"openmosix_links")?);
    LANES.populate(make(c"openmosix_lanes")?);
    Ok(())
}

fn make(name: &'static CStr) -> Result<&'static Queue> {
    // SAFETY: The format takes one string, which is valid.
    let queue = unsafe {
        bindings::alloc_workqueue_noprof(
            c"%s".as_char_ptr(),
            bindings::wq_flags_WQ_UNBOUND,
            bindings::wq_consts_WQ_UNBOUND_MAX_ACTIVE as i32,
            name.as_char_ptr(),
        )
    };
    if queue.is_null() {
        return Err(ENOMEM);
    }
    // SAFETY: It was just made, and is never destroyed.
    Ok(unsafe { Queue::from_raw(queue) })
}

/// Has `work` done soon. Fails without memory for it.
pub(crate) fn spawn(work: impl FnOnce() + Send + 'static) -> Result {
    spawn_on(&QUEUE, work)
}

/// The same for work that lasts as long as the link to a node.
pub(crate) fn spawn_link(work: impl FnOnce() + Send + 'static) -> Result {
    spawn_on(&LINKS, work)
}

/// The same for work that lasts as long as the page lane of a guest.
pub(crate) fn spawn_lane(work: impl FnOnce() + Send + 'static) -> Result {
    spawn_on(&LANES, work)
}

fn spawn_on(queue: &SetOnce<&'static Queue>, work: impl FnOnce() + Send + 'static) -> Result {
    let queue = queue.copy().ok_or(ENODEV)?;
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
