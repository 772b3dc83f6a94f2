//! `import_tasks` and `import_role`: their tasks stand in for them.

use super::load::Loader;
use super::play::shown;
use super::role::{INCLUDE_ARGS, RoleUse, RolesUsed, UseOfRole, enter_role, role_use};
use super::task::Place;
use super::{Inherited, Item};
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::vars::Origin;
use crate::yaml::{Mapping, Node};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Loader {
    /// Handles `import_tasks` and `import_role`: their tasks stand in for them.
    pub(super) fn static_import(
        &self,
        short: &str,
        node: &Node,
        map: &Mapping,
        args: &Node,
        at: Place<'_>,
        found: &mut Diagnostics,
    ) -> Vec<Item> {
        for (key, key_node, _) in map.iter() {
            let key = key.to_string();
            if key == "loop" || key.starts_with("with_") {
                found.push(
                    Diagnostic::error("E0618", format!("`{short}` cannot loop: it is read before the run"))
                        .at(key_node.span)
                        .help(format!("use `include_{}`", &short["import_".len()..])),
                );
                return Vec::new();
            }
        }
        let mut inherited = self.inherit(map, at.inherited, Origin::TaskVars, found);
        let files = inherited.files.clone();
        let vars: Vec<_> = inherited.play_vars.iter().chain(&inherited.vars).cloned().collect();
        let place = |inherited: Inherited| Arc::new(inherited);
        let args_at = args.span;
        let (args, whole) = self.arguments(short, args, map, found);
        if let Some(whole) = whole {
            let message = format!("the arguments of `{short}` must be written out: it is read before the run");
            found.push(Diagnostic::error("E0613", message).at(whole.span));
            return Vec::new();
        }
        if short == "import_tasks" {
            self.check_import_args(&args, found);
            let Some(name) = args.get("file") else {
                found.push(Diagnostic::error("E0303", "`import_tasks` needs the argument `file`").at(node.span));
                return Vec::new();
            };
            let Some(text) = self.early_text(name, &files, &vars, "the file of `import_tasks`", found) else {
                return Vec::new();
            };
            let Some(path) = files.find("tasks", &text) else {
                found.push(missing_tasks(&text, name.span, &files.candidates("tasks", &text)));
                return Vec::new();
            };
            inherited.files.task_dir = path.parent().map(Path::to_owned).unwrap_or_default();
            let Some(tasks) = self.read(&path, Some(name.span), found) else { return Vec::new() };
            let inside = Place { inherited: &place(inherited), level: at.level, depth: at.depth + 1 };
            return self.items(&tasks, inside, found);
        }
        let map = &args;
        self.check_role_args(map, short, node.span, found);
        let Some(name) =
            map.get("name").and_then(|name| self.early_text(name, &files, &vars, "the name of the role", found))
        else {
            return Vec::new();
        };
        let given = UseOfRole::of_layers(&inherited.vars[at.inherited.vars.len()..]);
        let how = RoleUse { given, ..role_use(map, |node| Some(node.to_value().to_text())) };
        let Some((role, meta)) = self.role(&name, &how, None, args_at, &inherited, at.depth, found) else {
            return Vec::new();
        };
        let (mut items, mut used) = (Vec::new(), RolesUsed::default());
        self.dependencies(&role, meta.as_ref(), &inherited, &mut used, &mut items, at.depth, found);
        enter_role(&mut inherited, &role);
        let inherited = place(inherited);
        items.extend(self.role_tasks(&role, &how, meta.as_ref(), &inherited, args_at, at.depth, found));
        inherited.exports.note(&used, &role);
        inherited.exports.note_read(&used, &role);
        inherited.exports.note_named(&used, &role);
        items
    }

    fn check_import_args(&self, args: &Mapping, found: &mut Diagnostics) {
        for (key, key_node, _) in args.iter().filter(|(key, _, _)| key.as_str() != Some("file")) {
            found.push(
                Diagnostic::error("E0302", format!("`import_tasks` has no argument `{key}`"))
                    .at(key_node.span)
                    .help("variables go under `vars:`"),
            );
        }
    }

    fn check_role_args(&self, map: &Mapping, called: &str, span: Span, found: &mut Diagnostics) {
        for (key, key_node, _) in map.iter() {
            let key = key.to_string();
            if !INCLUDE_ARGS.contains(&&*key) {
                found.push(
                    Diagnostic::error("E0302", format!("`{called}` has no argument `{key}`"))
                        .at(key_node.span)
                        .maybe_help(did_you_mean(&key, INCLUDE_ARGS)),
                );
            }
        }
        if map.get("name").is_none() {
            found.push(Diagnostic::error("E0303", format!("`{called}` needs the argument `name`")).at(span));
        }
    }
}

pub(super) fn missing_tasks(name: &str, at: Span, places: &[PathBuf]) -> Diagnostic {
    Diagnostic::error("E0001", format!("cannot read `{name}`: no such file or directory"))
        .at(at)
        .help(format!("looked in {}", shown(places)))
}
