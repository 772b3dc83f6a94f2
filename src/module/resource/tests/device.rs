//! A device as far as its configuration goes: what its text is after lines were typed.

use crate::configuration::{Section, parse, print};
use crate::platform::{ConfigStyle, ConfigText, Platform};

/// Returns the text after these lines.
pub(super) fn after(text: &str, lines: &[String], platform: &Platform) -> String {
    let style = &platform.text;
    let mut running = parse(text, style);
    match style.style {
        ConfigStyle::Set => {
            for line in lines {
                typed(&mut running, line, None, style);
            }
        }
        ConfigStyle::Indent => indented(&mut running, lines, style),
    }
    match style.style {
        ConfigStyle::Set => running.iter().map(|section| section.line.clone() + "\n").collect(),
        ConfigStyle::Indent => print(&running),
    }
}

/// Words of Junos that have one value.
const LEAVES: &[&str] =
    &["description", "hold-time", "loops", "maximum", "metric", "priority", "router-id", "teardown", "vlan-id"];

/// Returns a text of `set` lines without those that the lines to come overwrite.
pub(super) fn without_overwritten(text: &str, lines: &[String]) -> String {
    let leaf = |line: &str| {
        let word = LEAVES.iter().find_map(|word| line.find(&format!(" {word} ")).map(|at| at + word.len() + 1))?;
        Some(line[..word].to_owned())
    };
    let overwritten: Vec<String> =
        lines.iter().filter(|line| line.starts_with("set ")).filter_map(|line| leaf(line)).collect();
    let stays = |line: &&str| leaf(line).is_none_or(|leaf| !overwritten.contains(&leaf));
    text.lines().filter(stays).map(|line| format!("{line}\n")).collect()
}

/// Returns the text after lines that stand in their sections.
pub(super) fn brought(text: &str, sections: &[Section], platform: &Platform) -> String {
    let style = &platform.text;
    let mut running = parse(text, style);
    put(&mut running, sections, None, style);
    match style.style {
        ConfigStyle::Set => running.iter().map(|section| section.line.clone() + "\n").collect(),
        ConfigStyle::Indent => print(&running),
    }
}

fn put(place: &mut Vec<Section>, sections: &[Section], within: Option<&str>, style: &ConfigText) {
    for section in sections {
        if section.children.is_empty() {
            typed(place, &section.line, within, style);
            continue;
        }
        let at = match place.iter().position(|there| there.line == section.line) {
            Some(at) => at,
            None => {
                place.push(Section { line: section.line.clone(), children: Vec::new() });
                place.len() - 1
            }
        };
        put(&mut place[at].children, &section.children, Some(&section.line), style);
    }
}

/// Types lines of a CLI with sections: a line that is a section's leads into it.
fn indented(running: &mut Vec<Section>, lines: &[String], style: &ConfigText) {
    let mut path: Vec<String> = Vec::new();
    for line in lines {
        if line == "exit" {
            path.pop();
            continue;
        }
        if is_outermost(line) && !is_inner(line, &path) || is_next_vrf(line, &path) {
            path.clear();
        }
        let mut place = &mut *running;
        for header in &path {
            let at = place.iter().position(|section| section.line == *header).unwrap();
            place = &mut place[at].children;
        }
        typed(place, line, path.last().map(String::as_str), style);
        if leads(line) {
            path.push(line.clone());
        }
    }
}

/// An interface stands in an area of a routing process of IOS XR.
fn is_inner(line: &str, path: &[String]) -> bool {
    line.trim_start_matches("no ").starts_with("interface ") && path.iter().any(|header| header.starts_with("area "))
}

/// A VRF of IOS XR begins another section where the one before it is a VRF as well.
fn is_next_vrf(line: &str, path: &[String]) -> bool {
    line.starts_with("vrf ") && path.first().is_some_and(|header| header.starts_with("vrf "))
}

const SECTIONS: &[&str] = &[
    "area ",
    "virtual-link ",
    "monitor-convergence",
    "rpki server ",
    "neighbor-group ",
    "l2transport",
    "lldp",
    "ipv4 access-list ",
    "template ",
    "l2vpn evpn",
    "telemetry",
    "destination-group ",
    "sensor-group ",
    "subscription ",
    "interface ",
    "vlan ",
    "router ",
    "ip access-list ",
    "ipv6 access-list ",
    "vrf ",
    "line ",
    "route-map ",
    "address-family ",
    "object-group ",
    "class-map ",
    "policy-map ",
    "vpc domain ",
    "neighbor ",
    "evpn",
    "vni ",
    "member vni ",
    "ingress-replication protocol static",
    "management api ",
    "hsrp ",
    "vrrp ",
    "username ",
    "ntp",
    "logging archive",
];

fn leads(line: &str) -> bool {
    // On EOS a prefix list is a section, elsewhere each of its lines is whole.
    let is_list = line.contains("prefix-list ") && line.split(' ').count() == 3;
    (is_list || SECTIONS.iter().any(|start| line.starts_with(start)))
        && (!line.starts_with("neighbor ") || line.split(' ').count() == 2)
        && (!line.starts_with("vni ") || line.ends_with(" l2"))
        && (!line.starts_with("ntp") || line == "ntp")
        && (!["area ", "virtual-link "].iter().any(|start| line.starts_with(start)) || line.split(' ').count() == 2)
        && (!["l2transport", "lldp"].iter().any(|start| line.starts_with(start)) || !line.contains(' '))
        && !line.starts_with("evpn-")
        && !(line.starts_with("member vni ")
            && ["mcast-group", "ingress-", " vrf "].iter().any(|word| line.contains(word)))
        && (!line.starts_with("template ") || line.starts_with("template peer"))
        && (!line.starts_with("hsrp ") || line[5..].bytes().all(|c| c.is_ascii_digit()))
        && (!line.starts_with("username ") || line.split(' ').count() == 2)
        && (!line.starts_with("vrrp ") || line[5..].bytes().all(|c| c.is_ascii_digit()))
        && (!line.starts_with("route-map ") || line.split(' ').any(|word| word == "permit" || word == "deny"))
        && !line.starts_with("vrf forwarding")
        && !line.starts_with("vrf member")
        && !line.starts_with("vrf context default")
}

pub(super) fn is_outermost(line: &str) -> bool {
    let line = line.strip_prefix("no ").unwrap_or(line);
    const INNER: &[&str] = &[
        "address-family ",
        "area ",
        "virtual-link ",
        "monitor-convergence",
        "rpki server ",
        "neighbor-group ",
        "l2transport",
        "lldp",
        "template ",
        "destination-group ",
        "sensor-group ",
        "subscription ",
        "neighbor ",
        "hsrp ",
        "vrrp ",
        "vni ",
        "member vni ",
        "ingress-replication ",
        "vlan configuration x",
    ];
    leads(line) && !INNER.iter().any(|start| line.starts_with(start)) && !is_inner_vrf(line)
}

/// `vrf NAME` stands inside of a routing process, `vrf definition NAME` and `vrf context NAME` do not.
fn is_inner_vrf(line: &str) -> bool {
    line.starts_with("vrf ") && line.split(' ').count() == 2 && !line.starts_with("vrf instance")
}

fn typed(place: &mut Vec<Section>, line: &str, within: Option<&str>, style: &ConfigText) {
    let is_set = style.style == ConfigStyle::Set;
    if super::access_lists::typed(place, line) {
        return;
    }
    if let Some(what) = line.strip_prefix(style.negate.as_str()) {
        let what = if is_set { format!("set {what}") } else { what.to_owned() };
        let before = place.len();
        place.retain(|section| !inside(&section.line, &what) || is_apart(&section.line, &what));
        if is_set && before > place.len() {
            keep_container(place, &what);
        }
        // What is a default is shown when it is undone.
        if place.len() == before && !is_set && is_shown_negated(&what, within) {
            place.push(Section { line: line.to_owned(), children: Vec::new() });
        }
        return;
    }
    if DEFAULTS.contains(&line) {
        let (word, _) = line.rsplit_once(' ').unwrap();
        place.retain(|section| !inside(&section.line, word));
        return;
    }
    if let Some((words, change)) = line.split_once(" vlan add ").or_else(|| line.split_once(" vlan remove ")) {
        return change_vlans(place, words, change, line.contains(" vlan add "));
    }
    let negated = format!("{}{line}", style.negate);
    place.retain(|section| section.line != negated);
    if is_shown_negated(line, within) {
        return;
    }
    let single = style.place(line, within);
    let place_of = |line: &str| {
        OVERWRITTEN.iter().find_map(|words| Some(regex::Regex::new(words).unwrap().captures(line)?[1].to_owned()))
    };
    // A VRF of IOS XR is a section, and a line of an interface.
    let is_section = |there: &Section| line.starts_with("vrf ") && !there.children.is_empty();
    let single = single.filter(|_| !line.ends_with(" secondary") && !place.iter().any(is_section));
    let place_of_it = place_of(line);
    let there = place.iter().position(|section| {
        section.line == line
            || single.as_ref().is_some_and(|single| {
                style.place(&section.line, within).as_ref() == Some(single) && !section.line.ends_with(" secondary")
            })
            || place_of_it.is_some() && place_of(&section.line) == place_of_it
    });
    let section = Section { line: line.to_owned(), children: Vec::new() };
    match there {
        Some(at) if place[at].line == line => {}
        Some(at) => place[at] = section,
        None => place.push(section),
    }
}

/// Lines that a device never shows: what they say holds without them.
const DEFAULTS: &[&str] = &["speed auto", "state active"];

/// Lines of which a device keeps the last, by the words that name what they are about.
const OVERWRITTEN: &[&str] = &[
    r"^(channel-group) ",
    r"^(snmp-server community \S+)(?: [^gu].*)?$",
    r"^(ipv6 address \S+)(?: |$)",
    r"^((?:server|peer) (?:vrf \S+ )?\S+)(?: |$)",
    r"^(authentication-key \d+) ",
    r"^(service timestamps \S+)(?: |$)",
    r"^(service (?:tcp|udp)-small-servers)(?: |$)",
    r"^(ip igmp snooping group-timeout) ",
];

/// Words that undo no line of others which begin with them.
const APART: &[(&str, &str)] = &[("lldp timer", "lldp timer reinitialization")];

fn is_apart(line: &str, what: &str) -> bool {
    APART.iter().any(|(words, others)| what.starts_with(words) && !what.starts_with(others) && line.starts_with(others))
}

/// Where the last line inside of something is deleted, what it is inside of stays.
fn keep_container(place: &mut Vec<Section>, what: &str) {
    const CONTAINERS: &[&str] = &[
        r"^set vlans \S+(?= )",
        r"^set interfaces \S+ \S+ vif \d+(?= )",
        r"^set protocols static route6? \S+(?= )",
        r"^set protocols bgp group \S+ neighbor \S+(?= )",
        r"^set protocols bgp group \S+(?= )",
        r"^set protocols lldp interface \S+(?= )",
        r"^set protocols ospf area \S+ interface \S+(?= )",
        r"^set protocols ospf area \S+ area-range \S+(?= )",
        r"^set protocols ospf area \S+(?= )",
        r"^set system ntp (?:server|peer|broadcast|source-address) \S+(?= )",
        r"^set snmp community \S+ clients \S+(?= )",
        r"^set snmp client-list \S+ \S+(?= )",
        r"^set snmp (?:community|trap-group) \S+(?= )",
        r"^set routing-instances \S+(?= )",
        r"^set policy-options prefix-list \S+(?= )",
        r"^set system syslog (?:user|host|file) \S+(?= )",
        r"^set snmp v3 (?:notify|snmp-community|target-address|target-parameters) \S+(?= )",
        r"^set snmp v3 usm local-engine user \S+(?= )",
        r"^set snmp v3 usm remote-engine \S+ user \S+(?= )",
        r"^set snmp rmon (?:alarm|event) \S+(?= )",
        r"^set protocols ospf3? area \S+ interface \S+(?= )",
        r"^set protocols ospf (?:redistribute|neighbor) \S+(?= )",
        r"^set protocols ospf area \S+ (?:range|virtual-link) \S+(?= )",
        r"^set service snmp (?:community|listen-address|trap-target) \S+(?= )",
        r"^set service snmp v3 (?:group|user|trap-target) \S+(?= )",
        r"^set service snmp v3 view \S+ oid \S+(?= )",
        r"^set protocols bgp address-family \S+ (?:aggregate-address|network|redistribute) \S+(?= )",
        r"^set protocols bgp neighbor \S+ address-family \S+(?= )",
        r"^set protocols bgp neighbor \S+(?= )",
        r"^set protocols ospfv3? interface \S+(?= )",
        r"^set protocols ospfv3 (?:area \S+ range|area|redistribute) \S+(?= )",
        r"^set service lldp interface \S+(?= )",
        r"^set service ntp server \S+(?= )",
        r"^set policy route-map \S+ rule \d+(?= )",
        r"^set policy route-map \S+(?= )",
        r"^set firewall ipv[46] name \S+ rule \d+(?= )",
        r"^set firewall ipv[46] name \S+(?= )",
        r"^set firewall group \S+ \S+(?= )",
        r"^set firewall global-options state-policy \S+(?= )",
        r"^set security zones security-zone \S+(?= )",
        r"^set security policies (?:from-zone \S+ to-zone \S+|global) policy \S+(?= )",
        r"^set protocols bgp (?:group \S+ )?(?:neighbor \S+ )?family \S+ \S+(?= )",
    ];
    for words in CONTAINERS {
        let Ok(Some(found)) = fancy_regex::Regex::new(words).unwrap().find(what) else { continue };
        if !place.iter().any(|section| inside(&section.line, found.as_str())) {
            place.push(Section { line: found.as_str().to_owned(), children: Vec::new() });
        }
    }
}

/// Adds VLANs to a list of them, or takes them away.
fn change_vlans(place: &mut Vec<Section>, words: &str, change: &str, adds: bool) {
    let numbers = |text: &str| -> std::collections::BTreeSet<u32> {
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            first.parse::<u32>().unwrap()..=last.parse::<u32>().unwrap()
        };
        text.split(',').filter(|part| !part.is_empty()).flat_map(range).collect()
    };
    let start = format!("{words} vlan ");
    let mut all = std::collections::BTreeSet::new();
    place.retain(|section| match section.line.strip_prefix(start.as_str()) {
        Some(list) => {
            all.extend(numbers(list.strip_prefix("add ").unwrap_or(list)));
            false
        }
        None => true,
    });
    match adds {
        true => all.extend(numbers(change)),
        false => all.retain(|number| !numbers(change).contains(number)),
    }
    let list = all.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    place.push(Section { line: format!("{start}{list}"), children: Vec::new() });
}

/// Lines that a device shows with `no` and never without.
const SHOWN_NEGATED: &[&str] = &[
    "switchport",
    "autostate",
    "bfd echo",
    "ip igmp snooping",
    "ip igmp snooping link-local-groups-suppression",
    "ip igmp snooping report-suppression",
    "service dhcp",
    "service pad",
    "service password-recovery",
    "service prompt config",
    "service slave-log",
    "ip redirects",
    "ip domain lookup",
    "ip domain-lookup",
    "lacp graceful-convergence",
    "lacp suspend-individual",
    "lldp transmit",
    "lldp receive",
    "client-to-client reflection",
    "enforce-first-as",
    "enhanced-error",
    "fast-external-fallover",
    "graceful-restart",
    "graceful-shutdown aware",
    "neighbor-down fib-accelerate",
    "next-hop-third-party",
    "protocol https",
    "suppress-fib-pending",
];

fn is_shown_negated(line: &str, within: Option<&str>) -> bool {
    let is_interface = within.is_some_and(|within| within.starts_with("interface "));
    SHOWN_NEGATED.contains(&line) || line.starts_with("lldp tlv") || line == "bfd" && is_interface
}

fn inside(line: &str, what: &str) -> bool {
    let (line, what) = (line.replace(['"', '\''], ""), what.replace(['"', '\''], ""));
    line.strip_prefix(&what).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n']))
}
