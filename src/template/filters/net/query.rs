//! The queries of `ipaddr`, `ipv4` and `ipv6`.

use super::network::Network;
use crate::value::Value as Data;

/// A value that was read as an address.
pub(super) struct Address {
    pub(super) net: Network,
    /// It was written without a prefix: answers are addresses rather than networks.
    pub(super) bare: bool,
    /// What the author wrote, numbers written out: the answer of the queries that claim something.
    pub(super) written: Data,
}

impl Address {
    /// Reads text or a number as an address; `None` when it is none.
    pub(super) fn read(value: &Data, version: Option<u8>) -> Option<Address> {
        let text = match value {
            Data::Int(n) if *n > 0 => n.to_string(),
            Data::Str(text) => text.to_string(),
            _ => return None,
        };
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            let ip: u128 = text.parse().ok()?;
            let v6 = version == Some(6) || ip > u128::from(u32::MAX);
            let net = Network::new(v6, ip, if v6 { 128 } else { 32 })?;
            return Some(Address { net, bare: true, written: net.to_string().into() });
        }
        if let Some(net) = Network::parse(&text) {
            return Some(Address { net, bare: !text.contains('/'), written: value.clone() });
        }
        // A number for the address: `3232235777/24`.
        let (ip, prefix) = text.split_once('/')?;
        let (ip, prefix): (u128, u32) = (ip.parse().ok()?, prefix.parse().ok()?);
        let net = Network::new(false, ip, prefix).or_else(|| Network::new(true, ip, prefix))?;
        Some(Address { net, bare: false, written: net.to_string().into() })
    }

    /// Answers a query. What has no answer gives null, what does not hold false or null, as in Ansible.
    pub(super) fn ask(&self, query: &str) -> Result<Data, String> {
        let net = self.net;
        let (size_one, size_two) = (net.host_bits() == 0, net.host_bits() == 1);
        let ip = || net.show(net.ip);
        let written_if = |holds: bool| if holds { self.written.clone() } else { Data::Null };
        let text_if = |holds: bool, text: String| if holds { Data::from(text) } else { Data::Null };
        let host_known = size_two || (!size_one && !net.is_network());
        Ok(match query {
            "" => Data::from(if self.bare { ip() } else { net.to_string() }),
            "address" | "ip" => text_if(size_one || size_two || net.v6 || !net.is_network(), ip()),
            "address/prefix" | "host/prefix" | "hostnet" | "router" | "gateway" | "gw" => {
                let edge = net.ip == net.first() || net.ip == net.last();
                if net.host_bits() > 1 && edge { Data::Bool(false) } else { Data::from(net.to_string()) }
            }
            "ip/prefix" => text_if(host_known, net.to_string()),
            "ip_netmask" => text_if(host_known, format!("{} {}", ip(), net.show(net.net_mask()))),
            "host" => text_if(size_one || !net.is_network() || net.broadcast().is_none(), net.to_string()),
            "net" => text_if(!size_one && net.is_network(), net.to_string()),
            "network" | "network_id" => net.show(net.first()).into(),
            "network/prefix" | "subnet" => net.cidr().to_string().into(),
            "cidr" => net.to_string().into(),
            "netmask" => net.show(net.net_mask()).into(),
            "hostmask" | "wildcard" => net.show(net.host_mask()).into(),
            "network_netmask" => format!("{} {}", net.show(net.first()), net.show(net.net_mask())).into(),
            "network_wildcard" => format!("{} {}", net.show(net.first()), net.show(net.host_mask())).into(),
            "prefix" => i64::from(net.prefix).into(),
            "broadcast" => text_if(net.host_bits() > 1, net.show(net.last())),
            "size" => number(net.size())?,
            "size_usable" => match net.host_bits() {
                0 => 0i64.into(),
                1 => 2i64.into(),
                _ => number(Some(net.host_mask() - 1))?,
            },
            "first_usable" => text_if(!self.network()?.is_single(), net.show(net.usable().0)),
            "last_usable" => text_if(!self.network()?.is_single(), net.show(net.usable().1)),
            "range_usable" => {
                let (first, last) = self.network()?.net.usable();
                text_if(!size_one, format!("{}-{}", net.show(first), net.show(last)))
            }
            "next_usable" => self.network()?.neighbour(net.ip.checked_add(1)),
            "previous_usable" => self.network()?.neighbour(net.ip.checked_sub(1)),
            "peer" => self.network()?.peer()?.into(),
            "revdns" => reverse_name(net).into(),
            "type" => if size_one || !net.is_network() { "address" } else { "network" }.into(),
            "version" => if net.v6 { 6i64 } else { 4 }.into(),
            "int" if self.bare => number(Some(net.ip))?,
            "int" => format!("{}/{}", net.ip, net.prefix).into(),
            "bool" => true.into(),
            "private" => written_if(!net.is_global()),
            "public" => {
                let special = net.is_multicast() || net.is_loopback() || net.is_mask();
                written_if(net.is_global() && !special)
            }
            "loopback" | "lo" => written_if(net.is_loopback()),
            "multicast" => written_if(net.is_multicast()),
            "unicast" => written_if(!net.is_multicast()),
            "link-local" => written_if(net.is_link_local()),
            "ipv4" | "v4" => self.as_v4(),
            "ipv6" | "v6" => self.as_v6(),
            "6to4" => self.as_6to4(),
            "wrap" if !net.v6 && self.bare => self.written.clone(),
            "wrap" if !net.v6 => net.to_string().into(),
            "wrap" if self.bare => format!("[{}]", ip()).into(),
            "wrap" => format!("[{}]/{}", ip(), net.prefix).into(),
            other => return self.ask_other(other),
        })
    }

    /// Answers what is no word: the index of an address, or a network that this one is to be in.
    fn ask_other(&self, query: &str) -> Result<Data, String> {
        let net = self.net;
        if !query.bytes().all(|b| b.is_ascii_digit())
            && let Some(around) = Address::read(&query.into(), None)
        {
            return Ok(if around.net.contains(net) { self.written.clone() } else { Data::Null });
        }
        if query.parse::<f64>().is_err() {
            return Err(format!("knows no query `{query}`"));
        }
        if net.host_bits() == 0 {
            return Ok(if self.bare { net.show(net.ip) } else { net.to_string() }.into());
        }
        let found = query.parse().ok().and_then(|n| net.nth(n));
        Ok(found.map_or(Data::Bool(false), |ip| format!("{}/{}", net.show(ip), net.prefix).into()))
    }

    /// Refuses a bare address where a network is asked for.
    fn network(&self) -> Result<&Address, String> {
        if self.bare { Err("wants a network with its prefix, not a bare address".into()) } else { Ok(self) }
    }

    fn is_single(&self) -> bool {
        self.net.host_bits() == 0
    }

    fn neighbour(&self, ip: Option<u128>) -> Data {
        let (first, last) = self.net.usable();
        match ip {
            Some(ip) if !self.is_single() && (first..=last).contains(&ip) => self.net.show(ip).into(),
            _ => Data::Null,
        }
    }

    fn peer(&self) -> Result<String, String> {
        match (self.net.host_bits(), self.net.ip & 3) {
            (1, _) => Ok(self.net.show(self.net.ip ^ 1)),
            (2, 0) => Err("the network's own address has no peer".into()),
            (2, 3) => Err("the broadcast address has no peer".into()),
            (2, _) => Ok(self.net.show(self.net.ip ^ 3)),
            _ => Err("wants a point-to-point network (/30 or /31)".into()),
        }
    }

    fn as_v4(&self) -> Data {
        let net = self.net;
        if !net.v6 {
            return self.written.clone();
        }
        // Mapped (::ffff:10.0.0.1) and compatible (::10.0.0.1) addresses.
        let low = net.ip & 0xffff_ffff;
        match net.ip >> 32 {
            0 | 0xffff => Network::new(false, low, net.prefix.saturating_sub(96))
                .map_or(Data::Bool(false), |v4| v4.to_string().into()),
            _ => Data::Bool(false),
        }
    }

    fn as_v6(&self) -> Data {
        let net = self.net;
        if net.v6 {
            return self.written.clone();
        }
        Network::new(true, 0xffff_0000_0000 | net.ip, net.prefix + 96).map_or(Data::Null, |v6| v6.to_string().into())
    }

    fn as_6to4(&self) -> Data {
        let net = self.net;
        if net.v6 {
            let within = net.ip >> 112 == 0x2002 && (self.bare || !net.is_network());
            return if within { self.written.clone() } else { Data::Bool(false) };
        }
        if net.host_bits() > 0 && net.is_network() {
            return Data::Bool(false);
        }
        let ip = net.ip;
        format!("2002:{:04x}:{:04x}::1/48", ip >> 16, ip & 0xffff).into()
    }
}

fn number(n: Option<u128>) -> Result<Data, String> {
    n.and_then(|n| i128::try_from(n).ok()).map(Data::Int).ok_or_else(|| "the number is larger than numbers go".into())
}

fn reverse_name(net: Network) -> String {
    if net.v6 {
        let digits: Vec<String> = (0..32).map(|i| format!("{:x}", (net.ip >> (4 * i)) & 0xf)).collect();
        return format!("{}.ip6.arpa.", digits.join("."));
    }
    let parts: Vec<String> = (0..4).map(|i| ((net.ip >> (8 * i)) & 0xff).to_string()).collect();
    format!("{}.in-addr.arpa.", parts.join("."))
}
