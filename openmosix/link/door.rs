// SPDX-License-Identifier: GPL-2.0-only

//! The door: where other nodes come in, and strangers do not.
//!
//! One work item accepts; each connection has a work item of its own from then on, so that a caller who says
//! nothing holds up nobody. Callers who have not proved themselves are few and have little time.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        SetOnce, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
};

use super::{
    handshake,
    refused::Refusal,
    Channel, //
};
use crate::{
    node::{
        self,
        Ip,
        NodeId, //
    },
    sys::{
        queue,
        socket::{
            Listener,
            Socket, //
        },
        wait::Deadline, //
    },
    wire::{
        Purpose,
        PORT, //
    },
};

/// Milliseconds to prove oneself.
const HANDSHAKE_MS: u32 = 3_000;

/// Callers from addresses of no known node who may be proving themselves at once.
const STRANGERS: i32 = 16;

/// Callers from addresses of known nodes who may be proving themselves at once.
const NEIGHBOURS: i32 = 256;

/// Connections that the kernel may hold for us to accept.
const BACKLOG: u32 = 128;

/// Milliseconds to wait after an unexpected failure to accept.
const ACCEPT_RETRY_MS: i64 = 100;

/// Takes a proved connection that is for a process. Called in a work item, may sleep for some time.
pub(crate) type Handler = fn(Arc<Channel>, Purpose, NodeId);

static HANDLER: SetOnce<Handler> = SetOnce::new();

/// Makes ready; the door is closed.
pub(super) fn start(handler: Handler) {
    HANDLER.populate(handler);
}

/// An open door. It is closed when dropped.
pub(crate) struct Door {
    listener: Arc<Listener>,
}

impl Door {
    /// Opens the door at [`PORT`].
    pub(crate) fn open() -> Result<Self> {
        let listener = Arc::new(Listener::new(PORT, BACKLOG)?, GFP_KERNEL)?;
        let door = Self {
            listener: listener.clone(),
        };
        queue::spawn(move || accept(&listener))?;
        Ok(door)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.listener.close();
    }
}

/// Accepts callers until the door is closed.
fn accept(listener: &Listener) {
    while listener.is_open() {
        match listener.accept() {
            Ok(socket) => greet(socket),
            Err(_) if !listener.is_open() => (),
            // A caller that was gone again, or too little memory.
            Err(_) => fsleep(Delta::from_millis(ACCEPT_RETRY_MS)),
        }
    }
}

/// The right to be proving oneself.
struct Place(&'static Atomic<i32>);

impl Place {
    fn take(from: Ip) -> Option<Self> {
        static TAKEN_BY_STRANGERS: Atomic<i32> = Atomic::new(0);
        static TAKEN_BY_NEIGHBOURS: Atomic<i32> = Atomic::new(0);

        let (taken, places) = if node::is_known(from) {
            (&TAKEN_BY_NEIGHBOURS, NEIGHBOURS)
        } else {
            (&TAKEN_BY_STRANGERS, STRANGERS)
        };
        let place = Self(taken);
        (taken.fetch_add(1, Relaxed) < places).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Begins to handle a caller.
fn greet(socket: Socket) {
    let Ok(peer) = socket.peer() else {
        return;
    };
    let from = Ip::from_bits(peer.ip);
    let Some(place) = Place::take(from) else {
        Refusal::Busy.note(from);
        return;
    };
    let work = move || match handshake::answer(&socket, Deadline::ms(HANDSHAKE_MS)) {
        Ok(caller) => {
            drop(place);
            if let Ok(channel) = Channel::new(socket, caller.node, caller.purpose) {
                admit(channel);
            }
        }
        Err(refusal) => refusal.note(from),
    };
    // Without memory for the work, the caller is simply dropped, and will call again.
    let _ = queue::spawn(work);
}

/// Hands a proved connection to whom it is for.
fn admit(channel: Arc<Channel>) {
    let (purpose, from) = (channel.purpose(), channel.peer());
    match purpose {
        Purpose::Control => {
            // It hears of a failure by the end of the link.
            let _ = node::joined(channel);
        }
        Purpose::Process | Purpose::Pages => {
            if let Some(handler) = HANDLER.as_ref() {
                handler(channel, purpose, from);
            }
        }
    }
}
