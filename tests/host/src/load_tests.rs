// SPDX-License-Identifier: GPL-2.0-only

//! Tests of `openmosix/load`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use crate::load::{
    memory::Trend,
    metric::STANDARD_SPEED,
    power::{exp2, fraction, log2_up, ONE},
    process::{Counters, Decay, Statistics, Usage},
    Average, Memory, Processors,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn powers_are_those_of_floating_point(x in 0..40 * ONE) {
        let exact = (x as f64 / ONE as f64).exp2();
        let ours = exp2(x) as f64 / ONE as f64;
        prop_assert!((ours / exact - 1.0).abs() < 1e-4, "{ours} {exact}");
    }

    #[test]
    fn powers_never_fall(x in 0..45 * ONE, y in 0..45 * ONE) {
        prop_assert!(exp2(x.min(y)) <= exp2(x.max(y)));
        prop_assert!(fraction(x.max(y)) <= fraction(x.min(y)));
    }

    #[test]
    fn an_average_is_between_its_samples(samples in prop::collection::vec((1..5_000_u64, 0..10_000_u32), 1..50)) {
        let mut average = Average::new(1_000);
        let mut now = 0;
        for (elapsed, sample) in &samples {
            now += elapsed;
            average.add(now, *sample);
        }
        let least = samples.iter().map(|(_, sample)| *sample).min().unwrap();
        let most = samples.iter().map(|(_, sample)| *sample).max().unwrap();
        prop_assert!((least.saturating_sub(1)..=most).contains(&average.get()));
    }

    #[test]
    fn what_a_process_finds_never_falls(cpus in 1..300_u16, speed in 1..100_000_u32, a in 0..1_000_000_u32, b in 0..1_000_000_u32) {
        let processors = Processors::new(cpus, speed);
        prop_assert!(processors.found(a.min(b)) <= processors.found(a.max(b)));
        prop_assert!(processors.load(a.min(b)) <= processors.load(a.max(b)));
        prop_assert!(processors.found(a) <= processors.load(a).saturating_add(1));
    }

    #[test]
    fn any_number_is_taken(cpus: u16, speed: u32, running: u32, free: u64, total: u64, now: u64) {
        let processors = Processors::new(cpus, speed);
        let _ = (processors.found(running), processors.load(running), processors.own(running));
        let memory = Memory { free, total, pressure: 0 };
        let mut trend = Trend::new();
        trend.foresee(total);
        trend.add(now, memory);
        trend.add(now.wrapping_add(1), memory);
        let _ = (trend.shortage(), memory.has_room(free));
        let counters = Counters { wanted_ms: now, cpu_ms: free, calls: total, bytes: total };
        let mut statistics = Statistics::new(0, Counters::default(), Decay::FAST);
        statistics.add(now, counters);
        prop_assert!(statistics.usage().share <= 1_000);
    }
}

#[test]
fn half_is_forgotten_in_the_half_life() {
    let mut average = Average::new(1_000);
    average.add(0, 1_000);
    average.add(1_000, 0);
    assert_eq!(average.get(), 500);
    // It does not matter how often it is looked at.
    let mut often = Average::new(1_000);
    often.add(0, 1_000);
    for ms in 1..=10 {
        often.add(100 * ms, 0);
    }
    assert!((499..=501).contains(&often.get()), "{}", often.get());
    average.raise(100);
    assert_eq!(average.get(), 600);
    average.lower(1_000);
    assert_eq!(average.get(), 0);
}

#[test]
fn loads_are_openmosix_units() {
    let standard = Processors::new(1, STANDARD_SPEED);
    assert_eq!(standard.load(100), 100);
    assert_eq!(Processors::new(1, 2 * STANDARD_SPEED).load(100), 50);
    assert_eq!(Processors::new(4, STANDARD_SPEED).load(200), 50);
    assert_eq!(Processors::new(64, STANDARD_SPEED).load(100), 1);
}

#[test]
fn a_node_with_four_processors_is_four_machines() {
    let four = Processors::new(4, STANDARD_SPEED);
    let found: Vec<u32> = (0..10).map(|n| four.found(100 * n)).collect();
    assert_eq!(found, [0, 0, 0, 0, 100, 100, 100, 100, 200, 200]);
    assert_eq!(four.found(350), 50);
}

fn free(mib: u64) -> Memory {
    Memory {
        free: mib << 20,
        total: 1_024 << 20,
        pressure: 0,
    }
}

#[test]
fn memory_is_short_before_it_is_gone() {
    let mut trend = Trend::new();
    trend.add(0, free(900));
    assert_eq!(trend.shortage(), 0);
    // 200 MiB a second: what is left lasts for less than four seconds.
    let short = (1..=4)
        .find(|second| {
            trend.add(1_000 * second, free(900 - 200 * second));
            trend.shortage() > 0
        })
        .expect("never short");
    assert!((2..=3).contains(&short), "{short}");
    // Standing still at little is no shortage, below the reserve it is.
    let mut still = Trend::new();
    still.add(0, free(70));
    still.add(1_000, free(70));
    assert_eq!(still.shortage(), 0);
    still.add(2_000, free(60));
    assert!(still.shortage() >= 4 << 20);
    // If somebody waits for memory it is short earlier; but he may wait for that of his own control group.
    let pressed = |left| {
        let mut trend = Trend::new();
        let memory = Memory {
            pressure: 200,
            ..free(left)
        };
        trend.add(0, memory);
        (trend.shortage() > 0, memory.has_room(100 << 20))
    };
    assert_eq!(pressed(200), (true, false));
    assert_eq!(pressed(300), (false, false));
    assert_eq!(pressed(500), (false, true));
    assert!(free(300).has_room(100 << 20));
}

#[test]
fn a_process_that_was_expected_is_no_trend() {
    let mut trend = Trend::new();
    trend.add(0, free(900));
    trend.foresee(600 << 20);
    trend.add(250, free(300));
    assert_eq!(trend.shortage(), 0);
    trend.add(500, free(200));
    assert!(trend.shortage() > 0);
}

#[test]
fn statistics_forget_at_their_pace() {
    let busy = |seconds: u64| Counters {
        wanted_ms: 1_000 * seconds,
        cpu_ms: 500 * seconds,
        calls: 10 * seconds,
        bytes: 0,
    };
    let usage = |decay| {
        let mut statistics = Statistics::new(0, Counters::default(), decay);
        for second in 1..=20 {
            statistics.add(1_000 * second, busy(second));
        }
        assert_eq!(statistics.usage().share, 1_000);
        assert!((19..=20).contains(&statistics.usage().calls));
        // It sleeps now.
        for second in 21..=40 {
            statistics.add(1_000 * second, busy(20));
        }
        statistics.usage().share
    };
    let (none, slow, fast) = (usage(Decay::NONE), usage(Decay::SLOW), usage(Decay::FAST));
    assert_eq!(none, 500);
    assert!(fast < slow && slow < none, "{fast} {slow} {none}");
    let mut cleared = Statistics::new(0, Counters::default(), Decay::SLOW);
    cleared.add(1_000, busy(1));
    cleared.clear();
    assert_eq!(cleared.usage(), Usage::default());
}

#[test]
fn logarithms_are_rounded_up() {
    assert_eq!(
        [0, 1, 2, 3, 4, 5, 1_024].map(log2_up),
        [0, 0, 1, 2, 2, 3, 10]
    );
}

#[test]
fn a_decay_of_its_own_has_bounds() {
    for (seconds, keep) in [
        (0, 900),
        (3_601, 900),
        (u32::MAX, 900),
        (5, 1_001),
        (5, 65_536 + 5),
    ] {
        assert_eq!(Decay::own(seconds, keep), None, "{seconds} {keep}");
    }
    for (seconds, keep) in [(1, 0), (5, 900), (3_600, 1_000)] {
        let own = Decay::own(seconds, keep).unwrap();
        assert_eq!(
            (own.interval_ms, u32::from(own.keep)),
            (1_000 * seconds, keep)
        );
    }
}

#[test]
fn statistics_forget_at_a_pace_of_their_own() {
    let calls = |own: Decay, idle_ms| {
        let counters = Counters {
            calls: 1_000,
            cpu_ms: 1_000,
            wanted_ms: 1_000,
            bytes: 0,
        };
        let mut statistics = Statistics::new(0, Counters::default(), own);
        statistics.add(0, counters);
        // CPU time without calls from here on: what is remembered of the calls shows in the rate.
        statistics.add(
            idle_ms,
            Counters {
                cpu_ms: 1_000 + idle_ms,
                ..counters
            },
        );
        statistics.usage().calls
    };
    let own = Decay::own(5, 500).unwrap();
    // Nothing is forgotten before the interval is over; then half is, each time.
    assert_eq!(calls(own, 4_000), 1_000 * 1_000 / 5_000);
    assert_eq!(calls(own, 5_000), 500 * 1_000 / 5_500);
    assert_eq!(calls(own, 10_000), 250 * 1_000 / 10_250);
    assert_eq!(calls(Decay::own(5, 0).unwrap(), 5_000), 0);
    assert_eq!(
        calls(Decay::own(5, 1_000).unwrap(), 5_000),
        1_000 * 1_000 / 6_000
    );
}
