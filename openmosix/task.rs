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
mod waits;
mod watch;

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
    End,
    Placing,
    Sent,
    Talk, //
};
use record::{
    Record,
    Timer, //
};
use rules::Rules;
use target::Agreed;
use unfinished::Unfinished;

/// Why an order is forgotten: who gave it could not give it now.
const OTHER_PRIVILEGES: &str = "the program has other privileges";

/// Why what the balancer has ordered is taken back: it is stopped, frozen, or in a call that nothing disturbs.
const LATE: &str = "the process is stopped, or busy";

/// Where a process was told to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// The place.
    pub(crate) to: Destination,
    /// Carried out after the next successful `execve()`, not now.
    pub(crate) at_exec: bool,
    /// Somebody has said where it is to be: there it stays.
    pub(crate) stands: bool,
}

impl Order {
    /// Home, now, because it is needed there.
    pub(crate) const HOME: Self = Self {
        to: Destination::Home,
        at_exec: false,
        stands: false,
    };

    fn is_home(self) -> bool {
        self.to == Destination::Home && !self.at_exec
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

impl Destination {
    /// The number of the node, 0 for home.
    fn number(self) -> u16 {
        match self {
            Self::Home => 0,
            Self::Node(node) => node.get(),
        }
    }
}

/// What was said of a process, and is so of all its threads.
pub(crate) struct Said {
    rules: Rules,
    /// For the program that it becomes.
    order: Option<Order>,
    ordered: bool,
    moves: u64,
    record: Record,
    epoch: u32,
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
    /// What it is carrying out now.
    going: Option<Order>,
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

    /// The balancer's part in an order that is over, if it was its. Who comes home by himself still has his orders.
    fn sent_with(&mut self, order: Option<Order>) -> Option<Sent> {
        self.placing.sent.take_if(|_| order.is_some())
    }

    /// Forgets where somebody has told it to go, unless that is home, and says why. A target that has agreed is dropped
    /// by the caller, without a lock; of one that is being asked, the answer will be.
    fn forget_orders(&mut self) -> Option<KBox<Agreed>> {
        self.next = self.next.filter(|order| order.is_home());
        if self.placing.sent.is_some() {
            // Nobody has told it so but the balancer.
            return None;
        }
        let order = self.order.take_if(|order| !order.is_home())?;
        self.epoch = self.epoch.wrapping_add(1);
        let timer = Timer::start(self.epoch, self.node, order.to.number());
        self.record = timer.failed(OTHER_PRIVILEGES);
        if !self.asking {
            self.order = self.next.take();
        }
        self.agreed.take()
    }

    /// Takes back what the balancer has ordered if the process has not come to it for long. A target that has agreed
    /// waits no more then, and is dropped by the caller, without a lock.
    fn give_up(&mut self) -> Option<(Sent, Option<KBox<Agreed>>)> {
        let awaited = self.agreed.as_ref().is_some_and(|agreed| agreed.holds());
        if self.asking || awaited || self.going.is_some() || !self.placing.is_late() {
            return None;
        }
        let order = self.order?;
        self.epoch = self.epoch.wrapping_add(1);
        self.record = Timer::start(self.epoch, self.node, order.to.number()).failed(LATE);
        self.order = self.next.take();
        Some((self.placing.give_up(LATE)?, self.agreed.take()))
    }

    /// Takes an order: it replaces another one, unless the target of that was asked. False if it has to wait for that.
    fn take_in(&mut self, order: Order, exec_id: u64) -> bool {
        self.exec_id = exec_id;
        if self.asking || self.agreed.is_some() {
            // The owner's order has another meaning than that of the balancer, though it names the same place.
            let new = self.order != Some(order) || self.placing.sent.is_some();
            self.next = new.then_some(order);
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
        self.unstop();
    }

    /// Has it come home, if that is what it is to do now, even if it is stopped: there it goes on being that. Elsewhere it
    /// would go on for a moment, and so it would with an order that has to wait.
    fn unstop(&self) {
        let exec_id = sys::task::exec_id(&self.task);
        let comes_home = {
            let inner = self.inner.lock();
            let order = inner.order.filter(|_| inner.is_due(exec_id));
            order.is_some_and(|order| order.to == Destination::Home)
        };
        if comes_home {
            sys::task::unstop(&self.task);
        }
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
        let forgotten = {
            let mut inner = self.inner.lock();
            inner.asking = false;
            if inner.order.is_some() {
                inner.agreed = agreed;
                None
            } else {
                inner.order = inner.next.take();
                if let Some(agreed) = &agreed {
                    inner.record = agreed.timer.clone().failed(OTHER_PRIVILEGES);
                }
                agreed
            }
        };
        // The target hears of it by the end of the channel.
        drop(forgotten);
        self.kick();
    }

    /// Has the balancer give up what the process has not come to: what it counts with must not wait for that.
    fn give_up(&self) {
        let given_up = self.inner.lock().give_up();
        if let Some((sent, agreed)) = given_up {
            // The target hears of it by the end of the channel.
            drop(agreed);
            report(Some((sent, End::Withdrawn)));
        }
    }

    /// The target of the order does not take the process, which never noticed.
    pub(crate) fn declined(&self, record: Record) {
        let (goes_on, over) = {
            let mut inner = self.inner.lock();
            inner.asking = false;
            inner.order = inner.next.take();
            inner.record = record;
            let (sent, failure) = (inner.placing.sent.take(), record.reason.or(Some("failed")));
            let over = placing::over(&mut inner, None, sent, 0, failure);
            (inner.order.is_some(), over)
        };
        report(over);
        if goes_on {
            self.kick();
        }
    }

    /// What was said of it, if anything was.
    pub(crate) fn said(&self) -> Option<Said> {
        let inner = self.inner.lock();
        let said = Said {
            rules: inner.placing.rules.clone(),
            order: inner.next.or(inner.order).filter(|order| order.at_exec),
            ordered: inner.placing.ordered,
            moves: inner.moves,
            record: inner.record,
            epoch: inner.epoch,
        };
        let any = !said.rules.is_default() || said.order.is_some() || said.ordered;
        (any || said.epoch > 0).then_some(said)
    }

    /// Its thread stands for the process now, of which that was said.
    pub(crate) fn take_over(&self, said: &Said) {
        let rules = said.rules.clone();
        drop(self.set_rules(|its| core::mem::replace(its, rules)));
        {
            let mut inner = self.inner.lock();
            inner.placing.ordered = said.ordered;
            inner.moves = said.moves;
            inner.record = said.record;
            inner.epoch = said.epoch;
        }
        if let Some(order) = said.order {
            self.give_order(order);
        }
    }

    /// Where it was told to go, until it is there or that has failed.
    pub(crate) fn destination(&self) -> Option<Destination> {
        let inner = self.inner.lock();
        let order = inner.next.or(inner.order);
        order.or(inner.going).map(|order| order.to)
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
        inner.going = core::mem::replace(&mut inner.order, next);
        Some((inner.going?.to, inner.agreed.take()))
    }

    /// There was nothing to do for the order: it is there already.
    pub(crate) fn stays(&self) {
        let over = {
            let mut inner = self.inner.lock();
            let order = inner.going.take();
            let sent = inner.sent_with(order);
            placing::over(&mut inner, order, sent, 0, Some(placing::THERE))
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
            let order = inner.going.take();
            let sent = inner.sent_with(order);
            let failure = record.reason.or(Some("failed"));
            placing::over(&mut inner, order, sent, 0, failure)
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
            let home = inner
                .order
                .take_if(|order| record.to == 0 && order.is_home());
            let order = inner.going.take().or(home);
            let sent = inner.sent_with(order);
            placing::over(&mut inner, order, sent, record.pages, None)
        };
        trace::moved(self.task.pid(), record.from, record.to, record.pages);
        report(over);
    }
}
