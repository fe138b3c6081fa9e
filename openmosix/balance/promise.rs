// SPDX-License-Identifier: GPL-2.0-only

//! What this node has sent to another one, and that one has not told of yet.

/// Milliseconds after which a node has noticed, and told, that a process arrived.
const NOTICED_MS: u64 = 1_000;

/// Processes that were sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    /// How many.
    pub(crate) guests: u16,
    /// Hundredths of processes.
    pub(crate) running: u32,
    /// Bytes of memory.
    pub(crate) bytes: u64,
    /// When the last of them was sent.
    at_ms: u64,
}

impl Promise {
    /// Nothing was sent.
    const NONE: Self = Self {
        guests: 0,
        running: 0,
        bytes: 0,
        at_ms: 0,
    };

    /// Whether a node has told of it that said something last at that time.
    fn is_kept(&self, said_ms: u64) -> bool {
        said_ms >= self.at_ms.saturating_add(NOTICED_MS)
    }

    fn add(&mut self, other: &Self) {
        self.guests = self.guests.saturating_add(other.guests);
        self.running = self.running.saturating_add(other.running);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.at_ms = self.at_ms.max(other.at_ms);
    }
}

/// All that was sent to a node, in two generations.
///
/// A generation is forgotten as a whole, when the last process of it has been noticed. What is sent meanwhile belongs
/// to the later one, and does not hold up the earlier one: so it is forgotten in time even where something is sent all
/// the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promises {
    earlier: Promise,
    later: Promise,
}

impl Promises {
    /// Nothing was sent.
    pub(crate) const NONE: Self = Self {
        earlier: Promise::NONE,
        later: Promise::NONE,
    };

    /// What a node that said something last at that time has not told of.
    pub(super) fn open(&self, said_ms: u64) -> Promise {
        let mut open = Promise::NONE;
        for promise in [self.earlier, self.later] {
            if !promise.is_kept(said_ms) {
                open.add(&promise);
            }
        }
        open
    }

    /// A process is sent to a node that said something last at that time.
    pub(super) fn add(&mut self, said_ms: u64, now_ms: u64, running: u32, bytes: u64) {
        if self.earlier.is_kept(said_ms) {
            self.earlier = core::mem::replace(&mut self.later, Promise::NONE);
        }
        self.later.add(&Promise {
            guests: 1,
            running,
            bytes,
            at_ms: now_ms,
        });
    }

    /// A process that was sent does not come: mostly one of the last.
    pub(super) fn take_back(&mut self, running: u32, bytes: u64) {
        let promise = if self.later.guests > 0 {
            &mut self.later
        } else {
            &mut self.earlier
        };
        promise.guests = promise.guests.saturating_sub(1);
        promise.running = promise.running.saturating_sub(running);
        promise.bytes = promise.bytes.saturating_sub(bytes);
    }
}
