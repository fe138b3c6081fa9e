// SPDX-License-Identifier: GPL-2.0-only
//! The network interfaces of this machine.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use nix::net::if_::{InterfaceFlags, if_nametoindex};

/// An interface that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its number.
    pub index: u32,
    /// Whether it takes part in multicast unasked.
    pub multicast: bool,
    /// Its IPv4 addresses.
    pub ip4: Vec<Ipv4Addr>,
    /// Whether it has an IPv6 address.
    pub ip6: bool,
}

/// All interfaces that are up, in the kernel's order.
pub fn all() -> io::Result<Vec<Interface>> {
    let mut all: Vec<Interface> = vec![];
    for entry in nix::ifaddrs::getifaddrs()? {
        if !entry.flags.contains(InterfaceFlags::IFF_UP) {
            continue;
        }
        let known = all.iter().position(|it| it.name == entry.interface_name);
        let position = known.unwrap_or(all.len());
        if known.is_none() {
            all.push(Interface {
                index: if_nametoindex(entry.interface_name.as_str())?,
                name: entry.interface_name,
                multicast: entry.flags.contains(InterfaceFlags::IFF_MULTICAST),
                ip4: vec![],
                ip6: false,
            });
        }
        if let (Some(address), Some(interface)) = (entry.address, all.get_mut(position)) {
            interface.ip4.extend(address.as_sockaddr_in().map(|address| address.ip()));
            interface.ip6 |= address.as_sockaddr_in6().is_some();
        }
    }
    Ok(all)
}

/// All addresses of this machine, in the order in which they best stand for it.
pub fn addresses() -> io::Result<Vec<IpAddr>> {
    let all = nix::ifaddrs::getifaddrs()?.filter_map(|interface| {
        let address = interface.address?;
        let ip4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        ip4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    });
    Ok(best_first(all.collect()))
}

/// Loopback last, IPv4 before IPv6, otherwise as the kernel lists them.
fn best_first(mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    addresses.sort_by_key(|address| (address.is_loopback(), address.is_ipv6()));
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_an_interface() {
        let all = all().unwrap();
        let loopback = all.iter().find(|it| it.ip4.contains(&Ipv4Addr::LOCALHOST)).unwrap();
        assert!(loopback.index > 0 && !loopback.multicast, "{loopback:?}");
    }

    #[test]
    fn loopback_comes_last() {
        let list = |texts: [&str; 4]| texts.map(|text| text.parse().unwrap()).to_vec();
        let given = list(["127.0.0.1", "fe80::1", "10.0.0.2", "10.0.0.1"]);
        assert_eq!(best_first(given), list(["10.0.0.2", "10.0.0.1", "fe80::1", "127.0.0.1"]));
    }
}
