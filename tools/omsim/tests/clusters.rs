// SPDX-License-Identifier: GPL-2.0-only
//! What small clusters do, seed by seed.

use omsim::{Churn, Report, Setup, Strategy, Workload, draw, run};

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
        churn: Churn::default(),
        loss: 0.0,
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
    let (half, all) = report.noticed;
    let (half, all) = (half.expect("nobody noticed"), all.expect("not all noticed"));
    assert!(half < 15.0 && all < 25.0, "{half} {all}");
}

/// Forty nodes with room for all, half of which are homes: half of the jobs are away.
fn coming_and_going(churn: Churn, seed: u64) -> Report {
    let report = run(&Setup {
        nodes: 40,
        jobs: 160,
        homes: 20,
        churn,
        ..setup(Workload::Equal, Strategy::Openmosix, seed)
    });
    assert_eq!((report.ended + report.lost, report.left), (160, 0));
    assert_eq!((report.astray, report.false_alarms), (0, 0), "{:?}", report.turnover);
    report
}

#[test]
fn who_leaves_in_order_takes_nobody_along() {
    for seed in 1..=3 {
        let report = coming_and_going(Churn { leaves: 6.0, ..Churn::default() }, seed);
        let it = &report.turnover;
        assert!(it.told >= 5 && it.leaving.count >= 5, "{it:?}");
        assert_eq!((it.joined, it.crashed, report.lost), (0, 0, 0), "{it:?}");
        // Guests are sent on, and all get to know, without a doubt.
        assert_eq!((it.leaving.missing, it.leave_known.missing, it.mistaken), (0, 0, 0), "{it:?}");
        assert!(it.leaving.most < 30.0 && it.leave_known.most < 15.0, "{it:?}");
    }
}

#[test]
fn who_joins_is_soon_known_and_has_work() {
    for seed in 1..=3 {
        let report = coming_and_going(Churn { joins: 6.0, ..Churn::default() }, seed);
        let it = &report.turnover;
        assert!(it.joined >= 5, "{it:?}");
        assert_eq!((it.told, it.crashed, report.lost), (0, 0, 0), "{it:?}");
        assert_eq!(it.join_known.missing, 0, "{it:?}");
        assert!(it.join_known.most < 8.0, "{it:?}");
        // All but those that come at the end.
        assert!(it.working.count * 2 > it.joined && it.working.most < 10.0, "{it:?}");
    }
}

#[test]
fn crashes_are_noticed_by_all_one_by_one() {
    for seed in 1..=3 {
        let report = coming_and_going(Churn { crashes: 6.0, ..Churn::default() }, seed);
        let it = &report.turnover;
        assert!(it.crashed >= 5 && report.lost > 0, "{it:?}");
        assert_eq!(it.crash_known.count, it.crashed, "{it:?}");
        assert!(it.crash_mostly.mean <= it.crash_known.mean, "{it:?}");
        assert!(it.crash_known.mean > 4.0 && it.crash_known.most < 40.0, "{it:?}");
    }
}

#[test]
fn all_of_it_at_once_loses_only_what_ran_on_crashed_nodes() {
    for seed in 1..=3 {
        let churn = Churn { joins: 8.0, leaves: 4.0, crashes: 4.0 };
        let report = coming_and_going(churn, seed);
        let it = &report.turnover;
        assert!(it.joined > 3 && it.told > 1 && it.crashed > 1, "{it:?}");
        assert!(report.lost > 0 && report.lost < 100, "{}", report.lost);
        assert!(report.makespan >= report.makespan_bound - 1e-3, "{report:?}");
    }
}

#[test]
fn without_news_of_them_nobody_is_known_to_have_come_or_gone() {
    // The tests above would see it: no message arrives.
    let churn = Churn { joins: 6.0, ..Churn::default() };
    let report = run(&Setup {
        churn,
        loss: 100.0,
        limit: 120,
        ..setup(Workload::Equal, Strategy::Openmosix, 1)
    });
    let it = &report.turnover;
    assert!(it.joined > 3 && it.join_known.count == 0, "{it:?}");
    // And if nine of ten get lost, nodes are taken for lost.
    let report = run(&Setup { loss: 90.0, ..setup(Workload::Equal, Strategy::Openmosix, 1) });
    assert!(report.false_alarms > 0);
}

#[test]
fn churn_changes_nothing_before_it_begins() {
    let still = simulate(Workload::Equal, Strategy::Openmosix, 1);
    let slow = Churn { crashes: 1e-9, ..Churn::default() };
    let report = run(&Setup { churn: slow, ..setup(Workload::Equal, Strategy::Openmosix, 1) });
    assert_eq!((report.makespan, report.bytes), (still.makespan, still.bytes));
    assert_eq!(report.turnover, still.turnover);
}

#[test]
fn jobs_start_on_nodes_that_are_there() {
    let churn = Churn { leaves: 6.0, joins: 6.0, ..Churn::default() };
    for strategy in [Strategy::RoundRobin, Strategy::Random, Strategy::Greedy, Strategy::None] {
        let setup = Setup { jobs: 100, churn, ..setup(Workload::Arrivals, strategy, 1) };
        let report = run(&setup);
        assert_eq!((report.ended, report.lost, report.left), (100, 0, 0), "{strategy:?}");
        assert!(report.turnover.joined > 3, "{:?}", report.turnover);
    }
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
