// SPDX-License-Identifier: GPL-2.0-only

//! Whom to tell, and what.
//!
//! Every second each node writes to a few others chosen at random, and each of them answers. A message has this
//! node's own vector, then news about who is there, then what is freshest, at most [`VECTORS`] vectors in all: so the
//! bytes that a node sends do not depend on how many nodes there are. How old knowledge then is follows from how many
//! vectors come in: Amar, Barak, Drezner, Okun, "Randomized gossip algorithms for maintaining a distributed bulletin
//! board with guaranteed age properties" (2009).

use core::ops::DerefMut;

use super::{
    best::Best,
    random::Random,
    vector::Standing,
    view::{
        Slot,
        View, //
    },
};
use crate::{
    node::map::NodeId,
    wire::{
        codec::Field,
        gossip::{
            Gossip,
            VECTORS, //
        },
        Full,
        Put, //
    },
};

/// The most news in one message.
const NEWS: usize = 8;

/// The most nodes that are asked in one period: two at random, one that runs processes of this node, and one that
/// missed an answer or is lost.
pub(crate) const ASKED: usize = 4;

/// In one of so many periods a lost node is asked, so that a cluster that was split merges again.
const LOST: usize = 4;

impl<S: DerefMut<Target = [Slot]>> View<S> {
    /// Chooses whom to ask in this period, and marks them as asked.
    ///
    /// `friends` are the nodes where processes of this node run: it should know well how these are.
    pub(crate) fn choose_asked(
        &mut self,
        now_ms: u64,
        friends: &[NodeId],
        random: &mut Random,
    ) -> [Option<NodeId>; ASKED] {
        let mut asked = [None; ASKED];
        let [one, other, friend, doubtful] = &mut asked;
        let alive = |slot: &&Slot| !slot.standing.is_down();
        let node = |slot: &Slot| slot.vector.node;

        *doubtful = self.doubtful(random);
        if doubtful.is_none() && random.below(LOST) == 0 {
            let lost = |slot: &&Slot| slot.standing == Standing::Gone;
            *doubtful = random.pick(self.slots().iter().filter(lost)).map(node);
        }
        *friend = random.pick(friends.iter().copied().filter(|friend| {
            self.get(*friend)
                .is_some_and(|slot| !slot.standing.is_down())
        }));
        // Who knows nobody looks for anybody.
        let alone = !self.slots().iter().any(|slot| alive(&slot));
        let here = |slot: &&Slot| alone || alive(slot);
        *one = random.pick(self.slots().iter().filter(here)).map(node);
        let others = self
            .slots()
            .iter()
            .filter(here)
            .filter(|slot| Some(node(slot)) != *one);
        *other = random.pick(others).map(node);

        // Nobody is asked twice.
        for place in 0..ASKED {
            let Some((before, [this, ..])) = asked.split_at_mut_checked(place) else {
                break;
            };
            if before.contains(this) {
                *this = None;
            }
            if let Some(slot) = this.and_then(|node| self.get_mut(node)) {
                slot.asked(now_ms);
            }
        }
        asked
    }

    /// Chooses whom a quiet node asks in this period, and marks it as asked: one that may be lost.
    pub(crate) fn choose_doubtful(&mut self, now_ms: u64, random: &mut Random) -> Option<NodeId> {
        let doubtful = self.doubtful(random);
        if let Some(slot) = doubtful.and_then(|node| self.get_mut(node)) {
            slot.asked(now_ms);
        }
        doubtful
    }

    fn doubtful(&self, random: &mut Random) -> Option<NodeId> {
        let doubtful = |slot: &&Slot| {
            slot.missed > 0 && slot.standing == Standing::Alive && slot.asked_ms.is_none()
        };
        let slot = random.pick(self.slots().iter().filter(doubtful));
        slot.map(|slot| slot.vector.node)
    }

    /// Writes a message that begins with the vector of this node itself.
    pub(crate) fn write(
        &mut self,
        now_ms: u64,
        flags: u32,
        own: &super::vector::Vector,
        standing: Standing,
        to: &mut dyn Put,
    ) -> Result<(), Full> {
        flags.put(to)?;
        0_u32.put(to)?;
        own.tell(standing, 0).put(to)?;

        let mut news = Best::<u8, usize, NEWS>::new();
        for (place, slot) in self.slots().iter().enumerate() {
            if slot.is_news(now_ms) {
                news.offer(slot.news, place);
            }
        }
        let mut left = VECTORS - 1;
        for place in news.iter() {
            if let Some(slot) = self.slots_mut().get_mut(place) {
                slot.news -= 1;
                slot.vector
                    .tell(slot.standing, slot.age_ms(now_ms))
                    .put(to)?;
                left -= 1;
            }
        }

        let mut fresh = Best::<u64, usize, { VECTORS - 1 }>::new();
        for (place, slot) in self.slots().iter().enumerate() {
            if !slot.standing.is_down() && !news.iter().any(|other| other == place) {
                fresh.offer(slot.born_ms, place);
            }
        }
        for slot in fresh
            .iter()
            .take(left)
            .filter_map(|place| self.slots().get(place))
        {
            slot.vector
                .tell(slot.standing, slot.age_ms(now_ms))
                .put(to)?;
        }
        Ok(())
    }
}

/// Whether a message wants an answer; none if it says what it cannot.
pub(crate) fn asks(message: &Gossip<'_>) -> Option<bool> {
    let sane =
        message.zero == 0 && message.flags & !Gossip::ASK == 0 && message.vectors.len() <= VECTORS;
    sane.then_some(message.flags & Gossip::ASK != 0)
}
