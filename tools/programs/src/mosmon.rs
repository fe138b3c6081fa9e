// SPDX-License-Identifier: GPL-2.0-only
//! `mosmon`: the nodes of the cluster as bars, with openMosix's keys.

use std::ffi::OsString;
use std::time::Duration;

use clap::{ArgAction, Parser};
use mosix::yard::Yard;
use mosix::{Result, System};
use ratatui::Frame;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::Stylize;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::cli::{Program, seconds};
use crate::nodes;
use crate::output::Format;
use crate::screen::{self, Next, Screen};

mod chart;
mod measure;

use chart::{Chart, Width};
use measure::Measure;

/// What the keys do, for people.
const HELP: &str = "\
l  load; 100 is one process on a processor as fast as the yardstick
L  load, on a logarithmic scale
m  memory: used, and all of it
r  memory as Linux counts it
u  utilisability: less than 100 % if processes wait for memory
s  speed and number of CPUs

w  wide bars        v  narrow bars
V  tight bars       a  whatever fits
d  show nodes that are down, or not
t  totals
+  start at a node: digits and Enter
<  >  page back, page on (also the cursor keys, and Home)

F  version          h  this help
q  quit";

/// Watch the nodes of the cluster
///
/// Draws a bar for each node: load, memory, utilisability, or speed. The keys are those of
/// openMosix, and so are their letters as options; h shows them. --once prints one table and ends;
/// so does --json.
#[derive(Parser, Debug)]
#[command(
    name = "mosmon",
    version,
    disable_version_flag = true,
    disable_help_flag = true,
    after_long_help = HELP
)]
pub struct Mosmon {
    /// Print one table and end
    #[arg(short, long)]
    once: bool,

    /// Seconds between two looks
    #[arg(short = 'i', long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    interval: Duration,

    /// Begin with the load on a logarithmic scale
    #[arg(short = 'L', long, group = "what")]
    log_load: bool,

    /// Begin with the memory
    #[arg(short, long, group = "what")]
    memory: bool,

    /// Begin with the memory as Linux counts it
    #[arg(short, long, group = "what")]
    raw_memory: bool,

    /// Begin with the utilisability
    #[arg(short, long, group = "what")]
    util: bool,

    /// Begin with the speed
    #[arg(short, long, group = "what")]
    speed: bool,

    /// Begin with the load, as is the default
    #[arg(short, long, group = "what")]
    load: bool,

    /// Begin with wide bars
    #[arg(short, long, group = "width")]
    wide: bool,

    /// Begin with narrow bars
    #[arg(short, long, group = "width")]
    vertical: bool,

    /// Begin with bars without gaps
    #[arg(short = 'V', long, visible_short_aliases = ['T', 'X'], group = "width")]
    tight: bool,

    /// Begin with bars as wide as fits, as is the default
    #[arg(short, long, group = "width")]
    auto: bool,

    /// Show nodes that are down
    #[arg(short, long)]
    dead: bool,

    /// Show totals
    #[arg(short, long)]
    totals: bool,

    /// Begin with this node (also +ID)
    #[arg(short = 'N', long, value_name = "ID", default_value_t = 0)]
    from: u16,

    /// Print the version
    #[arg(short = 'F', long, action = ArgAction::Version)]
    version: Option<bool>,

    /// Print help
    #[arg(short, long, visible_short_alias = 'H', action = ArgAction::Help)]
    help: Option<bool>,

    #[command(flatten)]
    format: Format,
}

impl Program for Mosmon {
    fn modernise(args: Vec<OsString>) -> Vec<OsString> {
        let modern = |arg: OsString| match arg.to_str().and_then(|arg| arg.strip_prefix('+')) {
            Some(id) => format!("--from={id}").into(),
            None => arg,
        };
        args.into_iter().map(modern).collect()
    }

    fn run(self, system: &System) -> Result<()> {
        let (nodes, yard) = (system.nodes()?, system.yard()?);
        if self.once || !self.format.is_table() {
            return self.format.print("nodes", &nodes, || nodes::table(&nodes, yard));
        }
        screen::run(Monitor::new(&self, system, nodes, yard), self.interval)
    }
}

/// What is on the screen.
pub struct Monitor<'a> {
    system: &'a System,
    nodes: Vec<mosix::node::Node>,
    yard: Yard,
    measure: Measure,
    width: Option<Width>,
    dead: bool,
    totals: bool,
    /// The first node to be shown.
    from: u16,
    /// Digits of a number that is being typed after +.
    typed: Option<String>,
    /// What covers the chart.
    cover: Option<String>,
    /// What could not be read.
    trouble: Option<String>,
}

impl<'a> Monitor<'a> {
    fn new(
        options: &Mosmon,
        system: &'a System,
        nodes: Vec<mosix::node::Node>,
        yard: Yard,
    ) -> Self {
        let measure = match options {
            Mosmon { log_load: true, .. } => Measure::LogLoad,
            Mosmon { memory: true, .. } => Measure::Memory,
            Mosmon { raw_memory: true, .. } => Measure::RawMemory,
            Mosmon { util: true, .. } => Measure::Util,
            Mosmon { speed: true, .. } => Measure::Speed,
            _ => Measure::Load,
        };
        let width = match options {
            Mosmon { wide: true, .. } => Some(Width::Wide),
            Mosmon { vertical: true, .. } => Some(Width::Narrow),
            Mosmon { tight: true, .. } => Some(Width::Tight),
            _ => None,
        };
        Self {
            system,
            nodes,
            yard,
            measure,
            width,
            dead: options.dead,
            totals: options.totals,
            from: options.from,
            typed: None,
            cover: None,
            trouble: None,
        }
    }

    /// The nodes that are shown.
    fn shown(&self) -> Vec<&mosix::node::Node> {
        let shown = self.nodes.iter().filter(|node| self.dead || node.up);
        shown.filter(|node| node.id >= self.from).collect()
    }

    fn title(&self) -> String {
        let up = self.nodes.iter().filter(|node| node.up).count();
        let name = self.measure.name();
        format!(" openMosix: {name} · {up} of {} nodes up ", self.nodes.len())
    }

    fn bottom(&self) -> String {
        match (&self.trouble, &self.typed) {
            (Some(trouble), _) => format!(" {trouble} "),
            (None, Some(digits)) => format!(" start at node: {digits}_ "),
            (None, None) => " h help · q quit ".to_string(),
        }
    }

    fn type_digit(&mut self, key: KeyCode) {
        let digits = self.typed.take().unwrap_or_default();
        match key {
            KeyCode::Char(digit) if digit.is_ascii_digit() && digits.len() < 5 => {
                self.typed = Some(format!("{digits}{digit}"));
            }
            KeyCode::Backspace => {
                let rest = digits.len().saturating_sub(1);
                self.typed = Some(digits.chars().take(rest).collect());
            }
            KeyCode::Enter => self.from = digits.parse().unwrap_or(0),
            _ => {}
        }
    }

    /// Go to the page before or after this one.
    fn page(&mut self, on: bool, width: u16) {
        let step = Chart::fits(self.width, width, self.shown().len()).max(1);
        let ids: Vec<u16> =
            self.nodes.iter().filter(|node| self.dead || node.up).map(|node| node.id).collect();
        let first = ids.iter().position(|id| *id >= self.from).unwrap_or(0);
        let next = if on { first + step } else { first.saturating_sub(step) };
        if let Some(id) = ids.get(next) {
            self.from = if next == 0 { 0 } else { *id };
        }
    }
}

impl Screen for Monitor<'_> {
    fn refresh(&mut self) {
        match self.system.nodes() {
            Ok(nodes) => (self.nodes, self.trouble) = (nodes, None),
            Err(error) => self.trouble = Some(error.to_string()),
        }
    }

    fn key(&mut self, key: KeyCode, width: u16) -> Next {
        if self.typed.is_some() {
            self.type_digit(key);
            return Next::Go;
        }
        if self.cover.take().is_some() {
            return Next::Go;
        }
        let letter = match key {
            KeyCode::Char(letter) => letter,
            KeyCode::Right | KeyCode::Down | KeyCode::PageDown => '>',
            KeyCode::Left | KeyCode::Up | KeyCode::PageUp => '<',
            KeyCode::Home => {
                self.from = 0;
                return Next::Go;
            }
            _ => return Next::Go,
        };
        match letter {
            'q' => return Next::Quit,
            'l' => self.measure = Measure::Load,
            'L' => self.measure = Measure::LogLoad,
            'm' => self.measure = Measure::Memory,
            'r' => self.measure = Measure::RawMemory,
            'u' => self.measure = Measure::Util,
            's' => self.measure = Measure::Speed,
            'w' => self.width = Some(Width::Wide),
            'v' => self.width = Some(Width::Narrow),
            'V' => self.width = Some(Width::Tight),
            'a' => self.width = None,
            'd' => self.dead = !self.dead,
            't' => self.totals = !self.totals,
            '+' => self.typed = Some(String::new()),
            '>' => self.page(true, width),
            '<' => self.page(false, width),
            'F' => {
                let kernel = self.system.version().unwrap_or_else(|error| error.to_string());
                self.cover = Some(format!("mosmon {}\n{kernel}", env!("CARGO_PKG_VERSION")));
            }
            'h' | 'H' => self.cover = Some(HELP.to_string()),
            _ => {}
        }
        Next::Go
    }

    fn draw(&self, frame: &mut Frame) {
        let totals = if self.totals { 1 } else { 0 };
        let [area, line] =
            Layout::vertical([Constraint::Fill(1), Constraint::Length(totals)]).areas(frame.area());
        let block = Block::bordered().title(self.title()).title_bottom(self.bottom());
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let nodes = self.shown();
        frame.render_widget(
            Chart { nodes: &nodes, measure: self.measure, yard: self.yard, width: self.width },
            inner,
        );
        frame.render_widget(Line::from(measure::totals(&self.nodes, self.yard)).bold(), line);
        if let Some(cover) = &self.cover {
            let height = cover.lines().count() as u16 + 2;
            let width = cover.lines().map(|line| line.chars().count()).max().unwrap_or(0) as u16;
            let area = screen::centred(frame.area(), width + 4, height);
            frame.render_widget(Clear, area);
            let text = Paragraph::new(cover.as_str());
            frame.render_widget(text.block(Block::bordered()), area);
        }
    }
}

#[cfg(test)]
mod tests;
