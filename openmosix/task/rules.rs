// SPDX-License-Identifier: GPL-2.0-only

//! What the owner of a process says about where it may be, and how it is to be seen. Children are bound by the same,
//! unless the owner says that they are to be seen as others are.

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
    /// As its owner says.
    Own(Decay),
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
            Self::Own(own) => own,
        }
    }
}

/// For which programs that a process becomes it holds how it is to be seen (`/proc/hpc/decay/exec`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// For all of them.
    #[default]
    Always,
    /// For the next one, and for no other.
    Once,
    /// For none.
    Never,
}

/// How a process is to be seen (`/proc/hpc/decay`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Character {
    /// What it does most.
    pub(crate) kind: Kind,
    /// How fast it is forgotten what it used.
    pub(crate) pace: Pace,
    /// For which programs all of this holds.
    pub(crate) exec: Lasting,
    /// Its children are not to be seen like that.
    pub(crate) alone: bool,
}

impl Character {
    /// The process has become another program.
    pub(crate) fn exec(&mut self) {
        match self.exec {
            Lasting::Always => {}
            Lasting::Once => self.exec = Lasting::Never,
            Lasting::Never => *self = Self::default(),
        }
    }

    /// That of a child.
    fn inherited(self) -> Self {
        if self.alone {
            Self::default()
        } else {
            self
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
    /// How it is to be seen.
    pub(crate) character: Character,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            locked: false,
            filter: false,
            policy: Policy::Deny,
            nodes: None,
            character: Character::default(),
        }
    }
}

impl Rules {
    /// Whether nobody has said anything.
    pub(crate) fn is_default(&self) -> bool {
        let said = self.locked || self.filter || self.nodes.is_some();
        !said && self.policy == Policy::Deny && self.character == Character::default()
    }

    /// Those of a child.
    pub(crate) fn inherited(self) -> Self {
        Self {
            character: self.character.inherited(),
            ..self
        }
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
            kind: self.character.kind,
            mask: self.filter.then(|| Mask {
                policy: self.policy,
                nodes: self.nodes(),
            }),
        }
    }
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kernel::macros::kunit_tests(openmosix_rules)]
mod tests {
    use super::*;

    const COMPUTES: Character = Character {
        kind: Kind::Cpu,
        pace: Pace::Fast,
        exec: Lasting::Always,
        alone: false,
    };

    #[test]
    fn a_pace_of_its_own_is_not_the_node_s() {
        let own = Decay {
            interval_ms: 5_000,
            keep: 900,
        };
        for (pace, decay) in [
            (Pace::Slow, Decay::SLOW),
            (Pace::Fast, Decay::FAST),
            (Pace::Never, Decay::NONE),
            (Pace::Own(own), own),
        ] {
            assert_eq!(pace.decay(Decay::SLOW, Decay::FAST), decay);
        }
    }

    #[test]
    fn programs_that_it_becomes() {
        let mut character = COMPUTES;
        character.exec();
        assert_eq!(character, COMPUTES);
        character.exec = Lasting::Once;
        character.exec();
        assert_eq!(character.kind, Kind::Cpu);
        assert_eq!(character.exec, Lasting::Never);
        character.exec();
        assert_eq!(character, Character::default());
    }

    #[test]
    fn children() {
        let mut rules = Rules {
            locked: true,
            character: COMPUTES,
            ..Rules::default()
        };
        assert_eq!(rules.clone().inherited().character, COMPUTES);
        rules.character.alone = true;
        let child = rules.inherited();
        assert_eq!(child.character, Character::default());
        // Where it may be is another thing.
        assert!(child.locked && !child.is_default());
    }
}
