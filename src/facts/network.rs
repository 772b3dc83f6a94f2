//! Interfaces, addresses and the way out.

use super::answers::{Answers, base_name};
use super::{Collector, Facts};
use crate::value::{Map, Value};
use indexmap::IndexMap;
use std::net::Ipv4Addr;

pub(super) static COLLECTORS: &[Collector] = &[Collector {
    name: "network",
    ids: &[
        "all_ipv4_addresses",
        "all_ipv6_addresses",
        "default_ipv4",
        "default_ipv6",
        "interfaces",
        "ipv4_address",
        "ipv6_address",
    ],
    needs: &["platform", "distribution"],
    files: &[
        "/sys/class/net/*/address",
        "/sys/class/net/*/bonding/*",
        "/sys/class/net/*/bonding_slave/perm_hwaddr",
        "/sys/class/net/*/bridge/bridge_id",
        "/sys/class/net/*/bridge/stp_state",
        "/sys/class/net/*/flags",
        "/sys/class/net/*/mtu",
        "/sys/class/net/*/operstate",
        "/sys/class/net/*/speed",
        "/sys/class/net/*/type",
    ],
    links: &["/sys/class/net/*/brif/*", "/sys/class/net/*/device", "/sys/class/net/*/device/driver/module"],
    asks: r#"if has ip; then
e ip_addr "$(ip addr 2>/dev/null)"
e ip_route4 "$(ip -4 route get 8.8.8.8 2>/dev/null)"
e ip_route6 "$(ip -6 route get 2404:6800:400a:800::1012 2>/dev/null)"
e ip_local "$(ip -4 route show table local 2>/dev/null; ip -6 route show table local 2>/dev/null)"
fi
"#,
    read,
    ..Collector::NONE
}];

/// The addresses that the way out is looked up for, as in Ansible.
const OUTSIDE: [&str; 2] = ["8.8.8.8", "2404:6800:400a:800::1012"];

/// Facts of interfaces by name, in the order of the host.
type Interfaces = IndexMap<String, Map>;

fn read(answers: &Answers, facts: &mut Facts) {
    // Without `ip` Ansible knows nothing of networks either.
    let Some(addresses) = answers.text("ip_addr") else { return };
    let mut interfaces = devices(answers);
    let mut ways = [
        way_out(answers.text("ip_route4").unwrap_or_default(), OUTSIDE[0]),
        way_out(answers.text("ip_route6").unwrap_or_default(), OUTSIDE[1]),
    ];
    let all = add_addresses(addresses, &mut interfaces, &mut ways);
    let names: Vec<String> = interfaces.keys().map(|name| name.replace(':', "_")).collect();
    facts.set("interfaces", Value::list(names.iter().map(String::as_str)));
    for (name, interface) in names.iter().zip(interfaces.into_values()) {
        facts.set(name, interface);
    }
    let [v4, v6] = ways;
    facts.set("default_ipv4", v4);
    facts.set("default_ipv6", v6);
    let [v4, v6] = all;
    facts.set("all_ipv4_addresses", Value::list(v4));
    facts.set("all_ipv6_addresses", Value::list(v6));
    facts.set("locally_reachable_ips", reachable(answers.text("ip_local").unwrap_or_default()));
}

/// Reads what the kernel says of each interface.
fn devices(answers: &Answers) -> Interfaces {
    let mut interfaces = Interfaces::new();
    for (name, flags) in answers.files_in("/sys/class/net/", "/flags") {
        let file = |what: &str| answers.file(&format!("/sys/class/net/{name}/{what}"));
        let number = |what: &str| file(what).and_then(|text| text.parse::<i64>().ok());
        let link = |what: &str| answers.link(&format!("/sys/class/net/{name}/{what}"));
        let mut device: Map = [("device", name)].into_iter().collect();
        if let Some(address) = file("address").filter(|address| *address != "00:00:00:00:00:00") {
            device.insert("macaddress", address);
        }
        if let Some(mtu) = number("mtu") {
            device.insert("mtu", mtu);
        }
        if let Some(state) = file("operstate") {
            device.insert("active", state != "down");
        }
        if let Some(module) = link("device/driver/module") {
            device.insert("module", base_name(module));
        }
        let kind = match file("type") {
            Some("1") => "ether",
            Some("32") => "infiniband",
            Some("512") => "ppp",
            Some("772") => "loopback",
            Some("65534") => "tunnel",
            _ => "unknown",
        };
        device.insert("type", kind);
        if let Some(id) = file("bridge/bridge_id") {
            device.insert("type", "bridge");
            let before = format!("/sys/class/net/{name}/brif/");
            let members: Vec<&str> = answers.links_in(&before, "").map(|(member, _)| member).collect();
            device.insert("interfaces", Value::list(members));
            device.insert("id", id);
            device.insert("stp", file("bridge/stp_state") == Some("1"));
        }
        if let Some(mode) = file("bonding/mode") {
            bond(&mut device, mode, &file);
        }
        if let Some(address) = file("bonding_slave/perm_hwaddr") {
            device.insert("perm_macaddress", address);
        }
        if let Some(target) = link("device") {
            device.insert("pciid", base_name(target));
        }
        if let Some(speed) = number("speed") {
            device.insert("speed", speed);
        }
        let flags = i64::from_str_radix(flags.trim_start_matches("0x"), 16).unwrap_or(0);
        device.insert("promisc", flags & 0x100 != 0);
        interfaces.insert(name.to_owned(), device);
    }
    interfaces
}

fn bond<'a>(device: &mut Map, mode: &str, file: &impl Fn(&str) -> Option<&'a str>) {
    let first = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
    device.insert("type", "bonding");
    device.insert("slaves", Value::list(file("bonding/slaves").unwrap_or_default().split_whitespace()));
    device.insert("mode", first(mode));
    device.insert("miimon", first(file("bonding/miimon").unwrap_or_default()));
    device.insert("lacp_rate", first(file("bonding/lacp_rate").unwrap_or_default()));
    if let Some(primary) = file("bonding/primary") {
        device.insert("primary", primary);
        if let Some(active) = file("bonding/all_slaves_active") {
            device.insert("all_slaves_active", active == "1");
        }
    }
}

/// Reads the first line of `ip route get`: interface, own address, gateway.
fn way_out(text: &str, to: &str) -> Map {
    let words: Vec<&str> = text.lines().next().unwrap_or_default().split_whitespace().collect();
    let mut way = Map::new();
    if words.first() != Some(&to) {
        return way;
    }
    for pair in words.windows(2) {
        match pair[0] {
            "dev" => way.insert("interface", pair[1]),
            "src" => way.insert("address", pair[1]),
            "via" if pair[1] != to => way.insert("gateway", pair[1]),
            _ => {}
        }
    }
    way
}

/// Reads `ip addr`: adds addresses to interfaces and to the ways out; returns all of them, IPv4 and IPv6.
fn add_addresses(text: &str, interfaces: &mut Interfaces, ways: &mut [Map; 2]) -> [Vec<String>; 2] {
    let mut all = [Vec::new(), Vec::new()];
    let mut device = String::new();
    let mut lines: Vec<(String, Vec<&str>, bool)> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if line.starts_with(|c: char| c.is_ascii_digit()) {
            let name = words.get(1).copied().unwrap_or_default().trim_end_matches(':');
            device = name.split('@').next().unwrap_or(name).to_owned();
        } else if matches!(words.first(), Some(&("inet" | "inet6"))) {
            let secondary = words.iter().any(|word| matches!(*word, "secondary" | "temporary"));
            lines.push((device.clone(), words, secondary));
        }
    }
    // As in Ansible: those of an interface that are not the first come after the others.
    let order: Vec<String> = interfaces.keys().cloned().collect();
    for name in order {
        for wanted in [false, true] {
            for (_, words, secondary) in lines.iter().filter(|(device, _, is)| *device == name && *is == wanted) {
                let added = if words[0] == "inet" {
                    add_v4(&name, words, *secondary, interfaces, &mut ways[0]).map(|address| (0, address))
                } else {
                    add_v6(&name, words, interfaces, &mut ways[1]).map(|address| (1, address))
                };
                if let Some((family, address)) = added {
                    all[family].push(address);
                }
            }
        }
    }
    all
}

/// Adds an IPv4 address; returns it unless it is one of the loopback.
fn add_v4(device: &str, words: &[&str], secondary: bool, interfaces: &mut Interfaces, way: &mut Map) -> Option<String> {
    let (address, length) = words.get(1)?.split_once('/').unwrap_or((words[1], "32"));
    let broadcast = if words.get(2) == Some(&"brd") { words.get(3).copied().unwrap_or_default() } else { "" };
    let (bits, prefix): (Ipv4Addr, u32) = (address.parse().ok()?, length.parse().ok().filter(|length| *length <= 32)?);
    let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
    let entry: Map = [
        ("address", address.to_owned()),
        ("broadcast", broadcast.to_owned()),
        ("netmask", Ipv4Addr::from(mask).to_string()),
        ("network", Ipv4Addr::from(u32::from(bits) & mask).to_string()),
        ("prefix", length.to_owned()),
    ]
    .into_iter()
    .collect();
    let label = words.last().copied().unwrap_or(device);
    let known = interfaces.get(device).cloned().unwrap_or_default();
    let interface = interfaces.entry(label.to_owned()).or_default();
    if !secondary && !interface.contains("ipv4") {
        interface.insert("ipv4", entry.clone());
    } else {
        push(interface, "ipv4_secondaries", entry.clone());
    }
    if secondary
        && label != device
        && let Some(interface) = interfaces.get_mut(device)
    {
        push(interface, "ipv4_secondaries", entry.clone());
    }
    if way.get("address").and_then(Value::as_str) == Some(address) {
        for name in ["broadcast", "netmask", "network", "prefix"] {
            way.insert(name, entry.get(name).cloned().unwrap_or(Value::Null));
        }
        take_device(&known, way);
        way.insert("alias", label);
    }
    (!address.starts_with("127.")).then(|| address.to_owned())
}

/// Adds an IPv6 address; returns it unless it is the one of the loopback.
fn add_v6(device: &str, words: &[&str], interfaces: &mut Interfaces, way: &mut Map) -> Option<String> {
    let (address, prefix, scope) = if words.get(2) == Some(&"peer") {
        (*words.get(1)?, words.get(3)?.split_once('/')?.1, *words.get(5)?)
    } else {
        let (address, prefix) = words.get(1)?.split_once('/')?;
        (address, prefix, *words.get(3)?)
    };
    let entry: Map = [("address", address), ("prefix", prefix), ("scope", scope)].into_iter().collect();
    let interface = interfaces.entry(device.to_owned()).or_default();
    push(interface, "ipv6", entry);
    if way.get("address").and_then(Value::as_str) == Some(address) {
        way.insert("prefix", prefix);
        way.insert("scope", scope);
        take_device(interface, way);
    }
    (address != "::1").then(|| address.to_owned())
}

/// Gives a way out what its interface is.
fn take_device(device: &Map, way: &mut Map) {
    for name in ["macaddress", "mtu"] {
        if let Some(value) = device.get(name) {
            way.insert(name, value.clone());
        }
    }
    way.insert("type", device.get("type").cloned().unwrap_or_else(|| "unknown".into()));
}

/// Adds an entry to a list in a map.
fn push(map: &mut Map, name: &str, entry: Map) {
    let mut list = map.get(name).and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default();
    list.push(entry.into());
    map.insert(name, list);
}

/// Reads the local routes: the networks and addresses that this host answers for.
fn reachable(text: &str) -> Value {
    let (mut v4, mut v6): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if let (Some("local"), Some(address)) = (words.next(), words.next()) {
            let list = if address.contains(':') { &mut v6 } else { &mut v4 };
            if !list.contains(&address) {
                list.push(address);
            }
        }
    }
    Value::map([("ipv4", Value::list(v4)), ("ipv6", Value::list(v6))])
}
