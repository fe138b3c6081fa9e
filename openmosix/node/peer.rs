// SPDX-License-Identifier: GPL-2.0-only

//! Another node, and the control link to it.
//!
//! Of two nodes the one with the greater id calls. Each second, both send what they are like. Who heard nothing for
//! [`SILENCE_MS`] takes the other for lost and ends every channel to it, and so does who is told farewell.

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
        msecs_to_jiffies,
        Instant,
        Monotonic, //
    },
    workqueue::{
        DelayedWork,
        WorkItem, //
    },
};

use super::{
    id_self,
    map::{
        Ip,
        NodeId, //
    },
};
use crate::{
    link::{
        self,
        door,
        Channel,
        Deadline,
        Kind,
        Purpose,
        Wait, //
    },
    sys::machine,
    wire::{
        control::Alive,
        Message, //
    },
};

/// Milliseconds between two signs of life, and between two attempts to call.
const BEAT_MS: u32 = 1_000;

/// Milliseconds that a call may take.
const CALL_MS: u32 = 3_000;

/// Milliseconds that a sign of life may take to be sent.
const SEND_MS: u32 = 1_000;

/// Milliseconds that a farewell may take to be sent.
const FAREWELL_MS: u32 = 300;

/// Milliseconds without a sign of life after which a node counts as lost.
const SILENCE_MS: i64 = 8_000;

/// What is known of a node.
#[derive(Clone, Copy)]
pub(crate) struct Info {
    /// Its first address.
    pub(crate) ip: Ip,
    /// Whether it is there now.
    pub(crate) up: bool,
    /// What it said about its machine, when it was last there.
    pub(crate) machine: Alive,
}

impl Info {
    pub(super) fn of_this_node(ip: Ip) -> Self {
        Self {
            ip,
            up: true,
            machine: this_machine(),
        }
    }
}

fn this_machine() -> Alive {
    Alive {
        speed: machine::speed(),
        cpus: machine::cpus(),
        free: machine::free_memory(),
        total: machine::memory(),
    }
}

/// Another node of the map.
///
/// # Locks
///
/// `contact` is held for moments and never while anything waits.
#[pin_data]
pub(super) struct Peer {
    id: NodeId,
    ip: Ip,
    up: Atomic<bool>,
    stopped: Atomic<bool>,
    #[pin]
    contact: Mutex<Contact>,
    #[pin]
    beat: DelayedWork<Peer>,
}

struct Contact {
    channel: Option<Arc<Channel>>,
    heard: Instant<Monotonic>,
    machine: Alive,
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
            Some(channel) => peer.beat(&channel),
            None => peer.call(),
        }
        Peer::again(peer, BEAT_MS);
    }
}

impl Peer {
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
                        machine: Alive { speed: 0, cpus: 0, free: 0, total: 0 },
                    },
                    "Peer::contact"
                ),
                beat <- new_delayed_work!("Peer::beat"),
            }),
            GFP_KERNEL,
        )
    }

    pub(super) fn id(&self) -> NodeId {
        self.id
    }

    pub(super) fn ip(&self) -> Ip {
        self.ip
    }

    pub(super) fn is_up(&self) -> bool {
        self.up.load(Relaxed)
    }

    pub(super) fn info(&self) -> Info {
        Info {
            ip: self.ip,
            up: self.is_up(),
            machine: self.contact.lock().machine,
        }
    }

    /// Begins to keep the link.
    pub(super) fn begin(peer: Arc<Self>) {
        Self::again(peer, 0);
    }

    fn again(peer: Arc<Self>, ms: u32) {
        if let Ok(queue) = door::queue() {
            // It is never queued twice: only its own run queues it again.
            let _ = queue.enqueue_delayed(peer, msecs_to_jiffies(ms));
        }
    }

    /// Says farewell, and keeps the link no more.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Relaxed);
        if let Some(channel) = self.channel() {
            let soon = Deadline::ms(FAREWELL_MS);
            // If it does not get through, silence says the same.
            let _ = channel.send_by(soon, Kind::Leave, 0, 0, &[]);
        }
        self.lost("left by this node");
        link::cut(self.id);
    }

    fn channel(&self) -> Option<Arc<Channel>> {
        self.contact.lock().channel.clone()
    }

    /// Takes a new link, in place of one that there may be.
    pub(super) fn joined(&self, channel: Arc<Channel>) {
        let old = {
            let mut contact = self.contact.lock();
            contact.heard = Instant::now();
            contact.channel.replace(channel)
        };
        if let Some(old) = old {
            old.shutdown();
        }
        if self.stopped.load(Relaxed) {
            self.lost("left by this node");
        } else if !self.up.xchg(true, kernel::sync::atomic::Full) {
            pr_info!("node {} is up\n", self.id);
        }
    }

    fn lost(&self, why: &str) {
        let old = self.contact.lock().channel.take();
        if let Some(old) = old {
            old.shutdown();
        }
        if self.up.xchg(false, kernel::sync::atomic::Full) {
            pr_info!("node {} is down: {why}\n", self.id);
        }
    }

    fn call(&self) {
        // The other one calls us.
        if id_self().is_none_or(|me| me < self.id) {
            return;
        }
        // It fails while the node is not there: we try again.
        if let Ok(channel) = Channel::dial(self.id, Purpose::Control, CALL_MS) {
            self.joined(channel);
        }
    }

    fn beat(&self, channel: &Channel) {
        match self.hear(channel) {
            Ok(true) => (),
            Ok(false) => {
                self.lost("it left");
                link::cut(self.id);
                return;
            }
            Err(_) => return self.lost_if(channel, "link lost"),
        }
        if self.contact.lock().heard.elapsed().as_millis() > SILENCE_MS {
            self.lost_if(channel, "no sign of life");
            link::cut(self.id);
            return;
        }
        let mut payload = KVVec::new();
        let sent = this_machine()
            .encode(&mut crate::error::Growing(&mut payload))
            .map_err(Error::from)
            .and_then(|()| {
                let soon = Deadline::ms(SEND_MS);
                channel.send_by(soon, Kind::Alive, 0, 0, &[&payload])
            });
        if sent.is_err() {
            self.lost_if(channel, "link lost");
        }
    }

    /// The link is lost, unless there is a new one already.
    fn lost_if(&self, channel: &Channel, why: &str) {
        let same = self
            .channel()
            .is_some_and(|now| core::ptr::eq(&*now, channel));
        if same {
            self.lost(why);
        }
    }

    /// Takes what has come; false after a farewell.
    fn hear(&self, channel: &Channel) -> Result<bool> {
        let mut payload = KVVec::new();
        loop {
            let header = match channel.recv(Wait::Poll, Deadline::NEVER, &mut payload) {
                Ok(header) => header,
                Err(error) if error == EAGAIN => return Ok(true),
                Err(error) => return Err(error),
            };
            match header.kind {
                Kind::Alive => {
                    let machine = Alive::decode(&payload)?;
                    let mut contact = self.contact.lock();
                    contact.heard = Instant::now();
                    contact.machine = machine;
                }
                Kind::Leave => return Ok(false),
                _ => return Err(EPROTO),
            }
        }
    }
}
