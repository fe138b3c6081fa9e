// SPDX-License-Identifier: GPL-2.0-only

//! Who is there.

use super::cluster::{id, own, told, Cluster};
use crate::{
    balance::{
        membership::Event,
        vector::{Standing, Status},
        view::Slot,
        Balancer,
    },
    wire_tests::every::Grow,
};

/// How a node stands with another one.
fn standing(cluster: &Cluster, node: usize, of: usize) -> Standing {
    cluster.slot(node, of).expect("known").standing
}

fn joined(nodes: usize) -> Cluster {
    let mut cluster = Cluster::new(nodes, nodes - 1);
    cluster.pass(40);
    for node in 1..=nodes {
        for other in (1..=nodes).filter(|other| *other != node) {
            assert_eq!(
                standing(&cluster, node, other),
                Standing::Alive,
                "{node} {other}"
            );
        }
    }
    cluster.events.iter_mut().for_each(Vec::clear);
    cluster
}

#[test]
fn a_crash_is_noticed_by_all_within_seconds() {
    for nodes in [2, 4, 40] {
        let mut cluster = joined(nodes);
        cluster.up[nodes - 1] = false;
        cluster.pass(20);
        for node in 1..nodes {
            assert_eq!(
                standing(&cluster, node, nodes),
                Standing::Gone,
                "{nodes} {node}"
            );
            let gone = cluster.events[node - 1]
                .iter()
                .filter(|it| **it == Event::Gone(id(nodes)));
            assert_eq!(gone.count(), 1);
        }
    }
}

#[test]
fn a_quarter_of_all_messages_may_be_lost() {
    let mut cluster = joined(20);
    cluster.passes = |from, to, now| {
        let mut mixed = crate::balance::random::Random::new((from * 1_000 + to) as u64 ^ now << 20);
        mixed.below(4) != 0
    };
    cluster.pass(300);
    let gone = |event: &&Event| matches!(event, Event::Gone(_));
    assert_eq!(cluster.events.iter().flatten().find(gone), None);
}

#[test]
fn a_broken_link_between_two_nodes_is_no_crash() {
    let mut cluster = joined(6);
    cluster.passes = |from, to, _| from + to != 3;
    cluster.pass(100);
    let gone = |event: &&Event| matches!(event, Event::Gone(_));
    assert_eq!(cluster.events.iter().flatten().find(gone), None);
}

#[test]
fn a_node_that_was_late_itself_blames_nobody() {
    let mut cluster = joined(4);
    // Node 1 stands still for a minute; then answers to its questions take three seconds.
    cluster.up[0] = false;
    cluster.pass(3);
    cluster.now += 60_000;
    cluster.up[0] = true;
    cluster.pass(20);
    let blamed = |event: &&Event| matches!(event, Event::Gone(_));
    assert_eq!(cluster.events[0].iter().find(blamed), None);
}

#[test]
fn who_leaves_in_order_is_not_lost() {
    let mut cluster = joined(10);
    let now = cluster.now;
    let mut farewell = Grow(vec![]);
    cluster.node(10).write_farewell(now, &mut farewell).unwrap();
    cluster.deliver(now, 9, 0, &farewell.0);
    cluster.deliver(now, 9, 4, &farewell.0);
    // Until all others are told it goes on asking and answering.
    cluster.pass(2);
    cluster.up[9] = false;
    cluster.pass(15);
    for node in 1..10 {
        assert_eq!(standing(&cluster, node, 10), Standing::Left);
        assert!(!cluster.events[node - 1].contains(&Event::Gone(id(10))));
        assert!(cluster.events[node - 1].contains(&Event::Left(id(10))));
    }
    // And it may come back, in its next life.
    cluster.up[9] = true;
    cluster.nodes[9] = Balancer::new(own(10), 9, vec![Slot::EMPTY; 9]);
    cluster.nodes[9].own.edition.life = 2;
    assert!(cluster.nodes[9].introduce(now, own(1).vector()));
    cluster.pass(15);
    for node in 1..10 {
        assert_eq!(standing(&cluster, node, 10), Standing::Alive);
    }
}

#[test]
fn who_lost_its_memory_finds_its_number_again() {
    let mut cluster = joined(5);
    // Switched on again with a clock that was set back: its life is not greater.
    cluster.nodes[4] = Balancer::new(own(5), 9, vec![Slot::EMPTY; 4]);
    assert!(cluster.nodes[4].introduce(0, own(1).vector()));
    cluster.node(5).own.status = Status::UP.with(Status::BLOCK, true);
    cluster.pass(15);
    for node in 1..5 {
        let slot = cluster.slot(node, 5).unwrap();
        assert_eq!(slot.standing, Standing::Alive);
        assert!(slot.vector.status.has(Status::BLOCK), "still the old word");
    }
}

#[test]
fn who_comes_back_with_an_older_clock_is_told() {
    let mut cluster = joined(5);
    cluster.up[4] = false;
    cluster.pass(20);
    assert_eq!(standing(&cluster, 1, 5), Standing::Gone);
    // It has forgotten that it said something later than what it says now, and others believe the later word.
    cluster.up[4] = true;
    cluster.nodes[4] = Balancer::new(own(5), 9, vec![Slot::EMPTY; 4]);
    cluster.nodes[4].own.edition.life = 0;
    assert!(cluster.nodes[4].introduce(0, own(1).vector()));
    cluster.pass(15);
    for node in 1..5 {
        assert_eq!(standing(&cluster, node, 5), Standing::Alive, "{node}");
    }
}

/// How many of so many nodes with room for `known` others know of one that joins, after so many periods.
fn know_the_newcomer(nodes: usize, known: usize, periods: usize) -> usize {
    let mut cluster = Cluster::new(nodes + 1, known);
    cluster.up[nodes] = false;
    cluster.pass(40);
    cluster.up[nodes] = true;
    cluster.pass(periods);
    let knows = |node: &usize| cluster.slot(*node, nodes + 1).is_some();
    (1..=nodes).filter(knows).count()
}

#[test]
fn that_somebody_has_come_is_news() {
    // Of the freshest vectors alone it would take a minute.
    for (nodes, known) in [(40, 40), (400, 400), (400, 64)] {
        let know = know_the_newcomer(nodes, known, 8);
        assert!(know * 10 >= nodes * 9, "{nodes} {known}: {know}");
    }
}

#[test]
fn that_somebody_is_there_is_no_news() {
    let mut node = Balancer::new(own(1), 1, vec![Slot::EMPTY; 4]);
    let mut vector = own(2).vector();
    for (version, news) in [(0, true), (29, true), (30, false), (u32::MAX, false)] {
        vector.edition.version = version;
        node.view.merge(1_000, told(vector, Standing::Alive, 0));
        assert_eq!(node.view.get(id(2)).unwrap().news > 0, news, "{version}");
        node.view.retain(|_| false);
    }
}

#[test]
fn who_left_is_not_made_known_by_older_words() {
    let mut node = Balancer::new(own(1), 1, vec![Slot::EMPTY; 2]);
    let mut vector = own(2).vector();
    vector.edition.version = 500;
    // Nobody had told this node that it was there.
    assert_eq!(
        node.view.merge(50_000, told(vector, Standing::Left, 0)),
        None
    );
    let slot = node.view.get(id(2)).unwrap();
    assert_eq!((slot.standing, slot.news > 0), (Standing::Left, true));
    vector.edition.version = 499;
    let mut merge = |now, number, age| {
        let mut vector = vector;
        vector.node = id(number);
        node.view.merge(now, told(vector, Standing::Alive, age))
    };
    assert_eq!(merge(51_000, 2, 2_000), None);
    // In a full view others take its place when they are fresher, in the order in which they spoke.
    assert_eq!(merge(51_000, 3, 0), Some(Event::Joined(id(3))));
    assert_eq!(merge(51_000, 4, 2_000), None);
    assert_eq!(merge(52_000, 4, 0), Some(Event::Joined(id(4))));
    assert!(node.view.get(id(2)).is_none());
}

#[test]
fn both_halves_of_a_split_go_on_and_merge_again() {
    let mut cluster = joined(12);
    cluster.passes = |from, to, _| (from <= 6) == (to <= 6);
    cluster.pass(60);
    for node in 1..=12_usize {
        for other in (1..=12_usize).filter(|other| *other != node) {
            let same = (node <= 6) == (other <= 6);
            let expected = if same {
                Standing::Alive
            } else {
                Standing::Gone
            };
            assert_eq!(standing(&cluster, node, other), expected, "{node} {other}");
        }
    }
    cluster.passes = |_, _, _| true;
    cluster.pass(40);
    for node in 1..=12 {
        for other in (1..=12).filter(|other| *other != node) {
            assert_eq!(
                standing(&cluster, node, other),
                Standing::Alive,
                "{node} {other}"
            );
        }
    }
}

#[test]
fn two_machines_with_one_number_are_named() {
    let mut cluster = joined(4);
    // A fifth machine comes with the number of node 4 and another address.
    let mut other = own(4);
    other.address = [9; 16];
    other.edition.life = 7;
    let (now, holder) = (cluster.now + 500, own(4).address);
    let conflict = Event::Conflict {
        node: id(4),
        holder,
        claimant: [9; 16],
    };
    let view = &mut cluster.node(1).view;
    assert_eq!(
        view.merge(now, told(other.vector(), Standing::Alive, 0)),
        Some(conflict)
    );
    assert_eq!(view.get(id(4)).unwrap().vector.address, holder);
    // The machine that has the number hears of it, too.
    let mut twin = Balancer::new(other, 5, vec![Slot::EMPTY; 3]);
    let mut payload = Grow(vec![]);
    twin.write(now, 0, &mut payload).unwrap();
    cluster.deliver(now, 3, 3, &payload.0);
    assert!(cluster.events[3].contains(&conflict));
    // When the holder is gone, its number is free.
    cluster.up[3] = false;
    cluster.pass(20);
    let now = cluster.now + 500;
    let joined = cluster
        .node(1)
        .view
        .merge(now, told(twin.own.vector(), Standing::Alive, 0));
    assert_eq!(joined, Some(Event::Joined(id(4))));
    // Old words of the former holder change nothing.
    let old = cluster
        .node(1)
        .view
        .merge(now, told(own(4).vector(), Standing::Alive, 30_000));
    assert_eq!(old, None);
    assert_eq!(cluster.slot(1, 4).unwrap().vector.address, [9; 16]);
}

#[test]
fn a_link_that_broke_is_a_missed_answer() {
    let mut cluster = joined(3);
    cluster.up[2] = false;
    cluster.node(1).unreachable(id(3));
    cluster.node(1).unreachable(id(3));
    cluster.pass(1);
    // The other node may know better at first.
    assert_eq!(cluster.events[0].first(), Some(&Event::Suspect(id(3))));
    cluster.pass(15);
    assert_eq!(standing(&cluster, 1, 3), Standing::Gone);
}

/// When a node that hears nothing makes another one suspect, if it looks every so many milliseconds.
fn suspects_after(period_ms: u64) -> u64 {
    let mut node = Balancer::new(own(1), 1, vec![Slot::EMPTY; 1]);
    let mut vector = own(2).vector();
    vector.edition.version = 1;
    node.view.merge(1_000_000, told(vector, Standing::Alive, 0));
    (1..30)
        .map(|n| n * period_ms)
        .find(|later| {
            node.tick(1_000_000 + later, &[], &mut |_| ());
            node.view.slots()[0].standing != Standing::Alive
        })
        .expect("never suspects")
}

#[test]
fn who_is_late_has_patience() {
    assert!((4_000..=6_000).contains(&suspects_after(1_000)));
    assert!(suspects_after(3_000) >= 12_000);
}

#[test]
fn who_knows_better_contradicts() {
    let mut node = Balancer::new(own(1), 1, vec![Slot::EMPTY; 1]);
    let mut vector = own(2).vector();
    vector.edition.version = 500;
    node.view.merge(1_000, told(vector, Standing::Alive, 0));
    vector.edition.version = 400;
    for (standing, news) in [(Standing::Alive, false), (Standing::Suspect, true)] {
        assert_eq!(node.view.merge(1_000, told(vector, standing, 0)), None);
        let slot = node.view.get(id(2)).unwrap();
        assert_eq!((slot.standing, slot.news > 0), (Standing::Alive, news));
    }
}
