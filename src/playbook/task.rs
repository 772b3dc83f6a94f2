//! Tasks and blocks: from mappings to [`Item`]s, everything inherited filled in.

use super::keyword::{self, Level, Support};
use super::load::Loader;
use super::{Action, Block, Inherited, Item, Loop, Meta, Settings, Task, Until};
use crate::module::{self, check_args, split_key_value};
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::template;
use crate::value::Key;
use crate::vars::{Layer, Origin, Var};
use crate::yaml::{Kind, Mapping, Node, has_template};
use std::collections::BTreeSet;
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

    fn item(&self, node: &Node, at: Place<'_>, found: &mut Diagnostics) -> Vec<Item> {
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
        let Some((called, args_node, key_node)) = self.action_of(node, map, at.level, found) else {
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
        level: Level,
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
                refuse(keyword, key_node, found);
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
            found.push(unknown_key(&name, key_node, level));
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
            retries: map.get("retries").cloned(),
            delay: map.get("delay").cloned(),
        });
        let task = Task {
            name: map.get("name").cloned().filter(|name| !name.is_null()),
            span,
            action,
            called: Arc::clone(called),
            args: Arc::new(args),
            args_template,
            when: inherited.when.clone(),
            repeat: self.repeat(map, found),
            register: self.register(map, found),
            until,
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
            around: Arc::clone(at.inherited),
        };
        self.check_templates(&task, found);
        Some(task)
    }

    fn block(&self, node: &Node, map: &Mapping, at: Place<'_>, found: &mut Diagnostics) -> Option<Item> {
        for (key, key_node, _) in map.iter() {
            let name = key.to_string();
            match keyword::find(&name, Level::BLOCK) {
                Some(keyword) => refuse(keyword, key_node, found),
                None => {
                    let help =
                        if keyword::find(&name, Level::TASK).is_some() || is_action(&name) || name.starts_with("with_")
                        {
                            Some("a block only groups tasks: put it on the tasks inside".to_owned())
                        } else {
                            did_you_mean(&name, keyword::names(Level::BLOCK))
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
            Some(Kind::Seq(names)) => inherited.notify.extend(names.iter().cloned()),
            Some(_) => inherited.notify.extend(map.get("notify").cloned()),
        }
        inherit_settings(map, &mut inherited.settings);
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

    fn repeat(&self, map: &Mapping, found: &mut Diagnostics) -> Option<Loop> {
        let mut over: Option<(Option<Arc<str>>, &Node, &Node)> = None;
        for (key, key_node, value) in map.iter() {
            let name = key.to_string();
            let lookup = match name.strip_prefix("with_") {
                Some(lookup) => Some(Arc::<str>::from(lookup)),
                None if name == "loop" => None,
                None => continue,
            };
            if let Some((_, _, first)) = &over {
                found.push(
                    Diagnostic::error("E0609", "a task has one loop")
                        .at(key_node.span)
                        .also(first.span, "the first loop"),
                );
            } else {
                if let Some(lookup) = &lookup {
                    self.check_lookup(lookup, key_node.span, found);
                }
                over = Some((lookup, value, key_node));
            }
        }
        let control = map.get("loop_control").filter(|node| !node.is_null());
        let Some((lookup, over, _)) = over else {
            if let Some(control) = control {
                found.push(
                    Diagnostic::error("E0609", "`loop_control` without a loop").at(control.span).help("add `loop:`"),
                );
            }
            return None;
        };
        let empty = Mapping::default();
        let fields = match control.map(|node| (node, node.as_map())) {
            None => &empty,
            Some((_, Some(fields))) => fields,
            Some((node, None)) => {
                found.push(Diagnostic::error("E0606", "`loop_control` must be a dictionary").at(node.span));
                &empty
            }
        };
        const KNOWN: [&str; 7] =
            ["break_when", "extended", "extended_allitems", "index_var", "label", "loop_var", "pause"];
        for (key, key_node, _) in fields.iter() {
            let name = key.to_string();
            if !KNOWN.contains(&&*name) {
                found.push(
                    Diagnostic::error("E0602", format!("`loop_control` has no `{name}`"))
                        .at(key_node.span)
                        .maybe_help(did_you_mean(&name, KNOWN)),
                );
            }
        }
        let text = |key: &str| fields.get(key).and_then(Node::as_str).map(Arc::from);
        Some(Loop {
            lookup,
            over: over.clone(),
            var: text("loop_var").unwrap_or_else(|| "item".into()),
            index_var: text("index_var"),
            label: fields.get("label").cloned(),
            pause: fields.get("pause").cloned(),
            extended: fields.get("extended").cloned(),
            extended_allitems: fields.get("extended_allitems").cloned(),
            break_when: fields.get("break_when").map(conditions).unwrap_or_default(),
        })
    }

    /// Returns the arguments as a mapping: free-form text split, `args:` merged under it.
    fn arguments(&self, called: &str, node: &Node, map: &Mapping, found: &mut Diagnostics) -> (Mapping, Option<Node>) {
        let mut args = Mapping::default();
        let mut whole = None;
        let known = module::find(called).map(|(module, _)| module);
        let free_form = known.and_then(|module| module.free_form).or(match action_word(called) {
            Some("include_tasks") => Some("file"),
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
            Action::Module { module, .. } => {
                found.extend(check_args(module, called, args, span));
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

const META: [(&str, Meta); 9] = [
    ("clear_facts", Meta::ClearFacts),
    ("clear_host_errors", Meta::ClearHostErrors),
    ("end_batch", Meta::EndBatch),
    ("end_host", Meta::EndHost),
    ("end_play", Meta::EndPlay),
    ("end_role", Meta::EndRole),
    ("flush_handlers", Meta::FlushHandlers),
    ("noop", Meta::Noop),
    ("reset_connection", Meta::ResetConnection),
];

fn meta(word: &str) -> Option<Meta> {
    META.iter().find(|(name, _)| *name == word).map(|(_, meta)| *meta)
}

/// The actions that are no modules: they change the graph itself.
const GRAPH_ACTIONS: [&str; 5] = ["import_role", "import_tasks", "include_role", "include_tasks", "meta"];

/// Returns the short name of a graph action, however it is qualified.
fn action_word(called: &str) -> Option<&'static str> {
    let short =
        called.strip_prefix("ansible.builtin.").or_else(|| called.strip_prefix("ansible.legacy.")).unwrap_or(called);
    GRAPH_ACTIONS.iter().copied().find(|name| *name == short)
}

fn is_action(name: &str) -> bool {
    action_word(name).is_some() || module::find(name).is_some()
}

fn unknown_key(name: &str, key: &Node, level: Level) -> Diagnostic {
    let word = level.word();
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

/// Returns the arguments as they are with those of `module_defaults` that are known before the run.
fn with_defaults(action: &Action, args: &Mapping, settings: &Settings) -> Mapping {
    let mut all = args.clone();
    let Action::Module { module, .. } = action else { return all };
    for defaults in settings.module_defaults.iter().rev().filter_map(Node::as_map) {
        for (name, _, node) in defaults.iter() {
            let meant = module::find(&name.to_string()).is_some_and(|(found, _)| found.name == module.name);
            for (key, key_node, value) in node.as_map().filter(|_| meant).into_iter().flat_map(Mapping::iter) {
                if all.get(&key.to_string()).is_none() {
                    all.insert(key.clone(), key_node.clone(), value.clone());
                }
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

fn check_include_keywords(called: &str, map: &Mapping, found: &mut Diagnostics) {
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

/// Says that a keyword is not supported, if so.
pub(super) fn refuse(keyword: &keyword::Keyword, key: &Node, found: &mut Diagnostics) {
    if let Support::Refused(why) = keyword.support {
        found.push(Diagnostic::error("E0611", format!("`{}` is not supported: {why}", keyword.name)).at(key.span));
    }
}

/// Returns module and arguments of `action:` and `local_action:`.
fn action_words(value: &Node, key: &Node, found: &mut Diagnostics) -> Option<(Arc<str>, Node, Node)> {
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

fn free_form_arguments(
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
        }) || (action_word(called).is_some() && name == "file")
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

/// Returns the conditions of a `when`-like keyword: one, or a list of which all must hold.
pub(super) fn conditions(node: &Node) -> Vec<Node> {
    match &node.kind {
        Kind::Seq(items) => items.to_vec(),
        Kind::Null => Vec::new(),
        _ => vec![node.clone()],
    }
}

/// Returns the texts of a node that is one text or a list of them.
pub(super) fn texts(node: Option<&Node>, what: &str, found: &mut Diagnostics) -> Vec<Arc<str>> {
    let Some(node) = node else { return Vec::new() };
    let nodes = match &node.kind {
        Kind::Null => return Vec::new(),
        Kind::Seq(items) => items.to_vec(),
        _ => vec![node.clone()],
    };
    let mut texts = Vec::new();
    for node in nodes {
        match &node.kind {
            Kind::Str(text) | Kind::Unsafe(text) => texts.push(Arc::clone(text)),
            Kind::Int(_) | Kind::Bool(_) | Kind::Float(_) => texts.push(node.to_value().to_text().into()),
            _ => found.push(
                Diagnostic::error("E0606", format!("`{what}` takes names, not a {}", node.kind_name())).at(node.span),
            ),
        }
    }
    texts
}

fn split_tags(text: &str) -> BTreeSet<Arc<str>> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(Arc::from).collect()
}

/// Returns the names of `needs` with their places.
pub(super) fn needs(node: Option<&Node>, found: &mut Diagnostics) -> Option<Vec<(Arc<str>, Span)>> {
    let node = node?;
    let nodes = match &node.kind {
        Kind::Seq(items) => items.to_vec(),
        Kind::Null => Vec::new(),
        _ => vec![node.clone()],
    };
    let mut names = Vec::new();
    for node in nodes {
        match node.as_str() {
            Some(name) => names.push((Arc::from(name), node.span)),
            None => found.push(
                Diagnostic::error("E0606", format!("`needs` takes names of tasks, not a {}", node.kind_name()))
                    .at(node.span),
            ),
        }
    }
    Some(names)
}

/// Returns a boolean that must be known before the run.
pub(super) fn boolean(node: &Node, what: &str, found: &mut Diagnostics) -> Option<bool> {
    match &node.kind {
        Kind::Bool(b) => Some(*b),
        Kind::Str(text) if matches!(&**text, "true" | "True" | "yes" | "on") => Some(true),
        Kind::Str(text) if matches!(&**text, "false" | "False" | "no" | "off") => Some(false),
        _ => {
            found.push(Diagnostic::error("E0606", format!("`{what}` must be true or false")).at(node.span));
            None
        }
    }
}

/// Overrides settings by those written here.
pub(super) fn inherit_settings(map: &Mapping, settings: &mut Settings) {
    let set = |name: &str, field: &mut Option<Node>| {
        if let Some(node) = map.get(name) {
            *field = Some(node.clone());
        }
    };
    set("any_errors_fatal", &mut settings.any_errors_fatal);
    set("become", &mut settings.elevate);
    set("become_method", &mut settings.become_method);
    set("become_user", &mut settings.become_user);
    set("check_mode", &mut settings.check_mode);
    set("connection", &mut settings.connection);
    set("delegate_facts", &mut settings.delegate_facts);
    set("delegate_to", &mut settings.delegate_to);
    set("diff", &mut settings.diff);
    set("ignore_errors", &mut settings.ignore_errors);
    set("ignore_unreachable", &mut settings.ignore_unreachable);
    set("no_log", &mut settings.no_log);
    set("port", &mut settings.port);
    set("remote_user", &mut settings.remote_user);
    set("run_once", &mut settings.run_once);
    set("throttle", &mut settings.throttle);
    set("timeout", &mut settings.timeout);
    let lists = [("environment", &mut settings.environment), ("module_defaults", &mut settings.module_defaults)];
    for (name, list) in lists {
        match map.get(name).map(|node| (&node.kind, node)) {
            None | Some((Kind::Null, _)) => {}
            Some((Kind::Seq(nodes), _)) => list.extend(nodes.iter().cloned()),
            Some((_, node)) => list.push(node.clone()),
        }
    }
}
