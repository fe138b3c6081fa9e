// SPDX-License-Identifier: GPL-2.0-only

//! Guests that have to leave this node: their homes are told so, again and again until they are gone.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    now_ms,
    with, //
};
use crate::{
    balance::{
        decision::Why,
        usher, //
    },
    guest::{
        self,
        Guest, //
    },
    sys::{
        queue,
        trace, //
    },
    wire::{
        life::Evict,
        prepare::Reason, //
    },
};

/// Milliseconds after which a home is told again.
const AGAIN_MS: u64 = 4_000;

/// Milliseconds after which a guest that was asked to leave counts as one that is kept.
const KEPT_MS: u64 = 3 * AGAIN_MS;

/// Has those guests leave that cannot stay: because memory runs out, because of a limit, or all of them.
pub(crate) fn evict() {
    // Without memory for a list it is tried again in the next period.
    let Ok(guests) = guest::list::all() else {
        return;
    };
    let now_ms = now_ms();
    let mut seen = KVec::new();
    for guest in &guests {
        let known = usher::Guest {
            pid: u32::try_from(guest.task().pid()).unwrap_or(0),
            settled_ms: now_ms.saturating_sub(guest.since_ms()),
            resident: guest.resident(),
            pushed: guest.pushed(),
            kept: guest.pushed_for(now_ms) >= KEPT_MS,
        };
        if seen.push(known, GFP_KERNEL).is_err() {
            return;
        }
    }
    if with(|balancer| balancer.evict(&mut seen)).is_none() {
        return;
    }
    for (guest, seen) in guests.iter().zip(&seen) {
        if guest.push(seen.pushed, now_ms, AGAIN_MS) {
            if let Some(why) = seen.pushed {
                let origin = guest.origin();
                trace::guest(
                    origin.node.get(),
                    origin.pid,
                    trace::Guest::Pushed,
                    why.name(),
                );
                tell(guest.clone(), why);
            }
        }
    }
}

/// Tells a guest's home. It has a work item of its own, because a lane may be slow.
fn tell(guest: Arc<Guest>, why: Why) {
    let reason = match why {
        Why::Memory => Reason::Memory,
        Why::Limit => Reason::Limit,
        _ => Reason::Expel,
    };
    let work = move || {
        // If it cannot be said, the guest will soon be gone anyway.
        let _ = guest.say_home(&Evict { why: reason as u64 });
    };
    // Without memory for the work it is said the next time.
    let _ = queue::spawn(work);
}
