// SPDX-License-Identifier: GPL-2.0-only

//! Who tells whom what.

use super::cluster::{id, own, sample, told, Cluster};
use crate::{
    balance::{
        best::Best,
        gossip::ASKED,
        own::Sample,
        random::Random,
        rules::{Limits, Scope},
        vector::{Standing, Told},
        view::{Slot, View},
        Balancer, ANSWERS,
    },
    wire::{
        gossip::{Gossip, Vector, VECTORS},
        Malformed, Message,
    },
    wire_tests::every::{encode, Grow},
};
use proptest::prelude::*;

/// The ages, in milliseconds, of what a node knows of others.
fn ages(cluster: &Cluster, node: usize) -> Vec<u64> {
    let slots = cluster.nodes[node - 1].view.slots();
    slots.iter().map(|slot| slot.age_ms(cluster.now)).collect()
}

#[test]
fn everybody_comes_to_know_everybody() {
    let mut cluster = Cluster::new(30, 29);
    cluster.pass(20);
    for node in 1..=30 {
        let ages = ages(&cluster, node);
        assert_eq!(ages.len(), 29, "node {node}");
        assert!(ages.iter().all(|age| *age <= 10_000), "{ages:?}");
    }
}

#[test]
fn ages_stay_low() {
    let mut cluster = Cluster::new(30, 29);
    cluster.pass(20);
    for _ in 0..20 {
        cluster.pass(1);
        let all: Vec<u64> = (1..=30).flat_map(|node| ages(&cluster, node)).collect();
        let mean = all.iter().sum::<u64>() / all.len() as u64;
        assert!(mean <= 3_000, "{mean}");
        assert!(all.iter().all(|age| *age <= 15_000));
    }
}

#[test]
fn the_bytes_of_a_node_do_not_depend_on_how_many_there_are() {
    let bytes = |nodes, known| {
        let mut cluster = Cluster::new(nodes, known);
        cluster.pass(30);
        cluster.sent = 0;
        cluster.pass(10);
        (cluster.sent / (10 * nodes), cluster.most_bytes)
    };
    let message = 8 + VECTORS * Vector::SIZE;
    let most = (ASKED + usize::from(ANSWERS)) * message;
    for (nodes, known) in [(40, 39), (400, 64), (400, 399)] {
        let (mean, worst) = bytes(nodes, known);
        // Each asks two, and each of them answers.
        assert!(mean <= 5 * message, "{nodes}: {mean}");
        assert!(worst <= most, "{nodes}: {worst}");
    }
}

#[test]
fn a_node_that_everybody_asks_answers_a_few() {
    let mut node = Balancer::new(own(1), 1, vec![Slot::EMPTY; 100]);
    let ask = [Gossip::ASK.to_le_bytes(), [0; 4]].concat();
    let ask = Gossip::decode(&ask).unwrap();
    let mut answers = |now| {
        let asked = (2..100).map(|from| node.hear(now, id(from), &ask, &mut |_| ()));
        let count = asked.filter(|answer| *answer == Ok(true)).count();
        node.tick(now + 1_000, &[], &mut |_| ());
        count
    };
    assert_eq!([answers(1_000), answers(2_000)], [usize::from(ANSWERS); 2]);
}

#[test]
fn a_full_view_keeps_what_is_fresh() {
    let mut cluster = Cluster::new(400, 64);
    cluster.pass(40);
    for node in 1..=400 {
        let ages = ages(&cluster, node);
        assert_eq!(ages.len(), 64);
        let fresh = ages.iter().filter(|age| **age <= 10_000).count();
        assert!(fresh >= 32, "node {node} knows {fresh} nodes well");
    }
}

#[test]
fn a_message_has_itself_then_news_then_the_freshest() {
    let mut node = Balancer::new(own(1), 1, vec![Slot::EMPTY; 100]);
    let merge = |node: &mut Balancer<Vec<Slot>>, number, standing, age| {
        let mut vector = own(number).vector();
        vector.edition.version = age as u32;
        node.view.merge(100_000, told(vector, standing, age));
    };
    for number in 2..=60 {
        merge(&mut node, number, Standing::Alive, 100 * number as u64);
    }
    merge(&mut node, 50, Standing::Gone, 5_000);
    let mut payload = Grow(vec![]);
    node.write(100_000, 0, &mut payload).unwrap();
    let message = Gossip::decode(&payload.0).unwrap();
    let told: Vec<u16> = message.vectors.iter().map(|it| it.unwrap().node).collect();
    let mut expected = vec![1, 50];
    expected.extend(2..=15);
    assert_eq!(told, expected);
    assert_eq!(payload.0.len(), 8 + VECTORS * Vector::SIZE);
    // After a while it is no news any more, although it has been told once only.
    let mut payload = Grow(vec![]);
    node.write(130_000, 0, &mut payload).unwrap();
    let message = Gossip::decode(&payload.0).unwrap();
    assert!(message.vectors.iter().all(|it| it.unwrap().node != 50));
}

#[test]
fn a_quiet_node_asks_nobody_and_is_not_lost() {
    use crate::balance::vector::Status;
    let mut cluster = Cluster::new(3, 2);
    cluster.pass(10);
    let status = cluster.node(2).own.status;
    cluster.node(2).own.status = status.with(Status::QUIET, true);
    cluster.pass(30);
    assert_eq!(cluster.slot(1, 2).unwrap().standing, Standing::Alive);
    let now = cluster.now;
    let asked = cluster.node(2).tick(now + 1_000, &[id(1)], &mut |_| ());
    assert!(asked.iter().all(Option::is_none));
    // But it does not wait for ever for one whose link broke.
    cluster.node(2).unreachable(id(1));
    let asked = cluster.node(2).tick(now + 2_000, &[], &mut |_| ());
    assert_eq!(asked.into_iter().flatten().collect::<Vec<_>>(), [id(1)]);
}

#[test]
fn what_a_node_says_of_its_limits_comes_over_and_is_checked() {
    let mut node = own(2);
    node.limits = Limits {
        load: 300,
        load_scope: Scope::Guests,
        cpu: 150,
        cpu_scope: Scope::Local,
        guests: 7,
    };
    let sample = Sample {
        guests: 2,
        present: 2,
        ..sample(1)
    };
    node.sample(60_000, &sample);
    let said = node.vector();
    assert_eq!((said.running, said.running_guests), (300, 200));
    let wire = said.tell(Standing::Alive, 0);
    assert_eq!(Told::read(&wire), Ok(told(said, Standing::Alive, 0)));
    let changed = |change: fn(&mut Vector)| {
        let mut wire = wire;
        change(&mut wire);
        Told::read(&wire).is_ok()
    };
    assert!(changed(|it| it.running_guests = it.running));
    assert!(!changed(|it| it.running_guests = it.running + 1));
    assert!(!changed(|it| it.load_mode = 3));
    assert!(!changed(|it| it.cpu_mode = 255));
}

proptest! {
    #[test]
    fn the_freshest_wins_in_any_order(order in Just((1..20_u32).collect::<Vec<_>>()).prop_shuffle()) {
        let mut view = View::new(vec![Slot::EMPTY; 4]);
        for version in order {
            let mut vector = own(2).vector();
            vector.edition.version = version;
            vector.running = 100 * version;
            view.merge(50_000, told(vector, Standing::Alive, 1_000 * u64::from(20 - version)));
        }
        let slot = view.get(id(2)).unwrap();
        prop_assert_eq!((slot.vector.running, slot.age_ms(50_000)), (1_900, 1_000));
    }

    #[test]
    fn a_view_is_sorted_and_bounded(numbers in prop::collection::vec((1..200_usize, 0..50_000_u64), 1..300)) {
        let mut view = View::new(vec![Slot::EMPTY; 20]);
        for (number, age) in numbers {
            view.merge(100_000, told(own(number).vector(), Standing::Alive, age));
            let ids: Vec<_> = view.slots().iter().map(|slot| slot.vector.node).collect();
            prop_assert!(ids.is_sorted() && ids.len() <= 20);
            prop_assert!(ids.windows(2).all(|two| two[0] != two[1]));
        }
        view.retain(|node| node.get() % 2 == 0);
        prop_assert!(view.slots().iter().all(|slot| slot.vector.node.get() % 2 == 0));
    }

    #[test]
    fn the_best_are_the_best(keys in prop::collection::vec(0..1_000_u32, 0..50)) {
        let mut best = Best::<u32, u32, 5>::new();
        for key in &keys {
            best.offer(*key, *key);
        }
        let mut sorted = keys;
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        sorted.truncate(5);
        prop_assert_eq!(best.iter().collect::<Vec<_>>(), sorted);
    }

    #[test]
    fn any_message_is_taken_whole_or_not_at_all(
        flags in 0..4_u32,
        mut bytes in prop::collection::vec(any::<u8>(), VECTORS * Vector::SIZE),
        count in 0..=VECTORS,
        sane: bool,
    ) {
        bytes.truncate(Vector::SIZE * count);
        if sane {
            // Numbers that a node could say, in records that are otherwise anything.
            for record in bytes.chunks_exact_mut(Vector::SIZE) {
                for (at, most) in [(4, 3), (72, 2), (73, 2)] {
                    record[at] %= most + 1;
                }
                for (at, byte) in [(5, 0), (39, 1), (47, 0), (55, 0), (63, 1), (79, 0)] {
                    record[at] = byte;
                }
            }
        }
        let payload = [&flags.to_le_bytes()[..], &[0; 4], &bytes].concat();
        let mut node = Balancer::new(own(1), 1, vec![Slot::EMPTY; 8]);
        let message = Gossip::decode(&payload).unwrap();
        let heard = node.hear(100_000, id(2), &message, &mut |_| ());
        let sane = |wire: Result<_, Malformed>| wire.and_then(|wire| Told::read(&wire)).is_ok();
        let good = flags <= Gossip::ASK && message.vectors.iter().all(sane);
        prop_assert_eq!(heard.is_ok(), good);
        prop_assert!(good || node.view.len() == 0);
        node.tick(101_000, &[], &mut |_| ());
        let mut out = Grow(vec![]);
        node.write(101_000, 0, &mut out).unwrap();
        let again = Gossip::decode(&out.0).unwrap();
        prop_assert!(again.vectors.iter().all(sane));
        prop_assert_eq!(encode(&again), out.0);
    }
}

#[test]
fn random_numbers_are_even() {
    let mut random = Random::new(7);
    let mut counts = [0; 10];
    for _ in 0..10_000 {
        counts[random.below(10)] += 1;
        counts[random.pick(0..10).unwrap()] += 1;
    }
    assert!(
        counts.iter().all(|count| (1_800..2_200).contains(count)),
        "{counts:?}"
    );
    assert_eq!(random.below(0), 0);
    assert_eq!(random.pick(0..0), None);
    let (mut one, mut same) = (Random::new(3), Random::new(3));
    assert_eq!(one.next(), same.next());
}
