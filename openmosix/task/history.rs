// SPDX-License-Identifier: GPL-2.0-only

//! What was decided for a process lately: what `/proc/PID/why` shows.

use crate::{
    balance::decision::{
        Decision,
        Why, //
    },
    node::NodeId, //
};

/// How many decisions are kept.
pub(crate) const KEPT: usize = 8;

/// What has become of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There was nothing to do.
    Stays,
    /// The move is not over.
    Moving,
    /// It moved.
    Moved,
    /// It did not, for this reason.
    Failed(&'static str),
}

impl kernel::fmt::Display for Outcome {
    fn fmt(&self, f: &mut kernel::fmt::Formatter<'_>) -> kernel::fmt::Result {
        f.write_str(match self {
            Self::Stays => "stays",
            Self::Moving => "moving",
            Self::Moved => "moved",
            Self::Failed(reason) => reason,
        })
    }
}

/// A decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Past {
    /// When it was made.
    pub(crate) at_ms: u64,
    /// Where the process was.
    pub(crate) from: NodeId,
    /// Where it was sent.
    pub(crate) to: Option<NodeId>,
    /// The reason.
    pub(crate) why: Why,
    /// What has become of it.
    pub(crate) outcome: Outcome,
}

/// The latest decisions.
#[derive(Clone, Copy)]
pub(crate) struct History {
    /// The last one, with its costs.
    pub(crate) last: Decision,
    /// Those that changed something or changed their reason, newest first.
    past: [Option<Past>; KEPT],
}

/// Whether a process stays for this reason as most do most of the time. These come and go.
fn is_routine(why: Why) -> bool {
    matches!(
        why,
        Why::Unseen
            | Why::Young
            | Why::Settling
            | Why::Best
            | Why::Little
            | Why::Later
            | Why::Balance
    )
}

impl History {
    /// Nothing was decided yet.
    pub(crate) const fn new() -> Self {
        Self {
            last: Decision::stay(Why::Unseen),
            past: [None; KEPT],
        }
    }

    /// Notes a decision; whether it is news.
    pub(crate) fn note(&mut self, now_ms: u64, from: NodeId, decision: &Decision) -> bool {
        let same =
            decision.why == self.last.why || is_routine(decision.why) && is_routine(self.last.why);
        let news = decision.to.is_some() || !same;
        self.last = *decision;
        if !news {
            return false;
        }
        let mut moved = Some(Past {
            at_ms: now_ms,
            from,
            to: decision.to,
            why: decision.why,
            outcome: match decision.to {
                Some(_) => Outcome::Moving,
                None => Outcome::Stays,
            },
        });
        // Everything older moves on by one.
        for place in &mut self.past {
            core::mem::swap(place, &mut moved);
        }
        true
    }

    /// The move that was decided last is over.
    pub(crate) fn end(&mut self, outcome: Outcome) {
        let mut past = self.past.iter_mut().flatten();
        if let Some(past) = past.find(|past| past.outcome == Outcome::Moving) {
            past.outcome = outcome;
        }
    }

    /// When a move was decided that is not over.
    pub(crate) fn moving_since_ms(&self) -> Option<u64> {
        let mut past = self.iter();
        let moving = past.find(|past| past.outcome == Outcome::Moving)?;
        Some(moving.at_ms)
    }

    /// It is elsewhere now: what it would cost was said of where it was.
    pub(crate) fn moved(&mut self) {
        (self.last.here, self.last.best) = (None, None);
    }

    /// The decisions, newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Past> {
        self.past.iter().flatten()
    }
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kernel::macros::kunit_tests(openmosix_history)]
mod tests {
    use super::*;
    use kernel::prelude::*;

    fn id(node: u16) -> Result<NodeId> {
        NodeId::new(node).ok_or(EINVAL)
    }

    #[test]
    fn only_news_are_kept() -> Result {
        let mut history = History::new();
        for at_ms in 0..20 {
            history.note(at_ms, id(1)?, &Decision::stay(Why::Best));
            history.note(at_ms, id(1)?, &Decision::stay(Why::Little));
        }
        assert_eq!(history.iter().count(), 0);
        for at_ms in 0..20 {
            history.note(at_ms, id(1)?, &Decision::stay(Why::Locked));
        }
        assert_eq!(history.iter().count(), 1);
        for at_ms in 20..40 {
            let to = Some(id(2)?);
            let why = Why::Balance;
            history.note(
                at_ms,
                id(1)?,
                &Decision {
                    to,
                    ..Decision::stay(why)
                },
            );
        }
        assert_eq!(history.iter().count(), KEPT);
        let first = history.iter().next().ok_or(EINVAL)?;
        assert_eq!(first.at_ms, 39);
        Ok(())
    }

    #[test]
    fn a_move_ends_once() -> Result {
        let mut history = History::new();
        let to = Some(id(2)?);
        history.note(
            1,
            id(1)?,
            &Decision {
                to,
                ..Decision::stay(Why::Balance)
            },
        );
        assert_eq!(history.moving_since_ms(), Some(1));
        history.end(Outcome::Failed("link lost"));
        history.end(Outcome::Moved);
        assert_eq!(history.moving_since_ms(), None);
        let past = history.iter().next().ok_or(EINVAL)?;
        assert_eq!(past.outcome, Outcome::Failed("link lost"));
        Ok(())
    }
}
