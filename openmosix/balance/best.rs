// SPDX-License-Identifier: GPL-2.0-only

//! The best few of many.

/// At most `N` things, the ones with the greatest keys of all that were offered, the best first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Best<K, T, const N: usize> {
    list: [Option<(K, T)>; N],
}

impl<K: PartialOrd + Copy, T: Copy, const N: usize> Best<K, T, N> {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self { list: [None; N] }
    }

    /// Takes one in, if it is among the best; of equals the first one wins.
    pub(crate) fn offer(&mut self, key: K, thing: T) {
        if matches!(self.list.last(), Some(Some((worst, _))) if *worst >= key) {
            return;
        }
        let mut moved = (key, thing);
        for entry in &mut self.list {
            match entry {
                Some((best, _)) if *best >= moved.0 => (),
                Some(other) => core::mem::swap(other, &mut moved),
                None => {
                    *entry = Some(moved);
                    return;
                }
            }
        }
    }

    /// Those that are left, the best first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.list.iter().flatten().map(|(_, thing)| *thing)
    }
}
