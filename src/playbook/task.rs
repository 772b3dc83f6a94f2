//! Tasks and blocks: from mappings to [`Item`]s, everything inherited filled in.

use super::action::{check_include_keywords, with_defaults};
use super::keyword::Level;
use super::load::Loader;
use super::verify;
use super::words::{boolean, conditions, needs, texts};
use super::{Action, Background, Inherited, Item, Meta, Task, Until};
use crate::source::{Diagnostic, Diagnostics};
use crate::vars::Origin;
use crate::yaml::{Kind, Mapping, Node};
use std::sync::Arc;

/// How deep blocks and imports may nest: far above what anybody writes, far below what the stack holds.
pub(super) const MAX_DEPTH: usize = 60;

/// What the loader knows where it reads tasks.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) inherited: &'a Arc<Inherited>,
    pub(super) level: Level,
    pub(super) depth: usize,
}

impl Loader {
    /// Reads a list of tasks.
    pub(super) fn items(&self, node: &Node, at: Place<'_>, found: &mut Diagnostics) -> Vec<Item> {
        if node.is_null() {
            return Vec::new();
        }
        let Some(nodes) = node.as_seq() else {
            found.push(
                Diagnostic::error("E0601", format!("a list of tasks is expected here, not a {}", node.kind_name()))
                    .at(node.span)
                    .help("begin every task with `- `"),
            );
            return Vec::new();
        };
        if at.depth > MAX_DEPTH {
            found.push(
                Diagnostic::error("E0610", format!("blocks and imports nest more than {MAX_DEPTH} deep"))
                    .at(node.span)
                    .help("look for a file that imports itself"),
            );
            return Vec::new();
        }
        nodes.iter().flat_map(|item| self.item(item, at, found)).collect()
    }

    pub(super) fn item(&self, node: &Node, at: Place<'_>, found: &mut Diagnostics) -> Vec<Item> {
        let Some(map) = node.as_map() else {
            found.push(
                Diagnostic::error("E0601", format!("a task must be a dictionary, not a {}", node.kind_name()))
                    .at(node.span)
                    .help("write `- name: …` with the module below it"),
            );
            return Vec::new();
        };
        if ["block", "parallel", "rescue", "always"].iter().any(|key| map.get(key).is_some()) {
            return self.block(node, map, at, found).into_iter().collect();
        }
        if map.get("verify").is_some() && at.level == Level::TASK {
            let block = verify::block_of(node, map, found);
            return block.iter().flat_map(|block| self.item(block, at, found)).collect();
        }
        let Some((called, args_node, key_node)) = self.action_of(node, map, at, found) else {
            return Vec::new();
        };
        let short = called.rsplit_once('.').map_or(&*called, |(_, short)| short);
        let builtin =
            called.as_ref() == short || called.starts_with("ansible.builtin.") || called.starts_with("ansible.legacy.");
        if builtin && matches!(short, "import_tasks" | "import_role") {
            return self.static_import(short, node, map, &args_node, at, found);
        }
        self.task(node, map, &called, &args_node, &key_node, at, found)
            .map(|task| Item::Task(Arc::new(task)))
            .into_iter()
            .collect()
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one task, taken apart by the only caller")]
    fn task(
        &self,
        node: &Node,
        map: &Mapping,
        called: &Arc<str>,
        args_node: &Node,
        key_node: &Node,
        at: Place<'_>,
        found: &mut Diagnostics,
    ) -> Option<Task> {
        let inherited = Arc::new(self.inherit(map, at.inherited, Origin::TaskVars, found));
        let span = map.iter().next().map_or(node.span, |(_, first, _)| first.span);
        let (args, args_template) = self.arguments(called, args_node, map, found);
        let action = self.resolve_action(called, &args, key_node, found)?;
        if matches!(action, Action::Meta(Meta::EndRole)) && inherited.role.is_none() {
            let error = Diagnostic::error("E0611", "`meta: end_role` stands outside of a role");
            found.push(error.at(key_node.span).help("`end_host` and `end_play` end more"));
        }
        let mut settings = inherited.settings.clone();
        if map.get("local_action").is_some() {
            let here = Node { kind: Kind::Str("localhost".into()), ..key_node.clone() };
            settings.delegate_to = Some(here.clone());
            settings.connection = Some(Node { kind: Kind::Str("local".into()), ..here });
        }
        if matches!(action, Action::IncludeTasks | Action::IncludeRole) {
            check_include_keywords(called, map, found);
        }
        if args_template.is_none() {
            let args = with_defaults(&action, &args, &settings);
            self.check_arguments(&action, called, &args, key_node.span, found);
        }
        let until = ["until", "retries"].iter().any(|key| map.get(key).is_some()).then(|| Until {
            conditions: map.get("until").map(conditions).unwrap_or_default(),
            retries: map.get("retries").filter(|node| !node.is_null()).cloned(),
            delay: map.get("delay").cloned(),
        });
        let task = Task {
            name: map.get("name").cloned().filter(|name| !name.is_null() && name.as_str() != Some("")),
            span,
            action,
            called: Arc::clone(called),
            args: Arc::new(args),
            args_template,
            when: inherited.when.clone(),
            repeat: self.repeat(map, found),
            register: self.register(map, found),
            until,
            background: self.background(map, &action, called, found),
            changed_when: map.get("changed_when").map(conditions),
            failed_when: map.get("failed_when").map(conditions),
            notify: inherited.notify.clone(),
            listen: texts(map.get("listen"), "listen", found),
            tags: inherited.tags.clone(),
            vars: inherited.vars.clone(),
            settings,
            needs: needs(map.get("needs"), found),
            read_only: map.get("read_only").and_then(|node| boolean(node, "read_only", found)),
            role: inherited.role.clone(),
            files: inherited.files.clone(),
            collections: inherited.collections.clone(),
            around: Arc::clone(at.inherited),
        };
        self.check_templates(&task, found);
        self.check_connection(&task, found);
        Some(task)
    }

    fn register(&self, map: &Mapping, found: &mut Diagnostics) -> Option<Arc<str>> {
        let node = map.get("register")?;
        match node.as_str() {
            Some(name) => {
                self.check_variable_name(name, node.span, found);
                Some(name.into())
            }
            None => {
                found.push(
                    Diagnostic::error("E0606", format!("`register` takes a name, not a {}", node.kind_name()))
                        .at(node.span),
                );
                None
            }
        }
    }

    /// Reads `async` and `poll`; says so where the module's work cannot go on alone.
    fn background(&self, map: &Mapping, action: &Action, called: &str, found: &mut Diagnostics) -> Option<Background> {
        use crate::module::background::{DETACHED, NEVER};
        let poll = map.get("poll").filter(|node| !node.is_null()).cloned();
        let Some((key, limit)) = map.entry("async").filter(|(_, node)| !node.is_null()) else {
            // It has no meaning alone; what a template yields for it is looked at all the same.
            return poll.map(|poll| Background { limit: None, poll: Some(poll) });
        };
        let is = |node: &Node, text: &str| node.is_static() && node.to_value().to_text() == text;
        if is(limit, "0") {
            return None;
        }
        let Action::Module { module, platform } = action else { return None };
        let never = NEVER.contains(&module.name) || platform.is_some();
        if never || (poll.as_ref().is_some_and(|poll| is(poll, "0")) && !DETACHED.contains(&module.name)) {
            let error = Diagnostic::error("E0611", format!("`{called}` cannot run in the background (`async`)"));
            found.push(error.at(key.span).help(match never {
                true => "leave `async` away, or run a program by `command` or `shell`",
                false => {
                    "with `poll` above 0 it is waited for; with 0 only programs of `command` and `shell` go on alone"
                }
            }));
        }
        Some(Background { limit: Some(limit.clone()), poll })
    }
}
