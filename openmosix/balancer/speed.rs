// SPDX-License-Identifier: GPL-2.0-only

//! How fast a processor of this machine is.

use core::hint::black_box;

use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};

use crate::{
    load::metric::STANDARD_SPEED,
    sys::task, //
};

/// Steps that a standard processor makes in a millisecond.
const STANDARD_STEPS: u64 = 400_000;

/// Steps between two looks at the clock.
const BATCH: u64 = 20_000;

/// Nanoseconds of CPU time of one attempt: a period of whatever shares processors between virtual machines.
const LONG_NS: u64 = 100_000_000;

/// Attempts, the best of which counts: the others were disturbed.
const ATTEMPTS: usize = 4;

/// The speed as it was measured last; 0 if it was not.
static SPEED: Atomic<u32> = Atomic::new(0);

/// The speed as it was measured last, or now if it was not.
pub(crate) fn measured() -> u32 {
    match SPEED.load(Relaxed) {
        0 => measure(),
        speed => speed,
    }
}

/// Measures the speed, which may have changed: a virtual machine can get more or less of its processors. It takes the
/// CPU time of all attempts. If two measure at once, the last one counts.
pub(crate) fn measure() -> u32 {
    let best = (0..ATTEMPTS).map(|_| attempt()).max();
    let speed = best.unwrap_or(STANDARD_SPEED);
    SPEED.store(speed, Relaxed);
    speed
}

/// Each step depends on the one before, so that this is the speed of a program that is not written for this processor.
fn attempt() -> u32 {
    let current = task::current();
    let begin = task::cpu_time(&current);
    let mut steps = 0_u64;
    let mut state = black_box(1_u64);
    loop {
        for _ in 0..BATCH {
            state ^= state >> 30;
            state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        }
        state = black_box(state);
        steps += BATCH;
        let spent_ns = task::cpu_time(&current).saturating_sub(begin);
        if spent_ns >= LONG_NS {
            let per_ms = steps.saturating_mul(1_000_000) / spent_ns;
            let speed = per_ms.saturating_mul(STANDARD_SPEED.into()) / STANDARD_STEPS;
            return u32::try_from(speed.max(1)).unwrap_or(u32::MAX);
        }
    }
}
