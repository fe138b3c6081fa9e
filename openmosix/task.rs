// SPDX-License-Identifier: GPL-2.0-only

//! What openMosix knows of a process.
//!
//! There is one [`Process`] per task that was ever asked to move, or that is a guest: the orders it
//! got, and the record of its moves. The task itself carries out what others only order. Which half of a
//! process the task is, is told by [`crate::migrate::migrant`].
//!
//! Locks: `Process::inner`, a spinlock under which nothing sleeps. See
//! Documentation/openmosix/locking.rst.

pub(crate) mod clock;
pub(crate) mod record;
pub(crate) mod stay;

use crate::{
    node::NodeId,
    sys, //
};
use kernel::{
    new_spinlock,
    prelude::*,
    sync::{
        aref::ARef,
        SpinLock, //
    },
    task::Task, //
};
use record::Record;

/// Where a process was told to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// The node; the own one means home.
    pub(crate) to: Destination,
    /// Carried out after the next successful `execve()`, not now.
    pub(crate) at_exec: bool,
}

/// A place to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Its home node.
    Home,
    /// Another node.
    Node(NodeId),
}

struct Inner {
    order: Option<Order>,
    record: Record,
    moves: u64,
    epoch: u32,
    exec_id: u64,
    via: u16,
}

/// See the module.
#[pin_data]
pub(crate) struct Process {
    task: ARef<Task>,
    #[pin]
    inner: SpinLock<Inner>,
}

impl Process {
    /// A process that so far has done nothing.
    pub(crate) fn new(task: ARef<Task>) -> impl PinInit<Self> {
        pin_init!(Self {
            task,
            inner <- new_spinlock!(Inner {
                order: None,
                record: Record::default(),
                moves: 0,
                epoch: 0,
                exec_id: 0,
                via: 0,
            }),
        })
    }

    /// Its task on this node.
    pub(crate) fn task(&self) -> &Task {
        &self.task
    }

    /// Tells it where to go. The task notices at its next return to user mode.
    pub(crate) fn give_order(&self, order: Order) {
        let exec_id = sys::task::exec_id(&self.task);
        {
            let mut inner = self.inner.lock();
            inner.order = Some(order);
            inner.exec_id = exec_id;
        }
        sys::task::kick(&self.task);
    }

    /// The order that waits, if any.
    pub(crate) fn order(&self) -> Option<Order> {
        self.inner.lock().order
    }

    /// Is there an order to carry out now?
    pub(crate) fn has_order(&self) -> bool {
        let exec_id = sys::task::exec_id(&self.task);
        let inner = self.inner.lock();
        inner
            .order
            .is_some_and(|order| !order.at_exec || inner.exec_id != exec_id)
    }

    /// Takes the order that is to be carried out now.
    pub(crate) fn take_order(&self) -> Option<Destination> {
        if !self.has_order() {
            return None;
        }
        self.inner.lock().order.take().map(|order| order.to)
    }

    /// The number of the next move.
    pub(crate) fn next_epoch(&self) -> u32 {
        let mut inner = self.inner.lock();
        inner.epoch = inner.epoch.wrapping_add(1);
        inner.epoch
    }

    /// Is it on its way to another node, only passing home?
    pub(crate) fn passes_home(&self, from: u16) -> bool {
        let mut inner = self.inner.lock();
        let passes = inner
            .order
            .is_some_and(|order| !order.at_exec && order.to != Destination::Home);
        inner.via = if passes { from } else { 0 };
        passes
    }

    /// The node that the move which begins now comes from; 0 is home.
    pub(crate) fn take_via(&self) -> u16 {
        core::mem::take(&mut self.inner.lock().via)
    }

    /// How often it has moved.
    pub(crate) fn moves(&self) -> u64 {
        self.inner.lock().moves
    }

    /// Its last move.
    pub(crate) fn record(&self) -> Record {
        self.inner.lock().record
    }

    /// Notes how the last move went.
    pub(crate) fn set_record(&self, record: Record) {
        let mut inner = self.inner.lock();
        inner.moves += u64::from(record.is_done());
        inner.record = record;
    }
}
