// SPDX-License-Identifier: GPL-2.0-only
//! Move a process to another node: see [`programs::migrate`].

use std::process::ExitCode;

fn main() -> ExitCode {
    programs::cli::main::<programs::migrate::Migrate>()
}
