// SPDX-License-Identifier: GPL-2.0-only

//! Files that the process maps, and that change.
//!
//! The guest's node has pages of them in memory. Home [watches](Watch) the files from before the process leaves
//! until it is back, whoever changes them and however. What was read before is stale then, and the guest hears of
//! it where it stands still: before it is answered, and before it goes on after a pause. So it never sees an old
//! page after it has heard of what came later, and no news are on their way when it leaves its node.
//!
//! Stores through a mapping make no news. A process comes home from a file to which somebody may store: to one that
//! it maps shared when that is opened for writing, to one that it maps privately when somebody maps it writable.

use super::Deputy;
use crate::{
    link::{
        lane::Frame,
        Deadline,
        Wait, //
    },
    sys::{
        machine::now_ms,
        watch::{
            Area,
            Watch, //
        },
    },
    wire::life::Stale,
};
use core::sync::atomic::Ordering;
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// Milliseconds that a guest that computes has between news. What it reads meanwhile, it may use: were a file
/// changed all the time, it would not get on otherwise.
const PACE_MS: u64 = 50;

/// Milliseconds after which a process is called home again that could not come.
const AGAIN_MS: u64 = 500;

impl Deputy {
    /// The files that the process maps.
    pub(crate) fn files(&self) -> &Arc<Watch> {
        &self.files
    }

    /// Is it time to interrupt a guest that computes, because of a file?
    pub(super) fn has_due_news(&self) -> bool {
        let passed = now_ms().saturating_sub(self.told_ms.load(Ordering::Relaxed));
        (self.files.has_news() && passed >= PACE_MS)
            || (self.is_called_by_file() && passed >= AGAIN_MS)
    }

    /// Waits for the next frame, or for news that are due; a signal and a kick end that, too.
    pub(super) fn hear_or_news(&self, patience_ms: u32) -> Result<Option<Frame>> {
        // Those that are here are not due yet.
        let early = self.files.has_news();
        let shorter = early && PACE_MS < u64::from(patience_ms);
        let deadline = Deadline::ms(if shorter { PACE_MS as u32 } else { patience_ms });
        let news = || !early && self.files.has_news();
        let woken = self.files.during(|| {
            let channel = self.lane.channel();
            channel.wait(Wait::Interruptible, deadline, news)
        });
        match woken {
            Ok(()) if news() => Ok(None),
            Ok(()) => self.lane.hear(Wait::Interruptible, deadline).map(Some),
            Err(error) if error == ETIMEDOUT && shorter => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells a guest that stands still what of its memory is stale, and looks whether the process has to come home
    /// because of a file.
    #[inline(never)]
    pub(super) fn tell_news(&self) -> Result {
        if !self.files.take() {
            return Ok(());
        }
        let mut calls_home = false;
        self.each_area(|area| {
            calls_home |= area.stay != 0;
            if !area.changed {
                return Ok(());
            }
            self.lane.say(
                0,
                &Stale {
                    start: area.start as u64,
                    len: (area.end - area.start) as u64,
                    kept: area.kept as u64,
                },
            )
        })?;
        self.told_ms.store(now_ms(), Ordering::Relaxed);
        self.file_calls.store(calls_home, Ordering::Relaxed);
        Ok(())
    }

    /// Looks whether the process has to come home because of a file that is open for writing: nobody tells when
    /// that is mapped.
    pub(super) fn look_at_files(&self) -> Result {
        if !self.files.is_open() {
            return Ok(());
        }
        self.each_area(|area| {
            if area.stay != 0 {
                self.file_calls.store(true, Ordering::Relaxed);
            }
            Ok(())
        })
    }

    /// Cuts off at home what the guest had of files that became shorter, and did not hear of: it has come home.
    #[inline(never)]
    pub(super) fn heed_news(&self) -> Result {
        if !self.files.take() {
            return Ok(());
        }
        self.each_area(|area| {
            let (kept, len) = (area.kept, area.end - area.start);
            if area.changed && kept < len {
                self.mm()
                    .cut((area.start + kept) as u64, (len - kept) as u64);
            }
            Ok(())
        })
    }

    /// Has the process to come home because of a file, as it was when last looked at?
    pub(super) fn is_called_by_file(&self) -> bool {
        self.file_calls.load(Ordering::Relaxed)
    }

    /// Goes through the mappings to whose files something had happened by the last [`Watch::take`], or to which
    /// somebody may store.
    fn each_area(&self, mut heed: impl FnMut(&Area) -> Result) -> Result {
        let mut from = 0;
        while let Some(area) = self.files.next(self.mm(), from) {
            heed(&area)?;
            from = area.end as u64;
        }
        Ok(())
    }
}
