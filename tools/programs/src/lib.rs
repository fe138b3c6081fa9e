// SPDX-License-Identifier: GPL-2.0-only
//! The programs of openMosix: command lines and views over the library `mosix`.
//!
//! Each program is one module with one [`cli::Program`]; its binary only calls [`cli::main`].
//! Data goes to standard output, talk to standard error.

pub mod cli;
pub mod docs;
pub mod migrate;
pub mod mosctl;
pub mod mosmon;
pub mod mosrun;
pub mod mps;
pub mod mtop;
pub mod nodes;
pub mod omdiscd;
pub mod omsim;
pub mod output;
pub mod random;
pub mod screen;
pub mod setpe;
pub mod showmap;
