// SPDX-License-Identifier: GPL-2.0-only
//! What came out of a simulation.

use super::World;
use crate::bound::bound;
use crate::job::{Job, SECOND, Time};
use crate::machine::Machine;
use crate::report::{Ages, Report};

impl World {
    /// Sums it up.
    pub(super) fn report(self) -> Report {
        let seconds = |time: Time| time as f64 / SECOND as f64;
        let start = self.jobs.iter().map(|job| job.arrives).min().unwrap_or(0);
        let power: f64 =
            self.machines.iter().map(|it| it.speed() * f64::from(self.setup.cpus)).sum();
        let fastest = self.machines.iter().map(Machine::speed).fold(0.0, f64::max);
        let ended: Vec<&Job> = self.jobs.iter().filter(|job| job.ended.is_some()).collect();
        let response = |job: &&Job| seconds(job.ended.unwrap_or(start) - job.arrives);
        let slowdown = |job: &&Job| response(job) / (job.work / fastest);
        let count = ended.len().max(1) as f64;
        // Who was lost did not have to be done. Who joined may have been there from the beginning on.
        let done: Vec<Job> = self.jobs.iter().filter(|job| !job.lost).cloned().collect();
        let bound = bound(&done, power, fastest);
        let last = ended.iter().filter_map(|job| job.ended).max().unwrap_or(start);
        let lost = self.jobs.iter().filter(|job| job.lost).count();
        let noticed = self.noticed();
        let spans = || self.machines.iter().map(|machine| machine.seconds(self.now));
        let sent = || self.network.sent.iter().map(|bytes| *bytes as f64);
        Report {
            ended: ended.len(),
            lost,
            astray: self.astray,
            left: self.jobs.len() - ended.len() - lost,
            makespan: seconds(last - start),
            makespan_bound: bound.makespan,
            response: ended.iter().map(response).sum::<f64>() / count,
            response_bound: bound.response,
            slowdown: ended.iter().map(slowdown).sum::<f64>() / count,
            worst_slowdown: ended.iter().map(slowdown).fold(0.0, f64::max),
            moves: self.jobs.iter().map(|job| f64::from(job.moves)).sum::<f64>()
                / self.jobs.len().max(1) as f64,
            most_moves: self.jobs.iter().map(|job| job.moves).max().unwrap_or(0),
            refused: self.refused,
            swapping: self.swapping,
            all_busy: self.all_busy.map(|time| seconds(time - start)),
            bytes: sent().sum::<f64>() / spans().sum::<f64>(),
            most_bytes: sent().zip(spans()).map(|(sent, span)| sent / span).fold(0.0, f64::max),
            ages: Ages::new(self.ages, self.looks),
            false_alarms: self.false_alarms,
            noticed,
            turnover: self.churn.turnover(),
            history: self.history,
            setup: self.setup,
        }
    }
}
