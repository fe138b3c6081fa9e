// SPDX-License-Identifier: GPL-2.0-only
//! `omdiscd`: find the other nodes of the cluster without a map.
//!
//! The words that are said, and who is believed, are in [`mosix::discovery`]. Here are sockets, a
//! clock, and the kernel, which gets each neighbour that it does not know as somebody to join.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use mosix::conf::Conf;
use mosix::discovery::{Discovery, LENGTH, Neighbour};
use mosix::interface::{self, Interface};
use mosix::{Error, Result, System, daemon, setup};

use crate::cli::Program;
use crate::output::say;
use crate::random;

mod channel;

use channel::Channel;

/// The pauses between announcements: at first, and at last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(8));

/// The most addresses to join by; others are known from these.
const MOST_JOINS: usize = 16;

/// Find the other nodes of the cluster
///
/// Nodes that have the same cluster key find each other by multicast, over IPv4 and IPv6, and
/// join; no map is needed. Starting the daemon is joining. What strangers say is dropped, and what
/// was recorded earlier is not believed. The nodes' links speak IPv4; IPv6 only finds them.
///
/// The number of this node is the last two bytes of its IPv4 address: 192.168.10.220 is node 2780.
/// If another node has that number already, omdiscd says which one, and ends.
///
/// What the command line does not say is taken from /etc/openmosix/openmosix.conf; its settings
/// are applied when the first neighbour is found, before this node joins.
#[derive(Parser, Debug)]
#[command(name = "omdiscd", version)]
pub struct Omdiscd {
    /// The interfaces to use [default: all that can multicast]
    #[arg(short, long = "interface", value_name = "NAME", value_delimiter = ',')]
    interfaces: Vec<String>,

    /// Stay in the foreground, and talk to standard error instead of the system's log
    #[arg(short, long)]
    nodaemon: bool,

    /// How many routers announcements may pass, and one more
    #[arg(short, long, value_name = "TTL", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..256))]
    multicast_ttl: u32,

    /// The number of this node
    #[arg(short, long, value_name = "ID", value_parser = clap::value_parser!(u16).range(1..))]
    pe: Option<u16>,

    /// The address to announce [default: the first IPv4 address of the interface]
    #[arg(short, long)]
    address: Option<Ipv4Addr>,

    /// The file with the cluster key
    #[arg(short, long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Do nothing unless openmosix.conf says discover = yes
    #[arg(long)]
    configured: bool,
}

impl Program for Omdiscd {
    const SECTION: u8 = 8;

    fn run(self, system: &System) -> Result<()> {
        system.require_openmosix()?;
        let mut conf = system.conf(None)?;
        if self.configured && !conf.discover {
            return Ok(());
        }
        if let Some(key) = &self.key {
            conf.key = Some(key.clone());
        }
        let key = match &self.key {
            Some(path) => mosix::key::Key::read(path)?,
            None => system.key_of(&conf)?,
        };
        let channels = self.channels(&conf)?;
        let mut addresses: Vec<Ipv4Addr> = channels.iter().map(|it| it.address).collect();
        addresses.dedup();
        let id = self.id(system, &conf, &addresses)?;
        conf.id = Some(id);
        conf.discover = true;
        let (run, nonce) = (random::number()?, random::bytes()?);
        let mut discovery = Discovery::new(key, id, run, nonce, addresses);
        discovery.settled = system.me()?.is_some();
        if !self.nodaemon {
            daemon::detach()?;
        }
        let mut node = Node {
            system,
            conf,
            id,
            discovery,
            pending: vec![],
            joined: vec![],
            detached: !self.nodaemon,
        };
        let done = node.live(channels);
        if let (Err(error), false) = (&done, self.nodaemon) {
            node.say(&error.to_string());
        }
        done
    }
}

impl Omdiscd {
    /// The number of this node: the given one, or the kernel's, or by its address.
    fn id(&self, system: &System, conf: &Conf, addresses: &[Ipv4Addr]) -> Result<u16> {
        let given = self.pe.or(conf.id);
        match (system.me()?, given) {
            (Some(me), Some(id)) if me != id => {
                Err(Error::Me(format!("this node is node {me}, not {id}; setpe -off ends that")))
            }
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) => {
                let first = addresses.first().copied();
                setup::id_by_address(first.map_or_else(setup::own_address, Ok)?)
            }
        }
    }

    /// All places to speak, of which there has to be one.
    fn channels(&self, conf: &Conf) -> Result<Vec<Channel>> {
        let named = if self.interfaces.is_empty() { &conf.interfaces } else { &self.interfaces };
        let all = interface::all().map_err(|error| Error::io("interfaces", error))?;
        if let Some(name) = named.iter().find(|name| !all.iter().any(|it| it.name == **name)) {
            return Err(Error::NotFound(format!("there is no interface '{name}' that is up")));
        }
        let used = all.iter().filter(|it| match named.is_empty() {
            true => it.multicast && (it.ip6 || !it.ip4.is_empty()),
            false => named.contains(&it.name),
        });
        let mut channels = vec![];
        for interface in used {
            self.open(interface, &mut channels)?;
        }
        if channels.is_empty() {
            return Err(Error::NotFound("there is no interface for multicast; name one".into()));
        }
        Ok(channels)
    }

    /// Open what an interface has; one protocol is enough.
    fn open(&self, on: &Interface, channels: &mut Vec<Channel>) -> Result<()> {
        let first = on.ip4.first().copied();
        let address = self.address.or(first).map_or_else(setup::own_address, Ok)?;
        let ttl = self.multicast_ttl;
        let ip4 = first.map(|own| Channel::ip4(on, own, address, ttl));
        let ip6 = (on.ip6 && on.multicast).then(|| Channel::ip6(on, address, ttl));
        for (channel, protocol) in [(ip4, "IPv4"), (ip6, "IPv6")] {
            match channel {
                Some(Ok(channel)) => channels.push(channel),
                Some(Err(error)) => {
                    say("omdiscd", format_args!("{}: {protocol}: {error}", on.name))
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// This node while it looks for others.
struct Node<'a> {
    system: &'a System,
    conf: Conf,
    id: u16,
    discovery: Discovery,
    /// Neighbours that the kernel has still to be told of.
    pending: Vec<Neighbour>,
    /// Where those are that the kernel was told of.
    joined: Vec<IpAddr>,
    detached: bool,
}

/// A message, and the number of the channel that it came by.
type Packet = (usize, Vec<u8>);

impl Node<'_> {
    /// Announce and listen, until something is so wrong that it makes no sense.
    fn live(&mut self, mut channels: Vec<Channel>) -> Result<()> {
        let packets = listen(&channels)?;
        let (mut pause, longest) = PAUSES;
        let mut due = Instant::now();
        loop {
            let wait = due.saturating_duration_since(Instant::now());
            match packets.recv_timeout(wait) {
                Ok((index, bytes)) => {
                    if let Some(channel) = channels.get_mut(index) {
                        self.hear(channel, &bytes)?;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.announce(&mut channels)?;
                    due = Instant::now() + pause;
                    pause = (pause * 2).min(longest);
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::NotFound("no interface is left".into()));
                }
            }
        }
    }

    fn announce(&mut self, channels: &mut [Channel]) -> Result<()> {
        self.look()?;
        self.discovery.round(random::bytes()?);
        for channel in channels {
            let bytes = self.discovery.announcement(channel.address);
            self.send(channel, &bytes);
        }
        self.tell_kernel();
        Ok(())
    }

    /// Look whether this node is on. Who switches it off wants it to be off.
    fn look(&mut self) -> Result<()> {
        let on = self.system.me()? == Some(self.id);
        if self.discovery.settled && !on {
            return Err(Error::Off);
        }
        self.discovery.settled = on;
        Ok(())
    }

    fn hear(&mut self, channel: &mut Channel, bytes: &[u8]) -> Result<()> {
        let heard = self.discovery.hear(bytes, channel.address);
        if let Some(bytes) = heard.answer {
            self.send(channel, &bytes);
        }
        if let Some(rival) = heard.rival {
            let Neighbour { id, address, .. } = rival;
            if self.discovery.gives_way(&rival) {
                let what =
                    format!("node {id} is {address} already; choose another number, with -p");
                return Err(Error::Me(what));
            }
            self.say(&format!(
                "{address} wants to be node {id}, which is this node; it has to give way"
            ));
        }
        if let Some(neighbour) = heard.found {
            self.look()?;
            self.say(&format!("found node {} at {}", neighbour.id, neighbour.address));
            self.pending.push(neighbour);
            self.tell_kernel();
        }
        Ok(())
    }

    fn send(&self, channel: &mut Channel, bytes: &[u8]) {
        match channel.send(bytes) {
            Ok(()) => channel.dumb = false,
            Err(error) if !channel.dumb => {
                channel.dumb = true;
                self.say(&format!("{}: {error}", channel.name));
            }
            Err(_) => {}
        }
    }

    /// Tell the kernel of new neighbours; what fails is tried again with the next announcement.
    fn tell_kernel(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        match self.join() {
            Ok(()) => self.pending.clear(),
            Err(error) => self.say(&error.to_string()),
        }
    }

    /// Join by those neighbours that the kernel does not know.
    fn join(&mut self) -> Result<()> {
        let on = self.system.me()?.is_some();
        let known = |it: &Neighbour| on && self.system.status(it.id).is_ok();
        let news = self.pending.iter().filter(|it| !known(it));
        let news: Vec<IpAddr> = news.map(|it| it.address.into()).collect();
        if news.is_empty() {
            return Ok(());
        }
        self.joined.retain(|address| !news.contains(address));
        self.joined.extend(news);
        let surplus = self.joined.len().saturating_sub(MOST_JOINS);
        let dropped: Vec<IpAddr> = self.joined.drain(..surplus).collect();

        let by_conf = || self.system.table_of(&self.conf);
        let mut table = self.system.table().or_else(|_| by_conf())?;
        table.join.retain(|it| !self.joined.contains(it) && !dropped.contains(it));
        table.join.extend(&self.joined);
        if !on {
            self.system.apply_settings(&self.conf)?;
        }
        self.system.configure(&table, self.discovery.key())
    }

    fn say(&self, text: &str) {
        if self.detached {
            daemon::log("omdiscd", text);
        } else {
            say("omdiscd", text);
        }
    }
}

/// Have a thread listen to each channel.
fn listen(channels: &[Channel]) -> Result<Receiver<Packet>> {
    let (tell, told) = mpsc::sync_channel(64);
    for (index, channel) in channels.iter().enumerate() {
        let socket = channel.listener().map_err(|error| Error::io(&channel.name, error))?;
        let tell = tell.clone();
        thread::spawn(move || {
            // One byte more shows what is too long.
            let mut bytes = [0; LENGTH + 1];
            while let Ok(length) = socket.recv(&mut bytes) {
                if tell.send((index, bytes[..length].to_vec())).is_err() {
                    return;
                }
            }
        });
    }
    Ok(told)
}
