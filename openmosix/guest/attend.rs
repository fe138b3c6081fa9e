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
        Deadline,
        Wait, //
    },
    sys::{
        self,
        cpu::Regs,
        mm::Mm,
        signal,
        task::Hurry, //
    },
    wire::{
        life::{
            ComeHome,
            Fault,
            Paused, //
        },
        prepare::Reason,
        Kind, //
    },
};
use core::sync::atomic::Ordering;
use kernel::prelude::*;

/// Milliseconds that home may take for its verdict on an image: more than it may wait for another node, all in all.
const VERDICT_MS: u32 = 120_000;

impl Guest {
    /// Called on the way to user mode, after signals and restarts.
    pub(crate) fn attend(&self, regs: &Regs<'_>) {
        if self.gone.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.try_attend(regs) {
            if error != EINTR {
                pr_warn!(
                    "guest {} of node {}: lost its home: {:?}\n",
                    self.origin.pid,
                    self.origin.node,
                    error
                );
            }
            self.vanish();
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
            self.leave(Reason::Failed, fault)?;
            // It cannot go on with that where it is.
            self.vanish();
            return Ok(());
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
            self.pause()?;
            if self.has_waiting() {
                return self.deliver_outside(regs);
            }
        }
        if !self.recalled.load(Ordering::Relaxed) {
            return Ok(());
        }
        if regs.in_vdso() {
            sys::task::kick_later();
            return Ok(());
        }
        self.recalled.store(false, Ordering::Relaxed);
        self.leave(Reason::Asked, None)
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
    fn pause(&self) -> Result {
        self.line.lane().say(
            0,
            &Paused {
                blocked: signal::blocked(),
                cpu_ns: sys::task::cpu_time(&self.task),
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
    /// move, and the function would go on with half of this node's time.
    fn deliver_outside(&self, regs: &Regs<'_>) -> Result {
        if regs.in_vdso() {
            sys::task::kick_later();
            return Ok(());
        }
        self.deliver()
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
        signal::deliver(&next);
        sys::task::raise_resume();
        Ok(())
    }

    /// Sends everything home. The task ends if home takes it, or another node by way of home, and goes on
    /// otherwise.
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
            lane.say(0, &Fault { info, cpu_ns })?;
        }
        image::send(lane, &Mm::current()?, Way::Back)?;
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
