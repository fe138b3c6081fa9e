// SPDX-License-Identifier: GPL-2.0-only
//! The state of openMosix as the kernel shows it, typed.
//!
//! Everything the programs know comes from here: [`System`] reads `/proc` and `/etc`, the other
//! modules are one noun each. The library never prints and never exits; it returns [`Error`]s
//! that name the file, the line and the reason, and know their exit status ([`Exit`]).
//!
//! All paths are below a root directory, so that tests run on made-up trees.

pub mod conf;
pub mod daemon;
pub mod discovery;
pub mod error;
pub mod guest;
pub mod interface;
pub mod key;
pub mod leave;
pub mod map;
pub mod migration;
pub mod node;
pub mod nodes;
pub mod own;
pub mod place;
pub mod process;
pub mod setting;
pub mod setup;
pub mod stay;
pub mod system;
pub mod table;
pub mod user;
pub mod why;
pub mod yard;

pub use error::{Error, Exit, Result};
pub use place::Place;
pub use system::System;
