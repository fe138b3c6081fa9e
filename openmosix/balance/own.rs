// SPDX-License-Identifier: GPL-2.0-only

//! This node itself.

use super::{
    cost::Place,
    rules::{
        Limits,
        Running,
        Scope, //
    },
    vector::{
        Address,
        Edition,
        Status,
        Vector, //
    },
};
use crate::{
    load::{
        memory::Trend,
        Average,
        Memory,
        Processors, //
    },
    node::map::NodeId,
};

/// Milliseconds after which a sample of what is running weighs half.
const HALF_MS: u64 = 1_000;

/// What the kernel finds on this node. Taken some times a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Processes that run or wait for a processor now, whose home is here.
    pub(crate) local: u32,
    /// Guests that do.
    pub(crate) guests: u32,
    /// Guests that have arrived: those that were let in and are not here yet count already.
    pub(crate) present: u16,
    /// Memory.
    pub(crate) memory: Memory,
}

/// What this node is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    /// Its id.
    pub(crate) node: NodeId,
    /// Its address.
    pub(crate) address: Address,
    /// What it said last.
    pub(crate) edition: Edition,
    /// Its processors (`setspeed` changes them).
    pub(crate) processors: Processors,
    /// The administrator's switches.
    pub(crate) status: Status,
    /// All guests have to leave.
    pub(crate) expel: bool,
    /// All processes of this node have to come home.
    pub(crate) bring: bool,
    /// What it may carry.
    pub(crate) limits: Limits,
    local: Average,
    begun: Begun,
    guests: Average,
    present: u16,
    memory: Trend,
    coming: Coming,
    /// Bytes of own processes on their way out.
    leaving: u64,
    /// Bytes of guests that were asked to leave.
    pub(super) evicted: u64,
}

/// Own processes here, in hundredths, which the average does not tell of yet.
#[derive(Clone, Copy, Debug, Default)]
struct Begun {
    /// What ran in the last sample.
    seen: u32,
    /// What those that are looked at want, by all that is known of them.
    known: u32,
}

impl Begun {
    /// Who began a moment ago runs, and has always wanted to. Others may run by chance, or have wanted to until lately.
    fn running(&self) -> u32 {
        self.seen.min(self.known)
    }

    fn raise(&mut self, by: u32) {
        self.seen = self.seen.saturating_add(by);
        self.known = self.known.saturating_add(by);
    }

    fn lower(&mut self, by: u32) {
        self.seen = self.seen.saturating_sub(by);
        self.known = self.known.saturating_sub(by);
    }
}

/// Processes on their way here.
#[derive(Clone, Copy, Debug, Default)]
struct Coming {
    /// What will be running more.
    running: Running,
    /// Bytes of memory.
    bytes: u64,
    /// How many of them are guests.
    guests: u16,
}

impl Own {
    /// A node that nothing runs on, in a life that began in this second.
    pub(crate) fn new(node: NodeId, address: Address, life: u32, processors: Processors) -> Self {
        Self {
            node,
            address,
            edition: Edition { life, version: 0 },
            processors,
            status: Status::CONF.with(Status::UP, true),
            expel: false,
            bring: false,
            limits: Limits::NONE,
            local: Average::new(HALF_MS),
            begun: Begun::default(),
            guests: Average::new(HALF_MS),
            present: 0,
            memory: Trend::new(),
            coming: Coming::default(),
            leaving: 0,
            evicted: 0,
        }
    }

    /// Takes a sample.
    pub(crate) fn sample(&mut self, now_ms: u64, sample: &Sample) {
        let hundredths = |processes: u32| processes.saturating_mul(crate::load::metric::PROCESS);
        self.local.add(now_ms, hundredths(sample.local));
        self.begun.seen = hundredths(sample.local);
        self.guests.add(now_ms, hundredths(sample.guests));
        self.present = sample.present;
        self.memory.add(now_ms, sample.memory);
        // Who is here has what he uses.
        self.memory.foresee_at_most(self.coming.bytes);
    }

    /// Takes what own processes here are known to want, in hundredths of a process.
    pub(super) fn know(&mut self, wanted: u32) {
        self.begun.known = wanted;
    }

    /// Looks at the memory again, between two samples.
    pub(crate) fn see_memory(&mut self, memory: Memory) {
        self.memory.raise(memory);
    }

    /// A process is on its way here: it counts from now on, not only when it is seen.
    pub(super) fn await_one(&mut self, share: u32, resident: u64, guest: bool) {
        let coming = &mut self.coming;
        let running = coming.running.part(guest);
        *running = running.saturating_add(share);
        coming.bytes = coming.bytes.saturating_add(resident);
        coming.guests = coming.guests.saturating_add(guest.into());
        self.memory.foresee(resident);
    }

    /// A process that was on its way here does not come.
    pub(super) fn disappoint(&mut self, share: u32, resident: u64, guest: bool) {
        self.unexpect(share, resident, guest);
        self.memory.unforesee(resident);
    }

    /// A process that was on its way here is here: it counts at once, although the average takes its time.
    pub(super) fn settle(&mut self, share: u32, resident: u64, guest: bool) {
        self.unexpect(share, resident, guest);
        if guest {
            self.guests.raise(share);
            self.present = self.present.saturating_add(1);
        } else {
            self.local.raise(share);
        }
    }

    fn unexpect(&mut self, share: u32, resident: u64, guest: bool) {
        let coming = &mut self.coming;
        let running = coming.running.part(guest);
        *running = running.saturating_sub(share);
        coming.bytes = coming.bytes.saturating_sub(resident);
        coming.guests = coming.guests.saturating_sub(guest.into());
    }

    /// A guest left.
    pub(super) fn dismiss(&mut self, share: u32) {
        self.guests.lower(share);
        self.present = self.present.saturating_sub(1);
    }

    /// A process of this node begins to leave: it does not count from now on.
    pub(super) fn release(&mut self, share: u32, resident: u64) {
        self.local.lower(share);
        self.begun.lower(share);
        self.leaving = self.leaving.saturating_add(resident);
    }

    /// A process that began to leave has left.
    pub(super) fn released(&mut self, resident: u64) {
        self.leaving = self.leaving.saturating_sub(resident);
    }

    /// A process that began to leave stays.
    pub(super) fn keep(&mut self, share: u32, resident: u64) {
        self.released(resident);
        self.local.raise(share);
        self.begun.raise(share);
    }

    /// Guests that are here or on their way.
    pub(crate) fn present(&self) -> u16 {
        self.present.saturating_add(self.coming.guests)
    }

    /// What is running.
    pub(crate) fn running(&self) -> Running {
        Running {
            local: self.local.get().max(self.begun.running()),
            guests: self.guests.get(),
        }
    }

    /// What is running when those on their way here are here.
    pub(super) fn expected(&self) -> Running {
        let (now, coming) = (self.running(), self.coming.running);
        Running {
            local: now.local.saturating_add(coming.local),
            guests: now.guests.saturating_add(coming.guests),
        }
    }

    /// Memory, as it was last seen, without what those on their way here will need.
    pub(crate) fn memory(&self) -> Memory {
        let memory = self.memory.memory();
        Memory {
            free: memory.free.saturating_sub(self.coming.bytes),
            ..memory
        }
    }

    /// Bytes of own processes that have to leave, beside those that do already.
    pub(crate) fn shortage(&self) -> u64 {
        let leaving = self.leaving.saturating_add(self.evicted);
        self.memory.shortage().saturating_sub(leaving)
    }

    /// This node, as a place to run.
    pub(crate) fn place(&self) -> Place {
        Place {
            processors: self.processors,
            running: self.expected().of(Scope::All),
            memory: self.memory(),
        }
    }

    /// What it says about itself.
    pub(crate) fn vector(&self) -> Vector {
        Vector {
            node: self.node,
            address: self.address,
            edition: self.edition,
            status: self.status.with(Status::EXPEL, self.expel),
            processors: self.processors,
            running: self.place().running,
            running_guests: self.expected().guests,
            guests: self.present(),
            memory: self.memory(),
            limits: self.limits,
        }
    }
}
