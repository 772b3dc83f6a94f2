//! Inventory scripts: programs that print groups, hosts and variables as JSON.
//!
//! A script is asked for everything once (`--list`). If its answer has no `_meta.hostvars`, it is asked for each host
//! (`--host NAME`), several at a time. What it prints may hold templates, as an inventory file may.

use super::builder::Builder;
use crate::source::{Diagnostic, Diagnostics, Source, Span};
use crate::yaml::{Kind, Mapping, Node, parse};
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long one call may take. Arbitrary: long enough for a slow database, and no run hangs for ever.
const LIMIT: Duration = Duration::from_secs(300);

/// The most that a script may print. Arbitrary, ten times what 100,000 hosts need.
const MAX_BYTES: u64 = 1 << 30;

/// How many hosts are asked for at a time.
const AT_ONCE: usize = 8;

/// Runs a script and puts what it prints into the inventory.
pub(super) fn read(builder: &mut Builder<'_>, path: &Path) {
    let output = run(path, &["--list"], LIMIT);
    let Some(list) = understood(builder, path, &["--list"], output) else { return };
    let Some(list) = list else {
        return builder
            .found
            .push(Diagnostic::error("E0402", format!("{} printed nothing", called(path, &["--list"]))));
    };
    let Some(root) = list.as_map() else {
        let message =
            format!("the answer of an inventory script must be a dictionary of groups, not a {}", list.kind_name());
        return builder.found.push(Diagnostic::error("E0402", message).at(list.span));
    };
    let mut hosts: Vec<Arc<str>> = Vec::new();
    let mut known: Option<&Mapping> = None;
    for (name, _, body) in root.iter() {
        let name = name.to_string();
        if name != "_meta" {
            group(builder, &name, body, &mut hosts);
        } else if let Some(vars) = body.as_map().and_then(|meta| meta.get("hostvars")) {
            match vars.as_map() {
                Some(map) => known = Some(map),
                None => builder.found.push(wrong_kind("_meta.hostvars", "a dictionary", vars)),
            }
        }
    }
    match known {
        Some(known) => {
            for host in &hosts {
                if let Some(vars) = known.get(host) {
                    set_vars(builder, host, vars);
                }
            }
        }
        None => ask_for_each(builder, path, &hosts),
    }
}

fn wrong_kind(what: &str, wanted: &str, node: &Node) -> Diagnostic {
    Diagnostic::error("E0402", format!("`{what}` must be {wanted}, not a {}", node.kind_name())).at(node.span)
}

/// Adds a group: a dictionary of `hosts`, `vars` and `children`, or a list of hosts. A dictionary without any of these
/// is a host with its variables, of the group's name, as in Ansible.
fn group(builder: &mut Builder<'_>, name: &str, body: &Node, hosts: &mut Vec<Arc<str>>) {
    let group = builder.group(name);
    let mut add = |builder: &mut Builder<'_>, host: &str| hosts.push(builder.host(host, &group, None));
    if let Some(list) = body.as_seq() {
        return list.iter().for_each(|host| add(builder, &host.to_value().to_text()));
    }
    let Some(map) = body.as_map() else {
        return builder.found.push(wrong_kind(name, "a dictionary or a list of hosts", body));
    };
    if !["hosts", "vars", "children"].iter().any(|part| map.get(part).is_some()) {
        add(builder, name);
        return map.iter().for_each(|(var, _, value)| builder.set_group_var(&group, &var.to_string(), plain(value)));
    }
    match map.get("hosts") {
        None => {}
        Some(node) => match node.as_seq() {
            Some(list) => list.iter().for_each(|host| add(builder, &host.to_value().to_text())),
            None => builder.found.push(wrong_kind(&format!("{name}.hosts"), "a list", node)),
        },
    }
    match map.get("vars") {
        None => {}
        Some(node) => match node.as_map() {
            Some(vars) => {
                vars.iter().for_each(|(var, _, value)| builder.set_group_var(&group, &var.to_string(), plain(value)));
            }
            None => builder.found.push(wrong_kind(&format!("{name}.vars"), "a dictionary", node)),
        },
    }
    for child in map.get("children").and_then(Node::as_seq).into_iter().flatten() {
        let child_group = builder.group(&child.to_value().to_text());
        builder.child(&group, &child_group, child.span);
    }
}

fn set_vars(builder: &mut Builder<'_>, host: &str, vars: &Node) {
    match vars.as_map() {
        Some(map) => map.iter().for_each(|(var, _, value)| builder.set_host_var(host, &var.to_string(), plain(value))),
        None if vars.is_null() => {}
        None => builder.found.push(wrong_kind(&format!("the variables of {host}"), "a dictionary", vars)),
    }
}

/// Returns a value with the marks undone by which Ansible's JSON tells encrypted and unsafe text.
fn plain(node: &Node) -> Node {
    let kind = match &node.kind {
        Kind::Seq(items) => Kind::Seq(Arc::new(items.iter().map(plain).collect())),
        Kind::Map(map) if map.len() == 1 && marked(map).is_some() => marked(map).unwrap_or(Kind::Null),
        Kind::Map(map) => {
            let mut all = Mapping::default();
            for (key, key_node, value) in map.iter() {
                all.insert(key.clone(), key_node.clone(), plain(value));
            }
            Kind::Map(Arc::new(all))
        }
        _ => return node.clone(),
    };
    Node { kind, ..node.clone() }
}

fn marked(map: &Mapping) -> Option<Kind> {
    let text = |name: &str| map.get(name).and_then(Node::as_str).map(Arc::<str>::from);
    text("__ansible_vault").map(Kind::Vault).or_else(|| text("__ansible_unsafe").map(Kind::Unsafe))
}

/// Asks for the variables of each host, several at a time, and takes the answers in the order of the hosts.
fn ask_for_each(builder: &mut Builder<'_>, path: &Path, hosts: &[Arc<str>]) {
    let next = AtomicUsize::new(0);
    let mut answers: Vec<(usize, Result<Vec<u8>, String>)> = Vec::new();
    std::thread::scope(|scope| {
        let ask = || {
            let mut own = Vec::new();
            while let Some((at, host)) =
                Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, hosts.get(at)?)))
            {
                own.push((at, run(path, &["--host", host], LIMIT)));
            }
            own
        };
        let threads: Vec<_> = (0..AT_ONCE.min(hosts.len())).map(|_| scope.spawn(ask)).collect();
        answers.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()));
    });
    answers.sort_by_key(|(at, _)| *at);
    for (at, output) in answers {
        let host = &hosts[at];
        let Some(vars) = understood(builder, path, &["--host", host], output) else {
            // A script that cannot tell of one host most likely cannot tell of any.
            return;
        };
        if let Some(vars) = vars {
            set_vars(builder, host, &vars);
        }
    }
}

/// Reads an answer: nothing, or JSON. `None` when something was wrong, which is told.
fn understood(
    builder: &mut Builder<'_>,
    path: &Path,
    args: &[&str],
    output: Result<Vec<u8>, String>,
) -> Option<Option<Node>> {
    let called = called(path, args);
    let wrong = |message: String| Diagnostic::error("E0402", message);
    let bytes = match output {
        Ok(bytes) => bytes,
        Err(why) => {
            builder.found.push(wrong(format!("{called} {why}")));
            return None;
        }
    };
    let Ok(text) = String::from_utf8(bytes) else {
        builder.found.push(wrong(format!("{called} printed what is not UTF-8")));
        return None;
    };
    let id = builder.sources.add(Source::new(format!("<{} {}>", path.display(), args.join(" ")), None, text.as_str()));
    if text.trim().is_empty() {
        return Some(None);
    }
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        let at = offset(&text, error.line(), error.column());
        let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
        let span = Span::new(id, at, end);
        builder.found.push(
            wrong(format!("{called} printed no valid JSON: {error}"))
                .at(span)
                .help("an inventory script prints one JSON dictionary and nothing else"),
        );
        return None;
    }
    let mut found = Diagnostics::new();
    let node = parse(id, builder.sources, &mut found);
    builder.found.extend(found);
    node.map(Some)
}

/// Returns the place of a line and a column in bytes, both from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn called(path: &Path, args: &[&str]) -> String {
    format!("`{} {}`", path.display(), args.join(" "))
}

/// Runs a script, no longer than `limit`; returns what it printed, or what is to be said of it.
fn run(path: &Path, args: &[&str], limit: Duration) -> Result<Vec<u8>, String> {
    use std::os::unix::process::CommandExt as _;
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut command = Command::new(&path);
    // A group of its own, so that what it has started ends with it.
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = spawn(&mut command).map_err(|error| format!("cannot be run: {}", spawn_error(&error)))?;
    let out = reader(child.stdout.take());
    let err = reader(child.stderr.take());
    let deadline = Instant::now() + limit;
    let printed = out.recv_timeout(limit);
    let said = err.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    let (Ok(printed), Ok(said)) = (printed, said) else {
        end(&mut child);
        return Err(format!("did not end within {limit:?}"));
    };
    let status = child.wait().map_err(|error| format!("cannot be waited for: {error}"))?;
    if printed.len() as u64 > MAX_BYTES {
        return Err(format!("printed more than {MAX_BYTES} bytes"));
    }
    if status.success() {
        return Ok(printed);
    }
    let said = String::from_utf8_lossy(&said);
    let how = match status.code() {
        Some(code) => format!("ended with status {code}"),
        None => "was ended by a signal".into(),
    };
    Err(if said.trim().is_empty() { format!("{how} and said nothing") } else { format!("{how}: {}", said.trim()) })
}

/// Starts a program. One that another thread still holds open for writing is tried again for a moment: so it is with a
/// script that has just been written.
fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut tries = 0;
    loop {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < 50 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

fn spawn_error(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "the program in its first line is not there".into(),
        _ => crate::source::plain_io_error(error),
    }
}

/// Ends a script and what it has started.
fn end(child: &mut Child) {
    let group = child.id().to_string();
    // The tool, because only the transport may speak to the system itself.
    let _ = Command::new("kill").args(["-KILL", "--", &format!("-{group}")]).stderr(Stdio::null()).status();
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads on a thread of its own to the end, or until there is too much.
fn reader(from: Option<impl io::Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(from) = from {
            // What was read before an error is all that there is.
            let _ = from.take(MAX_BYTES + 1).read_to_end(&mut bytes);
        }
        // Nobody may be waiting any more.
        let _ = sender.send(bytes);
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// Runs a script with these lines.
    fn said(lines: &str, limit: Duration) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hosts");
        std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        run(&path, &["--list"], limit).map(|printed| String::from_utf8_lossy(&printed).into_owned())
    }

    #[test]
    fn a_script_that_does_not_end_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("pid");
        let lines = format!("sleep 600 & echo $! >{}; wait", mark.display());
        assert_eq!(said(&lines, Duration::from_millis(400)), Err("did not end within 400ms".into()));
        let pid = std::fs::read_to_string(&mark).unwrap();
        // What is gone, or only waits for somebody to hear of its end, runs no more.
        let status = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        let runs = || status().rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['S', 'R', 'D']));
        let deadline = Instant::now() + Duration::from_secs(20);
        while runs() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!runs(), "{}", status());
    }

    #[test]
    fn what_a_script_says_as_it_fails_is_told() {
        let limit = Duration::from_secs(60);
        assert_eq!(said("echo out; echo 'no way' >&2; exit 7", limit), Err("ended with status 7: no way".into()));
        assert_eq!(said("exit 3", limit), Err("ended with status 3 and said nothing".into()));
        assert_eq!(said("kill -9 $$", limit), Err("was ended by a signal and said nothing".into()));
        assert_eq!(said("printf x", limit), Ok("x".into()));
    }
}
