// SPDX-License-Identifier: GPL-2.0-only

//! The half of a migrated process that computes, away from its home.
//!
//! There is one [`Guest`] per process that came here. Its task holds registers and pages; every system
//! call that is not about these alone goes home over the [`line`]. The task is the only one to use the
//! line; a worker serves the page lane beside it, because home asks for memory while the task waits.
//!
//! Locks: those of `Guest` and `Line` are leaves. Nothing is held across the network but the gates of channels.

pub(crate) mod attend;
pub(crate) mod dispatch;
pub(crate) mod layout;
pub(crate) mod line;
pub(crate) mod list;
pub(crate) mod pages;

use crate::{
    balance::decision::Why,
    balancer,
    image::cpu::Cpu,
    link::lane::Lane,
    node::NodeId,
    sys::{
        guest::HomeFile,
        machine,
        mm::{
            Claim,
            Mm,
            Statm,
            WeakMm, //
        },
        signal,
        task::Jiffy, //
    },
    task::target::Token,
    wire::Message,
};
use core::sync::atomic::{
    AtomicBool,
    AtomicU32,
    AtomicUsize,
    Ordering, //
};
use kernel::{
    alloc::{
        KVVec,
        KVec, //
    },
    new_mutex, new_spinlock,
    prelude::*,
    sync::{
        aref::ARef,
        Arc,
        Mutex,
        SpinLock, //
    },
    task::Task,
};
use line::Line;

/// How often its home is told that a guest has to leave, as long as that asks for nothing: a process that is stopped
/// there reads none of it, and what is not read must not fill the lane, which would be the end of it.
const UNHEARD: u32 = 256;

/// Where a guest comes from.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    /// Its home node.
    pub(crate) node: NodeId,
    /// Its pid there.
    pub(crate) pid: u32,
    /// Its name when it came.
    pub(crate) comm: [u8; 16],
}

/// The page lane of a guest.
enum Pages {
    /// Home has not opened it yet.
    Awaited,
    /// It is there.
    Open(Lane),
    /// The guest has ended.
    Over,
}

/// It has to leave this node.
#[derive(Clone, Copy)]
struct Pushed {
    why: Why,
    /// Since when, in milliseconds since boot.
    since_ms: u64,
    /// When its home was told so last; none if it has yet to be.
    told_ms: Option<u64>,
}

/// See the module.
#[pin_data]
pub(crate) struct Guest {
    origin: Origin,
    /// By which its page lane finds it.
    token: Token,
    task: ARef<Task>,
    /// The call lane.
    line: Arc<Line>,
    /// What its file mappings map.
    home: HomeFile,
    memory: WeakMm,
    /// The page lane, which ends with the task.
    #[pin]
    pages: Mutex<Pages>,
    /// Taken away before the address space goes.
    #[pin]
    claim: Mutex<Option<Claim>>,
    /// Registers to be installed on the first way to user mode.
    #[pin]
    cpu: Mutex<Option<Cpu>>,
    /// Signals to be delivered, in home's order.
    #[pin]
    waiting: Mutex<KVVec<signal::Delivery>>,
    /// End and begin of each mapping that grows down, as home knows them.
    #[pin]
    grown: Mutex<KVec<(usize, usize)>>,
    /// Pages in them when a call last changed the layout.
    stack_pages: AtomicUsize,
    /// A fault of the program that is home's to judge.
    #[pin]
    fault: SpinLock<Option<[u8; signal::INFO]>>,
    /// Home wants the process back, once its signals are delivered.
    recalled: AtomicBool,
    /// Home wants it to stand still, once its signals are delivered.
    paused: AtomicBool,
    /// How often in a row it was in the middle of a vDSO function when it should have been elsewhere.
    dodged: AtomicU32,
    /// Until when it gets on without being looked at again for that reason: [`Jiffy`].
    dodges_until: AtomicUsize,
    /// Where that function is that a handler has interrupted, or 0: [`StackPlace`].
    covered: AtomicUsize,
    /// Where the frame of that handler is, or 0 until it has been made.
    cover: AtomicUsize,
    /// The call that was done last was interrupted: its result is a restart code.
    restarts: AtomicBool,
    /// Home must hear of a new signal mask.
    tell_mask: AtomicBool,
    /// The process is home again, or over.
    gone: AtomicBool,
    /// When it came, in milliseconds since boot.
    since_ms: u64,
    #[pin]
    pushed: SpinLock<Option<Pushed>>,
    /// How often home was told so since it asked for something.
    unheard: AtomicU32,
    /// Hundredths of a process that it counts as since it is this node's; 0 before.
    share: AtomicU32,
}

impl Guest {
    /// A guest whose address space, the current task's, is complete.
    pub(crate) fn new(
        origin: Origin,
        token: Token,
        line: Arc<Line>,
        home: HomeFile,
        cpu: Cpu,
    ) -> Result<Arc<Self>> {
        let mm = Mm::current()?;
        let memory = mm.weak();
        let claim = mm.claim();
        Arc::pin_init(
            pin_init!(Self {
                origin,
                token,
                task: crate::sys::task::current(),
                line,
                home,
                memory,
                pages <- new_mutex!(Pages::Awaited),
                claim <- new_mutex!(Some(claim)),
                cpu <- new_mutex!(Some(cpu)),
                waiting <- new_mutex!(KVVec::new()),
                grown <- new_mutex!(KVec::new()),
                stack_pages: AtomicUsize::new(0),
                fault <- new_spinlock!(None),
                recalled: AtomicBool::new(false),
                paused: AtomicBool::new(false),
                dodged: AtomicU32::new(0),
                dodges_until: AtomicUsize::new(Jiffy::now().0),
                covered: AtomicUsize::new(0),
                cover: AtomicUsize::new(0),
                restarts: AtomicBool::new(false),
                tell_mask: AtomicBool::new(false),
                gone: AtomicBool::new(false),
                since_ms: machine::now_ms(),
                pushed <- new_spinlock!(None),
                unheard: AtomicU32::new(0),
                share: AtomicU32::new(0),
            }),
            GFP_KERNEL,
        )
    }

    /// Where it comes from.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its task here.
    pub(crate) fn task(&self) -> &Task {
        &self.task
    }

    /// When it came, in milliseconds since boot.
    pub(crate) fn since_ms(&self) -> u64 {
        self.since_ms
    }

    /// Bytes of memory that it uses.
    pub(crate) fn resident(&self) -> u64 {
        self.memory.get().map_or(0, |mm| mm.resident())
    }

    /// The pages of its address space; none if that is gone.
    pub(crate) fn statm(&self) -> Statm {
        self.memory.get().map(|mm| mm.statm()).unwrap_or_default()
    }

    /// Why it has to leave this node, if so.
    pub(crate) fn pushed(&self) -> Option<Why> {
        self.pushed.lock().map(|pushed| pushed.why)
    }

    /// Milliseconds for which it has had to leave.
    pub(crate) fn pushed_for(&self, now_ms: u64) -> u64 {
        let pushed = *self.pushed.lock();
        pushed.map_or(0, |pushed| now_ms.saturating_sub(pushed.since_ms))
    }

    /// Notes why it has to leave; whether it is time to tell its home. One that has not arrived waits.
    pub(crate) fn push(&self, why: Option<Why>, now_ms: u64, again_ms: u64) -> bool {
        let mut pushed = self.pushed.lock();
        let Some(why) = why else {
            *pushed = None;
            return false;
        };
        let before = pushed.filter(|pushed| pushed.why == why);
        let told_ms = before.and_then(|pushed| pushed.told_ms);
        let due = self.has_arrived()
            && self.unheard.load(Ordering::Relaxed) < UNHEARD
            && told_ms.is_none_or(|told_ms| now_ms.saturating_sub(told_ms) >= again_ms);
        if due {
            self.unheard.fetch_add(1, Ordering::Relaxed);
        }
        *pushed = Some(Pushed {
            why,
            since_ms: before.map_or(now_ms, |pushed| pushed.since_ms),
            told_ms: if due { Some(now_ms) } else { told_ms },
        });
        due
    }

    /// Its home attends to it.
    fn heard_home(&self) {
        self.unheard.store(0, Ordering::Relaxed);
    }

    /// Tells its home something unasked.
    pub(crate) fn say_home<'a, M: Message<'a>>(&self, message: &M) -> Result {
        self.line.lane().say(0, message)
    }

    /// It is this node's, and counts as so many hundredths of a process.
    pub(crate) fn settled(&self, share: u32) {
        self.share.store(share.max(1), Ordering::Relaxed);
    }

    /// Whether it is this node's.
    pub(crate) fn has_arrived(&self) -> bool {
        self.share.load(Ordering::Relaxed) > 0
    }

    /// A fault of the program, judged at home; asks for no sleep.
    pub(crate) fn set_fault(&self, info: [u8; signal::INFO]) {
        *self.fault.lock() = Some(info);
        crate::sys::task::raise_resume();
    }

    /// Takes the page lane. There is one, and none after the end of the task.
    fn join(&self, lane: &Lane) -> Result {
        let mut pages = self.pages.lock();
        if !matches!(*pages, Pages::Awaited) {
            return Err(EBUSY);
        }
        *pages = Pages::Open(lane.clone());
        Ok(())
    }

    /// Its task ends: whatever the reason, home hears of it.
    pub(crate) fn ended(&self) {
        self.line.close();
        let pages = core::mem::replace(&mut *self.pages.lock(), Pages::Over);
        if let Pages::Open(lane) = pages {
            lane.close();
        }
        // Its pages that home had borrowed are lost: who looks for them yet, for locks that it held, is told so.
        if let Some(claim) = self.claim.lock().take() {
            claim.keep();
        }
        // Not before: this waits for whoever reads the files of the guest, however long that takes.
        list::remove(self);
        let share = self.share.load(Ordering::Relaxed);
        if share > 0 {
            balancer::with(|balancer| balancer.guest_left(share));
        }
    }

    /// Ends the task: home is lost, or has said that the process is over.
    fn lost(&self, error: Error) {
        if error != EINTR {
            pr_warn!(
                "guest {} of node {}: lost its home: {:?}\n",
                self.origin.pid,
                self.origin.node,
                error
            );
        }
        self.vanish();
    }

    /// Ends the task without a word: the process is home, or over, or home is lost.
    fn vanish(&self) {
        self.gone.store(true, Ordering::Relaxed);
        self.line.close();
        signal::kill_self();
    }
}
