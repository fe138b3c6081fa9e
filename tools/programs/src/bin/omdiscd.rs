// SPDX-License-Identifier: GPL-2.0-only
//! Find the other nodes of the cluster: see [`programs::omdiscd`].

use std::process::ExitCode;

fn main() -> ExitCode {
    programs::cli::main::<programs::omdiscd::Omdiscd>()
}
