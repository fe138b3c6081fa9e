// SPDX-License-Identifier: GPL-2.0-only
//! `mps`: processes, as `ps` shows them, and where they run.

use std::time::Duration;

use clap::Parser;
use mosix::process::Snapshot;
use mosix::{Error, Result, System, user};

use crate::cli::Program;
use crate::output::{Format, Table, or_dash, window};

/// Show processes and where they run
///
/// NODE is the node on which the process runs now, 0 at home; NMIGS counts its moves; LOCK says
/// whether it is locked there; WHY is the balancer's word for why it is there (mosctl why tells
/// more); CANTMOVE names the reasons why it cannot move now. Without options: the processes of the
/// caller on this terminal. A selection of users and one of processes are added to each other. On a
/// terminal, lines end at its edge.
#[derive(Parser, Debug)]
#[command(name = "mps", version)]
pub struct Mps {
    /// All processes
    #[arg(short = 'e', visible_short_alias = 'A', long = "all")]
    all: bool,

    /// More columns: the user, the parent and the whole command line
    #[arg(short, long)]
    full: bool,

    /// Processes of these users, by name or number
    #[arg(short, long = "user", value_name = "USER", value_delimiter = ',')]
    users: Vec<String>,

    /// These processes
    #[arg(short, long = "pid", value_name = "PID", value_delimiter = ',')]
    pids: Vec<u32>,

    /// Only processes that are away from home
    #[arg(short, long)]
    away: bool,

    /// Do not cut lines at the edge of the terminal
    #[arg(short, long)]
    wide: bool,

    /// These processes
    #[arg(value_name = "PID")]
    more_pids: Vec<u32>,

    #[command(flatten)]
    format: Format,
}

/// Which processes to show.
enum Selection {
    All,
    /// Those of a user on a terminal.
    Mine(u32, Option<String>),
    /// Those of some users, and some others.
    Some(Vec<u32>, Vec<u32>),
}

impl Program for Mps {
    fn run(self, system: &System) -> Result<()> {
        let selection = self.selection(system)?;
        let mut processes = system.processes()?;
        processes.retain(|process| selection.has(process) && (!self.away || is_away(process)));
        if let (true, Selection::Some(_, pids)) = (processes.is_empty(), &selection) {
            if let (Some(pid), false) = (pids.first(), self.away) {
                return Err(Error::NoProcess(*pid));
            }
        }
        self.format.print("processes", &processes, || {
            let table = if self.full { full(&processes) } else { short(&processes) };
            table.within(if self.wide { None } else { window() })
        })
    }
}

impl Mps {
    fn selection(&self, system: &System) -> Result<Selection> {
        let pids: Vec<u32> = self.pids.iter().chain(&self.more_pids).copied().collect();
        let number = |name: &String| {
            user::number(name).ok_or_else(|| Error::Usage(format!("there is no user '{name}'")))
        };
        let users = self.users.iter().map(number).collect::<Result<Vec<_>>>()?;
        if self.all {
            Ok(Selection::All)
        } else if users.is_empty() && pids.is_empty() {
            let tty = system.my_terminal()?;
            Ok(Selection::Mine(user::myself(), tty))
        } else {
            Ok(Selection::Some(users, pids))
        }
    }
}

impl Selection {
    fn has(&self, process: &Snapshot) -> bool {
        match self {
            Self::All => true,
            Self::Mine(uid, tty) => process.uid == *uid && process.tty == *tty,
            Self::Some(users, pids) => users.contains(&process.uid) || pids.contains(&process.pid),
        }
    }
}

fn is_away(process: &Snapshot) -> bool {
    process.node.is_some_and(|node| node.number() != 0)
}

fn short(processes: &[Snapshot]) -> Table {
    let mut table = Table::new(&[
        ">PID", ">NODE", ">NMIGS", "LOCK", "WHY", "CANTMOVE", "S", "TTY", ">TIME", "CMD",
    ]);
    for it in processes {
        table.row([it.pid.to_string()].into_iter().chain(facts(it)).chain([it.comm.clone()]));
    }
    table
}

fn full(processes: &[Snapshot]) -> Table {
    let mut table = Table::new(&[
        "USER", ">PID", ">PPID", ">NODE", ">NMIGS", "LOCK", "WHY", "CANTMOVE", "S", "TTY", ">TIME",
        "CMD",
    ]);
    for it in processes {
        let who = [it.user.clone(), it.pid.to_string(), it.ppid.to_string()];
        table.row(who.into_iter().chain(facts(it)).chain([command_line(it)]));
    }
    table
}

/// The columns that both tables have.
fn facts(it: &Snapshot) -> [String; 8] {
    let reasons = (!it.cantmove.is_empty()).then(|| it.cantmove.join(","));
    [
        or_dash(it.node.map(|node| node.number())),
        or_dash(it.nmigs),
        lock(it).to_string(),
        or_dash(it.why.clone().filter(|why| !why.is_empty())),
        or_dash(reasons),
        it.state.to_string(),
        it.tty.clone().unwrap_or("?".into()),
        clock(it.time),
    ]
}

/// Whether a process is locked, as a word.
pub fn lock(it: &Snapshot) -> &'static str {
    match it.lock {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    }
}

/// The whole command line, or the name of a thread of the kernel.
pub fn command_line(it: &Snapshot) -> String {
    if it.args.is_empty() { format!("[{}]", it.comm) } else { it.args.join(" ") }
}

/// CPU time as `ps` writes it.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours) = (seconds / 86400, seconds / 3600 % 24);
    let days = if days > 0 { format!("{days}-") } else { String::new() };
    format!("{days}{hours:02}:{:02}:{:02}", seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time() {
        assert_eq!(clock(Duration::from_secs(59)), "00:00:59");
        assert_eq!(clock(Duration::from_secs(86400 + 3661)), "1-01:01:01");
    }
}
