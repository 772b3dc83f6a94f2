use super::*;
use crate::platform;
use crate::platform::ConfigText;
use proptest::prelude::*;

mod device;
mod router;
mod single;
mod spelled;
mod whole;

fn ios() -> &'static ConfigText {
    &platform::find("ios").unwrap().text
}

/// Returns the lines to send for `wanted` on `running`.
fn sent(wanted: &str, running: &str, style: &ConfigText) -> Vec<String> {
    to_send(&missing(&parse(wanted, style), &parse(running, style), style), style, None)
}

const RUNNING: &str = "Building configuration...\n\nCurrent configuration : 1000 bytes\n!\nhostname r1\n!\n\
    interface Gi0/1\n description x\n ip address 10.0.0.1 255.255.255.0\n!\ninterface Gi0/2\n shutdown\n!\n\
    router bgp 1\n bgp log-neighbor-changes\n !\n address-family ipv4\n  neighbor 10.0.0.2 activate\n \
    exit-address-family\n!\nend\n";

#[test]
fn only_what_is_missing_is_sent() {
    let cases: [(&str, &[&str]); 10] = [
        ("hostname r1", &[]),
        ("hostname r2", &["hostname r2"]),
        ("interface Gi0/1\n description x\n", &[]),
        ("interface Gi0/1\n  description   x\n!\nend\n", &[]),
        ("interface Gi0/1\n description y\n mtu 9000", &["interface Gi0/1", "description y", "mtu 9000"]),
        ("interface Gi0/3\n description x", &["interface Gi0/3", "description x"]),
        // The same line under another parent is another line.
        ("interface Gi0/2\n description x", &["interface Gi0/2", "description x"]),
        // `no shutdown` is never shown: nothing to do where it is not shut down.
        ("interface Gi0/1\n no shutdown\ninterface Gi0/2\n no shutdown", &["interface Gi0/2", "no shutdown"]),
        ("no ip domain lookup", &["no ip domain lookup"]),
        ("description x", &["description x"]),
    ];
    for (wanted, lines) in cases {
        assert_eq!(sent(wanted, RUNNING, ios()), lines, "{wanted:?}");
    }
}

#[test]
fn sections_are_left_where_a_line_belongs_outside() {
    let wanted = "interface Gi0/1\n mtu 9000\ninterface Gi0/2\n mtu 9000\nip routing\nrouter bgp 1\n \
                  address-family ipv4\n  network 10.0.0.0\n address-family ipv6\n  network 2001::\n timers bgp 1 3\n\
                  hostname r2\n";
    let lines = [
        "interface Gi0/1",
        "mtu 9000",
        "interface Gi0/2",
        "mtu 9000",
        "exit",
        "ip routing",
        "router bgp 1",
        "address-family ipv4",
        "network 10.0.0.0",
        "exit",
        "address-family ipv6",
        "network 2001::",
        "exit",
        "timers bgp 1 3",
        "exit",
        "hostname r2",
    ];
    assert_eq!(sent(wanted, RUNNING, ios()), lines);
}

#[test]
fn lines_of_which_there_may_be_several_have_places_of_their_own() {
    let eos = &platform::find("eos").unwrap().text;
    let place = |line: &str, within| compare::place_of(line, within, eos);
    assert_eq!(place("vrf instance red", None), None);
    let interface = Some("interface Ethernet1");
    assert_eq!(place("vrf red", interface), place("vrf blue", interface));
    assert!(place("vrf red", interface).is_some());
    // A section of a routing process, of which it has several.
    assert_eq!(place("vrf red", Some("router bgp 1")), None);
}

#[test]
fn the_groups_of_an_expression_say_the_place_of_a_line() {
    let xr = &platform::find("iosxr").unwrap().text;
    let running = "hostname r1\nlogging console discriminator match1 X\nlogging console debugging\n\
                   logging buffered 307200\nlogging buffered debugging\n";
    let cases: [(&str, &str, &[&str]); 4] = [
        ("logging buffered 307200", "logging buffered 125000000", &["logging buffered 125000000"]),
        ("logging buffered debugging", "logging buffered errors", &["logging buffered errors"]),
        ("logging console debugging", "logging console warning", &["logging console warning"]),
        ("logging buffered 307200\n", "", &["no logging buffered 307200"]),
    ];
    for (old, new, lines) in cases {
        let wanted = running.replace(old, new);
        let changes = remedy(&parse(&wanted, xr), &parse(running, xr), xr);
        assert_eq!(to_send(&changes, xr, None), lines, "{old:?} to {new:?}");
    }
}

#[test]
fn another_address_takes_the_place_of_the_old_one_and_nothing_is_undone() {
    let cases = [
        ("ios", "ip address 10.0.0.N 255.255.255.0"),
        ("asa", "ip address 10.0.0.N 255.255.255.0"),
        ("comware", "ip address 10.0.0.N 255.255.255.0"),
        ("vrp", "ip address 10.0.0.N 255.255.255.0"),
        ("huawei_vrpv8", "ip address 10.0.0.N 255.255.255.0"),
        ("eos", "ip address 10.0.0.N/24"),
        ("aoscx", "ip address 10.0.0.N/24"),
        ("os10", "ip address 10.0.0.N/24"),
        ("nxos", "ip address 10.0.0.N/24"),
        ("iosxr", "ipv4 address 10.0.0.N 255.255.255.0"),
    ];
    for (platform, line) in cases {
        let text = &platform::find(platform).unwrap_or_else(|| panic!("{platform}")).text;
        let with = |number: &str| parse(&format!("interface X\n {}\n", line.replace('N', number)), text);
        let sent = to_send(&remedy(&with("2"), &with("1"), text), text, None);
        let kept = sent.iter().filter(|line| !["quit", "exit", "!", "root"].contains(&line.as_str()));
        assert_eq!(kept.collect::<Vec<_>>(), ["interface X", &line.replace('N', "2")], "{platform}");
        // Several of one interface stand beside each other.
        let second = format!("{} secondary", line.replace('N', "1"));
        assert_ne!(
            compare::place_of(&second, None, text),
            compare::place_of(line, None, text).filter(|_| platform != "asa"),
            "{platform}"
        );
    }
}

/// A platform, a section, a line that is a default there, and one that a device shows instead.
const DEFAULTS: &[(&str, &str, &str, &str)] = &[
    ("ios", "", "ip domain lookup", "no ip domain lookup"),
    ("ios", "interface GigabitEthernet0/1", "switchport", "no switchport"),
    ("ios", "interface GigabitEthernet0/1", "switchport access vlan 1", "switchport access vlan 10"),
    ("ios", "interface GigabitEthernet0/1", "switchport trunk allowed vlan all", "switchport trunk allowed vlan 7"),
    ("ios", "interface GigabitEthernet0/1", "speed auto", "speed 1000"),
    ("ios", "interface GigabitEthernet0/1", "duplex auto", "duplex full"),
    ("ios", "interface GigabitEthernet0/1", "ip redirects", "no ip redirects"),
    ("ios", "interface GigabitEthernet0/1", "mtu 1500", "mtu 9000"),
    ("ios", "line vty 0 4", "exec-timeout 10 0", "exec-timeout 0 0"),
    ("asa", "interface GigabitEthernet0/1", "speed auto", "speed 1000"),
    ("eos", "interface Ethernet1", "switchport", "no switchport"),
    ("eos", "interface Ethernet1", "switchport mode access", "switchport mode trunk"),
    ("eos", "interface Ethernet1", "switchport access vlan 1", "switchport access vlan 10"),
    ("eos", "interface Ethernet1", "switchport trunk native vlan 1", "switchport trunk native vlan 10"),
    ("eos", "interface Ethernet1", "switchport trunk allowed vlan 1-4094", "switchport trunk allowed vlan 7"),
    ("eos", "vlan 10", "state active", "state suspend"),
    ("nxos", "interface Ethernet1/1", "switchport", "no switchport"),
    ("nxos", "interface Ethernet1/1", "switchport mode access", "switchport mode trunk"),
    ("nxos", "interface Ethernet1/1", "switchport access vlan 1", "switchport access vlan 10"),
    ("nxos", "interface Ethernet1/1", "switchport trunk allowed vlan 1-4094", "switchport trunk allowed vlan 7"),
    ("nxos", "interface Ethernet1/1", "speed auto", "speed 1000"),
    ("nxos", "interface Ethernet1/1", "duplex auto", "duplex full"),
    ("nxos", "interface Ethernet1/1", "mtu 1500", "mtu 9216"),
    ("nxos", "vlan 10", "state active", "state suspend"),
    ("fortios", "config firewall address", "delete web", "edit web"),
];

#[test]
fn a_default_is_sent_where_the_device_shows_another_value() {
    for (platform, section, default, other) in DEFAULTS {
        let text = &platform::find(platform).unwrap().text;
        let with = |line: &str| if section.is_empty() { format!("{line}\n") } else { format!("{section}\n {line}\n") };
        let rest = with("description x");
        assert_eq!(sent(&with(default), &rest, text), [""; 0], "{platform}: {default} is hidden");
        let lines = sent(&with(default), &with(other), text);
        assert!(lines.iter().any(|line| line == default), "{platform}: {default} where there is {other}: {lines:?}");
    }
}

#[test]
fn every_default_has_a_line_that_is_shown_instead() {
    for platform in platform::all() {
        let text = &platform.text;
        for default in &text.defaults {
            let is_here = |(name, _, line, _): &(&str, &str, &str, &str)| {
                platform::find(name).is_some_and(|it| it.name == platform.name) && default.line.is_match(line)
            };
            let negated = format!("^{}", text.negate);
            let undoes = !text.negate.is_empty() && format!("{:?}", default.line).contains(&negated);
            assert!(undoes || DEFAULTS.iter().any(is_here), "{}: {:?}", platform.name, default.line);
        }
    }
}

#[test]
fn banners_are_one_line_with_all_their_text() {
    let running = "banner motd ^C\n# keep out\n end\n^C\nhostname r1\n";
    assert_eq!(sent(running, running, ios()), [""; 0]);
    let wanted = "banner motd @\nwelcome\n!\n@\nhostname r1\n";
    assert_eq!(sent(wanted, running, ios()), ["banner motd @\nwelcome\n!\n@"]);
    assert_eq!(sent("banner motd @\n# keep out\n end\n@", running, ios()), [""; 0], "another delimiter");
    assert_eq!(sent(running, "", ios()), ["banner motd @\n# keep out\n end\n@", "hostname r1"], "it can be typed");
    assert_eq!(sent("banner motd @one line@", running, ios()), ["banner motd @one line@"]);
    let eos = &platform::find("eos").unwrap().text;
    assert_eq!(sent("banner login\nhi\nEOF\nhostname x", "hostname x", eos), ["banner login\nhi\nEOF"]);
}

#[test]
fn what_is_one_text_is_compared_without_its_indentation_and_sent_whole() {
    let xr = &platform::find("iosxr").unwrap().text;
    let wanted = "route-policy P\n  if destination in S then\n    pass\n  endif\nend-policy\nhostname x\n";
    let running = "hostname x\nroute-policy P\n if destination in S then\n pass\n endif\nend-policy\n!\n";
    assert_eq!(sent(wanted, running, xr), [""; 0]);
    let lines = ["route-policy P", "if destination in S then", "pass", "endif", "end-policy"];
    assert_eq!(sent(wanted, &running.replace("pass", "drop"), xr), lines);
    assert_eq!(sent(wanted, "hostname x\nrouter bgp 1\n neighbor x\n", xr), lines);
    assert_eq!(sent("username a\n group b\nhostname x\n", "hostname x\n", xr), ["username a", "group b"]);
    let fortios = &platform::find("fortios").unwrap().text;
    let wanted = "config a\n edit 1\n  set k \"x\n y\"\n next\n edit 2\n next\nend\nconfig b\n set c d\nend\n";
    let lines =
        ["config a", "edit 1", "set k \"x\n y\"", "next", "edit 2", "next", "end", "config b", "set c d", "end"];
    assert_eq!(sent(wanted, "", fortios), lines);
    assert_eq!(sent(wanted, wanted, fortios), [""; 0]);
}

#[test]
fn set_lines_are_whole_commands() {
    let junos = &platform::find("junos").unwrap().text;
    let running = "## Last changed: now\nset version 20.4\nset system host-name mx1\n\
                   set interfaces ge-0/0/0 description \"core\"\n";
    let cases: [(&str, &[&str]); 5] = [
        ("set system host-name mx1", &[]),
        ("set interfaces ge-0/0/0 description core", &[]),
        ("delete interfaces ge-0/0/0", &["delete interfaces ge-0/0/0"]),
        ("delete interfaces ge-0/0/1", &[]),
        ("set a\n  set b", &["set a", "set b"]),
    ];
    for (wanted, lines) in cases {
        assert_eq!(sent(wanted, running, junos), lines, "{wanted:?}");
    }
}

#[test]
fn exports_of_routeros_are_compared_with_what_it_shows() {
    let routeros = &platform::find("routeros").unwrap().text;
    let shown = "/ip address add address=10.0.0.1/24 interface=lan\n/ip dns set servers=192.0.2.53\n";
    let exported = "/ip address\nadd address=10.0.0.1/24 \\\n    interface=lan\n/ip dns\nset servers=192.0.2.53\n";
    assert_eq!(sent(exported, shown, routeros), [""; 0]);
    assert_eq!(sent(exported, "", routeros), shown.lines().collect::<Vec<_>>());
}

#[test]
fn entries_of_a_list_come_to_stand_where_they_are_wanted() {
    let list = |entries: &[&str]| {
        let lines: String = entries.iter().map(|entry| format!(" {entry}\n")).collect();
        parse(&format!("ip access-list extended A\n{lines}"), ios())
    };
    let cases: [(&[&str], &[&str], &[&str]); 6] = [
        (&["10 permit A", "20 permit C"], &["permit A", "permit B", "permit C"], &["15 permit B"]),
        (&["10 permit A", "20 permit C"], &["permit A", "permit C", "permit D"], &["permit D"]),
        // There is no room between them.
        (&["10 permit A", "11 permit C"], &["permit A", "permit B", "permit C"], &["no 11", "permit B", "permit C"]),
        // Older ones show no numbers.
        (&["permit A", "permit C"], &["permit A", "permit B", "permit C"], &["no permit C", "permit B", "permit C"]),
        (&["10 permit A", "20 permit B"], &["permit B", "permit A"], &["no 20", "5 permit B"]),
        // Numbers that are written say the order themselves.
        (&["10 permit A", "20 permit B"], &["10 permit A", "15 permit C", "20 permit B"], &["15 permit C"]),
    ];
    for (running, wanted, lines) in cases {
        let plan = to_send(&remedy(&list(wanted), &list(running), ios()), ios(), None);
        let entries: Vec<&str> = plan.iter().map(String::as_str).filter(|line| *line != "exit").skip(1).collect();
        assert_eq!(entries, lines, "{running:?} to {wanted:?}");
    }
}

/// Sections as nested as devices nest them.
fn sections() -> impl Strategy<Value = Vec<Section>> {
    let leaf = "[a-d]{1,2}".prop_map(|line| Section::of(&line));
    let nested = leaf.prop_recursive(3, 24, 4, |inner| {
        ("[e-h]{1,2}", proptest::collection::vec(inner, 0..4)).prop_map(|(line, children)| Section { line, children })
    });
    proptest::collection::vec(nested, 0..6)
}

/// Returns the lines in which nothing stands.
fn leaves(sections: &[Section]) -> Vec<String> {
    let of = |section: &Section| match section.children.is_empty() {
        true => vec![section.line.clone()],
        false => leaves(&section.children),
    };
    sections.iter().flat_map(of).collect()
}

proptest! {
    #[test]
    fn what_was_merged_is_not_missing_any_more(wanted in sections(), running in sections()) {
        let after = merge(running.clone(), &missing(&wanted, &running, ios()), ios());
        prop_assert_eq!(missing(&wanted, &after, ios()), vec![]);
        prop_assert_eq!(missing(&wanted, &parse(&print(&after), ios()), ios()), vec![], "printing keeps it");
    }

    /// A device that does not show `a…` and `b…`, as they are its defaults: these are sent again, and nothing else;
    /// where they are not compared (`diff_ignore_lines`), nothing is.
    #[test]
    fn only_what_a_device_hides_is_sent_again(wanted in sections(), running in sections()) {
        let hidden = [regex::Regex::new("^[ab]").unwrap()];
        let after = merge(running.clone(), &missing(&wanted, &running, ios()), ios());
        let shown = without(&after, &hidden);
        let again = missing(&wanted, &shown, ios());
        prop_assert_eq!(leaves(&again), leaves(&wanted).into_iter().filter(|line| hidden[0].is_match(line)).collect::<Vec<_>>());
        prop_assert_eq!(difference(&wanted, &shown, Match::Line, false, &hidden, ios()), vec![]);
    }

    #[test]
    fn any_text_is_read(text in "(banner [a-z ^@]{0,6}|[ a-z!@^\"]{0,8}|\n){0,40}") {
        let sections = parse(&text, ios());
        prop_assert_eq!(missing(&sections, &sections, ios()).len(), 0);
    }
}
