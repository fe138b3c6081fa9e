// SPDX-License-Identifier: GPL-2.0-only

//! How the process takes signals, and those that are on their way to a handler. What is pending stays at home.

use crate::{
    error::Growing,
    link::{
        lane::{
            Frame,
            Lane, //
        },
        Deadline, //
    },
    shortage,
    sys::signal,
    wire::{
        codec::Field,
        image::{
            Action,
            Signals,
            SIGNALS, //
        },
        life::Signal,
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

/// Milliseconds for which memory for a signal may be short.
const SHORT_MS: u32 = 20_000;

/// Queues a signal to the current task, whose frame the ordinary code makes, whatever memory that takes: the other half
/// has forgotten it.
pub(crate) fn deliver(delivery: &signal::Delivery) -> Result {
    shortage::outlast(Deadline::ms(SHORT_MS), || signal::deliver(delivery))
}

/// Sends a signal that is to be delivered to its handler.
pub(crate) fn say(lane: &Lane, delivery: &signal::Delivery) -> Result {
    lane.say(
        0,
        &Signal {
            info: delivery.info,
            action: Action::from(delivery.action),
            blocked: delivery.blocked,
            saved: delivery.saved.unwrap_or(0),
            has_saved: u64::from(delivery.saved.is_some()),
        },
    )
}

/// The signal that a peer sent.
pub(crate) fn read(frame: &Frame) -> Result<signal::Delivery> {
    let signal: Signal = frame.read()?;
    let delivery = signal::Delivery {
        info: signal.info,
        action: signal.action.into(),
        blocked: signal.blocked,
        saved: (signal.has_saved != 0).then_some(signal.saved),
    };
    delivery.has_handler().then_some(delivery).ok_or(EPROTO)
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

/// Makes the mask the current task's; what signals do, home knows itself. So it does if the process comes with a call
/// that has a mask of its own: that was interrupted at home, and the guest never had its mask.
pub(crate) fn install_mask(frame: &Frame) -> Result {
    let signals: Signals<'_> = frame.read()?;
    if !signal::has_call_mask() {
        signal::set_blocked(signals.blocked);
    }
    Ok(())
}
