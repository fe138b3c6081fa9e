// SPDX-License-Identifier: GPL-2.0-only
//! What no strategy can beat.
//!
//! Any schedule of the cluster is one of a single processor that is as fast as all of them
//! together, and of a cluster in which each job has a processor of the fastest kind to itself.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::job::{Job, SECOND};

/// The bounds of a set of jobs, in seconds.
pub(crate) struct Bound {
    /// From the first arrival to the last end, at least.
    pub(crate) makespan: f64,
    /// Mean time from arrival to end, at least.
    pub(crate) response: f64,
}

/// The bounds on a cluster whose processors have the speed `power` together, and `fastest` at most.
pub(crate) fn bound(jobs: &[Job], power: f64, fastest: f64) -> Bound {
    let start = |job: &Job| job.arrives as f64 / SECOND as f64;
    let mut order: Vec<&Job> = jobs.iter().collect();
    order.sort_by_key(|job| job.arrives);
    let first = order.first().map_or(0.0, |job| start(job));

    // Shortest remaining work first is best on one processor (Schrage, 1968).
    let mut waiting = BinaryHeap::new();
    let mut clock = first;
    let mut response = 0.0;
    let mut arrivals = order.iter().copied().peekable();
    while arrivals.peek().is_some() || !waiting.is_empty() {
        let next = arrivals.peek().map_or(f64::INFINITY, |job| start(job));
        match waiting.pop() {
            Some((Reverse(left), arrived)) if clock + f64::from_bits(left) / power <= next => {
                clock += f64::from_bits(left) / power;
                response += clock - f64::from_bits(arrived);
            }
            begun => {
                if let Some((Reverse(left), arrived)) = begun {
                    let left = (f64::from_bits(left) - (next - clock) * power).max(0.0);
                    waiting.push((Reverse(left.to_bits()), arrived));
                }
                clock = next;
                if let Some(job) = arrivals.next() {
                    waiting.push((Reverse(job.work.to_bits()), next.to_bits()));
                }
            }
        }
    }
    let alone = |job: &&Job| job.work / fastest;
    let slowest = order.iter().map(|job| start(job) + alone(job)).fold(first, f64::max);
    let mean_alone = order.iter().map(alone).sum::<f64>() / jobs.len().max(1) as f64;
    Bound {
        makespan: clock.max(slowest) - first,
        response: (response / jobs.len().max(1) as f64).max(mean_alone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::random::Random;
    use crate::setup::{Churn, Setup, Strategy, Workload};

    fn jobs(count: usize) -> Vec<Job> {
        let setup = Setup {
            nodes: 2,
            jobs: count,
            homes: 1,
            cpus: 1,
            work: 10.0,
            workload: Workload::Equal,
            strategy: Strategy::None,
            crash: 0,
            churn: Churn::default(),
            loss: 0.0,
            warm_up: 5,
            limit: 100,
            rate: 1,
            known: 1,
            seed: 1,
        };
        crate::job::jobs(&setup, &mut Random::new(1))
    }

    #[test]
    fn equal_jobs_share_all_processors() {
        let two = bound(&jobs(4), 2.0, 1.0);
        assert_eq!((two.makespan, two.response), (20.0, 12.5));
        let lonely = bound(&jobs(1), 2.0, 1.0);
        assert_eq!((lonely.makespan, lonely.response), (10.0, 10.0));
    }

    #[test]
    fn short_jobs_go_first() {
        let mut jobs = jobs(2);
        jobs[1].arrives += SECOND;
        jobs[1].work = 1.0;
        let one = bound(&jobs, 1.0, 1.0);
        // The long one waits for the short one: 11 seconds and 1 second.
        assert_eq!((one.makespan, one.response), (11.0, 6.0));
    }
}
