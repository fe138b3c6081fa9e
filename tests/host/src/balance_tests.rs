// SPDX-License-Identifier: GPL-2.0-only

//! Tests of `openmosix/balance`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod choice;
mod cluster;
mod cost;
mod door;
mod gossip;
mod mask;
mod membership;
mod promise;
mod usher;
mod world;
