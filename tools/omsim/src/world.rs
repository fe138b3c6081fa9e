// SPDX-License-Identifier: GPL-2.0-only
//! The simulation itself: a queue of events, and what each of them does.

mod churn;
mod outcome;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::balance::decision::{Candidate, Process};
use crate::balance::membership::Event as News;
use crate::balance::own::{Own, Sample};
use crate::balance::random::Random;
use crate::balance::rules::Rules;
use crate::balance::usher::Guest;
use crate::balance::view::{Path, Slot};
use crate::balance::{Balancer, PERIOD_MS};
use crate::job::{Job, MEMORY, SECOND, Time, jobs, speed};
use crate::load::metric::STANDARD_SPEED;
use crate::load::process::Usage;
use crate::load::{Memory, Processors};
use crate::machine::{Machine, Presence};
use crate::network::{Network, Payload};
use crate::node::map::NodeId;
use crate::report::Report;
use crate::setup::{Setup, Strategy};
use crate::wire::Message;
use crate::wire::gossip::Gossip;
use churn::{Change, Churn};

/// Microseconds between two samples of a node's load.
const SAMPLE: Time = SECOND / 4;

/// Microseconds that a move takes beside sending the memory.
const SETUP: Time = 20_000;

/// Microseconds for which a process is left alone that was refused.
const REST: Time = 2 * SECOND;

/// Seconds after the first job until nodes crash.
const CRASH: u64 = 20;

/// How many nodes are looked at, each second, for how old their knowledge is.
const LOOKS: usize = 20;

/// Something that happens.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrive(usize),
    End {
        node: usize,
        job: usize,
        generation: u64,
    },
    Sample(usize),
    Tick(usize),
    Message {
        to: usize,
        from: usize,
        payload: Vec<u8>,
    },
    Land {
        job: usize,
        node: usize,
    },
    Look,
    /// The last nodes crash.
    Crash,
    /// A node comes or goes.
    Change(Change),
    /// It is looked at who knows of that.
    Watch,
}

/// A running simulation.
pub(crate) struct World {
    setup: Setup,
    now: Time,
    queue: BinaryHeap<Reverse<(Time, u64, Event)>>,
    queued: u64,
    random: Random,
    network: Network,
    churn: Churn,
    machines: Vec<Machine>,
    balancers: Vec<Balancer<Vec<Slot>>>,
    jobs: Vec<Job>,
    /// The jobs that were created on each node and have not ended.
    own_jobs: Vec<BTreeSet<usize>>,
    open: usize,
    astray: usize,
    next: usize,
    refused: u64,
    swapping: f64,
    all_busy: Option<Time>,
    false_alarms: u64,
    /// Who has not noticed which of the last nodes that crashed, and when others did.
    unaware: BTreeSet<(usize, usize)>,
    noticed: Vec<Time>,
    ages: Vec<u64>,
    looks: usize,
    history: Vec<(usize, f64, usize)>,
}

/// The node with this index.
fn id(node: usize) -> NodeId {
    NodeId::new(u16::try_from(node + 1).unwrap_or(u16::MAX)).unwrap_or(Slot::EMPTY.vector.node)
}

/// The index of a node.
fn index(id: NodeId) -> usize {
    usize::from(id.get()) - 1
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        let mut random = Random::new(setup.seed);
        let jobs = jobs(&setup, &mut random);
        let nodes = setup.nodes;
        let machines =
            (0..nodes).map(|node| Machine::new(0, setup.cpus, speed(&setup, node))).collect();
        let mut world = Self {
            now: 0,
            queue: BinaryHeap::new(),
            queued: 0,
            network: Network::new(nodes, random.next(), setup.loss),
            churn: Churn::new(&setup),
            machines,
            balancers: vec![],
            own_jobs: vec![BTreeSet::new(); nodes],
            open: jobs.len(),
            jobs,
            astray: 0,
            next: 0,
            refused: 0,
            swapping: 0.0,
            all_busy: None,
            false_alarms: 0,
            unaware: BTreeSet::new(),
            noticed: vec![],
            ages: vec![],
            looks: 0,
            history: vec![],
            random,
            setup,
        };
        for node in 0..nodes {
            // Each knows the address of another one, as those do that join.
            let seed = world.random.next();
            let other = (node > 0).then(|| world.random.below(node));
            let balancer = world.balancer(node, seed, other.as_slice());
            world.balancers.push(balancer);
        }
        world.begin();
        world
    }

    /// A node that knows the addresses of some others.
    fn balancer(&self, node: usize, seed: u64, others: &[usize]) -> Balancer<Vec<Slot>> {
        let setup = &self.setup;
        let own = |node: usize| {
            let speed = (speed(setup, node) * f64::from(STANDARD_SPEED)) as u32;
            let mut address = [0; 16];
            address[..8].copy_from_slice(&(node as u64 + 1).to_be_bytes());
            Own::new(id(node), address, 1, Processors::new(setup.cpus, speed))
        };
        // Others may join later.
        let others_at_most =
            if setup.churn.joins > 0.0 { usize::from(u16::MAX) } else { setup.nodes - 1 };
        let known = setup.known.min(others_at_most);
        let mut balancer = Balancer::new(own(node), seed, vec![Slot::EMPTY; known]);
        for other in others {
            balancer.introduce(self.now_ms(), own(*other).vector());
        }
        balancer
    }

    /// Queues what happens by itself.
    fn begin(&mut self) {
        for job in 0..self.jobs.len() {
            self.at(self.jobs[job].arrives, Event::Arrive(job));
        }
        if self.setup.strategy == Strategy::Openmosix {
            for node in 0..self.setup.nodes {
                let phase = self.random.below(SECOND as usize) as Time;
                self.at(phase, Event::Tick(node));
            }
        }
        for node in 0..self.setup.nodes {
            let phase = self.random.below(SAMPLE as usize) as Time;
            self.at(phase, Event::Sample(node));
        }
        let start = self.setup.warm_up * SECOND;
        self.at(start, Event::Look);
        if self.setup.crash > 0 {
            self.at(start + CRASH * SECOND, Event::Crash);
        }
        self.begin_churn(start);
    }

    fn at(&mut self, time: Time, event: Event) {
        self.queued += 1;
        self.queue.push(Reverse((time, self.queued, event)));
    }

    fn now_ms(&self) -> u64 {
        self.now / 1_000
    }

    /// Simulates until all jobs have ended.
    pub(crate) fn run(mut self) -> Report {
        let end = (self.setup.warm_up + self.setup.limit) * SECOND;
        let watched = (self.setup.warm_up + CRASH + 30) * SECOND;
        while let Some(Reverse((time, _, event))) = self.queue.pop() {
            let crash_is_over = self.setup.crash == 0 || time > watched;
            let churn_is_over = self.churn.is_over(time);
            if time > end || self.open == 0 && crash_is_over && churn_is_over {
                break;
            }
            self.now = time;
            self.happen(event);
        }
        self.report()
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive(job) => self.arrive(job),
            Event::End { node, job, generation } => {
                if self.machines[node].generation == generation {
                    self.end(node, job);
                }
            }
            Event::Sample(node) => self.sample(node),
            Event::Tick(node) => self.tick(node),
            Event::Message { to, from, payload } => self.hear(to, from, &payload),
            Event::Land { job, node } => self.land(job, node),
            Event::Look => self.look(),
            Event::Crash => self.crash_last(),
            Event::Change(change) => self.change(change),
            Event::Watch => self.look_who_knows(),
        }
    }

    /// What the next job to end on a node is may have changed.
    fn schedule(&mut self, node: usize) {
        let machine = &self.machines[node];
        if let Some((time, job)) = machine.next_end() {
            let generation = machine.generation;
            self.at(time.max(self.now), Event::End { node, job, generation });
        }
    }

    fn put(&mut self, node: usize, job: usize) {
        let now = self.now;
        let it = &mut self.jobs[job];
        it.at = node;
        it.since = now;
        it.pushed = None;
        let left = it.left;
        self.machines[node].add(now, job, left);
        self.churn.works(now, node);
        self.schedule(node);
    }

    fn take(&mut self, node: usize, job: usize) {
        self.jobs[job].left = self.machines[node].remove(self.now, job);
        self.schedule(node);
    }

    fn arrive(&mut self, job: usize) {
        let home = self.jobs[job].home;
        let node = self.start(home);
        self.own_jobs[home].insert(job);
        if self.machines[home].is_dead() {
            return self.lose(job);
        }
        self.put(node, job);
        self.notice_all_busy();
    }

    /// Where a job starts that is created on this node. Who places jobs knows which nodes are there.
    fn start(&mut self, home: usize) -> usize {
        let machines = &self.machines;
        let nodes = machines.len();
        let here = |node: &usize| machines[*node].is_here();
        let found = match self.setup.strategy {
            Strategy::Openmosix | Strategy::None => Some(home),
            Strategy::RoundRobin => {
                let found = (self.next..self.next + nodes).find(|node| here(&(node % nodes)));
                self.next = found.map_or(0, |node| node + 1);
                found.map(|node| node % nodes)
            }
            Strategy::Random => {
                let any = self.random.below(nodes);
                if here(&any) { Some(any) } else { self.random.pick((0..nodes).filter(here)) }
            }
            Strategy::Greedy => (0..nodes).filter(here).max_by(|&one, &other| {
                let pace = |node: usize| {
                    let machine = &machines[node];
                    machine.pace_of(machine.running() + 1)
                };
                pace(one).total_cmp(&pace(other)).then(other.cmp(&one))
            }),
        };
        found.unwrap_or(home)
    }

    fn end(&mut self, node: usize, job: usize) {
        self.take(node, job);
        let it = &mut self.jobs[job];
        it.ended = Some(self.now);
        let home = it.home;
        self.own_jobs[home].remove(&job);
        self.open -= 1;
        if home != node {
            self.balancers[node].guest_left(100);
        }
    }

    fn lose(&mut self, job: usize) {
        let it = &mut self.jobs[job];
        if !it.lost && it.ended.is_none() {
            it.lost = true;
            if !self.machines[it.at].is_dead() && !self.machines[it.home].is_dead() {
                self.astray += 1;
            }
            self.own_jobs[it.home].remove(&job);
            self.open -= 1;
        }
    }

    fn sample(&mut self, node: usize) {
        if self.machines[node].is_dead() {
            return;
        }
        let now_ms = self.now_ms();
        let machine = &mut self.machines[node];
        let generation = machine.generation;
        machine.look_at_memory(self.now, &self.jobs);
        let used = machine.used();
        let local = machine.jobs().filter(|job| self.jobs[*job].home == node).count();
        let guests = machine.running() - local;
        let changed = machine.generation != generation;
        let over = used > MEMORY;
        if over {
            self.swapping += SAMPLE as f64 / SECOND as f64;
        }
        self.balancers[node].own.sample(
            now_ms,
            &Sample {
                local: local as u32,
                guests: guests as u32,
                present: guests as u16,
                memory: Memory {
                    free: MEMORY.saturating_sub(used),
                    total: MEMORY,
                    pressure: if over { 500 } else { 0 },
                },
            },
        );
        if changed {
            self.schedule(node);
        }
        self.leave_if_free(node);
        self.at(self.now + SAMPLE, Event::Sample(node));
    }

    fn tick(&mut self, node: usize) {
        if !self.machines[node].is_member() {
            return;
        }
        self.at(self.now + PERIOD_MS * 1_000, Event::Tick(node));
        let now_ms = self.now_ms();
        let friends: BTreeSet<usize> = self.own_jobs[node]
            .iter()
            .map(|job| self.jobs[*job].at)
            .filter(|at| *at != node)
            .collect();
        let friends: Vec<NodeId> = friends.into_iter().map(id).collect();
        let mut news = vec![];
        let asked = self.balancers[node].tick(now_ms, &friends, &mut |event| news.push(event));
        self.note(node, news);
        for to in asked.into_iter().flatten() {
            self.send(node, index(to), Gossip::ASK);
        }
        self.evict(node);
        self.choose(node);
    }

    fn send(&mut self, from: usize, to: usize, flags: u32) {
        let mut payload = Payload::default();
        let now_ms = self.now_ms();
        let Ok(()) = self.balancers[from].write(now_ms, flags, &mut payload) else {
            return;
        };
        self.post(from, to, payload);
    }

    fn post(&mut self, from: usize, to: usize, payload: Payload) {
        if let Some(time) = self.network.send(self.now, from, &payload.0) {
            self.at(time, Event::Message { to, from, payload: payload.0 });
        }
    }

    fn hear(&mut self, to: usize, from: usize, payload: &[u8]) {
        if !self.machines.get(to).is_some_and(Machine::is_member) {
            return;
        }
        let now_ms = self.now_ms();
        let path = Path { round_trip_us: 1_000, rate: self.setup.rate };
        let mut news = vec![];
        let balancer = &mut self.balancers[to];
        let answer = match Gossip::decode(payload) {
            Ok(message) => balancer.hear(now_ms, id(from), &message, &mut |event| news.push(event)),
            Err(malformed) => Err(malformed),
        };
        balancer.measured(id(from), path);
        self.note(to, news);
        if answer == Ok(true) {
            self.send(to, from, 0);
        }
    }

    /// Looks at what a node heard about others.
    fn note(&mut self, node: usize, news: Vec<News>) {
        for event in news {
            let News::Gone(lost) = event else {
                continue;
            };
            let lost = index(lost);
            match self.machines[lost].presence {
                Presence::Here | Presence::Leaving => self.false_alarms += 1,
                Presence::Left => self.churn.turnover.mistaken += 1,
                Presence::Crashed => {
                    if self.unaware.remove(&(node, lost)) {
                        self.noticed.push(self.now);
                    }
                }
            }
        }
    }

    /// Asks the homes of guests to take them away.
    fn evict(&mut self, node: usize) {
        let machine = &mut self.machines[node];
        machine.pass(self.now);
        let mut guests: Vec<Guest> = machine
            .jobs()
            .filter(|job| self.jobs[*job].home != node)
            .map(|job| Guest {
                pid: job as u32,
                settled_ms: (self.now - self.jobs[job].since) / 1_000,
                resident: self.jobs[job].resident(machine.left(job)),
                pushed: self.jobs[job].pushed,
                kept: false,
            })
            .collect();
        self.balancers[node].evict(&mut guests);
        for guest in guests {
            self.jobs[guest.pid as usize].pushed = guest.pushed;
        }
    }

    fn choose(&mut self, node: usize) {
        let now = self.now;
        let mut candidates = vec![];
        for &job in &self.own_jobs[node] {
            let it = &self.jobs[job];
            if it.moving.is_some() || now < it.rests_until {
                continue;
            }
            let machine = &mut self.machines[it.at];
            machine.pass(now);
            let left = machine.left(job);
            candidates.push(Candidate::new(Process {
                pid: job as u32,
                at: id(it.at),
                age_ms: (now - it.arrives) / 1_000,
                settled_ms: (now - it.since) / 1_000,
                cpu_ms: ((it.work - left) * 1e3) as u64,
                usage: Usage { share: 1_000, calls: 0, bytes: 0 },
                resident: it.resident(left),
                rules: Rules::default(),
                pushed: it.pushed,
            }));
        }
        let now_ms = self.now_ms();
        if self.balancers[node].choose(now_ms, &mut candidates) == 0 {
            return;
        }
        for candidate in candidates {
            if let Some(to) = candidate.decision.to {
                self.depart(node, index(to), &candidate.process);
            }
        }
    }

    fn depart(&mut self, home: usize, to: usize, process: &Process<'_>) {
        let now_ms = self.now_ms();
        let job = process.pid as usize;
        let from = self.jobs[job].at;
        let offer = self.balancers[home].offer(now_ms, process, id(to));
        let gone = !self.machines[to].is_member();
        if gone || to != home && self.balancers[to].accept(&offer).is_err() {
            self.refused += 1;
            self.jobs[job].rests_until = self.now + REST;
            self.balancers[home].refused(now_ms, id(from), id(to), &offer);
            return;
        }
        self.take(from, job);
        if from != home {
            self.balancers[from].guest_left(offer.share);
        }
        let hops = if from != home && to != home { 2 } else { 1 };
        let sending = process.resident * SECOND / self.setup.rate;
        self.jobs[job].moving = Some((offer, id(from)));
        self.jobs[job].moves += 1;
        self.at(self.now + hops * (SETUP + sending), Event::Land { job, node: to });
    }

    fn land(&mut self, job: usize, node: usize) {
        let it = &mut self.jobs[job];
        let home = it.home;
        let Some((offer, from)) = it.moving.take() else {
            return;
        };
        if it.lost {
            if node != home {
                self.balancers[node].failed(&offer);
            }
            return;
        }
        if self.machines[node].is_dead() {
            // What has not arrived goes on where it was.
            it.rests_until = self.now + REST;
            let now_ms = self.now_ms();
            self.balancers[home].refused(now_ms, from, id(node), &offer);
            return self.put(index(from), job);
        }
        self.balancers[home].moved(from, id(node), &offer);
        if node != home {
            self.balancers[node].arrived(&offer);
        }
        self.put(node, job);
        self.notice_all_busy();
    }

    fn notice_all_busy(&mut self) {
        let works = |machine: &Machine| !machine.is_here() || machine.running() > 0;
        if self.all_busy.is_none() && self.machines.iter().all(works) {
            self.all_busy = Some(self.now);
        }
    }

    /// Looks at all of it, once a second.
    fn look(&mut self) {
        let members = || self.machines.iter().filter(|it| it.is_member());
        let running = || members().map(Machine::running);
        let sum: usize = running().sum();
        let mean = sum as f64 / members().count().max(1) as f64;
        self.history.push((running().min().unwrap_or(0), mean, running().max().unwrap_or(0)));
        if self.setup.strategy == Strategy::Openmosix {
            for _ in 0..LOOKS {
                let node = self.random.below(self.machines.len());
                if !self.machines[node].is_member() {
                    continue;
                }
                let now_ms = self.now_ms();
                let slots = self.balancers[node].view.slots().iter();
                let alive = slots.filter(|slot| !slot.standing.is_down());
                self.ages.extend(alive.map(|slot| slot.age_ms(now_ms)));
                self.looks += 1;
            }
        }
        self.at(self.now + SECOND, Event::Look);
    }
}
