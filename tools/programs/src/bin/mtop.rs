// SPDX-License-Identifier: GPL-2.0-only
//! Watch the processes that use most: see [`programs::mtop`].

use std::process::ExitCode;

fn main() -> ExitCode {
    programs::cli::main::<programs::mtop::Mtop>()
}
