//! What is inside of `config`, `aggregate` and other arguments that hold options, checked before the run.

use crate::module::{Arg, Shape};
use crate::resource::{Kind, Options, Refused};
use crate::source::{Diagnostic, Diagnostics, nearest};
use crate::value::{Map, Value};
use crate::yaml::Node;
use std::fmt::Write as _;

/// Options, or a list of them.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) options: &'static Options,
    pub(super) platform: &'static str,
    /// Options that need not be given here: arguments around give them.
    pub(super) is_partial: bool,
    /// Options that the collection's module has and that are not there, or what they are inside of.
    pub(super) refused: &'static [Refused],
}

impl Shape for Inside {
    fn check(&self, called: &str, node: &Node, found: &mut Diagnostics) {
        self.node(called, self.options, "", node, found);
    }

    fn secrets(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        let maps = value.as_list().into_iter().flatten().chain(std::iter::once(value)).filter_map(Value::as_map);
        maps.for_each(|map| self.options.secrets(map, &mut found));
        found.into_iter().map(str::to_owned).collect()
    }

    fn describe(&self, depth: usize, out: &mut String) {
        describe(self.options, depth, out);
        if !self.refused.is_empty() {
            // Writing to a `String` cannot fail.
            let _ = writeln!(out, "{}not there of what the collection's module has:", "  ".repeat(depth));
        }
        for of_one_reason in self.refused.chunk_by(|one, next| one.why == next.why) {
            let paths: Vec<&str> = of_one_reason.iter().map(|refused| refused.path).collect();
            let _ = writeln!(out, "{}{}: {}", "  ".repeat(depth + 2), paths.join(", "), of_one_reason[0].why);
        }
    }
}

impl Inside {
    /// Says what is wrong with options that stand at a path, as `acls.aces`.
    fn node(&self, called: &str, options: &Options, at: &str, node: &Node, found: &mut Diagnostics) {
        if let Some(items) = node.as_seq() {
            items.iter().for_each(|item| self.node(called, options, at, item, found));
            return;
        }
        let Some(map) = node.as_map() else { return };
        for (key, key_node, value) in map.iter() {
            let name = key.to_string();
            let Some(option) = options.find(&name) else {
                let known: Vec<&str> = options.all.iter().map(|option| option.name.as_str()).collect();
                let help = match (self.refused(&inside(at, &name)), nearest(&name, known.iter().copied())) {
                    (Some(why), _) => format!("the collection's module has it, this one does not: {why}"),
                    (None, Some(name)) => format!("did you mean `{name}`?"),
                    (None, None) => {
                        format!("there are {}", known.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", "))
                    }
                };
                found.push(
                    Diagnostic::error("E0302", format!("`{called}` has no option `{name}` here"))
                        .at(key_node.span)
                        .help(help),
                );
                continue;
            };
            match &option.kind {
                Kind::Dict(options) | Kind::List(options) => {
                    self.node(called, options, &inside(at, &name), value, found);
                }
                _ if !value.is_static() || value.is_null() => {}
                _ => {
                    // The option alone, as it would be checked in the run.
                    let alone = Options {
                        all: vec![crate::resource::Opt { required: false, ..option.clone() }],
                        ..Options::default()
                    };
                    let given: Map = [(name.as_str(), value.to_value())].into_iter().collect();
                    if let Err(why) = alone.coerce(self.platform, "", &given, false) {
                        found.push(Diagnostic::error("E0304", format!("option {why}")).at(value.span));
                    }
                }
            }
        }
        let is_outermost = std::ptr::eq(options, self.options);
        let missing = options.all.iter().filter(|option| option.required && map.get(&option.name).is_none());
        for option in missing.filter(|_| !(is_outermost && self.is_partial)) {
            found.push(
                Diagnostic::error("E0303", format!("`{called}` needs the option `{}` here", option.name))
                    .at(node.span)
                    .help(format!("{}: {}", option.name, option.doc)),
            );
        }
    }
}

impl Inside {
    /// Returns why an option that the collection's module has is not there.
    fn refused(&self, path: &str) -> Option<&'static str> {
        let is_in = |refused: &&Refused| {
            path.strip_prefix(refused.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.refused.iter().find(is_in).map(|refused| refused.why)
    }
}

/// Returns the path of an option inside of another.
fn inside(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

/// Writes what the options mean, as `netplay doc` shows it.
fn describe(options: &Options, depth: usize, out: &mut String) {
    for option in &options.all {
        let mut facts = vec![kind(&option.kind).to_owned()];
        if option.required {
            facts.push("required".into());
        }
        facts.extend(option.default.as_ref().map(|default| format!("default {default}")));
        if !option.choices.is_empty() {
            facts.push(format!("one of {}", option.choices.join(", ")));
        }
        let indent = "  ".repeat(depth);
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "{indent}{} ({})\n{indent}    {}", option.name, facts.join("; "), option.doc);
        if let Kind::Dict(inside) | Kind::List(inside) = &option.kind {
            describe(inside, depth + 2, out);
        }
    }
}

fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Block => "text of several lines",
        Kind::Secret => "secret",
        Kind::Int => "whole number",
        Kind::Bool => "boolean",
        Kind::Interface => "interface",
        Kind::Port => "port",
        Kind::Ranges => "numbers and ranges",
        Kind::Texts => "list of text",
        Kind::Ints => "list of whole numbers",
        Kind::Interfaces => "list of interfaces",
        Kind::Dict(_) => "dictionary",
        Kind::List(_) => "list",
    }
}

/// Returns the argument with what is inside of it.
pub(super) fn with_inside(arg: Arg, inside: Inside) -> Arg {
    Arg { shape: Some(Box::leak(Box::new(inside))), ..arg }
}
