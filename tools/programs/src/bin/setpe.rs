// SPDX-License-Identifier: GPL-2.0-only
//! Tell the kernel which nodes the cluster has: see [`programs::setpe`].

use std::process::ExitCode;

fn main() -> ExitCode {
    programs::cli::main::<programs::setpe::Setpe>()
}
