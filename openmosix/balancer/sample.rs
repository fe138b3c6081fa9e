// SPDX-License-Identifier: GPL-2.0-only

//! A look at this machine.

use crate::{
    balance::own::Sample,
    deputy,
    guest,
    load::Memory,
    sys::machine, //
};

/// Takes a sample.
pub(crate) fn take() -> Sample {
    let (present, running) = guest::list::present();
    // Their processes compute elsewhere. They are awake for moments, often in the same tick as who looks.
    let all = machine::running().saturating_sub(deputy::list::running());
    Sample {
        local: all.saturating_sub(running),
        guests: running.min(all),
        present: u16::try_from(present).unwrap_or(u16::MAX),
        memory: memory(),
    }
}

/// Memory now.
pub(crate) fn memory() -> Memory {
    let total = machine::memory();
    Memory {
        free: machine::free_memory().min(total),
        total,
        pressure: machine::memory_pressure(),
    }
}
