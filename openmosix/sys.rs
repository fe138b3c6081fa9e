// SPDX-License-Identifier: GPL-2.0-only

//! Edges to C that the kernel crate does not wrap yet.
//!
//! With [`crate::hooks`] the only place of unsafe code: each module offers a safe interface to one part of
//! the kernel.

pub(crate) mod cpu;
pub(crate) mod crypto;
pub(crate) mod fault;
pub(crate) mod gate;
pub(crate) mod guest;
mod layout;
pub(crate) mod machine;
pub(crate) mod mm;
pub(crate) mod proc;
pub(crate) mod queue;
pub(crate) mod signal;
pub(crate) mod socket;
pub(crate) mod task;
pub(crate) mod trace;
pub(crate) mod user;
pub(crate) mod wait;
pub(crate) mod walk;
pub(crate) mod watch;

/// Turns the hooks on, for good: with the first configuration.
pub(crate) fn activate() {
    // SAFETY: Acts on a static key of ours.
    unsafe { kernel::bindings::openmosix_activate() };
}
