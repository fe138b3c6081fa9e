// SPDX-License-Identifier: GPL-2.0-only
//! The network interfaces of this machine, of which only the addresses matter.

use std::io;
use std::net::IpAddr;

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
    fn loopback_comes_last() {
        let list = |texts: [&str; 4]| texts.map(|text| text.parse().unwrap()).to_vec();
        let given = list(["127.0.0.1", "fe80::1", "10.0.0.2", "10.0.0.1"]);
        assert_eq!(best_first(given), list(["10.0.0.2", "10.0.0.1", "fe80::1", "127.0.0.1"]));
    }
}
