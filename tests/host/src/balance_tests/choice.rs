// SPDX-License-Identifier: GPL-2.0-only

//! Where processes go, and where they do not.

use super::cluster::{candidates, id, loaded, process, sample, Cluster, GIB};
use crate::{
    balance::{
        decision::{Candidate, Decision, Process, Why},
        rules::{Kind, Limits, Mask, Policy, Rules, Running, Scope},
        vector::Status,
        view::Path,
    },
    load::{metric::STANDARD_SPEED, process::Usage, Processors},
};

/// What node 1 decides for one process of its own among so many, with `others` idle nodes.
fn decide(running: u32, others: usize, process: Process<'_>) -> Decision {
    let mut cluster = loaded(running, others);
    let now = cluster.now;
    cluster.node(1).choose_one(now, &process)
}

#[test]
fn a_process_leaves_a_crowd() {
    let decision = decide(8, 3, process(1, 1));
    assert_eq!(decision.why, Why::Balance);
    assert!(decision.to.is_some_and(|to| (2..=4).contains(&to.get())));
}

#[test]
fn a_process_alone_stays() {
    let decision = decide(1, 3, process(1, 1));
    assert_eq!((decision.to, decision.why), (None, Why::Best));
}

#[test]
fn a_difference_of_one_moves_nobody_and_of_two_does() {
    for (here, there, moves) in [(2, 1, false), (3, 1, true), (8, 7, false), (9, 7, true)] {
        let mut cluster = loaded(here, 1);
        cluster.tell(1, 2, |it| {
            it.edition.version += 1;
            it.running = 100 * there;
        });
        let now = cluster.now;
        let decision = cluster.node(1).choose_one(now, &process(1, 1));
        assert_eq!(decision.to.is_some(), moves, "{here} {there}: {decision}");
    }
}

#[test]
fn what_others_say_is_doubted_a_little() {
    // An average of 0.8 may be one process that has just begun.
    let mut cluster = loaded(2, 1);
    cluster.tell(1, 2, |it| {
        it.edition.version += 1;
        it.running = 80;
    });
    let now = cluster.now;
    assert_eq!(cluster.node(1).choose_one(now, &process(1, 1)).to, None);
}

#[test]
fn a_hopeless_node_keeps_nobody_else_from_moving() {
    let mut cluster = loaded(3, 2);
    cluster.tell(1, 2, |it| {
        it.edition.version += 1;
        it.running = 100_000;
    });
    let now = cluster.now;
    assert_eq!(
        cluster.node(1).choose_one(now, &process(1, 1)).to,
        Some(id(3))
    );
}

#[test]
fn a_fast_node_is_worth_a_move_and_a_slow_one_is_not() {
    for (speed, moves) in [(2 * STANDARD_SPEED, true), (STANDARD_SPEED / 2, false)] {
        let mut cluster = loaded(1, 1);
        cluster.tell(1, 2, |it| {
            it.edition.version += 1;
            it.processors = Processors::new(1, speed);
        });
        let now = cluster.now;
        let decision = cluster.node(1).choose_one(now, &process(1, 1));
        assert_eq!(decision.to.is_some(), moves, "{speed}: {decision}");
    }
}

#[test]
fn nobody_leaves_processors_that_are_free() {
    let mut cluster = loaded(4, 3);
    cluster.node(1).own.processors = Processors::new(4, STANDARD_SPEED);
    let now = cluster.now;
    assert_eq!(cluster.node(1).choose(now, &mut candidates(4, 1)), 0);
    cluster.node(1).own.sample(now + 60_000, &sample(5));
    assert_eq!(cluster.node(1).choose(now, &mut candidates(5, 1)), 1);
}

#[test]
fn the_young_and_those_that_just_came_stay() {
    let young = Process {
        cpu_ms: 99,
        ..process(1, 1)
    };
    assert_eq!(decide(8, 3, young).why, Why::Young);
    let new = Process {
        age_ms: 40_000,
        settled_ms: 9_000,
        ..process(1, 1)
    };
    assert_eq!(decide(8, 3, new).why, Why::Settling);
    let old = Process {
        settled_ms: 10_000,
        ..new
    };
    assert_eq!(decide(8, 3, old).why, Why::Balance);
}

#[test]
fn a_large_process_moves_when_it_is_old_enough() {
    let large = |cpu_ms| Process {
        cpu_ms,
        resident: GIB,
        ..process(1, 1)
    };
    // Eleven seconds of sending are too much for one second of life, and little for an hour.
    assert_eq!(decide(3, 3, large(1_000)).to, None);
    assert_eq!(decide(3, 3, large(3_600_000)).why, Why::Balance);
}

#[test]
fn who_talks_to_its_home_all_the_time_stays_there() {
    let talker = |calls, kind| Process {
        usage: Usage {
            share: 1_000,
            calls,
            bytes: 0,
        },
        rules: Rules {
            kind,
            ..Rules::default()
        },
        ..process(1, 1)
    };
    let decide = |calls, rtt, kind| {
        let mut cluster = loaded(3, 2);
        let now = cluster.now;
        for node in [2, 3] {
            let path = Path {
                round_trip_us: rtt,
                rate: 100_000_000,
            };
            cluster.node(1).measured(id(node), path);
        }
        cluster
            .node(1)
            .choose_one(now, &talker(calls, kind))
            .to
            .is_some()
    };
    assert!(decide(100, 200, Kind::Measured));
    assert!(!decide(20_000, 200, Kind::Measured));
    assert!(decide(20_000, 5, Kind::Measured));
    assert!(decide(20_000, 200, Kind::Cpu));
    assert!(!decide(0, 200, Kind::Io));
}

#[test]
fn locks_and_switches_are_obeyed() {
    let with = |rules| Process {
        rules,
        ..process(1, 1)
    };
    let locked = with(Rules {
        locked: true,
        ..Rules::default()
    });
    assert_eq!(decide(8, 3, locked).why, Why::Locked);
    let ordered = with(Rules {
        ordered: true,
        ..Rules::default()
    });
    assert_eq!(decide(8, 3, ordered).why, Why::Ordered);
    let stays = with(Rules {
        stays: true,
        ..Rules::default()
    });
    assert_eq!(decide(8, 3, stays).why, Why::Cannot);
    for switch in [Status::STAY, Status::LSTAY] {
        let mut cluster = loaded(8, 3);
        let (now, status) = (cluster.now, cluster.node(1).own.status);
        cluster.node(1).own.status = status.with(switch, true);
        assert_eq!(
            cluster.node(1).choose_one(now, &process(1, 1)).why,
            Why::Stay
        );
    }
    let mut cluster = loaded(8, 3);
    for node in 2..=4 {
        cluster.tell(1, node, |it| {
            it.edition.version += 1;
            it.status = it.status.with(Status::BLOCK, true);
        });
    }
    let now = cluster.now;
    assert_eq!(
        cluster.node(1).choose_one(now, &process(1, 1)).why,
        Why::Nowhere
    );
}

#[test]
fn guests_of_a_node_that_says_stay_do_not_leave_it() {
    for (switch, stays) in [(Status::STAY, true), (Status::LSTAY, false)] {
        let mut cluster = loaded(0, 2);
        cluster.tell(1, 2, |it| {
            it.edition.version += 1;
            it.running = 800;
            it.status = it.status.with(switch, true);
        });
        let now = cluster.now;
        let decision = cluster.node(1).choose_one(now, &process(1, 2));
        assert_eq!(decision.to.is_none(), stays, "{decision}");
    }
}

#[test]
fn masks_are_obeyed() {
    // Nodes 3 and 5, and node 70.
    let nodes = [0b1_0100, 1 << (70 - 65)];
    let masked = |policy| Process {
        rules: Rules {
            mask: Some(Mask {
                policy,
                nodes: &nodes,
            }),
            ..Rules::default()
        },
        ..process(1, 1)
    };
    for seed in 0..20 {
        let mut cluster = loaded(8, 80);
        cluster.node(1).random = crate::balance::random::Random::new(seed);
        let now = cluster.now;
        let to = cluster.node(1).choose_one(now, &masked(Policy::Allow)).to;
        assert!([3, 5, 70].contains(&to.unwrap().get()));
        let to = cluster.node(1).choose_one(now, &masked(Policy::Deny)).to;
        assert!(![3, 5, 70].contains(&to.unwrap().get()));
    }
    // Home is always allowed.
    let mut cluster = loaded(0, 2);
    cluster.tell(1, 2, |it| {
        it.edition.version += 1;
        it.running = 400;
    });
    let nowhere = Mask {
        policy: Policy::Allow,
        nodes: &[],
    };
    let mut away = process(1, 2);
    away.rules.mask = Some(nowhere);
    let now = cluster.now;
    assert_eq!(cluster.node(1).choose_one(now, &away).to, Some(id(1)));
}

#[test]
fn nobody_asks_a_node_whose_limits_keep_the_process_out() {
    let goes = |limits: Limits, running: Running, guests: u16| {
        let mut cluster = loaded(8, 1);
        cluster.tell(1, 2, |it| {
            it.edition.version += 1;
            it.running = running.of(Scope::All);
            it.running_guests = running.guests;
            it.guests = guests;
            it.limits = limits;
        });
        let now = cluster.now;
        let decision = cluster.node(1).choose_one(now, &process(1, 1));
        assert!(decision.to.is_some() || decision.why == Why::Nowhere);
        decision.to.is_some()
    };
    let one = |local: u32, guests: u32| Running {
        local: 100 * local,
        guests: 100 * guests,
    };
    let load = |load, load_scope| Limits {
        load,
        load_scope,
        ..Limits::NONE
    };
    let all = load(150, Scope::All);
    assert!(goes(all, one(0, 0), 0));
    assert!(!goes(all, one(1, 0), 0) && !goes(all, one(0, 1), 1));
    let guests = load(150, Scope::Guests);
    assert!(goes(guests, one(1, 0), 0) && !goes(guests, one(0, 1), 1));
    // What is too much of the node's own is no matter of guests.
    assert!(goes(load(50, Scope::Local), one(1, 0), 0));
    let cpu = Limits {
        cpu: 150,
        ..Limits::NONE
    };
    assert!(goes(cpu, one(0, 0), 0) && !goes(cpu, one(1, 0), 0));
    let few = Limits {
        guests: 2,
        ..Limits::NONE
    };
    assert!(goes(few, one(0, 0), 1) && !goes(few, one(0, 0), 2));
    assert!(goes(Limits::NONE, one(0, 0), 63) && !goes(Limits::NONE, one(0, 0), 64));
}

#[test]
fn limits_count_what_was_sent_and_not_told_of_yet() {
    let mut cluster = loaded(16, 1);
    cluster.tell(1, 2, |it| {
        it.edition.version += 1;
        it.processors = Processors::new(4, STANDARD_SPEED);
        it.limits.guests = 2;
    });
    let now = cluster.now;
    let mut jobs = candidates(16, 1);
    let mut sent = |cluster: &mut Cluster| {
        cluster.node(1).tick(now, &[], &mut |_| ());
        jobs.retain(|job| job.decision.to.is_none());
        cluster.node(1).choose(now, &mut jobs)
    };
    assert_eq!([sent(&mut cluster), sent(&mut cluster)], [2, 0]);
    let offer = cluster.node(1).offer(now, &process(1, 1), id(2));
    cluster.node(1).withdrawn(id(1), id(2), &offer);
    assert_eq!(sent(&mut cluster), 1);
}

#[test]
fn a_large_process_finds_the_one_node_that_has_room() {
    let mut cluster = loaded(4, 60);
    for node in (2..=61).filter(|node| *node != 40) {
        cluster.tell(1, node, |it| {
            it.edition.version += 1;
            it.memory.free = GIB;
        });
    }
    // Many others are less busy than this one.
    cluster.tell(1, 40, |it| {
        it.edition.version += 1;
        it.running = 100;
    });
    let large = Process {
        cpu_ms: 3_600_000,
        resident: GIB,
        ..process(1, 1)
    };
    let now = cluster.now;
    assert_eq!(cluster.node(1).choose_one(now, &large).to, Some(id(40)));
}

#[test]
fn own_decisions_are_counted_before_they_are_seen() {
    let mut cluster = loaded(8, 1);
    let now = cluster.now;
    let mut jobs = candidates(8, 1);
    // Eight here and none there become four and four, or five and three; never more.
    let mut sent = cluster.node(1).choose(now, &mut jobs);
    for later in 1..5 {
        jobs.retain(|job| job.decision.to.is_none());
        let left = jobs.len() as u32;
        cluster.node(1).tick(now + 100 * later, &[], &mut |_| ());
        cluster.node(1).own.sample(now + 100 * later, &sample(left));
        sent += cluster.node(1).choose(now + 100 * later, &mut jobs);
    }
    assert!((3..=4).contains(&sent), "{sent}");
}

#[test]
fn who_has_begun_counts_before_the_average_tells() {
    let sent = |runs: u32, count| {
        let mut cluster = loaded(0, 1);
        let now = cluster.now + 250;
        cluster.node(1).own.sample(now, &sample(runs));
        assert!(cluster.node(1).own.place().running < 100);
        cluster.node(1).choose(now, &mut candidates(count, 1))
    };
    assert_eq!(sent(4, 4), 2);
    // Those that wanted a processor until lately, and those that run by chance, do not count.
    assert_eq!(sent(0, 4), 0);
    assert_eq!(sent(4, 1), 0);
}

#[test]
fn nobody_is_sent_more_than_it_takes_in_a_period() {
    let mut cluster = loaded(16, 1);
    let now = cluster.now;
    let mut jobs = candidates(16, 1);
    assert_eq!(cluster.node(1).choose(now, &mut jobs), 2);
    let later = jobs.iter().filter(|job| job.decision.why == Why::Later);
    assert_eq!(later.count(), 14);
    cluster.node(1).tick(now, &[], &mut |_| ());
    jobs.retain(|job| job.decision.to.is_none());
    assert_eq!(cluster.node(1).choose(now, &mut jobs), 2);
}

#[test]
fn who_refuses_again_and_again_keeps_nobody_from_asking_others() {
    let mut cluster = loaded(4, 2);
    let asked = |cluster: &mut Cluster| {
        // A process that was refused is left alone for two seconds, and looked at in the next period.
        cluster.now += 2_500;
        let now = cluster.now;
        cluster.node(1).tick(now, &[], &mut |_| ());
        cluster.tell(1, 2, |_| ());
        cluster.tell(1, 3, |it| it.running = 100);
        let process = process(1, 1);
        let to = cluster.node(1).choose_one(now, &process).to.unwrap();
        let offer = cluster.node(1).offer(now, &process, to);
        (to, offer)
    };
    // Node 2 looks idle, and takes nobody.
    let refused = |cluster: &mut Cluster| {
        let (to, offer) = asked(cluster);
        let now = cluster.now;
        cluster.node(1).refused(now, id(1), to, &offer);
        to
    };
    let first: Vec<_> = (0..6).map(|_| refused(&mut cluster)).collect();
    assert_eq!(first, [2, 2, 2, 2, 2, 3].map(id));
    // Once it takes one it is as others.
    let (to, offer) = asked(&mut cluster);
    assert_eq!(to, id(2));
    cluster.node(1).moved(id(1), to, &offer);
    assert_eq!(cluster.slot(1, 2).map(|slot| slot.refusals), Some(0));
}

#[test]
fn the_shares_of_several_nodes_are_spread() {
    let mut cluster = loaded(8, 3);
    let now = cluster.now;
    let mut jobs = candidates(8, 1);
    assert_eq!(cluster.node(1).choose(now, &mut jobs), 6);
    for node in 2..=4 {
        let there = jobs.iter().filter(|job| job.decision.to == Some(id(node)));
        assert_eq!(there.count(), 2, "node {node}");
    }
}

#[test]
fn no_more_leave_than_the_link_carries() {
    let sent = |resident| {
        let mut cluster = loaded(40, 39);
        let mut jobs = candidates(40, 1);
        for job in &mut jobs {
            job.process.resident = resident;
        }
        let now = cluster.now;
        let sent = cluster.node(1).choose(now, &mut jobs);
        let later = jobs.iter().filter(|job| job.decision.why == Why::Later);
        assert!(later.count() > 10);
        sent
    };
    // Of 100 megabytes a second, 50 megabytes take half a second and a little.
    assert_eq!(sent(50_000_000), 2);
    assert_eq!(sent(500_000_000), 1);
    assert_eq!(sent(0), 16);
}

#[test]
fn nodes_that_know_the_same_do_not_all_choose_the_same() {
    let mut chosen = [0; 8];
    for seed in 0..64 {
        let mut cluster = loaded(4, 8);
        cluster.node(1).random = crate::balance::random::Random::new(seed);
        // They are not quite alike.
        for node in 2..=9 {
            cluster.tell(1, node, |it| {
                it.edition.version += 1;
                it.running = node as u32;
            });
        }
        let now = cluster.now;
        let to = cluster.node(1).choose_one(now, &process(1, 1)).to.unwrap();
        chosen[usize::from(to.get()) - 2] += 1;
    }
    assert!(chosen.iter().all(|count| *count < 24), "{chosen:?}");
}

#[test]
fn old_knowledge_counts_less_and_then_not_at_all() {
    let mut cluster = loaded(8, 2);
    let now = cluster.now;
    let fresh = cluster
        .node(1)
        .choose_one(now, &process(1, 1))
        .best
        .unwrap()
        .1;
    let mut cluster = loaded(8, 2);
    let older = cluster
        .node(1)
        .choose_one(now + 9_000, &process(1, 1))
        .best
        .unwrap()
        .1;
    assert!(fresh < older);
    let mut cluster = loaded(8, 2);
    let old = cluster.node(1).choose_one(now + 11_000, &process(1, 1));
    assert_eq!(old.why, Why::Nowhere);
}

#[test]
fn who_refused_is_left_alone_for_a_while() {
    let mut cluster = loaded(8, 1);
    let now = cluster.now;
    let process = process(1, 1);
    assert_eq!(cluster.node(1).choose_one(now, &process).to, Some(id(2)));
    let offer = cluster.node(1).offer(now, &process, id(2));
    assert_eq!((offer.believed, offer.share), (0, 100));
    let running = cluster.node(1).own.place().running;
    cluster.node(1).refused(now, id(1), id(2), &offer);
    // It is back, and counts as it did before.
    assert_eq!(cluster.node(1).own.place().running, running + 100);
    assert_eq!(
        cluster.node(1).choose_one(now + 1_000, &process).why,
        Why::Nowhere
    );
    assert_eq!(
        cluster.node(1).choose_one(now + 2_500, &process).to,
        Some(id(2))
    );
}

#[test]
fn all_come_home_when_they_are_brought() {
    let mut cluster = loaded(8, 3);
    cluster.node(1).own.bring = true;
    let mut away = [Candidate::new(Process {
        settled_ms: 0,
        rules: Rules {
            locked: true,
            ..Rules::default()
        },
        ..process(1, 2)
    })];
    let now = cluster.now;
    assert_eq!(cluster.node(1).choose(now, &mut away), 1);
    assert_eq!(away[0].decision.to, Some(id(1)));
    assert_eq!(away[0].decision.why, Why::Bring);
}

#[test]
fn who_is_stopped_comes_home_when_it_is_expelled() {
    let mut cluster = loaded(8, 3);
    let stopped = Process {
        rules: Rules {
            stays: true,
            ..Rules::default()
        },
        ..process(1, 2)
    };
    let now = cluster.now;
    assert_eq!(cluster.node(1).choose_one(now, &stopped).why, Why::Cannot);
    cluster.tell(1, 2, |it| {
        it.edition.version += 1;
        it.status = it.status.with(Status::EXPEL, true);
    });
    let decision = cluster.node(1).choose_one(now, &stopped);
    assert_eq!((decision.to, decision.why), (Some(id(1)), Why::Expel));
}

#[test]
fn a_burst_is_placed_when_it_begins() {
    let mut cluster = loaded(4, 3);
    let now = cluster.now;
    let newborn = Process {
        age_ms: 1,
        settled_ms: 1,
        cpu_ms: 1,
        ..process(1, 1)
    };
    assert_eq!(cluster.node(1).choose_one(now, &newborn).why, Why::Young);
    assert!(cluster
        .node(1)
        .choose_at_exec(now, &newborn, 1_000)
        .to
        .is_some());
}

#[test]
fn decisions_can_be_read() {
    let text = decide(8, 3, process(1, 1)).to_string();
    let (what, costs) = text.split_once("; cost ").unwrap();
    assert!(what.starts_with("moves to node ") && what.ends_with(": it runs better there"));
    assert!(costs.contains(", on node "), "{text}");
    assert_eq!(
        Decision::stay(Why::Locked).to_string(),
        "stays: it is locked"
    );
}
