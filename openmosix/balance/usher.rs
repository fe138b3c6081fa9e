// SPDX-License-Identifier: GPL-2.0-only

//! Moving processes away because they cannot stay: memory runs out, or a limit is exceeded.
//!
//! *Memory ushering* (Barak, Braverman, "Memory ushering in a scalable computing cluster", Microprocessors and
//! Microsystems 22, 1998) overrides balance: when free memory falls below the reserve, or will within seconds, the
//! smallest process whose memory is enough goes to where there is room. A node can usher only its own processes;
//! guests it asks their homes to take away.

use core::{
    cmp::Reverse,
    ops::DerefMut, //
};

use super::{
    choice::Survey,
    decision::{
        Candidate,
        Decision,
        Process,
        Why, //
    },
    rules::Scope,
    vector::Status,
    view::Slot,
    Balancer, //
};

/// The most processes that are pushed in one period, because memory runs out.
const PUSHED: usize = 4;

/// The most of them for which a place is sought. For some there is none, and others must not wait for that.
const SOUGHT: usize = 32;

/// A guest of this node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guest {
    /// What its owner knows it by.
    #[allow(
        dead_code,
        reason = "simulators need it; the kernel goes by the order of its list"
    )]
    pub(crate) pid: u32,
    /// Milliseconds since it came.
    pub(crate) settled_ms: u64,
    /// Bytes of memory that it uses.
    pub(crate) resident: u64,
    /// Why its home has to take it away, if so.
    pub(crate) pushed: Option<Why>,
    /// Its home was told so long ago: it is kept here, by its owner or for want of another place.
    pub(crate) kept: bool,
}

impl Guest {
    /// It goes on being pushed, for that reason; whether it will be gone soon.
    fn goes(&self, why: Why) -> bool {
        self.pushed == Some(why) && !self.kept
    }
}

/// Who should go when so many bytes are missing: the smallest of those that are enough, or else the largest of all.
/// Greater is better.
fn fitness(resident: u64, shortage: u64) -> (bool, Reverse<u64>, u64) {
    let enough = resident >= shortage;
    let above = if enough { resident } else { 0 };
    (enough, Reverse(above), resident)
}

impl<S: DerefMut<Target = [Slot]>> Balancer<S> {
    /// Says which guests have to leave; none if the administrator has said that processes stay here, but for all if
    /// guests are expelled. The caller asks their homes to take them away, and keeps what is said here until the next
    /// time. A home that cannot or may not do so is not waited for: others have to go then.
    ///
    /// To be called in each period before [`Self::choose`]: guests go before this node's own processes.
    pub(crate) fn evict(&mut self, guests: &mut [Guest]) {
        self.own.evicted = 0;
        if self.own.expel {
            for guest in guests {
                guest.pushed = Some(Why::Expel);
            }
            return;
        }
        let stay = self.own.status.has(Status::STAY);
        let short = !stay && self.own.shortage() > 0;
        let limits = self.own.limits;
        let much = limits.exceeded(self.own.processors, self.own.running(), Scope::Guests);
        let many = self.own.present() > limits.most_guests(self.own.processors);
        let full = !stay && (much || many);
        for guest in guests.iter_mut() {
            guest.pushed = guest.pushed.filter(|why| match why {
                Why::Memory => short,
                Why::Limit => full,
                _ => false,
            });
            if guest.goes(Why::Memory) {
                self.own.evicted = self.own.evicted.saturating_add(guest.resident);
            }
        }
        if short {
            self.evict_largest(guests);
        }
        // One at a time: what it changes has to be seen first.
        if full && !guests.iter().any(|guest| guest.goes(Why::Limit)) {
            let last = guests
                .iter_mut()
                .filter(|guest| guest.pushed.is_none())
                .min_by_key(|guest| guest.settled_ms);
            if let Some(last) = last {
                last.pushed = Some(Why::Limit);
            }
        }
    }

    fn evict_largest(&mut self, guests: &mut [Guest]) {
        for _ in 0..PUSHED {
            let shortage = self.own.shortage();
            if shortage == 0 {
                break;
            }
            let fittest = guests
                .iter_mut()
                .filter(|guest| guest.pushed.is_none() && guest.resident > 0)
                .max_by_key(|guest| fitness(guest.resident, shortage));
            let Some(fittest) = fittest else {
                break;
            };
            fittest.pushed = Some(Why::Memory);
            self.own.evicted = self.own.evicted.saturating_add(fittest.resident);
        }
    }

    /// Sends away own processes that cannot stay here.
    pub(super) fn usher(&mut self, now_ms: u64, survey: &Survey, candidates: &mut [Candidate<'_>]) {
        let mut pushed = 0;
        for _ in 0..SOUGHT {
            let shortage = self.own.shortage();
            if shortage == 0 || pushed == PUSHED {
                break;
            }
            let fittest = candidates
                .iter_mut()
                .filter(|candidate| candidate.process.resident > 0 && self.may_be_pushed(candidate))
                .max_by_key(|candidate| fitness(candidate.process.resident, shortage));
            let Some(fittest) = fittest else {
                break;
            };
            pushed += usize::from(self.push(now_ms, survey, fittest, Why::Memory));
        }
        let limits = self.own.limits;
        if limits.exceeded(self.own.processors, self.own.running(), Scope::Local) {
            for _ in 0..SOUGHT {
                let first = candidates
                    .iter_mut()
                    .filter(|candidate| self.may_be_pushed(candidate))
                    .max_by_key(|candidate| candidate.process.cpu_ms);
                if first.is_none_or(|first| self.push(now_ms, survey, first, Why::Limit)) {
                    break;
                }
            }
        }
    }

    /// Whether a process is here, and neither its owner nor the administrator keeps it here.
    fn may_be_pushed(&self, candidate: &Candidate<'_>) -> bool {
        let process = &candidate.process;
        process.at == self.own.node
            && !candidate.sent
            && candidate.decision.why != Why::Nowhere
            && !process.rules.stays
            && self.forbidden(process).is_none()
    }

    /// Has a process leave, if there is a place for it; otherwise it is not tried again in this period.
    fn push(
        &mut self,
        now_ms: u64,
        survey: &Survey,
        candidate: &mut Candidate<'_>,
        why: Why,
    ) -> bool {
        let process = Process {
            pushed: Some(why),
            ..candidate.process
        };
        candidate.decision = self.decide(now_ms, survey, &process);
        if candidate.decision.to.is_none() {
            candidate.decision = Decision {
                why: Why::Nowhere,
                ..candidate.decision
            };
        }
        self.send(now_ms, candidate);
        candidate.sent
    }
}
