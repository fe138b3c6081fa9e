// SPDX-License-Identifier: GPL-2.0-only

//! A few nodes in one process, whose messages arrive at once, or not.

use crate::{
    balance::{
        decision::{Candidate, Process},
        membership::Event,
        own::{Own, Sample},
        rules::Rules,
        vector::{Standing, Told, Vector},
        view::Slot,
        Balancer, PERIOD_MS,
    },
    load::{metric::STANDARD_SPEED, process::Usage, Memory, Processors},
    node::map::NodeId,
    wire::{gossip::Gossip, Message},
    wire_tests::every::Grow,
};

/// Bytes of a gigabyte.
pub(super) const GIB: u64 = 1 << 30;

/// The node with this number.
pub(super) fn id(number: usize) -> NodeId {
    NodeId::new(number as u16).unwrap()
}

/// A node that knows nobody.
pub(super) fn own(number: usize) -> Own {
    let mut address = [0; 16];
    address[15] = number as u8;
    address[14] = (number >> 8) as u8;
    let mut own = Own::new(id(number), address, 1, Processors::new(1, STANDARD_SPEED));
    own.sample(0, &sample(0));
    own
}

/// What is told of a node.
pub(super) fn told(vector: Vector, standing: Standing, age_ms: u64) -> Told {
    Told {
        vector,
        standing,
        age_ms,
    }
}

/// What is found where so many processes run.
pub(super) fn sample(local: u32) -> Sample {
    Sample {
        local,
        guests: 0,
        present: 0,
        memory: Memory {
            free: 3 * GIB,
            total: 4 * GIB,
            pressure: 0,
        },
    }
}

/// A process that has computed for ten seconds on its home node `at`.
pub(super) fn process(pid: u32, at: usize) -> Process<'static> {
    Process {
        pid,
        at: id(at),
        age_ms: 10_000,
        settled_ms: 10_000,
        cpu_ms: 10_000,
        usage: Usage {
            share: 1_000,
            calls: 0,
            bytes: 0,
        },
        resident: 10 << 20,
        rules: Rules::default(),
        pushed: None,
    }
}

/// As many processes of node `at` as wanted.
pub(super) fn candidates(count: u32, at: usize) -> Vec<Candidate<'static>> {
    (1..=count)
        .map(|pid| Candidate::new(process(pid, at)))
        .collect()
}

/// The nodes 1, 2, 3 …; each knows the first one.
pub(super) struct Cluster {
    pub(super) now: u64,
    pub(super) nodes: Vec<Balancer<Vec<Slot>>>,
    /// Whether a node is there.
    pub(super) up: Vec<bool>,
    /// Whether a message gets from one node to another one.
    pub(super) passes: fn(usize, usize, u64) -> bool,
    /// What each node noticed.
    pub(super) events: Vec<Vec<Event>>,
    /// The most bytes that a node sent in one period.
    pub(super) most_bytes: usize,
    /// Bytes that all of them sent.
    pub(super) sent: usize,
}

impl Cluster {
    /// `count` nodes, each with room for `known` others.
    pub(super) fn new(count: usize, known: usize) -> Self {
        let node = |number| {
            let mut node =
                Balancer::new(own(number), 1_000 + number as u64, vec![Slot::EMPTY; known]);
            if number > 1 {
                assert!(node.introduce(0, own(1).vector()));
            }
            node
        };
        Self {
            now: 100_000,
            nodes: (1..=count).map(node).collect(),
            up: vec![true; count],
            passes: |_, _, _| true,
            events: vec![vec![]; count],
            most_bytes: 0,
            sent: 0,
        }
    }

    /// A node, by its number.
    pub(super) fn node(&mut self, number: usize) -> &mut Balancer<Vec<Slot>> {
        &mut self.nodes[number - 1]
    }

    /// What a node last heard of another one.
    pub(super) fn slot(&self, node: usize, of: usize) -> Option<&Slot> {
        self.nodes[node - 1].view.get(id(of))
    }

    /// So many periods pass.
    pub(super) fn pass(&mut self, periods: usize) {
        for _ in 0..periods {
            self.now += PERIOD_MS;
            let mut sent = vec![0; self.nodes.len()];
            for from in 0..self.nodes.len() {
                if !self.up[from] {
                    continue;
                }
                // Nodes are not in step.
                let now = self.now + from as u64 % 7;
                let events = &mut self.events[from];
                let asked = self.nodes[from].tick(now, &[], &mut |event| events.push(event));
                for to in asked.into_iter().flatten() {
                    let to = usize::from(to.get()) - 1;
                    if self.send(now, from, to, Gossip::ASK, &mut sent) {
                        self.send(now, to, from, 0, &mut sent);
                    }
                }
            }
            self.sent += sent.iter().sum::<usize>();
            self.most_bytes = self.most_bytes.max(sent.into_iter().max().unwrap_or(0));
        }
    }

    /// One node sends to another one; whether it is to answer.
    fn send(&mut self, now: u64, from: usize, to: usize, flags: u32, sent: &mut [usize]) -> bool {
        let mut payload = Grow(vec![]);
        self.nodes[from].write(now, flags, &mut payload).unwrap();
        sent[from] += payload.0.len();
        self.deliver(now, from, to, &payload.0)
    }

    /// A payload arrives, if it does; whether it is to be answered.
    pub(super) fn deliver(&mut self, now: u64, from: usize, to: usize, payload: &[u8]) -> bool {
        if !self.up[to] || !(self.passes)(from + 1, to + 1, now) {
            return false;
        }
        let message = Gossip::decode(payload).unwrap();
        let events = &mut self.events[to];
        let answer =
            self.nodes[to].hear(now, id(from + 1), &message, &mut |event| events.push(event));
        answer.unwrap()
    }

    /// Tells a node what another one is like, as if it had just said so.
    pub(super) fn tell(&mut self, node: usize, of: usize, change: impl FnOnce(&mut Vector)) {
        let mut vector = own(of).vector();
        vector.edition.version = (self.now / 10) as u32;
        vector.memory = sample(0).memory;
        change(&mut vector);
        let (now, view) = (self.now, &mut self.nodes[node - 1].view);
        view.merge(now, told(vector, Standing::Alive, 0));
    }
}

/// Node 1 with so many processes, which knows `others` idle nodes.
pub(super) fn loaded(processes: u32, others: usize) -> Cluster {
    let mut cluster = Cluster::new(1, others);
    let now = cluster.now;
    // The first sample is the average.
    let mut own = Own::new(id(1), [1; 16], 1, Processors::new(1, STANDARD_SPEED));
    own.sample(now, &sample(processes));
    cluster.node(1).own = own;
    for other in 2..others + 2 {
        cluster.tell(1, other, |_| ());
    }
    cluster
}
