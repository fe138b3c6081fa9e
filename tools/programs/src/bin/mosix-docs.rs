// SPDX-License-Identifier: GPL-2.0-only
//! Write the manual pages and completions of all programs below a folder: `mosix-docs SHARE`.
//! A step of the build; not installed.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(share) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: mosix-docs SHARE");
        return ExitCode::from(2);
    };
    match programs::docs::write_all(&share) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mosix-docs: {}: {error}", share.display());
            ExitCode::FAILURE
        }
    }
}
