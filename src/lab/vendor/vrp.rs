//! Huawei VRP 8: two stages. A trial with a persistence ID outlives the session that began it.

use super::super::device::Said;
use super::{Ask, Vendor, Words};

pub(super) static WORDS: Words = Words {
    enter: &["system-view"],
    end: &[],
    up: &["quit"],
    negate: "undo ",
    set: None,
    quotes: false,
    sections: &[("interface", true), ("bgp", true), ("ospf", true), ("vlan", true), ("aaa", true)],
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
        "aaa",
        "ntp",
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
    save: "save",
    setup: &["screen-length ", "undo terminal "],
    version: (
        "display version",
        "Huawei Versatile Routing Platform Software\nVRP (R) software, Version 8.180 (CE6800)",
    ),
    has_candidate: true,
    merges: false,
    name: "sysname",
    prompt: |vendor, name| {
        let waits = if vendor.has_changes() { '*' } else { '~' };
        let section = vendor.path.last().and_then(|line| line.split(' ').nth(1)).map(|name| format!("-{name}"));
        match vendor.is_configuring {
            true => format!("[{waits}{name}{}]", section.unwrap_or_default()),
            false => format!("<{name}>"),
        }
    },
    command,
    invalid: |_| "                ^\nError: Unrecognized command found at '^' position.".into(),
};

fn command(vendor: &mut Vendor, line: &str) -> Option<Said> {
    if !vendor.is_configuring {
        return None;
    }
    let (line, is_sure) = line.strip_suffix(" sure").map_or((line, false), |line| (line, true));
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["display", "configuration", "candidate", "changes"] => Some(Said::text(vendor.compare())),
        ["clear", "configuration", "candidate"] => {
            vendor.discard();
            Some(Said::default())
        }
        ["return"] if vendor.has_changes() => Some(vendor.ask(
            Ask::Leave,
            "Warning: Uncommitted configurations found. Are you sure to commit them before exiting? \
             [Y(yes)/N(no)/C(cancel)]:",
        )),
        ["return"] => Some(vendor.leave()),
        ["commit", "trial", seconds, "persist", id, ..] => Some(match seconds.parse() {
            Ok(seconds @ 60..=65535) => {
                vendor.commit(Some(seconds));
                vendor.device.state().held_by = Some((*id).to_owned());
                Said::text(format!(
                    "Info: The system enters the trial configuration mode.\nThe system will revert to previous \
                     configuration if the trial configuration is not confirmed in {seconds} seconds."
                ))
            }
            _ => Said::text("Error: Wrong parameter found at '^' position."),
        }),
        ["commit", "persist", id] => Some(conclude(vendor, id, true)),
        ["abort", "trial", "persist", id] if is_sure => Some(conclude(vendor, id, false)),
        ["abort", "trial", "persist", _] => Some(vendor.ask(
            Ask::Proceed(format!("{line} sure")),
            "Warning: The trial configuration will be rolled back. Continue? [Y/N]:",
        )),
        ["commit", ..] => {
            vendor.commit(None);
            Some(Said::text("Committing..done."))
        }
        _ => None,
    }
}

/// Keeps the trial of that persistence ID, or takes it back.
fn conclude(vendor: &mut Vendor, id: &str, keeps: bool) -> Said {
    let mut state = vendor.device.state();
    let is_it = state.held.is_some() && state.held_by.as_deref() == Some(id);
    let done = is_it && if keeps { state.confirm() } else { state.revert() };
    drop(state);
    vendor.discard();
    Said::text(if done { "" } else { "Error: The trial configuration does not exist." })
}
