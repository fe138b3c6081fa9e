// SPDX-License-Identifier: GPL-2.0-only

//! Gossip on the control links.

use kernel::prelude::*;

use super::{
    events,
    mapped,
    now_ms,
    spent::{
        self,
        Working, //
    },
    with,
    Balancer, //
};
use crate::{
    balance::view::Path,
    error::Growing,
    link::Kind,
    node::{
        self,
        Ip,
        Listener,
        NodeId, //
    },
    sys::trace,
    wire::{
        gossip::Gossip,
        Full,
        Message, //
    },
};

/// Hears what happens on the links.
pub(super) struct Ear;

impl Listener for Ear {
    fn up(&self, node: NodeId) {
        with(|balancer| {
            // Who joins by an address learns its own one from its first link.
            balancer.own.address = mapped(node::ip_self());
        });
        // So both know at once how the other one is.
        send(node, Gossip::ASK);
    }

    fn down(&self, node: NodeId) {
        with(|balancer| balancer.unreachable(node));
    }

    fn heard(&self, node: NodeId, payload: &[u8]) -> Result {
        let _working = Working::begin();
        spent::heard(payload.len());
        let gossip = Gossip::decode(payload)?;
        let mut events = KVec::new();
        let answer = with(|balancer| {
            balancer.hear(now_ms(), node, &gossip, &mut |event| {
                // Without memory it is noticed later that a node is there.
                let _ = events.push(event, GFP_KERNEL);
            })
        });
        let Some(answer) = answer else {
            return Ok(());
        };
        let answer = answer?;
        trace::gossip(node.get(), payload.len(), false);
        if answer {
            send(node, 0);
        }
        events::happened(&events);
        Ok(())
    }

    fn measured(&self, node: NodeId, round_trip_us: u64) {
        /// A late answer says little, a quick one much.
        const WEIGHT: u64 = 8;

        change_path(node, |path| {
            let old = path.round_trip_us;
            path.round_trip_us = round_trip_us.min(old - old / WEIGHT + round_trip_us / WEIGHT);
        });
    }

    fn is_elsewhere(&self, node: NodeId, ip: Ip) -> bool {
        with(|balancer| {
            balancer
                .view
                .get(node)
                .is_some_and(|slot| slot.vector.address != mapped(ip) && !slot.standing.is_down())
        })
        .unwrap_or(false)
    }
}

fn change_path(node: NodeId, change: impl FnOnce(&mut Path)) {
    with(|balancer| {
        if let Some(mut path) = balancer.view.get(node).map(|slot| slot.path) {
            change(&mut path);
            balancer.measured(node, path);
        }
    });
}

/// So many bytes of a process went to a node in so many microseconds.
pub(crate) fn transferred(node: NodeId, bytes: u64, us: u64) {
    /// Fewer bytes say nothing about the rate.
    const ENOUGH: u64 = 1 << 20;
    /// How much a transfer weighs.
    const WEIGHT: u64 = 2;

    if bytes < ENOUGH {
        return;
    }
    let rate = bytes.saturating_mul(1_000_000) / us.max(1);
    change_path(node, |path| {
        path.rate = (path.rate - path.rate / WEIGHT).saturating_add(rate / WEIGHT);
    });
}

/// Sends what this node knows.
pub(super) fn send(to: NodeId, flags: u32) {
    send_written(to, |balancer, now_ms, payload| {
        balancer.write(now_ms, flags, payload)
    });
}

/// Says farewell to all.
pub(super) fn farewell() {
    // Who does not hear it, hears of it.
    let _ = node::each(|id, _| {
        if node::id_self() != Some(id) {
            send_written(id, |balancer, now_ms, payload| {
                balancer.write_farewell(now_ms, payload)
            });
        }
        Ok(())
    });
}

fn send_written(
    to: NodeId,
    write: impl FnOnce(&mut Balancer, u64, &mut Growing<'_>) -> Result<(), Full>,
) {
    let Ok(mut payload) = KVVec::with_capacity(Kind::Gossip.max_len(), GFP_KERNEL) else {
        return;
    };
    let written = with(|balancer| write(balancer, now_ms(), &mut Growing(&mut payload)));
    if !matches!(written, Some(Ok(()))) {
        return;
    }
    // If there is no link, no answer will come.
    if node::send(to, Kind::Gossip, &payload).is_ok() {
        spent::sent(payload.len());
        trace::gossip(to.get(), payload.len(), true);
    }
}
