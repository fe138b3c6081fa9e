// SPDX-License-Identifier: GPL-2.0-only

//! What users and the administrator have said: locks and masks of processes, limits of nodes.

use crate::{
    load::Processors,
    node::map::NodeId, //
};

/// Guests for each processor, at most, if the administrator does not say.
const GUESTS_EACH: u16 = 64;

/// What a set of nodes means (`/proc/PID/migpolicy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// 0: it may go anywhere but there.
    Deny,
    /// 1: it may go there only.
    Allow,
}

/// Which nodes a process may go to (`/proc/PID/migfilter`). Home is always allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mask<'a> {
    /// What the nodes mean.
    pub(crate) policy: Policy,
    /// A set of nodes (`/proc/PID/mignodes`): the lowest bit is node 1.
    pub(crate) nodes: &'a [u64],
}

impl Mask<'_> {
    /// Whether the process may go to a node that is not its home.
    pub(crate) fn allows(&self, node: NodeId) -> bool {
        let named = Self::has(self.nodes, node);
        match self.policy {
            Policy::Deny => !named,
            Policy::Allow => named,
        }
    }

    /// Whether a set has this node.
    pub(super) fn has(nodes: &[u64], node: NodeId) -> bool {
        let bit = u32::from(node.get()) - 1;
        let word = nodes.get((bit / 64) as usize).copied().unwrap_or(0);
        word >> (bit % 64) & 1 != 0
    }
}

/// How a process is to be seen (`cpujob`, `iojob`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As its statistics say.
    #[default]
    Measured,
    /// It computes: what it says to its home does not count.
    Cpu,
    /// It does input and output: its place is at home.
    Io,
}

/// What a process may do, by the will of its owner.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rules<'a> {
    /// It does not move by itself (`/proc/PID/lock`).
    pub(crate) locked: bool,
    /// Its owner has said where it is to be (`/proc/PID/goto`).
    pub(crate) ordered: bool,
    /// It cannot move: it has a stay reason (`/proc/PID/cantmove`).
    pub(crate) stays: bool,
    /// How it is to be seen.
    pub(crate) kind: Kind,
    /// Where it may go, if not everywhere.
    pub(crate) mask: Option<Mask<'a>>,
}

/// Which processes a limit counts (`/proc/hpc/admin/llimitmode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    /// 0: all.
    #[default]
    All,
    /// 1: those whose home is here.
    Local,
    /// 2: guests.
    Guests,
}

impl Scope {
    /// The number of this scope.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::All => 0,
            Self::Local => 1,
            Self::Guests => 2,
        }
    }

    /// The scope that has a number, if there is one.
    pub(crate) const fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::All),
            1 => Some(Self::Local),
            2 => Some(Self::Guests),
            _ => None,
        }
    }
}

/// What a node may carry, as its administrator has said. 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The greatest load (`/proc/hpc/admin/loadlimit`).
    pub(crate) load: u32,
    /// What the greatest load counts.
    pub(crate) load_scope: Scope,
    /// The most hundredths of processes on each processor, whatever its speed (`/proc/hpc/admin/cpulimit`).
    pub(crate) cpu: u32,
    /// What that counts.
    pub(crate) cpu_scope: Scope,
    /// The most guests (`/proc/hpc/admin/maxguests`); 0 is [`GUESTS_EACH`] for each processor.
    pub(crate) guests: u16,
}

/// What is running on a node, in hundredths of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Running {
    /// Processes whose home it is.
    pub(crate) local: u32,
    /// Guests.
    pub(crate) guests: u32,
}

impl Running {
    /// That of guests, or that of processes whose home it is.
    pub(super) fn part(&mut self, guests: bool) -> &mut u32 {
        if guests {
            &mut self.guests
        } else {
            &mut self.local
        }
    }

    /// Those that count.
    pub(crate) const fn of(self, scope: Scope) -> u32 {
        match scope {
            Scope::All => self.local.saturating_add(self.guests),
            Scope::Local => self.local,
            Scope::Guests => self.guests,
        }
    }
}

impl Limits {
    /// Nothing was said.
    pub(crate) const NONE: Self = Self {
        load: 0,
        load_scope: Scope::All,
        cpu: 0,
        cpu_scope: Scope::All,
        guests: 0,
    };

    /// The most guests of a node with these processors.
    pub(crate) fn most_guests(&self, processors: Processors) -> u16 {
        match self.guests {
            0 => processors.count().saturating_mul(GUESTS_EACH),
            guests => guests,
        }
    }

    /// Whether they keep out one more guest, where so many guests are, and so much is running with that one.
    pub(crate) fn keep_out(&self, processors: Processors, guests: u16, with: Running) -> bool {
        guests >= self.most_guests(processors) || self.exceeded(processors, with, Scope::Guests)
    }

    /// Whether this is more than the node may carry, by a limit that counts them: own processes, or guests.
    pub(crate) fn exceeded(&self, processors: Processors, running: Running, whose: Scope) -> bool {
        let counts = |scope| scope == Scope::All || scope == whose;
        let load = processors.load(running.of(self.load_scope));
        let each = processors.each(running.of(self.cpu_scope));
        self.load != 0 && counts(self.load_scope) && load > self.load
            || self.cpu != 0 && counts(self.cpu_scope) && each > self.cpu
    }
}
