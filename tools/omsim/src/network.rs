// SPDX-License-Identifier: GPL-2.0-only
//! Messages between nodes, and what they cost.

use crate::balance::random::Random;
use crate::job::Time;
use crate::wire::{Full, Header, Put};

/// A payload in the making.
#[derive(Default)]
pub(crate) struct Payload(pub(crate) Vec<u8>);

impl Put for Payload {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// Counts, and takes its time.
#[derive(Debug)]
pub(crate) struct Network {
    random: Random,
    /// Bytes that each node has sent.
    pub(crate) sent: Vec<u64>,
}

impl Network {
    /// Microseconds that a message takes, at least and at most.
    const DELAY: (Time, usize) = (100, 900);

    pub(crate) fn new(nodes: usize, seed: u64) -> Self {
        Self { random: Random::new(seed), sent: vec![0; nodes] }
    }

    /// A node sends a payload; when it arrives.
    pub(crate) fn send(&mut self, now: Time, from: usize, payload: &[u8]) -> Time {
        self.sent[from] += (Header::SIZE + payload.len()) as u64;
        now + Self::DELAY.0 + self.random.below(Self::DELAY.1) as Time
    }
}
