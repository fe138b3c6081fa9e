// SPDX-License-Identifier: GPL-2.0-only

//! Where the processes of this node run: what the balancer decides becomes orders.
//!
//! Once in each period a worker looks at the processes whose home is here, wherever they are. It asks the balancer for
//! all of them at once, and tells those to move that should. They do so themselves ([`crate::migrate`]), and what has
//! become of it is reported when it is over.
//!
//! Locks: none of its own. The balancer is used for moments, with nothing else held.

use crate::{
    balance::{
        choice,
        decision::{
            self,
            Candidate, //
        },
        rules::{
            self,
            Mask, //
        },
    },
    balancer::{
        self,
        settings::{
            Policy,
            Settings, //
        },
        spent::Working,
    },
    load::process::Usage,
    migrate::{
        migrant::{
            Migrant,
            Role, //
        },
        order,
    },
    node::NodeId,
    sys::{
        machine::now_ms,
        queue,
        walk::{
            self,
            Seen, //
        },
    },
    task::placing::{
        self,
        End,
        Sent,
        Snapshot, //
    },
};
use kernel::{
    impl_has_work, new_work,
    prelude::*,
    sync::{
        Arc,
        SetOnce, //
    },
    task::Task,
    workqueue::{
        Work,
        WorkItem, //
    },
};

/// Nanoseconds of CPU time before anybody looks at a process: it would be too young.
const CPU_NS: u64 = choice::YOUNG_MS * 1_000_000;

/// Bytes of memory of a process that is worth moving when memory runs out.
const LARGE: u64 = 4 << 20;

/// Milliseconds of CPU time that a program is expected to use when it begins.
const EXPECTED_MS: u64 = 1_000;

/// Finds what is known of a task, or begins to know it.
pub(crate) type Finder = fn(&Task) -> Result<Arc<Migrant>>;

#[pin_data]
struct Placement {
    find: Finder,
    #[pin]
    work: Work<Placement>,
}

impl_has_work! {
    impl HasWork<Self> for Placement { self.work }
}

static PLACEMENT: SetOnce<Arc<Placement>> = SetOnce::new();

/// Makes ready.
pub(crate) fn start(find: Finder) -> Result {
    let placement = Arc::pin_init(
        pin_init!(Placement {
            find,
            work <- new_work!("Placement::work"),
        }),
        GFP_KERNEL,
    )?;
    PLACEMENT.populate(placement);
    placing::start(over);
    Ok(())
}

/// What is known of a task, which begins to be known if it was not.
pub(crate) fn find(task: &Task) -> Result<Arc<Migrant>> {
    (PLACEMENT.as_ref().ok_or(ENODEV)?.find)(task)
}

/// A period begins. Does not wait: looking at processes may take longer than the balancer's pulse has time.
pub(crate) fn tick() {
    if let Some(placement) = PLACEMENT.as_ref() {
        // If the last period is not over, this one is left out.
        queue::run(placement.clone());
    }
}

impl WorkItem for Placement {
    type Pointer = Arc<Placement>;

    fn run(this: Arc<Placement>) {
        let _working = Working::begin();
        // Without memory nothing moves in this period.
        let _ = place(this.find);
    }
}

/// A process that may have to move.
struct Looked {
    migrant: Arc<Migrant>,
    snapshot: Snapshot,
}

/// How it stands with this node.
#[derive(Clone, Copy)]
struct Moment {
    home: NodeId,
    settings: Settings,
    /// Memory runs out.
    short: bool,
}

impl Moment {
    fn now() -> Option<Self> {
        let settings = balancer::settings();
        balancer::with(|balancer| Self {
            home: balancer.own.node,
            settings,
            short: balancer.own.shortage() > 0,
        })
    }

    /// A process as the balancer is to see it.
    fn view<'a>(&self, snapshot: &'a Snapshot) -> decision::Process<'a> {
        let mut process = snapshot.process(self.home);
        if self.settings.policy == Policy::Off {
            // If it cannot stay where it is, it comes home.
            process.rules.mask = Some(Mask {
                policy: rules::Policy::Allow,
                nodes: &[],
            });
        }
        process
    }

    /// Whether anything is to be decided for a process.
    fn concerns(&self, snapshot: &Snapshot) -> bool {
        let told = snapshot.pushed.is_some()
            || snapshot.is_away() && (self.settings.bring || snapshot.stays);
        if snapshot.rests {
            return false;
        }
        if self.settings.policy == Policy::Off {
            return told;
        }
        told || self.short || snapshot.is_busy()
    }
}

/// Decides for all processes of this node.
fn place(find: Finder) -> Result {
    let moment = Moment::now().ok_or(ENODEV)?;
    let seen = if moment.settings.policy == Policy::Off {
        walk::walk(u64::MAX, 0)?
    } else {
        walk::walk(CPU_NS, if moment.short { LARGE } else { 0 })?
    };
    let mut looked = KVVec::with_capacity(seen.len(), GFP_KERNEL)?;
    for seen in &seen {
        if let Some(snapshot) = look(find, seen, &moment) {
            looked.push(snapshot, GFP_KERNEL)?;
        }
    }
    drop(seen);
    decide(&moment, &looked)
}

/// Looks at a process; none if nothing is to be decided for it.
fn look(find: Finder, seen: &Seen, moment: &Moment) -> Option<Looked> {
    // It may end meanwhile.
    let migrant = find(&seen.task).ok()?;
    if !matches!(migrant.role(), Role::Local | Role::Deputy(_)) {
        return None;
    }
    let settings = &moment.settings;
    let snapshot = migrant
        .process()
        .watch(&seen.uses, settings.slow, settings.fast);
    moment
        .concerns(&snapshot)
        .then_some(Looked { migrant, snapshot })
}

fn decide(moment: &Moment, looked: &[Looked]) -> Result {
    let mut candidates = KVVec::with_capacity(looked.len(), GFP_KERNEL)?;
    for looked in looked {
        let process = moment.view(&looked.snapshot);
        candidates.push(Candidate::new(process), GFP_KERNEL)?;
    }
    let mut sent = KVVec::with_capacity(looked.len(), GFP_KERNEL)?;
    balancer::with(|balancer| {
        let now_ms = now_ms();
        balancer.choose(now_ms, &mut candidates);
        for candidate in &candidates {
            let process = &candidate.process;
            let order = candidate.decision.to.map(|to| Sent {
                from: process.at,
                to,
                offer: balancer.offer(now_ms, process, to),
            });
            // There is room for all.
            let _ = sent.push_within_capacity(order);
        }
    });
    for ((looked, candidate), sent) in looked.iter().zip(&candidates).zip(&sent) {
        let process = looked.migrant.process();
        let target = process.decided(candidate.process.at, &candidate.decision, *sent);
        if let Some(target) = target {
            order::begin(&looked.migrant, target);
        }
    }
    Ok(())
}

/// What is decided for one process alone, and the order that follows.
fn decide_one(migrant: &Arc<Migrant>, at_exec: bool) {
    let process = migrant.process();
    let uses = walk::look(process.task());
    let Some(moment) = Moment::now() else {
        return;
    };
    let settings = &moment.settings;
    let snapshot = process.watch(&uses, settings.slow, settings.fast);
    if snapshot.rests {
        return;
    }
    let mut view = moment.view(&snapshot);
    if at_exec {
        // What it was before says nothing of what it is now.
        view = decision::Process {
            usage: Usage {
                share: 1_000,
                ..Usage::default()
            },
            resident: 0,
            ..view
        };
    }
    let decided = balancer::with(|balancer| {
        let now_ms = now_ms();
        let decision = if at_exec {
            balancer.choose_at_exec(now_ms, &view, EXPECTED_MS)
        } else {
            balancer.choose_one(now_ms, &view)
        };
        let sent = decision.to.map(|to| Sent {
            from: view.at,
            to,
            offer: balancer.offer(now_ms, &view, to),
        });
        (decision, sent)
    });
    if let Some((decision, sent)) = decided {
        if let Some(target) = process.decided(view.at, &decision, sent) {
            order::begin(migrant, target);
        }
    }
}

/// Decides for a process now, because somebody asks for it (`/proc/PID/goto`).
pub(crate) fn decide_now(migrant: &Arc<Migrant>) {
    decide_one(migrant, false);
}

/// Whether programs are placed when they begin.
pub(crate) fn is_at_exec() -> bool {
    balancer::settings().policy == Policy::Exec
}

/// The current task, whose process this is, has begun another program.
pub(crate) fn at_exec(migrant: &Arc<Migrant>) {
    if matches!(migrant.role(), Role::Local) {
        decide_one(migrant, true);
    }
}

/// A move that was ordered here is over.
fn over(sent: &Sent, end: End) {
    let Sent { from, to, offer } = sent;
    balancer::with(|balancer| match end {
        End::Moved => balancer.moved(*from, *to, offer),
        End::Refused => balancer.refused(now_ms(), *from, *to, offer),
        End::Withdrawn => balancer.withdrawn(*from, *to, offer),
    });
}
