// SPDX-License-Identifier: GPL-2.0-only

//! The map of the cluster: which node has which address. [pure]
//!
//! The administrator writes it as lines of words:
//!
//! ```text
//! me <id>
//! key <64 hex digits>
//! node <first-id> <address> <count>
//! alias <id> <address>
//! join <address>
//! closed
//! ```
//!
//! `node` gives the ids from `first-id` on to the addresses from `address` on, counting both up; `alias` adds
//! another address of a node that has one. `join` is where a node of the cluster can be reached whose id need not be
//! known; a node that joins so needs no map. `closed` keeps out all nodes that are not in the map. Empty lines and lines
//! that begin with `#` say nothing.

use core::{
    fmt,
    net::Ipv4Addr,
    num::NonZeroU16, //
};

/// A node's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ip(Ipv4Addr);

impl Ip {
    /// The address that is this number.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(Ipv4Addr::from_bits(bits))
    }

    /// The address as a number.
    pub(crate) const fn to_bits(self) -> u32 {
        self.0.to_bits()
    }
}

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The most ranges and aliases of a map, each.
pub(crate) const MAX_LINES: usize = 256;

/// The most nodes of a map.
pub(crate) const MAX_NODES: usize = 4096;

/// The most bytes of a configuration.
pub(crate) const MAX_TEXT: usize = 32 << 10;

/// Bytes of a key.
const KEY: usize = 32;

/// A node's number; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(NonZeroU16);

impl NodeId {
    /// The node with this number; there is none with the number 0.
    pub(crate) const fn new(id: u16) -> Option<Self> {
        match NonZeroU16::new(id) {
            Some(id) => Some(Self(id)),
            None => None,
        }
    }

    /// The number.
    pub(crate) const fn get(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Nodes with ids and addresses in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// Id of the first.
    pub(crate) first: NodeId,
    /// Its address.
    pub(crate) ip: Ip,
    /// How many there are; at least one.
    pub(crate) count: u16,
}

impl Range {
    /// The nodes, each with its address.
    pub(crate) fn nodes(self) -> impl Iterator<Item = (NodeId, Ip)> {
        (0..self.count).filter_map(move |n| self.node(n))
    }

    fn node(self, n: u16) -> Option<(NodeId, Ip)> {
        let id = NodeId::new(self.first.get().checked_add(n)?)?;
        let ip = self.ip.to_bits().checked_add(u32::from(n))?;
        Some((id, Ip::from_bits(ip)))
    }

    fn address(self, id: NodeId) -> Option<Ip> {
        let n = id.get().checked_sub(self.first.get())?;
        let (_, ip) = self.node(n).filter(|_| n < self.count)?;
        Some(ip)
    }

    fn owner(self, ip: Ip) -> Option<NodeId> {
        let n = ip.to_bits().checked_sub(self.ip.to_bits())?;
        let n = u16::try_from(n).ok().filter(|n| *n < self.count)?;
        let (id, _) = self.node(n)?;
        Some(id)
    }
}

/// Another address of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    /// The node.
    pub(crate) id: NodeId,
    /// The address.
    pub(crate) ip: Ip,
}

/// One line of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// This node's id.
    Me(NodeId),
    /// The cluster key.
    Key([u8; KEY]),
    /// Nodes.
    Node(Range),
    /// Another address of a node.
    Alias(Alias),
    /// Where a node of the cluster can be reached.
    Join(Ip),
    /// Only nodes of the map are let in.
    Closed,
}

/// Why a configuration is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A line is none of those there are.
    Line,
    /// Something is said twice that can be said once.
    Twice,
    /// There are too many lines or nodes.
    Many,
    /// Two nodes have the same id.
    SameId,
    /// Two nodes have the same address, or one has it twice.
    SameAddress,
    /// An alias belongs to no node.
    NoSuchNode,
    /// This node's id is missing, or not in the map.
    Me,
    /// There is no key.
    Key,
}

impl Wrong {
    /// What is wrong, in words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Wrong::Line => "cannot be read",
            Wrong::Twice => "says something twice",
            Wrong::Many => "has too many nodes",
            Wrong::SameId => "gives two nodes the same id",
            Wrong::SameAddress => "gives two nodes the same address",
            Wrong::NoSuchNode => "has an alias of a node that it does not have",
            Wrong::Me => "does not have this node",
            Wrong::Key => "has no key",
        }
    }
}

/// The lines of a configuration that say something.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = Result<Line, Wrong>> + '_ {
    text.split(|byte| *byte == b'\n')
        .map(|line| line.trim_ascii())
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .map(|line| parse(line).ok_or(Wrong::Line))
}

fn parse(line: &[u8]) -> Option<Line> {
    let mut words = core::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let line = match words.next()? {
        "me" => Line::Me(id(words.next()?)?),
        "key" => Line::Key(key(words.next()?)?),
        "node" => {
            let range = Range {
                first: id(words.next()?)?,
                ip: ip(words.next()?)?,
                count: words.next()?.parse().ok()?,
            };
            // Ids and addresses have to be there for all of them.
            range.node(range.count.checked_sub(1)?)?;
            Line::Node(range)
        }
        "alias" => Line::Alias(Alias {
            id: id(words.next()?)?,
            ip: ip(words.next()?)?,
        }),
        "join" => Line::Join(ip(words.next()?)?),
        "closed" => Line::Closed,
        _ => return None,
    };
    words.next().is_none().then_some(line)
}

fn id(word: &str) -> Option<NodeId> {
    NodeId::new(word.parse().ok()?)
}

fn ip(word: &str) -> Option<Ip> {
    Some(Ip(word.parse().ok()?))
}

fn key(word: &str) -> Option<[u8; KEY]> {
    let digits = word.as_bytes();
    if digits.len() != 2 * KEY {
        return None;
    }
    let mut key = [0; KEY];
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let digit = char::from(*digit).to_digit(16)?;
            *byte = *byte << 4 | u8::try_from(digit).ok()?;
        }
    }
    Some(key)
}

/// A whole map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map<'a> {
    /// The nodes.
    pub(crate) ranges: &'a [Range],
    /// Their other addresses.
    pub(crate) aliases: &'a [Alias],
}

impl<'a> Map<'a> {
    /// All nodes, each with its first address.
    pub(crate) fn nodes(self) -> impl Iterator<Item = (NodeId, Ip)> + 'a {
        self.ranges.iter().flat_map(|range| range.nodes())
    }

    /// The first address of a node.
    pub(crate) fn address(self, id: NodeId) -> Option<Ip> {
        self.ranges.iter().find_map(|range| range.address(id))
    }

    /// The node that has this address.
    pub(crate) fn owner(self, ip: Ip) -> Option<NodeId> {
        let first = self.ranges.iter().find_map(|range| range.owner(ip));
        let other = || self.aliases.iter().find(|alias| alias.ip == ip);
        first.or_else(|| other().map(|alias| alias.id))
    }

    /// Whether every id and every address has one meaning, and `me` is among them.
    pub(crate) fn check(self, me: NodeId) -> Result<(), Wrong> {
        let nodes = self
            .ranges
            .iter()
            .map(|range| usize::from(range.count))
            .sum::<usize>();
        if nodes > MAX_NODES || self.ranges.len() > MAX_LINES || self.aliases.len() > MAX_LINES {
            return Err(Wrong::Many);
        }
        for (n, range) in self.ranges.iter().enumerate() {
            for other in self.ranges.iter().skip(n + 1) {
                if overlap(
                    range.first.get().into(),
                    range.count,
                    other.first.get().into(),
                    other.count,
                ) {
                    return Err(Wrong::SameId);
                }
                if overlap(
                    range.ip.to_bits(),
                    range.count,
                    other.ip.to_bits(),
                    other.count,
                ) {
                    return Err(Wrong::SameAddress);
                }
            }
        }
        for (n, alias) in self.aliases.iter().enumerate() {
            if self.address(alias.id).is_none() {
                return Err(Wrong::NoSuchNode);
            }
            let earlier = Map {
                aliases: self.aliases.get(..n).unwrap_or(&[]),
                ..self
            };
            if earlier.owner(alias.ip).is_some() {
                return Err(Wrong::SameAddress);
            }
        }
        self.address(me).map(|_| ()).ok_or(Wrong::Me)
    }
}

fn overlap(a: u32, a_count: u16, b: u32, b_count: u16) -> bool {
    if a <= b {
        b - a < u32::from(a_count)
    } else {
        a - b < u32::from(b_count)
    }
}
