// SPDX-License-Identifier: GPL-2.0-only

//! Many processes and nodes, second by second: what all decisions together come to.

use super::cluster::{process, sample, Cluster};
use crate::balance::decision::{Candidate, Process};

/// Nodes with processes of their own, which run where they are sent at once.
struct World {
    cluster: Cluster,
    /// Home, where it is, since when, moves.
    jobs: Vec<(usize, usize, u64, u32)>,
}

impl World {
    fn second(&mut self) {
        let nodes = self.cluster.nodes.len();
        for node in 1..=nodes {
            let here = |job: &&(usize, usize, u64, u32)| job.1 == node;
            let guests = self
                .jobs
                .iter()
                .filter(here)
                .filter(|job| job.0 != node)
                .count() as u32;
            let all = self.jobs.iter().filter(here).count() as u32;
            let now = self.cluster.now;
            let mut sample = sample(all - guests);
            sample.guests = guests;
            sample.present = guests as u16;
            self.cluster.node(node).own.sample(now, &sample);
        }
        self.cluster.pass(1);
        let now = self.cluster.now;
        for node in 1..=nodes {
            let mine = |job: &&(usize, (usize, usize, u64, u32))| job.1 .0 == node;
            let jobs: Vec<_> = self.jobs.iter().copied().enumerate().collect();
            let mut list: Vec<Candidate<'_>> = jobs
                .iter()
                .filter(mine)
                .map(|(pid, (_, at, since, _))| {
                    Candidate::new(Process {
                        age_ms: now - 100_000,
                        settled_ms: now - since,
                        ..process(*pid as u32, *at)
                    })
                })
                .collect();
            self.cluster.node(node).choose(now, &mut list);
            for Candidate {
                process, decision, ..
            } in list
            {
                let Some(to) = decision.to else { continue };
                let offer = self.cluster.node(node).offer(now, &process, to);
                let target = usize::from(to.get());
                if target != node && self.cluster.node(target).accept(&offer).is_err() {
                    self.cluster.node(node).refused(now, process.at, to, &offer);
                    continue;
                }
                self.cluster.node(node).moved(process.at, to, &offer);
                if target != node {
                    self.cluster.node(target).arrived(&offer);
                }
                let from = usize::from(process.at.get());
                if from != node {
                    self.cluster.node(from).guest_left(offer.share);
                }
                let job = &mut self.jobs[process.pid as usize];
                *job = (job.0, target, now, job.3 + 1);
            }
        }
    }

    fn counts(&self) -> Vec<usize> {
        (1..=self.cluster.nodes.len())
            .map(|node| self.jobs.iter().filter(|job| job.1 == node).count())
            .collect()
    }
}

fn world(nodes: usize, jobs: &[usize]) -> World {
    let mut cluster = Cluster::new(nodes, nodes - 1);
    cluster.pass(10);
    let now = cluster.now;
    World {
        cluster,
        jobs: jobs.iter().map(|home| (*home, *home, now, 0)).collect(),
    }
}

#[test]
fn equal_jobs_spread_equally_and_then_stand() {
    let mut world = world(4, &[1; 16]);
    for _ in 0..30 {
        world.second();
    }
    let counts = world.counts();
    assert!(
        counts.iter().all(|count| (3..=5).contains(count)),
        "{counts:?}"
    );
    let moves: u32 = world.jobs.iter().map(|job| job.3).sum();
    for _ in 0..300 {
        world.second();
    }
    let more = world.jobs.iter().map(|job| job.3).sum::<u32>() - moves;
    assert!(more <= 4, "{more} moves in a steady state");
}

#[test]
fn no_herd_runs_to_one_idle_node() {
    // Seven homes with three processes each, and one idle node.
    let jobs: Vec<usize> = (1..=21).map(|n| n % 7 + 1).collect();
    let mut world = world(8, &jobs);
    let mut most = 0;
    for _ in 0..40 {
        world.second();
        most = most.max(world.counts()[7]);
    }
    assert!((2..=3).contains(&world.counts()[7]), "{:?}", world.counts());
    assert!(most <= 4, "{most} at once");
}

#[test]
fn a_node_that_joins_gets_work_within_seconds() {
    let mut world = world(3, &[1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    world.cluster.up[2] = false;
    world.jobs.retain(|job| job.0 != 3);
    for _ in 0..20 {
        world.second();
    }
    assert_eq!(world.counts()[2], 0);
    world.cluster.up[2] = true;
    let busy = (1..=15).find(|_| {
        world.second();
        world.counts()[2] > 0
    });
    assert!(busy.is_some(), "still idle after 15 seconds");
}
