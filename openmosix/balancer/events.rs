// SPDX-License-Identifier: GPL-2.0-only

//! What follows when nodes come and go.

use super::with;
use crate::{
    balance::membership::Event,
    control,
    link::refused::Refusal,
    node::{
        self,
        Ip,
        NodeId, //
    },
    sys::trace::{
        self,
        Member, //
    },
};

/// The IPv4 address that was mapped into this one, if it is one.
fn unmapped(address: &[u8; 16]) -> Option<Ip> {
    let bits = u128::from_be_bytes(*address);
    (bits >> 32 == 0xffff).then_some(Ip::from_bits(bits as u32))
}

/// These things happened, in this order.
pub(super) fn happened(events: &[Event]) {
    let mut changed = false;
    for event in events {
        let (node, what) = match *event {
            Event::Joined(node) => {
                changed |= joined(node);
                (node, Member::Joined)
            }
            Event::Suspect(node) => (node, Member::Suspect),
            Event::Cleared(node) => (node, Member::Cleared),
            Event::Gone(node) => {
                node::gone(node);
                (node, Member::Gone)
            }
            Event::Left(node) => {
                node::forget(node);
                changed = true;
                (node, Member::Left)
            }
            Event::Conflict { node, claimant, .. } => {
                if let Some(claimant) = unmapped(&claimant) {
                    Refusal::Conflict.note(claimant);
                }
                (node, Member::Conflict)
            }
        };
        trace::member(node.get(), what);
    }
    if changed {
        control::nodes_changed();
    }
}

/// A node was told of; whether it is a new one that may be there.
fn joined(node: NodeId) -> bool {
    let ip = with(|balancer| {
        let slot = balancer.view.get(node)?;
        unmapped(&slot.vector.address)
    });
    let known = ip.flatten().is_some_and(|ip| node::known(node, ip).is_ok());
    if !known {
        with(|balancer| balancer.view.retain(|other| other != node));
    }
    known
}
