// SPDX-License-Identifier: GPL-2.0-only
//! What all programs share: start, historic words, errors and exit status.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use mosix::{Error, Result, System};

use crate::output::say;

/// The exit status of every program but `mosrun`, as its documentation shows it.
pub const EXIT_STATUS: &str = "  0  done
  1  the operation failed
  2  the command line makes no sense
  3  the node cannot be reached or is not configured
  4  not permitted";

/// One program.
pub trait Program: Parser {
    /// The section of its manual page.
    const SECTION: u8 = 1;
    /// Its exit status, for people.
    const EXIT_STATUS: &'static str = EXIT_STATUS;
    /// Its exit status when the command line makes no sense.
    const USAGE: u8 = 2;

    /// Rewrite historic words that a modern parser would misread.
    fn modernise(args: Vec<OsString>) -> Vec<OsString> {
        args
    }

    /// Do what the command line says.
    fn run(self, system: &System) -> Result<()>;

    /// The exit status that stands for an error.
    fn status(error: &Error) -> u8 {
        error.exit() as u8
    }
}

/// The command line of a program, its exit status included in the help.
pub fn command<P: Program>() -> clap::Command {
    let command = P::command();
    let status = format!("Exit status:\n{}", P::EXIT_STATUS);
    let more = command.get_after_long_help().map(ToString::to_string);
    let long = more.map_or(status.clone(), |more| format!("{more}\n\n{status}"));
    command.after_help(status).after_long_help(long)
}

/// A number of seconds on a command line.
pub fn seconds(text: &str) -> std::result::Result<Duration, String> {
    // Longer than anybody waits, and short enough to be added to any time.
    let most = Duration::from_secs(u32::MAX.into());
    let number = text.parse().ok();
    number
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|time| *time <= most)
        .ok_or_else(|| format!("'{text}' is not a number of seconds"))
}

/// The whole life of a program.
pub fn main<P: Program>() -> ExitCode {
    let args = P::modernise(std::env::args_os().collect());
    let parsed = command::<P>().try_get_matches_from(args);
    let program = match parsed.and_then(|matches| P::from_arg_matches(&matches)) {
        Ok(program) => program,
        Err(error) => {
            // Nothing is left to be said if the terminal is gone.
            let _ = error.print();
            return if error.use_stderr() { P::USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    match program.run(&System::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(P::command().get_name(), &error);
            P::status(&error).into()
        }
    }
}
