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
use crate::stay;
use crate::system::{System, write_once};
use crate::why;

/// The shortest and longest pause between two looks at a move.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));

/// After which time people wonder why a process does not move.
const SOON: Duration = Duration::from_secs(1);

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
    /// Read a record; `None` if the process has never moved, nor failed to.
    pub fn parse(text: &str) -> std::result::Result<Option<Self>, String> {
        let pairs = text.lines().map(|line| line.split_once(':').unwrap_or((line, "")));
        let fields: HashMap<&str, &str> =
            pairs.map(|(key, value)| (key.trim(), value.trim())).collect();
        let word = |key: &str| fields.get(key).copied().unwrap_or_default();
        if fields.is_empty() || word("result") == "none" {
            return Ok(None);
        }
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
    /// The record before the request.
    before: String,
    asked: Instant,
}

/// What the balancer says to a process that is left to it.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// It stays where it is, for this reason in the kernel's word.
    Stays(String),
    /// It goes there.
    Goes(Place, Pending<'a>),
}

impl System {
    /// Fail unless a process could be sent to `target`. Home is always there.
    pub fn require_reachable(&self, target: Place) -> Result<()> {
        match target {
            Place::Home => self.require_openmosix(),
            Place::Node(_) if self.me()?.is_none() => Err(Error::Off),
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

    /// Ask the kernel to move the process, and to leave it there; `None` if it is at `target`
    /// already and goes nowhere else.
    pub fn request(self, target: Place) -> Result<Option<Pending<'a>>> {
        let there = self.place()? == target && self.destination()?.is_none();
        let before = self.read("migration")?;
        let request = match target {
            Place::Home => "home\n".to_string(),
            Place::Node(id) => format!("{id}\n"),
        };
        write_once(&self.path("goto"), &request).map_err(|error| self.refusal(target, error))?;
        let pending = Pending { process: self, target, before, asked: Instant::now() };
        Ok((!there).then_some(pending))
    }

    /// Leave the process to the balancer from now on, which decides at once; what was ordered by
    /// hand ends.
    pub fn balance(self) -> Result<Verdict<'a>> {
        self.system().me()?.ok_or(Error::Off)?;
        let before = self.read("migration")?;
        write_once(&self.path("goto"), "balance\n").map_err(|error| self.denial(error))?;
        let asked = Instant::now();
        // It may be there already.
        let target = match (self.destination()?, self.read("migration")?) {
            (Some(target), _) => Some(target),
            (None, now) if now != before => self.last_move()?.map(|last| last.to),
            _ => None,
        };
        match target {
            Some(target) => {
                Ok(Verdict::Goes(target, Pending { process: self, target, before, asked }))
            }
            None => self.stays(),
        }
    }

    /// Why the balancer leaves it where it is; an error if it may not move by itself.
    fn stays(self) -> Result<Verdict<'a>> {
        let (reasons, why) = (self.cantmove()?, self.account()?.why);
        let reason = if !reasons.is_empty() {
            stay::sentence(reasons.iter().map(String::as_str))
        } else if self.is_locked()? {
            "it is locked".into()
        } else if why::forbids(&why) {
            why::meaning(&why).unwrap_or(&why).into()
        } else {
            return Ok(Verdict::Stays(why));
        };
        Err(Error::Stays { pid: self.pid, reason })
    }
}

impl Process<'_> {
    /// Why the kernel did not even take the request for a move.
    fn refusal(&self, target: Place, error: io::Error) -> Error {
        match self.denial(error) {
            Error::Stays { pid, reason } => {
                Error::NotMoved { pid, target, reason, unreachable: false }
            }
            other => other,
        }
    }

    /// Why the kernel did not even take a request.
    fn denial(&self, error: io::Error) -> Error {
        const EACCES: i32 = 13;
        match self.cantmove() {
            // Who may not write is told so. Who may, and is not permitted this, asks for what
            // never moves: init, a thread of the kernel, a guest.
            Ok(names) if !names.is_empty() && error.raw_os_error() != Some(EACCES) => {
                let reason = stay::sentence(names.iter().map(String::as_str));
                Error::Stays { pid: self.pid, reason }
            }
            _ => self.explain("goto", error),
        }
    }
}

impl Pending<'_> {
    /// Wait until the process has arrived or the kernel has given up, at most `limit`. `hint` is
    /// told once what keeps it, if that is up to the user.
    pub fn wait(self, limit: Option<Duration>, hint: impl FnOnce(&str)) -> Result<Arrival> {
        let (mut pause, longest) = PAUSES;
        let mut hint = Some(hint);
        loop {
            let arrival = self.look().map_err(|error| self.ended(error))?;
            if let Some(arrival) = arrival {
                return Ok(arrival);
            }
            if limit.is_some_and(|limit| self.asked.elapsed() >= limit) {
                return Err(self.timed_out());
            }
            if self.asked.elapsed() >= SOON && matches!(self.process.state(), Ok('T')) {
                if let Some(hint) = hint.take() {
                    hint("it is stopped, and moves when it is continued");
                }
            }
            thread::sleep(pause);
            pause = (pause * 2).min(longest);
        }
    }

    /// Look once: `None` while the move goes on.
    fn look(&self) -> Result<Option<Arrival>> {
        let process = &self.process;
        // In this order: once it goes nowhere, the record is that of the end.
        let goes = process.destination()?.is_some();
        let record = process.read("migration")?;
        let last =
            Move::parse(&record).map_err(|what| Error::format(process.path("migration"), what))?;
        let last = last.filter(|_| record != self.before);
        let home = last.as_ref().is_some_and(|last| last.to == Place::Home);
        let mine = last.filter(|last| last.to == self.target);
        match mine.as_ref().and_then(Move::outcome) {
            Some(true) => Ok(Some(Arrival::Moved(mine))),
            Some(false) => Err(self.failed(mine.and_then(|it| it.reason))),
            None if goes || mine.is_some() => Ok(None),
            // Another order was under way, and this one had nothing to do.
            None if process.place()? == self.target => Ok(Some(Arrival::Moved(None))),
            // To fork, for example.
            None if home => Err(self.failed(Some("it came home instead".into()))),
            None => Err(self.failed(Some("somebody ordered it elsewhere".into()))),
        }
    }

    fn failed(&self, reason: Option<String>) -> Error {
        let system = self.process.system();
        let unreachable = system.require_reachable(self.target).is_err();
        let reason = match reason {
            None => "the kernel gives no reason".into(),
            Some(name) if stay::meaning(&name).is_some() => self.stay_reasons(&name),
            Some(words) => words,
        };
        Error::NotMoved { pid: self.process.pid, target: self.target, reason, unreachable }
    }

    /// The stay reason that kept it, and those it has besides.
    fn stay_reasons(&self, name: &str) -> String {
        let mut names = self.process.cantmove().unwrap_or_default();
        names.retain(|other| other != name);
        stay::sentence([name].into_iter().chain(names.iter().map(String::as_str)))
    }

    /// A process that is not there any more has ended meanwhile.
    fn ended(&self, error: Error) -> Error {
        match error {
            Error::NoProcess(_) => self.failed(Some("it has ended".into())),
            other => other,
        }
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
