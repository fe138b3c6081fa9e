// SPDX-License-Identifier: GPL-2.0-only

//! Registers, in the format of ptrace.

use crate::{
    link::{
        lane::{
            Frame,
            Lane, //
        },
        Deadline, //
    },
    shortage,
    sys::cpu,
    wire::image::Cpu as Message, //
};
use kernel::{
    alloc::KVVec,
    prelude::*, //
};

/// Milliseconds for which memory for them may be short: less than a peer waits.
const SHORT_MS: u32 = super::PATIENCE_MS / 2;

/// The registers of a process that stands still.
pub(crate) struct Cpu {
    general: [u8; cpu::GENERAL],
    xstate: KVVec<u8>,
}

/// Sends those of the current task.
pub(crate) fn capture(lane: &Lane) -> Result {
    let mut registers = [0; cpu::GENERAL];
    // Even of a guest that stays after all, home has to know whether it restarts a call.
    let mut xstate = shortage::outlast(Deadline::ms(SHORT_MS), || {
        Ok(KVVec::from_elem(0u8, cpu::xstate_size(), GFP_KERNEL)?)
    })?;
    cpu::get(&mut registers, &mut xstate)?;
    lane.say(
        0,
        &Message {
            registers,
            xstate: &xstate,
        },
    )
}

impl Cpu {
    /// Takes them from a frame.
    pub(crate) fn read(frame: &Frame) -> Result<Self> {
        let message: Message<'_> = frame.read()?;
        if message.xstate.len() != cpu::xstate_size() || !cpu::has_user_bases(&message.registers) {
            return Err(EINVAL);
        }
        let mut xstate = KVVec::new();
        xstate.extend_from_slice(message.xstate, GFP_KERNEL)?;
        Ok(Self {
            general: message.registers,
            xstate,
        })
    }

    /// As [`Cpu::is_interrupted`], for those in a frame; needs no memory.
    pub(crate) fn comes_interrupted(frame: &Frame) -> Result<bool> {
        let message: Message<'_> = frame.read()?;
        Ok(cpu::is_interrupted(&message.registers))
    }

    /// Do they stand behind a call that was interrupted, and has yet to be restarted or to fail?
    pub(crate) fn is_interrupted(&self) -> bool {
        cpu::is_interrupted(&self.general)
    }

    /// Makes them the current task's, on its way to user mode.
    pub(crate) fn install(&self) -> Result {
        cpu::set(&self.general, &self.xstate)
    }
}
