// SPDX-License-Identifier: GPL-2.0-only
//! The two views of what a program found: a table for people, JSON for programs.

use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use mosix::{Error, Result};
use ratatui::crossterm::terminal;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The version of all JSON documents; it grows when a field changes its meaning or goes away.
const JSON_VERSION: u32 = 1;

/// How to print.
#[derive(clap::Args, Clone, Debug)]
pub struct Format {
    /// Print JSON instead of a table
    #[arg(
        short = 'j',
        long,
        value_name = "STYLE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "pretty"
    )]
    json: Option<Style>,

    /// Leave out the line with the names of the columns
    #[arg(long)]
    no_legend: bool,
}

/// How JSON looks.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Style {
    /// Indented, for people
    Pretty,
    /// On one line
    Short,
}

impl Format {
    /// Print `value` as JSON under its `name`, or else the table.
    pub fn print<T: Serialize>(
        &self,
        name: &'static str,
        value: &T,
        table: impl FnOnce() -> Table,
    ) -> Result<()> {
        let document = Document { name, value };
        let text = match self.json {
            None => return print(&table().render(!self.no_legend)),
            Some(Style::Pretty) => serde_json::to_string_pretty(&document),
            Some(Style::Short) => serde_json::to_string(&document),
        };
        let text = text.map_err(|error| Error::io("standard output", error.into()))?;
        print(&format!("{text}\n"))
    }

    /// Whether a person reads.
    pub fn is_table(&self) -> bool {
        self.json.is_none()
    }
}

/// Print data. A reader who has seen enough is no error.
pub fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::io("standard output", error))
        }
        _ => Ok(()),
    }
}

/// Talk to the user, on standard error. Who does not listen is no error.
pub fn say(program: &str, text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{program}: {text}");
}

/// How many columns the user sees, if standard output is a terminal.
pub fn window() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let said = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let seen = || terminal::size().ok().map(|(columns, _)| columns.into());
    said.or_else(seen).filter(|columns| *columns > 0)
}

/// A JSON document: its version, and one thing by its name.
struct Document<'a, T> {
    name: &'static str,
    value: &'a T,
}

impl<T: Serialize> Serialize for Document<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("version", &JSON_VERSION)?;
        map.serialize_entry(self.name, self.value)?;
        map.end()
    }
}

/// A table in the making.
pub struct Table {
    legend: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    /// How long lines may be.
    columns: Option<usize>,
}

impl Table {
    /// A table with these columns; those whose name begins with `>` are aligned to the right.
    pub fn new(legend: &[&'static str]) -> Self {
        Self { legend: legend.to_vec(), rows: vec![], columns: None }
    }

    /// Cut its lines to so many columns.
    pub fn within(self, columns: Option<usize>) -> Self {
        Self { columns, ..self }
    }

    /// Add a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text of the table.
    pub fn render(&self, with_legend: bool) -> String {
        let names: Vec<String> =
            self.legend.iter().map(|name| name.trim_start_matches('>').to_string()).collect();
        let lines: Vec<&Vec<String>> =
            with_legend.then_some(&names).into_iter().chain(&self.rows).collect();
        let widths: Vec<usize> = (0..names.len())
            .map(|column| lines.iter().map(|line| width(line, column)).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        if names.is_empty() {
            return text;
        }
        for line in lines {
            let cells = line.iter().zip(&widths).zip(&self.legend).map(|((cell, &width), name)| {
                if name.starts_with('>') {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:width$}")
                }
            });
            let line = cells.collect::<Vec<_>>().join(" ");
            let cut: String = line.chars().take(self.columns.unwrap_or(usize::MAX)).collect();
            text.push_str(cut.trim_end());
            text.push('\n');
        }
        text
    }
}

fn width(line: &[String], column: usize) -> usize {
    line.get(column).map_or(0, |cell| cell.chars().count())
}

/// A text of somebody else's without what would drive the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// What is known, or a dash.
pub fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or("-".to_string(), |value| value.to_string())
}

/// Bytes in the unit that fits.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 1023.95 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// Microseconds in the unit that fits.
pub fn duration(us: u64) -> String {
    match us {
        0..=999 => format!("{us} µs"),
        1_000..=999_999 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned() {
        let mut table = Table::new(&[">PID", "NAME", "CMD"]);
        table.row(["1".into(), "a".into(), "x y".into()]);
        table.row(["1000".into(), "long".into(), "\x1b[2J".into()]);
        let with = " PID NAME CMD\n   1 a    x y\n1000 long ?[2J\n";
        assert_eq!(table.render(true), with);
        assert_eq!(table.render(false), with.split_once('\n').unwrap().1);
        let table = table.within(Some(11));
        assert_eq!(table.render(true), " PID NAME C\n   1 a    x\n1000 long ?\n");
    }

    #[test]
    fn units() {
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(49152), "48.0 KiB");
        assert_eq!(bytes((1 << 20) - 1), "1.0 MiB");
        assert_eq!(bytes(u64::MAX), "16.0 EiB");
        assert_eq!(duration(999), "999 µs");
        assert_eq!(duration(1500), "1.5 ms");
        assert_eq!(duration(2_500_000), "2.50 s");
    }
}
