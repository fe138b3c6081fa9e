// SPDX-License-Identifier: GPL-2.0-only

//! How loaded a node is, and what a process uses. [pure]
//!
//! The kernel samples, this module makes numbers of it that nodes can compare. Units are openMosix's: a load of
//! 100 is one process on a processor of speed 10000, the standard one; see [`metric`].
//!
//! Everything here uses `core` only, does not allocate, and does without floating point.

pub(crate) mod average;
pub(crate) mod memory;
pub(crate) mod metric;
pub(crate) mod power;
pub(crate) mod process;

pub(crate) use average::Average;
pub(crate) use memory::Memory;
pub(crate) use metric::Processors;
