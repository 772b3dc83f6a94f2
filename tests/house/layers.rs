//! The direction of dependencies, read from every `crate::` in the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each folder (or file) directly below `src` may use of its siblings. A line is a decision: change it with the
/// reason in ARCHITECTURE.md.
const MAY_USE: &[(&str, &[&str])] = &[
    // base
    ("effect", &[]),
    ("halt", &[]),
    ("phase", &[]),
    ("value", &[]),
    ("redact", &["value"]),
    ("vault", &["redact"]),
    ("source", &["vault"]),
    ("xml", &[]),
    ("failure", &["redact", "source", "value"]),
    ("event", &["failure", "phase", "redact"]),
    // language
    ("python_regex", &["halt"]),
    ("textfsm", &["failure", "python_regex", "source", "value"]),
    ("yaml", &["source", "value", "vault"]),
    ("ttp", &["failure", "python_regex", "source", "value", "yaml"]),
    ("vars", &["source", "value", "yaml"]),
    (
        "template",
        &["failure", "halt", "python_regex", "redact", "source", "textfsm", "value", "vars", "vault", "xml", "yaml"],
    ),
    ("inventory", &["failure", "python_regex", "source", "template", "value", "vars", "yaml"]),
    ("platform", &["effect", "source"]),
    ("configuration", &["platform"]),
    ("resource", &["configuration", "platform", "source", "value"]),
    ("facts", &["value"]),
    // what can be asked for
    (
        "module",
        &[
            "configuration",
            "effect",
            "facts",
            "failure",
            "platform",
            "python_regex",
            "redact",
            "resource",
            "source",
            "template",
            "textfsm",
            "ttp",
            "value",
            "vars",
            "xml",
            "yaml",
        ],
    ),
    ("playbook", &["module", "source", "template", "value", "vars", "vault", "yaml"]),
    ("graph", &["effect", "module", "platform", "playbook", "source", "template", "vars", "yaml"]),
    // what is done
    ("transport", &["effect", "failure", "module", "phase", "platform", "redact", "source", "value", "xml"]),
    (
        "executor",
        &[
            "effect",
            "event",
            "facts",
            "failure",
            "graph",
            "inventory",
            "module",
            "phase",
            "platform",
            "playbook",
            "redact",
            "source",
            "template",
            "transport",
            "value",
            "vars",
            "yaml",
        ],
    ),
    // what is shown
    ("report", &["event", "failure", "phase", "redact", "value"]),
    ("journal", &["event", "redact", "value"]),
    // the lab stands for the outside world: it knows nothing of those who talk to it
    ("lab", &["failure", "redact", "source", "value", "xml"]),
];

/// Crates with a large surface, and the one place that knows each.
const HOMES: &[(&str, &str)] = &[
    ("aes", "vault/"),
    ("aho_corasick", "redact/"),
    ("annotate_snippets", "source/render.rs"),
    ("clap", "cli/"),
    ("indicatif", "report/"),
    ("ctr", "vault/"),
    ("libyaml_rs", "yaml/events.rs"),
    ("minijinja", "template/"),
    ("minijinja_contrib", "template/"),
    // Cisco's types 8 and 9 are made as keys are.
    ("pbkdf2", "template/crypt/"),
    ("pbkdf2", "vault/"),
    // Expressions of platforms are asked so little that how they are compiled decides.
    ("regex_automata", "platform/pattern.rs"),
    ("regex_automata", "python_regex/"),
    ("reqwest", "transport/http/"),
    ("russh", "lab/"),
    ("scrypt", "template/crypt/"),
    ("ssh2", "transport/ssh/"),
    ("ssh2", "transport/sys.rs"),
    ("ssh_key", "transport/ssh/"),
    ("toml", "cli/config/"),
    ("toml", "inventory/tables.rs"),
];

#[test]
fn folders_use_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let top = top(&file);
        if ["cli", "main", "lib"].contains(&top.as_str()) {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == top) else {
            wrong.push(format!("{}: `{top}` has no line in MAY_USE", file.display()));
            continue;
        };
        for used in uses(&text) {
            if used != top && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{}: `{top}` may not use `crate::{used}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_forbidden_use_is_seen() {
    let text = "use crate::{source::Span, transport::Target};\nfn f() { crate::report::spawn() }";
    assert_eq!(uses(text), BTreeSet::from(["report", "source", "transport"].map(String::from)));
}

#[test]
fn crates_with_a_large_surface_have_one_home() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        for (name, home) in HOMES {
            let used = names_crate(&text, name);
            let is_home = |home: &str| file.starts_with(home) || file == Path::new(home);
            let another = HOMES.iter().any(|(other, home)| other == name && is_home(home));
            if used && !is_home(home) && !another {
                wrong.push(format!("{}: `{name}` belongs to {home}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_source_file_is_forgotten() {
    // A file that no `mod` line names compiles nowhere, and its tests never run.
    let mut wrong = Vec::new();
    let all = sources();
    for (file, _) in &all {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if ["main", "lib", "mod"].contains(&stem) {
            continue;
        }
        let dir = file.parent().unwrap_or(Path::new(""));
        let mut owners = vec![dir.join("mod.rs"), dir.with_extension("rs")];
        if dir == Path::new("") {
            owners = vec!["lib.rs".into(), "main.rs".into()];
        }
        let named = all.iter().filter(|(owner, _)| owners.contains(owner)).any(|(_, text)| {
            text.lines().any(|line| {
                let line = line.trim();
                line.ends_with(&format!("mod {stem};")) || line.ends_with(&format!("{stem}.rs\"]"))
            })
        });
        if !named {
            wrong.push(file.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "named by no `mod` line:\n{}", wrong.join("\n"));
}

/// Claims that a text names a crate (and not a module of another crate that is called alike).
fn names_crate(text: &str, name: &str) -> bool {
    text.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    }) || text.contains(&format!("use {name};"))
}

/// Returns every source file below `src`, its path relative to it, without tests.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src can be read").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is text");
                let relative = path.strip_prefix(&root).expect("it lies below src").to_owned();
                found.push((relative, text));
            }
        }
    }
    found.sort();
    found.into_iter().map(|(file, text)| (file.clone(), without_tests(&file, text))).collect()
}

/// Cuts tests off: they may look where the code itself may not.
fn without_tests(file: &Path, text: String) -> String {
    let is_test = file.components().any(|part| part.as_os_str() == "tests") && top(file) != "template"
        || file.file_stem().is_some_and(|stem| stem == "tests" || stem == "fake" || stem == "samples");
    if is_test {
        // `mod` lines still count, so that files below are not taken for forgotten.
        return text.lines().filter(|line| line.contains("mod ")).collect::<Vec<_>>().join("\n");
    }
    match text.find("#[cfg(test)]\nmod tests {") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

fn top(file: &Path) -> String {
    let first = file.components().next().expect("a path has parts").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Returns the top-level modules that a text names after `crate::`.
fn uses(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let word = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    for (at, _) in code.match_indices("crate::") {
        // `$crate` of another crate's macro, or the end of a longer word, is none of ours.
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => {
                found.insert(word(rest));
            }
            Some(list) => {
                let mut depth = 0;
                let mut start = true;
                for (i, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && c.is_alphabetic() => {
                            found.insert(word(&list[i..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found.remove("");
    found
}
