// SPDX-License-Identifier: GPL-2.0-only
//! A set of nodes as people and the kernel write it: `1,3-5`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Some nodes, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nodes(BTreeSet<u16>);

impl Nodes {
    /// The numbers, in order.
    pub fn ids(&self) -> impl Iterator<Item = u16> {
        self.0.iter().copied()
    }
}

impl FromStr for Nodes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut ids = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let id = |word: &str| match word.trim().parse::<u16>() {
                Ok(0) | Err(_) => Err(format!("'{word}' is not a node number from 1 to 65535")),
                Ok(id) => Ok(id),
            };
            let (first, last) = (id(first)?, id(last)?);
            if last < first {
                return Err(format!("'{part}' goes backwards"));
            }
            ids.extend(first..=last);
        }
        Ok(Self(ids))
    }
}

impl fmt::Display for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ranges: Vec<(u16, u16)> = vec![];
        for id in self.ids() {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == id => *last = id,
                _ => ranges.push((id, id)),
            }
        }
        let range = |(first, last): &(u16, u16)| match last - first {
            0 => first.to_string(),
            _ => format!("{first}-{last}"),
        };
        f.write_str(&ranges.iter().map(range).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges() {
        let nodes: Nodes = "5,1,3-4,65535".parse().unwrap();
        assert_eq!(nodes.ids().collect::<Vec<_>>(), [1, 3, 4, 5, 65535]);
        assert_eq!(nodes.to_string(), "1,3-5,65535");
    }

    #[test]
    fn wrong_lists() {
        for (text, what) in [
            ("", "'' is not a node number from 1 to 65535"),
            ("1,", "'' is not a node number from 1 to 65535"),
            ("0", "'0' is not a node number from 1 to 65535"),
            ("1-70000", "'70000' is not a node number from 1 to 65535"),
            ("5-3", "'5-3' goes backwards"),
        ] {
            assert_eq!(text.parse::<Nodes>(), Err(what.to_string()), "{text}");
        }
    }
}
