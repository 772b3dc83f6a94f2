//! Aruba AOS-CX: lines act at once; `checkpoint auto` goes back to what was there unless it is confirmed.

use super::super::device::Said;
use super::{Vendor, Words};

pub(super) static WORDS: Words = Words {
    enter: &["configure terminal", "configure"],
    end: &["end"],
    up: &["exit"],
    negate: "no ",
    set: None,
    quotes: false,
    sections: &[("interface", true), ("router", true), ("vlan", true)],
    first: &[
        "hostname",
        "interface",
        "router",
        "vlan",
        "description",
        "ip",
        "mtu",
        "shutdown",
        "ntp",
        "logging",
        "banner",
        "name",
        "snmp-server",
        "neighbor",
        "lldp",
        "spanning-tree",
    ],
    running: "show running-config",
    startup: "show startup-config",
    save: "write memory",
    setup: &["no page"],
    version: (
        "show version",
        "ArubaOS-CX\n(c) Copyright Hewlett Packard Enterprise Development LP\nVersion : FL.10.10.1000",
    ),
    has_candidate: false,
    merges: false,
    name: "hostname",
    prompt: |vendor, name| {
        let section = vendor.path.last().map(|line| match line.split(' ').next() {
            Some("interface") => "-if",
            _ => "-sub",
        });
        match vendor.is_configuring {
            true => format!("{name}(config{})# ", section.unwrap_or_default()),
            false => format!("{name}# "),
        }
    },
    command,
    invalid: |line| format!("Invalid input: {line}"),
};

fn command(vendor: &mut Vendor, line: &str) -> Option<Said> {
    if vendor.is_configuring {
        return None;
    }
    let minutes = line.strip_prefix("checkpoint auto ")?;
    let mut state = vendor.device.state();
    if minutes == "confirm" {
        return Some(Said::text(match state.confirm() {
            true => "checkpoint AUTO20240101010101 created",
            false => "Invalid input: auto checkpoint mode is not started",
        }));
    }
    Some(match minutes.parse() {
        Ok(minutes @ 1..=60) => {
            vendor.hold(&mut state, minutes * 60);
            Said::text(format!("Auto checkpoint mode expires in {minutes} minute(s)"))
        }
        _ => Said::text(format!("Invalid input: {minutes}")),
    })
}
