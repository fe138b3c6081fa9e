// SPDX-License-Identifier: GPL-2.0-only

//! How far the clocks of two nodes are apart.
//!
//! The clocks of a process go on from those of its home wherever it is. The source asks a few times and
//! believes the quickest answer. It counts the answer's way as no time at all: so the guest's clocks are
//! never behind those of home, and ahead by less than any journey takes.

use crate::{
    link::{
        lane::{
            Frame,
            Lane, //
        },
        Deadline, //
    },
    sys,
    task::clock::Ahead,
    wire::prepare::{
        Clock,
        ClockAsked, //
    },
};
use kernel::prelude::*;

/// How often the source asks.
pub(super) const ASKS: u64 = 4;

/// Milliseconds until an answer is late.
const ANSWER_MS: u32 = 10_000;

/// Compares the clocks.
pub(super) fn compare(lane: &Lane) -> Result<Ahead> {
    let mut best = (i64::MAX, Ahead::default());
    for seq in 1..=ASKS {
        let asked = sys::task::clocks();
        lane.say(seq, &ClockAsked {})?;
        let clock = lane.hear_message(Deadline::ms(ANSWER_MS), |clock: Clock| Ok(clock))?;
        let now = sys::task::clocks();
        let took = now.monotonic.wrapping_sub(asked.monotonic);
        if took < best.0 {
            best = (
                took,
                Ahead {
                    monotonic: now.monotonic.wrapping_sub(clock.monotonic),
                    boottime: now.boottime.wrapping_sub(clock.boottime),
                    realtime: now.realtime.wrapping_sub(clock.realtime),
                },
            );
        }
    }
    Ok(best.1)
}

/// Answers a source that compares.
pub(super) fn answer(lane: &Lane, asked: &Frame) -> Result {
    let now = sys::task::clocks();
    lane.say(
        asked.seq(),
        &Clock {
            monotonic: now.monotonic,
            boottime: now.boottime,
            realtime: now.realtime,
        },
    )
}
