// SPDX-License-Identifier: GPL-2.0-only

//! Who is there: alive, suspect, gone or left.
//!
//! ```text
//!           two answers missed            nothing newer for a while
//!   Alive ───────────────────▶ Suspect ────────────────────────▶ Gone
//!     ▲                          │                                │
//!     └──────────────────────────┴────────────────────────────────┘
//!                 something newer that the node said
//! ```
//!
//! Each message asks for an answer, so that gossip is the probe, too (SWIM: Das, Gupta, Motivala, DSN 2002). A
//! suspicion is told to all; whoever heard from the node since then contradicts by telling what it heard, the node
//! itself first of all. So a node is only lost if nobody has heard of it, and a broken link between two nodes, or one
//! that is slow for a moment, is no crash. A node that notices that it is late itself has more patience with others
//! (Lifeguard: Dadgar, Phillips, Currey, 2017).

use core::ops::DerefMut;

use super::{
    vector::{
        Address,
        Standing,
        Told, //
    },
    view::{
        Slot,
        View, //
    },
};
use crate::{
    load::power::log2_up,
    node::map::NodeId, //
};

/// Milliseconds in which an answer has to come, times patience.
pub(crate) const ANSWER_MS: u64 = 1_500;

/// Answers missed in a row that make a node suspect.
const MISSES: u8 = 2;

/// Milliseconds for which a node is suspect before it is gone, times patience.
pub(crate) const SUSPECT_MS: u64 = 4_000;

/// Milliseconds since a node spoke for which it counts as proved that its address is taken.
const HELD_MS: u64 = 8_000;

/// Milliseconds after which what is told of an unknown node is too old to make it known.
const STALE_MS: u64 = 60_000;

/// Periods of its life in which a node is news to those that did not know it. All have heard of it by then.
const YOUNG: u32 = 30;

/// Milliseconds for which something is news, however often it has been told: all have heard of it by then. Many nodes
/// may come at once, and news push out what is fresh.
const NEWS_MS: u64 = 30_000;

/// What happened to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It is there, for the first time or again.
    Joined(NodeId),
    /// It did not answer.
    Suspect(NodeId),
    /// It did not answer, but lives.
    Cleared(NodeId),
    /// It is lost.
    Gone(NodeId),
    /// It left in order.
    Left(NodeId),
    /// Two machines claim the same id: the one that has it, and one that is refused.
    Conflict {
        /// The id.
        node: NodeId,
        /// Who has it.
        holder: Address,
        /// Who claims it, too.
        claimant: Address,
    },
}

/// How much slower than usual this node may find others: from 1 on.
///
/// It rises when this node itself is late, which is no fault of others, and falls again when it is not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    factor: u64,
    last_ms: Option<u64>,
}

impl Patience {
    const MOST: u64 = 4;

    /// The usual one.
    pub(crate) const fn new() -> Self {
        Self {
            factor: 1,
            last_ms: None,
        }
    }

    /// Time goes on; it should be `period_ms` since the last time.
    pub(crate) fn tick(&mut self, now_ms: u64, period_ms: u64) {
        if let Some(last) = self.last_ms {
            if now_ms.saturating_sub(last) > period_ms + period_ms / 2 {
                self.factor = (self.factor + 1).min(Self::MOST);
            } else {
                self.factor = (self.factor - 1).max(1);
            }
        }
        self.last_ms = Some(now_ms);
    }

    fn of(self, ms: u64) -> u64 {
        self.factor * ms
    }
}

/// How often news are told among so many nodes: enough for all to hear them with near certainty.
fn repeats(nodes: usize) -> u8 {
    (4 + 2 * log2_up(nodes as u64)).min(32) as u8
}

impl Slot {
    fn stands(&mut self, now_ms: u64, standing: Standing, nodes: usize) {
        self.standing = standing;
        self.since_ms = now_ms;
        self.becomes_news(now_ms, repeats(nodes));
    }

    /// How it stands with the node is news from now on, to be told so often.
    fn becomes_news(&mut self, now_ms: u64, times: u8) {
        self.news = self.news.max(times);
        self.news_ms = now_ms;
    }

    /// Whether how it stands with the node has still to be told.
    pub(super) fn is_news(&self, now_ms: u64) -> bool {
        self.news > 0 && now_ms.saturating_sub(self.news_ms) < NEWS_MS
    }

    /// The node itself sent something.
    pub(crate) fn answered(&mut self) {
        self.asked_ms = None;
        self.missed = 0;
    }

    /// The node is asked now.
    pub(crate) fn asked(&mut self, now_ms: u64) {
        // What counts is the oldest question without an answer.
        self.asked_ms = self.asked_ms.or(Some(now_ms));
    }
}

impl<S: DerefMut<Target = [Slot]>> View<S> {
    /// Takes what was told about another node, and says what follows from it.
    pub(crate) fn merge(&mut self, now_ms: u64, told: Told) -> Option<Event> {
        let Told {
            vector,
            standing,
            age_ms,
        } = told;
        let node = vector.node;
        let nodes = self.len();
        let Some(slot) = self.get_mut(node) else {
            return self.meet(now_ms, told);
        };
        if slot.vector.address != vector.address {
            return slot.other_machine(now_ms, told);
        }
        let old = slot.standing;
        if vector.edition > slot.vector.edition {
            slot.vector = vector;
            slot.born_ms = now_ms.saturating_sub(age_ms);
            slot.missed = 0;
            if standing != old {
                slot.stands(now_ms, standing, nodes);
            }
        } else if vector.edition == slot.vector.edition && standing > old {
            slot.stands(now_ms, standing, nodes);
        } else {
            if standing > old {
                // Somebody does not know yet that it lives.
                slot.becomes_news(now_ms, repeats(nodes));
            } else if old.is_down() && !standing.is_down() {
                // Nor that it is down; or it is there again, with a clock that was set back, and has to be told.
                slot.becomes_news(now_ms, 1);
            }
            return None;
        }
        match (old, standing) {
            (Standing::Gone | Standing::Left, Standing::Alive | Standing::Suspect) => {
                Some(Event::Joined(node))
            }
            (Standing::Suspect, Standing::Alive) => Some(Event::Cleared(node)),
            (Standing::Alive, Standing::Suspect) => Some(Event::Suspect(node)),
            (Standing::Alive | Standing::Suspect, Standing::Gone) => Some(Event::Gone(node)),
            (Standing::Alive | Standing::Suspect, Standing::Left) => Some(Event::Left(node)),
            _ => None,
        }
    }

    /// Takes what was told about a node that is not known.
    ///
    /// That it has just come is news, and so is that it is down: this is kept, lest older words make it known, and told
    /// to others that did not know it either. That it is there, and has been for long, is none: where views are smaller
    /// than the cluster, nodes come into them and go all the time.
    fn meet(&mut self, now_ms: u64, told: Told) -> Option<Event> {
        let down = told.standing.is_down();
        let mut slot = Slot::new(now_ms, told);
        if down || told.vector.edition.version < YOUNG {
            slot.becomes_news(now_ms, repeats(self.len()));
        }
        let fits = told.age_ms <= STALE_MS && self.insert(slot);
        (fits && !down).then_some(Event::Joined(told.vector.node))
    }

    /// Makes nodes that missed answers suspect, and suspects gone.
    pub(crate) fn judge(&mut self, now_ms: u64, patience: Patience, event: &mut dyn FnMut(Event)) {
        let nodes = self.len();
        for slot in self.slots_mut() {
            let node = slot.vector.node;
            let late = |asked| now_ms.saturating_sub(asked) > patience.of(ANSWER_MS);
            if slot.asked_ms.is_some_and(late) {
                slot.asked_ms = None;
                slot.missed = slot.missed.saturating_add(1);
            }
            match slot.standing {
                Standing::Alive if slot.missed >= MISSES => {
                    slot.stands(now_ms, Standing::Suspect, nodes);
                    event(Event::Suspect(node));
                }
                Standing::Suspect
                    if now_ms.saturating_sub(slot.since_ms) > patience.of(SUSPECT_MS) =>
                {
                    slot.stands(now_ms, Standing::Gone, nodes);
                    event(Event::Gone(node));
                }
                _ => (),
            }
        }
    }

    /// The link to a node broke, or its other end is gone: that is as good as a missed answer.
    pub(crate) fn unreachable(&mut self, node: NodeId) {
        if let Some(slot) = self.get_mut(node) {
            slot.asked_ms = None;
            slot.missed = slot.missed.saturating_add(1);
        }
    }
}

impl Slot {
    /// Another machine uses this node's id. It may have it if this one is down, or has been silent for long.
    fn other_machine(&mut self, now_ms: u64, told: Told) -> Option<Event> {
        let born_ms = now_ms.saturating_sub(told.age_ms);
        if told.standing != Standing::Alive || born_ms <= self.born_ms.max(self.down_ms()) {
            return None;
        }
        let node = told.vector.node;
        if self.standing.is_down() || self.age_ms(now_ms) > HELD_MS {
            *self = Self::new(now_ms, told);
            return Some(Event::Joined(node));
        }
        Some(Event::Conflict {
            node,
            holder: self.vector.address,
            claimant: told.vector.address,
        })
    }

    /// Since when it is down; 0 if it is not.
    fn down_ms(&self) -> u64 {
        if self.standing.is_down() {
            self.since_ms
        } else {
            0
        }
    }
}
