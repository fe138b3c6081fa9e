// SPDX-License-Identifier: GPL-2.0-only
//! What small clusters do, seed by seed.

use omsim::{Report, Setup, Strategy, Workload, draw, run};

fn setup(workload: Workload, strategy: Strategy, seed: u64) -> Setup {
    Setup {
        nodes: 10,
        jobs: 40,
        homes: 2,
        cpus: 1,
        work: 30.0,
        workload,
        strategy,
        crash: 0,
        warm_up: 30,
        limit: 3600,
        rate: 100_000_000,
        known: 256,
        seed,
    }
}

fn simulate(workload: Workload, strategy: Strategy, seed: u64) -> Report {
    run(&setup(workload, strategy, seed))
}

/// No job is forgotten, and no bound broken.
fn sound(report: &Report) {
    assert_eq!((report.ended, report.lost, report.left), (report.setup.jobs, 0, 0));
    assert!(report.makespan >= report.makespan_bound - 1e-3, "{report:?}");
    assert!(report.response >= report.response_bound - 1e-3, "{report:?}");
    assert!(report.slowdown >= 1.0 - 1e-6, "{report:?}");
    assert_eq!(report.false_alarms, 0);
}

#[test]
fn sixteen_equal_jobs_on_four_nodes() {
    for seed in 1..=5 {
        let setup = Setup {
            nodes: 4,
            jobs: 16,
            homes: 1,
            ..setup(Workload::Equal, Strategy::Openmosix, seed)
        };
        let report = run(&setup);
        sound(&report);
        assert!(report.makespan / report.makespan_bound < 1.15, "{}", report.makespan);
        assert!(report.all_busy.is_some_and(|seconds| seconds < 10.0), "{:?}", report.all_busy);
        assert!(report.moves < 2.0 && report.most_moves <= 4, "{}", report.moves);
    }
}

#[test]
fn two_nodes_are_soon_as_good_as_one_with_two_processors() {
    for seed in 1..=5 {
        let pair = |jobs, work| {
            let setup = Setup {
                nodes: 2,
                jobs,
                homes: 1,
                work,
                ..setup(Workload::Equal, Strategy::Openmosix, seed)
            };
            let report = run(&setup);
            sound(&report);
            report
        };
        // Nobody waits for an average to rise.
        let busy = pair(2, 10.0).all_busy;
        assert!(busy.is_some_and(|seconds| seconds < 2.5), "{busy:?}");
        // Nor until each of many has computed for long.
        let many = pair(16, 4.0);
        assert!(many.all_busy.is_some_and(|seconds| seconds < 3.5), "{:?}", many.all_busy);
        assert!(many.makespan / many.makespan_bound < 1.08, "{}", many.makespan);
        // Nobody is asked to take more than it takes.
        assert_eq!(many.refused, 0);
    }
}

#[test]
fn every_workload_is_near_its_bound() {
    for (workload, most) in [
        (Workload::Equal, 1.3),
        (Workload::Mixed, 1.7),
        (Workload::Arrivals, 1.1),
        (Workload::Speeds, 1.4),
        (Workload::Memory, 2.5),
    ] {
        for seed in 1..=3 {
            let report = simulate(workload, Strategy::Openmosix, seed);
            sound(&report);
            let ratio = report.makespan / report.makespan_bound;
            assert!(ratio < most, "{workload:?} {seed}: {ratio}");
            let greedy = simulate(workload, Strategy::Greedy, seed);
            assert!(report.makespan < greedy.makespan * 1.25, "{workload:?} {seed}");
            let none = simulate(workload, Strategy::None, seed);
            assert!(none.left > 0 || report.makespan < none.makespan);
        }
    }
}

#[test]
fn jobs_that_arrive_wait_less_than_with_any_blind_start() {
    for strategy in [Strategy::None, Strategy::RoundRobin, Strategy::Random] {
        let many = |strategy| {
            let setup = Setup { jobs: 300, ..setup(Workload::Arrivals, strategy, 1) };
            run(&setup).slowdown
        };
        assert!(many(Strategy::Openmosix) < many(strategy), "{strategy:?}");
    }
}

#[test]
fn memory_is_left_before_it_runs_out() {
    let ours = simulate(Workload::Memory, Strategy::Openmosix, 1);
    let perfect_for_processors = simulate(Workload::Memory, Strategy::Greedy, 1);
    assert!(ours.swapping * 20.0 < perfect_for_processors.swapping);
}

#[test]
fn crashed_nodes_are_noticed_and_take_nobody_else_with_them() {
    let setup =
        Setup { nodes: 40, jobs: 80, crash: 4, ..setup(Workload::Equal, Strategy::Openmosix, 1) };
    let report = run(&setup);
    assert_eq!(report.ended + report.lost, 80);
    assert!(report.lost > 0 && report.lost < 20, "{}", report.lost);
    assert_eq!(report.false_alarms, 0);
    let (half, all) = report.noticed.expect("nobody noticed");
    assert!(half < 15.0 && all < 25.0, "{half} {all}");
}

#[test]
fn what_a_node_sends_does_not_grow_with_the_cluster() {
    let bytes = |nodes| {
        let setup = Setup {
            nodes,
            jobs: nodes,
            work: 5.0,
            known: 64,
            ..setup(Workload::Equal, Strategy::Openmosix, 1)
        };
        run(&setup)
    };
    let (few, many) = (bytes(50), bytes(300));
    assert!(many.bytes < few.bytes * 1.2, "{} {}", few.bytes, many.bytes);
    assert!(many.most_bytes < 20_000.0, "{}", many.most_bytes);
    // And each of them knows a good part of what it has room for well.
    assert!(many.ages.fresh > 50.0 && few.ages.fresh > 40.0, "{:?}", many.ages);
}

#[test]
fn pictures_show_what_was_found() {
    let report = simulate(Workload::Equal, Strategy::Openmosix, 1);
    assert!(report.history.len() > 30);
    let svg = draw(&report);
    let points =
        |colour| svg.lines().find(|line| line.contains("polyline") && line.contains(colour));
    assert_eq!(points("#c33").unwrap().matches(',').count(), report.history.len());
}
