// SPDX-License-Identifier: GPL-2.0-only
//! The map: which node numbers have which addresses, in openMosix's syntax.
//!
//! Each line of a map file is `ID ADDRESS COUNT`: nodes ID, ID+1 … have ADDRESS, ADDRESS+1 ….
//! `ID ADDRESS ALIAS` (or a count of 0) gives another address to a node. `#` starts a comment.
//! A host name may stand for a single address.

use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

use crate::error::LineError;

/// The most lines that say something.
pub const MAX_ENTRIES: usize = 256;

/// Nodes with consecutive numbers and addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Range {
    /// The number of the first node.
    pub first: u16,
    /// The address of the first node.
    pub address: IpAddr,
    /// How many nodes, at least 1; neither numbers nor the last byte of the address overflow.
    pub count: u16,
}

/// Another address of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alias {
    /// The node.
    pub id: u16,
    /// Its other address.
    pub address: IpAddr,
}

/// A whole map. No two ranges or aliases share a number or an address; aliases have a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Map {
    /// The nodes, in the order of the file.
    pub nodes: Vec<Range>,
    /// Their other addresses.
    pub aliases: Vec<Alias>,
}

impl Range {
    /// The number of the last node.
    pub fn last(&self) -> u16 {
        self.first + (self.count - 1)
    }

    /// The node that has `address`.
    pub fn owner(&self, address: IpAddr) -> Option<u16> {
        let (family, start) = numeric(self.address);
        let (other_family, number) = numeric(address);
        let offset = number.checked_sub(start)?;
        (family == other_family && offset < self.count.into()).then(|| self.first + offset as u16)
    }

    fn shares_number(&self, other: &Self) -> Option<u16> {
        let first = self.first.max(other.first);
        (first <= self.last().min(other.last())).then_some(first)
    }

    fn shares_address(&self, other: &Self) -> Option<IpAddr> {
        let later = if numeric(self.address) < numeric(other.address) { other } else { self };
        (self.owner(later.address).is_some() && other.owner(later.address).is_some())
            .then_some(later.address)
    }
}

impl Map {
    /// Read a map; `resolve` finds the address of a host name.
    pub fn parse(
        text: &str,
        resolve: impl Fn(&str) -> Result<IpAddr, String>,
    ) -> Result<Self, LineError> {
        let mut builder = Builder::default();
        for (index, line) in text.lines().enumerate() {
            let entry = line.split('#').next().unwrap_or_default();
            let fields: Vec<&str> = entry.split_whitespace().collect();
            let done = match fields[..] {
                [] => Ok(()),
                [id, address, count] => builder.line(index + 1, id, address, count, &resolve),
                _ => Err("expected three fields: ID ADDRESS COUNT, or ID ADDRESS ALIAS".into()),
            };
            done.map_err(|what| LineError { line: Some(index + 1), what })?;
        }
        let map = builder.finish()?;
        if map.is_empty() {
            return Err(LineError { line: None, what: "there are no nodes".into() });
        }
        Ok(map)
    }

    /// Whether node `id` is in the map.
    pub fn contains(&self, id: u16) -> bool {
        self.nodes.iter().any(|range| (range.first..=range.last()).contains(&id))
    }

    /// The node that has `address`, as its first or another one.
    pub fn owner(&self, address: IpAddr) -> Option<u16> {
        let alias = || self.aliases.iter().find(|alias| alias.address == address);
        let mut ranges = self.nodes.iter();
        ranges.find_map(|range| range.owner(address)).or_else(|| alias().map(|alias| alias.id))
    }

    /// Every address that is written in the map (ranges by their first).
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let nodes = self.nodes.iter().map(|range| range.address);
        nodes.chain(self.aliases.iter().map(|alias| alias.address))
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.iter().map(|range| usize::from(range.count)).sum()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The number of the machine with the addresses `mine`.
    pub fn find_me(&self, mine: &[IpAddr]) -> Result<u16, String> {
        let mut found: Vec<(u16, IpAddr)> =
            mine.iter().filter_map(|mine| Some((self.owner(*mine)?, *mine))).collect();
        found.dedup_by_key(|(id, _)| *id);
        match found[..] {
            [(id, _)] => Ok(id),
            [(a, first), (b, second), ..] => Err(format!(
                "two of my addresses belong to different nodes: {first} to node {a}, {second} to \
                 node {b}; choose with -p"
            )),
            [] => {
                let address = mine.first().map_or("127.0.0.1".to_string(), IpAddr::to_string);
                Err(format!(
                    "supplied table is well-formatted, but my IP address ({address}) is not there"
                ))
            }
        }
    }
}

/// The syntax of a map file.
impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Range { first, address, count } in &self.nodes {
            writeln!(f, "{first} {address} {count}")?;
        }
        for Alias { id, address } in &self.aliases {
            writeln!(f, "{id} {address} ALIAS")?;
        }
        Ok(())
    }
}

/// A map in the making: remembers where each entry came from.
#[derive(Default)]
pub(crate) struct Builder {
    nodes: Vec<(usize, Range)>,
    aliases: Vec<(usize, Alias)>,
}

impl Builder {
    fn line(
        &mut self,
        line: usize,
        id: &str,
        address: &str,
        count: &str,
        resolve: impl Fn(&str) -> Result<IpAddr, String>,
    ) -> Result<(), String> {
        let id = number(id).map_err(|what| format!("node ID {what}"))?;
        let literal = address.parse::<IpAddr>().ok();
        let name_has_address = || resolve(address).map_err(|what| format!("'{address}': {what}"));
        if count.eq_ignore_ascii_case("ALIAS") || count == "0" {
            let address = literal.map_or_else(name_has_address, Ok)?;
            return self.alias(line, id, address);
        }
        let count = number(count).map_err(|what| format!("count {what}"))?;
        if literal.is_none() && count > 1 {
            return Err(format!("a range needs an address, not the name '{address}'"));
        }
        self.range(line, id, literal.map_or_else(name_has_address, Ok)?, count)
    }

    /// Add the nodes of one line, `first` and `count` being at least 1.
    pub(crate) fn range(
        &mut self,
        line: usize,
        first: u16,
        address: IpAddr,
        count: u16,
    ) -> Result<(), String> {
        if u32::from(first) + u32::from(count) - 1 > u16::MAX.into() {
            return Err(format!("{count} nodes from {first} on run past 65535"));
        }
        if (numeric(address).1 & 0xff) + u128::from(count) - 1 > 0xff {
            return Err(format!("{count} addresses from {address} on run past the last byte"));
        }
        let range = Range { first, address, count };
        for (other_line, other) in &self.nodes {
            if let Some(id) = range.shares_number(other) {
                return Err(format!("node {id} is already on line {other_line}"));
            }
        }
        self.new_address(&range)?;
        self.nodes.push((line, range));
        self.within_limit()
    }

    /// Add another address of a node.
    pub(crate) fn alias(&mut self, line: usize, id: u16, address: IpAddr) -> Result<(), String> {
        self.new_address(&Range { first: id, address, count: 1 })?;
        self.aliases.push((line, Alias { id, address }));
        self.within_limit()
    }

    /// The map, if it is right as a whole.
    pub(crate) fn finish(self) -> Result<Map, LineError> {
        let map = Map {
            nodes: self.nodes.iter().map(|(_, range)| range.clone()).collect(),
            aliases: self.aliases.iter().map(|(_, alias)| alias.clone()).collect(),
        };
        if let Some((line, alias)) = self.aliases.iter().find(|(_, it)| !map.contains(it.id)) {
            let what = format!("an alias of node {}, which no line has", alias.id);
            return Err(LineError { line: Some(*line), what });
        }
        let loopback = |(_, range): &&(usize, Range)| range.address.is_loopback();
        if let Some((line, range)) = self.nodes.iter().find(loopback).filter(|_| map.len() > 1) {
            let what =
                format!("other nodes cannot reach node {} at {}", range.first, range.address);
            return Err(LineError { line: Some(*line), what });
        }
        Ok(map)
    }

    fn new_address(&self, new: &Range) -> Result<(), String> {
        let address = new.address;
        if address.is_unspecified() || address.is_multicast() {
            return Err(format!("{address} is not the address of a machine"));
        }
        for (line, range) in &self.nodes {
            if let Some(address) = new.shares_address(range) {
                return Err(format!("address {address} is already on line {line}"));
            }
        }
        match self.aliases.iter().find(|(_, alias)| new.owner(alias.address).is_some()) {
            Some((line, alias)) => {
                Err(format!("address {} is already on line {line}", alias.address))
            }
            None => Ok(()),
        }
    }

    fn within_limit(&self) -> Result<(), String> {
        if self.nodes.len() + self.aliases.len() > MAX_ENTRIES {
            return Err(format!("more than {MAX_ENTRIES} entries"));
        }
        Ok(())
    }
}

/// A number from 1 to 65535; the error continues a sentence.
fn number(word: &str) -> Result<u16, String> {
    match word.parse() {
        Ok(0) | Err(_) => Err(format!("'{word}' is not a number from 1 to 65535")),
        Ok(number) => Ok(number),
    }
}

/// An address as family and number.
fn numeric(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(address) => (false, address.to_bits().into()),
        IpAddr::V6(address) => (true, address.to_bits()),
    }
}

#[cfg(test)]
mod tests;
