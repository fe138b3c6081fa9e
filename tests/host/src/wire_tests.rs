// SPDX-License-Identifier: GPL-2.0-only

//! Tests of `openmosix/wire`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

pub(crate) mod every;
mod frames;
mod golden;
mod hello;
mod hostile;
mod samples;

/// The bytes that these hex digits stand for; blanks between them say nothing.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| u8::try_from(c.to_digit(16).expect("a hex digit")).unwrap())
        .collect();
    assert_eq!(digits.len() % 2, 0, "an odd number of digits");
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}
