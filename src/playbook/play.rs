//! Plays: the header, the sections, and `import_playbook`.

use super::action::refuse;
use super::former;
use super::keyword::{self, Level};
use super::load::Loader;
use super::takes::{Takes, percent};
use super::task::Place;
use super::words::{boolean, check_dictionaries, inherit_settings, needs, texts};
use super::{Inherited, Item, Play, Role, Settings, Strategy};
use crate::source::{Diagnostic, Diagnostics, SearchPath, Span, did_you_mean};
use crate::template;
use crate::vars::{Layer, Origin};
use crate::yaml::{Kind, Mapping, Node};
use std::path::Path;
use std::sync::Arc;

impl Loader {
    pub(super) fn play_or_import(
        &self,
        node: &Node,
        dir: &Path,
        import: Option<(&Mapping, Span)>,
        depth: usize,
        found: &mut Diagnostics,
    ) -> Vec<Arc<Play>> {
        let Some(map) = node.as_map() else {
            found.push(
                Diagnostic::error("E0600", format!("a play must be a dictionary, not a {}", node.kind_name()))
                    .at(node.span)
                    .help("begin it with `- hosts: …`"),
            );
            return Vec::new();
        };
        let imported = ["import_playbook", "ansible.builtin.import_playbook"].iter().find_map(|key| map.entry(key));
        if let Some((key, file)) = imported {
            for (name, key_node, _) in map.iter() {
                let name = name.to_string();
                if !["name", "vars", "tags", "when"].contains(&&*name) && !name.ends_with("import_playbook") {
                    found.push(
                        Diagnostic::error("E0602", format!("`{name}` does not belong on `import_playbook`"))
                            .at(key_node.span),
                    );
                }
            }
            let files = SearchPath { role: None, task_dir: dir.to_owned(), playbook_dir: dir.to_owned() };
            let Some(name) = self.early_text(file, &files, &[], "the name of a playbook", found) else {
                return Vec::new();
            };
            let beside = dir.join(&name);
            let path = match self.collection_playbook(&name, dir).filter(|_| !beside.exists()) {
                Some(path) => path,
                None => beside,
            };
            return self.playbook(&path, Some((map, key.span)), depth + 1, found);
        }
        self.play(node, map, dir, import, found).map(Arc::new).into_iter().collect()
    }

    fn play(
        &self,
        node: &Node,
        map: &Mapping,
        dir: &Path,
        import: Option<(&Mapping, Span)>,
        found: &mut Diagnostics,
    ) -> Option<Play> {
        self.check_play_keys(map, found);
        let span = map.iter().next().map_or(node.span, |(_, first, _)| first.span);
        let Some(hosts) = map.get("hosts").cloned() else {
            found.push(
                Diagnostic::error("E0614", "a play needs `hosts`")
                    .at(span)
                    .help("name the hosts or groups that it is for, or `hosts: all`"),
            );
            return None;
        };
        check_hosts(&hosts, found);
        template::check(&hosts, &self.sources, found);
        let files = SearchPath { role: None, task_dir: dir.to_owned(), playbook_dir: dir.to_owned() };
        let mut base = Inherited { files: files.clone(), ..Inherited::default() };
        let mut play_vars: Vec<Arc<Layer>> = Vec::new();
        let mut import_vars = Vec::new();
        if let Some((import, _)) = import {
            let from_import = self.inherit(import, &base, Origin::PlayVars, found);
            import_vars = from_import.vars;
            base.tags = from_import.tags;
            base.when = from_import.when;
        }
        base.tags.extend(
            texts(map.get("tags"), "tags", found)
                .iter()
                .flat_map(|text| text.split(',').map(|tag| Arc::from(tag.trim())).collect::<Vec<_>>()),
        );
        inherit_settings(&self.play_defaults, &mut base.settings);
        check_dictionaries(map.get("environment"), "environment", found);
        self.learn_defaults(map.get("module_defaults"), &mut base, found);
        inherit_settings(map, &mut base.settings);
        base.collections = texts(map.get("collections"), "collections", found);
        if let (None, Some(user)) = (&base.settings.remote_user, map.get("user")) {
            base.settings.remote_user = Some(user.clone());
        }
        for list in [&base.settings.environment, &base.settings.module_defaults] {
            list.iter().for_each(|node| template::check(node, &self.sources, found));
        }
        play_vars.extend(map.get("vars").and_then(|vars| self.layer(vars, Origin::PlayVars, found)));
        // What an import gives is stronger than what the play itself says.
        play_vars.extend(import_vars);
        play_vars.extend(self.prompt_layer(map.get("vars_prompt"), &files, &play_vars, found));
        let late_vars_files = self.vars_files(map.get("vars_files"), &files, &mut play_vars, found);
        let tags = base.tags.clone();
        base.play_vars = play_vars.iter().cloned().collect();
        let base = Arc::new(base);
        let gather = self.gather(map, span, &base, found);
        let mut role_layers = Vec::new();
        let items = |key: &str, level: Level, found: &mut Diagnostics| {
            map.get(key)
                .map(|list| self.items(list, Place { inherited: &base, level, depth: 0 }, found))
                .unwrap_or_default()
        };
        let exports = || (base.exports.take_read(), base.exports.take_named(), base.exports.take());
        let pre = items("pre_tasks", Level::TASK, found);
        let (read_in_pre, named_in_pre, given_in_pre) = exports();
        let (mut main, used) = map.get("roles").map(|list| self.roles(list, &base, found)).unwrap_or_default();
        let (read_in_roles, named_in_roles, given_in_roles) = exports();
        main.extend(items("tasks", Level::TASK, found));
        let (read_in_tasks, named_in_tasks, given_in_tasks) = exports();
        let post = items("post_tasks", Level::TASK, found);
        let (read_in_post, named_in_post, given_in_post) = exports();
        // In the order in which Ansible reads the parts of a play.
        let imported = [given_in_roles, given_in_pre, given_in_post, given_in_tasks].concat();
        for role in used.roles.iter().map(|(role, _)| role).chain(&imported) {
            role_layers.extend(role.defaults.iter().chain(&role.vars).cloned());
        }
        // Roles of the play come before its own handlers, imported ones after them, in the order in which Ansible reads them.
        let mut handlers = handlers_of(used.roles.iter().map(|(role, _)| role), &[]);
        handlers.extend(items("handlers", Level::HANDLER, found));
        let imported = [read_in_roles, read_in_pre, read_in_post, read_in_tasks].concat();
        let imported = handlers_of(imported.iter(), &handlers);
        handlers.extend(imported);
        let of_roles =
            used.names().chain(named_in_roles).chain(named_in_pre).chain(named_in_post).chain(named_in_tasks);
        let play = Play {
            name: map.get("name").cloned(),
            hosts,
            span,
            dir: dir.to_owned(),
            vars: play_vars,
            late_vars_files,
            role_layers,
            role_names: of_roles.collect(),
            strategy: strategy(map.get("strategy").or(self.play_defaults.get("strategy")), found),
            serial: map.get("serial").map(super::words::conditions).unwrap_or_default(),
            order: map.get("order").cloned(),
            force_handlers: map.get("force_handlers").and_then(|node| boolean(node, "force_handlers", found)),
            max_fail_percentage: self.limit(map.get("max_fail_percentage"), &files, &base.play_vars, found),
            any_errors_fatal: base.settings.any_errors_fatal.clone(),
            settings: Settings::clone(&base.settings),
            gather,
            sections: vec![pre, main, post],
            handlers,
            tags,
            needs: needs(map.get("needs"), found),
            host_by_host: map
                .get("host_by_host")
                .and_then(|node| Some((boolean(node, "host_by_host", found)?, node.span))),
            role_uses: base.uses.clone(),
        };
        self.check_notify(&play, found);
        Some(play)
    }

    fn check_play_keys(&self, map: &Mapping, found: &mut Diagnostics) {
        for (key, key_node, value) in map.iter() {
            let name = key.to_string();
            match keyword::find(&name, Level::PLAY) {
                Some(keyword) => refuse(keyword, key_node, value, found),
                None => {
                    let help = if keyword::find(&name, Level::TASK).is_some() || crate::module::find(&name).is_some() {
                        Some("it belongs on a task: put it below `tasks:`".to_owned())
                    } else {
                        former::instead(&name).or_else(|| did_you_mean(&name, keyword::names(Level::PLAY)))
                    };
                    found.push(
                        Diagnostic::error("E0602", format!("`{name}` is no keyword of a play"))
                            .at(key_node.span)
                            .maybe_help(help),
                    );
                }
            }
        }
    }

    /// Reads `max_fail_percentage`; what is written out has been checked.
    fn limit(
        &self,
        node: Option<&Node>,
        files: &SearchPath,
        vars: &[Arc<Layer>],
        found: &mut Diagnostics,
    ) -> Option<(f64, Span)> {
        let node = node.filter(|node| !node.is_null())?;
        let value = self.early_value(node, files, vars, found)?;
        let limit = percent(&value);
        if limit.is_none() && !node.is_static() {
            found.push(
                Diagnostic::error("E0606", Takes::Percent.complaint("max_fail_percentage", &value)).at(node.span),
            );
        }
        Some((limit?, node.span))
    }

    /// Reads `vars_files` whose names are known now; returns those that need a host.
    fn vars_files(
        &self,
        node: Option<&Node>,
        files: &SearchPath,
        layers: &mut Vec<Arc<Layer>>,
        found: &mut Diagnostics,
    ) -> Vec<Node> {
        let Some(node) = node.filter(|node| !node.is_null()) else { return Vec::new() };
        let list: Vec<Node> = node.as_seq().map_or_else(|| vec![node.clone()], <[Node]>::to_vec);
        let mut late = Vec::new();
        for entry in list {
            if !entry.is_static() {
                template::check(&entry, &self.sources, found);
                late.push(entry);
                continue;
            }
            // A list names several files of which the first that exists is read.
            let names = texts(Some(&entry), "vars_files", found);
            let Some(path) = names.iter().find_map(|name| files.find("vars", name)) else {
                let first = names.first().map(ToString::to_string).unwrap_or_default();
                found.push(
                    Diagnostic::error("E0001", format!("cannot read `{first}`: no such file or directory"))
                        .at(entry.span)
                        .help(format!("looked in {}", shown(&files.candidates("vars", &first)))),
                );
                continue;
            };
            layers.extend(self.vars_file(&path, Some(entry.span), Origin::PlayVarsFiles, found));
        }
        late
    }

    /// Checks that what is notified exists.
    fn check_notify(&self, play: &Play, found: &mut Diagnostics) {
        let mut known: Vec<Arc<str>> = Vec::new();
        let mut dynamic = false;
        for item in &play.handlers {
            item.each_task(&mut |task| {
                dynamic |= !matches!(task.action, super::Action::Module { .. } | super::Action::Meta(_));
                known.extend(task.listen.iter().cloned());
                match &task.name {
                    Some(name) if !name.is_static() => dynamic = true,
                    Some(_) => {
                        known.push(task.plain_name().unwrap_or_default().into());
                        known.push(task.title().into());
                    }
                    None => {}
                }
            });
        }
        let mut check = |task: &Arc<super::Task>| {
            dynamic |= matches!(task.action, super::Action::IncludeRole);
            for node in &task.notify {
                let Some(name) = node.as_str().filter(|_| node.is_static()) else { continue };
                if !dynamic && !known.iter().any(|known| **known == *name) {
                    let message = format!("no handler `{name}`");
                    let said = match self.missing_handler_is_error {
                        true => Diagnostic::error("E0616", message),
                        false => Diagnostic::warning("W0616", message),
                    };
                    found.push(said.at(node.span).maybe_help(did_you_mean(name, known.iter().map(|known| &**known))));
                }
            }
        };
        for item in play.sections.iter().flatten().chain(&play.handlers) {
            item.each_task(&mut check);
        }
    }
}

/// Returns the handlers of roles that the play gets from them, each once unless the role has parameters of its own.
fn handlers_of<'a>(roles: impl Iterator<Item = &'a Arc<Role>>, known: &[Item]) -> Vec<Item> {
    let mut handlers: Vec<Item> = Vec::new();
    for role in roles {
        for handler in &role.handlers {
            let is_known = known.iter().chain(&handlers).any(|other| handler.is_written_as(other));
            if role.params.is_some() || !is_known {
                handlers.push(handler.clone());
            }
        }
    }
    handlers
}

/// Checks that `hosts` is a pattern, or a list of them.
fn check_hosts(hosts: &Node, found: &mut Diagnostics) {
    let is_empty = match &hosts.kind {
        Kind::Null => true,
        Kind::Str(text) => text.trim().is_empty(),
        Kind::Seq(patterns) => patterns.is_empty(),
        _ => false,
    };
    if is_empty {
        found.push(Diagnostic::error("E0614", "`hosts` is empty").at(hosts.span));
    }
    for pattern in hosts.as_seq().unwrap_or(std::slice::from_ref(hosts)).iter().filter(|_| !is_empty) {
        if !matches!(pattern.kind, Kind::Str(_) | Kind::Unsafe(_)) {
            let message = format!("`hosts` takes patterns of hosts, not a {}", pattern.kind_name());
            found.push(Diagnostic::error("E0606", message).at(pattern.span));
        }
    }
}

fn strategy(node: Option<&Node>, found: &mut Diagnostics) -> Strategy {
    let Some(node) = node else { return Strategy::Linear };
    let name = node.as_str().unwrap_or_default();
    match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
        "linear" => Strategy::Linear,
        "free" => Strategy::Free,
        "host_pinned" => Strategy::HostPinned,
        other => {
            found.push(
                Diagnostic::error("E0617", format!("no strategy `{other}`")).at(node.span).help(
                    did_you_mean(other, ["linear", "free", "host_pinned"])
                        .unwrap_or_else(|| "there are `linear`, `free` and `host_pinned`".into()),
                ),
            );
            Strategy::Linear
        }
    }
}

pub(super) fn shown(paths: &[std::path::PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}
