// SPDX-License-Identifier: GPL-2.0-only

//! The half of a migrated process that stays at its home node.
//!
//! There is one [`Deputy`] per departed process: the process's own task, which lives inside
//! [`serve::serve`] and never returns to user mode until its user part comes home. It resolves system
//! calls, takes signals, and keeps the layout of the address space, whose pages are the guest's.
//!
//! It may die inside any system call and inside [`sys::signal::next`], from where nothing returns. So it
//! owns all that it needs (the process's role owns the deputy), and keeps nothing on its stack there
//! that would have to be dropped.
//!
//! Locks: none is held while it waits for its guest. `Deputy::borrowed` is a leaf.

pub(crate) mod call;
mod change;
pub(crate) mod home;
pub(crate) mod list;
pub(crate) mod memory;
pub(crate) mod serve;

use crate::{
    link::lane::Lane,
    node::NodeId,
    sys::{
        guest::Window,
        machine,
        mm::{
            Claim,
            Mm, //
        },
        task::{
            self,
            Limits, //
        },
        watch::Watch,
    },
    task::target::Agreed,
    wire::life::Kill,
};
use core::sync::atomic::{
    AtomicBool,
    AtomicU64,
    AtomicUsize,
    Ordering, //
};
use kernel::{
    alloc::{
        KVVec,
        KVec, //
    },
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
};
use memory::PageLane;

/// The least nanoseconds that a page fault takes.
const FAULT_NS: u64 = 100;

/// See the module.
#[pin_data]
pub(crate) struct Deputy {
    /// Where the guest is.
    node: NodeId,
    /// The call lane.
    lane: Lane,
    /// The page lane.
    pages: Arc<PageLane>,
    /// The mark on the home address space.
    claim: Arc<Claim>,
    files: Arc<Watch>,
    /// Those that the guest was given.
    limits: Limits,
    /// As how the time of day was set when the guest was told.
    day: i64,
    /// When the guest was last told of files, in milliseconds since boot.
    told_ms: AtomicU64,
    /// A file calls the process home.
    file_calls: AtomicBool,
    /// The guest is left alone, because it restarts a call at once.
    holding: AtomicBool,
    /// Where the guest goes when it leaves its node; home if nowhere else.
    #[pin]
    onward: Mutex<Option<KBox<Agreed>>>,
    /// When it was made, by the monotonic clock.
    since_ns: i64,
    /// CPU time of the guest that is charged already, in nanoseconds.
    charged: AtomicU64,
    /// The same of its page faults.
    minor_faults: AtomicU64,
    major_faults: AtomicU64,
    /// When home has asked what it uses, in milliseconds.
    looked_ms: AtomicU64,
    /// Until when the guest is left to compute, in milliseconds.
    computes_until_ms: AtomicU64,
    /// Pages are being read for the guest: missing ones are home's own.
    lending: AtomicBool,
    /// Pages that a system call fetched, to be given back after it.
    #[pin]
    borrowed: Mutex<KVec<memory::Run>>,
    /// Where the last of them ends, and how many pages it had.
    borrowed_end: AtomicU64,
    borrowed_run: AtomicUsize,
    /// Memory for the arguments of calls, and where it is.
    #[pin]
    window: Mutex<Option<Window>>,
    window_start: AtomicU64,
    window_len: AtomicU64,
    /// The answer to the call in hand, while signals are looked at.
    #[pin]
    outbox: Mutex<KVVec<u8>>,
}

impl Deputy {
    /// The deputy of a process whose user part is at `node`.
    pub(crate) fn new(
        node: NodeId,
        lane: Lane,
        pages: Arc<PageLane>,
        claim: Arc<Claim>,
        files: Arc<Watch>,
        limits: Limits,
        day: i64,
    ) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                node,
                lane,
                pages,
                claim,
                files,
                limits,
                day,
                told_ms: AtomicU64::new(0),
                file_calls: AtomicBool::new(false),
                holding: AtomicBool::new(false),
                onward <- new_mutex!(None),
                since_ns: machine::now_ns(),
                charged: AtomicU64::new(0),
                minor_faults: AtomicU64::new(0),
                major_faults: AtomicU64::new(0),
                looked_ms: AtomicU64::new(0),
                computes_until_ms: AtomicU64::new(0),
                lending: AtomicBool::new(false),
                borrowed <- new_mutex!(KVec::new()),
                borrowed_end: AtomicU64::new(0),
                borrowed_run: AtomicUsize::new(1),
                window <- new_mutex!(None),
                window_start: AtomicU64::new(0),
                window_len: AtomicU64::new(0),
                outbox <- new_mutex!(KVVec::new()),
            }),
            GFP_KERNEL,
        )
    }

    /// Where the user part is.
    pub(crate) fn node(&self) -> NodeId {
        self.node
    }

    /// The call lane.
    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// The mark on the home address space.
    pub(crate) fn claim(&self) -> &Arc<Claim> {
        &self.claim
    }

    /// Leaves the guest alone until it has made its next call: it restarts one that was interrupted. A
    /// signal that waits has to interrupt that call. Were its handler run before, a program that waits for
    /// the signal in the call would wait for ever.
    pub(crate) fn hold(&self) {
        self.holding.store(true, Ordering::Relaxed);
    }

    /// The home address space.
    pub(crate) fn mm(&self) -> &Mm {
        self.claim.mm()
    }

    /// Has somebody changed limits that the guest has, or set the clock by which it tells the time?
    fn is_outdated(&self) -> bool {
        self.limits != Limits::now() || self.day != task::day()
    }

    /// The page lane, for whoever looks at the memory from outside.
    pub(crate) fn pages(&self) -> &Arc<PageLane> {
        &self.pages
    }

    /// Does the guest's node answer this deputy, the current task, in place of the guest?
    fn is_answered_for(&self) -> bool {
        self.pages.usage(&crate::sys::task::current()).is_ok()
    }

    /// Charges CPU time that the guest has used in all so far, which is no more than has passed.
    fn charge(&self, total_ns: u64) {
        let total_ns = total_ns.min(self.passed_ns());
        let before = self.charged.load(Ordering::Relaxed);
        if total_ns > before {
            self.charged.store(total_ns, Ordering::Relaxed);
            crate::sys::task::charge(total_ns - before);
        }
    }

    /// Lets the memory go: all of it is at home. The mark goes first, as who meets it looks for the entry of the list.
    pub(crate) fn let_go(&self) {
        self.claim.end();
        list::remove(self);
    }

    /// Charges page faults that the guest has taken in all so far, which took it some time each.
    fn charge_faults(&self, minor: u64, major: u64) {
        let most = self.passed_ns() / FAULT_NS;
        let more = |charged: &AtomicU64, total: u64| {
            let total = total.min(most);
            total.saturating_sub(charged.fetch_max(total, Ordering::Relaxed))
        };
        crate::sys::task::charge_faults(
            more(&self.minor_faults, minor),
            more(&self.major_faults, major),
        );
    }

    /// Nanoseconds for which there has been a guest.
    fn passed_ns(&self) -> u64 {
        let passed = machine::now_ns().saturating_sub(self.since_ns);
        u64::try_from(passed).unwrap_or(0)
    }

    /// Lets the guest go: the process is over, or has come home.
    pub(crate) fn dismiss(&self) {
        // If this does not arrive, the end of the lane says the same.
        let _ = self.lane.say(0, &Kill {});
        self.lane.close();
        self.pages.close();
        self.close_window();
    }
}
