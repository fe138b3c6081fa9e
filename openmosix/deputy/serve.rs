// SPDX-License-Identifier: GPL-2.0-only

//! The life of a deputy: wait for the guest or for a signal, and do what is asked.
//!
//! ```text
//!  guest: Call ───▶ run it, look at signals ───▶ Signal…, Reply
//!  guest: Fetch ──▶ read its file mapping ─────▶ Pages
//!  guest: ComeHome, image… ──▶ take it in ─────▶ Commit; the deputy is a whole process again
//!  signal or order ──▶ Pause ──▶ Paused ──▶ look at signals ──▶ Signal…, Resume or Recall
//! ```

use super::{
    call::Next,
    home,
    Deputy, //
};
use crate::{
    link::{
        lane::Frame,
        Deadline,
        Wait, //
    },
    sys::{
        self,
        signal, //
    },
    task::{
        record::Timer,
        Process, //
    },
    wire::{
        life::{
            Pause,
            Paused,
            Recall,
            Resume, //
        },
        prepare::Reason,
        Kind, //
    },
};
use kernel::prelude::*;

/// Milliseconds between looks at the guest's CPU time.
const PULSE_MS: u32 = 500;

/// Milliseconds that a guest may take to stand still.
const PAUSE_MS: u32 = 20_000;

/// Serves the guest until it comes home, or fails because the guest is lost.
pub(crate) fn serve(deputy: &Deputy, process: &Process) -> Result<home::Arrived> {
    loop {
        if let Some(arrived) = step(deputy, process)? {
            return Ok(arrived);
        }
    }
}

fn step(deputy: &Deputy, process: &Process) -> Result<Option<home::Arrived>> {
    match deputy
        .lane
        .hear(Wait::Interruptible, Deadline::ms(PULSE_MS))
    {
        Ok(frame) => answer(deputy, process, frame),
        Err(error) if error == ERESTARTSYS || error == EINTR => attend(deputy, process),
        Err(error) if error == ETIMEDOUT => {
            deputy.charge(deputy.pages.cpu_time()?);
            sys::task::after_call();
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Does what the guest asks.
fn answer(deputy: &Deputy, process: &Process, frame: Frame) -> Result<Option<home::Arrived>> {
    match frame.kind() {
        Kind::Call => match deputy.call(process, frame)? {
            Next::Computes => Ok(None),
            Next::ComesHome => await_return(deputy, process),
        },
        Kind::Fetch => deputy.lend(&frame).map(|()| None),
        // Its mask has changed, and it waits for what that lets through.
        Kind::Paused => {
            let paused = frame.read()?;
            drop(frame);
            stands(deputy, process, &paused)
        }
        Kind::ComeHome => {
            let arrived = home::take_in(deputy, process, frame)?;
            if arrived.is_none() && process.take_order().is_some() {
                process.set_record(
                    Timer::start(process.next_epoch(), deputy.node().get(), 0)
                        .failed("not enough memory"),
                );
            }
            Ok(arrived)
        }
        _ => Err(EPROTO),
    }
}

/// The guest was told to come home, and does.
fn await_return(deputy: &Deputy, process: &Process) -> Result<Option<home::Arrived>> {
    loop {
        let frame = hear(deputy)?;
        let comes = frame.kind() == Kind::ComeHome;
        let arrived = answer(deputy, process, frame)?;
        if comes || arrived.is_some() {
            return Ok(arrived);
        }
    }
}

/// Waits for a guest that has to answer soon.
fn hear(deputy: &Deputy) -> Result<Frame> {
    let frame = deputy.lane.hear(Wait::Killable, Deadline::ms(PAUSE_MS));
    if crate::link::fatal_signal_pending() {
        drop(frame);
        // Dies in here.
        deputy.signals()?;
        return Err(EINTR);
    }
    frame
}

/// A signal, or an order: has the guest stand still, and sees to it.
fn attend(deputy: &Deputy, process: &Process) -> Result<Option<home::Arrived>> {
    sys::task::after_call();
    let wanted = deputy.is_wanted(process);
    if !wanted && !signal::pending() {
        // A mere kick: this takes its mark away.
        deputy.signals()?;
        return Ok(None);
    }
    if crate::link::fatal_signal_pending() {
        // Dies in here.
        deputy.signals()?;
    }
    deputy.lane.say(0, &Pause {})?;
    loop {
        let frame = hear(deputy)?;
        match frame.kind() {
            // It stands still; or it asked before it heard, and stands still until it is answered,
            // which looks at signals and orders too.
            Kind::Paused | Kind::Call | Kind::ComeHome => return answer(deputy, process, frame),
            _ => {
                answer(deputy, process, frame)?;
            }
        }
    }
}

/// The guest stands still on its way to user mode: signals and orders are seen to.
fn stands(deputy: &Deputy, process: &Process, paused: &Paused) -> Result<Option<home::Arrived>> {
    deputy.charge(paused.cpu_ns);
    signal::set_blocked(paused.blocked);
    if deputy.is_wanted(process) {
        // Signals are seen to when it is home.
        deputy.lane.say(
            0,
            &Recall {
                why: Reason::Asked as u64,
            },
        )?;
        return await_return(deputy, process);
    }
    deputy.signals()?;
    deputy.lane.say(0, &Resume {})?;
    Ok(None)
}
