//! Tasks and blocks: from mappings to [`Item`]s, everything inherited filled in.

use super::action::{
    META, action_word, action_words, check_defaults, check_include_keywords, free_form_arguments, is_action, meta,
    python_module_refused, refuse, unknown_key, with_defaults,
};
use super::former;
use super::keyword::{self, Level};
use super::load::Loader;
use super::verify;
use super::words::{boolean, conditions, inherit_settings, needs, split_tags, texts};
use super::{Action, Background, Block, Inherited, Item, Task, Until};
use crate::module::{self, check_args};
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::template;
use crate::value::Key;
use crate::vars::{Layer, Origin, Var};
use crate::yaml::{Kind, Mapping, Node, has_template};
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

    /// Finds the one key that is no keyword: the module, with its arguments and the key's node.
    fn action_of(
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
        Some(task)
    }

    fn block(&self, node: &Node, map: &Mapping, at: Place<'_>, found: &mut Diagnostics) -> Option<Item> {
        for (key, key_node, value) in map.iter() {
            let name = key.to_string();
            match keyword::find(&name, Level::BLOCK) {
                Some(keyword) => refuse(keyword, key_node, value, found),
                None => {
                    let help =
                        if keyword::find(&name, Level::TASK).is_some() || is_action(&name) || name.starts_with("with_")
                        {
                            Some("a block only groups tasks: put it on the tasks inside".to_owned())
                        } else {
                            former::instead(&name).or_else(|| did_you_mean(&name, keyword::names(Level::BLOCK)))
                        };
                    found.push(
                        Diagnostic::error("E0602", format!("`{name}` is no keyword of a block"))
                            .at(key_node.span)
                            .maybe_help(help),
                    );
                }
            }
        }
        let inherited = Arc::new(self.inherit(map, at.inherited, Origin::BlockVars, found));
        if let Some((key, _)) = map.entry("needs") {
            found.push(
                Diagnostic::error("E0612", "`needs` stands on tasks and plays, not on blocks")
                    .at(key.span)
                    .help("put it on the tasks inside"),
            );
        }
        let body = match (map.entry("block"), map.entry("parallel")) {
            (Some(_), Some((key, _))) => {
                found.push(Diagnostic::error("E0604", "a block is either `block` or `parallel`").at(key.span));
                return None;
            }
            (Some((_, body)), None) | (None, Some((_, body))) => body,
            (None, None) => {
                found.push(
                    Diagnostic::error("E0605", "`rescue` and `always` belong to a block")
                        .at(node.span)
                        .help("add `block:` with the tasks that they guard"),
                );
                return None;
            }
        };
        let inside = Place { inherited: &inherited, level: at.level, depth: at.depth + 1 };
        let part = |this: &Self, key: &str, found: &mut Diagnostics| {
            map.get(key).map(|node| this.items(node, inside, found)).unwrap_or_default()
        };
        Some(Item::Block(Arc::new(Block {
            name: map.get("name").cloned(),
            span: map.iter().next().map_or(node.span, |(_, first, _)| first.span),
            body: self.items(body, inside, found),
            rescue: part(self, "rescue", found),
            always: part(self, "always", found),
            parallel: map.get("parallel").is_some(),
        })))
    }

    /// Returns what stands inside a play, block, role entry or task inherits: its parent's, with its own added.
    pub(super) fn inherit(
        &self,
        map: &Mapping,
        parent: &Inherited,
        vars_origin: Origin,
        found: &mut Diagnostics,
    ) -> Inherited {
        let mut inherited = parent.clone();
        if let Some(when) = map.get("when") {
            inherited.when.extend(conditions(when));
        }
        inherited.tags.extend(texts(map.get("tags"), "tags", found).iter().flat_map(|tag| split_tags(tag)));
        if let Some(vars) = map.get("vars") {
            inherited.vars.extend(self.layer(vars, vars_origin, found));
        }
        match map.get("notify").map(|node| &node.kind) {
            None | Some(Kind::Null) => {}
            // The innermost one counts.
            Some(Kind::Seq(names)) => inherited.notify = names.to_vec(),
            Some(_) => inherited.notify = map.get("notify").cloned().into_iter().collect(),
        }
        check_defaults(map.get("module_defaults"), found);
        inherit_settings(map, &mut inherited.settings);
        if map.get("collections").is_some() {
            inherited.collections = texts(map.get("collections"), "collections", found);
        }
        inherited
    }

    /// Reads `vars:` into a layer.
    pub(super) fn layer(&self, vars: &Node, origin: Origin, found: &mut Diagnostics) -> Option<Arc<Layer>> {
        if vars.is_null() {
            return None;
        }
        let Some(map) = vars.as_map() else {
            found.push(
                Diagnostic::error("E0607", format!("variables must be a dictionary, not a {}", vars.kind_name()))
                    .at(vars.span),
            );
            return None;
        };
        let mut layer = Layer::new(origin);
        for (key, key_node, value) in map.iter() {
            let Key::Str(name) = key else {
                found.push(Diagnostic::error("E0607", format!("`{key}` is no variable name")).at(key_node.span));
                continue;
            };
            self.check_variable_name(name, key_node.span, found);
            template::check(value, &self.sources, found);
            layer.vars.insert(Arc::clone(name), Var::Author(value.clone()));
        }
        (!layer.vars.is_empty()).then(|| Arc::new(layer))
    }

    /// Claims nothing about reserved names: Ansible warns of them as well, and playbooks use them.
    pub(super) fn check_variable_name(&self, name: &str, span: Span, found: &mut Diagnostics) {
        let mut letters = name.chars();
        let good = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && letters.all(|c| c.is_alphanumeric() || c == '_');
        if !good {
            found.push(
                Diagnostic::error("E0608", format!("`{name}` is no variable name"))
                    .at(span)
                    .help("names have letters, digits and `_`, and begin with a letter or `_`"),
            );
        }
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
        let (key, limit) = map.entry("async").filter(|(_, node)| !node.is_null())?;
        let poll = map.get("poll").filter(|node| !node.is_null()).cloned();
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
        Some(Background { limit: limit.clone(), poll })
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

    fn resolve_action(&self, called: &str, args: &Mapping, key: &Node, found: &mut Diagnostics) -> Option<Action> {
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

    fn check_arguments(&self, action: &Action, called: &str, args: &Mapping, span: Span, found: &mut Diagnostics) {
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
