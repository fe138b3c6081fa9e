// SPDX-License-Identifier: GPL-2.0-only

//! Tests of `openmosix/node/map.rs`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use crate::node::map::{lines, Alias, Ip, Line, Map, NodeId, Range, Wrong, MAX_NODES};
use proptest::prelude::*;

fn id(number: u16) -> NodeId {
    NodeId::new(number).unwrap()
}

fn ip(a: u8, b: u8, c: u8, d: u8) -> Ip {
    Ip::from_bits(u32::from_be_bytes([a, b, c, d]))
}

fn range(first: u16, ip: Ip, count: u16) -> Range {
    Range {
        first: id(first),
        ip,
        count,
    }
}

fn one(text: &str) -> Result<Line, Wrong> {
    let lines: Vec<_> = lines(text.as_bytes()).collect();
    assert_eq!(lines.len(), 1, "{text}");
    lines[0]
}

#[test]
fn every_line_that_there_is() {
    assert_eq!(one("me 7"), Ok(Line::Me(id(7))));
    assert_eq!(
        one("  node 1\t10.0.0.1   3 "),
        Ok(Line::Node(range(1, ip(10, 0, 0, 1), 3)))
    );
    assert_eq!(
        one("alias 2 192.168.1.2\r"),
        Ok(Line::Alias(Alias {
            id: id(2),
            ip: ip(192, 168, 1, 2)
        }))
    );
    assert_eq!(one("join 10.1.0.7"), Ok(Line::Join(ip(10, 1, 0, 7))));
    assert_eq!(one("closed"), Ok(Line::Closed));
    let key: String = (0..32).map(|byte| format!("{byte:02x}")).collect();
    let bytes: Vec<u8> = (0..32).collect();
    assert_eq!(
        one(&format!("key {key}")),
        Ok(Line::Key(bytes.try_into().unwrap()))
    );
    assert_eq!(lines(b"\n\n# me 1\n   \n").count(), 0);
}

#[test]
fn every_line_that_there_is_not() {
    for text in [
        "me",
        "me 0",
        "me 65536",
        "me -1",
        "me 1 2",
        "me x",
        "you 1",
        "key",
        "key 00",
        "node 1 10.0.0.1",
        "node 1 10.0.0.1 0",
        "node 1 10.0.0 1",
        "node 1 10.0.0.256 1",
        "node 0 10.0.0.1 1",
        "node 65535 10.0.0.1 2",
        "node 1 255.255.255.255 2",
        "node 1 10.0.0.1 65536",
        "alias 1",
        "alias 0 10.0.0.1",
        "alias 1 host",
        "join",
        "join host",
        "join 10.1.0.7 1",
        "closed 1",
        "node 1 10.0.0.1 1 1",
        "\u{0}",
        "m\u{e9} 1",
    ] {
        assert_eq!(one(text), Err(Wrong::Line), "{text:?}");
    }
    let long = "0".repeat(66);
    let odd = "g".repeat(64);
    for key in [&long[..63], &long[..65], &odd] {
        assert_eq!(one(&format!("key {key}")), Err(Wrong::Line), "{key}");
    }
    assert_eq!(lines(b"me \xff").next(), Some(Err(Wrong::Line)));
}

#[test]
fn who_has_which_address() {
    let ranges = [
        range(1, ip(10, 0, 0, 1), 3),
        range(10, ip(10, 0, 1, 255), 2),
    ];
    let aliases = [Alias {
        id: id(2),
        ip: ip(172, 16, 0, 2),
    }];
    let map = Map {
        ranges: &ranges,
        aliases: &aliases,
    };
    assert_eq!(map.check(id(11)), Ok(()));
    assert_eq!(map.check(id(4)), Err(Wrong::Me));
    let nodes: Vec<(u16, String)> = map
        .nodes()
        .map(|(id, ip)| (id.get(), ip.to_string()))
        .collect();
    let expected = [
        (1, "10.0.0.1"),
        (2, "10.0.0.2"),
        (3, "10.0.0.3"),
        (10, "10.0.1.255"),
        (11, "10.0.2.0"),
    ];
    assert_eq!(nodes, expected.map(|(id, ip)| (id, ip.to_string())));
    for (id, ip) in map.nodes() {
        assert_eq!(map.address(id), Some(ip));
        assert_eq!(map.owner(ip), Some(id));
    }
    assert_eq!(map.owner(ip(172, 16, 0, 2)), Some(id(2)));
    for stranger in [
        ip(10, 0, 0, 0),
        ip(10, 0, 0, 4),
        ip(10, 0, 2, 1),
        ip(172, 16, 0, 3),
    ] {
        assert_eq!(map.owner(stranger), None);
    }
    for nobody in [4, 9, 12, 65535] {
        assert_eq!(map.address(id(nobody)), None);
    }
}

#[test]
fn contradictions_are_found() {
    let a = ip(10, 0, 0, 1);
    let b = ip(10, 0, 9, 1);
    let check = |ranges: &[Range], aliases: &[Alias]| Map { ranges, aliases }.check(id(1));
    assert_eq!(check(&[range(1, a, 2), range(3, b, 1)], &[]), Ok(()));
    assert_eq!(
        check(&[range(1, a, 2), range(2, b, 1)], &[]),
        Err(Wrong::SameId)
    );
    assert_eq!(
        check(&[range(2, b, 1), range(1, a, 2)], &[]),
        Err(Wrong::SameId)
    );
    assert_eq!(
        check(&[range(1, a, 9), range(20, ip(10, 0, 0, 9), 1)], &[]),
        Err(Wrong::SameAddress)
    );
    assert_eq!(
        check(&[range(1, a, 1)], &[Alias { id: id(2), ip: b }]),
        Err(Wrong::NoSuchNode)
    );
    assert_eq!(
        check(&[range(1, a, 1)], &[Alias { id: id(1), ip: a }]),
        Err(Wrong::SameAddress)
    );
    let twice = [Alias { id: id(1), ip: b }; 2];
    assert_eq!(check(&[range(1, a, 1)], &twice), Err(Wrong::SameAddress));
    assert_eq!(check(&[], &[]), Err(Wrong::Me));
    let most = u16::try_from(MAX_NODES).unwrap();
    assert_eq!(check(&[range(1, a, most)], &[]), Ok(()));
    assert_eq!(
        check(
            &[range(1, a, most), range(most + 1, ip(11, 0, 0, 1), 1)],
            &[]
        ),
        Err(Wrong::Many)
    );
}

proptest! {
    /// Any bytes are lines or not; a map of them that passes the check gives every address one owner.
    #[test]
    fn checked_maps_are_one_to_one(
        ranges in prop::collection::vec((1_u16..50, 0_u32..50, 1_u16..8), 0..8),
        aliases in prop::collection::vec((1_u16..50, 0_u32..50), 0..4),
    ) {
        let ranges: Vec<Range> =
            ranges.into_iter().map(|(first, ip, count)| range(first, Ip::from_bits(ip), count)).collect();
        let aliases: Vec<Alias> =
            aliases.into_iter().map(|(node, ip)| Alias { id: id(node), ip: Ip::from_bits(ip) }).collect();
        let map = Map { ranges: &ranges, aliases: &aliases };
        let mut ids: Vec<NodeId> = map.nodes().map(|(id, _)| id).collect();
        let mut ips: Vec<u32> = map.nodes().map(|(_, ip)| ip.to_bits()).collect();
        ips.extend(aliases.iter().map(|alias| alias.ip.to_bits()));
        let (all_ids, all_ips) = (ids.len(), ips.len());
        ids.sort();
        ids.dedup();
        ips.sort_unstable();
        ips.dedup();
        let unique = ids.len() == all_ids && ips.len() == all_ips;
        let owned = aliases.iter().all(|alias| ids.contains(&alias.id));
        match ids.first() {
            Some(me) => prop_assert_eq!(map.check(*me).is_ok(), unique && owned),
            None => prop_assert!(map.check(id(1)).is_err()),
        }
    }

    /// Noise does not get anywhere it should not.
    #[test]
    fn noise_is_refused(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        for line in lines(&noise) {
            prop_assert!(matches!(line, Err(Wrong::Line)));
        }
    }
}
