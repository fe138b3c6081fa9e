// SPDX-License-Identifier: GPL-2.0-only

//! A process goes on from one node to another.
//!
//! It is the same transaction as a departure from home, with home between the two: the source's guest sends
//! its image as if it came home, and home passes it on, with the layout that home keeps.
//!
//! ```text
//! source               home                 target
//!                        Prepare      ─────▶
//!                                     ◀─────  Ready
//!          ◀─────        Recall
//! image    ─────▶        the image    ─────▶
//!                                     ◀─────  Installed
//!                        Join         ─────▶
//!                                     ◀─────  Done
//!                        Commit       ─────▶
//!                                     ◀─────  Committed
//!          ◀─────        Commit
//!   ends                 Resume       ─────▶
//! ```
//!
//! Whatever fails before `Committed` leaves the process at the source, which home tells so by `Abort`. A source that
//! cannot send all of its image says `Abort` instead of the rest.

use super::depart::{
    reason,
    words,
    Failure, //
};
use crate::{
    deputy::{
        self,
        home::Coming,
        Deputy, //
    },
    fault::{
        self,
        Point, //
    },
    image::{
        self,
        cpu::Cpu,
        task::Task, //
    },
    link::lane::{
        Frame,
        Lane, //
    },
    node::NodeId,
    sys::task::Limits,
    task::{
        record::{
            Stage,
            Timer, //
        },
        stay::Stay,
        target::{
            Agreed,
            Target, //
        },
        Process, //
    },
    wire::{
        image::ImageStart,
        prepare::{
            Abort,
            Commit,
            Reason, //
        },
        Kind, //
    },
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// Step 1, if that was not done before: the guest only waits meanwhile. `None` when the target does not take it.
#[inline(never)]
pub(crate) fn ask(
    deputy: &Deputy,
    process: &Process,
    to: NodeId,
    agreed: Option<KBox<Agreed>>,
) -> Option<KBox<Agreed>> {
    let from = deputy.node().get();
    let timer = match agreed.filter(|agreed| agreed.holds()) {
        Some(mut agreed) => {
            agreed.timer = agreed.timer.clone().from(from);
            return Some(agreed);
        }
        None => Timer::start(process.next_epoch(), from, to.get()),
    };
    process.moves_on(timer.record());
    let target = match Stay::of(process.task(), Some(deputy.mm())).names().next() {
        Some(reason) => Err(reason),
        None => resident(deputy, process)
            .and_then(|resident| Target::ask(process, resident, to, &timer)),
    };
    target
        .and_then(|target| Agreed::new(target, timer.clone()).map_err(words))
        .inspect_err(|failure| process.failed(timer.clone().failed(failure)))
        .ok()
}

/// Bytes of memory that the process has where it is.
pub(super) fn resident(deputy: &Deputy, process: &Process) -> Result<u64, Failure> {
    let usage = deputy.pages().usage(process.task()).map_err(words)?;
    Ok(usage.resident)
}

/// The other steps; the source has begun to send. `None` when they failed, and the process goes on there.
///
/// # Errors
///
/// The source is lost.
#[inline(never)]
pub(crate) fn pass_on(
    onward: &mut Agreed,
    source: &Deputy,
    process: &Process,
) -> Result<Option<Arc<Deputy>>> {
    let Agreed { target, timer, .. } = onward;
    let target = &*target;
    timer.enter(Stage::Copy);
    process.moves_on(timer.record());
    let limits = Limits::now();
    // Memory of our own, which is not part of the image.
    source.close_window();
    let mut relay = Relay {
        target,
        source,
        failure: fault::hit(Point::DepartCopy).err().map(words),
        interrupted: false,
        pages: 0,
    };
    relay.run()?;
    timer.add_pages(relay.pages);
    let Relay {
        failure,
        interrupted,
        ..
    } = relay;
    let given = match failure {
        Some(failure) => Err(failure),
        None => hand_over(target, source, process, timer, limits),
    };
    match given {
        Ok(deputy) => {
            deputy::list::replace(&deputy);
            // The source only waits for this; should it not arrive, the end of its lane says the same.
            let _ = source.lane().say(0, &Commit {});
            source.dismiss();
            if interrupted {
                deputy.hold();
            }
            target.resume();
            process.arrived(timer.clone().done());
            Ok(Some(deputy))
        }
        Err(failure) => {
            target.lane.close();
            if interrupted {
                source.hold();
            }
            process.failed(timer.clone().failed(failure));
            source.lane().say(
                0,
                &Abort {
                    reason: Reason::Failed as u16,
                    text: &[],
                },
            )?;
            Ok(None)
        }
    }
}

/// Steps 3 and 4.
fn hand_over(
    target: &Target,
    source: &Deputy,
    process: &Process,
    timer: &mut Timer,
    limits: Limits,
) -> Result<Arc<Deputy>, Failure> {
    target.hear_installed()?;
    let deputy = target.join(source.claim().clone(), source.files().clone(), limits)?;
    timer.enter(Stage::Commit);
    process.moves_on(timer.record());
    target.commit().inspect_err(|_| deputy.dismiss())?;
    Ok(deputy)
}

/// Passes an image on, frame by frame.
struct Relay<'a> {
    target: &'a Target,
    source: &'a Deputy,
    /// Why the target gets no more; the source is heard to the end, because only then it listens.
    failure: Option<Failure>,
    /// The process travels with a call that was interrupted, and has yet to be restarted.
    interrupted: bool,
    pages: u64,
}

impl Relay<'_> {
    fn run(&mut self) -> Result {
        let mut coming = Coming::new(self.source);
        loop {
            let frame = coming.next_part()?;
            match frame.kind() {
                Kind::Cpu => self.interrupted = Cpu::comes_interrupted(&frame)?,
                Kind::ImageStart | Kind::Task | Kind::Pages | Kind::Signals | Kind::ImageEnd => {}
                Kind::Abort => {
                    let why = reason(frame.read::<Abort<'_>>()?.reason);
                    self.failure.get_or_insert(why);
                    return Ok(());
                }
                // It leaves that node already.
                Kind::Evict => continue,
                _ => return Err(EPROTO),
            }
            let is_last = frame.kind() == Kind::ImageEnd;
            if self.failure.is_none() {
                self.failure = self.pass(&frame).err().map(words);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    fn pass(&mut self, frame: &Frame) -> Result {
        let lane: &Lane = &self.target.lane;
        match frame.kind() {
            Kind::ImageStart => lane.say(0, &ImageStart {}),
            Kind::Task => {
                Task::read(frame)?.pass_on(lane, self.target.ahead)?;
                image::layout::capture(lane, self.source.mm())
            }
            Kind::Pages => {
                self.pages += image::memory::count(frame)?;
                lane.pass_on(frame)
            }
            _ => lane.pass_on(frame),
        }
    }
}
