// SPDX-License-Identifier: GPL-2.0-only

//! A process, what is decided for it, and why.

use core::fmt;

use super::{
    cost::Cost,
    rules::Rules, //
};
use crate::{
    load::process::Usage,
    node::map::NodeId, //
};

/// A process whose home is this node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process<'a> {
    /// Its pid, or what else its owner knows it by.
    #[allow(
        dead_code,
        reason = "simulators need it; the kernel goes by the order of its list"
    )]
    pub(crate) pid: u32,
    /// Where it runs.
    pub(crate) at: NodeId,
    /// Milliseconds since it was created.
    pub(crate) age_ms: u64,
    /// Milliseconds since it came to where it runs.
    pub(crate) settled_ms: u64,
    /// Milliseconds of CPU time that it has used.
    pub(crate) cpu_ms: u64,
    /// What it uses.
    pub(crate) usage: Usage,
    /// Bytes of memory that would have to move.
    pub(crate) resident: u64,
    /// What it may do.
    pub(crate) rules: Rules<'a>,
    /// Why it must not stay where it is, if so: the node asked for it.
    pub(crate) pushed: Option<Why>,
}

/// The reason of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It has not been looked at.
    Unseen,
    /// It is locked.
    Locked,
    /// Its owner has said where it is to be.
    Ordered,
    /// It has a stay reason.
    Cannot,
    /// It has not used enough CPU time.
    Young,
    /// It came only lately.
    Settling,
    /// The administrator said that processes stay.
    Stay,
    /// Nothing recent is known of the node where it runs.
    Unknown,
    /// No node can take it.
    Nowhere,
    /// It runs best where it is.
    Best,
    /// Another node would be better, but not by enough.
    Little,
    /// A node would be better, and others go first.
    Later,
    /// A node is better.
    Balance,
    /// Memory runs out where it is.
    Memory,
    /// A limit is exceeded where it is.
    Limit,
    /// All guests have to leave where it is.
    Expel,
    /// All processes of this node have to come home.
    Bring,
}

impl Why {
    /// In one word.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unseen => "unseen",
            Self::Locked => "locked",
            Self::Ordered => "ordered",
            Self::Cannot => "cannot",
            Self::Young => "young",
            Self::Settling => "settling",
            Self::Stay => "stay",
            Self::Unknown => "unknown",
            Self::Nowhere => "nowhere",
            Self::Best => "best",
            Self::Little => "little",
            Self::Later => "later",
            Self::Balance => "balance",
            Self::Memory => "memory",
            Self::Limit => "limit",
            Self::Expel => "expel",
            Self::Bring => "bring",
        }
    }

    /// Whether a process cannot stay where it is.
    pub(crate) const fn is_push(self) -> bool {
        matches!(self, Self::Memory | Self::Limit | Self::Expel | Self::Bring)
    }

    /// In words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Unseen => "it has not been looked at yet",
            Self::Locked => "it is locked",
            Self::Ordered => "somebody ordered it there",
            Self::Cannot => "it has a reason in cantmove, or is stopped",
            Self::Young => "it is too young",
            Self::Settling => "it came only lately",
            Self::Stay => "processes have to stay on that node",
            Self::Unknown => "that node has not been heard of lately",
            Self::Nowhere => "no other node can take it",
            Self::Best => "it runs best there",
            Self::Little => "another node is not better by enough",
            Self::Later => "others go first",
            Self::Balance => "it runs better there",
            Self::Memory => "memory ran out",
            Self::Limit => "a load limit was exceeded",
            Self::Expel => "guests were expelled",
            Self::Bring => "processes were brought home",
        }
    }
}

/// What was decided for a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Where it goes, if it does.
    pub(crate) to: Option<NodeId>,
    /// The reason.
    pub(crate) why: Why,
    /// What it costs where it is.
    pub(crate) here: Option<Cost>,
    /// The best other node, and what it would cost there.
    pub(crate) best: Option<(NodeId, Cost)>,
}

impl Decision {
    /// It stays, for a reason that has nothing to do with cost.
    pub(crate) const fn stay(why: Why) -> Self {
        Self {
            to: None,
            why,
            here: None,
            best: None,
        }
    }

    /// How much less it costs at the best other node.
    pub(super) fn gain(&self) -> Cost {
        match (self.here, self.best) {
            (Some(here), Some((_, best))) => here.above(best),
            _ => Cost::MOST,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            Some(node) => write!(f, "moves to node {}: {}", node.get(), self.why.words())?,
            None => write!(f, "stays: {}", self.why.words())?,
        }
        if let Some(here) = self.here {
            write!(f, "; cost {here}")?;
        }
        if let Some((node, cost)) = self.best {
            write!(f, ", on node {} {cost}", node.get())?;
        }
        Ok(())
    }
}

/// A process, and what was decided for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    /// The process.
    pub(crate) process: Process<'a>,
    /// The decision.
    pub(crate) decision: Decision,
    /// It shall move, and is counted where it goes.
    pub(super) sent: bool,
}

impl<'a> Candidate<'a> {
    /// A process that nothing has been decided for.
    pub(crate) const fn new(process: Process<'a>) -> Self {
        Self {
            process,
            decision: Decision::stay(Why::Unseen),
            sent: false,
        }
    }
}

impl Candidate<'_> {
    /// Whether it should move, and is not counted yet.
    pub(super) fn is_waiting(&self) -> bool {
        self.decision.to.is_some() && !self.sent
    }
}
