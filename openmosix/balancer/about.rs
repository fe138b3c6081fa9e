// SPDX-License-Identifier: GPL-2.0-only

//! What is known of a node, for people (`/proc/hpc/nodes/N`).

use super::{
    now_ms,
    with, //
};
use crate::{
    balance::{
        rules::Limits,
        vector::{
            Status,
            Vector, //
        },
    },
    node::{
        self,
        NodeId, //
    },
    sys::machine, //
};

/// See the module.
pub(crate) struct About {
    vector: Vector,
    /// Milliseconds since the node said this.
    pub(crate) age_ms: u64,
    /// Free bytes, as its kernel believes.
    pub(crate) raw: u64,
    up: bool,
}

impl About {
    /// What is known of a node; none while openMosix is off.
    pub(crate) fn new(id: NodeId) -> Option<Self> {
        let up = node::is_up(id);
        with(|balancer| {
            if balancer.own.node == id {
                return Some(Self {
                    vector: balancer.own.vector(),
                    age_ms: 0,
                    raw: machine::free_memory(),
                    up,
                });
            }
            let slot = balancer.view.get(id)?;
            Some(Self {
                vector: slot.vector,
                age_ms: slot.age_ms(now_ms()),
                raw: slot.vector.memory.free,
                up,
            })
        })?
    }

    /// Bits of its status. Whether it is up is what this node finds: there is a link to it.
    pub(crate) fn status(&self) -> u16 {
        let status = self.vector.status.with(Status::CONF, true);
        status.with(Status::UP, self.up).bits()
    }

    /// Speed of one of its processors.
    pub(crate) fn speed(&self) -> u32 {
        self.vector.processors.speed()
    }

    /// How many processors it has.
    pub(crate) fn cpus(&self) -> u16 {
        self.vector.processors.count()
    }

    /// Its load, in openMosix's units.
    pub(crate) fn load(&self) -> u32 {
        self.vector.processors.load(self.vector.running)
    }

    /// Per cent of the time in which processes can use its processors: in the rest some wait for memory.
    pub(crate) fn utilisability(&self) -> u16 {
        100 - self.vector.memory.pressure.min(1_000) / 10
    }

    /// Bytes of memory that a process could still get there.
    pub(crate) fn free(&self) -> u64 {
        self.vector.memory.free
    }

    /// Bytes of memory.
    pub(crate) fn total(&self) -> u64 {
        self.vector.memory.total
    }

    /// Guests there.
    pub(crate) fn guests(&self) -> u16 {
        self.vector.guests
    }

    /// What it may carry.
    pub(crate) fn limits(&self) -> &Limits {
        &self.vector.limits
    }
}
