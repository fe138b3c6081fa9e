// SPDX-License-Identifier: GPL-2.0-only
//! Where a process is, why, and how it came there.

use std::io::ErrorKind;

use mosix::migration::Move;
use mosix::process::Process;
use mosix::why::{self, Account};
use mosix::{Error, Place, Result, System, stay};
use serde::Serialize;

use crate::output::{Format, Table, bytes, duration, or_dash, print, say};

/// Show where a process runs.
pub fn place(system: &System, pid: u32) -> Result<()> {
    match system.process(pid)?.place()? {
        Place::Home => print("home\n"),
        Place::Node(id) => print(&format!("{id}\n")),
    }
}

/// All that is known of the reasons.
#[derive(Serialize)]
struct Why {
    pid: u32,
    #[serde(flatten)]
    account: Option<Account>,
    cantmove: Vec<Reason>,
}

/// A stay reason and its meaning.
#[derive(Serialize)]
struct Reason {
    name: String,
    meaning: Option<&'static str>,
}

/// Show why a process is where it is.
pub fn why(system: &System, pid: u32, format: &Format) -> Result<()> {
    let process = system.process(pid)?;
    let names = process.cantmove()?;
    let cantmove =
        names.into_iter().map(|name| Reason { meaning: stay::meaning(&name), name }).collect();
    let why = Why { pid, account: account(&process)?, cantmove };
    if !format.is_table() {
        return format.print("why", &why, || Table::new(&[]));
    }
    print(&format!("{}{}", why.sentences(), why.decisions().render(true)))
}

/// What the balancer says; a kernel without one says nothing.
fn account(process: &Process) -> Result<Option<Account>> {
    match process.account() {
        Ok(account) => Ok(Some(account)),
        Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Why {
    /// In plain words.
    fn sentences(&self) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        let pid = self.pid;
        if let Some(account) = &self.account {
            let place = on(account.node.unwrap_or(Place::Home));
            let place = match account.since_ms {
                Some(ms) => format!("has been {place} for {}", ago(ms)),
                None => format!("is {place}"),
            };
            let _ = writeln!(text, "process {pid} {place}: {}", meaning(&account.why));
            if let Some(cost) = account.cost {
                let _ = write!(text, "it costs {} there", price(cost));
                if let (Some(best), Some(cost)) = (account.best, account.best_cost) {
                    let _ = write!(text, ", and {} {}", price(cost), on(best));
                }
                text.push('\n');
            }
        }
        if self.cantmove.is_empty() {
            let forbids = |account: &Account| why::forbids(&account.why);
            let by_itself =
                if self.account.as_ref().is_some_and(forbids) { ", but not by itself" } else { "" };
            let _ = writeln!(text, "it may move{by_itself}");
        }
        for Reason { name, meaning } in &self.cantmove {
            let _ = match meaning {
                Some(meaning) => writeln!(text, "it cannot move: it {meaning} ({name})"),
                None => writeln!(text, "it cannot move: {name}"),
            };
        }
        text
    }

    /// What was decided.
    fn decisions(&self) -> Table {
        let decided = self.account.iter().flat_map(|account| &account.decided);
        let mut table = Table::new(&[">AGO", "FROM", "TO", "RESULT", "WHY"]);
        for it in decided {
            table.row([
                ago(it.ago_ms),
                at(it.from),
                it.to.map_or("stay".into(), at),
                or_dash(Some(&it.result).filter(|result| !result.is_empty())),
                meaning(&it.why),
            ]);
        }
        if table.is_empty() { Table::new(&[]) } else { table }
    }
}

fn at(place: Place) -> String {
    place.to_string()
}

/// Where that is, in a sentence.
fn on(place: Place) -> String {
    match place {
        Place::Home => "at home".into(),
        Place::Node(_) => format!("on {place}"),
    }
}

/// A cost as people read it.
fn price(cost: f64) -> String {
    if cost.is_finite() { format!("{cost:.2}") } else { why::BEYOND.into() }
}

fn meaning(word: &str) -> String {
    why::meaning(word).unwrap_or(if word.is_empty() { "nobody knows why" } else { word }).into()
}

/// A time as people say it.
pub fn ago(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{:.1} s", ms as f64 / 1e3),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Show the last move of a process.
pub fn last(system: &System, pid: u32, format: &Format) -> Result<()> {
    let last = system.process(pid)?.last_move()?;
    if last.is_none() && format.is_table() {
        say("mosctl", format_args!("process {pid} has never moved"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(ago(12_340), "12.3 s");
        assert_eq!(ago(61_000), "1 min 1 s");
        assert_eq!(ago(7_260_000), "2 h 1 min");
    }
}
