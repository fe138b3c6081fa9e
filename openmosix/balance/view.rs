// SPDX-License-Identifier: GPL-2.0-only

//! The other nodes that this node knows of.
//!
//! A view has room for so many nodes as its owner gave it. When it is full, what is freshest stays: nodes of a
//! very large cluster each know a part of it, always another one, as in Newscast (Jelasity, Kowalczyk, van Steen,
//! 2003). A view with room for all nodes of the map forgets none.

use core::ops::DerefMut;

use super::{
    promise::Promises,
    rules::Limits,
    vector::{
        Edition,
        Standing,
        Status,
        Told,
        Vector, //
    },
};
use crate::{
    load::{
        Memory,
        Processors, //
    },
    node::map::NodeId,
};

/// How fast a node can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// Microseconds until a short question is answered.
    pub(crate) round_trip_us: u64,
    /// Bytes a second.
    pub(crate) rate: u64,
}

impl Path {
    /// What is assumed until something is measured: a network of one gigabit.
    pub(crate) const ASSUMED: Self = Self {
        round_trip_us: 200,
        rate: 100_000_000,
    };
}

/// A node, as this one knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// What it said last.
    pub(crate) vector: Vector,
    /// When it said that, by the clock of this node.
    pub(crate) born_ms: u64,
    /// How it stands with it.
    pub(crate) standing: Standing,
    /// Since when.
    pub(crate) since_ms: u64,
    /// When it was asked, if the answer is still to come.
    pub(crate) asked_ms: Option<u64>,
    /// Answers missed in a row.
    pub(crate) missed: u8,
    /// How often its standing has still to be told.
    pub(crate) news: u8,
    /// Since when that is news.
    pub(crate) news_ms: u64,
    /// What it has been sent.
    pub(crate) promises: Promises,
    /// Processes that it was sent in this period.
    pub(crate) sent: u16,
    /// Until when it is not asked to take a process, because it refused one.
    pub(crate) spared_ms: u64,
    /// How often in a row it has.
    pub(crate) refusals: u8,
    /// How fast it can be reached.
    pub(crate) path: Path,
}

impl Slot {
    /// What an unused place holds.
    pub(crate) const EMPTY: Self = Self {
        vector: Vector {
            node: match NodeId::new(u16::MAX) {
                Some(node) => node,
                None => unreachable!(),
            },
            address: [0; 16],
            edition: Edition {
                life: 0,
                version: 0,
            },
            status: Status::from_bits(0),
            processors: Processors::new(1, 1),
            running: 0,
            running_guests: 0,
            guests: 0,
            memory: Memory {
                free: 0,
                total: 0,
                pressure: 0,
            },
            limits: Limits::NONE,
        },
        born_ms: 0,
        standing: Standing::Gone,
        since_ms: 0,
        asked_ms: None,
        missed: 0,
        news: 0,
        news_ms: 0,
        promises: Promises::NONE,
        sent: 0,
        spared_ms: 0,
        refusals: 0,
        path: Path::ASSUMED,
    };

    /// A node that is heard of for the first time.
    pub(crate) fn new(now_ms: u64, told: Told) -> Self {
        Self {
            vector: told.vector,
            born_ms: now_ms.saturating_sub(told.age_ms),
            standing: told.standing,
            since_ms: now_ms,
            ..Self::EMPTY
        }
    }

    /// Milliseconds since the node said what is known of it.
    pub(crate) fn age_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.born_ms)
    }
}

/// The known nodes, by id.
#[derive(Debug)]
pub(crate) struct View<S> {
    store: S,
    /// How many of the store's first slots are in use; these are in the order of their ids.
    used: usize,
}

impl<S: DerefMut<Target = [Slot]>> View<S> {
    /// A view of nobody, with room for as many nodes as the store has slots.
    pub(crate) fn new(store: S) -> Self {
        Self { store, used: 0 }
    }

    /// How many nodes are known.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// The known nodes.
    pub(crate) fn slots(&self) -> &[Slot] {
        self.store.get(..self.used).unwrap_or(&[])
    }

    /// The known nodes, to be changed in all but their ids.
    pub(crate) fn slots_mut(&mut self) -> &mut [Slot] {
        self.store.get_mut(..self.used).unwrap_or(&mut [])
    }

    /// Where a node is, or would have to be.
    fn place(&self, node: NodeId) -> Result<usize, usize> {
        self.slots()
            .binary_search_by_key(&node, |slot| slot.vector.node)
    }

    /// A node.
    pub(crate) fn get(&self, node: NodeId) -> Option<&Slot> {
        self.slots().get(self.place(node).ok()?)
    }

    /// A node, to be changed.
    pub(crate) fn get_mut(&mut self, node: NodeId) -> Option<&mut Slot> {
        let place = self.place(node).ok()?;
        self.slots_mut().get_mut(place)
    }

    /// Adds a node that is not known yet. In a full view it takes the place of the one that spoke longest ago, unless
    /// that is the new one. A node that is down keeps its place as long as others may keep what it said before.
    pub(crate) fn insert(&mut self, slot: Slot) -> bool {
        if self.used == self.store.len() {
            let oldest = (0..).zip(self.slots()).min_by_key(|(_, slot)| slot.born_ms);
            match oldest {
                Some((place, oldest)) if oldest.born_ms < slot.born_ms => self.remove(place),
                _ => return false,
            }
        }
        let Err(place) = self.place(slot.vector.node) else {
            return false;
        };
        self.used += 1;
        // Everything behind it moves up by one.
        let mut moved = slot;
        for place in self.slots_mut().iter_mut().skip(place) {
            core::mem::swap(place, &mut moved);
        }
        true
    }

    fn remove(&mut self, place: usize) {
        let behind = self.used.saturating_sub(place);
        let mut moved = Slot::EMPTY;
        for place in self.slots_mut().iter_mut().rev().take(behind) {
            core::mem::swap(place, &mut moved);
        }
        if behind > 0 {
            self.used -= 1;
        }
    }

    /// Forgets the nodes for which `keep` says no, such as those that a new map does not have.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(NodeId) -> bool) {
        let mut place = 0;
        while let Some(slot) = self.slots().get(place) {
            if keep(slot.vector.node) {
                place += 1;
            } else {
                self.remove(place);
            }
        }
    }
}
