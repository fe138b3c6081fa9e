// SPDX-License-Identifier: GPL-2.0-only
//! Tests of the map parser: examples, each error once, and properties.

use super::*;
use proptest::prelude::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A world with two host names.
fn resolve(name: &str) -> Result<IpAddr, String> {
    match name {
        "alpha" => Ok(ip("10.0.0.77")),
        "debian" => Ok(ip("127.0.1.1")),
        _ => Err("unknown host".into()),
    }
}

fn parse(text: &str) -> Result<Map, LineError> {
    Map::parse(text, resolve)
}

fn error(text: &str) -> String {
    parse(text).expect_err(text).to_string()
}

#[test]
fn ranges_aliases_names_and_comments() {
    let map = parse(
        "# MOSIX-ID  IP  number-of-nodes\n\
         \n\
         1 192.168.1.1 5   # five\r\n\
         2 10.1.1.2 ALIAS\n\
         \t3\t10.1.1.3\t0\n\
         20 fd00::fe 2\n\
         30 alpha 1\n",
    )
    .unwrap();
    assert_eq!(map.len(), 8);
    assert_eq!(map.owner(ip("192.168.1.5")), Some(5));
    assert_eq!(map.owner(ip("192.168.1.6")), None);
    assert_eq!(map.owner(ip("10.1.1.2")), Some(2));
    assert_eq!(map.owner(ip("10.1.1.3")), Some(3));
    assert_eq!(map.owner(ip("fd00::ff")), Some(21));
    assert_eq!(map.owner(ip("10.0.0.77")), Some(30));
    assert!(map.contains(21) && !map.contains(22));
}

#[test]
fn every_mistake_has_its_line_and_reason() {
    let cases = [
        ("", "there are no nodes"),
        ("# nothing\n", "there are no nodes"),
        ("1 10.0.0.1\n", "line 1: expected three fields: ID ADDRESS COUNT, or ID ADDRESS ALIAS"),
        (
            "\n1 10.0.0.1 1 1\n",
            "line 2: expected three fields: ID ADDRESS COUNT, or ID ADDRESS ALIAS",
        ),
        ("0 10.0.0.1 1", "line 1: node ID '0' is not a number from 1 to 65535"),
        ("65536 10.0.0.1 1", "line 1: node ID '65536' is not a number from 1 to 65535"),
        ("x 10.0.0.1 1", "line 1: node ID 'x' is not a number from 1 to 65535"),
        ("1 10.0.0.1 -1", "line 1: count '-1' is not a number from 1 to 65535"),
        ("65535 10.0.0.1 2", "line 1: 2 nodes from 65535 on run past 65535"),
        ("1 10.0.0.250 7", "line 1: 7 addresses from 10.0.0.250 on run past the last byte"),
        ("1 beta 1", "line 1: 'beta': unknown host"),
        ("1 10.0.0.256 1", "line 1: '10.0.0.256': unknown host"),
        ("1 alpha 2", "line 1: a range needs an address, not the name 'alpha'"),
        ("1 10.0.0.1 3\n3 10.0.1.1 1", "line 2: node 3 is already on line 1"),
        ("4 10.0.0.4 1\n1 10.0.1.1 9", "line 2: node 4 is already on line 1"),
        ("1 10.0.0.1 3\n9 10.0.0.3 1", "line 2: address 10.0.0.3 is already on line 1"),
        ("9 10.0.0.3 1\n1 10.0.0.1 3", "line 2: address 10.0.0.3 is already on line 1"),
        ("1 10.0.0.1 1\n1 10.0.0.1 ALIAS", "line 2: address 10.0.0.1 is already on line 1"),
        ("1 10.0.0.2 ALIAS\n1 10.0.0.1 2", "line 2: address 10.0.0.2 is already on line 1"),
        ("1 10.0.0.1 1\n2 10.0.0.2 ALIAS", "line 2: an alias of node 2, which no line has"),
        ("1 0.0.0.0 1", "line 1: 0.0.0.0 is not the address of a machine"),
        ("1 224.0.0.1 1", "line 1: 224.0.0.1 is not the address of a machine"),
        ("1 debian 1\n2 10.0.0.2 1", "line 1: other nodes cannot reach node 1 at 127.0.1.1"),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected, "{text:?}");
    }
}

#[test]
fn a_cluster_of_one_may_use_loopback() {
    assert_eq!(parse("1 127.0.0.1 1").unwrap().len(), 1);
}

#[test]
fn at_most_256_entries() {
    let lines = |count: u16| -> String {
        (0..count).map(|i| format!("{} 10.0.{}.{} 1\n", i + 1, i / 256, i % 256)).collect()
    };
    assert_eq!(parse(&lines(256)).unwrap().len(), 256);
    assert_eq!(error(&lines(257)), "line 257: more than 256 entries");
}

#[test]
fn finding_oneself() {
    let map = parse("1 10.0.0.1 9\n3 10.9.0.3 ALIAS").unwrap();
    assert_eq!(map.find_me(&[ip("10.0.0.4"), ip("::1")]), Ok(4));
    assert_eq!(map.find_me(&[ip("10.9.0.3"), ip("10.0.0.3")]), Ok(3), "both are node 3");
    let classic = "supplied table is well-formatted, but my IP address (127.0.0.1) is not there";
    assert_eq!(map.find_me(&[ip("127.0.0.1")]).unwrap_err(), classic);
    assert_eq!(map.find_me(&[]).unwrap_err(), classic);
    let two = map.find_me(&[ip("10.0.0.4"), ip("10.0.0.5")]).unwrap_err();
    assert!(two.contains("10.0.0.4 to node 4, 10.0.0.5 to node 5"), "{two}");
    let three = map.find_me(&[ip("10.0.0.3"), ip("10.0.0.5"), ip("10.9.0.3")]);
    assert!(three.is_err());
}

fn address() -> impl Strategy<Value = IpAddr> {
    // A small world, so that collisions happen.
    prop_oneof![
        (0..3u8, 1..=255u8).prop_map(|(net, host)| IpAddr::from([10, 0, net, host])),
        (1..=0x2ffu16).prop_map(|host| IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, host])),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let id = prop_oneof![1..60u16, Just(65535)];
    (id, address(), 0..20u16).prop_map(|(id, address, count)| format!("{id} {address} {count}"))
}

proptest! {
    /// Nothing makes the parser panic, and a named line exists.
    #[test]
    fn any_text_is_accepted_or_refused(text in "([0-9a-fA-LIAS.:# \t]|\\PC|\n){0,200}") {
        if let Err(LineError { line: Some(line), .. }) = parse(&text) {
            prop_assert!((1..=text.lines().count()).contains(&line));
        }
    }

    /// An accepted map reads back from its own text, and gives each number and address once.
    #[test]
    fn accepted_maps_are_consistent(lines in prop::collection::vec(line(), 1..6)) {
        let Ok(map) = parse(&lines.join("\n")) else { return Ok(()) };
        prop_assert_eq!(&parse(&map.to_string()).unwrap(), &map);
        let mut ids: Vec<u16> = vec![];
        for range in &map.nodes {
            ids.extend(range.first..=range.last());
            prop_assert_eq!(map.owner(range.address), Some(range.first));
        }
        let all = ids.len();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), all);
        for alias in &map.aliases {
            prop_assert_eq!(map.owner(alias.address), Some(alias.id));
            prop_assert!(map.nodes.iter().all(|range| range.owner(alias.address).is_none()));
        }
    }

    /// A mistake is found wherever it stands.
    #[test]
    fn the_line_of_a_mistake_is_right(before in 0..20usize, after in 0..20usize) {
        let good = |i: usize| format!("{} 10.0.0.{} 1\n", i + 1, i + 1);
        let text: String = (0..before).map(good)
            .chain(["100 nowhere 1\n".to_string()])
            .chain((before..before + after).map(good))
            .collect();
        prop_assert_eq!(parse(&text).unwrap_err().line, Some(before + 1));
    }
}
