//! Names of interfaces: people shorten them, devices show them whole.

/// The kinds of interfaces of a platform, as the device shows them, each with the least that stands for it.
type Kinds = &'static [(&'static str, &'static str)];

/// IOS and IOS XE, as `show running-config` names them.
const IOS: Kinds = &[
    ("gi", "GigabitEthernet"),
    ("te", "TenGigabitEthernet"),
    ("twe", "TwentyFiveGigE"),
    ("tw", "TwoGigabitEthernet"),
    ("fi", "FiveGigabitEthernet"),
    ("fa", "FastEthernet"),
    ("fo", "FortyGigabitEthernet"),
    ("fou", "FourHundredGigE"),
    ("hu", "HundredGigE"),
    ("et", "Ethernet"),
    ("vl", "Vlan"),
    ("lo", "Loopback"),
    ("po", "Port-channel"),
    ("nv", "nve"),
    ("tu", "Tunnel"),
    ("se", "Serial"),
];

/// NX-OS.
const NXOS: Kinds = &[
    ("eth", "Ethernet"),
    ("et", "Ethernet"),
    ("vl", "Vlan"),
    ("lo", "loopback"),
    ("po", "port-channel"),
    ("nv", "nve"),
    ("mgmt", "mgmt"),
];

/// EOS.
const EOS: Kinds = &[
    ("et", "Ethernet"),
    ("ma", "Management"),
    ("vl", "Vlan"),
    ("lo", "Loopback"),
    ("po", "Port-Channel"),
    ("vx", "Vxlan"),
    ("tu", "Tunnel"),
];

/// IOS XR.
const IOSXR: Kinds = &[
    ("gi", "GigabitEthernet"),
    ("te", "TenGigE"),
    ("twe", "TwentyFiveGigE"),
    ("fo", "FortyGigE"),
    ("hu", "HundredGigE"),
    ("bu", "Bundle-Ether"),
    ("lo", "Loopback"),
    ("mg", "MgmtEth"),
    ("tu", "tunnel-ip"),
];

fn kinds(platform: &str) -> Kinds {
    match platform {
        "cisco_ios" => IOS,
        "cisco_nxos" => NXOS,
        "arista_eos" => EOS,
        "cisco_iosxr" => IOSXR,
        _ => &[],
    }
}

/// Returns an interface's name as the device shows it: `gi0/1` is `GigabitEthernet0/1` on IOS. What the platform does not
/// know stays as it is.
pub(super) fn whole_name(platform: &str, name: &str) -> String {
    let name = name.trim();
    let Some(at) = name.find(|c: char| c.is_ascii_digit()) else { return name.to_owned() };
    let (word, number) = name.split_at(at);
    let word = word.trim().to_lowercase();
    let is_short = |(least, whole): &&(&str, &str)| {
        word.len() >= least.len() && whole.to_lowercase().starts_with(word.as_str()) && word.starts_with(least)
    };
    // The longest beginning counts: `twe` is no short form of `TwoGigabitEthernet`.
    match kinds(platform).iter().filter(is_short).max_by_key(|(least, _)| least.len()) {
        Some((_, whole)) => format!("{whole}{number}"),
        None => name.to_owned(),
    }
}

/// Returns the name of a bundle of links.
pub(super) fn bundle_name(platform: &str, number: &str) -> String {
    let kind = if platform == "cisco_iosxr" { "bu" } else { "po" };
    whole_name(platform, &format!("{kind}{number}"))
}

/// Returns the number at the end of an interface's name.
pub(super) fn number(name: &str) -> Option<String> {
    let digits = name.rsplit(|c: char| !c.is_ascii_digit()).next()?;
    (!digits.is_empty()).then(|| digits.to_owned())
}

/// Returns the kind of an interface of VyOS, which its name tells (VyOS User Guide, "Interfaces").
pub(super) fn kind(name: &str) -> Option<&'static str> {
    const KINDS: &[(&str, &str)] = &[
        ("eth", "ethernet"),
        ("lo", "loopback"),
        ("bond", "bonding"),
        ("br", "bridge"),
        ("dum", "dummy"),
        ("vti", "vti"),
        ("vtun", "openvpn"),
        ("wg", "wireguard"),
        ("tun", "tunnel"),
        ("vxlan", "vxlan"),
        ("wlan", "wireless"),
        ("peth", "pseudo-ethernet"),
        ("pppoe", "pppoe"),
        ("geneve", "geneve"),
        ("macsec", "macsec"),
    ];
    let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
    KINDS.iter().find(|(start, _)| *start == word).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_become_whole_ones() {
        let cases = [
            ("cisco_ios", "gi0/1", "GigabitEthernet0/1"),
            ("cisco_ios", "GigabitEthernet 0/1", "GigabitEthernet0/1"),
            ("cisco_ios", "Te1/0/1", "TenGigabitEthernet1/0/1"),
            ("cisco_ios", "twe1/0/1", "TwentyFiveGigE1/0/1"),
            ("cisco_ios", "loopback0", "Loopback0"),
            ("cisco_ios", "Fo1/1/1", "FortyGigabitEthernet1/1/1"),
            ("cisco_nxos", "eth1/1", "Ethernet1/1"),
            ("cisco_nxos", "Port-channel10", "port-channel10"),
            ("arista_eos", "Et3", "Ethernet3"),
            ("juniper_junos", "ge-0/0/0", "ge-0/0/0"),
            ("cisco_iosxr", "bundle-ether10", "Bundle-Ether10"),
            ("cisco_ios", "Ghost1", "Ghost1"),
            ("cisco_ios", "", ""),
        ];
        for (platform, name, whole) in cases {
            assert_eq!(whole_name(platform, name), whole, "{platform} {name}");
            assert_eq!(whole_name(platform, whole), whole, "a whole name stays");
        }
    }
}
