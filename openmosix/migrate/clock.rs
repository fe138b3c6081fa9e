// SPDX-License-Identifier: GPL-2.0-only

//! How far the clocks of two nodes are apart.
//!
//! The clocks of a process go on from those of its home wherever it is. The source asks a few times and
//! believes the quickest answer, of which it takes both ways to be as long. So the guest's clocks are never
//! off by as much as a journey takes: who asks here and then at home sees time go on.

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
pub(super) const ASKS: u64 = 8;

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
        let between = |before: i64, after: i64| before.wrapping_add(after.wrapping_sub(before) / 2);
        if took < best.0 {
            best = (
                took,
                Ahead {
                    monotonic: between(asked.monotonic, now.monotonic)
                        .wrapping_sub(clock.monotonic),
                    boottime: between(asked.boottime, now.boottime).wrapping_sub(clock.boottime),
                    realtime: between(asked.realtime, now.realtime).wrapping_sub(clock.realtime),
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
