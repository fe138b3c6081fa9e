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
    join,
    listener,
    map::{
        lines,
        Alias,
        Ip,
        Line,
        Map,
        NodeId,
        Range,
        Wrong,
        MAX_LINES, //
    },
    peer::Peer, //
};
use crate::{
    link::{
        door::Door,
        refused::Refusal,
        Channel,
        Kind,
        Purpose, //
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

type Peers = KVVec<Arc<Peer>>;

#[derive(Default)]
struct State {
    config: Option<Config>,
    /// All other nodes: those of the map, and those that came or that others told of.
    peers: Peers,
    /// This node's address, if the map does not say.
    ip: Option<Ip>,
}

struct Config {
    me: NodeId,
    key: Secret,
    ranges: KVVec<Range>,
    aliases: KVVec<Alias>,
    joins: KVVec<Ip>,
    closed: bool,
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

/// Begins without a configuration.
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
    let ip = with_state(|state| {
        let config = state.config.as_ref()?;
        config.map().address(config.me).or(state.ip)
    });
    ip.flatten().unwrap_or(Ip::from_bits(0))
}

/// Learns this node's address from a link, if the map does not say it.
pub(super) fn note_self(channel: &Channel) {
    if let Ok((here, _)) = channel.ends() {
        with_state(|state| state.ip = state.ip.or(Some(here)));
    }
}

/// A node's address.
pub(crate) fn ip(id: NodeId) -> Option<Ip> {
    if id_self() == Some(id) {
        return Some(ip_self());
    }
    Some(peer(id)?.ip())
}

/// Where to reach a node.
pub(crate) fn address(id: NodeId) -> Option<Address> {
    Some(Address {
        ip: ip(id)?.to_bits(),
        port: PORT,
    })
}

/// Whether a known node has this address.
pub(crate) fn is_known(ip: Ip) -> bool {
    with_state(|state| {
        let mut peers = state.peers.iter();
        let config = state.config.as_ref();
        config.is_some_and(|config| config.map().owner(ip).is_some())
            || peers.any(|peer| peer.ip() == ip)
    })
    .unwrap_or(false)
}

/// Whether there is a link to this address, or to this node, which may have several.
pub(super) fn has_link(ip: Ip, id: Option<NodeId>) -> bool {
    with_state(|state| {
        let mut peers = state.peers.iter().filter(|peer| peer.is_up());
        peers.any(|peer| peer.ip() == ip || Some(peer.id()) == id)
    })
    .unwrap_or(false)
}

/// Whether somebody with the key at this address may be this node, and for what.
pub(crate) fn admits(id: NodeId, from: Ip, purpose: Purpose) -> Result<(), Refusal> {
    let by_map = with_config(|config| {
        let map = config.map();
        match map.owner(from) {
            _ if config.me == id => Err(Refusal::Conflict),
            Some(owner) if owner == id => Ok(true),
            Some(_) => Err(Refusal::UnknownNode),
            None if config.closed => Err(Refusal::UnknownNode),
            None if map.address(id).is_some() => Err(Refusal::Conflict),
            None => Ok(false),
        }
    });
    if by_map.ok_or(Refusal::UnknownNode)?? {
        return Ok(());
    }
    let known = peer(id);
    if known.as_ref().is_some_and(|known| known.ip() == from) {
        return Ok(());
    }
    if known.is_some_and(|known| known.is_up())
        || listener().is_some_and(|listener| listener.is_elsewhere(id, from))
    {
        return Err(Refusal::Conflict);
    }
    // Who comes for the first time says so on a control link.
    match purpose {
        Purpose::Control => Ok(()),
        Purpose::Process | Purpose::Pages => Err(Refusal::UnknownNode),
    }
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

/// Calls `each` for every node that is known, this one among them.
pub(crate) fn each(mut each: impl FnMut(NodeId, Ip) -> Result) -> Result {
    let Some(me) = id_self() else {
        return Ok(());
    };
    each(me, ip_self())?;
    let peers = with_state(|state| {
        let mut peers = KVVec::with_capacity(state.peers.len(), GFP_KERNEL)?;
        for peer in &state.peers {
            peers.push(peer.clone(), GFP_KERNEL)?;
        }
        Ok::<_, Error>(peers)
    });
    for peer in peers.ok_or(ENODEV)?? {
        each(peer.id(), peer.ip())?;
    }
    Ok(())
}

/// Sends a short message to a node on its control link.
pub(crate) fn send(to: NodeId, kind: Kind, payload: &[u8]) -> Result {
    peer(to).ok_or(EHOSTUNREACH)?.send(kind, payload)
}

/// Takes a proved control link that another node made, or that was made to whoever was there.
pub(crate) fn joined(channel: Arc<Channel>) -> Result {
    let (_, from) = channel.ends()?;
    let id = channel.peer();
    admits(id, from, Purpose::Control)?;
    note_self(&channel);
    let (known, is_new) = match peer(id) {
        // The map gives it another address, too: it is an alias.
        Some(peer) if peer.ip() == from || is_in_map(id) => (peer, false),
        _ => learn(id, from)?,
    };
    Peer::joined(&known, channel);
    if is_new {
        // Not before: it need not be called.
        Peer::begin(known);
    }
    Ok(())
}

fn is_in_map(id: NodeId) -> bool {
    with_config(|config| config.map().address(id).is_some()).unwrap_or(false)
}

/// Makes a node known that others told of. It is called from now on, or calls.
pub(crate) fn known(id: NodeId, ip: Ip) -> Result {
    let (peer, is_new) = learn(id, ip)?;
    if is_new {
        Peer::begin(peer);
    }
    Ok(())
}

/// Makes a node known that is not in the map, or is at another address than before. If it is a new one, it has yet to
/// [begin](Peer::begin).
fn learn(id: NodeId, ip: Ip) -> Result<(Arc<Peer>, bool)> {
    let new = Peer::new(id, ip)?;
    let (peer, old) = with_state(|state| {
        let config = state.config.as_ref().ok_or(ESHUTDOWN)?;
        if config.me == id || config.closed && config.map().address(id).is_none() {
            return Err(EPERM);
        }
        let place = state.peers.iter_mut().find(|peer| peer.id() == id);
        match place {
            Some(peer) if peer.ip() == ip || config.map().address(id).is_some() || peer.is_up() => {
                Ok((peer.clone(), None))
            }
            Some(peer) => {
                let old = core::mem::replace(peer, new.clone());
                Ok((new.clone(), Some(old)))
            }
            None => {
                state.peers.push(new.clone(), GFP_KERNEL)?;
                Ok((new.clone(), None))
            }
        }
    })
    .ok_or(ENODEV)??;
    if let Some(old) = old {
        old.stop();
    }
    let is_new = Arc::ptr_eq(&peer, &new);
    Ok((peer, is_new))
}

/// Others say that a node is gone.
pub(crate) fn gone(id: NodeId) {
    if let Some(peer) = peer(id) {
        peer.gone();
    }
}

/// A node that is not in the map has left, and is forgotten until it comes again.
pub(crate) fn forget(id: NodeId) {
    if is_in_map(id) {
        return;
    }
    let old = with_state(|state| {
        let place = state.peers.iter().position(|peer| peer.id() == id)?;
        state.peers.remove(place).ok()
    });
    if let Some(old) = old.flatten() {
        old.stop();
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
        for ip in &config.joins {
            seq_print!(to, "join {ip}\n");
        }
        if config.closed {
            seq_print!(to, "closed\n");
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
    joins: KVVec<Ip>,
    closed: bool,
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
                Line::Join(ip) if parsed.joins.len() < MAX_LINES => {
                    parsed.joins.push(ip, GFP_KERNEL)?;
                }
                Line::Join(_) => return Err(wrong(Wrong::Many)),
                Line::Closed => parsed.closed = true,
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

    /// All other nodes of the map, and those of them that are new. Links are kept if `same_self`: this node keeps its
    /// id and its key.
    fn peers(&self, me: NodeId, same_self: bool) -> Result<(Peers, Peers)> {
        let map = self.map();
        let mut peers = KVVec::new();
        let mut fresh = KVVec::new();
        for (id, ip) in map.nodes().filter(|(id, _)| *id != me) {
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
        Ok((peers, fresh))
    }

    /// Adds those that came by themselves: they stay, if they may.
    fn add_strangers(&self, same_self: bool, old: &Peers, peers: &mut Peers) -> Result {
        let map = self.map();
        for old in old.iter().filter(|_| same_self && !self.closed) {
            if map.address(old.id()).is_none() && map.owner(old.ip()).is_none() {
                peers.push(old.clone(), GFP_KERNEL)?;
            }
        }
        Ok(())
    }

    /// Whether every id and every address has one meaning. The first node of a cluster, and one that joins, need no map.
    fn check(&self, me: NodeId) -> Result<(), Wrong> {
        match self.map().check(me) {
            Err(Wrong::Me) if self.ranges.is_empty() || !self.joins.is_empty() => Ok(()),
            checked => checked,
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
    parsed.check(me).map_err(wrong)?;
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

    let (mut peers, fresh) = parsed.peers(me, same_self)?;
    let mut joins = KVVec::new();
    joins.extend_from_slice(&parsed.joins, GFP_KERNEL)?;

    let old_peers = with_state(|state| {
        // Only now: they come and go as they like.
        parsed.add_strangers(same_self, &state.peers, &mut peers)?;
        let old_key = state.config.take().map(|config| config.key);
        let Some(key) = parsed.key.or(old_key) else {
            return Err(wrong(Wrong::Key));
        };
        state.config = Some(Config {
            me,
            key,
            ranges: parsed.ranges,
            aliases: parsed.aliases,
            joins: parsed.joins,
            closed: parsed.closed,
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
    join::set(&joins)
}

/// Switches openMosix off: says farewell to all nodes, and forgets map and key.
pub(crate) fn off() {
    let state = with_state(|state| {
        ME.store(0, Relaxed);
        core::mem::take(state)
    });
    // There is always memory for nothing.
    let _ = join::set(&[]);
    for peer in state.iter().flat_map(|state| state.peers.iter()) {
        peer.stop();
    }
}
