//! `netplay doc`: the reference, made of the tables that run.

use super::{Exit, say, say_error};
use crate::module::{self, ArgKind, Module};
use crate::platform;
use crate::playbook::{KEYWORDS, LOOP_CONTROL, Support};
use crate::source::did_you_mean;
use crate::template::{REFUSED, Reference, ReferenceKind, reference};
use clap::Args;
use std::fmt::Write as _;

/// Options of `netplay doc`.
#[derive(Args)]
pub(super) struct DocArgs {
    /// A module, keyword, filter, test, lookup or platform; without one, all names
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// List every name with its state: `present`, or `refused` and why
    #[arg(long, conflicts_with = "name")]
    list: bool,
}

pub(super) fn main(args: &DocArgs) -> Exit {
    if args.list {
        say(&states());
        return Exit::Ok;
    }
    let Some(name) = &args.name else {
        say(&everything());
        return Exit::Ok;
    };
    let text = about(name);
    if !text.is_empty() {
        say(&text);
        return Exit::Ok;
    }
    let modules: Vec<String> = module::names().collect();
    let mut known: Vec<&str> = reference().iter().map(|entry| entry.name).collect();
    known.extend(modules.iter().map(String::as_str));
    known.extend(KEYWORDS.iter().map(|keyword| keyword.name));
    let help = did_you_mean(name, known).map(|help| format!("; {help}")).unwrap_or_default();
    say_error(&format!("netplay: nothing is called `{name}`{help}\n"));
    Exit::Usage
}

/// Returns all names with a sentence each.
fn everything() -> String {
    let mut out = String::from("modules\n");
    // Writing to a `String` cannot fail, here and below.
    for module in module::all() {
        let _ = writeln!(out, "  {:<22} {}", module.name, module.summary);
    }
    out.push_str("\nkeywords\n");
    for keyword in KEYWORDS {
        let _ = writeln!(out, "  {:<22} {}{}", keyword.name, keyword.doc, support(keyword.support));
    }
    let mut kind = None;
    for entry in reference() {
        if kind != Some(entry.kind) {
            kind = Some(entry.kind);
            let _ = writeln!(out, "\n{}s", kind_word(entry.kind));
        }
        let _ = writeln!(out, "  {:<22} {}", entry.name, entry.doc);
    }
    out.push_str("\nplatforms\n");
    for platform in platform::all() {
        let _ = writeln!(out, "  {:<22} also {}", platform.name, platform.aliases.join(", "));
    }
    out
}

/// Returns a line for every name: what it is, its name, its state and a reason, with tabs between.
fn states() -> String {
    let mut out = String::new();
    let mut line = |kind: &str, name: &str, state: &str, why: &str| {
        let _ = writeln!(out, "{kind}\t{name}\t{state}{}{why}", if why.is_empty() { "" } else { "\t" });
    };
    for name in module::names() {
        line("module", &name, "present", "");
    }
    for refused in module::REFUSED {
        let name = format!("{}.{}", refused.collection, refused.name);
        if module::find(&name).is_none() {
            line("module", &name, "refused", refused.why);
        }
    }
    for keyword in KEYWORDS {
        match keyword.support {
            Support::Full => line("keyword", keyword.name, "present", ""),
            Support::Accepted(why) => line("keyword", keyword.name, "no effect", why),
            Support::Refused(why) => line("keyword", keyword.name, "refused", why),
        }
    }
    let rows = reference();
    for entry in &rows {
        for name in std::iter::once(&entry.name).chain(entry.aliases) {
            line(kind_word(entry.kind), name, "present", "");
        }
    }
    for refused in REFUSED {
        let is_there = rows.iter().any(|row| row.kind == refused.kind && row.name == refused.name);
        if !is_there {
            line(kind_word(refused.kind), refused.name, "refused", refused.why);
        }
    }
    out
}

fn kind_word(kind: ReferenceKind) -> &'static str {
    match kind {
        ReferenceKind::Filter => "filter",
        ReferenceKind::Test => "test",
        ReferenceKind::Lookup => "lookup",
        ReferenceKind::Global => "global",
    }
}

fn support(support: Support) -> String {
    match support {
        Support::Full => String::new(),
        Support::Accepted(why) => format!(" (no effect: {why})"),
        Support::Refused(why) => format!(" (refused: {why})"),
    }
}

/// Returns all that is called so.
fn about(name: &str) -> String {
    let mut out = String::new();
    if let Some((module, _)) = module::find(name) {
        describe_module(module, &mut out);
    }
    if let Some(keyword) = KEYWORDS.iter().find(|keyword| keyword.name == name) {
        let _ = writeln!(out, "keyword {name}\n  {}{}", keyword.doc, support(keyword.support));
        if name == "loop_control" {
            for (name, doc) in LOOP_CONTROL {
                let _ = writeln!(out, "  {name}\n      {doc}");
            }
        }
    }
    let is_called = |entry: &Reference| entry.name == name || entry.aliases.contains(&name);
    for entry in reference().iter().filter(|entry| is_called(entry)) {
        let also =
            if entry.aliases.is_empty() { String::new() } else { format!(" (also {})", entry.aliases.join(", ")) };
        let _ = writeln!(out, "{} {}{also}\n  {}", kind_word(entry.kind), entry.name, entry.doc);
    }
    if let Some((collection, instead)) = module::refused(name) {
        let short = name.rsplit_once('.').map_or(name, |(_, short)| short);
        let _ = writeln!(out, "module {collection}.{short}\n  not there: {instead}");
    }
    if out.is_empty() {
        for refused in REFUSED.iter().filter(|refused| refused.name == name) {
            let _ = writeln!(out, "{} {name}\n  not supported: {}", kind_word(refused.kind), refused.why);
        }
    }
    if let Some(platform) = platform::find(name) {
        let levels: Vec<&str> = platform.levels.iter().map(|level| level.name.as_str()).collect();
        let _ = writeln!(out, "platform {}\n  also {}", platform.name, platform.aliases.join(", "));
        if !levels.is_empty() {
            let _ = writeln!(out, "  levels {}", levels.join(", "));
        }
    }
    out
}

fn describe_module(module: &Module, out: &mut String) {
    let _ = writeln!(out, "module {}\n  {}", module.name, module.summary);
    let other: Vec<String> = module
        .collections
        .iter()
        .map(|collection| format!("{collection}.{}", module.name))
        .chain(module.aliases.iter().map(|alias| alias.name.to_owned()))
        .collect();
    if !other.is_empty() {
        let _ = writeln!(out, "  also {}", other.join(", "));
    }
    for arg in module.args {
        let mut facts = vec![kind(arg.kind).to_owned()];
        if arg.required {
            facts.push("required".into());
        }
        facts.extend(arg.default.map(|default| format!("default {default}")));
        if !arg.choices.is_empty() {
            facts.push(format!("one of {}", arg.choices.join(", ")));
        }
        if !arg.aliases.is_empty() {
            facts.push(format!("also {}", arg.aliases.join(", ")));
        }
        let _ = writeln!(out, "  {} ({})\n      {}", arg.name, facts.join("; "), arg.doc);
        if let Some(shape) = arg.shape {
            shape.describe(3, out);
        }
    }
}

fn kind(kind: ArgKind) -> &'static str {
    match kind {
        ArgKind::Str => "text",
        ArgKind::Path => "path",
        ArgKind::Bool => "boolean",
        ArgKind::Int => "whole number",
        ArgKind::Float => "number",
        ArgKind::List => "list",
        ArgKind::Dict => "dictionary",
        ArgKind::Raw => "anything",
        ArgKind::Expression => "expression",
        ArgKind::Secret => "secret",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_state_and_every_refusal_a_reason() {
        let text = states();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let is_right = match fields[2] {
                "present" => fields.len() == 3,
                "refused" | "no effect" => fields.len() == 4 && !fields[3].is_empty(),
                _ => false,
            };
            assert!(is_right, "{line}");
        }
        for wanted in [
            "module\turi\tpresent",
            "filter\tjson_query\tpresent",
            "global\tomit\tpresent",
            "module\tansible.builtin.rpm_key\trefused",
            "lookup\tcommunity.general.etcd\trefused",
        ] {
            assert!(text.contains(wanted), "{wanted}");
        }
    }
}
