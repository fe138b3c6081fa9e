// SPDX-License-Identifier: GPL-2.0-only

//! What the owner of a process says about where it may be. Children are bound by the same.

use crate::{
    balance::rules::{
        self,
        Kind,
        Mask,
        Policy, //
    },
    load::process::Decay,
};
use kernel::{
    alloc::KVVec,
    sync::Arc, //
};

/// How fast the statistics of a process are forgotten (`/proc/hpc/decay`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As the administrator says for slow ones.
    #[default]
    Slow,
    /// As the administrator says for fast ones.
    Fast,
    /// Not at all.
    Never,
}

impl Pace {
    /// The decay at this pace, where the administrator has set these two.
    pub(crate) fn decay(self, slow: Decay, fast: Decay) -> Decay {
        match self {
            Self::Slow => slow,
            Self::Fast => fast,
            Self::Never => Decay {
                keep: Decay::NONE.keep,
                ..slow
            },
        }
    }
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Rules {
    /// It does not move by itself (`lock`).
    pub(crate) locked: bool,
    /// Its set of nodes counts (`migfilter`).
    pub(crate) filter: bool,
    /// What the set means (`migpolicy`).
    pub(crate) policy: Policy,
    /// The set of nodes (`mignodes`); the lowest bit is node 1.
    pub(crate) nodes: Option<Arc<KVVec<u64>>>,
    /// How it is to be seen (`/proc/hpc/decay`).
    pub(crate) kind: Kind,
    /// How fast it is forgotten what it used.
    pub(crate) pace: Pace,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            locked: false,
            filter: false,
            policy: Policy::Deny,
            nodes: None,
            kind: Kind::Measured,
            pace: Pace::Slow,
        }
    }
}

impl Rules {
    /// Whether nobody has said anything.
    pub(crate) fn is_default(&self) -> bool {
        let said = self.locked || self.filter || self.nodes.is_some();
        !said
            && self.policy == Policy::Deny
            && self.kind == Kind::Measured
            && self.pace == Pace::Slow
    }

    /// The set of nodes.
    pub(crate) fn nodes(&self) -> &[u64] {
        self.nodes.as_ref().map_or(&[], |nodes| nodes)
    }

    /// What a process with these rules may do.
    pub(crate) fn view(&self, ordered: bool, stays: bool) -> rules::Rules<'_> {
        rules::Rules {
            locked: self.locked,
            ordered,
            stays,
            kind: self.kind,
            mask: self.filter.then(|| Mask {
                policy: self.policy,
                nodes: self.nodes(),
            }),
        }
    }
}
