// SPDX-License-Identifier: GPL-2.0-only

//! On the way to user mode: what home has said, and the way home.

use super::{
    line::{
        queue,
        Note, //
    },
    Guest, //
};
use crate::{
    image::{
        self,
        Way, //
    },
    link::{
        lane::Lane,
        Deadline,
        Wait, //
    },
    shortage,
    sys::{
        self,
        cpu::{
            self,
            Place,
            Regs,
            StackPlace, //
        },
        mm::Mm,
        signal,
        task::{
            Hurry,
            Jiffy, //
        },
    },
    wire::{
        life::{
            ComeHome,
            Fault,
            Paused, //
        },
        prepare::{
            Abort,
            Reason, //
        },
        Kind, //
    },
};
use core::sync::atomic::Ordering;
use kernel::prelude::*;

/// Milliseconds that home may take for its verdict on an image: more than it may need for what of that is on the links,
/// and wait for another node, all in all.
const VERDICT_MS: u32 = 600_000;

/// Milliseconds for which home may have no memory for a process that comes with a fault.
const FAULT_MS: u32 = 60_000;

/// How often in a row a signal waits for the end of a vDSO function: an eighth of a second in all.
const PATIENCE: u32 = 6;

/// The most jiffies until it is looked again: a power of two.
const LATEST: u32 = 3;

impl Guest {
    /// Called on the way to user mode, after signals and restarts.
    pub(crate) fn attend(&self, regs: &Regs<'_>) {
        if self.gone.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.try_attend(regs) {
            self.lost(error);
        }
    }

    fn try_attend(&self, regs: &Regs<'_>) -> Result {
        let cpu = self.cpu.lock().take();
        if let Some(cpu) = cpu {
            cpu.install()?;
            if cpu.is_interrupted() {
                // The call that it came with is restarted first of all.
                signal::raise_restart();
                return Ok(());
            }
        }
        let fault = self.fault.lock().take();
        if fault.is_some() {
            return self.leave_with(fault);
        }
        if self.covered.load(Ordering::Relaxed) != 0 && self.cover.load(Ordering::Relaxed) == 0 {
            // The handler begins here, at its frame.
            let frame = regs.place().sp as usize;
            self.cover.store(frame, Ordering::Relaxed);
        }
        while let Some(note) = self.line.note()? {
            self.heed(note)?;
        }
        if self.has_waiting() {
            // Their frames come first; then it passes here again.
            return self.deliver_outside(regs);
        }
        let tell_mask = self.tell_mask.swap(false, Ordering::Relaxed);
        let told = self.paused.swap(false, Ordering::Relaxed);
        if tell_mask || told {
            // What a new mask lets through comes before anything else that the program does.
            self.pause(regs)?;
            if self.has_waiting() {
                return self.deliver_outside(regs);
            }
        }
        if !self.recalled.load(Ordering::Relaxed) {
            return Ok(());
        }
        if regs.in_vdso() || self.is_covering(regs) {
            return self.come_later(regs);
        }
        self.dodged.store(0, Ordering::Relaxed);
        self.recalled.store(false, Ordering::Relaxed);
        self.leave(Reason::Asked, None)
    }

    /// It cannot leave where it is. Home is told now and then that it is yet to come.
    fn come_later(&self, regs: &Regs<'_>) -> Result {
        if self.is_dodging() {
            return Ok(());
        }
        if self.dodged.load(Ordering::Relaxed) >= PATIENCE {
            self.pause(regs)?;
        }
        self.dodge();
        Ok(())
    }

    /// Goes home with a fault: it cannot go on with that where it is, so want of memory at home is outlasted.
    fn leave_with(&self, fault: Option<[u8; signal::INFO]>) -> Result {
        shortage::outlast(Deadline::ms(FAULT_MS), || {
            self.leave(Reason::Failed, fault)?;
            let gone = self.gone.load(Ordering::Relaxed);
            gone.then_some(()).ok_or(ENOMEM)
        })
    }

    /// Notes what home has said, to be done on the way to user mode.
    pub(super) fn heed(&self, note: Note) -> Result {
        match note {
            Note::Signal(delivery) => queue(&mut self.waiting.lock(), delivery)?,
            Note::Pause => self.paused.store(true, Ordering::Relaxed),
            Note::Recall => self.recalled.store(true, Ordering::Relaxed),
            Note::Stale(stale) => self.forget(&stale),
            Note::Resume => {}
        }
        Ok(())
    }

    /// Stands still until home says what next.
    fn pause(&self, regs: &Regs<'_>) -> Result {
        let Place { ip, sp } = regs.place();
        self.line.lane().say(
            0,
            &Paused {
                blocked: signal::blocked(),
                cpu_ns: sys::task::cpu_time(&self.task),
                ip,
                sp,
            },
        )?;
        loop {
            match self.line.next_note()? {
                Note::Signal(delivery) => queue(&mut self.waiting.lock(), delivery)?,
                Note::Resume => return Ok(()),
                Note::Recall => {
                    self.recalled.store(true, Ordering::Relaxed);
                    return Ok(());
                }
                Note::Stale(stale) => self.forget(&stale),
                Note::Pause => {}
            }
        }
    }

    /// Are there signals that have yet to be delivered?
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.lock().is_empty()
    }

    /// Delivers the next signal, unless the program is in the middle of a vDSO function: its handler might
    /// move, and the function would go on with half of this node's time. A program that does nothing but ask for the
    /// time is there whenever somebody looks; its handler has to be over before it moves.
    fn deliver_outside(&self, regs: &Regs<'_>) -> Result {
        if regs.in_vdso() {
            if self.is_dodging() {
                return Ok(());
            }
            if self.dodged.load(Ordering::Relaxed) < PATIENCE {
                self.dodge();
                return Ok(());
            }
            if !self.is_covering(regs) {
                self.covered.store(regs.stack_place().0, Ordering::Relaxed);
                self.cover.store(0, Ordering::Relaxed);
            }
        }
        self.dodged.store(0, Ordering::Relaxed);
        self.deliver()
    }

    /// Looks again later, after twice as long: the program has to get on meanwhile.
    fn dodge(&self) {
        let times = self.dodged.load(Ordering::Relaxed);
        self.dodged
            .store(times.saturating_add(1), Ordering::Relaxed);
        let until = sys::task::kick_later(1 << times.min(LATEST));
        self.dodges_until.store(until.0, Ordering::Relaxed);
    }

    /// Has it yet to get on since it was looked at? What home says meanwhile has it pass here again and again: without
    /// this it would never be in user mode.
    fn is_dodging(&self) -> bool {
        Jiffy(self.dodges_until.load(Ordering::Relaxed)).is_ahead()
    }

    /// Is the program in a handler that has interrupted a vDSO function?
    pub(super) fn is_covering(&self, regs: &Regs<'_>) -> bool {
        let covered = self.covered.load(Ordering::Relaxed);
        let covering = covered != 0
            && StackPlace(covered).is_covered_by(regs.stack_place())
            && cpu::returns_to_vdso(self.cover.load(Ordering::Relaxed));
        if !covering {
            self.covered.store(0, Ordering::Relaxed);
        }
        covering
    }

    /// Delivers the next signal; the one after it when this has got its frame.
    pub(super) fn deliver(&self) -> Result {
        if signal::pending() {
            // That one gets its frame first; then it passes here again.
            sys::task::raise_resume();
            return Ok(());
        }
        let next = {
            let mut waiting = self.waiting.lock();
            if waiting.is_empty() {
                return Ok(());
            }
            waiting.remove(0).map_err(|_| EINVAL)?
        };
        image::signals::deliver(&next)?;
        sys::task::raise_resume();
        Ok(())
    }

    /// Sends everything home, signals too that have yet to be delivered: home has forgotten them. The task ends if home
    /// takes it, or another node by way of home, and goes on otherwise.
    pub(super) fn leave(&self, why: Reason, fault: Option<[u8; signal::INFO]>) -> Result {
        let _hurry = Hurry::begin();
        let lane = self.line.lane();
        let cpu_ns = sys::task::cpu_time(&self.task);
        lane.say(
            0,
            &ComeHome {
                why: why as u64,
                cpu_ns,
            },
        )?;
        if let Some(info) = fault {
            let trap = cpu::trap();
            lane.say(
                0,
                &Fault {
                    info,
                    cpu_ns,
                    trap: trap.number,
                    error: trap.error,
                    address: trap.address,
                },
            )?;
        }
        let waiting = core::mem::take(&mut *self.waiting.lock());
        let sent = waiting
            .iter()
            .try_for_each(|delivery| image::signals::say(lane, delivery))
            .and_then(|()| image::send(lane, &Mm::current()?, Way::Back));
        // If it goes on here, they are delivered here.
        *self.waiting.lock() = waiting;
        if let Err(error) = sent {
            call_off(lane, error)?;
        }
        loop {
            let frame = lane.hear(Wait::Killable, Deadline::ms(VERDICT_MS))?;
            match frame.kind() {
                Kind::Commit => {
                    self.vanish();
                    return Ok(());
                }
                Kind::Abort => return Ok(()),
                // It was said before home heard that we come.
                Kind::Pause | Kind::Recall => {}
                _ => return Err(EPROTO),
            }
        }
    }
}

/// Says in place of the rest of an image that it does not come: what home answers then is to go on here. If it was the
/// link that failed, this fails too.
fn call_off(lane: &Lane, error: Error) -> Result {
    let reason = if error == ENOMEM {
        Reason::Memory
    } else {
        Reason::Failed
    };
    lane.say(
        0,
        &Abort {
            reason: reason as u16,
            text: &[],
        },
    )
}
