// SPDX-License-Identifier: GPL-2.0-only
//! `mosrun`: start a program on a node, or with a lock, a mask or a decay of its own.
//!
//! There is no supervisor: `mosrun` tells the kernel what holds for itself, asks to be moved with
//! its next `execve`, and becomes the program. Process number, parent, terminal and exit status
//! are the program's own.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use clap::{ArgGroup, Parser, ValueHint};
use mosix::nodes::Nodes;
use mosix::own::{Decay, Holds};
use mosix::process::Mask;
use mosix::{Error, Place, Result, System};

use crate::cli::Program;
use crate::output::say;
use crate::random;

/// Other names of the program, and the options that they stand for.
pub const WRAPPERS: &[(&str, &[&str])] = &[
    ("nomig", &["-L"]),
    ("runhome", &["-h"]),
    ("runon", &[]),
    ("cpujob", &["-c"]),
    ("iojob", &["-i"]),
    ("nodecay", &["-n"]),
    ("slowdecay", &["-s"]),
    ("fastdecay", &["-f"]),
];

/// Options whose value may be the next word.
const WITH_VALUE: &[&str] =
    &["-N", "--node", "-j", "--pick", "--nodes", "--except", "-t", "--interval", "-d", "--decay"];

/// Start a program on a node, or with rules of its own
///
/// Without -ID, --node, --pick or -h the program starts where the caller is. A program that cannot
/// stay on the node, or whose move fails, runs at home. All that is set holds for the program, for
/// those that it becomes (execve) and for its children; for the decay (-c, -i, -n, -s, -f, -t) -E
/// and -R change that.
///
/// Unless -l, -L or -k says otherwise, the program is locked if -ID, --node, --pick or -h says
/// where it starts, or if nothing else is said; with a decay (-c, -i, -n, -s, -f, -t) alone the
/// lock is kept as it is, with --nodes or --except it is taken away.
///
/// Further names: nomig is mosrun -L, runhome is mosrun -h, runon ID is mosrun -ID, cpujob is
/// mosrun -c, iojob is mosrun -i, nodecay is mosrun -n, slowdecay is mosrun -s, fastdecay is
/// mosrun -f.
#[derive(Parser, Debug)]
#[command(
    name = "mosrun",
    version,
    disable_help_flag = true,
    override_usage = "\
    mosrun [-{h|ID|jLIST} [-F]] [-{l|L|k}] [-{c|i|n|s|f|-t SECONDS -d RATE} [-{e|E}] [-{r|R}]]
           [-z] [--] CMD [ARG]...",
    group = ArgGroup::new("where"),
    group = ArgGroup::new("lock-or-not"),
    group = ArgGroup::new("how"),
    group = ArgGroup::new("mask"),
)]
pub struct Mosrun {
    /// Start the program on this node (also -ID)
    #[arg(short = 'N', long, value_name = "ID", group = "where")]
    node: Option<Place>,

    /// Start the program at home
    #[arg(short = 'h', long, group = "where")]
    home: bool,

    /// Start the program on one of these nodes, at random, such as -j1,3-5
    #[arg(short = 'j', long, value_name = "LIST", group = "where")]
    pick: Option<Nodes>,

    /// Start the program here if the node cannot be reached
    #[arg(short = 'F', long)]
    fallback: bool,

    /// Let the program move by itself
    #[arg(short = 'l', long, group = "lock-or-not")]
    unlock: bool,

    /// Lock the program where it starts
    #[arg(short = 'L', long, group = "lock-or-not")]
    lock: bool,

    /// Keep the lock as it is
    #[arg(short = 'k', long, group = "lock-or-not")]
    keep: bool,

    /// By itself the program may only go to these nodes, such as 1,3-5; home always is allowed
    #[arg(long, value_name = "LIST", group = "mask")]
    nodes: Option<Nodes>,

    /// By itself the program may go to all but these nodes
    #[arg(long, value_name = "LIST", group = "mask")]
    except: Option<Nodes>,

    /// The program computes: talking to home does not count against leaving it
    #[arg(short = 'c', long, group = "how")]
    cpu_job: bool,

    /// The program talks: it stays near its files
    #[arg(short = 'i', long, group = "how")]
    io_job: bool,

    /// Nothing of what the program used is forgotten
    #[arg(short = 'n', long, group = "how")]
    no_decay: bool,

    /// What the program used is forgotten slowly
    #[arg(short = 's', long, group = "how")]
    slow_decay: bool,

    /// What the program used is forgotten fast
    #[arg(short = 'f', long, group = "how")]
    fast_decay: bool,

    /// A decay of the program's own: its interval, up to 3600 seconds
    #[arg(short = 't', long, value_name = "SECONDS", group = "how", requires = "decay",
          value_parser = clap::value_parser!(u32).range(1..=3600))]
    interval: Option<u32>,

    /// What is kept each interval of it, in per mille
    #[arg(short = 'd', long, value_name = "RATE", requires = "interval",
          value_parser = clap::value_parser!(u32).range(..=1000))]
    decay: Option<u32>,

    /// The decay also holds for programs that CMD becomes, as is the default
    #[arg(short = 'e', long)]
    over_exec: bool,

    /// The decay holds for CMD itself, and ends when it becomes another program
    #[arg(short = 'E', long, conflicts_with = "over_exec", requires = "how")]
    until_exec: bool,

    /// The decay also holds for children, as is the default
    #[arg(short = 'r', long)]
    inherit: bool,

    /// The decay does not hold for children
    #[arg(short = 'R', long, conflicts_with = "inherit", requires = "how")]
    no_inherit: bool,

    /// The first ARG is the program's own name, argument 0
    #[arg(short = 'z', long)]
    zero: bool,

    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,

    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD",
          value_hint = ValueHint::CommandWithArguments)]
    command: Vec<OsString>,
}

impl Program for Mosrun {
    const EXIT_STATUS: &'static str = "  125  mosrun itself failed
  126  CMD was found but could not be started
  127  CMD was not found
  otherwise that of CMD";
    const USAGE: u8 = 125;

    fn modernise(mut args: Vec<OsString>) -> Vec<OsString> {
        let name = args.first().map(Path::new).and_then(|path| path.file_name()?.to_str());
        let wrapper = WRAPPERS.iter().find(|(wrapper, _)| name == Some(*wrapper));
        if let Some((name, options)) = wrapper {
            args.splice(1..1, options.iter().map(OsString::from));
            let is_option = |arg: &OsString| arg.to_str().is_some_and(|arg| arg.starts_with('-'));
            if let Some(id) = args.get_mut(1).filter(|id| *name == "runon" && !is_option(id)) {
                let mut option = OsString::from("--node=");
                option.push(&id);
                *id = option;
            }
        }
        let mut index = 1;
        while let Some(arg) = args.get(index).and_then(|arg| arg.to_str()) {
            if !arg.starts_with('-') || arg == "--" {
                break;
            }
            // A value follows in a word of its own.
            let step = if WITH_VALUE.contains(&arg) { 2 } else { 1 };
            if let Some(modern) = modern_option(arg) {
                args[index] = modern.into();
            }
            index += step;
        }
        args
    }

    fn run(self, system: &System) -> Result<()> {
        // Without openMosix there is nothing but home, and nobody moves.
        if self.wants_nodes() || system.require_openmosix().is_ok() {
            self.tell(system)?;
        }
        let mut words = self.command.into_iter();
        let program = words.next().unwrap_or_default();
        let mut command = Command::new(&program);
        if let Some(name) = self.zero.then(|| words.next()).flatten() {
            command.arg0(name);
        }
        let source = command.args(words).exec();
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

impl Mosrun {
    /// Whether other nodes are named.
    fn wants_nodes(&self) -> bool {
        self.node.is_some_and(|node| node != Place::Home)
            || self.pick.is_some()
            || self.mask().is_some()
    }

    /// Tell the kernel what holds for the program, and last where it starts.
    fn tell(&self, system: &System) -> Result<()> {
        if let Some(decay) = self.decay() {
            let holds = Holds { over_exec: !self.until_exec, for_children: !self.no_inherit };
            system.decay_myself(decay, holds)?;
        }
        if let Some(mask) = self.mask() {
            system.mask_myself(&mask)?;
        }
        let target = self.target(system)?;
        if let Some(locked) = self.locked() {
            system.lock_myself(locked)?;
        }
        target.map_or(Ok(()), |target| system.go_with_exec(target))
    }

    fn mask(&self) -> Option<Mask> {
        let only = self.nodes.clone().map(Mask::Only);
        only.or_else(|| self.except.clone().map(Mask::Not))
    }

    /// Whether to lock or unlock; `None` keeps the lock as it is.
    fn locked(&self) -> Option<bool> {
        let decays = self.cpu_job || self.io_job || self.no_decay || self.slow_decay;
        let decays = decays || self.fast_decay || self.interval.is_some();
        let placed = self.home || self.node.is_some() || self.pick.is_some();
        match (self.unlock, self.lock, self.keep) {
            (true, ..) => Some(false),
            (_, true, _) => Some(true),
            (.., true) => None,
            _ if placed => Some(true),
            _ if self.mask().is_some() => Some(false),
            _ => (!decays).then_some(true),
        }
    }

    fn decay(&self) -> Option<Decay> {
        match *self {
            Self { cpu_job: true, .. } => Some(Decay::CpuJob),
            Self { io_job: true, .. } => Some(Decay::IoJob),
            Self { no_decay: true, .. } => Some(Decay::None),
            Self { slow_decay: true, .. } => Some(Decay::Slow),
            Self { fast_decay: true, .. } => Some(Decay::Fast),
            Self { interval: Some(seconds), decay: Some(keep), .. } => {
                Some(Decay::Own { seconds, keep })
            }
            _ => None,
        }
    }

    /// Where the program starts; `None` means here.
    fn target(&self, system: &System) -> Result<Option<Place>> {
        let wanted = match (&self.pick, self.node) {
            _ if self.home => vec![Place::Home],
            (Some(nodes), _) => shuffled(nodes.ids().map(Place::Node).collect())?,
            (None, node) => node.into_iter().collect(),
        };
        let mut refusal = None;
        for target in wanted {
            let target = system.as_seen_here(target)?;
            match system.require_reachable(target) {
                Ok(()) => return Ok(Some(target)),
                // A node that exists and is down tells more than one that does not exist.
                Err(error @ (Error::NodeDown(_) | Error::Off)) => refusal = Some(error),
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        match refusal {
            None => Ok(None),
            Some(error @ (Error::NodeDown(_) | Error::Off)) if self.fallback => {
                say("mosrun", format_args!("{error}, starting here"));
                Ok(None)
            }
            Some(error) => Err(error),
        }
    }
}

/// In an order that nobody foresees.
fn shuffled(mut places: Vec<Place>) -> Result<Vec<Place>> {
    for index in (1..places.len()).rev() {
        places.swap(index, (random::number()? % (index as u64 + 1)) as usize);
    }
    Ok(places)
}

/// The modern form of a historic option, if it has one.
fn modern_option(arg: &str) -> Option<String> {
    let digits = arg.strip_prefix('-')?;
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| format!("--node={digits}"))
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
        assert_eq!(modern("mosrun -t 2 -d 990 -3 ls"), "mosrun -t 2 -d 990 --node=3 ls");
        assert_eq!(modern("mosrun -j1-3,5 ls"), "mosrun -j1-3,5 ls");
        assert_eq!(modern("mosrun --help"), "mosrun --help");
    }

    #[test]
    fn further_names() {
        assert_eq!(modern("/usr/bin/nomig ls -3"), "/usr/bin/nomig -L ls -3");
        assert_eq!(modern("runon 3 ls"), "runon --node=3 ls");
        assert_eq!(modern("runon"), "runon");
        assert_eq!(modern("runon --help"), "runon --help");
        assert_eq!(modern("cpujob -l ls"), "cpujob -c -l ls");
    }

    fn locked(words: &str) -> Option<bool> {
        Mosrun::parse_from(words.split(' ')).locked()
    }

    #[test]
    fn the_lock_by_default() {
        for words in ["mosrun ls", "mosrun -h ls", "mosrun --node=2 -c ls", "mosrun -j1,2 ls"] {
            assert_eq!(locked(words), Some(true), "{words}");
        }
        for words in ["mosrun -c ls", "mosrun -f ls", "mosrun -h -k ls", "mosrun -t 1 -d 9 ls"] {
            assert_eq!(locked(words), None, "{words}");
        }
        for words in ["mosrun -l ls", "mosrun -h -l ls", "mosrun --nodes 1,2 ls"] {
            assert_eq!(locked(words), Some(false), "{words}");
        }
        assert_eq!(locked("mosrun -c -L ls"), Some(true));
    }

    #[test]
    fn shuffling_loses_nobody() {
        let places: Vec<Place> = (1..=50).map(Place::Node).collect();
        let mut other = shuffled(places.clone()).unwrap();
        assert_ne!(other, places);
        other.sort();
        assert_eq!(other, places);
    }
}
