// SPDX-License-Identifier: GPL-2.0-only

//! The user part comes home.
//!
//! ```text
//! guest                         deputy
//!   ComeHome, image…  ─────▶    pages go where they belong, the rest is kept
//!                     ◀─────    Commit: the process is home's. Or Abort: go on where you are
//!   ends
//! ```
//!
//! A guest that cannot send all of it says `Abort` instead of the rest, and gets that verdict.
//!
//! Once the guest has sent the whole image it only waits for the verdict, so home may go on at once.

use super::Deputy;
use crate::{
    fault::{
        self,
        Point, //
    },
    image::{
        self,
        cpu::Cpu,
        task::Task, //
    },
    link::{
        lane::Frame,
        Deadline,
        Wait, //
    },
    sys::{
        cpu::{
            self,
            Trap, //
        },
        mm::PAGE,
        signal, //
    },
    task::{
        record::{
            Stage,
            Timer, //
        },
        Process, //
    },
    wire::{
        life::Fault,
        pages::Pages,
        prepare::{
            Abort,
            Commit,
            Reason, //
        },
        Kind, //
    },
};
use kernel::{
    alloc::KVVec,
    prelude::*, //
};

/// The most signals that a guest has yet to deliver.
const WAITING: usize = 4096;

/// Milliseconds within which an image has to get on, however busy the node that it comes from.
const STALL_MS: u32 = 600_000;

/// A user part that has come home, complete but for what the current task has to take over.
pub(crate) struct Arrived {
    cpu: Cpu,
    task: Task,
    fault: Option<Fault>,
    /// Signals that home has sent and that have not been delivered.
    waiting: KVVec<signal::Delivery>,
    /// How long it took, up to here.
    pub(crate) timer: Timer,
}

/// Takes in the image that follows; `None` when that failed and the guest goes on where it is.
#[inline(never)]
pub(super) fn take_in(deputy: &Deputy, process: &Process) -> Result<Option<KBox<Arrived>>> {
    let mut timer = Timer::start(process.next_epoch(), deputy.node().get(), 0);
    timer.enter(Stage::Copy);
    process.moves_on(timer.record());
    let mut parts = Parts::default();
    parts.receive(deputy)?;
    let interrupted = parts.interrupted;
    let failure = match parts.failure {
        Some(failure) => failure,
        None => match parts.join(deputy, &mut timer) {
            Ok(arrived) => {
                // Who is reading the memory of the guest now has his answer, or finds it at home.
                deputy.let_go();
                // The image is whole: the guest waits for nothing but this.
                let _ = deputy.lane.say(0, &Commit {});
                return Ok(Some(arrived));
            }
            Err(error) if error == ENOMEM => Reason::Memory,
            Err(error) => return Err(error),
        },
    };
    process.failed(timer.failed(failure.words()));
    deputy.mm().release();
    if interrupted {
        // It makes that call again where it is, as if home had never wanted it.
        deputy.hold();
    }
    signal::end_call_mask();
    deputy.lane.say(
        0,
        &Abort {
            reason: failure as u16,
            text: &[],
        },
    )?;
    Ok(None)
}

/// The image of a guest that leaves its node, as it comes.
pub(crate) struct Coming<'a> {
    deputy: &'a Deputy,
    /// Where the pages end that are here.
    end: u64,
    /// When there has to be more.
    until: Deadline,
}

impl<'a> Coming<'a> {
    /// Nothing of it is here yet.
    pub(crate) fn new(deputy: &'a Deputy) -> Self {
        Self {
            deputy,
            end: 0,
            until: Deadline::ms(STALL_MS),
        }
    }

    /// The next part. It may be late as long as that node answers: there may be pages to be brought in from swap. But
    /// whatever else it says, there have to be more pages now and then, or the end.
    pub(crate) fn next_part(&mut self) -> Result<Frame> {
        loop {
            let deadline = Deadline::ms(image::PATIENCE_MS);
            let heard = self.deputy.lane.hear(Wait::Killable, deadline);
            if heard.as_ref().is_ok_and(|frame| self.gets_on(frame)) {
                self.until = Deadline::ms(STALL_MS);
            } else if self.until.is_over() {
                return Err(ETIMEDOUT);
            }
            match heard {
                Err(error) if error == ETIMEDOUT && self.deputy.is_answered_for() => {}
                heard => return heard,
            }
        }
    }

    /// Does a frame bring pages behind those that are here? They come in order.
    fn gets_on(&mut self, frame: &Frame) -> bool {
        let pages = frame.read::<Pages<'_>>();
        let last = pages.ok().and_then(|pages| pages.iter().last());
        let end = last.map_or(0, |(addr, _)| addr.saturating_add(PAGE as u64));
        let more = end > self.end;
        self.end = self.end.max(end);
        more
    }
}

/// What is here of an image.
#[derive(Default)]
struct Parts {
    cpu: Option<Cpu>,
    task: Option<Task>,
    fault: Option<Fault>,
    waiting: KVVec<signal::Delivery>,
    pages: u64,
    /// Why it stays where it is.
    failure: Option<Reason>,
    /// The process comes with a call that was interrupted, and has yet to be restarted.
    interrupted: bool,
}

impl Parts {
    /// Receives all of them. Whatever fails is told at the end, when the guest listens again.
    fn receive(&mut self, deputy: &Deputy) -> Result {
        self.failure = fault::hit(Point::ReturnMemory)
            .err()
            .map(|_| Reason::Memory);
        let mut coming = Coming::new(deputy);
        loop {
            let frame = coming.next_part()?;
            if self.failure.is_some() && frame.kind() == Kind::Pages {
                continue;
            }
            match self.take(deputy, &frame) {
                Err(error) if error == ENOMEM => self.failure = Some(Reason::Memory),
                taken => taken?,
            }
            if matches!(frame.kind(), Kind::ImageEnd | Kind::Abort) {
                return Ok(());
            }
        }
    }

    /// Takes one of them.
    fn take(&mut self, deputy: &Deputy, frame: &Frame) -> Result {
        match frame.kind() {
            Kind::ImageStart | Kind::ImageEnd => {}
            Kind::Task => self.task = Some(Task::read(frame)?),
            Kind::Pages => self.pages += image::memory::install(frame, deputy.mm())?,
            Kind::Cpu => {
                self.interrupted = Cpu::comes_interrupted(frame)?;
                self.cpu = Some(Cpu::read(frame)?);
            }
            Kind::Signals => image::signals::install_mask(frame)?,
            Kind::Fault => self.fault = Some(frame.read()?),
            Kind::Signal if self.waiting.len() < WAITING => {
                let delivery = image::signals::read(frame)?;
                self.waiting.push(delivery, GFP_KERNEL)?;
            }
            Kind::Abort => {
                let reason = Reason::from_number(frame.read::<Abort<'_>>()?.reason);
                self.failure = Some(reason.unwrap_or(Reason::Failed));
            }
            // It leaves that node already.
            Kind::Evict => {}
            _ => return Err(EPROTO),
        }
        Ok(())
    }

    /// Makes a user part of them. It is there, or nothing has changed.
    fn join(self, deputy: &Deputy, timer: &mut Timer) -> Result<KBox<Arrived>> {
        timer.add_pages(self.pages);
        timer.enter(Stage::Commit);
        // What it was not allowed by limits that are others now, it tries once more.
        let again = |fault: &Fault| deputy.is_outdated() && signal::is_unmapped(&fault.info);
        let arrived = KBox::new(
            Arrived {
                cpu: self.cpu.ok_or(EPROTO)?,
                task: self.task.ok_or(EPROTO)?,
                fault: self.fault.filter(|fault| !again(fault)),
                waiting: self.waiting,
                timer: timer.clone(),
            },
            GFP_KERNEL,
        )?;
        // A guest that goes on has yet to hear of them.
        deputy.heed_news()?;
        Ok(arrived)
    }
}

impl Arrived {
    /// Makes the current task whole, once its address space is an ordinary one again.
    pub(crate) fn install(&self) -> Result {
        self.task.install_registrations()?;
        self.cpu.install()?;
        if let Some(fault) = &self.fault {
            cpu::set_trap(&Trap {
                number: fault.trap,
                error: fault.error,
                address: fault.address,
            });
            signal::force(&fault.info);
        }
        self.deliver_again()?;
        // A call that was interrupted is restarted here, or ended by a signal.
        signal::raise_restart();
        Ok(())
    }

    /// Queues the signals that the guest has yet to deliver.
    ///
    /// Each was sent with what the handlers of those before it block. None of them runs yet, so the mask stays what it
    /// is; or what a call had made it for a while, if one that is among them has ended that.
    fn deliver_again(&self) -> Result {
        let Some(first) = self.waiting.first() else {
            return Ok(());
        };
        let mask = first.saved.map_or(signal::blocked(), |_| first.blocked);
        for delivery in &self.waiting {
            image::signals::deliver(delivery)?;
        }
        signal::set_blocked(mask);
        Ok(())
    }
}
