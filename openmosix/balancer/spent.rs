// SPDX-License-Identifier: GPL-2.0-only

//! What balancing costs this node: CPU time, and what gossip sends and hears (`/proc/hpc/admin/spent`).

use kernel::{
    sync::{
        aref::ARef,
        atomic::{
            Atomic,
            Relaxed, //
        },
    },
    task::Task, //
};

use crate::{
    sys::task,
    wire::Header, //
};

static CPU_NS: Atomic<u64> = Atomic::new(0);
static SENT: Traffic = Traffic::new();
static HEARD: Traffic = Traffic::new();

/// Messages in one direction.
struct Traffic {
    messages: Atomic<u64>,
    bytes: Atomic<u64>,
}

impl Traffic {
    const fn new() -> Self {
        Self {
            messages: Atomic::new(0),
            bytes: Atomic::new(0),
        }
    }

    fn count(&self, payload: usize) {
        self.messages.add(1, Relaxed);
        self.bytes.add((Header::SIZE + payload) as u64, Relaxed);
    }
}

/// A message with such a payload was sent.
pub(super) fn sent(payload: usize) {
    SENT.count(payload);
}

/// A message with such a payload came.
pub(super) fn heard(payload: usize) {
    HEARD.count(payload);
}

/// The current task works for the balancer until this is dropped: its CPU time counts.
pub(crate) struct Working {
    task: ARef<Task>,
    begin_ns: u64,
}

impl Working {
    pub(crate) fn begin() -> Self {
        let task = task::current();
        Self {
            begin_ns: task::cpu_time(&task),
            task,
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let spent_ns = task::cpu_time(&self.task).saturating_sub(self.begin_ns);
        CPU_NS.add(spent_ns, Relaxed);
    }
}

/// All that was spent since boot: names and numbers.
pub(crate) fn all() -> [(&'static str, u64); 5] {
    [
        ("cpu_us", CPU_NS.load(Relaxed) / 1_000),
        ("sent_messages", SENT.messages.load(Relaxed)),
        ("sent_bytes", SENT.bytes.load(Relaxed)),
        ("heard_messages", HEARD.messages.load(Relaxed)),
        ("heard_bytes", HEARD.bytes.load(Relaxed)),
    ]
}
