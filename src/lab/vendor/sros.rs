//! Nokia SR OS, model-driven CLI: an exclusive candidate. A confirmed commit ends with the session that made it.

use super::super::device::Said;
use super::{Vendor, Words};
use std::sync::Arc;

pub(super) static WORDS: Words = Words {
    enter: &[],
    end: &[],
    up: &[],
    negate: "delete /configure ",
    set: Some("/configure "),
    quotes: false,
    sections: &[],
    first: &["system", "router", "port", "card", "service", "log", "policy-options", "filter", "lag"],
    running: "admin show configuration full-context",
    startup: "admin show configuration booted",
    save: "/admin save",
    setup: &["environment "],
    version: ("show version", "TiMOS-B-22.10.R1 both/x86_64 Nokia 7750 SR Copyright (c) 2000-2022 Nokia."),
    has_candidate: true,
    merges: false,
    name: "system name",
    prompt: |vendor, name| {
        let changed = if vendor.has_changes() { "*" } else { "" };
        let mode = if vendor.is_configuring { "(ex)" } else { "" };
        format!("{changed}{mode}[/]\r\nA:{}@{name}# ", vendor.device.spec.user)
    },
    command,
    invalid: |_| "MINOR: MGMT_CORE #2201: Unknown element".into(),
};

fn command(vendor: &mut Vendor, line: &str) -> Option<Said> {
    if !vendor.is_configuring {
        return match line {
            "edit-config exclusive" => Some(enter(vendor)),
            "logout" => Some(Said::end()),
            _ if [WORDS.running, WORDS.startup, WORDS.save, WORDS.version.0].contains(&line) => None,
            _ if line.starts_with("environment ") => None,
            _ => Some(Said::text((WORDS.invalid)(line))),
        };
    }
    match line {
        "exit all" | "validate" => Some(Said::default()),
        "quit-config" => Some(leave(vendor)),
        "compare" => Some(Said::text(vendor.compare())),
        "discard" => {
            vendor.discard();
            Some(Said::default())
        }
        "commit confirmed accept" => Some(match std::mem::take(&mut vendor.holds) && vendor.device.state().confirm() {
            true => Said::default(),
            false => Said::text("MINOR: MGMT_CORE #2056: No confirmed commit in progress"),
        }),
        "commit confirmed cancel" => Some(match std::mem::take(&mut vendor.holds) && vendor.device.state().revert() {
            true => Said::default(),
            false => Said::text("MINOR: MGMT_CORE #2056: No confirmed commit in progress"),
        }),
        _ if line == "commit" || line.starts_with("commit comment ") => {
            vendor.commit(None);
            Some(Said::default())
        }
        line => {
            let minutes = line.strip_prefix("commit confirmed ")?.split(' ').next()?.parse::<u64>().ok()?;
            vendor.commit(Some(minutes * 60));
            vendor.holds = true;
            Some(Said::default())
        }
    }
}

fn enter(vendor: &mut Vendor) -> Said {
    let mut state = vendor.device.state();
    if state.lock.strong_count() > 0 {
        return Said::text(
            "MINOR: MGMT_CORE #2052: Exclusive datastore access unavailable - model-driven interface editing \
                           global candidate",
        );
    }
    let lock = Arc::new(());
    state.lock = Arc::downgrade(&lock);
    drop(state);
    vendor.lock = Some(lock);
    vendor.enter();
    Said::text("INFO: CLI #2060: Entering exclusive configuration mode")
}

/// What is not confirmed ends when the configuration is left.
fn leave(vendor: &mut Vendor) -> Said {
    if std::mem::take(&mut vendor.holds) {
        vendor.device.state().revert();
    }
    vendor.leave();
    Said::text("INFO: CLI #2064: Exiting exclusive configuration mode")
}
