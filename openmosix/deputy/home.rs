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
        Deadline,
        Wait, //
    },
    sys::signal,
    task::{
        record::{
            Stage,
            Timer, //
        },
        Process, //
    },
    wire::{
        prepare::{
            Abort,
            Commit,
            Reason, //
        },
        Kind, //
    },
};
use kernel::prelude::*;

/// A user part that has come home, complete but for what the current task has to take over.
pub(crate) struct Arrived {
    cpu: Cpu,
    task: Task,
    fault: Option<[u8; signal::INFO]>,
    /// How long it took, up to here.
    pub(crate) timer: Timer,
}

/// Takes in the image that follows; `None` when that failed and the guest goes on where it is.
#[inline(never)]
pub(super) fn take_in(deputy: &Deputy, process: &Process) -> Result<Option<KBox<Arrived>>> {
    let mut timer = Timer::start(process.next_epoch(), deputy.node().get(), 0);
    timer.enter(Stage::Copy);
    process.moves_on(timer.record());
    match receive(deputy, &mut timer) {
        Ok(arrived) => {
            // The image is whole: the guest waits for nothing but this.
            let _ = deputy.lane.say(0, &Commit {});
            Ok(Some(arrived))
        }
        Err(error) if error == ENOMEM => {
            process.failed(timer.failed("not enough memory"));
            deputy.mm().release();
            deputy.lane.say(
                0,
                &Abort {
                    reason: Reason::Memory as u16,
                    text: b"home has too little memory",
                },
            )?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Receives all parts. Out of memory is noticed at the end, when the guest listens again.
fn receive(deputy: &Deputy, timer: &mut Timer) -> Result<KBox<Arrived>> {
    let mut cpu = None;
    let mut task = None;
    let mut fault = None;
    let mut pages = 0;
    let mut short = fault::hit(Point::ReturnMemory).is_err();
    loop {
        let frame = deputy
            .lane
            .hear(Wait::Killable, Deadline::ms(image::PATIENCE_MS))?;
        match frame.kind() {
            Kind::ImageStart => {}
            Kind::Task => task = Some(Task::read(&frame)?),
            Kind::Pages if short => {}
            Kind::Pages => match image::memory::install(&frame, deputy.mm()) {
                Ok(count) => pages += count,
                Err(error) if error == ENOMEM => short = true,
                Err(error) => return Err(error),
            },
            Kind::Cpu => cpu = Some(Cpu::read(&frame)?),
            Kind::Signals => image::signals::install_mask(&frame)?,
            Kind::Fault => fault = Some(frame.read::<crate::wire::life::Fault>()?.info),
            // It leaves that node already.
            Kind::Evict => {}
            Kind::ImageEnd => break,
            _ => return Err(EPROTO),
        }
    }
    if short {
        return Err(ENOMEM);
    }
    deputy.heed_news()?;
    timer.add_pages(pages);
    timer.enter(Stage::Commit);
    Ok(KBox::new(
        Arrived {
            cpu: cpu.ok_or(EPROTO)?,
            task: task.ok_or(EPROTO)?,
            fault,
            timer: timer.clone(),
        },
        GFP_KERNEL,
    )?)
}

impl Arrived {
    /// Makes the current task whole, once its address space is an ordinary one again.
    pub(crate) fn install(&self) -> Result {
        self.task.install_registrations()?;
        self.cpu.install()?;
        if let Some(info) = &self.fault {
            signal::force(info);
        }
        // A call that was interrupted is restarted here, or ended by a signal.
        signal::raise_restart();
        Ok(())
    }
}
