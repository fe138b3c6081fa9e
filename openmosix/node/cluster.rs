// SPDX-License-Identifier: GPL-2.0-only

//! What this node was told about the cluster.

use kernel::{
    new_mutex,
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Mutex,
        SetOnce, //
    },
};

use super::{
    map::{
        lines,
        Alias,
        Ip,
        Line,
        Map,
        NodeId,
        Range,
        Wrong, //
    },
    peer::{
        Info,
        Peer, //
    },
};
use crate::{
    link::{
        door::Door,
        Channel, //
    },
    sys::{
        self,
        crypto::{
            self,
            Secret, //
        },
        socket::Address, //
    },
    wire::PORT, //
};

/// The map, the key, and the links that follow from them.
///
/// # Locks
///
/// `state` is held for moments and never while anything waits; no other lock is taken inside it.
#[pin_data]
struct Cluster {
    #[pin]
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    config: Option<Config>,
    /// All nodes of the map but this one.
    peers: KVVec<Arc<Peer>>,
}

struct Config {
    me: NodeId,
    key: Secret,
    ranges: KVVec<Range>,
    aliases: KVVec<Alias>,
    /// Other nodes come in by it as long as there is a configuration.
    door: Arc<Door>,
}

impl Config {
    fn map(&self) -> Map<'_> {
        Map {
            ranges: &self.ranges,
            aliases: &self.aliases,
        }
    }
}

/// This node's id, or 0; a copy for those who cannot sleep.
static ME: Atomic<u32> = Atomic::new(0);

static CLUSTER: SetOnce<Pin<KBox<Cluster>>> = SetOnce::new();

pub(super) fn start() -> Result {
    let cluster = KBox::pin_init(
        pin_init!(Cluster {
            state <- new_mutex!(State::default(), "Cluster::state"),
        }),
        GFP_KERNEL,
    )?;
    CLUSTER.populate(cluster);
    Ok(())
}

/// Looks at the state, if there is any.
fn with_state<R>(look: impl FnOnce(&mut State) -> R) -> Option<R> {
    Some(look(&mut CLUSTER.as_ref()?.state.lock()))
}

/// Looks at the configuration, if there is one.
fn with_config<R>(look: impl FnOnce(&Config) -> R) -> Option<R> {
    with_state(|state| state.config.as_ref().map(look)).flatten()
}

/// This node's id; none while openMosix is off. Any context.
pub(crate) fn id_self() -> Option<NodeId> {
    NodeId::new(u16::try_from(ME.load(Relaxed)).ok()?)
}

/// This node's address; 0.0.0.0 while it is not known.
pub(crate) fn ip_self() -> Ip {
    with_config(|config| config.map().address(config.me))
        .flatten()
        .unwrap_or(Ip::from_bits(0))
}

/// Where to reach a node.
pub(crate) fn address(id: NodeId) -> Option<Address> {
    let ip = with_config(|config| config.map().address(id)).flatten()?;
    Some(Address {
        ip: ip.to_bits(),
        port: PORT,
    })
}

/// Whether the map has this address.
pub(crate) fn is_in_map(ip: Ip) -> bool {
    with_config(|config| config.map().owner(ip).is_some()).unwrap_or(false)
}

/// Whether another node with this id has this address.
pub(crate) fn is_peer_at(id: NodeId, ip: Ip) -> bool {
    with_config(|config| config.me != id && config.map().owner(ip) == Some(id)).unwrap_or(false)
}

/// Signs something with the cluster key.
pub(crate) fn sign(data: &[u8]) -> Result<[u8; crypto::SIZE]> {
    with_config(|config| config.key.hmac(data)).ok_or(ENOKEY)
}

fn peer(id: NodeId) -> Option<Arc<Peer>> {
    with_state(|state| {
        let mut peers = state.peers.iter();
        peers.find(|peer| peer.id() == id).cloned()
    })
    .flatten()
}

/// Whether a node is there now; this one is while openMosix is on.
pub(crate) fn is_up(id: NodeId) -> bool {
    id_self() == Some(id) || peer(id).is_some_and(|peer| peer.is_up())
}

/// What is known of a node of the map.
pub(crate) fn info(id: NodeId) -> Option<Info> {
    let ip = with_config(|config| config.map().address(id)).flatten()?;
    if id_self() == Some(id) {
        return Some(Info::of_this_node(ip));
    }
    Some(peer(id)?.info())
}

/// Calls `each` for every node of the map.
pub(crate) fn each(mut each: impl FnMut(NodeId) -> Result) -> Result {
    with_config(|config| config.map().nodes().try_for_each(|(id, _)| each(id))).unwrap_or(Ok(()))
}

/// Takes a proved control link that another node made.
pub(crate) fn joined(channel: Arc<Channel>) {
    if let Some(peer) = peer(channel.peer()) {
        peer.joined(channel);
    }
}

/// Shows the configuration, without the key.
pub(crate) fn show(to: &SeqFile) {
    with_config(|config| {
        seq_print!(to, "me {}\n", config.me);
        for range in &config.ranges {
            seq_print!(to, "node {} {} {}\n", range.first, range.ip, range.count);
        }
        for alias in &config.aliases {
            seq_print!(to, "alias {} {}\n", alias.id, alias.ip);
        }
    });
}

/// What a configuration says, before it is checked against what there was.
#[derive(Default)]
struct Parsed {
    me: Option<NodeId>,
    key: Option<Secret>,
    ranges: KVVec<Range>,
    aliases: KVVec<Alias>,
}

fn wrong(wrong: Wrong) -> Error {
    pr_warn!("this configuration {}\n", wrong.words());
    EINVAL
}

impl Parsed {
    fn new(text: &[u8]) -> Result<Self> {
        let mut parsed = Parsed::default();
        for line in lines(text) {
            match line.map_err(wrong)? {
                Line::Me(me) => {
                    if parsed.me.replace(me).is_some() {
                        return Err(wrong(Wrong::Twice));
                    }
                }
                Line::Key(mut key) => {
                    if parsed.key.replace(Secret::take(&mut key)).is_some() {
                        return Err(wrong(Wrong::Twice));
                    }
                }
                Line::Node(range) => parsed.ranges.push(range, GFP_KERNEL)?,
                Line::Alias(alias) => parsed.aliases.push(alias, GFP_KERNEL)?,
            }
        }
        Ok(parsed)
    }

    fn map(&self) -> Map<'_> {
        Map {
            ranges: &self.ranges,
            aliases: &self.aliases,
        }
    }
}

/// Replaces the configuration. Nodes that keep id and address keep their links, unless this node itself gets another
/// id or another key.
///
/// Callers take turns.
pub(crate) fn configure(text: &[u8]) -> Result {
    let parsed = Parsed::new(text)?;
    let me = parsed.me.ok_or_else(|| wrong(Wrong::Me))?;
    parsed.map().check(me).map_err(wrong)?;
    // A node that is never configured pays nothing for the hooks.
    sys::activate();
    let door = match with_config(|config| config.door.clone()) {
        Some(door) => door,
        None => Arc::new(Door::open()?, GFP_KERNEL)?,
    };

    let same_self = with_config(|config| {
        let same_key = parsed.key.as_ref().is_none_or(|key| key.same(&config.key));
        config.me == me && same_key
    })
    .unwrap_or(false);

    // New peers, and those that stay.
    let mut peers = KVVec::new();
    let mut fresh = KVVec::new();
    for (id, ip) in parsed.map().nodes().filter(|(id, _)| *id != me) {
        let old = peer(id).filter(|old| old.ip() == ip && same_self);
        let peer = match old {
            Some(old) => old,
            None => {
                let new = Peer::new(id, ip)?;
                fresh.push(new.clone(), GFP_KERNEL)?;
                new
            }
        };
        peers.push(peer, GFP_KERNEL)?;
    }

    let old_peers = with_state(|state| {
        let old_key = state.config.take().map(|config| config.key);
        let Some(key) = parsed.key.or(old_key) else {
            return Err(wrong(Wrong::Key));
        };
        state.config = Some(Config {
            me,
            key,
            ranges: parsed.ranges,
            aliases: parsed.aliases,
            door,
        });
        ME.store(me.get().into(), Relaxed);
        Ok(core::mem::replace(&mut state.peers, peers))
    })
    .ok_or(ENODEV)??;

    for old in old_peers.iter() {
        if !peer(old.id()).is_some_and(|now| Arc::ptr_eq(&now, old)) {
            old.stop();
        }
    }
    for peer in fresh {
        Peer::begin(peer);
    }
    Ok(())
}

/// Switches openMosix off: says farewell to all nodes, and forgets map and key.
pub(crate) fn off() {
    let state = with_state(|state| {
        ME.store(0, Relaxed);
        core::mem::take(state)
    });
    for peer in state.iter().flat_map(|state| state.peers.iter()) {
        peer.stop();
    }
}
