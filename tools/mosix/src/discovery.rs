// SPDX-License-Identifier: GPL-2.0-only
//! How nodes find each other without a map: what `omdiscd` says, and what it believes.
//!
//! Every node *announces* itself by multicast: its number, its IPv4 address, and a *nonce* that is
//! new each time. Whoever does not know it answers, by multicast as well, with a nonce of its own,
//! and *echoes* the one it heard. Only what echoes one of the last two nonces is believed: it was
//! said just now, by somebody who has the cluster key. So nothing that was recorded can be replayed
//! later, and no clock is needed. Who was answered by somebody who does not know it answers in its
//! turn; then both know. A message that is lost is made good by the next announcement.
//!
//! A message is 88 bytes; numbers are big-endian:
//!
//! | bytes | meaning                                            |
//! |-------|----------------------------------------------------|
//! | 8     | `omdiscd1`                                         |
//! | 1     | 1 if the kernel has this number already, else 0    |
//! | 1     | 1 in an answer to somebody who is known, else 0    |
//! | 2     | number of the node                                 |
//! | 4     | its IPv4 address                                   |
//! | 8     | the run of the program that speaks, at random      |
//! | 16    | nonce                                              |
//! | 16    | echoed nonce, or zeros                             |
//! | 32    | HMAC-SHA256 of all that, by a key of the cluster's |

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::key::Key;

/// The length of a message.
pub const LENGTH: usize = 88;

const MAGIC: &[u8; 8] = b"omdiscd1";
const PURPOSE: &str = "openMosix discovery 1";
const SEALED: usize = LENGTH - 32;

/// What is said once, and is not zero.
pub type Nonce = [u8; 16];

/// A node that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its number.
    pub id: u16,
    /// Where it is.
    pub address: Ipv4Addr,
    /// Whether its kernel has that number already.
    pub settled: bool,
    /// The run of its program.
    run: u64,
}

/// What follows from a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// A neighbour that was not known before.
    pub found: Option<Neighbour>,
    /// Somebody else with our own number.
    pub rival: Option<Neighbour>,
    /// Something to be sent where the message came from.
    pub answer: Option<Vec<u8>>,
}

/// What one node says and knows.
pub struct Discovery {
    key: Key,
    id: u16,
    run: u64,
    /// Whether our kernel has this number.
    pub settled: bool,
    /// Our own addresses.
    addresses: Vec<Ipv4Addr>,
    /// The nonces that count, the newer one first.
    nonces: [Nonce; 2],
    known: BTreeMap<u16, Neighbour>,
    /// How many messages were not understood, or had no right seal.
    pub refused: u64,
}

/// A message whose seal is right.
struct Message {
    from: Neighbour,
    /// Whether it knows whom it answers.
    knows: bool,
    nonce: Nonce,
    echo: Nonce,
}

impl Discovery {
    /// A node with this number and these addresses; `run` and the first `nonce` are random.
    pub fn new(key: Key, id: u16, run: u64, nonce: Nonce, addresses: Vec<Ipv4Addr>) -> Self {
        let (nonces, known) = ([nonce; 2], BTreeMap::new());
        Self { key, id, run, settled: false, addresses, nonces, known, refused: 0 }
    }

    /// The cluster key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Begin a new round with a fresh nonce.
    pub fn round(&mut self, nonce: Nonce) {
        self.nonces = [nonce, self.nonces[0]];
    }

    /// What to send to all where we are known by `address`.
    pub fn announcement(&self, address: Ipv4Addr) -> Vec<u8> {
        self.message(address, false, [0; 16])
    }

    /// Take a message that came where we are known by `address`.
    pub fn hear(&mut self, bytes: &[u8], address: Ipv4Addr) -> Heard {
        let Some(message) = Message::parse(bytes, &self.key) else {
            self.refused += 1;
            return Heard::default();
        };
        let from = message.from;
        if from.run == self.run {
            return Heard::default();
        }
        let same = |it: &Neighbour| it.run == from.run && it.address == from.address;
        let known = self.known.get(&from.id).is_some_and(same);
        let mut heard = Heard::default();
        if message.echo == Nonce::default() {
            heard.answer = (!known).then(|| self.message(address, false, message.nonce));
        } else if self.nonces.contains(&message.echo) {
            heard.answer = (!message.knows).then(|| self.message(address, true, message.nonce));
            if from.id == self.id {
                heard.rival = (!self.addresses.contains(&from.address)).then_some(from);
            } else if !known {
                self.known.insert(from.id, from);
                heard.found = Some(from);
            }
        }
        heard
    }

    /// Whether this node is the one to give way to a rival: who has the number keeps it, and of
    /// two newcomers the one with the lower address.
    pub fn gives_way(&self, rival: &Neighbour) -> bool {
        match (self.settled, rival.settled) {
            (true, false) => false,
            (false, true) => true,
            _ => self.addresses.iter().min() > Some(&rival.address),
        }
    }

    fn message(&self, address: Ipv4Addr, knows: bool, echo: Nonce) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(MAGIC);
        bytes.extend([u8::from(self.settled), u8::from(knows)]);
        bytes.extend(self.id.to_be_bytes());
        bytes.extend(address.octets());
        bytes.extend(self.run.to_be_bytes());
        bytes.extend(self.nonces[0]);
        bytes.extend(echo);
        bytes.extend(self.key.seal(PURPOSE, &bytes));
        bytes
    }
}

impl Message {
    fn parse(bytes: &[u8], key: &Key) -> Option<Self> {
        let (sealed, seal) = bytes.split_at_checked(SEALED)?;
        if seal.len() != LENGTH - SEALED || !key.is_sealed(PURPOSE, sealed, seal) {
            return None;
        }
        let (magic, rest) = sealed.split_first_chunk()?;
        let (&[settled, knows], rest) = rest.split_first_chunk()?;
        let (id, rest) = rest.split_first_chunk()?;
        let (address, rest) = rest.split_first_chunk::<4>()?;
        let (run, rest) = rest.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (echo, _) = rest.split_first_chunk()?;
        let from = Neighbour {
            id: u16::from_be_bytes(*id),
            address: Ipv4Addr::from(*address),
            settled: settled == 1,
            run: u64::from_be_bytes(*run),
        };
        (magic == MAGIC && from.id != 0).then_some(Self {
            from,
            knows: knows == 1,
            nonce: *nonce,
            echo: *echo,
        })
    }
}

/// The number that follows from an address, as in openMosix: its last two bytes.
pub fn id_of(address: Ipv4Addr) -> Option<u16> {
    let [_, _, high, low] = address.octets();
    Some(u16::from_be_bytes([high, low])).filter(|id| *id != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    fn key(secret: &str) -> Key {
        let tree = Tree::new();
        tree.write_mode("key", secret, 0o600);
        Key::read(&tree.root().join("key")).unwrap()
    }

    fn at(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, last)
    }

    fn node(id: u16, last: u8, run: u64) -> Discovery {
        Discovery::new(key("secret"), id, run, [last; 16], vec![at(last)])
    }

    /// Let `a` announce itself and both talk until nobody has an answer; whom each has found.
    fn talk(a: &mut Discovery, b: &mut Discovery) -> (Option<u16>, Option<u16>) {
        let (home_a, home_b) = (a.addresses[0], b.addresses[0]);
        let (mut found_a, mut found_b) = (None, None);
        let mut said = Some(a.announcement(home_a));
        for _ in 0..10 {
            let Some(bytes) = said else { return (found_a, found_b) };
            let heard = b.hear(&bytes, home_b);
            found_b = found_b.or(heard.found.map(|it| it.id));
            let Some(bytes) = heard.answer else { return (found_a, found_b) };
            let heard = a.hear(&bytes, home_a);
            found_a = found_a.or(heard.found.map(|it| it.id));
            said = heard.answer;
        }
        panic!("they talk without an end");
    }

    #[test]
    fn one_announcement_is_enough_for_both() {
        let (mut a, mut b) = (node(1, 1, 100), node(2, 2, 200));
        assert_eq!(talk(&mut a, &mut b), (Some(2), Some(1)));
        assert_eq!(talk(&mut b, &mut a), (None, None), "they know each other");
        let mut again = node(2, 2, 201);
        assert_eq!(talk(&mut again, &mut a), (Some(1), Some(2)), "a program that was restarted");
    }

    #[test]
    fn a_message_that_is_lost_is_made_good() {
        let (mut a, mut b) = (node(1, 1, 100), node(2, 2, 200));
        let answer = b.hear(&a.announcement(at(1)), at(2)).answer.unwrap();
        assert!(a.hear(&answer, at(1)).found.is_some());
        // The answer to that is lost: a knows b, and b does not know a.
        assert_eq!(talk(&mut b, &mut a), (None, None));
        a.round([9; 16]);
        assert_eq!(talk(&mut a, &mut b), (None, Some(1)));
    }

    #[test]
    fn replayed_messages_are_not_believed() {
        let (mut a, mut b) = (node(1, 1, 100), node(2, 2, 200));
        let answer = b.hear(&a.announcement(at(1)), at(2)).answer.unwrap();
        a.round([7; 16]);
        a.round([8; 16]);
        let heard = a.hear(&answer, at(1));
        assert_eq!(heard, Heard::default(), "its echo is too old");
        assert_eq!(a.hear(&b.announcement(at(2)), at(1)).found, None, "it echoes nothing");
    }

    #[test]
    fn answers_to_others_are_none_of_our_business() {
        let (a, mut b, mut c) = (node(1, 1, 100), node(2, 2, 200), node(3, 3, 300));
        let answer = b.hear(&a.announcement(at(1)), at(2)).answer.unwrap();
        assert_eq!(c.hear(&answer, at(3)), Heard::default());
    }

    #[test]
    fn strangers_and_damage_are_refused() {
        let (mut a, b) = (node(1, 1, 100), node(2, 2, 200));
        let good = b.announcement(at(2));
        for index in 0..good.len() {
            let mut bad = good.clone();
            bad[index] ^= 1;
            assert_eq!(a.hear(&bad, at(1)), Heard::default(), "byte {index}");
        }
        let long = [&good[..], &[0]].concat();
        for bad in [&good[..good.len() - 1], &long, &[]] {
            assert_eq!(a.hear(bad, at(1)), Heard::default());
        }
        let stranger = Discovery::new(key("other"), 3, 300, [3; 16], vec![at(3)]);
        assert_eq!(a.hear(&stranger.announcement(at(3)), at(1)), Heard::default());
        assert_eq!(a.refused, good.len() as u64 + 4);
        assert_eq!(good.len(), LENGTH);
    }

    #[test]
    fn a_number_belongs_to_one() {
        let (mut old, mut new) = (node(7, 9, 100), node(7, 2, 200));
        old.settled = true;
        let answer = old.hear(&new.announcement(at(2)), at(9)).answer.unwrap();
        let heard = new.hear(&answer, at(2));
        assert_eq!(heard.found, None);
        let rival = heard.rival.unwrap();
        assert_eq!((rival.address, rival.settled), (at(9), true));
        assert!(new.gives_way(&rival), "who has the number keeps it");
        let rival = old.hear(&heard.answer.unwrap(), at(9)).rival.unwrap();
        assert!(!old.gives_way(&rival));
        new.settled = true;
        let rival = Neighbour { settled: true, ..rival };
        assert!(old.gives_way(&rival), "otherwise the lower address");
        assert!(!new.gives_way(&Neighbour { address: at(9), settled: true, ..rival }));
    }

    #[test]
    fn own_words_are_no_news() {
        let mut a = Discovery::new(key("secret"), 1, 100, [1; 16], vec![at(1), at(11)]);
        assert_eq!(a.hear(&a.announcement(at(11)), at(1)), Heard::default());
        // Another program of the same machine, restarted, is no rival.
        let mut former = Discovery::new(key("secret"), 1, 99, [2; 16], vec![at(1)]);
        let answer = former.hear(&a.announcement(at(1)), at(1)).answer.unwrap();
        assert_eq!(a.hear(&answer, at(1)).rival, None);
    }

    #[test]
    fn numbers_from_addresses() {
        assert_eq!(id_of(Ipv4Addr::new(192, 168, 10, 220)), Some(2780));
        assert_eq!(id_of(Ipv4Addr::new(10, 1, 0, 0)), None);
    }
}
