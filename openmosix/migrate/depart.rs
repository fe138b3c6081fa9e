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
    deputy::{
        self,
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
    node::{
        self,
        NodeId, //
    },
    sys::{
        self,
        cpu,
        machine,
        mm::Mm, //
    },
    task::{
        record::{
            Stage,
            Timer, //
        },
        stay::Stay,
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

/// Moves the current task to another node. `None` when that failed: the process goes on here.
pub(super) fn depart(migrant: &Migrant, to: NodeId) -> Option<Arc<Deputy>> {
    let process = migrant.process();
    let epoch = process.next_epoch();
    let mut timer = Timer::start(epoch, process.take_via(), to.get());
    process.set_record(timer.record());
    match attempt(migrant, to, epoch, &mut timer) {
        Ok(deputy) => {
            timer.enter(Stage::Done);
            process.set_record(timer.record());
            Some(deputy)
        }
        Err(failure) => {
            process.set_record(timer.failed(failure));
            None
        }
    }
}

fn attempt(
    migrant: &Migrant,
    to: NodeId,
    epoch: u32,
    timer: &mut Timer,
) -> Result<Arc<Deputy>, Failure> {
    let process = migrant.process();
    let mm = Mm::current().map_err(words)?;
    if let Some(reason) = Stay::of(process.task(), Some(&mm)).names().next() {
        return Err(reason);
    }
    if !node::is_up(to) {
        return Err("node is not up");
    }

    // Step 1: may it come?
    fault::hit(Point::DepartPrepare).map_err(words)?;
    let channel = Channel::dial(to, Purpose::Process, DIAL_MS).map_err(words)?;
    let lane = Lane::new(channel, epoch);
    let ahead = clock::compare(&lane).map_err(words)?;
    let token = prepare(process, &lane, &mm, epoch)?;

    // Step 2: the image. The process stands still from here on.
    timer.enter(Stage::Copy);
    process.set_record(timer.record());
    fault::hit(Point::DepartCopy).map_err(words)?;
    image::send(&lane, &mm, Way::Out(ahead), timer).map_err(words)?;
    hear_installed(&lane)?;

    // Step 3: the page lane.
    let pages = Channel::dial(to, Purpose::Pages, DIAL_MS).map_err(words)?;
    let pages = Lane::new(pages, epoch);
    pages.say(0, &Join { token }).map_err(words)?;
    pages
        .expect(Deadline::ms(ANSWER_MS), |_: Done| Ok(()))
        .map_err(words)?;
    let pages = PageLane::new(pages).map_err(words)?;
    let deputy = Deputy::new(to, lane.clone(), pages, mm.claim()).map_err(words)?;
    deputy::list::add(&deputy).map_err(words)?;

    // Step 4: whose is it?
    timer.enter(Stage::Commit);
    process.set_record(timer.record());
    if let Err(failure) = commit(&lane) {
        deputy::list::remove(&deputy);
        deputy.dismiss();
        return Err(failure);
    }

    // Step 5: it is the target's.
    drop(migrant.set_role(Role::Deputy(deputy.clone())));
    sys::task::clear_registrations();
    deputy.mm().release();
    // If this does not arrive, the deputy notices at once that its guest is lost.
    let _ = lane.say(0, &Resume {});
    Ok(deputy)
}

fn prepare(process: &Process, lane: &Lane, mm: &Mm, epoch: u32) -> Result<[u8; 16], Failure> {
    let message = Prepare {
        build: machine::build(),
        cpu: cpu::features(),
        xfeatures: cpu::xfeatures(),
        xstate: u32::try_from(cpu::xstate_size()).map_err(|_| "processor state too large")?,
        home: node::id_self().ok_or("openMosix is off")?.get(),
        zero: 0,
        pid: u32::try_from(process.task().pid()).map_err(|_| "no pid")?,
        epoch,
        resident: mm.resident(),
        comm: sys::task::comm(),
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

fn hear_installed(lane: &Lane) -> Result<(), Failure> {
    let frame = lane
        .hear(Wait::Killable, Deadline::ms(image::PATIENCE_MS))
        .map_err(words)?;
    match frame.kind() {
        Kind::Installed => frame.read::<Installed>().map(|_| ()).map_err(words),
        _ => Err(reason(frame.read::<Abort<'_>>().map_err(words)?.reason)),
    }
}

fn commit(lane: &Lane) -> Result<(), Failure> {
    fault::hit(Point::DepartCommit).map_err(words)?;
    lane.say(0, &Commit {}).map_err(words)?;
    fault::hit(Point::DepartCommitted).map_err(words)?;
    lane.expect(Deadline::ms(ANSWER_MS), |_: Committed| Ok(()))
        .map_err(words)
}

fn reason(number: u16) -> Failure {
    Reason::from_number(number).map_or("refused", Reason::words)
}

fn words(error: Error) -> Failure {
    match error {
        error if error == ENOMEM => "not enough memory",
        error if error == ETIMEDOUT => "no answer in time",
        error if error == EPROTO => "protocol error",
        error if error == EINTR => "killed",
        error if error == EIO => "injected fault",
        error if error == EHOSTUNREACH => "node cannot be reached",
        _ => "link lost",
    }
}
