//! An address with its prefix, of either version.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An address and the length of its network prefix; the host bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) v6: bool,
    pub(crate) ip: u128,
    pub(crate) prefix: u32,
}

impl Network {
    /// Makes a network; `None` when the numbers do not fit the version.
    pub(crate) fn new(v6: bool, ip: u128, prefix: u32) -> Option<Network> {
        let network = Network { v6, ip, prefix };
        (prefix <= network.width() && ip <= network.most()).then_some(network)
    }

    /// Reads `10.0.0.1`, `10.0.0.1/24`, `10.0.0.1/255.255.255.0`, `10.0.0.1/0.0.0.255`, `2001:db8::/32`.
    pub(crate) fn parse(text: &str) -> Option<Network> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let (v6, ip) = parse_address(address)?;
        let width = if v6 { 128 } else { 32 };
        let prefix = match prefix {
            None => width,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
            Some(mask) => {
                let (mask_v6, mask) = parse_address(mask)?;
                (mask_v6 == v6).then(|| prefix_of_mask(mask, width)).flatten()?
            }
        };
        Network::new(v6, ip, prefix)
    }

    /// Returns the bits of an address.
    pub(crate) fn width(self) -> u32 {
        if self.v6 { 128 } else { 32 }
    }

    /// Returns the greatest address of the version.
    pub(crate) fn most(self) -> u128 {
        u128::MAX >> (128 - self.width())
    }

    /// Returns the bits of the host part.
    pub(crate) fn host_bits(self) -> u32 {
        self.width() - self.prefix
    }

    /// Returns the host part's mask.
    pub(crate) fn host_mask(self) -> u128 {
        match self.host_bits() {
            0 => 0,
            bits => u128::MAX >> (128 - bits),
        }
    }

    pub(crate) fn net_mask(self) -> u128 {
        self.most() & !self.host_mask()
    }

    pub(crate) fn first(self) -> u128 {
        self.ip & self.net_mask()
    }

    pub(crate) fn last(self) -> u128 {
        self.first() | self.host_mask()
    }

    /// Returns the number of addresses; `None` for `::/0`, which has one more than the largest number.
    pub(crate) fn size(self) -> Option<u128> {
        self.host_mask().checked_add(1)
    }

    /// Claims that the address is the network's own.
    pub(crate) fn is_network(self) -> bool {
        self.ip == self.first()
    }

    /// Returns the broadcast address; point-to-point networks have none.
    pub(crate) fn broadcast(self) -> Option<u128> {
        (self.v6 || self.host_bits() > 1).then(|| self.last())
    }

    /// Returns the first and last address that a host may have.
    pub(crate) fn usable(self) -> (u128, u128) {
        match self.host_bits() {
            0 | 1 => (self.first(), self.last()),
            _ => (self.first() + 1, self.last() - 1),
        }
    }

    /// Claims that every address of the other network is in this one.
    pub(crate) fn contains(self, other: Network) -> bool {
        self.v6 == other.v6 && self.first() <= other.first() && other.last() <= self.last()
    }

    /// Returns the network without host bits.
    pub(crate) fn cidr(self) -> Network {
        Network { ip: self.first(), ..self }
    }

    /// Returns an address of the same version as text.
    pub(crate) fn show(self, ip: u128) -> String {
        match self.v6 {
            // As the C library writes what holds an address of version 4 and nothing else.
            true => match u32::try_from(ip) {
                Ok(low) if low > 0xffff => format!("::{}", Ipv4Addr::from_bits(low)),
                _ => Ipv6Addr::from_bits(ip).to_string(),
            },
            // The constructor keeps the address within 32 bits.
            false => Ipv4Addr::from_bits(ip as u32).to_string(),
        }
    }

    /// Returns the address of index `n`, from the end when negative.
    pub(crate) fn nth(self, n: i128) -> Option<u128> {
        let back = n < 0;
        let steps = if back { n.unsigned_abs() - 1 } else { n.unsigned_abs() };
        (steps <= self.host_mask()).then(|| if back { self.last() - steps } else { self.first() + steps })
    }
}

/// `10.0.0.1/24`, the host bits kept.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.show(self.ip), self.prefix)
    }
}

/// Reads an address; returns whether it is of version 6, and its number.
pub(crate) fn parse_address(text: &str) -> Option<(bool, u128)> {
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().ok().map(|ip| (true, ip.to_bits()));
    }
    text.parse::<Ipv4Addr>().ok().map(|ip| (false, ip.to_bits().into()))
}

/// Returns the prefix length that a network mask or host mask says.
fn prefix_of_mask(mask: u128, width: u32) -> Option<u32> {
    let most = u128::MAX >> (128 - width);
    let hosts = most & !mask;
    let is_run = |bits: u128| bits == u128::MAX || (bits & (bits + 1)) == 0;
    if is_run(hosts) {
        return Some(width - hosts.count_ones());
    }
    is_run(mask).then(|| width - mask.count_ones())
}

/// Ranges that are not reachable from everywhere, by the IANA registries of special addresses.
const NOT_GLOBAL: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
];

/// Ranges among those that are.
const GLOBAL: &[&str] = &[
    "192.0.0.9/32",
    "192.0.0.10/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:20::/28",
    "2001:30::/28",
];

/// Ranges of IPv6 that are not given to anyone.
const RESERVED: &[&str] = &[
    "::/8", "100::/8", "200::/7", "400::/6", "800::/5", "1000::/4", "4000::/3", "6000::/3", "8000::/3", "a000::/3",
    "c000::/3", "e000::/4", "f000::/5", "f800::/6", "fe00::/9",
];

impl Network {
    fn ip_is_in(self, ranges: &[&str]) -> bool {
        let own = Network { prefix: self.width(), ..self };
        ranges.iter().filter_map(|range| Network::parse(range)).any(|range| range.contains(own))
    }

    /// Claims that the address is reachable from everywhere.
    pub(crate) fn is_global(self) -> bool {
        !self.ip_is_in(NOT_GLOBAL) || self.ip_is_in(GLOBAL)
    }

    /// Claims that the address is kept for use inside of a network: neither reachable from everywhere nor shared by a
    /// provider's customers.
    pub(crate) fn is_private(self) -> bool {
        !self.is_global() && !self.ip_is_in(&["100.64.0.0/10"])
    }

    /// Claims that the address is reserved for the future.
    pub(crate) fn is_reserved(self) -> bool {
        match self.v6 {
            false => self.ip_is_in(&["240.0.0.0/4"]),
            true => self.ip_is_in(RESERVED),
        }
    }

    pub(crate) fn is_loopback(self) -> bool {
        self.ip_is_in(&["127.0.0.0/8", "::1/128"])
    }

    pub(crate) fn is_multicast(self) -> bool {
        self.ip_is_in(&["224.0.0.0/4", "ff00::/8"])
    }

    pub(crate) fn is_link_local(self) -> bool {
        self.ip_is_in(&["169.254.0.0/16", "fe80::/10"])
    }

    /// Claims that the address would do as a network mask or host mask.
    pub(crate) fn is_mask(self) -> bool {
        let is_run = |bits: u128| bits == u128::MAX || (bits & (bits + 1)) == 0;
        is_run(self.ip) || is_run(self.most() & !self.ip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_of_a_version_is_handled() {
        let all = Network::parse("::/0").unwrap();
        assert_eq!((all.first(), all.last(), all.size()), (0, u128::MAX, None));
        assert_eq!(all.nth(-1), Some(u128::MAX));
        let all = Network::parse("0.0.0.0/0").unwrap();
        assert_eq!((all.last(), all.size()), (u128::from(u32::MAX), Some(1 << 32)));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "/",
            "10.0.0.1/",
            "10.0.0.1/33",
            "10.0.0.1/-1",
            "10.0.0.1/255.0.255.0",
            "::1/129",
            "1.2.3",
            "::1/255.0.0.0",
        ] {
            assert_eq!(Network::parse(text), None, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_reads_the_same(v6: bool, ip: u128, prefix in 0u32..=128) {
            let (ip, prefix) = if v6 { (ip, prefix) } else { (ip & 0xffff_ffff, prefix % 33) };
            let network = Network::new(v6, ip, prefix).unwrap();
            proptest::prop_assert_eq!(Network::parse(&network.to_string()), Some(network));
            proptest::prop_assert!(network.first() <= ip && ip <= network.last());
        }
    }
}
