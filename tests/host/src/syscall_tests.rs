// SPDX-License-Identifier: GPL-2.0-only

//! Tests of `openmosix/syscall`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod calls;
mod forward;
mod hostile;
mod random;
mod rest;
mod routes;
mod sizes;
mod sockets;
mod space;
mod table;
