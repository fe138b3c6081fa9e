// SPDX-License-Identifier: GPL-2.0-only
//! Programs that have the terminal for themselves: the loop of looking, drawing and keys.

use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use mosix::{Error, Result};
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// What to do after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on.
    Go,
    /// End the program.
    Quit,
}

/// What a program shows.
pub trait Screen {
    /// Look again at what is shown.
    fn refresh(&mut self);

    /// Take a key; the screen has `width` columns.
    fn key(&mut self, key: KeyCode, width: u16) -> Next;

    /// Draw all of it.
    fn draw(&self, frame: &mut Frame);
}

/// Show a screen until its user has seen enough; look again each `interval`.
pub fn run(screen: impl Screen, interval: Duration) -> Result<()> {
    let failed = |error| Error::io("terminal", error);
    if !io::stdout().is_terminal() {
        return Err(Error::Usage("standard output is no terminal; --once prints a table".into()));
    }
    let mut terminal = ratatui::try_init().map_err(failed)?;
    let done = show(screen, interval.max(Duration::from_millis(100)), &mut terminal);
    ratatui::restore();
    done.map_err(failed)
}

fn show(
    mut screen: impl Screen,
    interval: Duration,
    terminal: &mut ratatui::DefaultTerminal,
) -> io::Result<()> {
    let mut due = Instant::now() + interval;
    loop {
        terminal.draw(|frame| screen.draw(frame))?;
        if event::poll(due.saturating_duration_since(Instant::now()))? {
            if let Event::Key(key) = event::read()? {
                let stop = KeyModifiers::CONTROL;
                if key.code == KeyCode::Char('c') && key.modifiers.contains(stop) {
                    return Ok(());
                }
                let width = terminal.size()?.width;
                if key.kind == KeyEventKind::Press && screen.key(key.code, width) == Next::Quit {
                    return Ok(());
                }
            }
        } else {
            screen.refresh();
            due = Instant::now() + interval;
        }
    }
}

/// A rectangle of this size, or less, in the middle of another one.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

/// The style of a colour, unless the user wants none (`NO_COLOR`).
pub fn paint(colour: Color) -> Style {
    painted(colour, env::var_os("NO_COLOR").as_deref())
}

fn painted(colour: Color, no_color: Option<&OsStr>) -> Style {
    match no_color {
        Some(word) if !word.is_empty() => Style::new(),
        _ => Style::new().fg(colour),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_colours() {
        let green = Style::new().fg(Color::Green);
        assert_eq!(painted(Color::Green, None), green);
        assert_eq!(painted(Color::Green, Some(OsStr::new(""))), green);
        assert_eq!(painted(Color::Green, Some(OsStr::new("1"))), Style::new());
    }
}
