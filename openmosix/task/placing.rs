// SPDX-License-Identifier: GPL-2.0-only

//! What is known of a process to place it, and what was decided.
//!
//! The task's own orders are in [`super`]; here is what the balancer needs in order to give them, and what its owner
//! and the administrator want. All of it is at home: what the guest's node sees, it says.

use super::{
    history::{
        History,
        Outcome, //
    },
    rules::Rules,
    stay::{
        self,
        Stay, //
    },
    watch::{
        Watch,
        MS, //
    },
    Destination,
    Inner,
    Order,
    Process, //
};
use crate::{
    balance::{
        decision::{
            self,
            Decision,
            Why, //
        },
        door::Offer, //
    },
    load::process::{
        Decay,
        Usage, //
    },
    node::{
        self,
        NodeId, //
    },
    sys::{
        self,
        machine::now_ms,
        trace,
        walk::Uses, //
    },
};
use core::sync::atomic::{
    AtomicU64,
    Ordering, //
};
use kernel::sync::SetOnce;

/// Milliseconds for which a process is left alone that could not move: at first, and at most how often doubled.
const PATIENCE_MS: u64 = 2_000;
const DOUBLED: u32 = 7;

/// Milliseconds after which a process does not come to an order any more that it has not begun.
const LATE_MS: u64 = 12_000;

/// Why a move is not made that was ordered.
pub(super) const THERE: &str = "it is there";

/// What becomes of a decision that is taken back.
const WITHDRAWN: Outcome = Outcome::Failed("withdrawn");

/// Milliseconds for which a node's word counts that a guest has to leave: it says so again and again.
const PUSHED_MS: u64 = 10_000;

/// A move that the balancer has ordered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// Where the process was.
    pub(crate) from: NodeId,
    /// Where it goes.
    pub(crate) to: NodeId,
    /// What the target is told.
    pub(crate) offer: Offer,
}

/// How a move has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The process is there.
    Moved,
    /// It is not, because of where it should go.
    Refused,
    /// It is not, for a reason of its own.
    Withdrawn,
}

/// A move that the balancer has ordered and that is over, if there was one.
pub(super) type Over = Option<(Sent, End)>;

/// Hears of moves that are over. Called without locks, may sleep.
pub(crate) type Listener = fn(&Sent, End);

static LISTENER: SetOnce<Listener> = SetOnce::new();

/// Makes ready.
pub(crate) fn start(listener: Listener) {
    LISTENER.populate(listener);
}

/// Tells of a move of the balancer that is over. Called without locks.
pub(super) fn report(over: Over) {
    if let (Some(listener), Some((sent, end))) = (LISTENER.as_ref(), over) {
        listener(&sent, end);
    }
}

/// System calls that home has done for a guest, since the process began. Counted without a lock.
#[derive(Default)]
pub(super) struct Talk {
    calls: AtomicU64,
    bytes: AtomicU64,
}

/// See the module.
pub(super) struct Placing {
    pub(super) rules: Rules,
    /// It is where its owner has said.
    pub(super) ordered: bool,
    /// When it came to where it is; none if it began there.
    since_ms: Option<u64>,
    /// Why its guest's node wants it to leave, and when it has said so.
    pushed: Option<(Why, u64)>,
    /// The move that is ordered or under way.
    pub(super) sent: Option<Sent>,
    /// It has ended: nobody carries out what is decided for it.
    ended: bool,
    /// It could not move, so often in a row; until when it is left alone.
    failures: u32,
    rests_until_ms: u64,
    watch: Option<Watch>,
    /// What its guest's node says: bytes of memory, and whether it wants a processor.
    resident: u64,
    running: bool,
    history: History,
}

impl Placing {
    pub(super) fn new() -> Self {
        Self {
            rules: Rules::default(),
            ordered: false,
            since_ms: None,
            pushed: None,
            sent: None,
            ended: false,
            failures: 0,
            rests_until_ms: 0,
            watch: None,
            resident: 0,
            running: false,
            history: History::new(),
        }
    }

    fn rest(&mut self, doubled: u32) {
        let pause = PATIENCE_MS << doubled.min(DOUBLED);
        self.rests_until_ms = now_ms().saturating_add(pause);
    }

    /// It could not move, and is left alone the longer the more often that was so.
    fn could_not(&mut self) {
        self.rest(self.failures);
        self.failures = self.failures.saturating_add(1);
    }

    /// Has it not come to what the balancer has ordered long ago?
    pub(super) fn is_late(&self) -> bool {
        let since_ms = self
            .history
            .moving_since_ms()
            .filter(|_| self.sent.is_some());
        since_ms.is_some_and(|since_ms| now_ms().saturating_sub(since_ms) >= LATE_MS)
    }

    /// What the balancer has ordered is taken back for that reason.
    pub(super) fn give_up(&mut self, reason: &'static str) -> Option<Sent> {
        self.history.end(Outcome::Failed(reason));
        self.could_not();
        self.sent.take()
    }
}

/// A process as it is now, to decide for it.
pub(crate) struct Snapshot {
    pid: u32,
    /// Where it runs; none at home.
    node: Option<NodeId>,
    age_ms: u64,
    settled_ms: u64,
    cpu_ms: u64,
    usage: Usage,
    resident: u64,
    rules: Rules,
    ordered: bool,
    /// It has a reason to stay, or is stopped.
    pub(crate) stays: bool,
    /// Why its guest's node wants it to leave.
    pub(crate) pushed: Option<Why>,
    /// It could not move lately, or does so now: nothing is to be decided.
    pub(crate) rests: bool,
}

impl Snapshot {
    /// Whether it is away from home.
    pub(crate) fn is_away(&self) -> bool {
        self.node.is_some()
    }

    /// Whether it wants a processor often enough to matter.
    pub(crate) fn is_busy(&self) -> bool {
        self.usage.share >= 10
    }

    /// As the balancer of its home sees it.
    pub(crate) fn process(&self, home: NodeId) -> decision::Process<'_> {
        decision::Process {
            pid: self.pid,
            at: self.node.unwrap_or(home),
            age_ms: self.age_ms,
            settled_ms: self.settled_ms,
            cpu_ms: self.cpu_ms,
            usage: self.usage,
            resident: self.resident,
            rules: self.rules.view(self.ordered, self.stays),
            pushed: self.pushed,
        }
    }
}

/// What `/proc/PID/why` tells.
pub(crate) struct Account {
    /// Where it runs; none at home.
    pub(crate) node: Option<NodeId>,
    /// When it came there, if it did.
    pub(crate) since_ms: Option<u64>,
    /// It does not move by itself.
    pub(crate) locked: bool,
    /// Its owner has said that it is to be there.
    pub(crate) ordered: bool,
    /// What was decided.
    pub(crate) history: History,
}

impl Inner {
    /// The move that was ordered is not to be, if it has not begun: with the target being asked it has.
    pub(super) fn recall(&mut self) -> Over {
        if self.going.is_some() || self.asking || self.agreed.is_some() {
            return None;
        }
        let sent = self.placing.sent.take()?;
        self.order = None;
        self.placing.history.end(WITHDRAWN);
        Some((sent, End::Withdrawn))
    }
}

impl Process {
    /// What its owner says.
    pub(crate) fn rules(&self) -> Rules {
        self.inner.lock().placing.rules.clone()
    }

    /// Its owner says something else. What `change` takes out is dropped by the caller, without a lock.
    pub(crate) fn set_rules<R>(&self, change: impl FnOnce(&mut Rules) -> R) -> R {
        let (old, recalled) = {
            let mut inner = self.inner.lock();
            let old = change(&mut inner.placing.rules);
            (old, inner.recall())
        };
        report(recalled);
        old
    }

    /// Forgets what it has used.
    pub(crate) fn clear_statistics(&self) {
        if let Some(watch) = &mut self.inner.lock().placing.watch {
            watch.statistics.clear();
        }
    }

    /// It has become another program. If it changes hands by that, who told it where to go then may have nothing to
    /// say to it now.
    pub(crate) fn exec(&self, changes_hands: bool) {
        let forgotten = {
            let mut inner = self.inner.lock();
            inner.placing.rules.character.exec();
            changes_hands.then(|| inner.forget_orders())
        };
        drop(forgotten);
    }

    /// Its owner leaves it to the balancer again.
    pub(crate) fn release(&self) {
        let mut inner = self.inner.lock();
        inner.placing.ordered = false;
        inner.placing.failures = 0;
        inner.placing.rests_until_ms = 0;
    }

    /// Its guest's node wants it to leave.
    pub(crate) fn push(&self, why: Why) {
        let now_ms = now_ms();
        let mut inner = self.inner.lock();
        let placing = &mut inner.placing;
        placing.pushed = Some((why, now_ms));
        if why == Why::Expel {
            // What kept it may be over by now, and the administrator waits.
            let soon = now_ms.saturating_add(PATIENCE_MS);
            placing.rests_until_ms = placing.rests_until_ms.min(soon);
        }
    }

    /// What the node of its guest has seen.
    pub(crate) fn seen_away(&self, resident: u64, running: bool) {
        let mut inner = self.inner.lock();
        inner.placing.resident = resident;
        inner.placing.running = running;
    }

    /// Home has done a call for its guest, with so many bytes.
    pub(crate) fn talked(&self, bytes: usize) {
        self.talk.calls.fetch_add(1, Ordering::Relaxed);
        self.talk.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Looks at it.
    pub(crate) fn watch(&self, uses: &Uses, slow: Decay, fast: Decay) -> Snapshot {
        self.give_up();
        // It may have stopped since it was told.
        self.unstop();
        // Who is stopped goes nowhere but home.
        let stays = Stay::of(self.task(), None).is_any() || sys::task::is_stopped(self.task());
        let talk = (
            self.talk.calls.load(Ordering::Relaxed),
            self.talk.bytes.load(Ordering::Relaxed),
        );
        let now_ms = now_ms();
        let age_ms = uses.age_ns / MS;
        let mut inner = self.inner.lock();
        let busy = inner.order.is_some_and(|order| !order.at_exec) || inner.going.is_some();
        let node = NodeId::new(inner.node);
        let placing = &mut inner.placing;
        let decay = placing.rules.character.pace.decay(slow, fast);
        let watch = match placing.watch {
            None => Watch::begin(now_ms, age_ms, uses, talk),
            Some(watch) => {
                let running = match node {
                    None => uses.running,
                    Some(_) => placing.running,
                };
                watch.go_on(now_ms, uses, talk, node.is_some(), running)
            }
        };
        let watch = placing.watch.insert(watch);
        watch.statistics.set_decay(decay);
        let usage = watch.statistics.usage();
        let settled_ms = placing
            .since_ms
            .map_or(age_ms, |since_ms| now_ms.saturating_sub(since_ms));
        Snapshot {
            pid: u32::try_from(self.task().pid()).unwrap_or(0),
            node,
            age_ms,
            settled_ms,
            cpu_ms: uses.cpu_ns / MS,
            usage,
            resident: match node {
                None => uses.resident,
                Some(_) => placing.resident,
            },
            rules: placing.rules.clone(),
            ordered: placing.ordered,
            stays,
            pushed: placing
                .pushed
                .filter(|(_, at_ms)| now_ms.saturating_sub(*at_ms) < PUSHED_MS)
                .map(|(why, _)| why),
            rests: busy || now_ms < placing.rests_until_ms,
        }
    }

    /// Takes a decision, and the order that follows from it; the target that has to be asked for that, as after
    /// [`Process::begin_order`].
    pub(crate) fn decided(
        &self,
        from: NodeId,
        decision: &Decision,
        sent: Option<Sent>,
    ) -> Option<NodeId> {
        let exec_id = sys::task::exec_id(self.task());
        let target = decision.to.filter(|to| node::id_self() != Some(*to));
        // At an exec it is there next, as if it had told itself to go.
        let target_asked = target.filter(|_| !sys::task::is_current(self.task()));
        let (news, unwanted) = {
            let mut inner = self.inner.lock();
            // What it is to do when it becomes another program waits, but not if it cannot stay where it is.
            let replaced = |order: Order| order.at_exec && decision.why.is_push();
            let idle = inner.going.is_none() && !inner.asking && !inner.placing.ended;
            let free = idle && inner.order.is_none_or(replaced);
            let news = free && inner.placing.history.note(now_ms(), from, decision);
            let unwanted = match sent {
                Some(sent) if free => {
                    inner.order = Some(Order {
                        to: target.map_or(Destination::Home, Destination::Node),
                        at_exec: false,
                        stands: false,
                    });
                    inner.exec_id = exec_id;
                    inner.asking = target_asked.is_some();
                    inner.placing.sent = Some(sent);
                    None
                }
                sent => sent,
            };
            (news, unwanted)
        };
        if news {
            let to = decision.to.map(NodeId::get);
            trace::decide(self.task().pid(), from.get(), to, decision.why.name());
        }
        let ordered = sent.is_some() && unwanted.is_none();
        report(unwanted.map(|sent| (sent, End::Withdrawn)));
        if ordered && target_asked.is_none() {
            self.kick();
        }
        target_asked.filter(|_| ordered)
    }

    /// What the target of its move is to be told; none if somebody ordered it.
    pub(crate) fn offer(&self) -> Option<Offer> {
        self.inner.lock().placing.sent.map(|sent| sent.offer)
    }

    /// Hundredths of a process: how much of the time it wants a processor, as far as is known.
    pub(crate) fn share(&self) -> Option<u32> {
        let inner = self.inner.lock();
        let watch = inner.placing.watch.as_ref()?;
        Some(watch.statistics.usage().share / 10)
    }

    /// Why it is where it is.
    pub(crate) fn account(&self) -> Account {
        let inner = self.inner.lock();
        Account {
            node: NodeId::new(inner.node),
            since_ms: inner.placing.since_ms,
            locked: inner.placing.rules.locked,
            ordered: inner.placing.ordered,
            history: inner.placing.history,
        }
    }

    /// It ends.
    pub(crate) fn ended(&self) {
        let sent = {
            let mut inner = self.inner.lock();
            inner.placing.ended = true;
            inner.placing.sent.take()
        };
        report(sent.map(|sent| (sent, End::Withdrawn)));
    }
}

/// A move is over, the one of that order if it had begun, which the balancer has `sent` if it was its: notes it in what
/// is known of the process.
pub(super) fn over(
    inner: &mut Inner,
    order: Option<Order>,
    sent: Option<Sent>,
    pages: u64,
    failure: Option<&'static str>,
) -> Over {
    // It may have come home by itself meanwhile.
    let elsewhere = order.is_some_and(|order| order.to.number() != inner.node);
    let placing = &mut inner.placing;
    let done = failure.is_none_or(|reason| reason == THERE) && !elsewhere;
    if let Some(order) = order.filter(|_| done) {
        // Where its owner has sent it, it stays. Who was there before stays for the reason that he had.
        let stays = placing.ordered && failure.is_some() && !order.at_exec;
        placing.ordered = order.stands || stays;
    }
    if sent.is_some() {
        placing.history.end(match failure {
            None if elsewhere => WITHDRAWN,
            None => Outcome::Moved,
            Some(reason) => Outcome::Failed(reason),
        });
    }
    let end = match failure {
        None => {
            placing.history.moved();
            placing.since_ms = Some(now_ms());
            placing.pushed = None;
            placing.failures = 0;
            placing.resident = pages.saturating_mul(sys::mm::PAGE as u64);
            placing.running = true;
            if elsewhere {
                End::Withdrawn
            } else {
                End::Moved
            }
        }
        Some(reason) => {
            if stay::is_name(reason) {
                placing.could_not();
                End::Withdrawn
            } else {
                placing.rest(0);
                End::Refused
            }
        }
    };
    sent.map(|sent| (sent, end))
}
