// SPDX-License-Identifier: GPL-2.0-only

//! What users and the administrator have said: locks and masks of processes, limits of nodes.

use crate::{
    load::Processors,
    node::map::NodeId, //
};

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

/// What a node may carry. 0 is no limit.
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
    /// The most guests.
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
    /// Whether this is more than the node may carry, by a limit that counts them: own processes, or guests.
    pub(crate) fn exceeded(&self, processors: Processors, running: Running, whose: Scope) -> bool {
        let counts = |scope| scope == Scope::All || scope == whose;
        let load = processors.load(running.of(self.load_scope));
        let each = processors.each(running.of(self.cpu_scope));
        self.load != 0 && counts(self.load_scope) && load > self.load
            || self.cpu != 0 && counts(self.cpu_scope) && each > self.cpu
    }
}
