//! The system: kernel, names, machine, command line of the kernel, name servers, load.

use super::answers::Answers;
use super::{Collector, Facts};
use crate::value::{Map, Value};

pub(super) static COLLECTORS: &[Collector] = &[
    Collector {
        name: "platform",
        ids: &["architecture", "kernel", "kernel_version", "machine", "machine_id", "system"],
        minimal: true,
        files: &["/var/lib/dbus/machine-id", "/etc/machine-id"],
        asks: r#"e uname "$(uname -snrvm)"
n=$(hostname -f 2>/dev/null) || n=$(uname -n); e fqdn "${n:-$(uname -n)}"
e bits "$(getconf LONG_BIT 2>/dev/null)"
"#,
        read: platform,
        ..Collector::NONE
    },
    Collector {
        name: "chroot",
        ids: &["is_chroot"],
        // Only root may look at the root of process 1; others go by the number that a root folder has.
        asks: r#"if [ -n "$debian_chroot" ]; then e chroot 1
elif [ -e /proc/1/root/. ]; then if [ / -ef /proc/1/root/. ]; then e chroot 0; else e chroot 1; fi
else e root_folder "$(stat -c %i / 2>/dev/null) $(stat -f -c %T / 2>/dev/null)"; fi
"#,
        read: chroot,
        ..Collector::NONE
    },
    Collector { name: "cmdline", minimal: true, files: &["/proc/cmdline"], read: cmdline, ..Collector::NONE },
    Collector { name: "dns", minimal: true, files: &["/etc/resolv.conf"], read: dns, ..Collector::NONE },
    Collector { name: "loadavg", files: &["/proc/loadavg"], read: loadavg, ..Collector::NONE },
    // Nobody asks for Python here; the names are known so that a subset may take them out.
    Collector { name: "python", ids: &["python_version"], minimal: true, ..Collector::NONE },
];

fn platform(answers: &Answers, facts: &mut Facts) {
    let words: Vec<&str> = answers.text("uname").unwrap_or_default().split_whitespace().collect();
    let [system, node, kernel, version @ .., machine] = &words[..] else { return };
    facts.set("system", *system);
    facts.set("kernel", *kernel);
    facts.set("kernel_version", version.join(" "));
    facts.set("machine", *machine);
    let fqdn = answers.text("fqdn").filter(|name| !name.is_empty()).unwrap_or(node);
    facts.set("fqdn", fqdn);
    facts.set("hostname", node.split('.').next().unwrap_or(node));
    facts.set("nodename", *node);
    facts.set("domain", fqdn.split_once('.').map_or("", |(_, domain)| domain));
    let is_wide = machine.contains("64") || *machine == "s390x";
    let bits = answers.text("bits").filter(|bits| ["32", "64"].contains(bits));
    let bits = bits.unwrap_or(if is_wide { "64" } else { "32" });
    facts.set("userspace_bits", bits);
    let intel_32 = matches!(*machine, "i386" | "i486" | "i586" | "i686" | "i86pc");
    facts.set("architecture", if intel_32 { "i386" } else { machine });
    if intel_32 || *machine == "x86_64" {
        facts.set("userspace_architecture", if bits == "64" { "x86_64" } else { "i386" });
    }
    let id = answers.file("/var/lib/dbus/machine-id").or(answers.file("/etc/machine-id"));
    if let Some(id) = id.and_then(|text| text.lines().next()) {
        facts.set("machine_id", id);
    }
}

fn chroot(answers: &Answers, facts: &mut Facts) {
    let is_chroot = match (answers.text("chroot"), answers.text("root_folder")) {
        (Some(said), _) => said == "1",
        (None, Some(said)) => {
            let (number, kind) = said.split_once(' ').unwrap_or((said, ""));
            let usual = match kind {
                "btrfs" => "256",
                "xfs" => "128",
                _ => "2",
            };
            number != usual
        }
        (None, None) => return,
    };
    facts.set("is_chroot", is_chroot);
}

fn cmdline(answers: &Answers, facts: &mut Facts) {
    let Some(text) = answers.file("/proc/cmdline") else { return };
    let (mut last, mut all) = (Map::new(), Map::new());
    for word in words(text) {
        match word.split_once('=') {
            None => {
                last.insert(word, true);
                all.insert(word, true);
            }
            Some((name, value)) => {
                last.insert(name, value);
                // A name that comes more than once has all its values here.
                let together = match all.get(name) {
                    Some(Value::List(values)) => Value::list(values.iter().cloned().chain([value.into()])),
                    Some(first) => Value::list([first.clone(), value.into()]),
                    None => value.into(),
                };
                all.insert(name, together);
            }
        }
    }
    facts.set("cmdline", last);
    facts.set("proc_cmdline", all);
}

/// Cuts at blanks outside of double and single quotes, which stay.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut start, mut quote) = (Vec::new(), None, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, c) if c.is_whitespace() => {
                words.extend(start.take().map(|from: usize| &text[from..at]));
                continue;
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        start.get_or_insert(at);
    }
    words.extend(start.map(|from| &text[from..]));
    words
}

fn dns(answers: &Answers, facts: &mut Facts) {
    let mut dns = Map::new();
    let mut servers: Vec<&str> = Vec::new();
    for line in answers.file("/etc/resolv.conf").unwrap_or_default().lines() {
        if line.starts_with(['#', ';']) {
            continue;
        }
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => {
                servers.extend(words);
                dns.insert("nameservers", Value::list(servers.iter().copied()));
            }
            Some("domain") => {
                if let Some(domain) = words.next() {
                    dns.insert("domain", domain);
                }
            }
            Some(list @ ("search" | "sortlist")) => dns.insert(list, Value::list(words)),
            Some("options") => {
                let option = |word: &str| match word.split_once(':') {
                    Some((name, value)) if !value.is_empty() => (name.to_owned(), Value::from(value)),
                    Some((name, _)) => (name.to_owned(), true.into()),
                    None => (word.to_owned(), true.into()),
                };
                dns.insert("options", Value::map(words.map(option)));
            }
            _ => {}
        }
    }
    facts.set("dns", dns);
}

fn loadavg(answers: &Answers, facts: &mut Facts) {
    let numbers: Vec<f64> =
        answers.file("/proc/loadavg").unwrap_or_default().split(' ').map_while(|word| word.parse().ok()).collect();
    if let [one, five, fifteen, ..] = numbers[..] {
        facts.set("loadavg", Value::map([("1m", one), ("5m", five), ("15m", fifteen)]));
    }
}
