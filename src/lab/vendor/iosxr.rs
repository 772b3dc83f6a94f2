//! Cisco IOS XR: a candidate that is committed as a whole; a trial commit belongs to the session that made it. While a
//! session configures exclusively others edit, and cannot commit.

use super::super::device::Said;
use super::{Ask, Vendor, Words};
use std::sync::Arc;

pub(super) static WORDS: Words = Words {
    enter: &["configure terminal", "configure"],
    end: &[],
    up: &["exit"],
    negate: "no ",
    set: None,
    quotes: false,
    sections: &[
        ("interface", true),
        ("router", true),
        ("route-policy", true),
        ("prefix-set", true),
        ("vrf", true),
        ("line", true),
        ("address-family", false),
        ("neighbor", false),
    ],
    first: &[
        "hostname",
        "interface",
        "router",
        "description",
        "ipv4",
        "ipv6",
        "mtu",
        "shutdown",
        "vrf",
        "line",
        "ntp",
        "logging",
        "domain",
        "address-family",
        "neighbor",
        "remote-as",
        "route-policy",
        "prefix-set",
        "pass",
        "drop",
        "set",
        "if",
        "endif",
        "bandwidth",
        "banner",
        "network",
        "snmp-server",
        "username",
        "cdp",
        "lldp",
    ],
    running: "show running-config",
    startup: "show startup-config",
    save: "",
    setup: &["terminal "],
    version: ("show version", "Cisco IOS XR Software, Version 7.5.2\nCopyright (c) 2013-2022 by Cisco Systems, Inc."),
    has_candidate: true,
    merges: false,
    name: "hostname",
    prompt: |vendor, name| {
        let section = vendor.path.last().map(|line| match line.split(' ').next() {
            Some("interface") => "-if",
            Some("route-policy") => "-rpl",
            _ => "-sub",
        });
        match vendor.is_configuring {
            true => format!("RP/0/RP0/CPU0:{name}(config{})#", section.unwrap_or_default()),
            false => format!("RP/0/RP0/CPU0:{name}#"),
        }
    },
    command,
    invalid: |_| "                  ^\n% Invalid input detected at '^' marker.".into(),
};

const OTHERS: &str = "One or more commits have occurred from other\r\nconfiguration sessions since this session started \
                      or since the last commit was made\r\nfrom this session. You can use the 'show configuration commit \
                      changes' command to\r\nbrowse the changes.\r\nDo you wish to proceed with this commit anyway? [no]: ";

/// What a commit says while another session configures exclusively.
const LOCKED: &str = "% Failed to commit .. Another configuration session had a lock on the running configuration.";

fn command(vendor: &mut Vendor, line: &str) -> Option<Said> {
    if !vendor.is_configuring {
        return (line == "configure exclusive").then(|| enter_exclusively(vendor));
    }
    if matches!(line, "end-policy" | "end-set") && vendor.path.pop().is_some() {
        return Some(Said::default());
    }
    match line {
        "show commit changes diff" => Some(Said::text(vendor.compare())),
        "clear" => {
            vendor.discard();
            vendor.path.clear();
            Some(Said::default())
        }
        "abort" => Some(vendor.leave()),
        "end" if vendor.has_changes() => Some(
            vendor.ask(Ask::Leave, "Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]: "),
        ),
        "end" => Some(vendor.leave()),
        line => {
            let (line, is_sure) = line.strip_suffix(" anyway").map_or((line, false), |line| (line, true));
            let how = line.strip_prefix("commit")?;
            if vendor.lock.is_none() && vendor.device.state().lock.strong_count() > 0 {
                return Some(Said::text(LOCKED));
            }
            let is_behind = vendor.candidate.as_ref().is_some_and(|(_, seen)| *seen != vendor.device.state().commits);
            if is_behind && vendor.has_changes() && !is_sure {
                return Some(vendor.ask(Ask::Anyway(format!("{line} anyway")), OTHERS));
            }
            Some(commit(vendor, how.trim()))
        }
    }
}

/// Its refusal is in the lab's own words: Cisco's documentation says only that it fails.
fn enter_exclusively(vendor: &mut Vendor) -> Said {
    let mut state = vendor.device.state();
    if state.lock.strong_count() > 0 {
        return Said::text("% Cannot enter exclusive configuration mode: the configuration is locked");
    }
    let lock = Arc::new(());
    state.lock = Arc::downgrade(&lock);
    drop(state);
    vendor.lock = Some(lock);
    vendor.enter()
}

fn commit(vendor: &mut Vendor, how: &str) -> Said {
    let confirmed = how.strip_prefix("confirmed ").and_then(|rest| rest.split(' ').next()).map(str::parse::<u64>);
    match confirmed {
        Some(Ok(seconds @ 30..=65535)) => {
            vendor.commit(Some(seconds));
            vendor.holds = true;
        }
        Some(_) => return Said::text("% Invalid input detected at '^' marker."),
        None if vendor.holds && !vendor.has_changes() => {
            vendor.device.state().confirm();
            vendor.holds = false;
        }
        None if !vendor.has_changes() => return Said::text("% No configuration changes to commit."),
        None => vendor.commit(None),
    }
    vendor.path.clear();
    Said::default()
}
