// SPDX-License-Identifier: GPL-2.0-only

//! A process arrives from its home.
//!
//! A worker answers `Prepare`; then a new task takes in the image itself, because only it can make its
//! address space, and waits in the kernel until the process is its own.

use super::{
    clock,
    migrant::{
        Migrant,
        Role, //
    },
};
use crate::{
    balance::door::{
        Offer,
        Refusal, //
    },
    balancer,
    fault::{
        self,
        Point, //
    },
    guest::{
        line::Line,
        list,
        Guest,
        Origin, //
    },
    image::{
        self,
        cpu::Cpu,
        task::Task, //
    },
    link::{
        lane::{
            Frame,
            Lane, //
        },
        Channel,
        Deadline,
        Wait, //
    },
    load::metric::PROCESS,
    node::NodeId,
    sys::{
        self,
        cpu,
        guest::HomeFile,
        machine,
        mm::Mm,
        task::Hurry,
        trace, //
    },
    task::target::Token,
    wire::{
        image::Installed,
        life::Resume,
        prepare::{
            Abort,
            Commit,
            Committed,
            Prepare,
            Ready,
            Reason,
            Refused, //
        },
        Kind, //
    },
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        SetOnce, //
    },
};

/// Milliseconds that a source may take to begin.
const PREPARE_MS: u32 = 10_000;

/// Milliseconds between the image and the handing over.
const COMMIT_MS: u32 = 60_000;

/// Milliseconds that home may take to let its own memory go before the process runs here: it runs nowhere else by then.
const RESUME_MS: u32 = 600_000;

/// What a new guest task starts with.
pub(crate) struct Arrival {
    lane: Lane,
    origin: Origin,
    token: Token,
    nice: i32,
    welcome: Welcome,
}

/// The place of a guest that was let in. It is free again when dropped, unless the guest has arrived.
struct Welcome {
    offer: Offer,
    arrived: Atomic<bool>,
    _coming: list::Coming,
}

impl Welcome {
    fn new(prepare: &Prepare) -> Result<Self, Reason> {
        let offer = Offer {
            believed: prepare.believed,
            share: prepare.share.min(PROCESS),
            resident: prepare.resident,
            ordered: prepare.flags & Prepare::ORDERED != 0,
        };
        let coming = list::Coming::new();
        let memory = balancer::sample::memory();
        let accepted = balancer::with(|balancer| {
            balancer.own.see_memory(memory);
            balancer.accept(&offer)
        });
        match accepted.unwrap_or(Err(Refusal::Blocked)) {
            Ok(()) => Ok(Self {
                offer,
                arrived: Atomic::new(false),
                _coming: coming,
            }),
            Err(Refusal::Blocked) => Err(Reason::Blocked),
            Err(Refusal::Memory) => Err(Reason::Memory),
            Err(Refusal::Limit) => Err(Reason::Limit),
            Err(Refusal::Busy) => Err(Reason::Busy),
            Err(Refusal::Crowded) => Err(Reason::Crowded),
        }
    }

    fn arrived(&self, guest: &Guest) {
        self.arrived.store(true, Relaxed);
        guest.settled(self.offer.share);
        balancer::with(|balancer| balancer.arrived(&self.offer));
    }
}

impl Drop for Welcome {
    fn drop(&mut self) {
        if !self.arrived.load(Relaxed) {
            balancer::with(|balancer| balancer.failed(&self.offer));
        }
    }
}

/// Makes the task of a guest, which calls [`become_guest`] first.
pub(crate) type Starter = fn(Arrival) -> Result;

static STARTER: SetOnce<Starter> = SetOnce::new();

/// Makes ready.
pub(crate) fn start(starter: Starter) {
    STARTER.populate(starter);
}

/// A peer wants to send a process.
pub(super) fn incoming(channel: Arc<Channel>, from: NodeId) -> Result {
    let (lane, mut first) = Lane::accept(channel, Deadline::ms(PREPARE_MS))?;
    for _ in 0..clock::ASKS {
        if first.kind() != Kind::ClockAsked {
            break;
        }
        clock::answer(&lane, &first)?;
        first = lane.hear(Wait::Killable, Deadline::ms(PREPARE_MS))?;
    }
    let prepare: Prepare = first.read()?;
    let welcome = match check(&prepare, from).and_then(|()| Welcome::new(&prepare)) {
        Ok(welcome) => welcome,
        Err(reason) => {
            trace::guest(
                from.get(),
                prepare.pid,
                trace::Guest::Refused,
                reason.words(),
            );
            return lane.say(
                first.seq(),
                &Refused {
                    reason: reason as u16,
                    text: &[],
                },
            );
        }
    };
    let why = if prepare.flags & Prepare::ORDERED != 0 {
        "ordered"
    } else {
        "balance"
    };
    trace::guest(from.get(), prepare.pid, trace::Guest::Accepted, why);
    let token = sys::crypto::random();
    lane.say(first.seq(), &Ready { token })?;
    let starter = STARTER.as_ref().ok_or(ENODEV)?;
    starter(Arrival {
        lane,
        origin: Origin {
            node: from,
            pid: prepare.pid,
            comm: prepare.comm,
        },
        token,
        nice: prepare.nice,
        welcome,
    })
}

fn check(prepare: &Prepare, from: NodeId) -> Result<(), Reason> {
    fault::hit(Point::ArrivePrepare).map_err(|_| Reason::Failed)?;
    if prepare.home != from.get() || prepare.flags & !Prepare::ORDERED != 0 {
        return Err(Reason::Protocol);
    }
    if prepare.build != machine::build() {
        return Err(Reason::Kernel);
    }
    let xstate = u32::try_from(cpu::xstate_size()).unwrap_or(0);
    if prepare.cpu != cpu::features()
        || prepare.xfeatures != cpu::xfeatures()
        || prepare.xstate != xstate
    {
        return Err(Reason::Processor);
    }
    Ok(())
}

/// Becomes a guest: the first thing that the new task does. On success it enters user mode next.
pub(crate) fn become_guest(migrant: &Migrant, arrival: &Arrival) -> Result {
    let result = take_over(migrant, arrival);
    if let Err(error) = result {
        if error == ECANCELED {
            pr_debug!(
                "process {} of node {} does not come\n",
                arrival.origin.pid,
                arrival.origin.node
            );
            return result;
        }
        let reason = match error {
            error if error == ENOMEM => Reason::Memory,
            error if error == EPROTO => Reason::Protocol,
            _ => Reason::Image,
        };
        // The source may be gone already.
        let _ = arrival.lane.say(
            0,
            &Abort {
                reason: reason as u16,
                text: &[],
            },
        );
        pr_info!(
            "process {} of node {} did not arrive: {:?}\n",
            arrival.origin.pid,
            arrival.origin.node,
            error
        );
    }
    result
}

fn take_over(migrant: &Migrant, arrival: &Arrival) -> Result {
    sys::task::set_guest_nice(&sys::task::current(), arrival.nice);
    let _hurry = Hurry::begin();
    let lane = &arrival.lane;
    let line = Line::new(lane.clone())?;
    let home = HomeFile::new(line.clone())?;
    let mut parts = Parts::default();
    let mut frame = first(lane)?;
    while parts.take(&frame, &home)? {
        frame = next(lane)?;
    }
    fault::hit(Point::ArriveInstall)?;
    parts.task.ok_or(EPROTO)?.install_space()?;
    let guest = Guest::new(
        arrival.origin,
        arrival.token,
        line,
        home,
        parts.cpu.ok_or(EPROTO)?,
    )?;
    list::add(guest.clone())?;
    drop(migrant.set_role(Role::Guest(guest.clone())));
    lane.say(0, &Installed { pages: parts.pages })?;

    fault::hit(Point::ArriveCommit)?;
    lane.hear_message(Deadline::ms(COMMIT_MS), |_: Commit| Ok(()))?;
    lane.say(0, &Committed {})?;
    fault::hit(Point::ArriveCommitted)?;
    lane.hear_message(Deadline::ms(RESUME_MS), |_: Resume| Ok(()))?;
    arrival.welcome.arrived(&guest);

    sys::task::intercept();
    lane.channel().notify(Some(sys::task::current()));
    sys::task::raise_resume();
    Ok(())
}

/// Waits for an image to begin; `ECANCELED` if it does not: the process has ended, or stays where it is.
fn first(lane: &Lane) -> Result<Frame> {
    next(lane).map_err(|error| match error {
        error if error == ECONNRESET || error == ETIMEDOUT => ECANCELED,
        error => error,
    })
}

fn next(lane: &Lane) -> Result<Frame> {
    lane.hear(Wait::Killable, Deadline::ms(image::PATIENCE_MS))
}

/// What of an image cannot be put in place at once.
#[derive(Default)]
struct Parts {
    task: Option<Task>,
    cpu: Option<Cpu>,
    pages: u64,
}

impl Parts {
    /// Takes the next part; false after the last.
    fn take(&mut self, frame: &Frame, home: &HomeFile) -> Result<bool> {
        match frame.kind() {
            Kind::ImageStart => {}
            Kind::Task => {
                let task = Task::read(frame)?;
                task.install_clocks()?;
                sys::guest::sandbox()?;
                home.become_guest()?;
                task.install_name();
                self.task = Some(task);
            }
            // All else goes into the address space that `Task` begins.
            _ if self.task.is_none() => return Err(EPROTO),
            Kind::Mm => image::layout::install_numbers(frame)?,
            Kind::Vmas => image::layout::install_mappings(frame, home)?,
            Kind::Pages => {
                fault::hit(Point::ArriveCopy)?;
                self.pages += image::memory::install(frame, &Mm::current()?)?;
            }
            Kind::Cpu => self.cpu = Some(Cpu::read(frame)?),
            Kind::Signals => image::signals::install(frame)?,
            Kind::ImageEnd => return Ok(false),
            _ => return Err(EPROTO),
        }
        Ok(true)
    }
}
