// SPDX-License-Identifier: GPL-2.0-only

//! A sleeping lock whose waiters can be killed and have a deadline.
//!
//! It is what may be held across the network: [`kernel::sync::Mutex`] has waiters that neither signals nor
//! time can end. Each direction of a connection has one, and each page lane, and nothing else: so whoever holds one
//! waits for its peer alone.

use core::{
    cell::UnsafeCell,
    marker::PhantomData,
    ops::{
        Deref,
        DerefMut, //
    },
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Release, //
        },
        LockClassKey, //
    },
};

use super::wait::{
    Deadline,
    Wait,
    WaitQueue, //
};

/// Lets one task at a time to its content.
///
/// # Invariants
///
/// `held` is true while, and only while, a [`Pass`] exists.
#[pin_data]
pub(crate) struct Gate<T> {
    held: Atomic<bool>,
    #[pin]
    queue: WaitQueue,
    content: UnsafeCell<T>,
}

// SAFETY: The content moves along with the gate.
unsafe impl<T: Send> Send for Gate<T> {}
// SAFETY: Only the holder of the one pass reaches the content.
unsafe impl<T: Send> Sync for Gate<T> {}

impl<T> Gate<T> {
    /// An open gate before `content`.
    pub(crate) fn new(
        content: T,
        name: &'static CStr,
        key: Pin<&'static LockClassKey>,
    ) -> impl PinInit<Self> {
        pin_init!(Self {
            held: Atomic::new(false),
            queue <- WaitQueue::new(name, key),
            content: UnsafeCell::new(content),
        })
    }

    /// Goes through, or waits for the one who is inside.
    pub(crate) fn enter(&self, wait: Wait, deadline: Deadline) -> Result<Pass<'_, T>> {
        self.queue.wait(wait, deadline, || {
            self.held.cmpxchg(false, true, Acquire).is_ok()
        })?;
        // INVARIANT: We set `held`, which was clear.
        Ok(Pass {
            gate: self,
            _content: PhantomData,
        })
    }
}

/// Makes the initialiser of a [`Gate`] with a name and a lock class of its own.
macro_rules! new_gate {
    ($content:expr, $name:literal) => {
        $crate::sys::gate::Gate::new(
            $content,
            ::kernel::c_str!($name),
            ::kernel::static_lock_class!(),
        )
    };
}
pub(crate) use new_gate;

/// The right to use what is behind a [`Gate`], until dropped.
#[must_use = "the gate is open again when this is dropped"]
pub(crate) struct Pass<'a, T> {
    gate: &'a Gate<T>,
    /// It is as good as a reference to the content, and shared between tasks only if that may be.
    _content: PhantomData<&'a mut T>,
}

impl<T> Deref for Pass<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: By the gate's invariant there is no other pass.
        unsafe { &*self.gate.content.get() }
    }
}

impl<T> DerefMut for Pass<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: By the gate's invariant there is no other pass.
        unsafe { &mut *self.gate.content.get() }
    }
}

impl<T> Drop for Pass<'_, T> {
    fn drop(&mut self) {
        self.gate.held.store(false, Release);
        self.gate.queue.wake_all();
    }
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kunit_tests(openmosix_gate)]
mod tests {
    use super::*;

    #[test]
    fn one_is_inside() -> Result {
        let gate = KBox::pin_init(new_gate!(1, "test"), GFP_KERNEL)?;
        let mut pass = gate.enter(Wait::Killable, Deadline::NEVER)?;
        *pass += 1;
        let second = |wait, ms| gate.enter(wait, Deadline::ms(ms)).map(|_| ());
        assert_eq!(second(Wait::Poll, 600_000), Err(EAGAIN));
        assert_eq!(second(Wait::Killable, 20), Err(ETIMEDOUT));
        drop(pass);
        assert_eq!(second(Wait::Poll, 0), Ok(()));
        assert_eq!(*gate.enter(Wait::Poll, Deadline::NEVER)?, 2);
        Ok(())
    }
}
