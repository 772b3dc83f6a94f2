//! HPE and H3C Comware: lines act at once; with a commit delay they are rolled back unless they are committed.

use super::super::device::Said;
use super::{Vendor, Words};

pub(super) static WORDS: Words = Words {
    enter: &["system-view"],
    end: &["return"],
    up: &["quit"],
    negate: "undo ",
    set: None,
    quotes: false,
    sections: &[("interface", true), ("bgp", true), ("ospf", true), ("vlan", true)],
    first: &[
        "sysname",
        "interface",
        "description",
        "ip",
        "mtu",
        "shutdown",
        "vlan",
        "bgp",
        "ospf",
        "ntp-service",
        "port",
        "header",
        "peer",
        "snmp-agent",
        "info-center",
        "clock",
        "local-user",
    ],
    running: "display current-configuration",
    startup: "display saved-configuration",
    save: "save force",
    setup: &["screen-length ", "undo terminal "],
    version: ("display version", "HPE Comware Software, Version 7.1.070, Release 2612P02"),
    has_candidate: false,
    merges: false,
    name: "sysname",
    prompt: |vendor, name| {
        let section = vendor.path.last().and_then(|line| line.split(' ').nth(1)).map(|name| format!("-{name}"));
        match vendor.is_configuring {
            true => format!("[{name}{}]", section.unwrap_or_default()),
            false => format!("<{name}>"),
        }
    },
    command,
    invalid: |_| "            ^\n % Unrecognized command found at '^' position.".into(),
};

fn command(vendor: &mut Vendor, line: &str) -> Option<Said> {
    let how = line.strip_prefix("configuration commit").filter(|_| vendor.is_configuring)?;
    let mut state = vendor.device.state();
    Some(match how.strip_prefix(" delay ").map(str::parse) {
        None if how.is_empty() => {
            state.confirm();
            Said::default()
        }
        Some(Ok(minutes @ 1..=65535)) => {
            vendor.hold(&mut state, minutes * 60);
            Said::default()
        }
        _ => Said::text(" % Wrong parameter found at '^' position."),
    })
}
