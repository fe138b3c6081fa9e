// SPDX-License-Identifier: GPL-2.0-only
//! `mosrun`: start a program on a node.
//!
//! There is no supervisor: `mosrun` asks the kernel to move it with its next `execve`, and becomes
//! the program. Process number, parent, terminal and exit status are the program's own.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::Parser;
use mosix::{Error, Place, Result, System};

use crate::cli::Program;

/// Start a program on a node
///
/// Without -ID, --node or -h the program starts where the caller is. A program that cannot stay
/// on the node, or whose move fails, runs at home. Historic options that choose locks, decay or a
/// list of nodes are not there yet.
#[derive(Parser, Debug)]
#[command(
    name = "mosrun",
    version,
    disable_help_flag = true,
    override_usage = "\
    mosrun [--node ID | -ID | --home | -h] [-F] [--] CMD [ARG]..."
)]
pub struct Mosrun {
    /// Start the program on this node (also -ID)
    #[arg(short = 'N', long, value_name = "ID", conflicts_with = "home")]
    node: Option<Place>,

    /// Start the program at home
    #[arg(short = 'h', long)]
    home: bool,

    /// Start the program here if the node cannot be reached
    #[arg(short = 'F', long)]
    fallback: bool,

    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,

    /// A historic option that is not there yet
    #[arg(long, hide = true, allow_hyphen_values = true)]
    not_yet: Option<String>,

    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
    command: Vec<OsString>,
}

impl Program for Mosrun {
    const EXIT_STATUS: &'static str = "  125  mosrun itself failed
  126  CMD was found but could not be started
  127  CMD was not found
  otherwise that of CMD";
    const USAGE: u8 = 125;

    fn modernise(mut args: Vec<OsString>) -> Vec<OsString> {
        let mut index = 1;
        while let Some(arg) = args.get(index).and_then(|arg| arg.to_str()) {
            if !arg.starts_with('-') || arg == "--" {
                break;
            }
            // The number of a node follows in a word of its own.
            let has_value = matches!(arg, "-N" | "--node");
            if let Some(modern) = modern_option(arg) {
                args[index] = modern.into();
            }
            index += if has_value { 2 } else { 1 };
        }
        args
    }

    fn run(self, system: &System) -> Result<()> {
        if let Some(option) = self.not_yet {
            return Err(Error::NotYet(option));
        }
        let target = if self.home { Some(Place::Home) } else { self.node };
        if let Some(target) = target {
            go(system, target, self.fallback)?;
        }
        let mut words = self.command.into_iter();
        let program = words.next().unwrap_or_default();
        let source = Command::new(&program).args(words).exec();
        Err(Error::Exec { command: program.to_string_lossy().into(), source })
    }

    fn status(error: &Error) -> u8 {
        match error {
            Error::Exec { source, .. } if source.kind() == ErrorKind::NotFound => 127,
            Error::Exec { .. } => 126,
            _ => 125,
        }
    }
}

/// The modern form of a historic option, if it has one.
fn modern_option(arg: &str) -> Option<String> {
    const NOT_YET: &str = "lLkcinsfeErRztdj";
    let letters = arg.strip_prefix('-')?;
    let first = letters.chars().next()?;
    if letters.bytes().all(|byte| byte.is_ascii_digit()) {
        Some(format!("--node={letters}"))
    } else if NOT_YET.contains(first) {
        Some(format!("--not-yet={arg}"))
    } else {
        None
    }
}

/// Arrange that the next `execve` leads to `target`.
fn go(system: &System, target: Place, fallback: bool) -> Result<()> {
    if target == Place::Home && system.require_openmosix().is_err() {
        // There is nothing but home.
        return Ok(());
    }
    let target = system.as_seen_here(target)?;
    match system.require_reachable(target) {
        Err(error @ Error::NodeDown(_)) if fallback => {
            eprintln!("mosrun: {error}, starting here");
            Ok(())
        }
        Err(error) => Err(error),
        Ok(()) => system.go_with_exec(target),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modern(words: &str) -> String {
        let args = words.split(' ').map(OsString::from).collect();
        Mosrun::modernise(args).join(" ".as_ref()).into_string().unwrap()
    }

    #[test]
    fn historic_options_end_where_the_command_begins() {
        assert_eq!(modern("mosrun -12 ls -3 -l"), "mosrun --node=12 ls -3 -l");
        assert_eq!(modern("mosrun -F -h -- -3"), "mosrun -F -h -- -3");
        assert_eq!(modern("mosrun -N 5 -3"), "mosrun -N 5 --node=3");
        assert_eq!(modern("mosrun -j1-3,5 ls"), "mosrun --not-yet=-j1-3,5 ls");
        assert_eq!(modern("mosrun --help"), "mosrun --help");
    }
}
