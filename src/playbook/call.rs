//! What a task does: which action it has, and the arguments of it.

use super::Action;
use super::action::{
    META, action_word, action_words, free_form_arguments, is_action, meta, python_module_refused, refuse, unknown_key,
};
use super::keyword;
use super::load::Loader;
use super::task::Place;
use crate::module::{self, check_args};
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::yaml::{Kind, Mapping, Node, has_template};
use std::sync::Arc;

impl Loader {
    /// Finds the one key that is no keyword: the module, with its arguments and the key's node.
    pub(super) fn action_of(
        &self,
        node: &Node,
        map: &Mapping,
        Place { inherited, level, .. }: Place<'_>,
        found: &mut Diagnostics,
    ) -> Option<(Arc<str>, Node, Node)> {
        let mut actions: Vec<(Arc<str>, Node, Node)> = Vec::new();
        let mut complained = false;
        for (key, key_node, value) in map.iter() {
            let name = key.to_string();
            if name == "action" || name == "local_action" {
                if let Some(action) = action_words(value, key_node, found) {
                    actions.push(action);
                } else {
                    complained = true;
                }
                continue;
            }
            if let Some(keyword) = keyword::find(&name, level) {
                refuse(keyword, key_node, value, found);
                continue;
            }
            if name.starts_with("with_") {
                continue;
            }
            if is_action(&name) {
                actions.push((name.into(), value.clone(), key_node.clone()));
                continue;
            }
            complained = true;
            found.push(match self.python_module(&name, inherited) {
                Some(file) => python_module_refused(&name, &file, key_node.span),
                None => unknown_key(&name, key_node, level),
            });
        }
        match actions.len() {
            1 => actions.pop(),
            0 => {
                if !complained {
                    found.push(
                        Diagnostic::error("E0603", "a task without a module")
                            .at(node.span)
                            .help("add what it does, for example `ansible.builtin.debug:`"),
                    );
                }
                None
            }
            _ => {
                let mut wrong = Diagnostic::error(
                    "E0604",
                    format!("a task has one module, this one has `{}` and `{}`", actions[0].0, actions[1].0),
                )
                .at(actions[1].2.span)
                .help("begin a new task with `- `");
                wrong = wrong.also(actions[0].2.span, "the first module");
                found.push(wrong);
                None
            }
        }
    }

    /// Returns the arguments as a mapping: free-form text split, `args:` merged under it.
    pub(super) fn arguments(
        &self,
        called: &str,
        node: &Node,
        map: &Mapping,
        found: &mut Diagnostics,
    ) -> (Mapping, Option<Node>) {
        let mut args = Mapping::default();
        let mut whole = None;
        let known = module::find(called).map(|(module, _)| module);
        let free_form = known.and_then(|module| module.free_form).or(match action_word(called) {
            Some("include_tasks" | "import_tasks") => Some("file"),
            Some("meta") => Some("free_form"),
            _ => None,
        });
        match &node.kind {
            Kind::Null => {}
            Kind::Map(written) => args = (**written).clone(),
            Kind::Str(text) => free_form_arguments(text, node, free_form, called, &mut args, found),
            _ => match free_form {
                Some(name) => {
                    let key = Node { kind: Kind::Str(name.into()), ..node.clone() };
                    args.insert(name.into(), key, node.clone());
                }
                None => found.push(
                    Diagnostic::error(
                        "E0301",
                        format!("`{called}` takes a dictionary of arguments, not a {}", node.kind_name()),
                    )
                    .at(node.span),
                ),
            },
        }
        match map.get("args") {
            None => {}
            Some(more) => match &more.kind {
                Kind::Null => {}
                Kind::Map(more) => {
                    for (key, key_node, value) in more.iter() {
                        if args.get(&key.to_string()).is_none() {
                            args.insert(key.clone(), key_node.clone(), value.clone());
                        }
                    }
                }
                Kind::Str(text) if has_template(text) => whole = Some(more.clone()),
                _ => found.push(Diagnostic::error("E0301", "`args` must be a dictionary").at(more.span)),
            },
        }
        (args, whole)
    }

    pub(super) fn resolve_action(
        &self,
        called: &str,
        args: &Mapping,
        key: &Node,
        found: &mut Diagnostics,
    ) -> Option<Action> {
        match action_word(called) {
            Some("include_tasks") => Some(Action::IncludeTasks),
            Some("include_role") => Some(Action::IncludeRole),
            Some("meta") => {
                let word = args.get("free_form").and_then(Node::as_str).unwrap_or("");
                let meta = meta(word);
                if meta.is_none() {
                    found.push(
                        Diagnostic::error("E0306", format!("`meta` knows no `{word}`"))
                            .at(args.get("free_form").unwrap_or(key).span)
                            .help(did_you_mean(word, META.iter().map(|(name, _)| *name)).unwrap_or_else(|| {
                                format!("it knows {}", META.map(|(name, _)| format!("`{name}`")).join(", "))
                            })),
                    );
                }
                meta.map(Action::Meta)
            }
            _ => module::find(called).map(|(module, platform)| Action::Module { module, platform }),
        }
    }

    pub(super) fn check_arguments(
        &self,
        action: &Action,
        called: &str,
        args: &Mapping,
        span: Span,
        found: &mut Diagnostics,
    ) {
        let known: &[&str] = match action {
            Action::Module { module, platform } => {
                found.extend(check_args(module, called, args, span));
                if let Some(platform) = platform {
                    found.extend(module::check_on_platform(module, platform, args));
                }
                return;
            }
            Action::Meta(_) => return,
            Action::IncludeTasks => &["file", "apply"],
            Action::IncludeRole => &super::role::INCLUDE_ARGS,
        };
        for (key, key_node, _) in args.iter() {
            let name = key.to_string();
            if !known.contains(&&*name) {
                found.push(
                    Diagnostic::error("E0302", format!("`{called}` has no argument `{name}`"))
                        .at(key_node.span)
                        .maybe_help(did_you_mean(&name, known.iter().copied())),
                );
            }
        }
        if args.get(known[0]).is_none() {
            found.push(Diagnostic::error("E0303", format!("`{called}` needs the argument `{}`", known[0])).at(span));
        }
    }
}
