// SPDX-License-Identifier: GPL-2.0-only
//! A node's processors and memory.

use std::collections::BTreeSet;

use crate::job::{Job, MEMORY, SECOND, Time};

/// Whether a node takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It does.
    Here,
    /// It does until it has no guests, and no process of its own is away.
    Leaving,
    /// It goes on alone.
    Left,
    /// It has stopped, and all that ran there with it.
    Crashed,
}

/// A node on which all jobs get equal parts of the processors, and none more than one.
#[derive(Debug)]
pub(crate) struct Machine {
    cpus: u16,
    speed: f64,
    /// Work that each job which was here all the time has got, in CPU seconds.
    served: f64,
    /// As of when.
    now: Time,
    /// Each job, by the bits of what will be served when it ends.
    jobs: BTreeSet<(u64, usize)>,
    /// Bytes that the jobs use, as of the last sample.
    used: u64,
    /// Changes whenever the next end does.
    pub(crate) generation: u64,
    pub(crate) presence: Presence,
    /// Since when it takes part, and until when.
    pub(crate) member: (Time, Option<Time>),
}

impl Machine {
    /// A node that takes part from now on.
    pub(crate) fn new(now: Time, cpus: u16, speed: f64) -> Self {
        Self {
            cpus,
            speed,
            served: 0.0,
            now,
            jobs: BTreeSet::new(),
            used: 0,
            generation: 0,
            presence: Presence::Here,
            member: (now, None),
        }
    }

    /// Whether it crashed.
    pub(crate) fn is_dead(&self) -> bool {
        self.presence == Presence::Crashed
    }

    /// Whether it takes part.
    pub(crate) fn is_member(&self) -> bool {
        matches!(self.presence, Presence::Here | Presence::Leaving)
    }

    /// Whether it takes part, and goes on doing so.
    pub(crate) fn is_here(&self) -> bool {
        self.presence == Presence::Here
    }

    /// It takes part no more.
    pub(crate) fn ends(&mut self, now: Time, presence: Presence) {
        self.presence = presence;
        self.member.1.get_or_insert(now);
    }

    /// Seconds for which it has taken part.
    pub(crate) fn seconds(&self, now: Time) -> f64 {
        let (since, until) = self.member;
        ((until.unwrap_or(now) - since) as f64 / SECOND as f64).max(1.0)
    }

    /// The speed of one processor; 1 is the standard.
    pub(crate) fn speed(&self) -> f64 {
        self.speed
    }

    /// How many jobs run.
    pub(crate) fn running(&self) -> usize {
        self.jobs.len()
    }

    /// The jobs.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = usize> {
        self.jobs.iter().map(|&(_, job)| job)
    }

    /// Bytes that are used.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }

    /// Part of a standard processor that each of so many jobs gets.
    pub(crate) fn pace_of(&self, jobs: usize) -> f64 {
        let part = (f64::from(self.cpus) / jobs.max(1) as f64).min(1.0);
        self.speed * part
    }

    /// The same for the jobs that are here. Swapping slows all of them down.
    fn pace(&self) -> f64 {
        let over = (self.used as f64 / MEMORY as f64 - 1.0).max(0.0);
        self.pace_of(self.jobs.len()) / (1.0 + 20.0 * over)
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, now: Time) {
        self.served += self.pace() * (now - self.now) as f64 / SECOND as f64;
        self.now = now;
    }

    /// CPU seconds that are left of a job which is here.
    pub(crate) fn left(&self, job: usize) -> f64 {
        let key = self.jobs.iter().find(|(_, other)| *other == job);
        key.map_or(0.0, |(end, _)| (f64::from_bits(*end) - self.served).max(0.0))
    }

    /// A job comes.
    pub(crate) fn add(&mut self, now: Time, job: usize, left: f64) {
        self.pass(now);
        self.jobs.insert(((self.served + left).to_bits(), job));
        self.generation += 1;
    }

    /// A job goes; what is left of it.
    pub(crate) fn remove(&mut self, now: Time, job: usize) -> f64 {
        self.pass(now);
        let left = self.left(job);
        self.jobs.retain(|(_, other)| *other != job);
        self.generation += 1;
        left
    }

    /// The job that ends next, and when.
    pub(crate) fn next_end(&self) -> Option<(Time, usize)> {
        let &(end, job) = self.jobs.first()?;
        let left = (f64::from_bits(end) - self.served).max(0.0);
        Some((self.now + (left / self.pace() * SECOND as f64).ceil() as Time, job))
    }

    /// Looks at how much memory the jobs use.
    pub(crate) fn look_at_memory(&mut self, now: Time, jobs: &[Job]) {
        self.pass(now);
        let left = |end: u64| (f64::from_bits(end) - self.served).max(0.0);
        let used = self.jobs.iter().map(|&(end, job)| jobs[job].resident(left(end))).sum();
        if used != self.used && self.used.max(used) > MEMORY {
            self.generation += 1;
        }
        self.used = used;
    }
}
