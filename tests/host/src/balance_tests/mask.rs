// SPDX-License-Identifier: GPL-2.0-only

//! How sets of nodes are read and shown.

use crate::balance::mask::{parse, List, WORDS};

/// How a set is shown that was written like this; none if it is refused.
fn shown(text: &str) -> Option<String> {
    let mut words = [0; WORDS];
    let used = parse(text, &mut words).ok()?;
    Some(List(&words[..used]).to_string())
}

#[test]
fn lists_are_read_and_shown() {
    for (text, wanted) in [
        ("", ""),
        ("\n", ""),
        ("1", "1"),
        ("1,3-5\n", "1,3-5"),
        ("5,4,3,1,3", "1,3-5"),
        ("64,65", "64-65"),
        ("1-65535", "1-65535"),
        ("65535", "65535"),
    ] {
        assert_eq!(shown(text).as_deref(), Some(wanted), "{text:?}");
    }
}

#[test]
fn masks_are_read_as_openmosix_wrote_them() {
    for (text, wanted) in [
        ("0x0", ""),
        ("0x1", "1"),
        ("0x1d", "1,3-5"),
        ("0x8000000000000000", "64"),
        ("0x10000000000000000", "65"),
    ] {
        assert_eq!(shown(text).as_deref(), Some(wanted), "{text:?}");
    }
    let highest = format!("0x4{}", "0".repeat(16_383));
    assert_eq!(shown(&highest).as_deref(), Some("65535"));
}

#[test]
fn what_is_no_set_of_nodes_is_refused() {
    let too_high = [
        format!("0x8{}", "0".repeat(16_383)),
        format!("0x1{}", "0".repeat(16_384)),
    ];
    let wrong = [
        "0", "0-3", "3-1", "-1", "1-", "1,", ",1", "x", "0x", "0xg", "1 2", "65536", "1-65536",
    ];
    for text in wrong
        .iter()
        .copied()
        .chain(too_high.iter().map(String::as_str))
    {
        assert_eq!(shown(text), None, "{text:?}");
    }
}

#[test]
fn only_so_many_words_as_needed_are_used() {
    let mut words = [0; WORDS];
    assert_eq!(parse("1,70", &mut words), Ok(2));
    assert_eq!(words[..2], [1, 1 << 5]);
}
