// SPDX-License-Identifier: GPL-2.0-only
//! One interface, as a place where all can be spoken to: a multicast socket.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use mosix::interface::Interface;
use socket2::{Domain, Protocol, Socket, Type};

/// The UDP port; links use the TCP port of the same number.
const PORT: u16 = 4660;

/// The IPv4 group, of the kind that stays within an organisation.
const GROUP4: Ipv4Addr = Ipv4Addr::new(239, 255, 111, 77);

/// The IPv6 group, of the kind that stays within a site.
const GROUP6: Ipv6Addr = Ipv6Addr::new(0xff15, 0, 0, 0, 0, 0, 0, 0x6f4d);

/// Where to speak and listen.
pub struct Channel {
    socket: UdpSocket,
    group: SocketAddr,
    /// For people: the interface and the protocol.
    pub name: String,
    /// By which address others know us there.
    pub address: Ipv4Addr,
    /// Whether the last message could not be sent, which is said once.
    pub dumb: bool,
}

impl Channel {
    /// Speak IPv4 on an interface; `own` is its address there.
    pub fn ip4(on: &Interface, own: Ipv4Addr, address: Ipv4Addr, ttl: u32) -> io::Result<Self> {
        let group = SocketAddr::from((GROUP4, PORT));
        let socket = open(Domain::IPV4)?;
        socket.set_multicast_all_v4(false)?;
        socket.set_multicast_if_v4(&own)?;
        socket.set_multicast_ttl_v4(ttl)?;
        socket.set_multicast_loop_v4(true)?;
        socket.join_multicast_v4(&GROUP4, &own)?;
        Self::bound(socket, group, format!("{}: IPv4", on.name), address)
    }

    /// Speak IPv6 on an interface.
    pub fn ip6(on: &Interface, address: Ipv4Addr, ttl: u32) -> io::Result<Self> {
        let group = SocketAddr::from((GROUP6, PORT));
        let socket = open(Domain::IPV6)?;
        socket.set_only_v6(true)?;
        socket.set_multicast_all_v6(false)?;
        socket.set_multicast_if_v6(on.index)?;
        socket.set_multicast_hops_v6(ttl)?;
        socket.set_multicast_loop_v6(true)?;
        socket.join_multicast_v6(&GROUP6, on.index)?;
        Self::bound(socket, group, format!("{}: IPv6", on.name), address)
    }

    fn bound(
        socket: Socket,
        group: SocketAddr,
        name: String,
        address: Ipv4Addr,
    ) -> io::Result<Self> {
        // Several programs of one machine may listen.
        socket.set_reuse_address(true)?;
        socket.bind(&group.into())?;
        Ok(Self { socket: socket.into(), group, name, address, dumb: false })
    }

    /// Speak to all.
    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.socket.send_to(bytes, self.group).map(|_| ())
    }

    /// The same socket, for whoever listens.
    pub fn listener(&self) -> io::Result<UdpSocket> {
        self.socket.try_clone()
    }
}

fn open(domain: Domain) -> io::Result<Socket> {
    Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))
}
