// SPDX-License-Identifier: GPL-2.0-only

//! Sets of nodes, as people write and read them (`/proc/PID/mignodes`).
//!
//! A list of numbers and ranges, `1,3-5`, or openMosix's bit mask, `0x1d`, whose lowest bit is node 1.

use core::fmt;

use super::rules::Mask;
use crate::{
    node::map::NodeId,
    wire::Malformed, //
};

/// Words of a set that has room for every node.
pub(crate) const WORDS: usize = 1024;

/// Adds a node.
fn insert(node: u16, words: &mut [u64; WORDS]) -> Result<(), Malformed> {
    let bit = NodeId::new(node).ok_or(Malformed)?.get() - 1;
    let word = words.get_mut(usize::from(bit / 64)).ok_or(Malformed)?;
    *word |= 1 << (bit % 64);
    Ok(())
}

fn parse_mask(digits: &str, words: &mut [u64; WORDS]) -> Result<(), Malformed> {
    if digits.is_empty() {
        return Err(Malformed);
    }
    for (place, digit) in (0_u32..).zip(digits.chars().rev()) {
        let value = u64::from(digit.to_digit(16).ok_or(Malformed)?);
        match words.get_mut((place / 16) as usize) {
            Some(word) => *word |= value << (place % 16 * 4),
            None if value == 0 => (),
            None => return Err(Malformed),
        }
    }
    // Nobody is node 65536.
    match words.last() {
        Some(last) if last >> 63 != 0 => Err(Malformed),
        _ => Ok(()),
    }
}

/// Reads a set; returns how many words say all of it. `words` are zero before.
pub(crate) fn parse(text: &str, words: &mut [u64; WORDS]) -> Result<usize, Malformed> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x") {
        parse_mask(digits, words)?;
    } else if !text.is_empty() {
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let first: u16 = first.trim().parse().map_err(|_| Malformed)?;
            let last: u16 = last.trim().parse().map_err(|_| Malformed)?;
            if first > last {
                return Err(Malformed);
            }
            for node in first..=last {
                insert(node, words)?;
            }
        }
    }
    let used = words.iter().rposition(|word| *word != 0);
    Ok(used.map_or(0, |last| last + 1))
}

/// A set, shown as a list.
pub(crate) struct List<'a>(pub(crate) &'a [u64]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut nodes = (1..=u16::MAX)
            .filter_map(NodeId::new)
            .take(self.0.len().saturating_mul(64))
            .filter(|node| Mask::has(self.0, *node))
            .map(NodeId::get)
            .peekable();
        let mut comma = "";
        while let Some(first) = nodes.next() {
            let mut last = first;
            while let Some(next) = nodes.next_if(|next| *next == last + 1) {
                last = next;
            }
            write!(f, "{comma}{first}")?;
            if last > first {
                write!(f, "-{last}")?;
            }
            comma = ",";
        }
        Ok(())
    }
}
