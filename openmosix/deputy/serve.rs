// SPDX-License-Identifier: GPL-2.0-only

//! The life of a deputy: wait for the guest or for a signal, and do what is asked.
//!
//! ```text
//!  guest: Call ───▶ run it, look at signals ───▶ Signal…, Reply
//!  guest: Fetch ──▶ read its file mapping ─────▶ Pages
//!  guest: ComeHome, image… ──▶ take it in ─────▶ Commit; the deputy is a whole process again
//!                          or  pass it on ─────▶ Commit; the deputy has another guest
//!  guest's node: Evict ──▶ it is wanted elsewhere
//!  signal, order, or a file has changed ──▶ Pause ──▶ Paused ──▶ Stale…, look at signals ──▶ Signal…, Resume or Recall
//! ```

use super::{
    call,
    home,
    Deputy, //
};
use crate::{
    balance::decision::Why,
    link::{
        lane::Frame,
        Deadline,
        Wait, //
    },
    migrate::onward,
    sys::{
        self,
        cpu::Place,
        machine::now_ms,
        signal, //
    },
    task::{
        stay::Stay,
        Destination,
        Order,
        Process, //
    },
    wire::{
        life::{
            ComeHome,
            Evict,
            Grown,
            Pause,
            Paused,
            Recall,
            Resume,
            Usage, //
        },
        prepare::Reason,
        Kind, //
    },
};
use core::sync::atomic::Ordering;
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// The most and the least milliseconds between looks at the guest's CPU time.
const PULSE_MS: u32 = 500;
const FAST_PULSE_MS: u32 = 10;

/// Milliseconds after which home looks at what the guest uses, even if there is no pause.
const LOOK_MS: u32 = 1_000;

/// Milliseconds that a look may take: half as long as a guest that sends lets home read nothing.
const LOOKS_MS: u32 = 5_000;

/// Milliseconds for which the end of a process that is killed may wait for what its guest has used.
const LAST_MS: u32 = 250;

/// Milliseconds that a guest may take to restart a call, after which it is disturbed all the same.
const HOLD_MS: u32 = 10_000;

/// The most milliseconds for which a guest computes undisturbed after it stood still.
const UNDISTURBED_MS: u64 = 100;

/// Milliseconds that a guest may take to stand still, and the same as long as its node goes on answering for it.
const PAUSE_MS: u32 = 20_000;
const PATIENCE_MS: u32 = 3_600_000;

/// How a guest left its node.
pub(crate) enum Left {
    /// It came home.
    Home(KBox<home::Arrived>),
    /// It is on another node, and this is its deputy.
    Onward(Arc<Deputy>),
}

/// What the guest does after it was answered.
enum Next {
    /// It goes on.
    Computes,
    /// It leaves its node: its image has to come.
    Leaves,
    /// It has left.
    Left(Left),
}

/// Serves the guest until it leaves its node, or fails because the guest is lost.
pub(crate) fn serve(deputy: &Deputy, process: &Process) -> Result<Left> {
    loop {
        if let Some(left) = step(deputy, process)? {
            return Ok(left);
        }
    }
}

fn step(deputy: &Deputy, process: &Process) -> Result<Option<Left>> {
    let holding = deputy.holding.load(Ordering::Relaxed);
    if !holding && (process.has_order() || deputy.has_due_news()) {
        return attend(deputy, process);
    }
    if now_ms().saturating_sub(deputy.looked_ms.load(Ordering::Relaxed)) >= u64::from(LOOK_MS) {
        // It calls so often that there is no pause to do it in.
        look(deputy, process)?;
        heed_reasons(deputy, process);
    }
    let undisturbed_ms = deputy.undisturbed_ms();
    let heard = if holding {
        let deadline = Deadline::ms(HOLD_MS);
        deputy.lane.hear(Wait::Killable, deadline).map(Some)
    } else if undisturbed_ms > 0 {
        let deadline = Deadline::ms(undisturbed_ms);
        match deputy.lane.hear(Wait::Killable, deadline) {
            Err(error) if error == ETIMEDOUT => Ok(None),
            heard => heard.map(Some),
        }
    } else {
        deputy.hear_or_news(pulse_ms())
    };
    match heard {
        Ok(Some(frame)) => follow(deputy, process, frame),
        Ok(None) => Ok(None),
        Err(error) if error == ERESTARTSYS || error == EINTR => attend(deputy, process),
        Err(error) if error == ETIMEDOUT => {
            deputy.holding.store(false, Ordering::Relaxed);
            look(deputy, process)?;
            heed_reasons(deputy, process);
            sys::task::after_call();
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Milliseconds until home looks again at the guest's CPU time: no timer on that can be due earlier.
fn pulse_ms() -> u32 {
    let due_ms = u32::try_from(sys::task::cpu_time_left() / 1_000_000);
    due_ms.map_or(PULSE_MS, |ms| ms.clamp(FAST_PULSE_MS, PULSE_MS))
}

/// Does what the guest asks, and awaits its image if it has to leave then.
fn follow(deputy: &Deputy, process: &Process, frame: Frame) -> Result<Option<Left>> {
    match answer(deputy, process, frame)? {
        Next::Computes => Ok(None),
        Next::Leaves => await_image(deputy, process),
        Next::Left(left) => Ok(Some(left)),
    }
}

/// Asks what the guest has used, and what it uses now; and looks at files.
pub(super) fn look(deputy: &Deputy, process: &Process) -> Result {
    deputy.looked_ms.store(now_ms(), Ordering::Relaxed);
    let deadline = Deadline::ms(LOOKS_MS);
    let usage = match deputy.pages.usage_by(deadline, process.task()) {
        // It is busy, or its node is. That is nothing to lose it for.
        Err(error) if error == ETIMEDOUT => return Ok(()),
        usage => usage?,
    };
    charge(deputy, &usage);
    process.seen_away(usage.resident, usage.running != 0);
    deputy.look_at_files()
}

/// Has the process come home if it has got a reason to stay. It has asked for none, being away; but others do not ask
/// where it is before they trace it, count what it does, have it scheduled in real time, change its limits, or set
/// the clock.
fn heed_reasons(deputy: &Deputy, process: &Process) {
    let stays = Stay::of(process.task(), None).is_any() || deputy.is_outdated();
    if stays && process.destination() != Some(Destination::Home) {
        process.give_order(Order::HOME);
    }
}

/// A signal has ended the process: what its guest has used since the last look is told now, or never.
pub(crate) fn last_look(deputy: &Deputy, process: &Process) {
    let deadline = Deadline::ms(LAST_MS);
    if let Ok(usage) = deputy.pages.usage_by(deadline, process.task()) {
        charge(deputy, &usage);
    }
}

/// Charges what the guest has used so far.
fn charge(deputy: &Deputy, usage: &Usage) {
    deputy.charge(usage.cpu_ns);
    deputy.charge_faults(usage.minor_faults, usage.major_faults);
    sys::task::saw_peak(usage.peak);
}

/// Does what the guest asks.
///
/// System calls run below this: what they do not need has stack frames of its own.
fn answer(deputy: &Deputy, process: &Process, frame: Frame) -> Result<Next> {
    match frame.kind() {
        Kind::Call => Ok(match deputy.call(process, frame)? {
            call::Next::Computes => Next::Computes,
            call::Next::Leaves => Next::Leaves,
        }),
        Kind::Fetch => deputy.lend(&frame).map(|()| Next::Computes),
        Kind::Grown => {
            deputy.mm().grow(frame.read::<Grown>()?.start);
            Ok(Next::Computes)
        }
        // Its mask has changed, and it waits for what that lets through.
        Kind::Paused => {
            let paused = frame.read()?;
            drop(frame);
            stands(deputy, process, &paused)
        }
        Kind::ComeHome => Ok(leave(deputy, process, frame)?.map_or(Next::Computes, Next::Left)),
        Kind::Evict => {
            unwelcome(process, &frame)?;
            Ok(Next::Computes)
        }
        _ => Err(EPROTO),
    }
}

/// The guest's node cannot keep it: the balancer has to find another place for it, or takes it home.
fn unwelcome(process: &Process, frame: &Frame) -> Result {
    let evict: Evict = frame.read()?;
    let reason = u16::try_from(evict.why).ok().and_then(Reason::from_number);
    process.push(match reason {
        Some(Reason::Memory) => Why::Memory,
        Some(Reason::Limit) => Why::Limit,
        Some(Reason::Expel) => Why::Expel,
        _ => return Err(EPROTO),
    });
    Ok(())
}

/// The guest leaves its node: for another one if that has agreed and nothing came in between, or home.
#[inline(never)]
fn leave(deputy: &Deputy, process: &Process, first: Frame) -> Result<Option<Left>> {
    let come: ComeHome = first.read()?;
    drop(first);
    // Of no other use than to know the most memory that it had: its coming does not depend on that.
    let _ = look(deputy, process);
    deputy.charge(come.cpu_ns);
    if come.why == Reason::Stay as u64 {
        // If it cannot come, the call that it was to make has failed.
        deputy.holding.store(false, Ordering::Relaxed);
    }
    let onward = deputy.onward.lock().take();
    if let Some(mut onward) = onward {
        if come.why == Reason::Asked as u64 && !deputy.is_wanted_home() {
            // The call that it goes on with makes its mask anew.
            signal::end_call_mask();
            let next = onward::pass_on(&mut onward, deputy, process)?;
            return Ok(next.map(Left::Onward));
        }
    }
    Ok(home::take_in(deputy, process)?.map(Left::Home))
}

/// The guest was told to leave, and does. Whatever it asks before, it is not told again by a call of this
/// function: a guest that never leaves must not use up the stack.
#[inline(never)]
fn await_image(deputy: &Deputy, process: &Process) -> Result<Option<Left>> {
    loop {
        let frame = hear(deputy)?;
        let comes = frame.kind() == Kind::ComeHome;
        match answer(deputy, process, frame)? {
            Next::Left(left) => return Ok(Some(left)),
            _ if comes => return Ok(None),
            _ => {}
        }
    }
}

/// Waits for a guest that has to answer soon; for longer only if its node goes on answering for it.
fn hear(deputy: &Deputy) -> Result<Frame> {
    let patience = Deadline::ms(PATIENCE_MS);
    loop {
        let frame = deputy.lane.hear(Wait::Killable, Deadline::ms(PAUSE_MS));
        if crate::link::fatal_signal_pending() {
            drop(frame);
            // Dies in here.
            deputy.signals()?;
            return Err(EINTR);
        }
        match frame {
            // It is in a long call of its own node, or that node has no time: no reason to lose it.
            Err(error) if error == ETIMEDOUT && !patience.is_over() && deputy.is_answered_for() => {
                pr_info!(
                    "process {}: its guest on node {} does not stand still\n",
                    kernel::current!().pid(),
                    deputy.node()
                );
                // Should it have missed what it was told, this has it look.
                deputy.lane.say(0, &Pause {})?;
            }
            frame => return frame,
        }
    }
}

impl Deputy {
    /// Milliseconds for which the guest is yet to be left to compute.
    fn undisturbed_ms(&self) -> u32 {
        let until_ms = self.computes_until_ms.load(Ordering::Relaxed);
        u32::try_from(until_ms.saturating_sub(now_ms())).unwrap_or(0)
    }

    /// The guest has stood still since then. It computes for as long as that took before it has to do so again: signals
    /// that come more quickly than they can be sent would leave it no time for anything else.
    fn leave_undisturbed(&self, since_ms: u64) {
        let now_ms = now_ms();
        let stood_ms = now_ms.saturating_sub(since_ms).min(UNDISTURBED_MS);
        self.computes_until_ms
            .store(now_ms.saturating_add(stood_ms), Ordering::Relaxed);
    }
}

/// A signal, an order, or news of a file: has the guest stand still, and sees to it.
#[inline(never)]
fn attend(deputy: &Deputy, process: &Process) -> Result<Option<Left>> {
    let since_ms = now_ms();
    let left = disturb(deputy, process)?;
    deputy.leave_undisturbed(since_ms);
    Ok(left)
}

fn disturb(deputy: &Deputy, process: &Process) -> Result<Option<Left>> {
    sys::task::after_call();
    let wanted = process.has_order() || deputy.is_wanted_home() || deputy.has_due_news();
    if !wanted && !signal::pending() {
        // A mere kick. A signal that comes just now is seen the next time, when the guest stands still.
        signal::forget_kick();
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
            Kind::Paused | Kind::Call | Kind::ComeHome => return follow(deputy, process, frame),
            _ => {
                answer(deputy, process, frame)?;
            }
        }
    }
}

/// The guest stands still on its way to user mode: signals and orders are seen to.
#[inline(never)]
fn stands(deputy: &Deputy, process: &Process, paused: &Paused) -> Result<Next> {
    deputy.charge(paused.cpu_ns);
    signal::set_blocked(paused.blocked);
    let (ip, sp) = (paused.ip, paused.sp);
    Place { ip, sp }.show();
    deputy.tell_news()?;
    if deputy.holding.load(Ordering::Relaxed) {
        // News of a file were due when it read a page. All else has to meet the call that it makes once more.
        deputy.lane.say(0, &Resume {})?;
        return Ok(Next::Computes);
    }
    // Signals are seen to at home if it is wanted there. Otherwise their handlers come first.
    let handles = !deputy.is_wanted_home() && deputy.signals()?;
    if handles {
        // A handler ends what it was to make once more.
        let _ = process.end_unfinished();
    }
    if deputy.files().has_news() {
        // It may have been stopped in there.
        deputy.tell_news()?;
    }
    let leaves = if handles {
        // Whoever looks at its registers finds them where the first of these handlers begins.
        deputy.is_wanted_whole()
    } else {
        deputy.is_wanted_home() || deputy.is_called_away(process)
    };
    if leaves {
        deputy.lane.say(
            0,
            &Recall {
                why: Reason::Asked as u64,
            },
        )?;
        return Ok(Next::Leaves);
    }
    deputy.lane.say(0, &Resume {})?;
    Ok(Next::Computes)
}
