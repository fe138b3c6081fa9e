// SPDX-License-Identifier: GPL-2.0-only

//! Memory and limits override balance.

use super::cluster::{id, loaded, process, sample, Cluster, GIB};
use crate::{
    balance::{
        decision::{Candidate, Process, Why},
        rules::{Limits, Mask, Policy, Rules, Scope},
        usher::Guest,
        vector::Status,
    },
    load::Memory,
};

/// Node 1 with this much memory left, twice in a row, and two idle nodes.
fn short_of_memory(free: u64) -> Cluster {
    let mut cluster = loaded(2, 2);
    for later in [250, 500] {
        let now = cluster.now + later;
        let mut sample = sample(2);
        sample.memory = Memory {
            free,
            total: 4 * GIB,
            pressure: 0,
        };
        cluster.node(1).own.sample(now, &sample);
    }
    // What it was before is no trend.
    for later in 3..20 {
        let now = cluster.now + 250 * later;
        let mut sample = sample(2);
        sample.memory = Memory {
            free,
            total: 4 * GIB,
            pressure: 0,
        };
        cluster.node(1).own.sample(now, &sample);
    }
    cluster
}

fn sized(sizes: &[u64]) -> Vec<Candidate<'static>> {
    (1..)
        .zip(sizes)
        .map(|(pid, resident)| {
            Candidate::new(Process {
                resident: *resident,
                cpu_ms: 1_000,
                ..process(pid, 1)
            })
        })
        .collect()
}

#[test]
fn the_smallest_that_is_enough_goes() {
    // A sixteenth of 4 GiB should be free: 156 MiB are missing.
    let mut cluster = short_of_memory(100 << 20);
    let mut jobs = sized(&[GIB, 200 << 20, 50 << 20, 600 << 20]);
    let now = cluster.now;
    cluster.node(1).choose(now, &mut jobs);
    let ushered: Vec<u32> = jobs
        .iter()
        .filter(|job| job.decision.why == Why::Memory)
        .map(|job| job.process.pid)
        .collect();
    assert_eq!(ushered, [2]);
    assert!(jobs[1].decision.to.is_some());
}

#[test]
fn the_largest_goes_first_if_none_is_enough() {
    let mut cluster = short_of_memory(0);
    let mut jobs = sized(&[100 << 20, 90 << 20, 80 << 20]);
    let now = cluster.now;
    cluster.node(1).choose(now, &mut jobs);
    let ushered = jobs.iter().filter(|job| job.decision.why == Why::Memory);
    assert_eq!(
        ushered.map(|job| job.process.pid).collect::<Vec<_>>(),
        [1, 2, 3]
    );
}

#[test]
fn ushering_begins_before_memory_is_gone() {
    let mut cluster = loaded(2, 2);
    let mut free = 2 * GIB;
    // A hog takes 256 MiB a second.
    while free > GIB / 4 {
        free -= 64 << 20;
        cluster.now += 250;
        let now = cluster.now;
        let mut sample = sample(2);
        sample.memory.free = free;
        cluster.node(1).own.sample(now, &sample);
        let mut jobs = sized(&[300 << 20, 300 << 20]);
        cluster.tell(1, 2, |_| ());
        cluster.node(1).choose(now, &mut jobs);
        if jobs.iter().any(|job| job.decision.why == Why::Memory) {
            assert!(free >= GIB / 2, "only {free} bytes were left");
            return;
        }
    }
    panic!("nobody was ushered");
}

#[test]
fn the_locked_stay_even_then() {
    let mut cluster = short_of_memory(0);
    let mut jobs = sized(&[GIB, GIB / 2]);
    jobs[0].process.rules = Rules {
        locked: true,
        ..Rules::default()
    };
    let now = cluster.now;
    cluster.node(1).choose(now, &mut jobs);
    assert_eq!(jobs[0].decision.why, Why::Locked);
    assert_eq!(jobs[1].decision.why, Why::Memory);
    let mut cluster = short_of_memory(0);
    let status = cluster.node(1).own.status;
    cluster.node(1).own.status = status.with(Status::STAY, true);
    let mut jobs = sized(&[GIB]);
    assert_eq!(cluster.node(1).choose(now, &mut jobs), 0);
}

#[test]
fn nobody_is_ushered_to_where_there_is_no_room() {
    let mut cluster = short_of_memory(0);
    for node in [2, 3] {
        cluster.tell(1, node, |it| {
            it.edition.version += 1;
            it.memory.free = GIB;
        });
    }
    let mut jobs = sized(&[GIB]);
    let now = cluster.now;
    assert_eq!(cluster.node(1).choose(now, &mut jobs), 0);
    assert_eq!(jobs[0].decision.why, Why::Nowhere);
}

fn guests(sizes: &[u64]) -> Vec<Guest> {
    (1..)
        .zip(sizes)
        .map(|(pid, resident)| Guest {
            pid,
            settled_ms: 1_000 * u64::from(pid),
            resident: *resident,
            pushed: None,
            kept: false,
        })
        .collect()
}

#[test]
fn guests_go_before_own_processes() {
    let mut cluster = short_of_memory(100 << 20);
    let mut guests = guests(&[100 << 20, 300 << 20]);
    cluster.node(1).evict(&mut guests);
    assert_eq!(guests[1].pushed, Some(Why::Memory));
    assert_eq!(guests[0].pushed, None);
    let mut jobs = sized(&[GIB]);
    let now = cluster.now;
    cluster.node(1).choose(now, &mut jobs);
    assert_ne!(jobs[0].decision.why, Why::Memory);
    // It is not asked of another guest while the first one is on its way.
    cluster.node(1).evict(&mut guests);
    assert_eq!(guests[0].pushed, None);
    // When there is enough, nobody has to leave any more.
    let now = cluster.now + 60_000;
    cluster.node(1).own.sample(now, &sample(2));
    cluster.node(1).evict(&mut guests);
    assert!(guests.iter().all(|guest| guest.pushed.is_none()));
}

#[test]
fn all_guests_are_expelled() {
    let mut cluster = loaded(0, 1);
    cluster.node(1).own.expel = true;
    let mut guests = guests(&[0, GIB]);
    cluster.node(1).evict(&mut guests);
    assert!(guests.iter().all(|guest| guest.pushed == Some(Why::Expel)));
}

#[test]
fn who_is_pushed_goes_elsewhere_or_home() {
    let pushed = Process {
        settled_ms: 0,
        pushed: Some(Why::Expel),
        rules: Rules {
            locked: true,
            ..Rules::default()
        },
        ..process(1, 2)
    };
    // Node 3 is idle, home is not.
    let mut cluster = loaded(4, 2);
    let now = cluster.now;
    let decision = cluster.node(1).choose_one(now, &pushed);
    assert_eq!((decision.to, decision.why), (Some(id(3)), Why::Expel));
    // A lock holds against anything less.
    for why in [Why::Memory, Why::Limit] {
        let pushed = Process {
            pushed: Some(why),
            ..pushed
        };
        assert_eq!(cluster.node(1).choose_one(now, &pushed).why, Why::Locked);
    }
    // With a stay reason it comes home.
    let mut cluster = loaded(4, 2);
    let kept = Process {
        rules: Rules {
            stays: true,
            ..Rules::default()
        },
        ..pushed
    };
    let decision = cluster.node(1).choose_one(now, &kept);
    assert_eq!((decision.to, decision.why), (Some(id(1)), Why::Expel));
    let unasked = Process {
        pushed: None,
        ..kept
    };
    assert_eq!(cluster.node(1).choose_one(now, &unasked).why, Why::Cannot);
    // There is nothing but home, even if it is full.
    let mut cluster = loaded(40, 1);
    let decision = cluster.node(1).choose_one(now, &pushed);
    assert_eq!((decision.to, decision.why), (Some(id(1)), Why::Expel));
}

#[test]
fn one_process_in_each_period_leaves_a_node_above_its_limit() {
    let limited = |scope| {
        let mut cluster = loaded(2, 2);
        cluster.node(1).own.limits = Limits {
            load: 150,
            load_scope: scope,
            ..Limits::default()
        };
        let mut jobs = sized(&[GIB / 8; 2]);
        let now = cluster.now;
        cluster.node(1).choose(now, &mut jobs);
        jobs.iter()
            .filter(|job| job.decision.why == Why::Limit)
            .count()
    };
    assert_eq!(limited(Scope::All), 1);
    assert_eq!(limited(Scope::Local), 1);
    assert_eq!(limited(Scope::Guests), 0);
    let mut cluster = loaded(2, 0);
    cluster.node(1).own.limits.load = 150;
    let mut guests = guests(&[GIB, GIB]);
    cluster.node(1).evict(&mut guests);
    // The one that came last.
    assert_eq!(guests[0].pushed, Some(Why::Limit));
    assert_eq!(guests[1].pushed, None);
}

#[test]
fn those_for_whom_there_is_no_place_keep_nobody_waiting() {
    let masked = |limited: bool| {
        let mut cluster = if limited {
            loaded(7, 2)
        } else {
            short_of_memory(0)
        };
        if limited {
            cluster.node(1).own.limits.load = 150;
        }
        // All but the last are larger, and older, and may go nowhere; but nothing was decided for them yet.
        let mut jobs = sized(&[GIB, GIB, GIB, GIB, GIB, GIB, 100 << 20]);
        let mask = Mask {
            policy: Policy::Allow,
            nodes: &[],
        };
        for job in &mut jobs[..6] {
            job.process.rules.mask = Some(mask);
            job.process.cpu_ms = 5_000;
            job.process.settled_ms = 0;
        }
        let now = cluster.now;
        cluster.node(1).choose(now, &mut jobs);
        (jobs[0].decision.why, jobs[6].decision.why)
    };
    assert_eq!(masked(false), (Why::Nowhere, Why::Memory));
    assert_eq!(masked(true), (Why::Nowhere, Why::Limit));
}

#[test]
fn who_is_kept_is_not_waited_for() {
    let mut cluster = short_of_memory(100 << 20);
    let mut both = guests(&[200 << 20, 300 << 20]);
    cluster.node(1).evict(&mut both);
    assert_eq!(both[0].pushed, Some(Why::Memory));
    assert_eq!(both[1].pushed, None);
    // Its owner has locked it there: its home goes on being asked, but the other one has to go.
    both[0].kept = true;
    cluster.node(1).evict(&mut both);
    assert!(both.iter().all(|guest| guest.pushed == Some(Why::Memory)));
    // The same with a limit: the one that came last is kept.
    let mut cluster = loaded(2, 0);
    cluster.node(1).own.limits.load = 150;
    let mut both = guests(&[GIB, GIB]);
    for _ in 0..3 {
        cluster.node(1).evict(&mut both);
        assert_eq!((both[0].pushed, both[1].pushed), (Some(Why::Limit), None));
    }
    both[0].kept = true;
    cluster.node(1).evict(&mut both);
    assert_eq!(both[1].pushed, Some(Why::Limit));
}

#[test]
fn guests_stay_where_the_administrator_says_so() {
    let mut cluster = short_of_memory(0);
    let own = &mut cluster.node(1).own;
    own.status = own.status.with(Status::STAY, true);
    own.limits.guests = 1;
    let mut both = guests(&[GIB, GIB]);
    cluster.node(1).evict(&mut both);
    assert!(both.iter().all(|guest| guest.pushed.is_none()));
    cluster.node(1).own.expel = true;
    cluster.node(1).evict(&mut both);
    assert!(both.iter().all(|guest| guest.pushed == Some(Why::Expel)));
}

#[test]
fn nobody_comes_home_to_a_node_above_its_limit() {
    let away = process(1, 2);
    // Node 2 has ten times as much to do.
    let mut cluster = loaded(1, 1);
    cluster.tell(1, 2, |it| {
        it.edition.version += 1;
        it.running = 1_000;
    });
    let now = cluster.now;
    let decision = cluster.node(1).choose_one(now, &away);
    assert_eq!((decision.to, decision.why), (Some(id(1)), Why::Balance));
    cluster.node(1).own.limits.load = 150;
    assert_eq!(cluster.node(1).choose_one(now, &away).to, None);
}
