// SPDX-License-Identifier: GPL-2.0-only

//! Where processes run. [pure]
//!
//! Nodes [gossip] about their load and about [who is there](membership). With what it knows, each node decides for
//! the processes whose home it is: what each would [cost](cost) on which node, and whether a move is
//! [worth it](choice). Where memory runs out it [ushers](usher) processes away, and at the [door](door) a node says
//! how many guests it takes. The administrator's [rules] always win.
//!
//! A [`Balancer`] is all of this for one node. It does no input and output and looks at no clock: whoever drives it,
//! the kernel or a simulator, tells it the time, in milliseconds of a clock that never goes back.

pub(crate) mod best;
pub(crate) mod choice;
pub(crate) mod cost;
pub(crate) mod decision;
pub(crate) mod door;
pub(crate) mod gossip;
pub(crate) mod mask;
pub(crate) mod membership;
pub(crate) mod own;
pub(crate) mod promise;
pub(crate) mod random;
pub(crate) mod rules;
pub(crate) mod usher;
pub(crate) mod vector;
pub(crate) mod view;

use core::ops::DerefMut;

use crate::{
    node::map::NodeId,
    wire::{
        gossip::Gossip,
        Full,
        Malformed,
        Put, //
    },
};
use door::Door;
use gossip::ASKED;
use membership::{
    Event,
    Patience, //
};
use own::Own;
use random::Random;
use vector::{
    Edition,
    Standing,
    Status,
    Told,
    Vector, //
};
use view::{
    Path,
    Slot,
    View, //
};

/// Milliseconds between two calls of [`Balancer::tick`].
pub(crate) const PERIOD_MS: u64 = 1_000;

/// The most answers in one period. Two are asked for on average, and many more hardly ever; so there is a bound to the
/// bytes that a node sends, whatever others do.
pub(crate) const ANSWERS: u8 = 16;

/// Milliseconds since somebody else said something under this node's id for which that is a conflict.
const RECENT_MS: u64 = 5_000;

/// The gossip and the decisions of one node.
///
/// `S` is where it keeps what it knows of other nodes: a slice of slots, or what owns one.
#[derive(Debug)]
pub(crate) struct Balancer<S> {
    /// This node.
    pub(crate) own: Own,
    /// The others.
    pub(crate) view: View<S>,
    /// For choices among nodes that are as good.
    pub(crate) random: Random,
    /// Guests that were let in lately.
    pub(super) door: Door,
    /// How long it waits for answers.
    patience: Patience,
    /// How many more answers it gives in this period.
    answers: u8,
    /// How it stands with this node itself: it lives, or leaves.
    standing: Standing,
}

impl<S: DerefMut<Target = [Slot]>> Balancer<S> {
    /// A node that knows of no other one. `store` is full of [`Slot::EMPTY`].
    pub(crate) fn new(own: Own, seed: u64, store: S) -> Self {
        Self {
            own,
            view: View::new(store),
            random: Random::new(seed),
            door: Door::new(),
            patience: Patience::new(),
            answers: ANSWERS,
            standing: Standing::Alive,
        }
    }

    /// Once in each period: who did not answer is judged, and others are chosen to be asked.
    ///
    /// `friends` are the nodes where processes of this node run. To each node of the answer the caller sends what
    /// [`Self::write`] writes with [`Gossip::ASK`].
    pub(crate) fn tick(
        &mut self,
        now_ms: u64,
        friends: &[NodeId],
        event: &mut dyn FnMut(Event),
    ) -> [Option<NodeId>; ASKED] {
        self.patience.tick(now_ms, PERIOD_MS);
        self.view.judge(now_ms, self.patience, event);
        self.own.edition.version = self.own.edition.version.saturating_add(1);
        self.door.tick();
        self.answers = ANSWERS;
        for slot in self.view.slots_mut() {
            slot.sent = 0;
        }
        if self.own.status.has(Status::QUIET) {
            let mut asked = [None; ASKED];
            asked[0] = self.view.choose_doubtful(now_ms, &mut self.random);
            return asked;
        }
        self.view.choose_asked(now_ms, friends, &mut self.random)
    }

    /// Appends the payload of a [`Gossip`] with these flags.
    pub(crate) fn write(&mut self, now_ms: u64, flags: u32, to: &mut dyn Put) -> Result<(), Full> {
        let own = self.own.vector();
        self.view.write(now_ms, flags, &own, self.standing, to)
    }

    /// Appends the payload of a farewell: the [`Gossip`] that a node sends to others before it leaves. From then on it
    /// says nothing else of itself: who was told already must not take it for one that is back.
    pub(crate) fn write_farewell(&mut self, now_ms: u64, to: &mut dyn Put) -> Result<(), Full> {
        self.own.edition.version = self.own.edition.version.saturating_add(1);
        self.standing = Standing::Left;
        self.write(now_ms, 0, to)
    }

    /// Takes in what another node sent; whether it has to be answered by what [`Self::write`] writes without flags.
    ///
    /// A message with a mistake changes nothing.
    pub(crate) fn hear(
        &mut self,
        now_ms: u64,
        from: NodeId,
        message: &Gossip<'_>,
        event: &mut dyn FnMut(Event),
    ) -> Result<bool, Malformed> {
        let ask = gossip::asks(message).ok_or(Malformed)?;
        for wire in message.vectors.iter() {
            Told::read(&wire?)?;
        }
        for wire in message.vectors.iter() {
            let told = Told::read(&wire?)?;
            let happened = if told.vector.node == self.own.node {
                self.heard_of_itself(&told)
            } else {
                self.view.merge(now_ms, told)
            };
            if let Some(happened) = happened {
                event(happened);
            }
        }
        if let Some(slot) = self.view.get_mut(from) {
            slot.answered();
        }
        if !ask || self.answers == 0 {
            return Ok(false);
        }
        self.answers -= 1;
        Ok(true)
    }

    /// Others must not believe anything later than what this node says now.
    fn heard_of_itself(&mut self, told: &Told) -> Option<Event> {
        let vector = &told.vector;
        if vector.address != self.own.address {
            let lives = told.standing == Standing::Alive && told.age_ms < RECENT_MS;
            return lives.then_some(Event::Conflict {
                node: vector.node,
                holder: self.own.address,
                claimant: vector.address,
            });
        }
        if vector.edition >= self.own.edition {
            let Edition { life, version } = vector.edition;
            self.own.edition = Edition {
                life,
                version: version.saturating_add(1),
            };
        }
        None
    }

    /// Makes a node known that nobody has told of: one of the map, or the one that is joined by. It is asked like any
    /// other, and what it says replaces what is assumed here.
    pub(crate) fn introduce(&mut self, now_ms: u64, mut vector: Vector) -> bool {
        vector.edition = Edition {
            life: 0,
            version: 0,
        };
        let told = Told {
            vector,
            standing: Standing::Gone,
            age_ms: now_ms,
        };
        let mut slot = Slot::new(now_ms, told);
        // It is no news that a node has not been there yet.
        slot.news = 0;
        vector.node != self.own.node && self.view.insert(slot)
    }

    /// A node cannot be reached: its link broke, or cannot be made.
    pub(crate) fn unreachable(&mut self, node: NodeId) {
        self.view.unreachable(node);
    }

    /// The link to a node has been measured.
    pub(crate) fn measured(&mut self, node: NodeId, path: Path) {
        if let Some(slot) = self.view.get_mut(node) {
            slot.path = path;
        }
    }
}
