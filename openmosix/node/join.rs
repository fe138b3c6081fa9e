// SPDX-License-Identifier: GPL-2.0-only

//! Joining a cluster by an address.
//!
//! Whoever is there lets this node in or says why not; all others it then knows from gossip. As long as none of the
//! addresses has a link they are called in turn, and now and then those that have none: so two parts of a cluster find
//! each other again that have forgotten each other.

use kernel::{
    impl_has_delayed_work, new_delayed_work, new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex,
        SetOnce, //
    },
    workqueue::{
        DelayedWork,
        WorkItem, //
    },
};

use super::{
    cluster,
    map::{
        Ip,
        NodeId, //
    },
};
use crate::{
    link::{
        Channel,
        Purpose, //
    },
    sys::{
        queue,
        socket::Address, //
    },
    wire::PORT, //
};

/// Milliseconds between two rounds of a node that has no link to any of its addresses.
const ALONE_MS: u32 = 1_000;

/// Milliseconds between two rounds otherwise.
const LINKED_MS: u32 = 15_000;

/// Milliseconds that a call may take.
const CALL_MS: u32 = 3_000;

/// An address to join by.
struct Place {
    ip: Ip,
    /// Who was there.
    node: Option<NodeId>,
    /// What came of the last call, so that the log tells only news.
    result: Result,
}

/// The addresses to join by.
///
/// # Locks
///
/// `places` is a leaf.
#[pin_data]
struct Joiner {
    #[pin]
    places: Mutex<KVVec<Place>>,
    #[pin]
    round: DelayedWork<Joiner>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Joiner { self.round }
}

static JOINER: SetOnce<Arc<Joiner>> = SetOnce::new();

/// Makes ready; there is nothing to join yet.
pub(super) fn start() -> Result {
    let joiner = Arc::pin_init(
        pin_init!(Joiner {
            places <- new_mutex!(KVVec::new(), "Joiner::places"),
            round <- new_delayed_work!("Joiner::round"),
        }),
        GFP_KERNEL,
    )?;
    JOINER.populate(joiner);
    Ok(())
}

/// These are the addresses from now on.
pub(super) fn set(ips: &[Ip]) -> Result {
    let joiner = JOINER.as_ref().ok_or(ENODEV)?;
    let mut places = KVVec::with_capacity(ips.len(), GFP_KERNEL)?;
    for ip in ips {
        let place = Place {
            ip: *ip,
            node: None,
            result: Ok(()),
        };
        places.push(place, GFP_KERNEL)?;
    }
    let old = core::mem::replace(&mut *joiner.places.lock(), places);
    drop(old);
    queue::run_now(joiner.clone());
    Ok(())
}

impl WorkItem for Joiner {
    type Pointer = Arc<Joiner>;

    fn run(joiner: Arc<Joiner>) {
        let mut linked = false;
        let mut number = 0;
        while let Some((ip, node)) = joiner.place(number) {
            if cluster::has_link(ip, node) {
                linked = true;
            } else {
                linked |= joiner.call(number, ip);
            }
            number += 1;
        }
        if number > 0 {
            queue::run_after(joiner, if linked { LINKED_MS } else { ALONE_MS });
        }
    }
}

impl Joiner {
    fn place(&self, number: usize) -> Option<(Ip, Option<NodeId>)> {
        let places = self.places.lock();
        places.get(number).map(|place| (place.ip, place.node))
    }

    /// Calls an address; whether there is a link now.
    fn call(&self, number: usize, ip: Ip) -> bool {
        let to = Address {
            ip: ip.to_bits(),
            port: PORT,
        };
        let called = Channel::dial_address(to, Purpose::Control, CALL_MS);
        let (node, result) = match called {
            // The address of this node itself is on the list.
            Err(error) if error == ELOOP => (None, Ok(())),
            Err(error) => (None, Err(error)),
            Ok(channel) => (Some(channel.peer()), cluster::joined(channel)),
        };
        let is_news = {
            let mut places = self.places.lock();
            let place = places.get_mut(number).filter(|place| place.ip == ip);
            place.is_some_and(|place| {
                place.node = node.or(place.node);
                core::mem::replace(&mut place.result, result) != result
            })
        };
        match result {
            Err(error) if is_news && error == EADDRINUSE => {
                pr_warn!("{ip} does not let this node in: another node has its id\n");
            }
            Err(error) if is_news && error == EHOSTUNREACH => {
                pr_warn!("{ip} does not let this node in: its cluster is closed\n");
            }
            _ => (),
        }
        result.is_ok() && node.is_some()
    }
}
