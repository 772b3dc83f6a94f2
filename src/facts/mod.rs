//! What a Unix host says of itself, without Python on it: one POSIX sh program, one round trip, read here.
//!
//! A [`Collector`] is a theme (network, hardware, date and time, …): the files it wants, what else it asks in sh, and
//! how the answers become facts. [`wanted`] chooses collectors as `gather_subset` does; [`program`] puts their questions
//! together; [`read`] makes facts of the answers. Names, values and types are those of Ansible's `setup`. Adding one: a
//! row in the table of its theme, and a theme's table in [`collectors`].
//!
//! Traps: a host has dash, bash or busybox ash, and busybox's tools; `$(…)` drops trailing newlines; all small files
//! come by one `grep` and all links by one `ls`, because a process costs more than everything that is read here; what a
//! host says is data from outside, of any length and in any bytes.

mod answers;
pub mod cache;
mod clock;
mod devices;
mod distribution;
mod dmi;
mod ini;
mod local;
mod mounts;
mod network;
mod packages;
mod processor;
mod release;
mod security;
mod services;
mod storage;
mod subset;
mod system;
#[cfg(test)]
mod tests;
mod user;
mod virtualization;

pub use subset::{BadSubset, wanted};

use crate::value::{Map, Value};
use answers::Answers;

/// A theme of facts.
pub struct Collector {
    /// Its name for `gather_subset`; rows with the same name belong together.
    pub name: &'static str,
    /// Names of facts by which `gather_subset` finds it too.
    pub ids: &'static [&'static str],
    /// It belongs to `min`: gathered whatever else is asked for, unless `!min` is said.
    pub minimal: bool,
    /// Collectors whose facts it looks at.
    pub needs: &'static [&'static str],
    /// Small text files that it reads, as patterns of sh.
    pub files: &'static [&'static str],
    /// Symbolic links that it reads, as patterns of sh.
    pub links: &'static [&'static str],
    /// Paths of which it wants to know whether they are there.
    pub exists: &'static [&'static str],
    /// What else it asks, in POSIX sh with the functions of the program.
    pub asks: &'static str,
    /// Makes facts of the answers.
    read: fn(&Answers, &mut Facts),
}

impl Collector {
    /// A collector that asks nothing; for the other fields of a row.
    const NONE: Collector = Collector {
        name: "",
        ids: &[],
        minimal: false,
        needs: &[],
        files: &[],
        links: &[],
        exists: &[],
        asks: "",
        read: |_, _| (),
    };
}

/// Facts as they come together, by names without `ansible_`.
#[derive(Debug, Default)]
pub struct Facts {
    map: Map,
    warnings: Vec<String>,
}

impl Facts {
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.map.insert(name, value);
    }

    /// Returns a fact that is a text; empty when it is not there.
    fn text(&self, name: &str) -> &str {
        self.map.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }
}

/// What is gathered, and how.
#[derive(Clone, Copy, Debug)]
pub struct Gathering<'a> {
    /// The folder of local facts on the host.
    pub fact_path: &'a str,
    /// How long the size of one file system may take, in seconds.
    pub timeout_seconds: u32,
}

/// Returns every collector, in the order in which they are read.
fn collectors() -> impl Iterator<Item = &'static Collector> {
    [
        system::COLLECTORS,
        distribution::COLLECTORS,
        clock::COLLECTORS,
        user::COLLECTORS,
        security::COLLECTORS,
        packages::COLLECTORS,
        services::COLLECTORS,
        network::COLLECTORS,
        processor::COLLECTORS,
        dmi::COLLECTORS,
        devices::COLLECTORS,
        mounts::COLLECTORS,
        virtualization::COLLECTORS,
        storage::COLLECTORS,
        local::COLLECTORS,
    ]
    .into_iter()
    .flatten()
}

/// What every program begins with. An answer is a name and a text, each ended by a NUL byte.
const BEGIN: &str = r#"e() { printf '%s\0%s\0' "$1" "$2"; }
has() { command -v "$1" >/dev/null 2>&1; }
v=$(env -0 2>/dev/null | tr '\0' '\1'); e env "${v:-$(env)}"
[ -n "$debian_chroot" ] && e debian_chroot "$debian_chroot"
LC_ALL=C; LANG=C; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin; export LC_ALL LANG PATH
unset LANGUAGE
"#;

/// Returns the program that asks a host for what the collectors want.
pub fn program(collectors: &[&Collector], how: Gathering<'_>) -> String {
    let joined = |field: fn(&Collector) -> &'static [&'static str]| {
        let mut words: Vec<&str> = collectors.iter().flat_map(|collector| field(collector)).copied().collect();
        words.sort_unstable();
        words.dedup();
        words.join(" ")
    };
    let mut text = format!("{BEGIN}facts={}\nlimit={}\n", quoted(how.fact_path), how.timeout_seconds);
    let (files, links, exists) = (joined(|c| c.files), joined(|c| c.links), joined(|c| c.exists));
    if !files.is_empty() {
        text.push_str(&format!("e files \"$(grep -s '' {files} /dev/null 2>/dev/null)\"\n"));
    }
    if !links.is_empty() {
        text.push_str(&format!("e links \"$(ls -ld {links} 2>/dev/null)\"\n"));
    }
    if !exists.is_empty() {
        text.push_str(&format!("for p in {exists}; do [ -e \"$p\" ] && e exists \"$p\"; done\n"));
    }
    for collector in collectors {
        text.push_str(collector.asks);
    }
    text.push_str("e end ''\n:\n");
    text
}

/// Returns a text as one word of sh.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Facts with the names under which Ansible has them (`ansible_…`), and what to warn of.
#[derive(Debug)]
pub struct Gathered {
    /// The facts.
    pub facts: Map,
    /// What the user should be told.
    pub warnings: Vec<String>,
}

/// Makes facts of what the program printed; `None` when it did not come to its end.
pub fn read(collectors: &[&Collector], output: &[u8]) -> Option<Gathered> {
    let answers = Answers::read(output);
    answers.text("end")?;
    let mut facts = Facts::default();
    for collector in collectors {
        (collector.read)(&answers, &mut facts);
    }
    let named = facts.map.into_iter().map(|(key, value)| (fact_name(&key.to_string()), value));
    let kept = named.filter(|(name, _)| !is_restricted(name));
    Some(Gathered { facts: kept.collect(), warnings: facts.warnings })
}

/// Returns the name of a fact as a variable.
fn fact_name(name: &str) -> String {
    format!("ansible_{}", name.replace('-', "_"))
}

/// Claims that no fact may have the name, because it says how a host is reached: an interface may be called anything.
fn is_restricted(name: &str) -> bool {
    const CONNECTION: [&str; 14] = [
        "ansible_become",
        "ansible_connection",
        "ansible_executable",
        "ansible_facts",
        "ansible_host",
        "ansible_network_os",
        "ansible_password",
        "ansible_pipelining",
        "ansible_port",
        "ansible_private_key_file",
        "ansible_remote_tmp",
        "ansible_shell_type",
        "ansible_timeout",
        "ansible_user",
    ];
    let is_key = name.starts_with("ansible_ssh_host_key_");
    let of_connection = ["ansible_become_", "ansible_ssh_", "ansible_local_", "ansible_network_cli_", "ansible_winrm_"];
    CONNECTION.contains(&name)
        || (name.starts_with("ansible_") && name.ends_with("_interpreter"))
        || (!is_key && of_connection.iter().any(|start| name.starts_with(start)))
}

/// Keeps the facts whose name, with or without `ansible_`, matches one of the patterns; all when there are none.
pub fn filter(facts: Map, patterns: &[String]) -> Map {
    if patterns.is_empty() || patterns.iter().any(|pattern| pattern == "*") {
        return facts;
    }
    let matches = |name: &str| {
        patterns.iter().any(|pattern| {
            subset::matches(pattern, name)
                || name.strip_prefix("ansible_").is_some_and(|short| subset::matches(pattern, short))
        })
    };
    facts.into_iter().filter(|(key, _)| key.as_str().is_some_and(matches)).collect()
}
