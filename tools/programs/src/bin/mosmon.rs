// SPDX-License-Identifier: GPL-2.0-only
//! Watch the nodes of the cluster: see [`programs::mosmon`].

use std::process::ExitCode;

fn main() -> ExitCode {
    programs::cli::main::<programs::mosmon::Mosmon>()
}
