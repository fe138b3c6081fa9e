// SPDX-License-Identifier: GPL-2.0-only
//! Messages between nodes, and what they cost.

use crate::balance::random::Random;
use crate::job::{Time, unit};
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
    /// Messages of a hundred that get lost.
    loss: f64,
    /// Bytes that each node has sent.
    pub(crate) sent: Vec<u64>,
}

impl Network {
    /// Microseconds that a message takes, at least and at most.
    const DELAY: (Time, usize) = (100, 900);

    pub(crate) fn new(nodes: usize, seed: u64, loss: f64) -> Self {
        Self { random: Random::new(seed), loss, sent: vec![0; nodes] }
    }

    /// A node sends a payload; when it arrives, if it does.
    pub(crate) fn send(&mut self, now: Time, from: usize, payload: &[u8]) -> Option<Time> {
        self.sent[from] += (Header::SIZE + payload.len()) as u64;
        if self.loss > 0.0 && unit(&mut self.random) * 100.0 < self.loss {
            return None;
        }
        let time = now + Self::DELAY.0 + self.random.below(Self::DELAY.1) as Time;
        Some(time)
    }
}
