// SPDX-License-Identifier: GPL-2.0-only

//! openMosix: a network of machines as one.
//!
//! The map of the modules, from what C calls down to what C offers; dependencies point downwards.
//!
//! ```text
//! hooks                       what C calls
//! control                     the files of /proc/hpc and /proc/PID
//! placement                   makes orders of what is decided for the processes of this node
//! balancer                    drives `balance` in the kernel: samples, gossip, the administrator's settings
//! migrate   deputy   guest    what happens to a process
//! task      image             what a process is, and how it travels
//! balance   load              [pure] gossip and decisions, and the numbers that they are made with
//! link      node              connections, and who is at their other end
//! wire      syscall           [pure] messages, and the table of system calls
//! shortage                    what is tried again while memory is short
//! error     fault             [used by all] errors of pure code in the kernel; faults that tests inject
//! sys                         edges to C
//! ```
//!
//! See Documentation/openmosix/overview.rst.

mod balance;
mod balancer;
mod control;
mod deputy;
mod error;
mod fault;
mod guest;
mod hooks;
mod image;
mod link;
mod load;
mod migrate;
mod node;
mod placement;
mod shortage;
mod sys;
mod syscall;
mod task;
mod wire;

use kernel::prelude::*;

module! {
    type: OpenMosix,
    name: "openMosix",
    authors: ["The openMosix developers"],
    description: "A network of machines as one",
    license: "GPL",
}

struct OpenMosix;

impl kernel::Module for OpenMosix {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        start().inspect_err(|error| {
            pr_err!("cannot start: {:?}; this node goes on without\n", error)
        })?;
        pr_info!("up; protocol {}\n", wire::VERSION);
        Ok(Self)
    }
}

/// Each step needs those before it. Without the last one nobody can turn openMosix on, and all hooks stay off.
fn start() -> Result {
    sys::guest::start()?;
    sys::watch::start()?;
    sys::queue::start()?;
    balancer::start()?;
    node::start(balancer::LISTENER)?;
    link::start(migrate::incoming)?;
    migrate::arrive::start(hooks::start_guest);
    deputy::list::start(hooks::call_home)?;
    guest::list::start()?;
    placement::start(hooks::find_or_make)?;
    control::start()
}
