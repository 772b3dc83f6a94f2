//! VyOS: a candidate of `set` lines. What is not confirmed in time goes by a restart, which brings back what is saved.

use super::super::device::Said;
use super::{Ask, Vendor, Words};

pub(super) static WORDS: Words = Words {
    enter: &["configure"],
    end: &["exit discard"],
    up: &["exit"],
    negate: "delete ",
    set: Some("set "),
    quotes: true,
    sections: &[],
    first: &["system", "interfaces", "protocols", "service", "firewall", "nat", "policy", "vpn", "vrf"],
    running: "show configuration commands",
    startup: "show configuration saved",
    save: "save",
    setup: &["set terminal "],
    version: ("show version", "Version:          VyOS 1.4.0\nRelease train:    sagitta"),
    has_candidate: true,
    name: "system host-name",
    prompt: |vendor, name| match vendor.is_configuring {
        true => format!("[edit]\r\n{}@{name}# ", vendor.device.spec.user),
        false => format!("{}@{name}:~$ ", vendor.device.spec.user),
    },
    command,
    invalid: |line| format!("\n  Configuration path: [{line}] is not valid\n  Set failed\n"),
};

fn command(vendor: &mut Vendor, line: &str) -> Option<Said> {
    if !vendor.is_configuring {
        return None;
    }
    let (line, is_sure) = line.strip_suffix(" sure").map_or((line, false), |line| (line, true));
    if line.ends_with(" canceled") {
        return Some(Said::text("commit-confirm canceled"));
    }
    if let Some(how) = line.strip_prefix("commit-confirm ") {
        return Some(commit_confirm(vendor, line, how, is_sure));
    }
    match line {
        "compare" if !vendor.has_changes() => Some(Said::text("No changes between working and active configurations")),
        "compare" => Some(Said::text(vendor.compare())),
        "discard" => {
            vendor.discard();
            Some(Said::text("Changes have been discarded"))
        }
        "load" => {
            let startup = vendor.device.state().startup.clone();
            if let Some((candidate, _)) = &mut vendor.candidate {
                *candidate = startup;
            }
            Some(Said::text(
                "Loading configuration from 'config.boot'\nLoad complete. Use 'commit' to make changes effective.",
            ))
        }
        "confirm" => {
            let was_pending = vendor.device.state().confirm();
            Some(Said::text(if was_pending { "Reboot timer stopped" } else { "No confirm pending" }))
        }
        _ if line == "commit" || line.starts_with("commit comment ") => {
            if !vendor.has_changes() {
                return Some(Said::text("No configuration changes to commit"));
            }
            vendor.commit(None);
            Some(Said::default())
        }
        _ => None,
    }
}

fn commit_confirm(vendor: &mut Vendor, line: &str, how: &str, is_sure: bool) -> Said {
    let minutes = how.split(' ').next().unwrap_or_default();
    let Ok(seconds) = minutes.parse::<u64>().map(|minutes| minutes.saturating_mul(60)) else {
        return Said::text("Invalid minutes");
    };
    let state = vendor.device.state();
    let (is_pending, is_unsaved) = (state.held.is_some(), state.running != state.startup);
    drop(state);
    if is_pending {
        return Said::text("Another confirm is pending");
    }
    if !is_sure {
        let unsaved = if is_unsaved { "\r\nYou should save previous commits before commit-confirm !\r\n" } else { "" };
        let question = format!(
            "{unsaved}\r\ncommit-confirm will automatically reboot in {minutes} minutes unless changes\r\nare \
             confirmed.\r\n\r\nProceed ? [Y/n] "
        );
        return vendor.ask(Ask::Proceed(format!("{line} sure")), &question);
    }
    vendor.commit(Some(seconds));
    vendor.device.state().hold_startup();
    Said::text(format!("Initialized commit-confirm; {minutes} minutes to confirm before reboot"))
}
