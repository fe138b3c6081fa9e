// SPDX-License-Identifier: GPL-2.0-only
//! `mosctl`: ask about nodes, guests and processes.

use clap::{Parser, Subcommand};
use mosix::migration::Move;
use mosix::node::Node;
use mosix::{Error, Place, Result, System, stay};
use serde::Serialize;

use crate::cli::Program;
use crate::output::{Format, Table, bytes, duration, or_dash, print};

/// Words of openMosix that wait for the parts of the kernel behind them.
const NOT_YET: &[&str] = &[
    "stay", "nostay", "lstay", "nolstay", "block", "noblock", "quiet", "noquiet", "mfs", "nomfs",
    "expel", "bring", "gettune", "getyard", "getdecay", "getload", "getfree", "getutil", "setyard",
    "setspeed", "setdecay",
];

/// Ask about the nodes of the cluster, their guests and their processes
///
/// A node is named by its number; without one, this node is meant.
#[derive(Parser, Debug)]
#[command(name = "mosctl", version, arg_required_else_help = true)]
pub struct Mosctl {
    #[command(subcommand)]
    question: Question,
}

#[derive(Subcommand, Debug)]
enum Question {
    /// Show the number and address of a node
    Whois {
        /// Its number, address or host name
        name: Option<String>,
    },
    /// Show the state of a node: up or down, and its switches
    Status {
        /// The node
        id: Option<u16>,
    },
    /// Say yes or no, with exit status 0 or 3: can the node be reached?
    Isup {
        /// The node
        id: Option<u16>,
    },
    /// Show the speed of a node's CPUs
    Getspeed {
        /// The node
        id: Option<u16>,
    },
    /// Show a node's free memory and all of it, in bytes
    Getmem {
        /// The node
        id: Option<u16>,
    },
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
    /// Show where a process runs: home, or the number of a node
    Where {
        /// The process
        pid: u32,
    },
    /// Show why a process cannot move now
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
    /// Any other word: historic, or wrong
    #[command(external_subcommand)]
    Other(Vec<String>),
}

#[derive(Subcommand, Debug)]
enum List {
    /// Show all of them
    List(Format),
}

impl Program for Mosctl {
    fn run(self, system: &System) -> Result<()> {
        match self.question {
            Question::Whois { name: Some(name) } => whois(&system.whois(&name)?),
            Question::Whois { name: None } => whois(&system.node(this(system)?)?),
            Question::Status { id } => {
                let names = system.status(or_this(system, id)?)?.names();
                print(&format!("{}\n", names.join(" ")))
            }
            Question::Isup { id } => is_up(system, or_this(system, id)?),
            Question::Getspeed { id } => {
                let node = node_that_is_up(system, id)?;
                print(&format!("{}\n", or_dash(node.speed)))
            }
            Question::Getmem { id } => {
                let node = node_that_is_up(system, id)?;
                print(&format!("{} {}\n", or_dash(node.mem), or_dash(node.tmem)))
            }
            Question::Getnodes(format) | Question::Node(List::List(format)) => {
                nodes(system, &format)
            }
            Question::Guest(List::List(format)) => guests(system, &format),
            Question::Version => print(&format!("{}\n", system.version()?)),
            Question::Refused(format) => refused(system, &format),
            Question::Where { pid } => match system.process(pid)?.place()? {
                Place::Home => print("home\n"),
                Place::Node(id) => print(&format!("{id}\n")),
            },
            Question::Why { pid, format } => why(system, pid, &format),
            Question::Last { pid, format } => last(system, pid, &format),
            Question::Other(words) => Err(other(words)),
        }
    }
}

fn other(words: Vec<String>) -> Error {
    let word = words.into_iter().next().unwrap_or_default();
    if NOT_YET.contains(&word.as_str()) {
        Error::NotYet(word)
    } else {
        Error::Usage(format!("there is no command '{word}'; see mosctl --help"))
    }
}

/// The number of this node.
fn this(system: &System) -> Result<u16> {
    system.me()?.ok_or_else(|| Error::Me("openMosix is off on this node".into()))
}

fn or_this(system: &System, id: Option<u16>) -> Result<u16> {
    id.map_or_else(|| this(system), Ok)
}

fn node_that_is_up(system: &System, id: Option<u16>) -> Result<Node> {
    let id = or_this(system, id)?;
    system.require_up(id)?;
    system.node(id)
}

fn whois(node: &Node) -> Result<()> {
    print(&format!("{} {}\n", node.id, node.address))
}

fn is_up(system: &System, id: u16) -> Result<()> {
    let up = system.status(id)?.is_up();
    print(if up { "yes\n" } else { "no\n" })?;
    if up { Ok(()) } else { Err(Error::NodeDown(id)) }
}

fn nodes(system: &System, format: &Format) -> Result<()> {
    let nodes = system.nodes()?;
    format.print("nodes", &nodes, || {
        let mut table =
            Table::new(&[">ID", "ADDRESS", "STATUS", ">CPUS", ">SPEED", ">FREE", ">MEMORY"]);
        for node in &nodes {
            table.row([
                node.id.to_string(),
                node.address.to_string(),
                node.status.names().join(","),
                or_dash(node.cpus),
                or_dash(node.speed),
                or_dash(node.mem.map(bytes)),
                or_dash(node.tmem.map(bytes)),
            ]);
        }
        table
    })
}

fn guests(system: &System, format: &Format) -> Result<()> {
    let guests = system.guests()?;
    format.print("guests", &guests, || {
        let mut table = Table::new(&[">PID", ">HOME", ">HOME-PID", "CMD"]);
        for it in &guests {
            let numbers = [it.pid.to_string(), it.home.to_string(), it.home_pid.to_string()];
            table.row(numbers.into_iter().chain([it.comm.clone()]));
        }
        table
    })
}

fn refused(system: &System, format: &Format) -> Result<()> {
    let refused = system.refused()?;
    format.print("refused", &refused, || {
        let mut table = Table::new(&["REASON", ">COUNT"]);
        for (reason, count) in &refused {
            table.row([reason.clone(), count.to_string()]);
        }
        table
    })
}

/// A stay reason and its meaning.
#[derive(Serialize)]
struct Reason {
    name: String,
    meaning: Option<&'static str>,
}

fn why(system: &System, pid: u32, format: &Format) -> Result<()> {
    let names = system.process(pid)?.cantmove()?;
    if names.is_empty() && format.is_table() {
        eprintln!("process {pid} may move");
        return Ok(());
    }
    let reasons: Vec<Reason> =
        names.into_iter().map(|name| Reason { meaning: stay::meaning(&name), name }).collect();
    format.print("cantmove", &reasons, || {
        let mut table = Table::new(&["REASON", "THE PROCESS"]);
        for Reason { name, meaning } in &reasons {
            table.row([name.clone(), or_dash(*meaning)]);
        }
        table
    })
}

fn last(system: &System, pid: u32, format: &Format) -> Result<()> {
    let last = system.process(pid)?.last_move()?;
    if last.is_none() && format.is_table() {
        eprintln!("process {pid} has never moved");
        return Ok(());
    }
    format.print("move", &last, || last.as_ref().map_or(Table::new(&[]), move_table))
}

fn move_table(last: &Move) -> Table {
    let mut table = Table::new(&["WHAT", "VALUE"]);
    let mut fact = |name: &str, value: String| table.row([name.to_string(), value]);
    fact("from", last.from.to_string());
    fact("to", last.to.to_string());
    fact("stage", last.stage.clone());
    fact("result", last.result.clone());
    fact("reason", or_dash(last.reason.clone()));
    fact("sent", format!("{} pages, {}", last.pages, bytes(last.bytes)));
    fact("prepare", duration(last.prepare_us));
    fact("copy", duration(last.copy_us));
    fact("freeze", duration(last.freeze_us));
    fact("commit", duration(last.commit_us));
    fact("total", duration(last.total_us));
    table
}
