//! Tests of `ansible.utils` on addresses, networks and hardware addresses.
//!
//! They read addresses as Python's `ipaddress` does: a network has no host bits, and what is no address passes no test.

use super::Test;
use crate::template::filters::args::{Args, add_test};
use crate::template::filters::net::network::{Network, parse_address};
use minijinja::{Error, Value};

macro_rules! on_address {
    ($name:literal, $what:literal, $claim:expr) => {
        Test {
            name: concat!("ansible.utils.", $name),
            aliases: &[],
            doc: concat!("Claims that the text is ", $what, "."),
            add: |env, name| {
                add_test(env, name, &[], |_, args| Ok(address(args.input())?.is_some_and(|ip: Network| $claim(ip))))
            },
        }
    };
}

macro_rules! on_text {
    ($name:literal, $what:literal, $claim:expr) => {
        Test {
            name: concat!("ansible.utils.", $name),
            aliases: &[],
            doc: concat!("Claims that the text is ", $what, "."),
            add: |env, name| add_test(env, name, &[], |_, args| $claim(args)),
        }
    };
}

pub(super) static TESTS: &[Test] = &[
    on_text!("ip", "an address or a network", |args: &Args| Ok(network(args.input())?.is_some())),
    on_text!("ipv4", "an IPv4 address or network", |args: &Args| Ok(network(args.input())?.is_some_and(|net| !net.v6))),
    on_text!("ipv6", "an IPv6 address or network", |args: &Args| Ok(network(args.input())?.is_some_and(|net| net.v6))),
    on_address!("ip_address", "an address", |_| true),
    on_address!("ipv4_address", "an IPv4 address", |ip: Network| !ip.v6),
    on_address!("ipv6_address", "an IPv6 address", |ip: Network| ip.v6),
    on_text!("ipv4_hostmask", "an IPv4 host mask such as `0.0.0.255`", |args: &Args| mask(args, true)),
    on_text!("ipv4_netmask", "an IPv4 network mask such as `255.255.255.0`", |args: &Args| mask(args, false)),
    on_address!("ipv6_ipv4_mapped", "an IPv4 address written as IPv6", |ip: Network| ip.v6 && ip.ip >> 32 == 0xffff),
    on_address!("ipv6_sixtofour", "an IPv6 address of a 6to4 network", |ip: Network| ip.v6 && ip.ip >> 112 == 0x2002),
    on_address!("ipv6_teredo", "an IPv6 address of Teredo", |ip: Network| ip.v6 && ip.ip >> 96 == 0x2001_0000),
    on_address!("loopback", "an address of the host itself", Network::is_loopback),
    on_address!("multicast", "an address of many", Network::is_multicast),
    on_address!("private", "an address that is not reachable from everywhere", Network::is_private),
    on_address!("public", "an address that is reachable from everywhere", Network::is_global),
    on_address!("reserved", "an address reserved for the future", Network::is_reserved),
    on_address!("unspecified", "the address of nothing, `0.0.0.0` or `::`", |ip: Network| ip.ip == 0),
    on_text!("mac", "a hardware address in any of its forms", |args: &Args| Ok(is_mac(&args.input_text()?))),
    Test {
        name: "ansible.utils.in_network",
        aliases: &[],
        doc: "Claims that the address or network lies in the network.",
        add: |env, name| add_test(env, name, &["network"], |_, args| within(args.input(), args.need("network")?)),
    },
    Test {
        name: "ansible.utils.in_any_network",
        aliases: &[],
        doc: "Claims that the address or network lies in one of the networks at least.",
        add: |env, name| add_test(env, name, &["networks"], |_, args| Ok(count_within(args)? > 0)),
    },
    Test {
        name: "ansible.utils.in_one_network",
        aliases: &[],
        doc: "Claims that the address or network lies in exactly one of the networks.",
        add: |env, name| add_test(env, name, &["networks"], |_, args| Ok(count_within(args)? == 1)),
    },
    Test {
        name: "ansible.utils.subnet_of",
        aliases: &[],
        doc: "Claims that the network lies in the other one.",
        add: |env, name| add_test(env, name, &["network"], |_, args| within(args.input(), args.need("network")?)),
    },
    Test {
        name: "ansible.utils.supernet_of",
        aliases: &[],
        doc: "Claims that the other network lies in this one.",
        add: |env, name| add_test(env, name, &["network"], |_, args| within(args.need("network")?, args.input())),
    },
];

/// Returns the text of a value; what is no text is no address, but what is undefined is an error.
fn text(value: &Value) -> Result<Option<&str>, Error> {
    crate::template::convert::defined(value)?;
    Ok(value.as_str())
}

/// Leaves the scope (`%eth0`) of an IPv6 address away.
fn without_scope(text: &str) -> &str {
    match text.split_once('%') {
        Some((address, scope)) if address.contains(':') && !scope.is_empty() && !scope.contains('%') => address,
        _ => text,
    }
}

fn address(value: &Value) -> Result<Option<Network>, Error> {
    let Some(text) = text(value)? else { return Ok(None) };
    Ok(parse_address(without_scope(text)).and_then(|(v6, ip)| Network::new(v6, ip, if v6 { 128 } else { 32 })))
}

fn network(value: &Value) -> Result<Option<Network>, Error> {
    let Some(text) = text(value)? else { return Ok(None) };
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address = without_scope(address);
    let read = match prefix {
        None => Network::parse(address),
        Some(prefix) if address.contains(':') && prefix.contains([':', '.']) => None,
        Some(prefix) => Network::parse(&format!("{address}/{prefix}")),
    };
    Ok(read.filter(|network| network.is_network()))
}

fn mask(args: &Args, of_hosts: bool) -> Result<bool, Error> {
    let Some(text) = text(args.input())? else { return Ok(false) };
    let Some(network) = Network::parse(&format!("10.0.0.0/{text}")) else { return Ok(false) };
    // The network itself must be without host bits, as everywhere.
    let mask = if of_hosts { network.host_mask() } else { network.net_mask() };
    Ok(network.is_network() && network.show(mask) == text)
}

fn is_mac(text: &str) -> bool {
    let groups = |separators: &[char], count: usize, size: usize| {
        let parts: Vec<&str> = text.split(separators).collect();
        parts.len() == count
            && parts.iter().all(|part| part.len() == size && part.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    groups(&[':', '-'], 6, 2) || groups(&['.'], 3, 4) || groups(&[], 1, 12)
}

fn within(inner: &Value, outer: &Value) -> Result<bool, Error> {
    Ok(match (network(inner)?, network(outer)?) {
        (Some(inner), Some(outer)) => outer.contains(inner),
        _ => false,
    })
}

fn count_within(args: &Args) -> Result<usize, Error> {
    let mut count = 0;
    for outer in args.items_of(args.need("networks")?)? {
        count += usize::from(within(args.input(), &outer)?);
    }
    Ok(count)
}
