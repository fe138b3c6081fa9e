// SPDX-License-Identifier: GPL-2.0-only

//! The pure modules of openMosix, compiled for the host.
//!
//! They are the very files that the kernel is built from. Their tests are here and not there.

#![allow(
    dead_code,
    unused_imports,
    reason = "the kernel is what uses these modules"
)]

#[path = "../../../openmosix"]
mod pure {
    pub(crate) mod balance;
    pub(crate) mod load;
    pub(crate) mod syscall;
    pub(crate) mod wire;
}

#[path = "../../../openmosix/node"]
mod node {
    pub(crate) mod map;
}

pub(crate) use pure::{balance, load, syscall, wire};

#[cfg(test)]
mod balance_tests;
#[cfg(test)]
mod load_tests;
#[cfg(test)]
mod map_tests;
#[cfg(test)]
mod syscall_tests;
#[cfg(test)]
mod wire_tests;
