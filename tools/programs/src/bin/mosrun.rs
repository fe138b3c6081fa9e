// SPDX-License-Identifier: GPL-2.0-only
//! Start a program on a node: see [`programs::mosrun`].

use std::process::ExitCode;

fn main() -> ExitCode {
    programs::cli::main::<programs::mosrun::Mosrun>()
}
