// SPDX-License-Identifier: GPL-2.0-only

//! Sleeping with a deadline, killably.
//!
//! C header: [`include/linux/wait.h`](srctree/include/linux/wait.h)

use kernel::{
    bindings,
    ffi::{
        c_int,
        c_long,
        c_uint, //
    },
    prelude::*,
    sync::LockClassKey,
    task::{
        Task,
        MAX_SCHEDULE_TIMEOUT, //
    },
    time::{
        msecs_to_jiffies,
        Delta,
        Instant,
        Monotonic, //
    },
    types::Opaque, //
};

/// What may end a wait early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Do not wait at all.
    Poll,
    /// Any signal, and a kick ([`super::task::kick`]).
    Interruptible,
    /// Only a signal that kills.
    Killable,
    /// The same, but the freezer may stop the task where it waits (sleep of the machine, a cgroup of version 1), and it
    /// is no load meanwhile. For waits that may last, of tasks that hold no lock: whoever needed it could not be frozen
    /// any more.
    Freezable,
}

impl Wait {
    fn state(self) -> c_uint {
        match self {
            Wait::Poll => bindings::TASK_RUNNING,
            Wait::Interruptible => bindings::TASK_INTERRUPTIBLE,
            Wait::Killable => bindings::TASK_WAKEKILL | bindings::TASK_UNINTERRUPTIBLE,
            Wait::Freezable => {
                Wait::Killable.state() | bindings::TASK_FREEZABLE | bindings::TASK_NOLOAD
            }
        }
    }

    fn check(self) -> Result {
        match self {
            Wait::Poll => Err(EAGAIN),
            Wait::Interruptible if current!().signal_pending() => Err(ERESTARTSYS),
            Wait::Killable | Wait::Freezable if fatal_signal_pending() => Err(EINTR),
            _ => Ok(()),
        }
    }
}

/// Whether somebody kills the current task.
pub(crate) fn fatal_signal_pending() -> bool {
    // SAFETY: `current` is valid.
    unsafe { bindings::fatal_signal_pending(Task::current_raw()) }
}

/// When a wait gives up.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Option<Instant<Monotonic>>);

impl Deadline {
    /// The wait does not give up.
    pub(crate) const NEVER: Deadline = Deadline(None);

    /// The wait gives up after so many milliseconds, counted from now.
    pub(crate) fn ms(ms: u32) -> Self {
        Self(Some(Instant::now() + Delta::from_millis(i64::from(ms))))
    }

    /// The earlier of both.
    pub(crate) fn min(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(Some(if (a - b).is_negative() { a } else { b })),
            (a, b) => Self(a.or(b)),
        }
    }

    /// Whether it has passed.
    pub(crate) fn is_over(self) -> bool {
        self.left().is_err()
    }

    /// Jiffies left, or an error when it has passed.
    fn left(self) -> Result<c_long> {
        let Some(end) = self.0 else {
            return Ok(MAX_SCHEDULE_TIMEOUT);
        };
        let ms = (end - Instant::now()).as_millis_ceil();
        if ms <= 0 {
            return Err(ETIMEDOUT);
        }
        let ms = c_uint::try_from(ms).unwrap_or(c_uint::MAX);
        Ok(c_long::try_from(msecs_to_jiffies(ms)).unwrap_or(MAX_SCHEDULE_TIMEOUT))
    }
}

/// Sleeps for so many milliseconds; `EINTR` if somebody kills the task.
pub(crate) fn nap(ms: u32) -> Result {
    let jiffies = c_long::try_from(msecs_to_jiffies(ms)).unwrap_or(1);
    // SAFETY: Called in process context; the timeout is not negative.
    unsafe { bindings::schedule_timeout_killable(jiffies) };
    Wait::Killable.check()
}

/// Sleeps on `queue` until `done`.
///
/// # Errors
///
/// `EAGAIN` when polling, `ETIMEDOUT` after the deadline, `ERESTARTSYS` for a signal while
/// interruptible, `EINTR` for a fatal one while killable or freezable. `done` is looked at once in any case.
///
/// `done` must not sleep.
///
/// # Safety
///
/// `queue` must be initialised, and stay so meanwhile.
pub(super) unsafe fn wait_on(
    queue: *mut bindings::wait_queue_head,
    wait: Wait,
    deadline: Deadline,
    mut done: impl FnMut() -> bool,
) -> Result {
    if done() {
        return Ok(());
    }
    if wait == Wait::Poll {
        return Err(EAGAIN);
    }
    let entry = Opaque::<bindings::wait_queue_entry>::uninit();
    // SAFETY: `entry` is valid memory, and stays where it is until `finish_wait()`.
    unsafe { bindings::init_wait(entry.get()) };
    let result = loop {
        // SAFETY: `entry` is initialised, and `queue` is by this function's contract.
        unsafe { bindings::prepare_to_wait(queue, entry.get(), wait.state() as c_int) };
        if done() {
            break Ok(());
        }
        if let Err(error) = wait.check() {
            break Err(error);
        }
        match deadline.left() {
            // SAFETY: Called in process context; the timeout is positive.
            Ok(jiffies) => unsafe { bindings::schedule_timeout(jiffies) },
            Err(error) => break Err(error),
        };
    };
    // SAFETY: As for `prepare_to_wait()`.
    unsafe { bindings::finish_wait(queue, entry.get()) };
    result
}

/// Wakes everybody who sleeps on `queue`, in whatever way.
///
/// # Safety
///
/// `queue` must be initialised.
pub(super) unsafe fn wake_all(queue: *mut bindings::wait_queue_head) {
    // SAFETY: By this function's contract.
    unsafe { bindings::__wake_up(queue, bindings::TASK_NORMAL, 0, core::ptr::null_mut()) };
}

/// A queue of sleeping tasks.
#[pin_data]
pub(crate) struct WaitQueue {
    #[pin]
    queue: Opaque<bindings::wait_queue_head>,
}

// SAFETY: A wait queue has its own lock.
unsafe impl Send for WaitQueue {}
// SAFETY: A wait queue has its own lock.
unsafe impl Sync for WaitQueue {}

impl WaitQueue {
    /// An empty queue.
    pub(crate) fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self> {
        pin_init!(Self {
            queue <- Opaque::ffi_init(|slot| {
                // SAFETY: `slot` is valid memory, `name` and `key` live for ever.
                unsafe {
                    bindings::__init_waitqueue_head(slot, name.as_char_ptr(), key.as_ptr())
                }
            }),
        })
    }

    /// Sleeps until `done`, which must not sleep; see [`Wait`] and [`Deadline`] for what ends it early.
    pub(crate) fn wait(
        &self,
        wait: Wait,
        deadline: Deadline,
        done: impl FnMut() -> bool,
    ) -> Result {
        // SAFETY: Initialised by `new()`.
        unsafe { wait_on(self.queue.get(), wait, deadline, done) }
    }

    /// Wakes all, so that each looks again whether it is done.
    pub(crate) fn wake_all(&self) {
        // SAFETY: Initialised by `new()`.
        unsafe { wake_all(self.queue.get()) };
    }
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kunit_tests(openmosix_wait)]
mod tests {
    use super::*;
    use kernel::static_lock_class;

    fn queue() -> Result<Pin<KBox<WaitQueue>>> {
        KBox::pin_init(WaitQueue::new(c"test", static_lock_class!()), GFP_KERNEL)
    }

    #[test]
    fn deadlines() {
        let (past, future) = (Deadline::ms(0), Deadline::ms(600_000));
        assert!(past.is_over());
        assert!(!future.is_over());
        assert!(!Deadline::NEVER.is_over());
        assert!(future.min(past).is_over());
        assert!(past.min(future).is_over());
        assert!(Deadline::NEVER.min(past).is_over());
        assert!(past.min(Deadline::NEVER).is_over());
        assert!(!Deadline::NEVER.min(future).is_over());
    }

    #[test]
    fn what_is_done_is_not_waited_for() -> Result {
        let queue = queue()?;
        assert_eq!(queue.wait(Wait::Poll, Deadline::NEVER, || true), Ok(()));
        assert_eq!(queue.wait(Wait::Killable, Deadline::ms(0), || true), Ok(()));
        Ok(())
    }

    #[test]
    fn a_wait_gives_up() -> Result {
        let queue = queue()?;
        for wait in [Wait::Killable, Wait::Freezable, Wait::Interruptible] {
            let begin = Instant::<Monotonic>::now();
            let result = queue.wait(wait, Deadline::ms(20), || false);
            assert_eq!(result, Err(ETIMEDOUT));
            assert!(begin.elapsed().as_millis_ceil() >= 20);
        }
        assert_eq!(
            queue.wait(Wait::Poll, Deadline::NEVER, || false),
            Err(EAGAIN)
        );
        Ok(())
    }
}
