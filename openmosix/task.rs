// SPDX-License-Identifier: GPL-2.0-only

//! What openMosix knows of a process.
//!
//! There is one [`Process`] per task that was ever asked to move, that has used so much that somebody looks at it, whose
//! owner has said something about where it may be, or that is a guest: the orders it got, the record of its moves, and
//! [what places it](placing). The task itself carries out what others only order. Which half of a
//! process the task is, is told by [`crate::migrate::migrant`].
//!
//! Locks: `Process::inner`, a spinlock under which nothing sleeps. See
//! Documentation/openmosix/locking.rst.

pub(crate) mod clock;
pub(crate) mod history;
pub(crate) mod placing;
pub(crate) mod record;
pub(crate) mod rules;
pub(crate) mod stay;
pub(crate) mod target;
pub(crate) mod unfinished;

use crate::{
    node::NodeId,
    sys::{
        self,
        trace, //
    },
};
use core::sync::atomic::{
    AtomicBool,
    Ordering, //
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
use placing::{
    report,
    Placing,
    Talk, //
};
use record::Record;
use target::Agreed;
use unfinished::Unfinished;

/// Where a process was told to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// The place.
    pub(crate) to: Destination,
    /// Carried out after the next successful `execve()`, not now.
    pub(crate) at_exec: bool,
}

impl Order {
    /// Home, now.
    pub(crate) const HOME: Self = Self {
        to: Destination::Home,
        at_exec: false,
    };

    fn is_home(self) -> bool {
        self == Self::HOME
    }
}

/// A place to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Its home node.
    Home,
    /// Another node.
    Node(NodeId),
}

/// What a process is to do now: where it goes, and the node that has agreed to take it, if one was asked.
pub(crate) type Due = (Destination, Option<KBox<Agreed>>);

struct Inner {
    /// What it was told and has not begun.
    order: Option<Order>,
    /// The target of the order is being asked; the process goes on meanwhile.
    asking: bool,
    /// The target of the order, if it was asked.
    agreed: Option<KBox<Agreed>>,
    /// What it was told since then.
    next: Option<Order>,
    /// Where it is going now.
    going: Option<Destination>,
    /// Where its user part is: a node, 0 at home.
    node: u16,
    record: Record,
    moves: u64,
    epoch: u32,
    exec_id: u64,
    unfinished: Option<Unfinished>,
    placing: Placing,
}

impl Inner {
    /// Is there an order to carry out now, at this number of `execve()`s?
    fn is_due(&self, exec_id: u64) -> bool {
        !self.asking
            && self
                .order
                .is_some_and(|order| !order.at_exec || self.exec_id != exec_id)
    }

    /// Takes an order: it replaces another one, unless the target of that was asked. False if it has to wait for that.
    fn take_in(&mut self, order: Order, exec_id: u64) -> bool {
        self.exec_id = exec_id;
        if self.asking || self.agreed.is_some() {
            self.next = Some(order).filter(|_| self.order != Some(order));
            return false;
        }
        self.order = Some(order);
        true
    }
}

/// See the module.
#[pin_data]
pub(crate) struct Process {
    task: ARef<Task>,
    talk: Talk,
    kicked: AtomicBool,
    #[pin]
    inner: SpinLock<Inner>,
}

impl Process {
    /// A process that so far has done nothing.
    pub(crate) fn new(task: ARef<Task>) -> impl PinInit<Self> {
        pin_init!(Self {
            task,
            talk: Talk::default(),
            kicked: AtomicBool::new(false),
            inner <- new_spinlock!(Inner {
                order: None,
                asking: false,
                agreed: None,
                next: None,
                going: None,
                node: 0,
                record: Record::default(),
                moves: 0,
                epoch: 0,
                exec_id: 0,
                unfinished: None,
                placing: Placing::new(),
            }),
        })
    }

    /// Its task on this node.
    pub(crate) fn task(&self) -> &Task {
        &self.task
    }

    /// Has its task look at its orders.
    fn kick(&self) {
        self.kicked.store(true, Ordering::Relaxed);
        sys::task::kick(&self.task);
    }

    /// Has it ever been kicked? Otherwise it has only been looked at, and nothing of it may change.
    pub(crate) fn was_kicked(&self) -> bool {
        self.kicked.load(Ordering::Relaxed)
    }

    /// Tells it where to go. The task notices at its next return to user mode.
    pub(crate) fn give_order(&self, order: Order) {
        let exec_id = sys::task::exec_id(&self.task);
        let recalled = {
            let mut inner = self.inner.lock();
            let recalled = inner.recall();
            inner.take_in(order, exec_id);
            recalled
        };
        report(recalled);
        self.kick();
    }

    /// Takes an order whose target has to be asked first; the task notices nothing yet. If this is true, one of
    /// `agreed` and `declined` must follow. If it is false, another one is being asked, and this order comes next.
    pub(crate) fn begin_order(&self, order: Order) -> bool {
        let exec_id = sys::task::exec_id(&self.task);
        let (recalled, begins) = {
            let mut inner = self.inner.lock();
            let recalled = inner.recall();
            let begins = inner.take_in(order, exec_id);
            inner.asking |= begins;
            (recalled, begins)
        };
        report(recalled);
        begins
    }

    /// The order can be carried out now: its target has agreed, or will be asked by the process itself.
    pub(crate) fn agreed(&self, agreed: Option<KBox<Agreed>>) {
        {
            let mut inner = self.inner.lock();
            inner.asking = false;
            inner.agreed = agreed;
        }
        self.kick();
    }

    /// The target of the order does not take the process, which never noticed.
    pub(crate) fn declined(&self, record: Record) {
        let (goes_on, over) = {
            let mut inner = self.inner.lock();
            inner.asking = false;
            inner.order = inner.next.take();
            inner.record = record;
            let over = placing::over(&mut inner, 0, record.reason.or(Some("failed")));
            (inner.order.is_some(), over)
        };
        report(over);
        if goes_on {
            self.kick();
        }
    }

    /// Where it was told to go, until it is there or that has failed.
    pub(crate) fn destination(&self) -> Option<Destination> {
        let inner = self.inner.lock();
        let order = inner.next.or(inner.order);
        order.map(|order| order.to).or(inner.going)
    }

    /// Is there an order to carry out now?
    pub(crate) fn has_order(&self) -> bool {
        let exec_id = sys::task::exec_id(&self.task);
        self.inner.lock().is_due(exec_id)
    }

    /// Takes the order that is to be carried out now; one of `arrived`, `failed` and `stays` must follow.
    pub(crate) fn take_order(&self) -> Option<Due> {
        let exec_id = sys::task::exec_id(&self.task);
        let mut inner = self.inner.lock();
        if !inner.is_due(exec_id) {
            return None;
        }
        let next = inner.next.take();
        inner.going = core::mem::replace(&mut inner.order, next).map(|order| order.to);
        Some((inner.going?, inner.agreed.take()))
    }

    /// There was nothing to do for the order: it is there already.
    pub(crate) fn stays(&self) {
        let over = {
            let mut inner = self.inner.lock();
            inner.going = None;
            placing::over(&mut inner, 0, Some("it is there"))
        };
        report(over);
    }

    /// The number of the next move.
    pub(crate) fn next_epoch(&self) -> u32 {
        let mut inner = self.inner.lock();
        inner.epoch = inner.epoch.wrapping_add(1);
        inner.epoch
    }

    /// Where its user part is: a node, 0 at home.
    pub(crate) fn node(&self) -> u16 {
        self.inner.lock().node
    }

    /// How often it has moved.
    pub(crate) fn moves(&self) -> u64 {
        self.inner.lock().moves
    }

    /// Its last move.
    pub(crate) fn record(&self) -> Record {
        self.inner.lock().record
    }

    /// Notes how far the move is that is under way.
    pub(crate) fn moves_on(&self, record: Record) {
        self.inner.lock().record = record;
    }

    /// A move has failed: the process goes on where it was.
    pub(crate) fn failed(&self, record: Record) {
        let over = {
            let mut inner = self.inner.lock();
            inner.record = record;
            inner.going = None;
            placing::over(&mut inner, 0, record.reason.or(Some("failed")))
        };
        report(over);
    }

    /// A move is done. All that tells of it changes at once.
    pub(crate) fn arrived(&self, record: Record) {
        let over = {
            let mut inner = self.inner.lock();
            inner.node = record.to;
            inner.moves += 1;
            inner.record = record;
            inner.going = None;
            if record.to == 0 && inner.order.is_some_and(Order::is_home) {
                inner.order = None;
            }
            placing::over(&mut inner, record.pages, None)
        };
        trace::moved(self.task.pid(), record.from, record.to, record.pages);
        report(over);
    }
}
