//! VyOS: a candidate of `set` lines. What is not confirmed in time goes by a restart, which brings back what is saved.
//!
//! Sessions edit beside each other: a commit takes a session's own lines into what runs by then. While one commits others
//! cannot; here a commit takes time when a rule of the lab's file says that something else comes before its end.

use super::super::device::Said;
use super::{Ask, Edit, Vendor, Words};
use std::sync::Arc;

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
    merges: true,
    name: "system host-name",
    prompt: |vendor, name| match vendor.is_configuring {
        true => format!("[edit]\r\n{}@{name}# ", vendor.device.spec.user),
        false => format!("{}@{name}:~$ ", vendor.device.spec.user),
    },
    command,
    invalid: |line| format!("\n  Configuration path: [{line}] is not valid\n  Set failed\n"),
};

/// What a commit says while another one goes on.
const BUSY: &str = "Configuration system temporarily locked due to another commit in progress";

fn command(vendor: &mut Vendor, line: &str) -> Option<Said> {
    // Whoever types has had the answer to the commit before.
    vendor.lock = None;
    if !vendor.is_configuring {
        return None;
    }
    if line.starts_with("commit") && vendor.device.state().lock.strong_count() > 0 {
        return Some(Said::text(BUSY));
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
            vendor.edits = vec![Edit::Load(startup)];
            vendor.merge();
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
            if vendor.device.prescribed(line).is_some_and(|answer| answer.after.is_some()) {
                let lock = Arc::new(());
                vendor.device.state().lock = Arc::downgrade(&lock);
                vendor.lock = Some(lock);
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
