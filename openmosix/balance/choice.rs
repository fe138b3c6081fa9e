// SPDX-License-Identifier: GPL-2.0-only

//! Where processes should run.

use core::{
    cmp::Reverse,
    ops::DerefMut, //
};

use super::{
    best::Best,
    cost::{
        talk,
        travel,
        travel_ms,
        Cost,
        Demand,
        Place,
        Scale, //
    },
    decision::{
        Candidate,
        Decision,
        Process,
        Why, //
    },
    door::{
        self,
        Offer, //
    },
    promise::Promise,
    rules::{
        Kind,
        Running,
        Scope, //
    },
    vector::{
        Standing,
        Status,
        Vector, //
    },
    view::{
        Path,
        Slot, //
    },
    Balancer,
    PERIOD_MS, //
};
use crate::node::map::NodeId;

/// Milliseconds of CPU time that a process has used before it moves by itself. Among sixteen processes that takes
/// sixteen times as long, so it must not be much.
pub(crate) const YOUNG_MS: u64 = 100;

/// The least and the most milliseconds that a process stays where it is; in between, a quarter of its life. So the
/// moves of a process grow only with the logarithm of its age.
const SETTLED_MS: (u64, u64) = (1_000, 30_000);

/// Milliseconds after which what is known of a node is too old to send a process there.
const FRESH_MS: u64 = 10_000;

/// Milliseconds for which a node that refused a process is left alone; from the fifth time in a row on it is twice as
/// long each time, so often at most. The process is left alone for as long, and would ask the same node for ever.
const SPARED_MS: u64 = 2_000;
const PATIENT: u8 = 4;
const DOUBLED: u8 = 3;

/// Milliseconds after which another refusal has nothing to do with the one before.
const AGAIN_MS: u64 = 10_000;

/// Hundredths of processes that another node may have more than it says; and more of them for each second since it
/// said so.
const DOUBT: u64 = 30;
const DOUBT_PER_SECOND: u64 = 10;

/// How many nodes are looked at closely.
const SHORT: usize = 16;

/// The most processes that are sent away in one period for balance, even if all of them are small.
pub(crate) const MOVES: usize = 16;

impl Slot {
    /// The node as a place to run: what it said, what it was sent since then, and some doubt.
    fn place(&self, now_ms: u64, doubt: u64) -> Place {
        let promised = self.promised();
        let mut memory = self.vector.memory;
        memory.free = memory.free.saturating_sub(promised.bytes);
        let doubt = match doubt {
            0 => 0,
            doubt => doubt + DOUBT_PER_SECOND * self.age_ms(now_ms) / 1_000,
        };
        let running = u64::from(self.vector.running)
            .saturating_add(promised.running.into())
            .saturating_add(doubt);
        Place {
            processors: self.vector.processors,
            running: u32::try_from(running).unwrap_or(u32::MAX),
            memory,
        }
    }

    /// What it was sent and has not told of yet.
    fn promised(&self) -> Promise {
        self.promises.open(self.born_ms)
    }

    /// Remembers that a process was sent to this node.
    fn promise(&mut self, now_ms: u64, running: u32, bytes: u64) {
        self.promises.add(self.born_ms, now_ms, running, bytes);
        self.sent = self.sent.saturating_add(1);
    }

    /// Whether its limits keep a process out, by what it said and was sent since then. It looks at them again itself.
    fn keeps_out(&self, share: u32) -> bool {
        let Vector {
            processors,
            running,
            running_guests,
            guests,
            limits,
            ..
        } = self.vector;
        let promised = self.promised();
        let with = Running {
            local: running.saturating_sub(running_guests),
            guests: running_guests
                .saturating_add(promised.running)
                .saturating_add(share),
        };
        limits.keep_out(processors, guests.saturating_add(promised.guests), with)
    }

    /// It has refused a process, and is left alone.
    fn spare(&mut self, now_ms: u64) {
        // Several that were sent at once are refused once.
        if now_ms >= self.spared_ms {
            let again = now_ms - self.spared_ms < AGAIN_MS;
            self.refusals = if again {
                self.refusals.saturating_add(1)
            } else {
                1
            };
        }
        let doubled = self.refusals.saturating_sub(PATIENT).min(DOUBLED);
        self.spared_ms = now_ms.saturating_add(SPARED_MS << doubled);
    }

    /// Whether processes may be sent there.
    fn is_open(&self, now_ms: u64) -> bool {
        self.standing == Standing::Alive
            && self.missed == 0
            && self.age_ms(now_ms) <= FRESH_MS
            && now_ms >= self.spared_ms
            && door::takes(self.vector.processors, self.sent)
            && !self.vector.status.has(Status::BLOCK)
            && !self.vector.status.has(Status::QUIET)
    }
}

/// How its owner keeps a process where it is, if so.
fn held(process: &Process<'_>) -> Option<Why> {
    if process.rules.locked {
        Some(Why::Locked)
    } else if process.rules.ordered {
        Some(Why::Ordered)
    } else {
        None
    }
}

/// What all decisions of one period are made with.
pub(super) struct Survey {
    /// How many nodes there are.
    nodes: usize,
    /// The nodes where one more process costs least.
    short: Best<Reverse<(Cost, u64)>, NodeId, SHORT>,
}

/// What a process would cost on a node to which it may go.
#[derive(Clone, Copy)]
struct Bid {
    node: NodeId,
    cost: Cost,
}

impl<S: DerefMut<Target = [Slot]>> Balancer<S> {
    /// Looks at all nodes.
    pub(super) fn survey(&mut self, now_ms: u64) -> Survey {
        let others = self.view.slots().iter();
        let nodes = 1 + others.filter(|slot| !slot.standing.is_down()).count();
        let scale = Scale::new(nodes, self.own.place().load(&Demand::PLAIN));
        let mut short = Best::new();
        for slot in self.view.slots() {
            if slot.is_open(now_ms) {
                let cost = scale.cost(&slot.place(now_ms, DOUBT), &Demand::PLAIN);
                short.offer(Reverse((cost, self.random.next())), slot.vector.node);
            }
        }
        Survey { nodes, short }
    }

    /// Decides for processes whose home is this node, and says how many shall move.
    ///
    /// The caller moves those whose decision names a node, with an [offer](Self::offer) to it, and tells by
    /// [`Self::moved`] or [`Self::refused`] how it went. Each move counts at once for those that are decided later.
    pub(crate) fn choose(&mut self, now_ms: u64, candidates: &mut [Candidate<'_>]) -> usize {
        let here = candidates.iter().map(|candidate| &candidate.process);
        let here = here.filter(|process| process.at == self.own.node);
        let wanted = here.fold(0_u32, |sum, it| sum.saturating_add(it.usage.share / 10));
        self.own.know(wanted);
        let survey = self.survey(now_ms);
        for candidate in candidates.iter_mut() {
            candidate.sent = false;
            candidate.decision = self.decide(now_ms, &survey, &candidate.process);
            if candidate.decision.why != Why::Balance {
                self.send(now_ms, candidate);
            }
        }
        self.usher(now_ms, &survey, candidates);

        // The one that gains most goes first; what it changes is seen by the next one. No more go than the link
        // carries in a period.
        let mut travelling_ms = 0;
        for _ in 0..MOVES {
            if travelling_ms >= PERIOD_MS {
                break;
            }
            let first = candidates
                .iter_mut()
                .filter(|candidate| candidate.is_waiting())
                .max_by_key(|candidate| candidate.decision.gain());
            let Some(first) = first else {
                break;
            };
            first.decision = self.decide(now_ms, &survey, &first.process);
            if first.decision.why == Why::Nowhere {
                // There was a node for it, which takes no more in this period.
                first.decision.why = Why::Later;
            }
            self.send(now_ms, first);
            if let Some(to) = first.decision.to {
                travelling_ms = self
                    .travelling_ms(&first.process, to)
                    .saturating_add(travelling_ms);
            }
        }
        for candidate in candidates.iter_mut().filter(|it| it.is_waiting()) {
            candidate.decision.to = None;
            candidate.decision.why = Why::Later;
        }
        candidates.iter().filter(|candidate| candidate.sent).count()
    }

    /// Counts a process where it goes, if it goes.
    pub(super) fn send(&mut self, now_ms: u64, candidate: &mut Candidate<'_>) {
        if let Some(to) = candidate.decision.to {
            self.commit(now_ms, &candidate.process, to);
            candidate.sent = true;
        }
    }

    /// Decides for one process alone, as `migrate PID balance` asks.
    pub(crate) fn choose_one(&mut self, now_ms: u64, process: &Process<'_>) -> Decision {
        let survey = self.survey(now_ms);
        let decision = self.decide(now_ms, &survey, process);
        if let Some(to) = decision.to {
            self.commit(now_ms, process, to);
        }
        decision
    }

    /// Decides for a process at the moment of its `execve()`: it has next to no memory then, and is expected to use
    /// `expected_ms` of CPU time.
    pub(crate) fn choose_at_exec(
        &mut self,
        now_ms: u64,
        process: &Process<'_>,
        expected_ms: u64,
    ) -> Decision {
        let process = Process {
            cpu_ms: expected_ms.max(YOUNG_MS),
            settled_ms: u64::MAX,
            resident: 0,
            ..*process
        };
        self.choose_one(now_ms, &process)
    }

    /// What is decided for a process whatever it costs, if anything is.
    fn without_cost(&self, process: &Process<'_>) -> Option<Decision> {
        let away = process.at != self.own.node;
        let comes_home = |why| Decision {
            to: Some(self.own.node),
            ..Decision::stay(why)
        };
        if away && self.own.bring {
            return Some(comes_home(Why::Bring));
        }
        // Who is stopped does not hear what the node where it is wants.
        let expelled = process.rules.stays
            && self
                .view
                .get(process.at)
                .is_some_and(|slot| slot.vector.status.has(Status::EXPEL));
        let urgent = process.pushed.or(expelled.then_some(Why::Expel));
        if process.rules.stays && !(away && urgent.is_some()) {
            return Some(Decision::stay(Why::Cannot));
        }
        let kept = match urgent {
            None => self.forbidden(process).or(self.unripe(process)),
            Some(Why::Expel) => None,
            Some(_) => held(process),
        };
        if let Some(why) = kept {
            return Some(Decision::stay(why));
        }
        // If it got a stay reason where it is, home takes it back all the same.
        urgent.filter(|_| process.rules.stays).map(comes_home)
    }

    /// What is best for one process.
    pub(super) fn decide(
        &mut self,
        now_ms: u64,
        survey: &Survey,
        process: &Process<'_>,
    ) -> Decision {
        if let Some(decision) = self.without_cost(process) {
            return decision;
        }
        let away = process.at != self.own.node;
        let urgent = process.pushed;
        let there = self.here(now_ms, process);
        let load = match &there {
            Some((place, demand)) => place.load(demand),
            None => self.own.place().load(&Demand::PLAIN),
        };
        let scale = Scale::new(survey.nodes, load);
        let here = there.map(|(place, demand)| scale.cost(&place, &demand));
        let best = self.best_other(now_ms, survey, scale, process);
        let mut decision = Decision {
            to: None,
            why: Why::Best,
            here,
            best: best.as_ref().map(|bid| (bid.node, bid.cost)),
        };
        match (urgent, best, here) {
            (Some(why), Some(best), _) => {
                decision.to = Some(best.node);
                decision.why = why;
            }
            (Some(why), None, _) if away => {
                decision.to = Some(self.own.node);
                decision.why = why;
            }
            (None, _, None) => decision.why = Why::Unknown,
            (_, None, _) => decision.why = Why::Nowhere,
            (None, Some(best), Some(here)) if best.cost.and_an_eighth() < here => {
                decision.to = Some(best.node);
                decision.why = Why::Balance;
            }
            (None, Some(best), Some(here)) if best.cost < here => decision.why = Why::Little,
            _ => (),
        }
        decision
    }

    /// Whose will it is that a process does not move by itself.
    pub(super) fn forbidden(&self, process: &Process<'_>) -> Option<Why> {
        let own = self.own.status;
        let at_home = process.at == self.own.node;
        let there = self
            .view
            .get(process.at)
            .map_or(own, |slot| slot.vector.status);
        let stay = at_home && own.has(Status::LSTAY) || there.has(Status::STAY);
        held(process).or(stay.then_some(Why::Stay))
    }

    /// Why it is too early to move a process for balance.
    fn unripe(&self, process: &Process<'_>) -> Option<Why> {
        let settled = (process.age_ms / 4).clamp(SETTLED_MS.0, SETTLED_MS.1);
        if process.cpu_ms < YOUNG_MS {
            Some(Why::Young)
        } else if process.settled_ms < settled {
            Some(Why::Settling)
        } else {
            None
        }
    }

    /// Where a process runs, and what it uses and loses there; if that is known.
    fn here(&self, now_ms: u64, process: &Process<'_>) -> Option<(Place, Demand)> {
        let mut demand = Demand {
            share: process.usage.share / 10,
            resident: process.resident,
            delay: 0,
        };
        let mut place = self.own.place();
        if process.at != self.own.node {
            let slot = self.view.get(process.at)?;
            if slot.age_ms(now_ms) > FRESH_MS {
                return None;
            }
            place = slot.place(now_ms, 0);
            demand.delay = self.talks(process, slot.path);
        }
        // It is part of what was measured there.
        place.running = place.running.saturating_sub(demand.share);
        place.memory.free = place
            .memory
            .free
            .saturating_add(demand.resident)
            .min(place.memory.total);
        Some((place, demand))
    }

    /// The best node of all but the one where a process runs; of several that are nearly as good any one, so that not
    /// all nodes choose the same.
    fn best_other(
        &mut self,
        now_ms: u64,
        survey: &Survey,
        scale: Scale,
        process: &Process<'_>,
    ) -> Option<Bid> {
        let mut bids = Best::<Reverse<Cost>, Bid, SHORT>::new();
        let mut take = |bid: Option<Bid>| {
            if let Some(bid) = bid {
                bids.offer(Reverse(bid.cost), bid);
            }
            bid.is_some()
        };
        if process.at != self.own.node {
            take(self.bid_home(scale, process));
        }
        if process.rules.kind != Kind::Io {
            let short = survey.short.iter().filter_map(|node| self.view.get(node));
            let mut found = false;
            for slot in short {
                found |= take(self.bid(now_ms, scale, process, slot));
            }
            // Those that it may go to, or that have room for it, need not be the best ones for others.
            if !found {
                for slot in self.view.slots() {
                    if slot.is_open(now_ms) {
                        take(self.bid(now_ms, scale, process, slot));
                    }
                }
            }
        }
        let least = bids.iter().next()?.cost;
        let good = |bid: &Bid| bid.cost <= least.and_an_eighth();
        self.random.pick(bids.iter().filter(good))
    }

    /// What a process would cost on another node, if it may go there.
    fn bid(&self, now_ms: u64, scale: Scale, process: &Process<'_>, slot: &Slot) -> Option<Bid> {
        let node = slot.vector.node;
        let place = slot.place(now_ms, DOUBT);
        let allowed = process.rules.mask.is_none_or(|mask| mask.allows(node));
        let share = process.usage.share / 10;
        let full = !door::takes(slot.vector.processors, slot.sent) || slot.keeps_out(share);
        if node == process.at || !allowed || full || !place.memory.has_room(process.resident) {
            return None;
        }
        let travelling = travel(self.travelling_ms(process, node), process.cpu_ms);
        let delay = travelling.saturating_add(self.talks(process, slot.path));
        let demand = Demand {
            share,
            resident: process.resident,
            delay,
        };
        let cost = scale.cost(&place, &demand);
        Some(Bid { node, cost })
    }

    /// What a process that is away would cost at home.
    fn bid_home(&self, scale: Scale, process: &Process<'_>) -> Option<Bid> {
        let mut place = self.own.place();
        let share = process.usage.share / 10;
        let expected = self.own.expected();
        let with = Running {
            local: expected.local.saturating_add(share),
            ..expected
        };
        let limits = self.own.limits;
        let full = limits.exceeded(self.own.processors, with, Scope::Local);
        if full || !place.memory.has_room(process.resident) {
            return None;
        }
        place.running = place.running.saturating_add(DOUBT as u32);
        let demand = Demand {
            share,
            resident: process.resident,
            delay: travel(self.travelling_ms(process, self.own.node), process.cpu_ms),
        };
        let cost = scale.cost(&place, &demand);
        Some(Bid {
            node: self.own.node,
            cost,
        })
    }

    /// Milliseconds that a process needs to come home, if it is away, and to go to a node from there.
    fn travelling_ms(&self, process: &Process<'_>, to: NodeId) -> u64 {
        let step = |node| {
            let slot = self.view.get(node);
            slot.map_or(0, |slot| travel_ms(process.resident, slot.path))
        };
        step(process.at).saturating_add(step(to))
    }

    /// What a process loses by talking to its home over `path`, in hundredths of a second for each second of CPU time.
    fn talks(&self, process: &Process<'_>, path: Path) -> u64 {
        match process.rules.kind {
            Kind::Cpu => 0,
            Kind::Measured | Kind::Io => talk(&process.usage, path),
        }
    }

    /// Counts a move that was decided.
    pub(super) fn commit(&mut self, now_ms: u64, process: &Process<'_>, to: NodeId) {
        let share = process.usage.share / 10;
        if let Some(slot) = self.view.get_mut(to) {
            slot.promise(now_ms, share, process.resident);
        } else {
            self.own.await_one(share, process.resident, false);
        }
        if process.at == self.own.node {
            self.own.release(share, process.resident);
        }
    }

    /// The offer to a node of a process that was sent there by [`Self::choose`].
    pub(crate) fn offer(&self, now_ms: u64, process: &Process<'_>, to: NodeId) -> Offer {
        let share = process.usage.share / 10;
        let running = self
            .view
            .get(to)
            .map_or(0, |slot| slot.place(now_ms, 0).running);
        Offer {
            believed: running.saturating_sub(share),
            share,
            resident: process.resident,
            ordered: false,
        }
    }

    /// A process that was offered has moved.
    pub(crate) fn moved(&mut self, from: NodeId, to: NodeId, offer: &Offer) {
        if let Some(slot) = self.view.get_mut(to) {
            slot.refusals = 0;
        }
        if from == self.own.node {
            self.own.released(offer.resident);
        }
        if to == self.own.node {
            self.own.settle(offer.share, offer.resident, false);
        }
    }

    /// A process that was offered could not move, because of where it should go.
    pub(crate) fn refused(&mut self, now_ms: u64, from: NodeId, to: NodeId, offer: &Offer) {
        if let Some(slot) = self.view.get_mut(to) {
            slot.spare(now_ms);
        }
        self.withdrawn(from, to, offer);
    }

    /// A process that was offered does not move after all.
    pub(crate) fn withdrawn(&mut self, from: NodeId, to: NodeId, offer: &Offer) {
        if let Some(slot) = self.view.get_mut(to) {
            slot.promises.take_back(offer.share, offer.resident);
        }
        if from == self.own.node {
            self.own.keep(offer.share, offer.resident);
        }
        if to == self.own.node {
            self.own.disappoint(offer.share, offer.resident, false);
        }
    }
}
