// SPDX-License-Identifier: GPL-2.0-only
//! Show processes and where they run: see [`programs::mps`].

use std::process::ExitCode;

fn main() -> ExitCode {
    programs::cli::main::<programs::mps::Mps>()
}
