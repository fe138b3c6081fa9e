// SPDX-License-Identifier: GPL-2.0-only
//! A move of a process: asking for one, waiting for it, and the kernel's record of the last one.

use std::collections::HashMap;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::place::Place;
use crate::process::Process;
use crate::system::{System, write_once};

/// The shortest and longest pause between two looks at a move.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));

/// The last move of a process, as `/proc/PID/migration` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Where it came from.
    pub from: Place,
    /// Where it went, or should have gone.
    pub to: Place,
    /// The last stage that was reached.
    pub stage: String,
    /// `ok`, `failed`, or `running` while it is under way.
    pub result: String,
    /// Why it failed.
    pub reason: Option<String>,
    /// How many pages were sent.
    pub pages: u64,
    /// How many bytes were sent.
    pub bytes: u64,
    /// Microseconds until the target had agreed.
    pub prepare_us: u64,
    /// Microseconds in which the process stood still.
    pub freeze_us: u64,
    /// Microseconds of copying.
    pub copy_us: u64,
    /// Microseconds until the target had acknowledged.
    pub commit_us: u64,
    /// Microseconds from request to end.
    pub total_us: u64,
}

impl Move {
    /// Read a record; `None` if the process has never moved.
    pub fn parse(text: &str) -> std::result::Result<Option<Self>, String> {
        let pairs = text.lines().map(|line| line.split_once(':').unwrap_or((line, "")));
        let fields: HashMap<&str, &str> =
            pairs.map(|(key, value)| (key.trim(), value.trim())).collect();
        if fields.is_empty() {
            return Ok(None);
        }
        let word = |key: &str| fields.get(key).copied().unwrap_or_default();
        let place = |key: &str| word(key).parse().map_err(|error| format!("{key}: {error}"));
        let number = |key: &str| match word(key) {
            "" => Ok(0),
            text => text.parse().map_err(|_| format!("{key}: '{text}' is not a number")),
        };
        Ok(Some(Self {
            from: place("from")?,
            to: place("to")?,
            stage: word("stage").to_string(),
            result: word("result").to_string(),
            reason: Some(word("reason"))
                .filter(|it| !matches!(*it, "" | "-" | "none"))
                .map(Into::into),
            pages: number("pages")?,
            bytes: number("bytes")?,
            prepare_us: number("prepare_us")?,
            freeze_us: number("freeze_us")?,
            copy_us: number("copy_us")?,
            commit_us: number("commit_us")?,
            total_us: number("total_us")?,
        }))
    }

    /// Whether the move has arrived (`true`), has failed (`false`), or goes on.
    pub fn outcome(&self) -> Option<bool> {
        match self.result.as_str() {
            "ok" => Some(true),
            "" | "-" | "none" | "running" => None,
            _ => Some(false),
        }
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The process was there already.
    Already,
    /// It has moved; the kernel's record of it, if there is one.
    Moved(Option<Move>),
}

/// A move that was asked for and has not been seen to end.
#[derive(Debug)]
pub struct Pending<'a> {
    process: Process<'a>,
    target: Place,
    /// The record and the count before the request.
    before: (String, u64),
    asked: Instant,
}

impl System {
    /// Fail unless a process could be sent to `target`. Home is always there.
    pub fn require_reachable(&self, target: Place) -> Result<()> {
        match target {
            Place::Home => self.require_openmosix(),
            Place::Node(id) => self.require_up(id),
        }
    }

    /// `target` as this node sees it: its own number means home.
    pub fn as_seen_here(&self, target: Place) -> Result<Place> {
        Ok(self.me()?.map_or(target, |me| target.seen_from(me)))
    }

    /// Tell the calling program's next `execve` to start the new program at `target`.
    pub fn go_with_exec(&self, target: Place) -> Result<()> {
        let path = self.path("proc/self/goto");
        let request = format!("exec {}\n", target.number());
        write_once(&path, &request).map_err(|error| Error::io(path, error))
    }
}

impl<'a> Process<'a> {
    /// The kernel's record of the last move.
    pub fn last_move(&self) -> Result<Option<Move>> {
        let text = self.read("migration")?;
        Move::parse(&text).map_err(|what| Error::format(self.path("migration"), what))
    }

    /// Ask the kernel to move the process; `None` if it is at `target` already.
    pub fn request(self, target: Place) -> Result<Option<Pending<'a>>> {
        if self.place()? == target {
            return Ok(None);
        }
        let before = (self.read("migration")?, self.nmigs()?);
        let request = format!("{}\n", target.number());
        write_once(&self.path("goto"), &request).map_err(|error| self.refusal(target, error))?;
        Ok(Some(Pending { process: self, target, before, asked: Instant::now() }))
    }
}

impl Process<'_> {
    /// Why the kernel did not even take the request.
    fn refusal(&self, target: Place, error: io::Error) -> Error {
        match self.cantmove() {
            Ok(names) if !names.is_empty() && error.kind() != io::ErrorKind::PermissionDenied => {
                let reason = format!("it cannot move now ({})", names.join(", "));
                Error::NotMoved { pid: self.pid, target, reason, unreachable: false }
            }
            _ => self.explain("goto", error),
        }
    }
}

impl Pending<'_> {
    /// Wait until the process has arrived or the kernel has given up, at most `limit`.
    pub fn wait(self, limit: Option<Duration>) -> Result<Arrival> {
        let (mut pause, longest) = PAUSES;
        loop {
            if let Some(arrival) = self.look()? {
                return Ok(arrival);
            }
            if limit.is_some_and(|limit| self.asked.elapsed() >= limit) {
                return Err(self.timed_out());
            }
            thread::sleep(pause);
            pause = (pause * 2).min(longest);
        }
    }

    /// Look once: `None` while the move goes on.
    fn look(&self) -> Result<Option<Arrival>> {
        let process = &self.process;
        let (old_record, old_count) = &self.before;
        let record = process.read("migration")?;
        let last =
            Move::parse(&record).map_err(|what| Error::format(process.path("migration"), what))?;
        let mine = last.filter(|last| record != *old_record && last.to == self.target);
        match mine.as_ref().and_then(Move::outcome) {
            Some(true) => Ok(Some(Arrival::Moved(mine))),
            Some(false) => Err(self.failed(mine.and_then(|it| it.reason))),
            None if mine.is_none() && process.nmigs()? > *old_count => {
                let there = process.place()? == self.target;
                Ok(there.then_some(Arrival::Moved(None)))
            }
            None => Ok(None),
        }
    }

    fn failed(&self, reason: Option<String>) -> Error {
        let system = self.process.system();
        let unreachable = system.require_reachable(self.target).is_err();
        let reason = reason.unwrap_or_else(|| "the kernel gives no reason".into());
        Error::NotMoved { pid: self.process.pid, target: self.target, reason, unreachable }
    }

    fn timed_out(&self) -> Error {
        let last = self.process.last_move().ok().flatten();
        let stage = last.filter(|last| last.to == self.target && last.outcome().is_none());
        Error::TimedOut {
            pid: self.process.pid,
            target: self.target,
            waited: self.asked.elapsed(),
            stage: stage.map_or("queued".into(), |last| last.stage),
        }
    }
}

#[cfg(test)]
mod tests;
