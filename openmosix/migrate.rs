// SPDX-License-Identifier: GPL-2.0-only

//! The transaction that moves a process.
//!
//! ```text
//!   home                                       target
//! 1 ClockAsked       ───────────────────▶      a few times; the process does not notice yet
//!                    ◀───────────────────      Clock
//!   Prepare          ───────────────────▶      checks; nothing has been changed yet
//!                    ◀───────────────────      Ready, or Refused with a reason
//! 2 the image        ───────────────────▶      makes the guest; nothing of it runs
//!                    ◀───────────────────      Installed, or Abort with a reason
//! 3 Join (page lane) ───────────────────▶
//!                    ◀───────────────────      Done
//! 4 Commit           ───────────────────▶
//!                    ◀───────────────────      Committed
//!   becomes the deputy, frees the memory
//! 5 Resume           ───────────────────▶      the guest runs
//! ```
//!
//! The process is home's until home has read `Committed`: any failure before leaves it running there,
//! and the guest ends without ever having run. From then on it is the target's. The guest does not run
//! before it is told so in step 5, so at no instant do both. The way back is in [`crate::deputy::home`], the
//! way from node to node in [`onward`].

pub(crate) mod arrive;
mod clock;
pub(crate) mod depart;
pub(crate) mod migrant;
pub(crate) mod onward;
pub(crate) mod order;

use crate::{
    deputy::{
        self,
        home::Arrived,
        serve::{
            self,
            Left, //
        },
        Deputy, //
    },
    guest,
    link::{
        Channel,
        Purpose, //
    },
    node::{
        self,
        NodeId, //
    },
    sys::{
        self,
        cpu::Regs,
        queue,
        signal, //
    },
    task::{
        Destination,
        Process, //
    },
};
use kernel::{
    prelude::*,
    sync::Arc, //
};
use migrant::{
    Migrant,
    Role, //
};

/// A peer has opened a channel for a process. Called in a worker, may sleep for some time.
pub(crate) fn incoming(channel: Arc<Channel>, purpose: Purpose, from: NodeId) {
    let note = move |result: Result| {
        if let Err(error) = result {
            pr_debug!("a channel from node {from} ended: {error:?}\n");
        }
    };
    note(match purpose {
        Purpose::Process => arrive::incoming(channel, from),
        Purpose::Pages => queue::spawn_lane(move || note(guest::pages::serve(channel))),
        Purpose::Control => Err(EPROTO),
    });
}

/// What the current task does on its way to user mode.
pub(crate) enum Next {
    /// It goes there.
    UserMode,
    /// It has become a deputy: [`live`].
    Live(Arc<Deputy>),
}

/// Carries out what a process was told, when it is about to enter user mode.
#[inline(never)]
pub(crate) fn before_user_mode(migrant: &Migrant, regs: &mut Regs<'_>) -> Next {
    match migrant.role() {
        Role::Guest(guest) => {
            guest.attend(regs);
            Next::UserMode
        }
        // A deputy passes here after each call; an arriving task has not arrived.
        Role::Deputy(_) | Role::Arriving => Next::UserMode,
        Role::Local => {
            let process = migrant.process();
            if !process.was_kicked() {
                return Next::UserMode;
            }
            // Whatever the order was, the program must not see that it came.
            if let Some(slept) = sys::task::take_kick() {
                let early = match regs.ended_call() {
                    Some((nr, args, result)) => process.ended_early(nr, &args, result, slept),
                    None => regs.is_interrupted() && !signal::pending(),
                };
                if early {
                    regs.repeat_call();
                } else if regs.is_rewound() {
                    let (nr, args) = regs.call();
                    process.restarts(nr, &args, slept);
                }
            }
            if process.has_order() && regs.in_vdso() {
                let _ = sys::task::kick_later(1);
                return Next::UserMode;
            }
            at_home(migrant, regs)
        }
    }
}

/// The current task is about to enter a virtual machine, and its registers are not at hand. If there is an order it
/// comes out of the call that it is in, as if it had slept there.
pub(crate) fn before_machine(migrant: &Migrant) {
    if matches!(migrant.role(), Role::Local) && migrant.process().has_order() {
        sys::task::leave_call();
    }
}

/// Carries out the orders of a process that is whole, and at home.
fn at_home(migrant: &Migrant, regs: &mut Regs<'_>) -> Next {
    let process = migrant.process();
    loop {
        match process.take_order() {
            Some((Destination::Node(to), agreed)) if Some(to) != node::id_self() => {
                if let Some(deputy) = depart::depart(migrant, to, agreed, regs) {
                    return Next::Live(deputy);
                }
            }
            Some(_) => process.stays(),
            None => {}
        }
        if restart(process, regs) {
            return Next::UserMode;
        }
    }
}

/// Makes a call that was ended by nothing but a kick once more, here and now: on the way through user mode a
/// signal would come before the call, and not end it. False if it was kicked again before it was done.
fn restart(process: &Process, regs: &mut Regs<'_>) -> bool {
    if !regs.is_rewound() {
        // If there is an unfinished one, a handler has ended it.
        let _ = process.end_unfinished();
        return true;
    }
    if !process.has_unfinished() {
        regs.make_rewound_call();
        return true;
    }
    let (nr, args) = regs.call();
    signal::forget_kick();
    if process.has_order() {
        return false;
    }
    let result = process.run_call(nr, &args, &args);
    if process.has_unfinished() {
        signal::end_call_mask();
        return false;
    }
    regs.end_rewound_call(result);
    true
}

/// How the life of a deputy ended.
pub(crate) enum End {
    /// Its guest came home.
    Whole(KBox<Arrived>),
    /// Its guest is on another node, and has another deputy.
    Onward(Arc<Deputy>),
    /// Its guest is lost.
    Lost,
}

/// The life of a deputy.
#[inline(never)]
pub(crate) fn live(deputy: &Deputy, process: &Process) -> End {
    match serve::serve(deputy, process) {
        Ok(Left::Home(arrived)) => {
            deputy.dismiss();
            End::Whole(arrived)
        }
        Ok(Left::Onward(next)) => End::Onward(next),
        Err(error) => {
            if !crate::link::fatal_signal_pending() {
                pr_warn!(
                    "process {} ({}) lost its guest on node {}: {:?}\n",
                    process.task().pid(),
                    Name(sys::task::comm(process.task())),
                    deputy.node(),
                    error
                );
                signal::kill_self();
            }
            deputy.dismiss();
            End::Lost
        }
    }
}

/// What comes after the life of a deputy, which may be gone after this.
#[inline(never)]
pub(crate) fn settle(migrant: &Migrant, end: End, regs: &mut Regs<'_>) -> Next {
    match end {
        End::Whole(arrived) => {
            drop(migrant.set_role(Role::Local));
            // Those of a deputy have ended no call of the program.
            let _ = sys::task::take_kick();
            let timer = arrived.timer.clone();
            if arrived.install().is_err() {
                // Registers that no program can have: the peer is not what it seemed.
                signal::kill_self();
            }
            migrant.process().arrived(timer.done());
            if migrant.process().has_unfinished() && regs.ended_call().is_some() {
                // It makes its mask anew, and saves the one that is there then.
                signal::end_call_mask();
                regs.repeat_call();
                return at_home(migrant, regs);
            }
            // Signals and restarts come first; then the next order, if there is one.
            sys::task::raise_resume();
            Next::UserMode
        }
        End::Onward(next) => {
            drop(migrant.set_role(Role::Deputy(next.clone())));
            Next::Live(next)
        }
        End::Lost => Next::UserMode,
    }
}

/// The task of a process ends.
pub(crate) fn ended(migrant: &Migrant) {
    match migrant.role() {
        Role::Guest(guest) => guest.ended(),
        Role::Deputy(deputy) => {
            if sys::task::is_killed() {
                serve::last_look(&deputy, migrant.process());
            }
            // What is at home is not the memory of the process: nobody is to take it for that.
            deputy.claim().keep();
            deputy::list::remove(&deputy);
            deputy.dismiss();
            // Its locks are its guest's, and are not looked for at home.
            sys::task::clear_robust_list();
        }
        Role::Local | Role::Arriving => {}
    }
    drop(migrant.set_role(Role::Local));
    migrant.process().ended();
}

/// A task's name, for messages.
struct Name([u8; 16]);

impl kernel::fmt::Display for Name {
    fn fmt(&self, f: &mut kernel::fmt::Formatter<'_>) -> kernel::fmt::Result {
        let name = self.0.split(|byte| *byte == 0).next().unwrap_or(&[]);
        f.write_str(core::str::from_utf8(name).unwrap_or("?"))
    }
}
