// SPDX-License-Identifier: GPL-2.0-only

//! The queues on which all work of openMosix runs.
//!
//! Items run at once, each in a thread of its own: they may sleep for as long as they need, and hold up nobody. But a
//! queue has no more than 2048 threads, fewer on a machine with several memory nodes. So what lasts as long as a link or
//! a guest has queues of its own: whatever their number, all else goes on.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use kernel::{
    bindings, container_of,
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

/// Has a work item run soon, also one that is queued to run later. One that runs now is run once more.
pub(crate) fn run_now<W, const ID: u64>(item: W)
where
    W: RawDelayedWorkItem<ID> + Send + 'static,
{
    let Some(queue) = QUEUE.copy() else {
        return;
    };
    let queue = core::ptr::from_ref(queue).cast_mut().cast();
    // SAFETY: `Queue` is transparent, and ours exists for ever. `work` is valid during the call, and part of a
    // `delayed_work` by the safety requirements of `RawDelayedWorkItem`. If the item was queued before, we return
    // `false`, as we must: it runs with what was given away then. Otherwise it is queued now, and we return `true`.
    let _ = unsafe {
        item.__enqueue(move |work| {
            !bindings::mod_delayed_work_on(
                bindings::wq_misc_consts_WORK_CPU_UNBOUND as i32,
                queue,
                container_of!(work, bindings::delayed_work, work),
                0,
            )
        })
    };
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kunit_tests(openmosix_queue)]
mod tests {
    use super::*;
    use crate::sys::wait::nap;
    use kernel::{
        impl_has_delayed_work, new_delayed_work,
        sync::{
            atomic::{
                Atomic,
                Relaxed, //
            },
            Arc, //
        },
        workqueue::{
            DelayedWork,
            WorkItem, //
        },
    };

    /// Counts how often it has run.
    #[pin_data]
    struct Counter {
        runs: Atomic<u32>,
        #[pin]
        work: DelayedWork<Counter>,
    }

    impl_has_delayed_work! {
        impl HasDelayedWork<Self> for Counter { self.work }
    }

    impl WorkItem for Counter {
        type Pointer = Arc<Counter>;

        fn run(counter: Arc<Counter>) {
            counter.runs.add(1, Relaxed);
        }
    }

    #[test]
    fn what_is_to_run_later_can_be_run_now() -> Result {
        let counter = Arc::pin_init(
            pin_init!(Counter {
                runs: Atomic::new(0),
                work <- new_delayed_work!("Counter::work"),
            }),
            GFP_KERNEL,
        )?;
        run_after(counter.clone(), 600_000);
        for runs in 1..=2 {
            run_now(counter.clone());
            for _ in 0..500 {
                if counter.runs.load(Relaxed) == runs {
                    break;
                }
                nap(10)?;
            }
            assert_eq!(counter.runs.load(Relaxed), runs);
        }
        Ok(())
    }
}
