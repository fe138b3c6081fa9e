// SPDX-License-Identifier: GPL-2.0-only

//! Another node, and the control link to it.
//!
//! Of two nodes the one with the greater id calls. On the link they gossip; what it carries beside that are pings, which
//! measure it. A link that breaks says nothing about the node, which may be called again; that a node is
//! [gone](Peer::gone) is known from gossip. Who is told farewell ends every channel to that node at once.

use kernel::{
    impl_has_delayed_work, new_delayed_work, new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Mutex, //
    },
    time::{
        Instant,
        Monotonic, //
    },
    workqueue::{
        DelayedWork,
        WorkItem, //
    },
};

use super::{
    cluster, id_self, listener,
    map::{
        Ip,
        NodeId, //
    },
};
use crate::{
    link::{
        self,
        Channel,
        Deadline,
        Kind,
        Purpose,
        Wait, //
    },
    sys::queue,
};

/// Milliseconds between two looks at the link, and between two attempts to call.
const BEAT_MS: u32 = 1_000;

/// Looks at the link between two pings.
const PING_BEATS: u32 = 16;

/// Milliseconds that a call may take.
const CALL_MS: u32 = 3_000;

/// Milliseconds that a short message may take to be sent. There is room for many, so nobody waits that long unless the
/// link is broken, or this machine does not get round to it.
const SEND_MS: u32 = 5_000;

/// Milliseconds that a farewell may take to be sent.
const FAREWELL_MS: u32 = 300;

/// Milliseconds for which who spoke on the link cannot be gone, whatever others say.
const HEARD_MS: i64 = 3_000;

/// Another node.
///
/// # Locks
///
/// `contact` is held for moments and never while anything waits.
#[pin_data]
pub(super) struct Peer {
    id: NodeId,
    ip: Ip,
    /// Whether there is a channel: a copy for those who look in passing.
    up: Atomic<bool>,
    stopped: Atomic<bool>,
    #[pin]
    contact: Mutex<Contact>,
    #[pin]
    beat: DelayedWork<Peer>,
}

/// The link to a node.
struct Contact {
    channel: Option<Arc<Channel>>,
    /// When it spoke last.
    heard: Instant<Monotonic>,
    /// Looks at the link since it was made.
    beats: u32,
    /// When the last ping was sent.
    pinged: Instant<Monotonic>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Peer { self.beat }
}

impl WorkItem for Peer {
    type Pointer = Arc<Peer>;

    fn run(peer: Arc<Peer>) {
        if peer.stopped.load(Relaxed) {
            return;
        }
        match peer.channel() {
            Some(channel) => peer.ping(&channel),
            None => Peer::call(&peer),
        }
        queue::run_after(peer, BEAT_MS);
    }
}

impl Peer {
    /// A node at this address; nothing is done with it yet.
    pub(super) fn new(id: NodeId, ip: Ip) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                id,
                ip,
                up: Atomic::new(false),
                stopped: Atomic::new(false),
                contact <- new_mutex!(
                    Contact {
                        channel: None,
                        heard: Instant::now(),
                        beats: 0,
                        pinged: Instant::now(),
                    },
                    "Peer::contact"
                ),
                beat <- new_delayed_work!("Peer::beat"),
            }),
            GFP_KERNEL,
        )
    }

    /// Its id.
    pub(super) fn id(&self) -> NodeId {
        self.id
    }

    /// Its address.
    pub(super) fn ip(&self) -> Ip {
        self.ip
    }

    /// Whether there is a link to it.
    pub(super) fn is_up(&self) -> bool {
        self.up.load(Relaxed)
    }

    /// Begins to keep the link.
    pub(super) fn begin(peer: Arc<Self>) {
        queue::run_after(peer, 0);
    }

    /// Says farewell, and keeps the link no more.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Relaxed);
        // If it does not get through, silence says the same.
        let _ = self.send_within(FAREWELL_MS, Kind::Leave, &[]);
        self.lost("left by this node");
        link::cut(self.id);
    }

    fn channel(&self) -> Option<Arc<Channel>> {
        self.contact.lock().channel.clone()
    }

    /// Takes a new link, in place of one that there may be.
    pub(super) fn joined(peer: &Arc<Self>, channel: Arc<Channel>) {
        let old = {
            let mut contact = peer.contact.lock();
            contact.heard = Instant::now();
            contact.beats = 0;
            peer.up.store(true, Relaxed);
            contact.channel.replace(channel.clone())
        };
        let was_up = old.is_some();
        if let Some(old) = old {
            old.shutdown();
        }
        if peer.stopped.load(Relaxed) {
            return peer.lost("left by this node");
        }
        if !was_up {
            pr_info!("node {} is up\n", peer.id);
        }
        if let Some(listener) = listener() {
            listener.up(peer.id);
        }
        // Not before: an answer has the address of this node, which the listener may have learned just now.
        let ear = peer.clone();
        let heard = channel.clone();
        if queue::spawn_link(move || ear.listen(&heard)).is_err() {
            peer.lost_if(&channel, "not enough memory");
        }
    }

    fn lost(&self, why: &str) {
        self.lose(None, why);
    }

    /// Gives up the link, if it is that one or whichever it is; false if it is not.
    fn lose(&self, which: Option<&Channel>, why: &str) -> bool {
        let old = {
            let mut contact = self.contact.lock();
            let same = |now: &mut Arc<Channel>| which.is_none_or(|it| core::ptr::eq(&**now, it));
            let old = contact.channel.take_if(same);
            if old.is_some() {
                self.up.store(false, Relaxed);
            }
            old
        };
        let Some(old) = old else {
            return false;
        };
        old.shutdown();
        pr_info!("node {} is down: {why}\n", self.id);
        true
    }

    /// Others say that the node is gone. Unless it speaks here, that is the end of every channel to it.
    pub(super) fn gone(&self) {
        if self.contact.lock().heard.elapsed().as_millis() > HEARD_MS {
            self.lost("no sign of life");
            link::cut(self.id);
        }
    }

    fn call(peer: &Arc<Self>) {
        // The other one calls us.
        if id_self().is_none_or(|me| me < peer.id) {
            return;
        }
        // It fails while the node is not there: we try again.
        if let Ok(channel) = Channel::dial(peer.id, Purpose::Control, CALL_MS) {
            cluster::note_self(&channel);
            Self::joined(peer, channel);
        }
    }

    /// Sends a short message, if there is a link.
    pub(super) fn send(&self, kind: Kind, payload: &[u8]) -> Result {
        self.send_within(SEND_MS, kind, payload)
    }

    fn send_within(&self, ms: u32, kind: Kind, payload: &[u8]) -> Result {
        let channel = self.channel().ok_or(ENOTCONN)?;
        channel
            .send_by(Deadline::ms(ms), kind, 0, 0, &[payload])
            .inspect_err(|_| self.lost_if(&channel, "link lost"))
    }

    fn ping(&self, channel: &Channel) {
        let due = {
            let mut contact = self.contact.lock();
            let due = contact.beats % PING_BEATS == 0;
            contact.beats = contact.beats.wrapping_add(1);
            if due {
                contact.pinged = Instant::now();
            }
            due
        };
        if due {
            let soon = Deadline::ms(SEND_MS);
            if channel.send_by(soon, Kind::Ping, 0, 0, &[]).is_err() {
                self.lost_if(channel, "link lost");
            }
        }
    }

    /// The link is lost, unless there is a new one already.
    fn lost_if(&self, channel: &Channel, why: &str) {
        if self.lose(Some(channel), why) {
            if let Some(listener) = listener() {
                listener.down(self.id);
            }
        }
    }

    /// Takes what comes on a link until it ends. One work item for each link does nothing else.
    fn listen(&self, channel: &Channel) {
        let mut payload = KVVec::new();
        loop {
            match self.hear(channel, &mut payload) {
                Ok(true) => (),
                Ok(false) => {
                    self.lost_if(channel, "it left");
                    // If it is back already, it has ended by itself what there was before.
                    if !self.is_up() {
                        link::cut(self.id);
                    }
                    return;
                }
                Err(_) => {
                    channel.shutdown();
                    return self.lost_if(channel, "link lost");
                }
            }
        }
    }

    /// Takes the next message; false for a farewell.
    fn hear(&self, channel: &Channel, payload: &mut KVVec<u8>) -> Result<bool> {
        let header = channel.recv(Wait::Interruptible, Deadline::NEVER, payload)?;
        self.contact.lock().heard = Instant::now();
        let listener = listener().ok_or(ESHUTDOWN)?;
        match header.kind {
            Kind::Gossip => listener.heard(self.id, payload)?,
            Kind::Ping => self.send(Kind::Pong, &[])?,
            Kind::Pong => {
                let elapsed = self.contact.lock().pinged.elapsed();
                let us = u64::try_from(elapsed.as_micros_ceil()).unwrap_or(0);
                listener.measured(self.id, us);
            }
            Kind::Leave => return Ok(false),
            _ => return Err(EPROTO),
        }
        Ok(true)
    }
}
