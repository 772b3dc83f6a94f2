//! What a task does, as it is written: the module's name, `action:`, free-form and `name=value` arguments, `meta`.

use super::former;
use super::keyword::{self, Level, Support};
use super::{Action, Meta, Settings};
use crate::module::{self, split_key_value};
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::value::Key;
use crate::yaml::{Kind, Mapping, Node, has_template};
use std::sync::Arc;

pub(super) const META: [(&str, Meta); 10] = [
    ("clear_facts", Meta::ClearFacts),
    ("clear_host_errors", Meta::ClearHostErrors),
    ("end_batch", Meta::EndBatch),
    ("end_host", Meta::EndHost),
    ("end_play", Meta::EndPlay),
    ("end_role", Meta::EndRole),
    ("flush_handlers", Meta::FlushHandlers),
    ("noop", Meta::Noop),
    ("refresh_inventory", Meta::RefreshInventory),
    ("reset_connection", Meta::ResetConnection),
];

pub(super) fn meta(word: &str) -> Option<Meta> {
    META.iter().find(|(name, _)| *name == word).map(|(_, meta)| *meta)
}

/// The actions that are no modules: they change the graph itself.
pub(super) const GRAPH_ACTIONS: [&str; 5] = ["import_role", "import_tasks", "include_role", "include_tasks", "meta"];

/// Returns the short name of a graph action, however it is qualified.
pub(super) fn action_word(called: &str) -> Option<&'static str> {
    let short =
        called.strip_prefix("ansible.builtin.").or_else(|| called.strip_prefix("ansible.legacy.")).unwrap_or(called);
    GRAPH_ACTIONS.iter().copied().find(|name| *name == short)
}

pub(super) fn is_action(name: &str) -> bool {
    action_word(name).is_some() || module::find(name).is_some()
}

pub(super) fn unknown_key(name: &str, key: &Node, level: Level) -> Diagnostic {
    let word = level.word();
    if let Some(instead) = former::instead(name) {
        return Diagnostic::error("E0602", format!("`{name}` is no keyword of a {word}")).at(key.span).help(instead);
    }
    if let Some(instead) = module::refused(name) {
        return Diagnostic::error("E0309", format!("there is no module `{name}` here")).at(key.span).help(instead);
    }
    if name.contains('.') {
        let names: Vec<String> = module::names().collect();
        let help = did_you_mean(name, names.iter().map(String::as_str));
        return Diagnostic::error("E0300", format!("no module `{name}`")).at(key.span).maybe_help(help);
    }
    if keyword::KEYWORDS.iter().any(|keyword| keyword.name == name) {
        return Diagnostic::error("E0602", format!("`{name}` does not belong on a {word}")).at(key.span);
    }
    let modules: Vec<String> = module::names().collect();
    let mut known: Vec<&str> = keyword::names(level).collect();
    known.extend(modules.iter().map(String::as_str).chain(GRAPH_ACTIONS));
    let help = did_you_mean(name, known);
    Diagnostic::error("E0300", format!("`{name}` is neither a keyword of a {word} nor a module"))
        .at(key.span)
        .maybe_help(help)
}

/// Makes the diagnostic of a module that is there, and written in Python.
pub(super) fn python_module_refused(name: &str, file: &std::path::Path, at: Span) -> Diagnostic {
    Diagnostic::error("E0308", format!("module `{name}` is written in Python, which netplay does not run"))
        .at(at)
        .help(format!("it is `{}`; run what it does with `command`, `shell` or `uri`", file.display()))
}

/// Finds defaults that would have no effect: of groups of modules, and of modules that do not exist.
pub(super) fn check_defaults(node: Option<&Node>, found: &mut Diagnostics) {
    for (key, key_node, _) in defaults_in(node) {
        let name = key.to_string();
        if name.starts_with("group/") || is_action(&name) || has_template(&name) {
            continue;
        }
        let names: Vec<String> = module::names().collect();
        found.push(
            Diagnostic::warning("W0614", format!("defaults of `{name}`, which is no module here, have no effect"))
                .maybe_help(did_you_mean(&name, names.iter().map(String::as_str)))
                .at(key_node.span),
        );
    }
}

/// Returns the entries of `module_defaults`: of a dictionary, or of a list of them.
pub(super) fn defaults_in(node: Option<&Node>) -> impl Iterator<Item = (&Key, &Node, &Node)> {
    let lists = node.into_iter().flat_map(|node| node.as_seq().unwrap_or(std::slice::from_ref(node)));
    lists.filter_map(Node::as_map).flat_map(Mapping::iter)
}

/// Returns the arguments as they are with those of `module_defaults` that are known before the run.
pub(super) fn with_defaults(action: &Action, args: &Mapping, settings: &Settings) -> Mapping {
    let mut all = args.clone();
    let Action::Module { module, .. } = action else { return all };
    let maps = settings.module_defaults.iter().filter_map(Node::as_map);
    let entries = maps.flat_map(Mapping::iter).map(|(name, _, node)| (name.to_string(), node));
    for node in settings.defaults_of(module, entries).into_iter().rev() {
        for (key, key_node, value) in node.as_map().into_iter().flat_map(Mapping::iter) {
            if all.get(&key.to_string()).is_none() {
                all.insert(key.clone(), key_node.clone(), value.clone());
            }
        }
    }
    all
}

/// What an include understands besides its arguments; other keywords would do nothing, and are refused as in Ansible.
const INCLUDE_KEYWORDS: [&str; 18] = [
    "action",
    "args",
    "collections",
    "debugger",
    "ignore_errors",
    "listen",
    "local_action",
    "loop",
    "loop_control",
    "name",
    "needs",
    "no_log",
    "register",
    "run_once",
    "tags",
    "timeout",
    "vars",
    "when",
];

pub(super) fn check_include_keywords(called: &str, map: &Mapping, found: &mut Diagnostics) {
    for (key, key_node, _) in map.iter() {
        let name = key.to_string();
        let keyword = keyword::KEYWORDS.iter().any(|keyword| keyword.name == name);
        if keyword && !INCLUDE_KEYWORDS.contains(&&*name) {
            found.push(
                Diagnostic::error("E0602", format!("`{name}` does not belong on `{called}`"))
                    .at(key_node.span)
                    .help("for what is included, put it under `apply:`, or on a block around this"),
            );
        }
    }
}

/// Says that a keyword is not supported, or does not take what is written, if so. A debugger that is never entered is
/// none.
pub(super) fn refuse(keyword: &keyword::Keyword, key: &Node, value: &Node, found: &mut Diagnostics) {
    if keyword.name == "debugger" && (value.is_null() || value.as_str() == Some("never")) {
        return;
    }
    if let Support::Refused(why) = keyword.support {
        found.push(Diagnostic::error("E0611", format!("`{}` is not supported: {why}", keyword.name)).at(key.span));
    }
    if value.is_static() {
        let written = value.to_value();
        if !keyword.takes.accepts(&written) {
            found.push(Diagnostic::error("E0606", keyword.takes.complaint(keyword.name, &written)).at(value.span));
        }
    }
}

/// Returns module and arguments of `action:` and `local_action:`.
pub(super) fn action_words(value: &Node, key: &Node, found: &mut Diagnostics) -> Option<(Arc<str>, Node, Node)> {
    let wrong = |what: &str| Diagnostic::error("E0603", what.to_owned()).at(value.span);
    let (name, args) = match &value.kind {
        Kind::Str(text) => {
            let (name, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
            (name.to_owned(), Node { kind: Kind::Str(rest.trim().into()), ..value.clone() })
        }
        Kind::Map(map) => {
            let Some(name) = map.get("module").and_then(Node::as_str) else {
                found.push(wrong("`action` needs the entry `module`"));
                return None;
            };
            let mut rest = Mapping::default();
            for (key, key_node, node) in map.iter().filter(|(key, _, _)| key.as_str() != Some("module")) {
                rest.insert(key.clone(), key_node.clone(), node.clone());
            }
            (name.to_owned(), Node { kind: Kind::Map(Arc::new(rest)), ..value.clone() })
        }
        _ => {
            found.push(wrong("`action` takes a module and its arguments"));
            return None;
        }
    };
    if !is_action(&name) {
        found.push(Diagnostic { primary: None, ..unknown_key(&name, value, Level::TASK) }.at(value.span));
        return None;
    }
    Some((name.into(), args, key.clone()))
}

pub(super) fn free_form_arguments(
    text: &Arc<str>,
    node: &Node,
    free_form: Option<&'static str>,
    called: &str,
    args: &mut Mapping,
    found: &mut Diagnostics,
) {
    let scalar = |text: String| Node { kind: Kind::Str(text.into()), ..node.clone() };
    let put = |args: &mut Mapping, name: &str, value: Node| {
        args.insert(name.into(), scalar(name.to_owned()), value);
    };
    let raw =
        matches!(module::find(called).map(|(module, _)| module.name), Some("command" | "shell" | "raw" | "script"));
    let known = |name: &str| {
        module::find(called).is_some_and(|(module, _)| {
            module.any_args || module.args.iter().any(|arg| arg.name == name || arg.aliases.contains(&name))
        }) || (action_word(called).is_some() && (name == "file" || super::role::INCLUDE_ARGS.contains(&name)))
    };
    if raw {
        // Only a few options may stand in the text; the rest is the command, quotes and all.
        const OPTIONS: [&str; 8] =
            ["chdir", "creates", "executable", "removes", "stdin", "stdin_add_newline", "strip_empty_ends", "warn"];
        let mut command: Vec<&str> = Vec::new();
        let mut rest: &str = text;
        while let Some((word, after)) = next_word(rest) {
            let pair = split_key_value(word).into_iter().next();
            match pair {
                Some((Some(name), value)) if OPTIONS.contains(&&*name) => {
                    put(args, &name, scalar(value));
                }
                _ => command.push(word),
            }
            rest = after;
        }
        // A command without options is kept just as it is written, blanks and newlines too.
        let command = if args.is_empty() { text.to_string() } else { command.join(" ") };
        if let (Some(name), false) = (free_form, command.is_empty()) {
            put(args, name, scalar(command));
        }
        return;
    }
    let pairs = split_key_value(text);
    let all_pairs = pairs.iter().all(|(key, _)| key.as_deref().is_some_and(known));
    if all_pairs && !pairs.is_empty() {
        for (key, value) in pairs {
            put(args, &key.unwrap_or_default(), scalar(value));
        }
        return;
    }
    if let Some(name) = free_form {
        // `include_tasks: x.yml a=1`: words first, then pairs.
        let mut words = Vec::new();
        for (key, value) in pairs {
            match key {
                Some(key) if known(&key) => {
                    put(args, &key, scalar(value));
                }
                Some(key) => words.push(format!("{key}={value}")),
                None => words.push(value),
            }
        }
        let text = if args.is_empty() { text.to_string() } else { words.join(" ") };
        put(args, name, scalar(text));
        return;
    }
    if has_template(text) && pairs.len() == 1 {
        found.push(
            Diagnostic::error("E0301", format!("the arguments of `{called}` are one template"))
                .at(node.span)
                .help("write it under `args:`"),
        );
        return;
    }
    for (key, value) in pairs {
        match key {
            Some(key) => {
                put(args, &key, scalar(value));
            }
            None => found.push(
                Diagnostic::error("E0301", format!("`{called}` takes `name=value` arguments, `{value}` is none"))
                    .at(node.span),
            ),
        }
    }
}

/// Splits the first word off; quotes and templates keep blanks together.
fn next_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if text.is_empty() {
        return None;
    }
    let mut quote = None;
    let mut depth = 0usize;
    let bytes = text.as_bytes();
    for (i, &byte) in bytes.iter().enumerate() {
        match byte {
            b'\'' | b'"' if quote.is_none() => quote = Some(byte),
            b if quote == Some(b) => quote = None,
            b'{' if bytes.get(i + 1) == Some(&b'{') => depth += 1,
            b'}' if i > 0 && bytes[i - 1] == b'}' => depth = depth.saturating_sub(1),
            b if b.is_ascii_whitespace() && quote.is_none() && depth == 0 => return Some((&text[..i], &text[i..])),
            _ => {}
        }
    }
    Some((text, ""))
}
