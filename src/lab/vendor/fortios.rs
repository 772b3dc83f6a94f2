//! FortiOS: lines act at the end of their block; in revert mode what is not saved in time is taken back.

use super::super::device::Said;
use super::{Vendor, Words};

pub(super) static WORDS: Words = Words {
    enter: &[],
    end: &[],
    up: &["next", "end"],
    negate: "",
    set: None,
    quotes: false,
    sections: &[("config", false), ("edit", false)],
    first: &["config", "edit", "set", "append"],
    running: "show",
    startup: "show full-configuration",
    save: "execute cfg save",
    setup: &[],
    version: ("get system status", "Version: FortiGate-VM64 v7.2.4,build1396,230131 (GA.F)"),
    has_candidate: false,
    merges: false,
    name: "config system global\nset hostname",
    prompt: |vendor, name| {
        let section = vendor.path.last().and_then(|line| line.rsplit(' ').next()).map(|name| format!(" ({name})"));
        format!("{name}{} # ", section.unwrap_or_default())
    },
    command,
    invalid: |line| format!("command parse error before '{line}'\nCommand fail. Return code -61"),
};

fn command(vendor: &mut Vendor, line: &str) -> Option<Said> {
    if vendor.path.is_empty() {
        return match line {
            "exit" => Some(Said::end()),
            "execute cfg save" => {
                vendor.device.state().confirm();
                Some(Said::default())
            }
            "get system global | grep cfg-save" => {
                let state = vendor.device.state();
                let mode = if state.held.is_some() { "revert" } else { "automatic" };
                Some(Said::text(format!("cfg-save            : {mode} ")))
            }
            _ if line == "show" => {
                let state = vendor.device.state();
                Some(Said::text(blocks(&state.running.render(1, &[]))))
            }
            _ => None,
        };
    }
    if vendor.path == ["config system global"] {
        if line.starts_with("set cfg-save ") {
            return Some(Said::default());
        }
        if let Some(Ok(seconds)) = line.strip_prefix("set cfg-revert-timeout ").map(str::parse) {
            vendor.hold(&mut vendor.device.state(), seconds);
            return Some(Said::default());
        }
    }
    let key = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    if let Some(what) = line.strip_prefix("unset ") {
        vendor.device.state().running.remove(&vendor.path, &format!("set {what}"));
        return Some(Said::default());
    }
    // A second value takes the place of the first.
    if line.starts_with("set ") && line.split(' ').count() > 2 {
        vendor.device.state().running.remove(&vendor.path, &key(line));
    }
    None
}

/// Writes the ends of blocks.
fn blocks(lines: &[String]) -> String {
    let mut out = Vec::new();
    let mut open: Vec<(usize, &str)> = Vec::new();
    for line in lines.iter().map(String::as_str).chain([""]) {
        let depth = line.len() - line.trim_start().len();
        while open.last().is_some_and(|(outer, _)| *outer >= depth) {
            out.extend(open.pop().map(|(outer, end)| format!("{}{end}", " ".repeat(outer))));
        }
        match line.trim_start().split(' ').next() {
            Some("config") => open.push((depth, "end")),
            Some("edit") => open.push((depth, "next")),
            _ => {}
        }
        out.push(line.to_owned());
    }
    out.join("\n")
}
