// SPDX-License-Identifier: GPL-2.0-only

//! A process is told where to go.
//!
//! Its target is asked first, by a worker: a process whose target refuses, or cannot be reached, never notices. An order
//! that comes meanwhile waits for the answer, so that a process moves however often it is told to.

use super::{
    depart::{
        words,
        Failure, //
    },
    migrant::{
        Migrant,
        Role, //
    },
    onward,
};
use crate::{
    node::NodeId,
    sys::{
        self,
        mm::Mm,
        queue, //
    },
    task::{
        record::Timer,
        stay::Stay,
        target::{
            Agreed,
            Target, //
        },
        Destination,
        Order, //
    },
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// Gives a process an order. May sleep, but not for the target.
pub(crate) fn give(migrant: &Arc<Migrant>, order: Order) {
    let process = migrant.process();
    match order.to {
        // There is little to move after an exec, and nothing that could be kept from running. Who tells itself
        // to go expects to be there next.
        Destination::Node(to) if !order.at_exec && !sys::task::is_current(process.task()) => {
            if process.begin_order(order) {
                begin(migrant, to);
            }
        }
        _ => process.give_order(order),
    }
}

/// Has the target of an order asked that has [begun](crate::task::Process::begin_order).
pub(crate) fn begin(migrant: &Arc<Migrant>, to: NodeId) {
    let asker = migrant.clone();
    let work = move || ask(&asker, to);
    if queue::spawn(work).is_err() {
        // It asks by itself.
        migrant.process().agreed(None);
    }
}

/// Asks the target of an order.
fn ask(migrant: &Migrant, to: NodeId) {
    let process = migrant.process();
    let timer = Timer::start(process.next_epoch(), process.node(), to.get());
    let agreed = match resident(migrant, to) {
        // It is there, or has a stay reason, which it may have lost by the time it gets to it.
        Ok(None) => return process.agreed(None),
        Ok(Some(resident)) => {
            process.moves_on(timer.record());
            Target::ask(process, resident, to, &timer)
                .and_then(|target| Agreed::new(target, timer.clone()).map_err(words))
        }
        Err(failure) => Err(failure),
    };
    match agreed {
        Ok(agreed) => process.agreed(Some(agreed)),
        Err(failure) => process.declined(timer.failed(failure)),
    }
}

/// Bytes of memory that go with a process; none if it has to look by itself whether it may go.
fn resident(migrant: &Migrant, to: NodeId) -> Result<Option<u64>, Failure> {
    let task = migrant.process().task();
    match migrant.role() {
        Role::Local => {
            let mm = Mm::of(task).ok_or("the process has ended")?;
            let stay = Stay::of(task, Some(&mm));
            match stay.lasting() {
                // A call that it sleeps in is not to be interrupted for that.
                Some(reason) => Err(reason),
                None => Ok((!stay.is_any()).then(|| mm.resident())),
            }
        }
        Role::Deputy(deputy) => {
            let stays = Stay::of(task, Some(deputy.mm())).names().next().is_some();
            if stays || deputy.node() == to {
                return Ok(None);
            }
            onward::resident(&deputy, migrant.process()).map(Some)
        }
        Role::Guest(_) | Role::Arriving => Ok(None),
    }
}
