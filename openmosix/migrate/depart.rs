// SPDX-License-Identifier: GPL-2.0-only

//! A process leaves home. Runs in its own task, at the return to user mode.

use super::{
    clock,
    migrant::{
        Migrant,
        Role, //
    },
};
use crate::{
    balance::vector::Status,
    balancer,
    deputy::{
        self,
        list::Departing,
        memory::PageLane,
        Deputy, //
    },
    fault::{
        self,
        Point, //
    },
    image::{
        self,
        Way, //
    },
    link::{
        lane::Lane,
        Channel,
        Deadline,
        Purpose,
        Wait, //
    },
    load::metric::PROCESS,
    node::{
        self,
        NodeId, //
    },
    sys::{
        self,
        cpu::{
            self,
            Regs, //
        },
        machine,
        mm::{
            Claim,
            Mm, //
        },
        task::{
            Hurry,
            Limits, //
        },
        watch::Watch, //
    },
    task::{
        record::{
            Stage,
            Timer, //
        },
        stay::Stay,
        target::{
            Agreed,
            Target,
            Token, //
        },
        Process, //
    },
    wire::{
        image::Installed,
        life::Resume,
        pages::Done,
        prepare::{
            Abort,
            Commit,
            Committed,
            Join,
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
    sync::Arc, //
};

/// Milliseconds to reach a node.
const DIAL_MS: u32 = 5_000;

/// Milliseconds that the target may take for an answer.
const ANSWER_MS: u32 = 20_000;

/// Why a move failed, in words for `/proc/PID/migration`.
pub(super) type Failure = &'static str;

/// Moves the current task from home to another node. `None` when that failed: the process goes on here.
pub(super) fn depart(
    migrant: &Migrant,
    to: NodeId,
    agreed: Option<KBox<Agreed>>,
    regs: &mut Regs<'_>,
) -> Option<Arc<Deputy>> {
    let process = migrant.process();
    // It takes a look at the program, which will be away.
    let rewound = regs.is_rewound();
    let (mut timer, target) = match agreed.filter(|agreed| agreed.holds()) {
        Some(agreed) => {
            let Agreed { target, timer, .. } = KBox::into_inner(agreed);
            (timer.from(0), Some(target))
        }
        None => (Timer::start(process.next_epoch(), 0, to.get()), None),
    };
    process.moves_on(timer.record());
    match attempt(migrant, to, target, &mut timer) {
        Ok(deputy) => {
            if rewound {
                deputy.hold();
            }
            let record = timer.done();
            let (bytes, us) = record.copied();
            balancer::gossip::transferred(to, bytes, us);
            process.arrived(record);
            Some(deputy)
        }
        Err(failure) => {
            process.failed(timer.failed(failure));
            None
        }
    }
}

fn attempt(
    migrant: &Migrant,
    to: NodeId,
    target: Option<Target>,
    timer: &mut Timer,
) -> Result<Arc<Deputy>, Failure> {
    let process = migrant.process();
    let mm = Mm::current().map_err(words)?;

    // Step 1: may it come? Mostly that has been asked before. What happens to its files from here on, it will hear.
    let files = Watch::new(&mm).map_err(words)?;
    if let Some(reason) = Stay::of(process.task(), Some(&mm)).names().next() {
        return Err(reason);
    }
    let target = match target {
        Some(target) => target,
        None => Target::ask(process, mm.resident(), to, timer)?,
    };

    // Step 2: the image. The process stands still from here on.
    let _hurry = Hurry::begin();
    timer.enter(Stage::Copy);
    process.moves_on(timer.record());
    fault::hit(Point::DepartCopy).map_err(words)?;
    // Who writes to its memory from here on has it come home first. The mark comes last, and goes first: who meets it
    // finds in the list who has the memory.
    let departing = Departing::begin(&mm, process.task(), to).map_err(words)?;
    if let Some(reason) = kept(process) {
        return Err(reason);
    }
    let claim = Arc::new(mm.claim(), GFP_KERNEL).map_err(|_| words(ENOMEM))?;
    // Of the time before they are sent: a change that comes between is noticed.
    let limits = Limits::now();
    let pages = image::send(&target.lane, claim.mm(), Way::Out(target.ahead)).map_err(words)?;
    timer.add_pages(pages);
    target.hear_installed()?;

    // Step 3: the page lane.
    let files = Arc::new(files, GFP_KERNEL).map_err(|_| words(ENOMEM))?;
    let deputy = target.join(claim, files, limits)?;
    deputy::list::replace(&deputy);

    // Step 4: whose is it?
    timer.enter(Stage::Commit);
    process.moves_on(timer.record());
    if let Err(failure) = target.commit() {
        deputy.let_go();
        deputy.dismiss();
        return Err(failure);
    }

    // Step 5: it is the target's.
    departing.done();
    drop(migrant.set_role(Role::Deputy(deputy.clone())));
    sys::task::clear_registrations();
    deputy.mm().release();
    target.resume();
    Ok(deputy)
}

/// Why the administrator does not let a process leave, who may have said so since it was told to. To be called when it
/// counts among those that `bring` waits for: it does not go unseen.
fn kept(process: &Process) -> Option<Failure> {
    let settings = balancer::settings();
    let stays = |switch| settings.switches.has(switch) && process.offer().is_some();
    if settings.bring {
        Some("processes are brought home")
    } else if stays(Status::STAY) || stays(Status::LSTAY) {
        Some("processes have to stay here")
    } else {
        None
    }
}

impl Target {
    /// Step 1: asks `to` for leave to send a process with so many bytes of memory.
    pub(super) fn ask(
        process: &Process,
        resident: u64,
        to: NodeId,
        timer: &Timer,
    ) -> Result<Self, Failure> {
        if !node::is_up(to) {
            return Err("node is not up");
        }
        fault::hit(Point::DepartPrepare).map_err(words)?;
        let epoch = timer.record().epoch;
        let channel = Channel::dial(to, Purpose::Process, DIAL_MS).map_err(words)?;
        let lane = Lane::new(channel, epoch);
        let day = sys::task::day();
        let ahead = clock::compare(&lane).map_err(words)?;
        let token = prepare(process, &lane, resident, epoch)?;
        Ok(Self {
            node: to,
            lane,
            epoch,
            ahead,
            day,
            token,
        })
    }

    /// The end of step 2: the image is in place there.
    pub(super) fn hear_installed(&self) -> Result<(), Failure> {
        let frame = self
            .lane
            .hear(Wait::Killable, Deadline::ms(image::PATIENCE_MS))
            .map_err(words)?;
        match frame.kind() {
            Kind::Installed => frame.read::<Installed>().map(|_| ()).map_err(words),
            _ => Err(reason(frame.read::<Abort<'_>>().map_err(words)?.reason)),
        }
    }

    /// Step 3: opens the page lane, and makes the deputy that there will be.
    pub(super) fn join(
        &self,
        claim: Arc<Claim>,
        files: Arc<Watch>,
        limits: Limits,
    ) -> Result<Arc<Deputy>, Failure> {
        let pages = Channel::dial(self.node, Purpose::Pages, DIAL_MS).map_err(words)?;
        let pages = Lane::new(pages, self.epoch);
        let token = self.token;
        pages.say(0, &Join { token }).map_err(words)?;
        pages
            .hear_message(Deadline::ms(ANSWER_MS), |_: Done| Ok(()))
            .map_err(words)?;
        let pages = PageLane::new(pages).map_err(words)?;
        let lane = self.lane.clone();
        Deputy::new(self.node, lane, pages, claim, files, limits, self.day).map_err(words)
    }

    /// Step 4: gives the process away.
    pub(super) fn commit(&self) -> Result<(), Failure> {
        fault::hit(Point::DepartCommit).map_err(words)?;
        self.lane.say(0, &Commit {}).map_err(words)?;
        fault::hit(Point::DepartCommitted).map_err(words)?;
        self.lane
            .hear_message(Deadline::ms(ANSWER_MS), |_: Committed| Ok(()))
            .map_err(words)
    }

    /// Step 5: lets the process run there.
    pub(super) fn resume(&self) {
        // If this does not arrive, the deputy notices at once that its guest is lost.
        let _ = self.lane.say(0, &Resume {});
    }
}

fn prepare(process: &Process, lane: &Lane, resident: u64, epoch: u32) -> Result<Token, Failure> {
    let offer = process.offer();
    let share = process.share().unwrap_or(PROCESS);
    let message = Prepare {
        build: machine::build(),
        cpu: cpu::features(),
        xfeatures: cpu::xfeatures(),
        xstate: u32::try_from(cpu::xstate_size()).map_err(|_| "processor state too large")?,
        home: node::id_self().ok_or("openMosix is off")?.get(),
        flags: offer.map_or(Prepare::ORDERED, |_| 0),
        pid: u32::try_from(process.task().pid()).map_err(|_| "no pid")?,
        epoch,
        resident,
        believed: offer.map_or(0, |offer| offer.believed),
        share: offer.map_or(share, |offer| offer.share),
        nice: sys::task::nice_away(process.task()),
        comm: sys::task::comm(process.task()),
    };
    lane.say(0, &message).map_err(words)?;
    let frame = lane
        .hear(Wait::Killable, Deadline::ms(ANSWER_MS))
        .map_err(words)?;
    match frame.kind() {
        Kind::Ready => Ok(frame.read::<Ready>().map_err(words)?.token),
        _ => Err(reason(frame.read::<Refused<'_>>().map_err(words)?.reason)),
    }
}

/// What a peer has said, in words.
pub(super) fn reason(number: u16) -> Failure {
    Reason::from_number(number).map_or("refused", Reason::words)
}

/// An error in words.
pub(super) fn words(error: Error) -> Failure {
    match error {
        error if error == ENOMEM => "not enough memory",
        error if error == ETIMEDOUT => "no answer in time",
        error if error == EPROTO => "protocol error",
        error if error == EINTR => "killed",
        error if error == EIO => "injected fault",
        error if error == EFAULT || error == EHWPOISON => "memory cannot be read",
        error if error == EBUSY => "pinned",
        error if error == EHOSTUNREACH => "node cannot be reached",
        _ => "link lost",
    }
}
