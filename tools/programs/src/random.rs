// SPDX-License-Identifier: GPL-2.0-only
//! Random numbers of the kernel.

use mosix::{Error, Result};

/// Bytes that nobody foresees.
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::io("random numbers", error.into()))?;
    Ok(bytes)
}

/// A number that nobody foresees.
pub fn number() -> Result<u64> {
    bytes().map(u64::from_ne_bytes)
}
