// SPDX-License-Identifier: GPL-2.0-only
//! Simulate a cluster that balances: see [`programs::omsim`].

use std::process::ExitCode;

fn main() -> ExitCode {
    programs::cli::main::<programs::omsim::Omsim>()
}
