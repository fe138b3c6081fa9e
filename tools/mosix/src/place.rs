// SPDX-License-Identifier: GPL-2.0-only
//! Where a process runs: at home, or on the node with a number.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A place that a process can be told to go to. The kernel writes home as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The process's home node, whatever its number.
    Home,
    /// Another node, 1 to 65535.
    Node(u16),
}

impl Place {
    /// The number as `/proc` reads and writes it.
    pub fn number(self) -> u16 {
        match self {
            Self::Home => 0,
            Self::Node(id) => id,
        }
    }

    /// Seen from node `me`: naming one's own node means home.
    pub fn seen_from(self, me: u16) -> Self {
        if self == Self::Node(me) { Self::Home } else { self }
    }
}

impl From<u16> for Place {
    fn from(number: u16) -> Self {
        if number == 0 { Self::Home } else { Self::Node(number) }
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        if word == "home" {
            return Ok(Self::Home);
        }
        word.parse::<u16>()
            .map(Self::from)
            .map_err(|_| format!("'{word}' is neither 'home' nor a node number from 1 to 65535"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Home => f.write_str("home"),
            Self::Node(id) => write!(f, "node {id}"),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_has_two_names_and_one_meaning() {
        assert_eq!("home".parse(), Ok(Place::Home));
        assert_eq!("0".parse(), Ok(Place::Home));
        assert_eq!("7".parse(), Ok(Place::Node(7)));
        assert_eq!(Place::Node(7).seen_from(7), Place::Home);
        assert_eq!(Place::Node(7).seen_from(8), Place::Node(7));
    }

    #[test]
    fn other_words_are_refused() {
        for word in ["", "-1", "65536", "HOME", "1 "] {
            assert!(word.parse::<Place>().is_err(), "{word:?}");
        }
    }
}
