// SPDX-License-Identifier: GPL-2.0-only

//! All channels of this node, so that those to a lost node can be ended at once.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex,
        SetOnce, //
    },
};

use crate::{
    node::NodeId,
    sys::socket::Socket, //
};

/// The connections, each with the node at its other end.
///
/// The lock is a leaf: nothing is called under it but the shutdown of sockets.
#[pin_data]
struct Registry {
    #[pin]
    channels: Mutex<KVVec<(NodeId, Arc<Socket>)>>,
}

static REGISTRY: SetOnce<Pin<KBox<Registry>>> = SetOnce::new();

/// Begins with an empty registry.
pub(super) fn start() -> Result {
    let registry = KBox::pin_init(
        pin_init!(Registry {
            channels <- new_mutex!(KVVec::new(), "Registry::channels"),
        }),
        GFP_KERNEL,
    )?;
    REGISTRY.populate(registry);
    Ok(())
}

/// Adds a connection.
pub(super) fn add(node: NodeId, socket: Arc<Socket>) -> Result {
    let registry = REGISTRY.as_ref().ok_or(ENODEV)?;
    registry.channels.lock().push((node, socket), GFP_KERNEL)?;
    Ok(())
}

/// Forgets a connection.
pub(super) fn remove(socket: &Arc<Socket>) {
    let Some(registry) = REGISTRY.as_ref() else {
        return;
    };
    let mut channels = registry.channels.lock();
    let place = channels
        .iter()
        .position(|(_, other)| Arc::ptr_eq(socket, other));
    let removed = place.map(|place| channels.remove(place));
    drop(channels);
    drop(removed);
}

/// Ends all channels to a node.
pub(crate) fn cut(node: NodeId) {
    let Some(registry) = REGISTRY.as_ref() else {
        return;
    };
    for (other, socket) in registry.channels.lock().iter() {
        if *other == node {
            socket.shutdown();
        }
    }
}
