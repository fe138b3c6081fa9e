// SPDX-License-Identifier: GPL-2.0-only
//! Nodes that come and go.

use std::collections::BTreeMap;

use super::{CRASH, Event, SAMPLE, World, id, index};
use crate::balance::random::Random;
use crate::balance::vector::Status;
use crate::job::{SECOND, Time, speed, unit};
use crate::machine::{Machine, Presence};
use crate::network::Payload;
use crate::setup::{Setup, Strategy};
use crate::turnover::{Times, Turnover};

/// Microseconds for which it is watched who knows, when all jobs have ended.
const WATCHED: Time = 60 * SECOND;

/// The most nodes that a node which joins knows.
const INTRODUCED: usize = 3;

/// The greatest number of nodes: one more number is no node's.
const MOST: usize = u16::MAX as usize - 1;

/// What happens to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    Join,
    Leave,
    Crash,
}

/// What others should get to know.
#[derive(Debug)]
struct Watch {
    change: Change,
    node: usize,
    since: Time,
    /// Nine of ten knew.
    mostly: bool,
}

impl Turnover {
    /// Until nine of ten knew of such a change, and until all did.
    fn times(&mut self, change: Change) -> (&mut Times, &mut Times) {
        match change {
            Change::Join => (&mut self.join_mostly, &mut self.join_known),
            Change::Leave => (&mut self.leave_mostly, &mut self.leave_known),
            Change::Crash => (&mut self.crash_mostly, &mut self.crash_known),
        }
    }
}

/// What happens to nodes, and what has happened.
#[derive(Debug)]
pub(super) struct Churn {
    random: Random,
    pub(super) turnover: Turnover,
    watches: Vec<Watch>,
    /// Nodes that have joined and had no job yet, and since when.
    idle: BTreeMap<usize, Time>,
    /// Nodes that are leaving, and since when.
    leaving: BTreeMap<usize, Time>,
    last: Time,
}

impl Churn {
    pub(super) fn new(setup: &Setup) -> Self {
        Self {
            // All else is as it would be without it.
            random: Random::new(setup.seed ^ 0x6368_7572_6e00),
            turnover: Turnover::default(),
            watches: vec![],
            idle: BTreeMap::new(),
            leaving: BTreeMap::new(),
            last: 0,
        }
    }

    /// A job runs on a node.
    pub(super) fn works(&mut self, now: Time, node: usize) {
        if let Some(since) = self.idle.remove(&node) {
            self.turnover.working.add(now - since);
        }
    }

    /// Whether nothing is left to be watched.
    pub(super) fn is_over(&self, now: Time) -> bool {
        let known = self.watches.is_empty() && self.leaving.is_empty();
        known || now > self.last + WATCHED
    }

    /// What there is to be told, at the end.
    pub(super) fn turnover(mut self) -> Turnover {
        for watch in &self.watches {
            let (most, all) = self.turnover.times(watch.change);
            all.missing += 1;
            most.missing += usize::from(!watch.mostly);
        }
        self.turnover.working.missing = self.idle.len();
        self.turnover.leaving.missing = self.leaving.len();
        self.turnover
    }
}

impl World {
    /// Queues the first changes, and looks at what is known of them from then on.
    pub(super) fn begin_churn(&mut self, start: Time) {
        for change in [Change::Join, Change::Leave, Change::Crash] {
            self.await_change(start, change);
        }
        let rates = self.setup.churn;
        if rates.joins + rates.leaves + rates.crashes > 0.0 {
            self.at(start, Event::Watch);
        }
    }

    /// Queues the next change of a kind. Each moment is as likely as any other.
    fn await_change(&mut self, after: Time, change: Change) {
        let rates = self.setup.churn;
        let rate = match change {
            Change::Join => rates.joins,
            Change::Leave => rates.leaves,
            Change::Crash => rates.crashes,
        };
        if rate > 0.0 {
            let minutes = -(1.0 - unit(&mut self.churn.random)).ln() / rate;
            let pause = (minutes * 60.0 * SECOND as f64) as Time;
            self.at(after.saturating_add(pause), Event::Change(change));
        }
    }

    /// Something happens to a node; nothing any more when all jobs have ended.
    pub(super) fn change(&mut self, change: Change) {
        if self.open == 0 {
            return;
        }
        self.await_change(self.now, change);
        match change {
            Change::Join if self.machines.len() < MOST => self.join(),
            Change::Join => return,
            Change::Leave | Change::Crash => {
                let here =
                    || (0..self.machines.len()).filter(|node| self.machines[*node].is_here());
                // Two always stay.
                if here().count() <= 2 {
                    return;
                }
                let Some(node) = self.churn.random.pick(here()) else {
                    return;
                };
                if change == Change::Leave {
                    self.tell_to_leave(node);
                } else {
                    self.crash(&[node]);
                    self.churn.turnover.crashed += 1;
                    self.watch(Change::Crash, node);
                }
            }
        }
        self.churn.last = self.now;
    }

    fn watch(&mut self, change: Change, node: usize) {
        if self.setup.strategy == Strategy::Openmosix {
            self.churn.watches.push(Watch { change, node, since: self.now, mostly: false });
        }
    }

    /// A new node joins. Its configuration names some that take part.
    fn join(&mut self) {
        let node = self.machines.len();
        let mut others = vec![];
        for _ in 0..INTRODUCED {
            let here = (0..node).filter(|it| self.machines[*it].is_here() && !others.contains(it));
            others.extend(self.churn.random.pick(here));
        }
        self.machines.push(Machine::new(self.now, self.setup.cpus, speed(&self.setup, node)));
        self.own_jobs.push(Default::default());
        self.network.sent.push(0);
        let seed = self.churn.random.next();
        let balancer = self.balancer(node, seed, &others);
        self.balancers.push(balancer);
        self.at(self.now, Event::Sample(node));
        if self.setup.strategy == Strategy::Openmosix {
            self.at(self.now, Event::Tick(node));
        }
        self.churn.turnover.joined += 1;
        self.churn.idle.insert(node, self.now);
        self.watch(Change::Join, node);
    }

    /// The administrator writes to `expel` and `bring`.
    fn tell_to_leave(&mut self, node: usize) {
        self.machines[node].presence = Presence::Leaving;
        let own = &mut self.balancers[node].own;
        own.expel = true;
        own.bring = true;
        own.status = own.status.with(Status::BLOCK, true).with(Status::LSTAY, true);
        self.churn.turnover.told += 1;
        self.churn.leaving.insert(node, self.now);
        self.churn.idle.remove(&node);
    }

    /// A node that was told to leave does so when no process needs it any more.
    pub(super) fn leave_if_free(&mut self, node: usize) {
        let free = self.machines[node].presence == Presence::Leaving
            && self.balancers[node].own.present() == 0
            && self.machines[node].jobs().all(|job| self.jobs[job].home == node)
            && self.own_jobs[node].iter().all(|job| self.jobs[*job].at == node)
            && !self.jobs.iter().any(|job| job.moving.is_some_and(|(_, from)| from == id(node)));
        if !free {
            return;
        }
        if self.setup.strategy == Strategy::Openmosix {
            self.say_farewell(node);
        }
        self.machines[node].ends(self.now, Presence::Left);
        self.part(node);
        if let Some(since) = self.churn.leaving.remove(&node) {
            self.churn.turnover.leaving.add(self.now - since);
        }
        self.churn.last = self.now;
        self.watch(Change::Leave, node);
    }

    /// Processes are lost whose home is on the other side, if a node that leaves has any.
    fn part(&mut self, node: usize) {
        for job in 0..self.jobs.len() {
            let it = &self.jobs[job];
            let begun = it.arrives <= self.now && it.ended.is_none() && !it.lost;
            if begun && (it.at == node) != (it.home == node) {
                if it.moving.is_none() {
                    self.take(it.at, job);
                }
                self.lose(job);
            }
        }
    }

    /// Says farewell to all that are known to be there.
    fn say_farewell(&mut self, node: usize) {
        let slots = self.balancers[node].view.slots().iter();
        let others: Vec<usize> = slots
            .filter(|slot| !slot.standing.is_down())
            .map(|slot| index(slot.vector.node))
            .collect();
        let now_ms = self.now_ms();
        for other in others {
            let mut payload = Payload::default();
            if self.balancers[node].write_farewell(now_ms, &mut payload).is_ok() {
                self.post(node, other, payload);
            }
        }
    }

    /// Nodes stop at once, and all that runs there, or was created there, with them.
    pub(super) fn crash(&mut self, nodes: &[usize]) {
        for &node in nodes {
            self.machines[node].ends(self.now, Presence::Crashed);
            self.machines[node].generation += 1;
            self.churn.idle.remove(&node);
            self.churn.leaving.remove(&node);
        }
        for job in 0..self.jobs.len() {
            let it = &self.jobs[job];
            let here = it.arrives <= self.now && it.ended.is_none() && !it.lost;
            let (at, home) = (it.at, it.home);
            if here && (self.machines[at].is_dead() || self.machines[home].is_dead()) {
                if !self.machines[at].is_dead() && self.jobs[job].moving.is_none() {
                    self.take(at, job);
                }
                self.lose(job);
            }
        }
    }

    /// The last nodes crash together.
    pub(super) fn crash_last(&mut self) {
        let first = self.setup.nodes - self.setup.crash;
        let last: Vec<usize> =
            (first..self.setup.nodes).filter(|node| self.machines[*node].is_member()).collect();
        self.crash(&last);
        for (other, machine) in self.machines.iter().enumerate() {
            let lives = |node: &usize| {
                let slot = self.balancers[other].view.get(id(*node));
                slot.is_some_and(|slot| !slot.standing.is_down())
            };
            if machine.is_member() {
                let known = last.iter().copied().filter(lives);
                self.unaware.extend(known.map(|node| (other, node)));
            }
        }
    }

    /// Seconds from the crash of the last nodes until half of those that knew them, and all, had noticed each; if they
    /// did, as far as they still take part.
    pub(super) fn noticed(&self) -> (Option<f64>, Option<f64>) {
        let crashed = (self.setup.warm_up + CRASH) * SECOND;
        let since = |time: &Time| (time - crashed) as f64 / SECOND as f64;
        let unaware =
            self.unaware.iter().filter(|(other, _)| self.machines[*other].is_member()).count();
        let half = self.noticed.get((self.noticed.len() + unaware) / 2);
        let all = self.noticed.last().filter(|_| unaware == 0);
        (half.map(since), all.map(since))
    }

    /// Looks at who knows what has happened.
    pub(super) fn look_who_knows(&mut self) {
        let mut watches = std::mem::take(&mut self.churn.watches);
        watches.retain_mut(|watch| {
            let join = watch.change == Change::Join;
            if join && !self.machines[watch.node].is_member() {
                return false;
            }
            let (mut others, mut ignorant) = (0, 0);
            for (other, machine) in self.machines.iter().enumerate() {
                if other == watch.node || !machine.is_member() || machine.member.0 > watch.since {
                    continue;
                }
                let slot = self.balancers[other].view.get(id(watch.node));
                let lives = slot.is_some_and(|slot| !slot.standing.is_down());
                others += 1;
                ignorant += usize::from(lives != join);
            }
            let (most, all) = self.churn.turnover.times(watch.change);
            let time = self.now - watch.since;
            if !watch.mostly && ignorant * 10 <= others {
                watch.mostly = true;
                most.add(time);
            }
            if ignorant == 0 {
                all.add(time);
            }
            ignorant > 0
        });
        self.churn.watches = watches;
        self.at(self.now + SAMPLE, Event::Watch);
    }
}
