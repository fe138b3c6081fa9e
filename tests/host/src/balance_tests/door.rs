// SPDX-License-Identifier: GPL-2.0-only

//! Which guests are let in.

use super::cluster::{own, sample, GIB};
use crate::{
    balance::{
        door::{Offer, Refusal},
        rules::{Limits, Running, Scope},
        vector::Status,
        view::Slot,
        Balancer,
    },
    load::{metric::STANDARD_SPEED, Memory, Processors},
};

const OFFER: Offer = Offer {
    believed: 0,
    share: 100,
    resident: 10 << 20,
    ordered: false,
};

fn node() -> Balancer<Vec<Slot>> {
    Balancer::new(own(1), 1, vec![])
}

#[test]
fn the_first_is_let_in_and_counts_at_once() {
    let mut node = node();
    assert_eq!(node.accept(&OFFER), Ok(()));
    assert_eq!(node.own.vector().running, 100);
    assert_eq!(node.own.vector().guests, 1);
    // A second one that believed the node to be idle is told that it is not.
    assert_eq!(node.accept(&OFFER), Err(Refusal::Crowded));
    let knows = Offer {
        believed: 100,
        ..OFFER
    };
    assert_eq!(node.accept(&knows), Ok(()));
    node.arrived(&OFFER);
    node.failed(&knows);
    assert_eq!((node.own.vector().running, node.own.present()), (100, 1));
    node.guest_left(100);
    assert_eq!((node.own.vector().running, node.own.present()), (0, 0));
}

#[test]
fn only_a_few_come_in_one_period() {
    let mut node = node();
    let any = Offer {
        believed: 10_000,
        ..OFFER
    };
    assert_eq!(node.accept(&any), Ok(()));
    assert_eq!(node.accept(&any), Ok(()));
    assert_eq!(node.accept(&any), Err(Refusal::Busy));
    node.tick(1_000, &[], &mut |_| ());
    assert_eq!(node.accept(&any), Ok(()));
    // Who is ordered to come comes.
    let ordered = Offer {
        ordered: true,
        ..OFFER
    };
    for _ in 0..5 {
        assert_eq!(node.accept(&ordered), Ok(()));
    }
}

#[test]
fn a_blocked_node_takes_nobody() {
    let ordered = Offer {
        ordered: true,
        ..OFFER
    };
    let mut blocked = node();
    blocked.own.status = blocked.own.status.with(Status::BLOCK, true);
    assert_eq!(blocked.accept(&ordered), Err(Refusal::Blocked));
    let mut expelling = node();
    expelling.own.expel = true;
    assert_eq!(expelling.accept(&ordered), Err(Refusal::Blocked));
}

#[test]
fn memory_of_those_on_their_way_is_taken() {
    let mut node = node();
    let large = Offer {
        believed: 1_000,
        resident: 2 * GIB,
        ..OFFER
    };
    assert_eq!(node.accept(&large), Ok(()));
    assert_eq!(node.accept(&large), Err(Refusal::Memory));
    assert_eq!(node.own.vector().memory.free, GIB);
    node.failed(&large);
    assert_eq!(node.accept(&large), Ok(()));
}

#[test]
fn a_guest_counts_once_on_its_way_and_when_it_is_here() {
    let mut node = node();
    node.own.limits.guests = 2;
    let here = |node: &mut Balancer<Vec<Slot>>, now_ms, present| {
        let sample = crate::balance::own::Sample {
            present,
            ..sample(0)
        };
        node.own.sample(now_ms, &sample);
    };
    let any = Offer {
        believed: 10_000,
        ..OFFER
    };
    assert_eq!(node.accept(&any), Ok(()));
    // It may take seconds.
    here(&mut node, 250, 0);
    assert_eq!(node.own.present(), 1);
    node.arrived(&any);
    assert_eq!(node.own.present(), 1);
    here(&mut node, 500, 1);
    assert_eq!(node.own.present(), 1);
    assert_eq!(node.accept(&any), Ok(()));
    assert_eq!(node.accept(&any), Err(Refusal::Limit));
}

#[test]
fn limits_hold() {
    let running = |guests: u32| {
        let mut node = node();
        let sample = crate::balance::own::Sample {
            guests,
            present: guests as u16,
            ..sample(2)
        };
        node.own = own(1);
        node.own.sample(60_000, &sample);
        node
    };
    let any = Offer {
        believed: 10_000,
        ..OFFER
    };
    let refuses = |guests, limits| {
        let mut node = running(guests);
        node.own.limits = limits;
        node.accept(&any) == Err(Refusal::Limit)
    };
    let load = |load, load_scope| Limits {
        load,
        load_scope,
        ..Limits::default()
    };
    assert!(!refuses(63, Limits::default()) && refuses(64, Limits::default()));
    assert!(refuses(1, load(350, Scope::All)) && !refuses(1, load(400, Scope::All)));
    assert!(refuses(1, load(150, Scope::Guests)) && !refuses(1, load(200, Scope::Guests)));
    // What is too much of the node's own is no matter of guests.
    assert!(!refuses(5, load(200, Scope::Local)) && !refuses(5, load(150, Scope::Local)));
    let cpu = Limits {
        cpu: 350,
        ..Limits::default()
    };
    assert!(refuses(1, cpu) && !refuses(0, cpu));
    let guests = Limits {
        guests: 2,
        ..Limits::default()
    };
    assert!(refuses(2, guests) && !refuses(1, guests));
}

#[test]
fn limits_count_those_on_their_way() {
    let mut node = node();
    node.own.limits = Limits {
        load: 250,
        load_scope: Scope::Guests,
        ..Limits::default()
    };
    let ordered = Offer {
        ordered: true,
        ..OFFER
    };
    assert_eq!(node.accept(&ordered), Ok(()));
    assert_eq!(node.accept(&ordered), Ok(()));
    assert_eq!(node.accept(&ordered), Err(Refusal::Limit));
    node.arrived(&ordered);
    assert_eq!(node.accept(&ordered), Err(Refusal::Limit));
    node.failed(&ordered);
    assert_eq!(node.accept(&ordered), Ok(()));
}

#[test]
fn a_limit_of_load_counts_speed_and_one_of_processors_does_not() {
    let fast = Processors::new(2, 2 * STANDARD_SPEED);
    let running = Running {
        local: 600,
        guests: 200,
    };
    let limits = |load, cpu| Limits {
        load,
        cpu,
        cpu_scope: Scope::Guests,
        ..Limits::default()
    };
    let whose = |limits: Limits| {
        [Scope::Local, Scope::Guests].map(|whose| limits.exceeded(fast, running, whose))
    };
    assert_eq!(whose(limits(200, 0)), [false, false]);
    assert_eq!(whose(limits(199, 0)), [true, true]);
    assert_eq!(whose(limits(0, 100)), [false, false]);
    assert_eq!(whose(limits(0, 99)), [false, true]);
    // Neither hides the other.
    let both = Limits {
        load_scope: Scope::Local,
        ..limits(100, 99)
    };
    assert_eq!(whose(both), [true, true]);
}

#[test]
fn an_idle_node_without_memory_takes_nobody() {
    let mut node = node();
    let mut sample = sample(0);
    sample.memory = Memory {
        free: GIB / 4,
        total: 4 * GIB,
        pressure: 0,
    };
    node.own.sample(60_000, &sample);
    assert_eq!(node.accept(&OFFER), Err(Refusal::Memory));
}

#[test]
fn a_large_guest_that_comes_is_no_shortage() {
    let mut node = node();
    let large = Offer {
        resident: GIB,
        ..OFFER
    };
    assert_eq!(node.accept(&large), Ok(()));
    node.arrived(&large);
    let mut after = sample(0);
    after.memory.free = 2 * GIB;
    node.own.sample(250, &after);
    assert_eq!(node.own.shortage(), 0);
}

#[test]
fn what_a_guest_does_not_need_hides_nothing() {
    let mut node = node();
    let large = Offer {
        resident: GIB,
        ..OFFER
    };
    assert_eq!(node.accept(&large), Ok(()));
    node.arrived(&large);
    // All of it was pages of files that are here anyway.
    node.own.sample(250, &sample(0));
    assert_eq!(node.own.shortage(), 0);
    // Somebody else takes 2 GiB in a second.
    let mut hog = sample(0);
    hog.memory.free -= GIB / 2;
    node.own.sample(500, &hog);
    assert!(node.own.shortage() > 0);
}
