// SPDX-License-Identifier: GPL-2.0-only

//! The bytes of one message of each kind, as the protocol has them.
//!
//! If this fails, nodes with an older kernel will not understand you: change `VERSION` and say so in the changelog
//! of `openmosix/wire.rs`. The bytes are in `golden.txt`, one kind a line; of long ones the first 64 and a checksum
//! of all.

use super::samples::payload;
use crate::wire::Kind;

const GOLDEN: &str = include_str!("golden.txt");

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn line(kind: Kind) -> String {
    let payload = payload(kind);
    let digits: String = payload
        .iter()
        .take(64)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "{:04x} {} {} {:016x} {digits}",
        kind as u16,
        kind.name(),
        payload.len(),
        checksum(&payload)
    )
    .trim_end()
    .to_string()
}

#[test]
fn golden_messages() {
    let lines: Vec<&str> = GOLDEN
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    for (kind, golden) in Kind::ALL.iter().zip(&lines) {
        assert_eq!(line(*kind), *golden);
    }
    assert_eq!(lines.len(), Kind::ALL.len(), "a kind has no golden bytes");
}
