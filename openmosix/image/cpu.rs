// SPDX-License-Identifier: GPL-2.0-only

//! Registers, in the format of ptrace.

use crate::{
    link::lane::{
        Frame,
        Lane, //
    },
    sys::cpu,
    wire::image::Cpu as Message, //
};
use kernel::{
    alloc::KVVec,
    prelude::*, //
};

/// The registers of a process that stands still.
pub(crate) struct Cpu {
    general: [u8; cpu::GENERAL],
    xstate: KVVec<u8>,
}

/// Sends those of the current task.
pub(crate) fn capture(lane: &Lane) -> Result {
    let mut registers = [0; cpu::GENERAL];
    let mut xstate = KVVec::from_elem(0u8, cpu::xstate_size(), GFP_KERNEL)?;
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
        if message.xstate.len() != cpu::xstate_size() {
            return Err(EINVAL);
        }
        let mut xstate = KVVec::new();
        xstate.extend_from_slice(message.xstate, GFP_KERNEL)?;
        Ok(Self {
            general: message.registers,
            xstate,
        })
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
