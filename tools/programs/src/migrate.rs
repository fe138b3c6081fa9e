// SPDX-License-Identifier: GPL-2.0-only
//! `migrate`: move a process to another node or back home.

use std::str::FromStr;
use std::time::Duration;

use clap::Parser;
use mosix::migration::{Arrival, Move, Pending, Verdict};
use mosix::process::Process;
use mosix::{Place, Result, System, why};

use crate::cli::{Program, seconds};
use crate::output::{bytes, duration, print, say};

/// Move a process to another node
///
/// Waits until the process has arrived or the move has failed, and says which. A process that
/// fails to move goes on where it was. Users may move their own processes, root may move all.
///
/// Such an order stands: the process is left where it was sent, until "balance" leaves it to the
/// balancer again. That decides at once, and says where the process goes, or why it stays.
///
/// A process that cannot move, or with "balance" may not move by itself, is a failure that names
/// the reason.
#[derive(Parser, Debug)]
#[command(name = "migrate", version)]
pub struct Migrate {
    /// The process
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pid: u32,

    /// Where to: a node number, home, or balance (where it runs best)
    #[arg(value_name = "ID|home|balance")]
    target: Target,

    /// Wait at most this long; the request stands even then
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    /// Ask for the move and do not wait for it
    #[arg(short, long, conflicts_with = "timeout")]
    no_wait: bool,
}

/// Where a process shall go.
#[derive(Clone, Copy, Debug)]
enum Target {
    Place(Place),
    Balance,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(word: &str) -> std::result::Result<Self, String> {
        match word {
            "balance" => Ok(Self::Balance),
            _ => word.parse().map(Self::Place).map_err(|error| format!("{error}, nor 'balance'")),
        }
    }
}

impl Program for Migrate {
    fn run(self, system: &System) -> Result<()> {
        system.require_openmosix()?;
        let process = system.process(self.pid)?;
        let (target, pending) = match self.target {
            Target::Place(place) => {
                let target = system.as_seen_here(place)?;
                system.require_reachable(target)?;
                (target, process.request(target)?)
            }
            Target::Balance => match self.balance(process)? {
                Some((target, pending)) => (target, Some(pending)),
                None => return Ok(()),
            },
        };
        let arrival = match pending {
            None => Arrival::Already,
            Some(_) if self.no_wait => return Ok(()),
            Some(pending) => {
                let hint =
                    |hint: &str| say("migrate", format_args!("process {}: {hint}", self.pid));
                pending.wait(self.timeout, hint)?
            }
        };
        print(&self.report(target, &arrival))
    }
}

impl Migrate {
    /// Leave the process to the balancer; where it goes, unless it stays.
    fn balance<'a>(&self, process: Process<'a>) -> Result<Option<(Place, Pending<'a>)>> {
        match process.balance()? {
            Verdict::Goes(target, pending) => Ok(Some((target, pending))),
            Verdict::Stays(word) => {
                let reason = why::meaning(&word).unwrap_or(&word);
                print(&format!("process {} stays where it is: {reason}\n", self.pid))?;
                Ok(None)
            }
        }
    }

    fn report(&self, target: Place, arrival: &Arrival) -> String {
        let pid = self.pid;
        match arrival {
            Arrival::Already if target == Place::Home => format!("process {pid} is at home\n"),
            Arrival::Already => format!("process {pid} is on {target} already\n"),
            Arrival::Moved(None) => format!("process {pid} moved to {target}\n"),
            Arrival::Moved(Some(Move { bytes: sent, total_us, freeze_us, .. })) => format!(
                "process {pid} moved to {target}: {} in {}, of which it stood still {}\n",
                bytes(*sent),
                duration(*total_us),
                duration(*freeze_us)
            ),
        }
    }
}
