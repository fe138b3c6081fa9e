// SPDX-License-Identifier: GPL-2.0-only

//! How the last move of a process went: what `/proc/PID/migration` shows.

use crate::sys::mm::PAGE;
use core::fmt;
use kernel::time::{
    Instant,
    Monotonic, //
};

/// The steps of a move, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing has been tried.
    #[default]
    None,
    /// Asking the target.
    Prepare,
    /// Sending the image.
    Copy,
    /// Handing over.
    Commit,
    /// All went well.
    Done,
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Prepare => "prepare",
            Self::Copy => "copy",
            Self::Commit => "commit",
            Self::Done => "done",
        }
    }
}

/// A move.
#[derive(Clone, Copy, Default)]
pub(crate) struct Record {
    /// Number of the move.
    pub(crate) epoch: u32,
    /// Node it left; 0 is home.
    pub(crate) from: u16,
    /// Node it went to; 0 is home.
    pub(crate) to: u16,
    /// How far it came.
    pub(crate) stage: Stage,
    /// Why it failed, if it did.
    pub(crate) reason: Option<&'static str>,
    /// Pages sent.
    pub(crate) pages: u64,
    /// Microseconds from the beginning until the end of each step.
    prepare_us: i64,
    copy_us: i64,
    commit_us: i64,
}

impl Record {
    fn bytes(&self) -> u64 {
        self.pages.saturating_mul(PAGE as u64)
    }

    /// How many bytes were sent, and in how many microseconds.
    pub(crate) fn copied(&self) -> (u64, u64) {
        (self.bytes(), u64::try_from(self.copy_us).unwrap_or(0))
    }
}

impl kernel::fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = match (self.stage, self.reason) {
            (Stage::None, _) => "none",
            (Stage::Done, _) => "ok",
            (_, Some(_)) => "failed",
            _ => "running",
        };
        writeln!(f, "epoch: {}", self.epoch)?;
        writeln!(f, "from: {}", self.from)?;
        writeln!(f, "to: {}", self.to)?;
        writeln!(f, "stage: {}", self.stage.name())?;
        writeln!(f, "result: {result}")?;
        writeln!(f, "reason: {}", self.reason.unwrap_or(""))?;
        writeln!(f, "pages: {}", self.pages)?;
        writeln!(f, "bytes: {}", self.bytes())?;
        writeln!(f, "prepare_us: {}", self.prepare_us)?;
        writeln!(f, "copy_us: {}", self.copy_us)?;
        writeln!(f, "commit_us: {}", self.commit_us)?;
        // It goes on while its target is asked, and stands still from then on.
        let freeze = self.copy_us + self.commit_us;
        writeln!(f, "freeze_us: {freeze}")?;
        writeln!(f, "total_us: {}", self.prepare_us + freeze)
    }
}

/// Times a move.
#[derive(Clone)]
pub(crate) struct Timer {
    record: Record,
    since: Instant<Monotonic>,
}

impl Timer {
    /// A move begins.
    pub(crate) fn start(epoch: u32, from: u16, to: u16) -> Self {
        Self {
            record: Record {
                epoch,
                from,
                to,
                stage: Stage::Prepare,
                ..Record::default()
            },
            since: Instant::now(),
        }
    }

    /// The same move, but from another node: the process has moved meanwhile.
    pub(crate) fn from(mut self, node: u16) -> Self {
        self.record.from = node;
        self
    }

    /// The next step begins.
    pub(crate) fn enter(&mut self, stage: Stage) {
        let us = self.since.elapsed().as_micros_ceil();
        match self.record.stage {
            Stage::Prepare => self.record.prepare_us = us,
            Stage::Copy => self.record.copy_us = us,
            Stage::Commit => self.record.commit_us = us,
            Stage::None | Stage::Done => {}
        }
        self.record.stage = stage;
        self.since = Instant::now();
    }

    /// Pages were sent.
    pub(crate) fn add_pages(&mut self, pages: u64) {
        self.record.pages += pages;
    }

    /// The move, as far as it is.
    pub(crate) fn record(&self) -> Record {
        self.record
    }

    /// The move is done.
    pub(crate) fn done(mut self) -> Record {
        self.enter(Stage::Done);
        self.record
    }

    /// The move failed in the step it is in.
    pub(crate) fn failed(mut self, reason: &'static str) -> Record {
        let stage = self.record.stage;
        self.enter(stage);
        self.record.reason = Some(reason);
        self.record
    }
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kernel::macros::kunit_tests(openmosix_record)]
mod tests {
    use super::*;
    use kernel::{
        prelude::*,
        str::CString, //
    };

    fn has(record: Record, line: &str) -> Result<bool> {
        let text = CString::try_from_fmt(fmt!("{record}"))?;
        Ok(text.to_str()?.lines().any(|l| l == line))
    }

    #[test]
    fn a_move_that_goes_well() -> Result {
        let mut timer = Timer::start(7, 1, 2);
        assert!(has(timer.record(), "result: running")?);
        timer.enter(Stage::Copy);
        timer.add_pages(3);
        timer.add_pages(4);
        assert!(has(timer.record(), "stage: copy")?);
        timer.enter(Stage::Commit);
        assert!(has(timer.record(), "result: running")?);
        let record = timer.done();
        for line in [
            "epoch: 7",
            "from: 1",
            "to: 2",
            "result: ok",
            "reason: ",
            "pages: 7",
            "bytes: 28672",
        ] {
            assert!(has(record, line)?);
        }
        Ok(())
    }

    #[test]
    fn a_move_that_fails() -> Result {
        let mut timer = Timer::start(8, 1, 2);
        timer.enter(Stage::Copy);
        let record = timer.failed("not enough memory");
        assert!(has(record, "stage: copy")?);
        assert!(has(record, "result: failed")?);
        assert!(has(record, "reason: not enough memory")?);
        assert!(has(Record::default(), "result: none")?);
        Ok(())
    }
}
