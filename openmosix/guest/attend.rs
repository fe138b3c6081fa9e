// SPDX-License-Identifier: GPL-2.0-only

//! On the way to user mode: what home has said, and the way home.

use super::{
    line::Note,
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
        signal, //
    },
    task::record::Timer,
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

/// Milliseconds that home may take for its verdict on an image.
const VERDICT_MS: u32 = 60_000;

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
        }
        let fault = self.fault.lock().take();
        if fault.is_some() {
            self.come_home(fault)?;
            // It cannot go on with that where it is.
            self.vanish();
            return Ok(());
        }
        if self.tell_mask.swap(false, Ordering::Relaxed) {
            // What the new mask lets through comes before anything else that the program does.
            self.pause()?;
        }
        while let Some(note) = self.line.note()? {
            self.heed(note)?;
            if self.gone.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        if self.has_waiting() {
            return self.deliver();
        }
        if !self.recalled.load(Ordering::Relaxed) {
            return Ok(());
        }
        if regs.in_vdso() {
            sys::task::kick_later();
            return Ok(());
        }
        self.recalled.store(false, Ordering::Relaxed);
        self.come_home(None)
    }

    fn heed(&self, note: Note) -> Result {
        match note {
            Note::Signal(delivery) => {
                self.waiting.lock().push(delivery, GFP_KERNEL)?;
                Ok(())
            }
            Note::Pause => self.pause(),
            Note::Recall => {
                self.recalled.store(true, Ordering::Relaxed);
                Ok(())
            }
            Note::Resume => Ok(()),
        }
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
                Note::Signal(delivery) => self.waiting.lock().push(delivery, GFP_KERNEL)?,
                Note::Resume => return Ok(()),
                Note::Recall => {
                    self.recalled.store(true, Ordering::Relaxed);
                    return Ok(());
                }
                Note::Pause => {}
            }
        }
    }

    /// Are there signals that have yet to be delivered?
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.lock().is_empty()
    }

    /// Delivers the next signal; the one after it when this has got its frame.
    pub(super) fn deliver(&self) -> Result {
        if signal::pending() {
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

    /// Sends everything home. The task ends if home takes it, and goes on otherwise.
    pub(super) fn come_home(&self, fault: Option<[u8; signal::INFO]>) -> Result {
        let lane = self.line.lane();
        let cpu_ns = sys::task::cpu_time(&self.task);
        lane.say(
            0,
            &ComeHome {
                why: Reason::Asked as u64,
                cpu_ns,
            },
        )?;
        if let Some(info) = fault {
            lane.say(0, &Fault { info, cpu_ns })?;
        }
        let mut timer = Timer::start(0, 0, 0);
        image::send(lane, &Mm::current()?, Way::Back, &mut timer)?;
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
