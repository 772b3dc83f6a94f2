//! Filters on addresses: `ansible.utils.ipaddr` and its kin.
//!
//! They answer as the collection does, whose answers for odd input are part of what playbooks rely on: what is no
//! address gives false, a query without an answer gives null, and lists keep only what has an answer.

mod mac;
pub(crate) mod network;
mod query;

use super::args::{Args, MAX_ITEMS, add_filter};
use super::python::text;
use super::{Filter, data, to_engine};
use crate::value::Value as Data;
use minijinja::{Error, State, Value};
use network::{Network, parse_address};
use query::Address;

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "ansible.utils.ipaddr",
        aliases: &["ipaddr", "ansible.netcommon.ipaddr"],
        doc: "Checks an address or network, or answers a `query` about it such as `address`, `netmask` or `1`.",
        add: |env, name| add_filter(env, name, &["query"], |_, args| ipaddr(args, None)),
    },
    Filter {
        name: "ansible.utils.ipv4",
        aliases: &["ipv4", "ansible.netcommon.ipv4"],
        doc: "Does what `ipaddr` does, for IPv4 alone.",
        add: |env, name| add_filter(env, name, &["query"], |_, args| ipaddr(args, Some(4))),
    },
    Filter {
        name: "ansible.utils.ipv6",
        aliases: &["ipv6", "ansible.netcommon.ipv6"],
        doc: "Does what `ipaddr` does, for IPv6 alone.",
        add: |env, name| add_filter(env, name, &["query"], |_, args| ipaddr(args, Some(6))),
    },
    Filter {
        name: "ansible.utils.ipwrap",
        aliases: &["ipwrap", "ansible.netcommon.ipwrap"],
        doc: "Puts IPv6 addresses in brackets and leaves everything else as it is.",
        add: |env, name| add_filter(env, name, &["query"], ipwrap),
    },
    Filter {
        name: "ansible.utils.ipsubnet",
        aliases: &["ipsubnet", "ansible.netcommon.ipsubnet"],
        doc: "Cuts a network into subnets of prefix `query` and returns their number, or the one of `index`.",
        add: |env, name| add_filter(env, name, &["query", "index"], ipsubnet),
    },
    Filter {
        name: "ansible.utils.ipmath",
        aliases: &["ipmath", "ansible.netcommon.ipmath"],
        doc: "Adds `amount` to an address.",
        add: |env, name| add_filter(env, name, &["amount"], ipmath),
    },
    Filter {
        name: "ansible.utils.network_in_usable",
        aliases: &["network_in_usable", "ansible.netcommon.network_in_usable"],
        doc: "Claims that `test` lies among the addresses that hosts of the network may have.",
        add: |env, name| add_filter(env, name, &["test"], |_, args| within(args, true)),
    },
    Filter {
        name: "ansible.utils.network_in_network",
        aliases: &["network_in_network", "ansible.netcommon.network_in_network"],
        doc: "Claims that `test` lies in the network.",
        add: |env, name| add_filter(env, name, &["test"], |_, args| within(args, false)),
    },
    Filter {
        name: "ansible.utils.usable_range",
        aliases: &["usable_range"],
        doc: "Returns the addresses of a network (`usable_ips`) and their number (`number_of_ips`).",
        add: |env, name| add_filter(env, name, &[], usable_range),
    },
    Filter {
        name: "ansible.utils.next_nth_usable",
        aliases: &["next_nth_usable", "ansible.netcommon.next_nth_usable"],
        doc: "Returns the usable address that comes `offset` after this one.",
        add: |env, name| add_filter(env, name, &["offset"], |_, args| nth_usable(args, 1)),
    },
    Filter {
        name: "ansible.utils.previous_nth_usable",
        aliases: &["previous_nth_usable", "ansible.netcommon.previous_nth_usable"],
        doc: "Returns the usable address that comes `offset` before this one.",
        add: |env, name| add_filter(env, name, &["offset"], |_, args| nth_usable(args, -1)),
    },
    Filter {
        name: "ansible.utils.nthhost",
        aliases: &["nthhost", "ansible.netcommon.nthhost"],
        doc: "Returns the address of index `query` in the network.",
        add: |env, name| add_filter(env, name, &["query"], nthhost),
    },
    Filter {
        name: "ansible.utils.reduce_on_network",
        aliases: &["reduce_on_network", "ansible.netcommon.reduce_on_network"],
        doc: "Keeps the addresses that lie in `network`.",
        add: |env, name| add_filter(env, name, &["network"], reduce_on_network),
    },
    Filter {
        name: "ansible.utils.cidr_merge",
        aliases: &["cidr_merge", "ansible.netcommon.cidr_merge"],
        doc: "Merges networks into as few as possible, or into the one that spans them (`action` `span`).",
        add: |env, name| add_filter(env, name, &["action"], cidr_merge),
    },
    Filter {
        name: "ansible.utils.ip4_hex",
        aliases: &["ip4_hex", "ansible.netcommon.ip4_hex"],
        doc: "Returns an IPv4 address in hexadecimal, with `delimiter` between the parts.",
        add: |env, name| add_filter(env, name, &["delimiter"], ip4_hex),
    },
    Filter {
        name: "ansible.utils.ipcut",
        aliases: &[],
        doc: "Returns the first `amount` bits of an address as groups, or the last ones when it is negative.",
        add: |env, name| add_filter(env, name, &["amount"], |_, args| ipcut(args)),
    },
    Filter {
        name: "ansible.utils.hwaddr",
        aliases: &["hwaddr", "ansible.netcommon.hwaddr"],
        doc: "Checks a hardware address, or writes it as `query` (`linux`, `cisco`, `unix`, `win`, `bare`, `int`) says.",
        add: |env, name| add_filter(env, name, &["query"], mac::hwaddr),
    },
    Filter {
        name: "ansible.utils.macaddr",
        aliases: &["macaddr", "ansible.netcommon.macaddr"],
        doc: "Does what `hwaddr` does.",
        add: |env, name| add_filter(env, name, &["query"], mac::hwaddr),
    },
    Filter {
        name: "ansible.utils.slaac",
        aliases: &["slaac", "ansible.netcommon.slaac"],
        doc: "Returns the address that a host of hardware address `query` gives itself in an IPv6 network.",
        add: |env, name| add_filter(env, name, &["query"], mac::slaac),
    },
    Filter {
        name: "ansible.utils.ipv6form",
        aliases: &["ipv6form"],
        doc: "Writes an IPv6 address in the form `expand`, `compress` or `x509`.",
        add: |env, name| add_filter(env, name, &["format"], ipv6form),
    },
];

fn ipaddr(args: &Args, version: Option<u8>) -> Result<Value, Error> {
    let query = args.shown("query")?.unwrap_or_default();
    let value = data(args.input())?;
    match &value {
        Data::Str(_) | Data::List(_) | Data::Int(_) | Data::Bool(_) => {}
        _ => return Err(args.wrong("an address or a list of them", args.input())),
    }
    answer(&value, &query, version, 0).map(|answer| to_engine(&answer)).map_err(|why| args.error(why))
}

/// How deep lists of addresses may be nested.
const MAX_DEPTH: usize = 100;

fn answer(value: &Data, query: &str, version: Option<u8>, depth: usize) -> Result<Data, String> {
    if let Data::List(items) = value {
        if depth > MAX_DEPTH {
            return Err("the list is too deep".into());
        }
        let answers: Vec<Data> =
            items.iter().map(|item| answer(item, query, version, depth + 1)).collect::<Result<_, _>>()?;
        return Ok(answers.into_iter().filter(Data::is_truthy).collect::<Vec<_>>().into());
    }
    match Address::read(value, version) {
        Some(address) if version.is_none_or(|version| (version == 6) == address.net.v6) => address.ask(query),
        _ => Ok(Data::Bool(false)),
    }
}

fn ipcut(args: &Args) -> Result<Value, Error> {
    let said = args.input_text()?;
    let (v6, ip) = parse_address(&said).ok_or_else(|| args.error(format!("`{said}` is no address")))?;
    let amount = args.int("amount")?.ok_or_else(|| args.error("wants the argument `amount`"))?;
    let (width, group) = if v6 { (128, 16) } else { (32, 8) };
    let size = u32::try_from(amount.unsigned_abs()).unwrap_or(width).min(width);
    let start = if amount < 0 { width - size } else { 0 };
    let mut groups = Vec::new();
    for at in (start..start + size).step_by(group) {
        let long = (start + size - at).min(group as u32);
        let bits = (ip >> (width - at - long)) & ((1 << long) - 1);
        groups.push(if v6 { format!("{bits:x}") } else { bits.to_string() });
    }
    Ok(groups.join(if v6 { ":" } else { "." }).into())
}

fn ipwrap(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let query = args.shown("query")?.unwrap_or_default();
    let wrap = |item: &Data| -> Data {
        let fits = answer(item, &query, None, 0).is_ok_and(|answer| answer.is_truthy());
        let wrapped = if fits { answer(item, "wrap", None, 0) } else { Ok(item.clone()) };
        wrapped.unwrap_or_else(|_| item.clone())
    };
    Ok(to_engine(&match data(args.input())? {
        Data::List(items) => items.iter().map(wrap).collect::<Vec<_>>().into(),
        other @ (Data::Str(_) | Data::Bool(_)) => wrap(&other),
        _ => return Err(args.wrong("text or a list", args.input())),
    }))
}

/// Reads the input as an address, or gives up with false as the collection does.
fn input_address(args: &Args) -> Result<Option<Address>, Error> {
    Ok(Address::read(&data(args.input())?, None))
}

fn ipsubnet(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let Some(address) = input_address(args)? else { return Ok(false.into()) };
    // An address with a prefix stands for its network.
    let net = address.net.cidr();
    let single = net.host_bits() == 0;
    let query = args.shown("query")?.unwrap_or_default();
    if query.is_empty() {
        return Ok(net.to_string().into());
    }
    let index = match args.given("index") {
        None => None,
        Some(index) => {
            let said = text(index)?;
            Some(said.parse::<i128>().map_err(|_| args.error(format!("`{said}` is no index")))?)
        }
    };
    if !query.bytes().all(|b| b.is_ascii_digit()) {
        return place_in(args, net, &query);
    }
    let Some(prefix) = query.parse().ok().filter(|prefix| *prefix <= net.width()) else { return Ok(false.into()) };
    if single {
        return Ok(supernet(net, prefix, index));
    }
    if prefix < net.prefix {
        return Err(args.error(format!("cannot cut a /{} into /{prefix}", net.prefix)));
    }
    let bits = prefix - net.prefix;
    let count = 1i128.checked_shl(bits).filter(|_| bits < 127);
    match (index, count) {
        (None, Some(count)) => Ok(count.to_string().into()),
        (None, None) => Err(args.error("the number of subnets is larger than numbers go")),
        (Some(index), _) => {
            let count = count.unwrap_or(i128::MAX);
            let index = if index < 0 { index.saturating_add(count) } else { index };
            if !(0..count).contains(&index) {
                return Ok(false.into());
            }
            let offset = (index.unsigned_abs()).checked_shl(net.width() - prefix).unwrap_or(0);
            Ok(Network { ip: net.first() | offset, prefix, ..net }.to_string().into())
        }
    }
}

/// Returns the networks around a single address, from prefix `prefix` on: the one of `index` or the first.
fn supernet(net: Network, prefix: u32, index: Option<i128>) -> Value {
    let count = i128::from(net.prefix - prefix);
    let index = index.unwrap_or(0);
    let at = if index < 0 { index + count } else { index };
    match u32::try_from(at) {
        Ok(at) if i128::from(at) < count => Network { prefix: prefix + at, ..net }.cidr().to_string().into(),
        _ => false.into(),
    }
}

/// Returns which subnet of `around` (counted from 1) the network is.
fn place_in(args: &Args, net: Network, around: &str) -> Result<Value, Error> {
    let around = Address::read(&around.into(), None)
        .map(|around| around.net.cidr())
        .ok_or_else(|| args.error(format!("wants a prefix, network or address, not `{around}`")))?;
    if around.v6 != net.v6 || around.prefix > net.prefix || !around.contains(net) {
        return Err(args.error(format!("{net} is not in {around}")));
    }
    let place = (net.first() - around.first()).checked_shr(net.host_bits()).unwrap_or(0);
    // The count is at most 2^128, which is beyond the number's type for `::/0` alone.
    Ok(place.checked_add(1).map_or_else(|| false.into(), |place| place.to_string().into()))
}

fn ipmath(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let said = text(args.input())?;
    let net = Network::parse(&said).ok_or_else(|| args.error(format!("wants an address, not `{said}`")))?;
    let amount = match args.need("amount")? {
        digits if digits.as_str().is_some() => {
            let digits = text(digits)?;
            digits.parse().map_err(|_| args.error(format!("wants a whole number as `amount`, not `{digits}`")))?
        }
        _ => args.int("amount")?.ok_or_else(|| args.error("wants a whole number as `amount`"))?,
    };
    match net.ip.checked_add_signed(amount).filter(|ip| *ip <= net.most()) {
        Some(ip) => Ok(net.show(ip).into()),
        None => Err(args.error("the result is beyond the last address")),
    }
}

fn within(args: &Args, usable: bool) -> Result<Value, Error> {
    let test = data(args.need("test")?)?;
    let (Some(around), Some(test)) = (input_address(args)?, Address::read(&test, None)) else {
        return Ok(false.into());
    };
    let (around, test) = (around.net.cidr(), test.net.cidr());
    let (first, last) = if usable { around.usable() } else { (around.first(), around.last()) };
    Ok((around.v6 == test.v6 && first <= test.first() && test.last() <= last).into())
}

fn usable_range(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let said = text(args.input())?;
    let bad = || args.error(format!("wants a network without host bits, not `{said}`"));
    let net = Network::parse(&said).filter(|net| net.is_network()).ok_or_else(bad)?;
    let (first, last) = (net.first(), net.last());
    let count = last - first;
    if count >= MAX_ITEMS as u128 {
        return Err(args.error(format!("the network has more than {MAX_ITEMS} addresses")));
    }
    let ips: Vec<Data> = (first..=last).map(|ip| net.show(ip).into()).collect();
    let count = Data::from(ips.len());
    Ok(to_engine(&Data::map([("usable_ips", Data::from(ips)), ("number_of_ips", count)])))
}

fn nth_usable(args: &Args, direction: i128) -> Result<Value, Error> {
    let offset = args.int("offset")?.ok_or_else(|| args.error("wants the argument `offset`"))?;
    let Some(address) = input_address(args)? else { return Ok(false.into()) };
    let net = address.net;
    let (first, last) = net.usable();
    let ip = offset.checked_mul(direction).and_then(|steps| net.ip.checked_add_signed(steps));
    Ok(match ip {
        Some(ip) if net.host_bits() > 0 && (first..=last).contains(&ip) => net.show(ip).into(),
        _ => ().into(),
    })
}

fn nthhost(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let query = args.shown("query")?.unwrap_or_default();
    let Some(address) = input_address(args)? else { return Ok(false.into()) };
    let ip = query.parse().ok().and_then(|n| address.net.nth(n));
    Ok(ip.map_or_else(|| false.into(), |ip| address.net.show(ip).into()))
}

fn reduce_on_network(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let around = data(args.need("network")?)?;
    let Some(around) = Address::read(&around, None) else {
        return Err(args.error(format!("`{}` is no network", around.to_text())));
    };
    let mut out = Vec::new();
    // A text is one address.
    let items = if args.input().as_str().is_some() { vec![args.input().clone()] } else { args.list()? };
    for item in items {
        if Address::read(&data(&item)?, None).is_some_and(|item| around.net.contains(item.net)) {
            out.push(item);
        }
    }
    Ok(out.into())
}

fn cidr_merge(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let mut nets = Vec::new();
    let items = if args.input().as_str().is_some() { vec![args.input().clone()] } else { args.list()? };
    for item in items {
        let said = text(&item)?;
        nets.push(Network::parse(&said).ok_or_else(|| args.error(format!("`{said}` is no address or network")))?);
    }
    match args.text("action")?.as_deref() {
        None | Some("merge") => {
            let merged = merge(nets.into_iter().map(Network::cidr).collect());
            Ok(to_engine(&Data::list(merged.iter().map(ToString::to_string))))
        }
        Some("span") => match &nets[..] {
            [] => Ok(().into()),
            [one] => Ok(one.to_string().into()),
            [first, ..] => {
                if nets.iter().any(|net| net.v6 != first.v6) {
                    return Err(args.error("cannot span both versions"));
                }
                let mut span = first.cidr();
                while !nets.iter().all(|net| span.contains(*net)) {
                    span = Network { prefix: span.prefix - 1, ..span }.cidr();
                }
                Ok(span.to_string().into())
            }
        },
        Some(other) => Err(args.error(format!("`action` is `merge` or `span`, not `{other}`"))),
    }
}

/// Merges networks: those inside others go, two halves become one.
fn merge(mut nets: Vec<Network>) -> Vec<Network> {
    nets.sort_by_key(|net| (net.v6, net.first(), net.prefix));
    let mut out: Vec<Network> = Vec::new();
    for net in nets {
        if out.last().is_some_and(|last| last.contains(net)) {
            continue;
        }
        out.push(net);
        while let [.., a, b] = out[..] {
            let both = Network { prefix: a.prefix.saturating_sub(1), ..a }.cidr();
            if a.v6 != b.v6 || a.prefix != b.prefix || a.prefix == 0 || both.first() != a.first() || !both.contains(b) {
                break;
            }
            out.truncate(out.len() - 2);
            out.push(both);
        }
    }
    out
}

fn ip4_hex(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let said = text(args.input())?;
    match parse_address(&said) {
        Some((false, ip)) => {
            let parts: Vec<String> = (0..4).rev().map(|i| format!("{:02x}", (ip >> (8 * i)) & 0xff)).collect();
            Ok(parts.join(&args.text("delimiter")?.unwrap_or_default()).into())
        }
        _ => Err(args.error(format!("wants an IPv4 address, not `{said}`"))),
    }
}

fn ipv6form(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let said = text(args.input())?;
    let ip = match parse_address(&said) {
        Some((true, ip)) => ip,
        // It has one form only.
        Some((false, _)) if matches!(&args.need_text("format")?[..], "expand" | "compress") => return Ok(said.into()),
        _ => return Err(args.error(format!("wants an IPv6 address, not `{said}`"))),
    };
    let groups = |show: fn(u128) -> String| -> String {
        (0..8).rev().map(|i| show((ip >> (16 * i)) & 0xffff)).collect::<Vec<_>>().join(":")
    };
    match &args.need_text("format")?[..] {
        "expand" => Ok(groups(|group| format!("{group:04x}")).into()),
        "compress" => Ok(std::net::Ipv6Addr::from_bits(ip).to_string().into()),
        "x509" => Ok(groups(|group| format!("{group:x}")).into()),
        other => Err(args.error(format!("`format` is `expand`, `compress` or `x509`, not `{other}`"))),
    }
}
