// SPDX-License-Identifier: GPL-2.0-only

//! How the process takes signals. What is pending stays at home.

use crate::{
    error::Growing,
    link::lane::{
        Frame,
        Lane, //
    },
    sys::signal,
    wire::{
        codec::Field,
        image::{
            Action,
            Signals,
            SIGNALS, //
        },
        Table, //
    },
};
use kernel::{
    alloc::KVVec,
    prelude::*, //
};

impl From<signal::Action> for Action {
    fn from(action: signal::Action) -> Self {
        Self {
            handler: action.handler,
            flags: action.flags,
            restorer: action.restorer,
            mask: action.mask,
        }
    }
}

impl From<Action> for signal::Action {
    fn from(action: Action) -> Self {
        Self {
            handler: action.handler,
            flags: action.flags,
            restorer: action.restorer,
            mask: action.mask,
        }
    }
}

/// Sends that of the current task.
pub(crate) fn capture(lane: &Lane) -> Result {
    let mut bytes = KVVec::new();
    for number in 1..=SIGNALS {
        let action = Action::from(signal::action(number));
        action.put(&mut Growing(&mut bytes)).map_err(|_| ENOMEM)?;
    }
    lane.say(
        0,
        &Signals {
            blocked: signal::blocked(),
            actions: Table::new(&bytes).map_err(|_| EINVAL)?,
        },
    )
}

/// Makes it the current guest's.
pub(crate) fn install(frame: &Frame) -> Result {
    let signals: Signals<'_> = frame.read()?;
    for (number, action) in (1..).zip(signals.actions.iter()) {
        signal::set_action(number, action.map_err(|_| EPROTO)?.into());
    }
    signal::set_blocked(signals.blocked);
    Ok(())
}

/// Makes the mask the current task's; what signals do, home knows itself.
pub(crate) fn install_mask(frame: &Frame) -> Result {
    let signals: Signals<'_> = frame.read()?;
    signal::set_blocked(signals.blocked);
    Ok(())
}
