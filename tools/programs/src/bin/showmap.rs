// SPDX-License-Identifier: GPL-2.0-only
//! Show the nodes that the kernel knows: see [`programs::showmap`].

use std::process::ExitCode;

fn main() -> ExitCode {
    programs::cli::main::<programs::showmap::Showmap>()
}
