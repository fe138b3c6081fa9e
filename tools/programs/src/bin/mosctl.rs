// SPDX-License-Identifier: GPL-2.0-only
//! Ask about nodes, guests and processes: see [`programs::mosctl`].

use std::process::ExitCode;

fn main() -> ExitCode {
    programs::cli::main::<programs::mosctl::Mosctl>()
}
