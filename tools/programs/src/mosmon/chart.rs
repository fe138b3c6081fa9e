// SPDX-License-Identifier: GPL-2.0-only
//! Bars for nodes, with a scale at the side and the nodes' numbers below.

use mosix::node::Node;
use mosix::yard::Yard;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::widgets::Widget;

use super::measure::{Bar, Measure};
use crate::screen::paint;

/// Room for the scale.
const SCALE: u16 = 10;

/// How much room a bar has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// A number below each bar, and a caption over it.
    Wide,
    /// Numbers stand upright.
    Narrow,
    /// No gaps.
    Tight,
}

impl Width {
    const ALL: [Self; 3] = [Self::Wide, Self::Narrow, Self::Tight];

    /// Columns of a bar, and of the gap after it.
    fn columns(self) -> (u16, u16) {
        match self {
            Self::Wide => (4, 2),
            Self::Narrow => (1, 1),
            Self::Tight => (1, 0),
        }
    }

    fn step(self) -> u16 {
        let (bar, gap) = self.columns();
        bar + gap
    }
}

/// All of it.
pub struct Chart<'a> {
    /// The nodes, in order.
    pub nodes: &'a [&'a Node],
    /// What is shown of them.
    pub measure: Measure,
    /// The yardstick for loads.
    pub yard: Yard,
    /// How wide bars are, or whatever fits.
    pub width: Option<Width>,
}

impl Chart<'_> {
    /// How many bars a chart of `columns` can have; there are `nodes` nodes.
    pub fn fits(width: Option<Width>, columns: u16, nodes: usize) -> usize {
        let room = columns.saturating_sub(SCALE + 2);
        usize::from(room / chosen(width, room, nodes).step())
    }
}

/// The widest bars with which all nodes fit, unless one is asked for.
fn chosen(width: Option<Width>, room: u16, nodes: usize) -> Width {
    let fit = |it: &Width| usize::from(room / it.step()) >= nodes;
    width.unwrap_or_else(|| Width::ALL.into_iter().find(fit).unwrap_or(Width::Tight))
}

impl Widget for Chart<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let width = chosen(self.width, area.width.saturating_sub(SCALE), self.nodes.len());
        let digits = self.nodes.last().map_or(1, |node| node.id.to_string().len() as u16);
        let below = if width == Width::Wide { 1 } else { digits };
        // A caption needs a row over the highest bar.
        let rows = area.height.saturating_sub(below + 2);
        if rows == 0 || area.width <= SCALE {
            return;
        }
        let bars: Vec<_> = self.nodes.iter().map(|it| self.measure.bar(it, self.yard)).collect();
        let highest = bars.iter().flatten().map(|bar| bar.all.unwrap_or(0.0).max(bar.value));
        let top = self.measure.top(highest.fold(0.0, f64::max));
        let plot = Rect { y: area.y + 1, height: rows, ..area };
        self.scale(plot, top, buffer);
        let mut x = area.x + SCALE;
        for (node, bar) in self.nodes.iter().zip(bars) {
            if x + width.columns().0 > area.right() {
                break;
            }
            self.bar(node, bar, width, Rect { x, width: width.columns().0, ..plot }, top, buffer);
            x += width.step();
        }
    }
}

impl Chart<'_> {
    /// The axis, with a few values at it.
    fn scale(&self, plot: Rect, top: f64, buffer: &mut Buffer) {
        let axis = plot.x + SCALE - 1;
        for y in plot.y..plot.bottom() {
            buffer.set_string(axis, y, "│", Style::new());
        }
        for x in axis..plot.right() {
            buffer.set_string(x, plot.bottom(), "─", Style::new());
        }
        let parts = if plot.height >= 12 { 4 } else { 2 };
        for part in 0..=parts {
            let y = plot.bottom() - (plot.height * part + parts / 2) / parts;
            let tick = if part == 0 { "└" } else { "┤" };
            buffer.set_string(axis, y, tick, Style::new());
            let value = self.measure.value(f64::from(part) / f64::from(parts), top);
            let label = self.measure.label(value);
            let width = usize::from(SCALE) - 1;
            buffer.set_string(plot.x, y, format!("{label:>width$}"), Style::new());
        }
    }

    /// A node's bar in its place, its caption and its number.
    fn bar(
        &self,
        node: &Node,
        bar: Option<Bar>,
        width: Width,
        place: Rect,
        top: f64,
        buffer: &mut Buffer,
    ) {
        let eighths = |value| {
            let height = self.measure.height(value, top) * f64::from(place.height) * 8.0;
            height.round().max(0.0) as u16
        };
        let colour = paint(if node.up { Color::Green } else { Color::Red });
        let frame = paint(Color::DarkGray);
        let full = bar.map_or(0, |bar| eighths(bar.value));
        let all = bar.and_then(|bar| bar.all).map_or(0, eighths);
        for row in 0..place.height {
            let y = place.bottom() - 1 - row;
            let (symbol, style) = match full.saturating_sub(row * 8) {
                0 if all.saturating_sub(row * 8) >= 4 => ("░", frame),
                0 => continue,
                part => (eighth(part), colour),
            };
            buffer.set_string(place.x, y, symbol.repeat(place.width.into()), style);
        }
        if let (Some(bar), Width::Wide) = (bar, width) {
            let taken = full.max(all).div_ceil(8).min(place.height);
            let caption = self.measure.caption(node, bar);
            buffer.set_stringn(place.x, place.bottom() - 1 - taken, caption, 5, Style::new());
        }
        let below = place.bottom() + 1;
        let id = node.id.to_string();
        let style = if node.up { Style::new() } else { colour };
        match width {
            Width::Wide => {
                buffer.set_string(place.x, below, &id, style);
                if !node.up {
                    buffer.set_string(place.x, place.bottom() - 1, "down", style);
                }
            }
            _ => {
                for (row, digit) in id.chars().enumerate() {
                    buffer.set_string(place.x, below + row as u16, digit.to_string(), style);
                }
            }
        }
    }
}

/// A block that is so many eighths high.
fn eighth(part: u16) -> &'static str {
    ["▁", "▂", "▃", "▄", "▅", "▆", "▇"].get(usize::from(part) - 1).unwrap_or(&"█")
}
