// SPDX-License-Identifier: GPL-2.0-only

//! An average that forgets.

use super::power::{
    fraction,
    product,
    ONE, //
};

/// An exponentially decayed average: what came `half_ms` ago weighs half as much as what comes now.
///
/// Samples may come at any times; each weighs by the time since the one before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Average {
    half_ms: u64,
    last_ms: Option<u64>,
    /// Fixed point, see [`super::power`].
    value: u64,
}

impl Average {
    /// An average of nothing, which is 0.
    pub(crate) const fn new(half_ms: u64) -> Self {
        Self {
            half_ms,
            last_ms: None,
            value: 0,
        }
    }

    /// Takes a sample. The first one is the average.
    pub(crate) fn add(&mut self, now_ms: u64, sample: u32) {
        let sample = u64::from(sample) * ONE;
        self.value = match self.last_ms {
            None => sample,
            Some(last) => {
                let elapsed = now_ms.saturating_sub(last).min(64 * self.half_ms);
                let kept = fraction(elapsed * ONE / self.half_ms.max(1));
                product(self.value, kept) + product(sample, ONE - kept)
            }
        };
        self.last_ms = Some(now_ms);
    }

    /// Raises the average by something that is known to stay, such as a process that arrives.
    pub(crate) fn raise(&mut self, by: u32) {
        self.value = self.value.saturating_add(u64::from(by) * ONE);
    }

    /// Lowers the average by something that is known to be gone.
    pub(crate) fn lower(&mut self, by: u32) {
        self.value = self.value.saturating_sub(u64::from(by) * ONE);
    }

    /// The average now, rounded.
    pub(crate) fn get(&self) -> u32 {
        u32::try_from((self.value + ONE / 2) / ONE).unwrap_or(u32::MAX)
    }
}
