// SPDX-License-Identifier: GPL-2.0-only

//! Random numbers for choices, not for secrets.

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): small, fast, and good from any seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// The numbers that follow from this seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `limit`; 0 if there is none.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let wide = u128::from(self.next()) * limit as u128;
        (wide >> 64) as usize
    }

    /// One of what comes, each as likely as any other.
    pub(crate) fn pick<T>(&mut self, from: impl Iterator<Item = T>) -> Option<T> {
        let mut picked = None;
        for (before, one) in from.enumerate() {
            if self.below(before + 1) == 0 {
                picked = Some(one);
            }
        }
        picked
    }
}
