// SPDX-License-Identifier: GPL-2.0-only

//! The table against the kernel's own.

use std::{
    collections::BTreeMap,
    env,
    fs,
    path::Path, //
};

use crate::syscall::{
    class::Class,
    name,
    table::{
        Shape,
        TABLE, //
    },
    COUNT, //
};

/// Where the kernel keeps its table.
const TBL: &str = "arch/x86/entry/syscalls/syscall_64.tbl";

/// The 64-bit numbers and names of a `syscall_64.tbl`.
fn kernel_table(text: &str) -> BTreeMap<usize, String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let nr = words.next()?.parse().expect("a number");
            let abi = words.next()?;
            let name = words.next()?.to_string();
            (abi != "x32").then_some((nr, name))
        })
        .collect()
}

/// The numbers and names that are kept here.
fn listed() -> BTreeMap<usize, String> {
    include_str!("numbers.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (nr, name) = line.split_once(' ').expect("a number and a name");
            (nr.parse().expect("a number"), name.to_string())
        })
        .collect()
}

/// The numbers and names of our table.
fn ours() -> BTreeMap<usize, String> {
    TABLE
        .iter()
        .filter(|entry| entry.class != Class::Hole)
        .map(|entry| (usize::from(entry.nr), entry.name.to_string()))
        .collect()
}

/// The table of the kernel tree in `OPENMOSIX_TREE`; without one, the list that is kept here.
fn kernel() -> BTreeMap<usize, String> {
    let Some(tree) = env::var_os("OPENMOSIX_TREE") else {
        return listed();
    };
    let path = Path::new(&tree).join(TBL);
    kernel_table(&fs::read_to_string(path).expect("the kernel's table"))
}

#[test]
fn every_number_has_its_name() {
    assert_eq!(ours(), kernel());
    assert_eq!(listed(), kernel());
    assert_eq!(kernel().last_key_value().map(|(nr, _)| nr + 1), Some(COUNT));
    assert_eq!(name(472), "fchroot");
    assert_eq!(name(473), "unknown");
}

#[test]
fn entries_stand_at_their_numbers() {
    for (nr, entry) in TABLE.iter().enumerate() {
        assert_eq!(usize::from(entry.nr), nr);
        assert_eq!(entry.class == Class::Hole, (337..=423).contains(&nr));
        assert_eq!(entry.class == Class::Hole, entry.name.is_empty());
    }
}

#[test]
fn most_calls_are_described() {
    let described = TABLE
        .iter()
        .filter(|entry| matches!(entry.shape, Shape::Fixed(_) | Shape::Command(_)))
        .count();
    assert!(described >= 250, "only {described}");
}

#[test]
fn descriptions_are_consistent() {
    use crate::syscall::param::{
        Back,
        Direction,
        Length,
        Param, //
    };
    for entry in &TABLE {
        let Shape::Fixed(params) = entry.shape else {
            continue;
        };
        assert!(params.len() <= 6, "{} has too many", entry.name);
        for param in params {
            let Param::Buffer { dir, len, back } = param else {
                continue;
            };
            // What the call may leave alone has to go along.
            assert_eq!(
                *dir == Direction::InOut,
                matches!(back, Back::Always | Back::Bits(_)),
                "{}",
                entry.name
            );
            // A length is either a value, or an int that travels both ways.
            match len {
                Length::Const(len) => assert!(*len > 0),
                Length::Arg { arg, .. } | Length::Bits(arg) => {
                    let count = params.get(usize::from(*arg)).unwrap_or(&Param::Value);
                    assert_eq!(*count, Param::Value, "{}", entry.name);
                }
                Length::Pointee(arg) => assert_eq!(
                    params[usize::from(*arg)],
                    Param::Buffer {
                        dir: Direction::InOut,
                        len: Length::Const(4),
                        back: Back::Always,
                    },
                    "{}",
                    entry.name
                ),
            }
        }
    }
}
