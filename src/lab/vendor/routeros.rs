//! MikroTik RouterOS: every line is a command with its path; in safe mode all of them are undone when the session ends
//! before it is left.

use super::super::device::Said;
use super::{Ask, Vendor, Words};

pub(super) static WORDS: Words = Words {
    enter: &[],
    end: &[],
    up: &["quit", "/quit"],
    negate: "",
    set: Some("/"),
    quotes: false,
    sections: &[],
    first: &["ip", "ipv6", "system", "interface", "routing", "user", "snmp", "tool", "queue", "radius", "ppp"],
    running: "/export terse",
    startup: "",
    save: "",
    setup: &[],
    version: (
        "/system resource print",
        "                  version: 7.11.2 (stable)\n                 platform: MikroTik",
    ),
    has_candidate: false,
    merges: false,
    name: "system identity set name=",
    prompt: |vendor, name| {
        let safe = if vendor.holds { "<SAFE>" } else { ">" };
        format!("[{}@{name}] {safe} ", vendor.device.spec.user)
    },
    command,
    invalid: |line| format!("bad command name {line} (line 1 column 1)"),
};

/// What Ctrl-X types.
pub(in crate::lab) const SAFE_MODE: &str = "\u{18}";

fn command(vendor: &mut Vendor, line: &str) -> Option<Said> {
    if line == SAFE_MODE {
        return Some(safe_mode(vendor));
    }
    // What sets something takes the place of what was set there.
    if let Some((path, _)) = line.strip_prefix('/').and_then(|line| line.split_once(" set ")) {
        vendor.device.state().running.remove(&[], &format!("{path} set"));
    }
    None
}

fn safe_mode(vendor: &mut Vendor) -> Said {
    let mut state = vendor.device.state();
    if vendor.holds {
        state.confirm();
        drop(state);
        vendor.holds = false;
        return Said::text("[Safe Mode released]");
    }
    if state.held.is_some() {
        drop(state);
        let question = "Hijacking Safe Mode from someone - unroll/release/don't take it [u/r/d]: ";
        return vendor.ask(Ask::Proceed(String::new()), question);
    }
    // It lasts as long as the session does.
    vendor.hold(&mut state, 60 * 60 * 24);
    drop(state);
    vendor.holds = true;
    Said::text("[Safe Mode taken]")
}
