// SPDX-License-Identifier: GPL-2.0-only
//! `mtop`: the processes that use most, and where they run.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use mosix::process::Snapshot;
use mosix::{Error, Result, System, user};
use ratatui::Frame;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::Line;
use serde::Serialize;

use crate::cli::{Program, seconds};
use crate::mps::{clock, command_line, lock};
use crate::output::{Format, Table, bytes, or_dash};
use crate::screen::{self, Next, Screen, paint};

/// What the keys do, for people.
const HELP: &str = "P CPU  M memory  T time  N node  p pid  R reverse  a away  u mine  q quit";

/// Watch the processes that use most, and where they run
///
/// NODE is where a process runs, 0 at home; LOCK says whether it is locked there, and WHY is the
/// balancer's word for why it is there. CPU is the part of one processor that it used since the
/// last look, or, with --once, since it began; RES its memory on this node: what is on another
/// node does not count.
///
/// Keys: P, M, T, N and p sort by CPU, memory, time, node and pid; R reverses; a shows only
/// processes that are away from home, u only those of the caller; q quits.
#[derive(Parser, Debug)]
#[command(name = "mtop", version)]
pub struct Mtop {
    /// Print one table and end
    #[arg(short, long)]
    once: bool,

    /// Seconds between two looks
    #[arg(short = 'i', long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    interval: Duration,

    /// Sort by this
    #[arg(short, long, default_value = "cpu")]
    sort: Sort,

    /// The other way round
    #[arg(short, long)]
    reverse: bool,

    /// Only processes that are away from home
    #[arg(short, long)]
    away: bool,

    /// Only processes of this user, by name or number
    #[arg(short, long, value_name = "USER")]
    user: Option<String>,

    /// Print at most so many processes
    #[arg(short, long, value_name = "COUNT", requires = "once")]
    lines: Option<usize>,

    #[command(flatten)]
    format: Format,
}

/// What to sort by.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// Use of a processor, the greatest first
    Cpu,
    /// Memory, the greatest first
    Memory,
    /// CPU time, the greatest first
    Time,
    /// Node
    Node,
    /// Process number
    Pid,
}

impl Program for Mtop {
    fn run(self, system: &System) -> Result<()> {
        let no_user = |name: &String| Error::Usage(format!("there is no user '{name}'"));
        let user = match &self.user {
            Some(name) => Some(user::number(name).ok_or_else(|| no_user(name))?),
            None => None,
        };
        let mut top = Top {
            system,
            sort: self.sort,
            reverse: self.reverse,
            away: self.away,
            user,
            seen: HashMap::new(),
            rows: vec![],
            trouble: None,
        };
        top.look()?;
        if self.once || !self.format.is_table() {
            top.rows.truncate(self.lines.unwrap_or(usize::MAX));
            return self.format.print("processes", &top.rows, || table(&top.rows));
        }
        screen::run(top, self.interval)
    }
}

/// A process, and what part of a processor it uses.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    process: Snapshot,
    /// In per cent of one processor.
    cpu: f64,
}

/// What is on the screen.
struct Top<'a> {
    system: &'a System,
    sort: Sort,
    reverse: bool,
    away: bool,
    /// Whose processes are shown; all if `None`.
    user: Option<u32>,
    /// The CPU time that processes had used when they were last looked at.
    seen: HashMap<u32, (Instant, Duration)>,
    rows: Vec<Row>,
    /// What could not be read.
    trouble: Option<String>,
}

impl Top<'_> {
    /// Look at all processes.
    fn look(&mut self) -> Result<()> {
        let now = Instant::now();
        let mut seen = HashMap::new();
        self.rows.clear();
        for process in self.system.processes()? {
            seen.insert(process.pid, (now, process.time));
            let (span, used) = match self.seen.get(&process.pid) {
                // A smaller time is that of another process with the same number.
                Some((then, before)) if *before <= process.time => {
                    (now - *then, process.time - *before)
                }
                _ => (process.elapsed, process.time),
            };
            // Times are counted in hundredths of a second.
            let cpu = 100.0 * used.as_secs_f64() / span.as_secs_f64().max(0.01);
            self.rows.push(Row { process, cpu });
        }
        self.seen = seen;
        self.arrange();
        Ok(())
    }

    /// Leave out what is not shown, and sort.
    fn arrange(&mut self) {
        let (away, user) = (self.away, self.user);
        let is_away = |it: &Snapshot| it.node.is_some_and(|node| node.number() != 0);
        self.rows.retain(|row| !away || is_away(&row.process));
        self.rows.retain(|row| user.is_none_or(|uid| row.process.uid == uid));
        self.rows.sort_by(|a, b| {
            let (first, second) = (&a.process, &b.process);
            let order = match self.sort {
                Sort::Cpu => b.cpu.total_cmp(&a.cpu),
                Sort::Memory => second.resident.cmp(&first.resident),
                Sort::Time => second.time.cmp(&first.time),
                Sort::Node => first.node.cmp(&second.node),
                Sort::Pid => std::cmp::Ordering::Equal,
            };
            order.then(first.pid.cmp(&second.pid))
        });
        if self.reverse {
            self.rows.reverse();
        }
    }

    fn summary(&self) -> String {
        let count =
            |test: fn(&Snapshot) -> bool| self.rows.iter().filter(|row| test(&row.process)).count();
        let away = count(|it| it.node.is_some_and(|node| node.number() != 0));
        let guests = match self.system.guests() {
            Ok(guests) => guests.len().to_string(),
            Err(_) => "-".into(),
        };
        format!(
            "mtop: {} processes, {} running, {away} away, {guests} guests",
            self.rows.len(),
            count(|it| it.state == 'R')
        )
    }
}

/// The table of the rows.
fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&[
        ">PID", "USER", ">NODE", ">NMIGS", "LOCK", "WHY", "S", ">%CPU", ">RES", ">TIME", "CMD",
    ]);
    for Row { process: it, cpu } in rows {
        table.row([
            it.pid.to_string(),
            it.user.clone(),
            or_dash(it.node.map(|node| node.number())),
            or_dash(it.nmigs),
            lock(it).to_string(),
            or_dash(it.why.clone().filter(|why| !why.is_empty())),
            it.state.to_string(),
            format!("{cpu:.1}"),
            bytes(it.resident),
            clock(it.time),
            command_line(it),
        ]);
    }
    table
}

impl Screen for Top<'_> {
    fn refresh(&mut self) {
        self.trouble = self.look().err().map(|error| error.to_string());
    }

    fn key(&mut self, key: KeyCode, _width: u16) -> Next {
        match key {
            KeyCode::Char('q') => return Next::Quit,
            KeyCode::Char('P') => self.sort = Sort::Cpu,
            KeyCode::Char('M') => self.sort = Sort::Memory,
            KeyCode::Char('T') => self.sort = Sort::Time,
            KeyCode::Char('N') => self.sort = Sort::Node,
            KeyCode::Char('p') => self.sort = Sort::Pid,
            KeyCode::Char('R') => self.reverse = !self.reverse,
            KeyCode::Char('a') => self.away = !self.away,
            KeyCode::Char('u') => {
                self.user = if self.user.is_none() { Some(user::myself()) } else { None };
            }
            _ => return Next::Go,
        }
        // What was left out comes back with the next look.
        self.arrange();
        Next::Go
    }

    fn draw(&self, frame: &mut Frame) {
        let [head, legend, body, foot] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(1),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(frame.area());
        frame.render_widget(Line::from(self.summary()).bold(), head);
        // One row more than fits: widths may depend on it, and nobody sees it.
        let shown = &self.rows[..self.rows.len().min(usize::from(body.height))];
        let text = table(shown).render(true);
        let mut lines = text.lines();
        let names = lines.next().unwrap_or_default().to_string();
        frame.render_widget(Line::from(names).reversed(), legend);
        for ((line, row), y) in lines.zip(shown).zip(body.top()..body.bottom()) {
            let away = row.process.node.is_some_and(|node| node.number() != 0);
            let style = if away { paint(Color::Green) } else { Style::new() };
            frame.buffer_mut().set_stringn(body.x, y, line, body.width.into(), style);
        }
        frame.render_widget(Line::from(self.trouble.as_deref().unwrap_or(HELP)), foot);
    }
}

#[cfg(test)]
mod tests;
