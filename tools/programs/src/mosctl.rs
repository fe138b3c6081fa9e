// SPDX-License-Identifier: GPL-2.0-only
//! `mosctl`: ask about nodes, guests and processes, and steer this node.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use mosix::leave::Leave;
use mosix::nodes::Nodes;
use mosix::{Error, Result, System};

use crate::cli::{Program, seconds};
use crate::output::Format;

mod ask;
mod explain;
mod steer;

/// Ask about the nodes of the cluster, their guests and their processes, and steer this node
///
/// A node is named by its number; without one, this node is meant. Everybody may ask; switches
/// and settings of this node need root, a process needs its owner or root.
#[derive(Parser, Debug)]
#[command(name = "mosctl", version, arg_required_else_help = true)]
pub struct Mosctl {
    #[command(subcommand)]
    word: Word,
}

#[derive(Subcommand, Debug)]
enum Word {
    /// Show the number and address of a node
    Whois {
        /// Its number, address or host name
        name: Option<String>,
    },
    /// Show the state of a node: up or down, and its switches
    Status(Which),
    /// Say yes or no, with exit status 0 or 3: can the node be reached?
    Isup(Which),
    /// Show the load of a node; 100 is one process on a processor as fast as the yardstick
    Getload(Which),
    /// Show the speed of a node's CPUs
    Getspeed(Which),
    /// Show a node's free memory and all of it, in bytes
    Getmem(Which),
    /// Show a node's free memory as Linux counts it, in bytes
    Getfree(Which),
    /// Show how well processes can use the CPUs of a node, in per cent: less if they wait for memory
    Getutil(Which),
    /// Show all nodes; the same as node list
    Getnodes(Format),
    /// Nodes of the cluster
    #[command(subcommand)]
    Node(List),
    /// Processes of other nodes that run here
    #[command(subcommand)]
    Guest(List),
    /// Show the version of openMosix in the kernel
    Version,
    /// Show how many strangers were refused, and why
    Refused(Format),

    /// No process leaves this node by itself
    Stay,
    /// Processes may leave this node again
    Nostay,
    /// No process of this node leaves by itself; guests may
    Lstay,
    /// Processes of this node may leave again
    Nolstay,
    /// No guests come
    Block,
    /// Guests may come again; also ends expel
    Noblock,
    /// Stop exchanging load information
    Quiet,
    /// Exchange load information again
    Noquiet,
    /// Let other nodes see this node's files, if the kernel has oMFS
    Mfs,
    /// Let no other node see this node's files, if the kernel has oMFS
    Nomfs,
    /// Send all guests on to other nodes, or home; let no more come (block), and wait for it
    Expel(Waiting),
    /// Bring all processes of this node home; let none leave again (lstay), and wait for it
    Bring(Waiting),

    /// Show all settings of this node, or those that another one tells: its speed and its limits
    #[command(visible_alias = "gettune")]
    Settings {
        /// The node
        id: Option<u16>,
        #[command(flatten)]
        format: Format,
    },
    /// Set the speed of this node's CPUs: 10000 is a standard one, 0 has it measured
    Setspeed {
        /// The speed
        speed: String,
    },
    /// Show the yardstick: the CPU speed at which a load of 100 is one process
    Getyard,
    /// Set the yardstick of this machine; it changes only what people are shown
    Setyard {
        /// A speed, this (the speed of this node), or standard (10000)
        #[arg(value_name = "SPEED|this|standard")]
        speed: String,
    },
    /// Show the interval of decay in seconds, and what slow and fast decay keep, in per mille
    Getdecay,
    /// Set how fast it is forgotten what processes used
    Setdecay {
        /// Seconds between two decays
        interval: String,
        /// Per mille kept each interval by slow decay
        #[arg(requires = "fast")]
        slow: Option<String>,
        /// Per mille kept each interval by fast decay
        fast: Option<String>,
    },
    /// Show or set the most load of this node; above it, processes have to leave
    Loadlimit(Limit),
    /// Show or set the most CPU use of this node in per cent; above it, processes have to leave
    Cpulimit(Limit),
    /// Show or set how many guests this node takes; 0 is the kernel's own choice
    Maxguests {
        /// How many
        most: Option<String>,
    },
    /// Show or set whether this node balances: off, on, or exec (also when programs start)
    Balance {
        /// off, on or exec
        policy: Option<String>,
    },
    /// Take part in the cluster as openmosix.conf says, and set what it sets
    Apply {
        /// The file to apply
        #[arg(short, long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Only check that the file makes sense
        #[arg(short, long)]
        check: bool,
    },

    /// Show where a process runs: home, or the number of a node
    Where {
        /// The process
        pid: u32,
    },
    /// Show why a process is where it is, what was decided for it, and why it cannot move
    Why {
        /// The process
        pid: u32,
        #[command(flatten)]
        format: Format,
    },
    /// Show the last move of a process: its phases, bytes, times, and why it failed
    Last {
        /// The process
        pid: u32,
        #[command(flatten)]
        format: Format,
    },
    /// Lock a process where it is; children that it will have are locked, too
    Lock {
        /// The process
        pid: u32,
    },
    /// Let a process move by itself again
    Unlock {
        /// The process
        pid: u32,
    },
    /// Show or set to which nodes a process may go by itself; home always is allowed
    Mask {
        /// The process
        pid: u32,
        /// Only to these nodes, such as 1,3-5
        nodes: Option<Nodes>,
        /// To all but these nodes
        #[arg(long, value_name = "NODES", conflicts_with = "nodes")]
        not: Option<Nodes>,
        /// To any node
        #[arg(long, conflicts_with_all = ["nodes", "not"])]
        any: bool,
    },
    /// Any other word
    #[command(external_subcommand)]
    Other(Vec<String>),
}

#[derive(Subcommand, Debug)]
enum List {
    /// Show all of them
    List(Format),
}

#[derive(clap::Args, Debug)]
struct Which {
    /// The node
    id: Option<u16>,
}

#[derive(clap::Args, Debug)]
struct Waiting {
    /// Wait at most this long; also ^C ends the waiting, and they go on leaving
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

#[derive(clap::Args, Debug)]
struct Limit {
    /// The limit; 0 is none
    limit: Option<String>,
    /// Whose [default: as it is]
    whose: Option<Whose>,
}

/// What a limit counts.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Whose {
    /// All processes that run here
    Total,
    /// Processes of this node
    Local,
    /// Guests
    Guests,
}

impl Program for Mosctl {
    fn run(self, system: &System) -> Result<()> {
        match self.word {
            Word::Whois { name } => ask::whois(system, name.as_deref()),
            Word::Status(Which { id }) => ask::status(system, id),
            Word::Isup(Which { id }) => ask::is_up(system, id),
            Word::Getload(Which { id }) => ask::load(system, id),
            Word::Getspeed(Which { id }) => ask::fact(system, id, |node| node.speed),
            Word::Getmem(Which { id }) => ask::memory(system, id),
            Word::Getfree(Which { id }) => ask::fact(system, id, |node| node.rmem),
            Word::Getutil(Which { id }) => ask::fact(system, id, |node| node.util),
            Word::Getnodes(format) | Word::Node(List::List(format)) => ask::nodes(system, &format),
            Word::Guest(List::List(format)) => ask::guests(system, &format),
            Word::Version => ask::version(system),
            Word::Refused(format) => ask::refused(system, &format),
            Word::Stay => steer::switch(system, "stay", true),
            Word::Nostay => steer::switch(system, "stay", false),
            Word::Lstay => steer::switch(system, "lstay", true),
            Word::Nolstay => steer::switch(system, "lstay", false),
            Word::Block => steer::switch(system, "block", true),
            Word::Noblock => steer::switch(system, "block", false),
            Word::Quiet => steer::switch(system, "quiet", true),
            Word::Noquiet => steer::switch(system, "quiet", false),
            Word::Mfs => steer::switch(system, "nomfs", false),
            Word::Nomfs => steer::switch(system, "nomfs", true),
            Word::Expel(Waiting { timeout }) => system.leave(Leave::Expel, timeout),
            Word::Bring(Waiting { timeout }) => system.leave(Leave::Bring, timeout),
            Word::Settings { id, format } => steer::settings(system, id, &format),
            Word::Setspeed { speed } => steer::set(system, "speed", &speed),
            Word::Getyard => steer::yard(system),
            Word::Setyard { speed } => steer::set_yard(system, &speed),
            Word::Getdecay => steer::decay(system),
            Word::Setdecay { interval, slow, fast } => {
                let values = [
                    ("decay-interval", Some(interval)),
                    ("slow-decay", slow),
                    ("fast-decay", fast),
                ];
                steer::set_all(system, values)
            }
            Word::Loadlimit(it) => steer::limit(system, "loadlimit", "llimitmode", it),
            Word::Cpulimit(it) => steer::limit(system, "cpulimit", "climitmode", it),
            Word::Maxguests { most } => steer::get_or_set(system, "maxguests", most),
            Word::Balance { policy } => steer::get_or_set(system, "balance", policy),
            Word::Apply { file, check } => steer::apply(system, file.as_ref(), check),
            Word::Where { pid } => explain::place(system, pid),
            Word::Why { pid, format } => explain::why(system, pid, &format),
            Word::Last { pid, format } => explain::last(system, pid, &format),
            Word::Lock { pid } => system.process(pid)?.lock(true),
            Word::Unlock { pid } => system.process(pid)?.lock(false),
            Word::Mask { pid, nodes, not, any } => steer::mask(system, pid, nodes, not, any),
            Word::Other(words) => {
                let word = words.into_iter().next().unwrap_or_default();
                Err(Error::Usage(format!("there is no command '{word}'; see mosctl --help")))
            }
        }
    }
}
