// SPDX-License-Identifier: GPL-2.0-only

//! The cost function.

use crate::{
    balance::{
        cost::{talk, travel, travel_ms, Cost, Demand, Place, Scale},
        view::Path,
    },
    load::{metric::STANDARD_SPEED, process::Usage, Memory, Processors},
};
use proptest::prelude::*;

const GIB: u64 = 1 << 30;

fn place(cpus: u16, speed: u32, running: u32, free: u64) -> Place {
    Place {
        processors: Processors::new(cpus, speed),
        running,
        memory: Memory {
            free: free.min(8 * GIB),
            total: 8 * GIB,
            pressure: 0,
        },
    }
}

fn demand(share: u32, resident: u64, delay: u64) -> Demand {
    Demand {
        share,
        resident,
        delay,
    }
}

/// The cost of a process that computes on a standard processor where so many run, in a cluster of so many nodes.
fn alone(greatest: u32, running: u32) -> Cost {
    Scale::new(10, greatest).cost(&place(1, STANDARD_SPEED, running, 8 * GIB), &Demand::PLAIN)
}

proptest! {
    #[test]
    fn more_never_costs_less(
        nodes in 1..20_000_usize,
        greatest in 0..100_000_u32,
        cpus in 1..64_u16,
        speed in 1_000..100_000_u32,
        running in (0..20_000_u32, 0..20_000_u32),
        free in (0..8 * GIB, 0..8 * GIB),
        share in (0..=100_u32, 0..=100_u32),
        resident in (0..16 * GIB, 0..16 * GIB),
        delay in (0..100_000_u64, 0..100_000_u64),
    ) {
        let scale = Scale::new(nodes, greatest);
        let small = demand(share.0.min(share.1), resident.0.min(resident.1), delay.0.min(delay.1));
        let large = demand(share.0.max(share.1), resident.0.max(resident.1), delay.0.max(delay.1));
        let calm = place(cpus, speed, running.0.min(running.1), free.0.max(free.1));
        let busy = place(cpus, speed, running.0.max(running.1), free.0.min(free.1));
        prop_assert!(scale.cost(&calm, &small) <= scale.cost(&calm, &large));
        prop_assert!(scale.cost(&busy, &small) <= scale.cost(&busy, &large));
        prop_assert!(scale.cost(&calm, &small) <= scale.cost(&busy, &small));
        prop_assert!(scale.cost(&calm, &large) <= scale.cost(&busy, &large));
        let faster = place(cpus, speed.saturating_mul(2), calm.running, calm.memory.free);
        prop_assert!(scale.cost(&faster, &small) <= scale.cost(&calm, &small));
    }

    #[test]
    fn any_number_is_taken(nodes: usize, greatest: u32, cpus: u16, speed: u32, running: u32, free: u64, total: u64,
                           share: u32, resident: u64, delay: u64, calls: u64, rtt: u64, rate: u64) {
        let scale = Scale::new(nodes, greatest);
        let place = Place {
            processors: Processors::new(cpus, speed),
            running,
            memory: Memory { free, total, pressure: 0 },
        };
        let _ = scale.cost(&place, &demand(share, resident, delay));
        let path = Path { round_trip_us: rtt, rate };
        let usage = Usage { share, calls, bytes: calls };
        let _ = (talk(&usage, path), travel(travel_ms(resident, path), calls));
    }
}

#[test]
fn each_process_before_costs_more_than_the_last() {
    let costs: Vec<Cost> = (0..8).map(|n| alone(800, 100 * n)).collect();
    let steps: Vec<Cost> = costs.windows(2).map(|two| two[1].above(two[0])).collect();
    assert!(steps.windows(2).all(|two| two[0] < two[1]), "{steps:?}");
}

#[test]
fn a_delay_of_one_process_costs_as_much_as_a_process() {
    let scale = Scale::new(10, 400);
    let waiting = scale.cost(&place(1, STANDARD_SPEED, 100, 8 * GIB), &demand(100, 0, 0));
    let talking = scale.cost(&place(1, STANDARD_SPEED, 0, 8 * GIB), &demand(100, 0, 100));
    // The one who waits pays for the other one, too.
    assert!(waiting < talking);
    assert!(talking < scale.cost(&place(1, STANDARD_SPEED, 200, 8 * GIB), &demand(100, 0, 0)));
}

#[test]
fn full_memory_outweighs_an_idle_processor() {
    let scale = Scale::new(10, 200);
    let big = demand(100, 2 * GIB, 0);
    let full = scale.cost(&place(1, STANDARD_SPEED, 0, GIB / 8), &big);
    let busy = scale.cost(&place(1, STANDARD_SPEED, 100, 6 * GIB), &big);
    assert!(busy < full, "{busy} {full}");
}

#[test]
fn memory_has_a_price_when_it_is_scarce() {
    let scale = Scale::new(10, 200);
    let cost = |free, resident| {
        scale.cost(
            &place(1, STANDARD_SPEED, 0, free),
            &demand(100, resident, 0),
        )
    };
    assert_eq!(cost(8 * GIB, 2 * GIB), cost(8 * GIB, 0));
    let costs: Vec<Cost> = [5, 4, 3, 2].map(|free| cost(free * GIB, GIB)).to_vec();
    assert!(costs.is_sorted() && costs[1] < costs[2], "{costs:?}");
}

#[test]
fn talking_and_travelling_are_loads() {
    let path = Path {
        round_trip_us: 200,
        rate: 100_000_000,
    };
    let usage = Usage {
        share: 1_000,
        calls: 1_000,
        bytes: 10_000_000,
    };
    // A fifth of a second of waiting, and a tenth of sending.
    assert_eq!(talk(&usage, path), 20 + 10);
    assert_eq!(travel_ms(100_000_000, path), 20 + 1 + 1_000);
    assert_eq!(travel(1_000, 10_000), 10);
    assert_eq!(travel(1_000, 0), 100_000);
}

#[test]
fn costs_can_be_read() {
    assert_eq!(alone(100, 0).to_string(), "63.00");
    assert_eq!(alone(100, 100_000).to_string(), "beyond measure");
    assert_eq!(alone(100, 100).above(alone(100, 0)).to_string(), "3969.00");
}
