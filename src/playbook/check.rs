//! Templates of a task, and the connection written around it, checked before the run.

use super::load::Loader;
use super::settings::settings_nodes;
use super::{Action, Task};
use crate::module::{ArgKind, Needs};
use crate::source::{Diagnostic, Diagnostics, Source, Span, nearest};
use crate::template;
use crate::vars::{Layer, Var};
use crate::yaml::Node;
use std::sync::Arc;

impl Loader {
    /// Checks every template and expression that a task holds.
    pub(super) fn check_templates(&self, task: &Task, found: &mut Diagnostics) {
        let mut own = Diagnostics::new();
        self.check_all_templates(task, &mut own);
        for diagnostic in own.iter() {
            found.push(self.python_plugin_help(diagnostic, task).unwrap_or_else(|| diagnostic.clone()));
        }
    }

    /// Complains of a module of NETCONF where a variable written around it says that the host is reached by its CLI, and of
    /// one of a platform's CLI where it says that the host is reached by NETCONF: that can only Junos.
    ///
    /// A variable of the task or of a block decides; that of a play is only a default that `set_fact` or a role may change.
    pub(super) fn check_connection(&self, task: &Task, found: &mut Diagnostics) {
        const NAME: &str = "ansible_connection";
        let Action::Module { module, platform } = task.action else { return };
        let is_open = task.settings.delegate_to.is_some() || task.args.get("provider").is_some();
        let argument = module.over_netconf_as_written(platform, &task.args, |src| task.source_of(src));
        let (needs, others, instead): (_, &[&str], _) = match (module.needs, platform) {
            _ if argument.is_some() => ("NETCONF", &["network_cli", "telnet"], "ansible.netcommon.netconf"),
            (Needs::Netconf, _) => ("NETCONF", &["network_cli", "telnet"], "ansible.netcommon.netconf"),
            (Needs::Cli, Some(platform)) if platform != "juniper_junos" => {
                ("the device's CLI", &["netconf"], "ansible.netcommon.network_cli")
            }
            _ => return,
        };
        if is_open || self.extra_vars.vars.contains_key(NAME) {
            return;
        }
        let written = |layers: &[Arc<Layer>]| match layers.iter().rev().find_map(|layer| layer.vars.get(NAME)) {
            Some(Var::Author(node)) => Some(node.clone()),
            _ => None,
        };
        let (decides, node) = match (written(&task.vars), written(&task.around.play_vars)) {
            (Some(node), _) => (true, node),
            (None, Some(node)) => (false, node),
            (None, None) => return,
        };
        let name = node.as_str().unwrap_or_default();
        if !node.is_static() || !name.rsplit('.').next().is_some_and(|last| others.contains(&last)) {
            return;
        }
        let argument = argument.map(|argument| format!("`{argument}` of ")).unwrap_or_default();
        let message = format!("{argument}`{}` needs {needs}, and the host is reached by `{name}`", task.called);
        let complaint = match decides {
            true => Diagnostic::error("E0311", message),
            false => Diagnostic::warning("W0311", message),
        };
        let help = format!("set `ansible_connection: {instead}` for the task (`vars:`), and its port");
        found.push(complaint.at(node.span).help(help));
    }

    /// Says of an unknown filter, test or lookup that it is there and written in Python, if so.
    fn python_plugin_help(&self, diagnostic: &Diagnostic, task: &Task) -> Option<Diagnostic> {
        let kind = match diagnostic.code {
            "E0202" => "filter",
            "E0203" => "test",
            "E0204" | "E0621" => "lookup",
            _ => return None,
        };
        let name = diagnostic.message.split('`').nth(1)?;
        let file = self.python_plugin(kind, name, &task.around)?;
        Some(
            diagnostic
                .clone()
                .help(format!("it is written in Python (`{}`), which netplay does not run", file.display())),
        )
    }

    fn check_all_templates(&self, task: &Task, found: &mut Diagnostics) {
        let sources = &self.sources;
        let mut texts: Vec<&Node> = task.name.iter().chain(&task.args_template).chain(&task.notify).collect();
        let mut conditions: Vec<&Node> = task.when.iter().collect();
        let mut expressions: Vec<&Node> = Vec::new();
        let module = match task.action {
            Action::Module { module, .. } => Some(module),
            _ => None,
        };
        for (key, _, value) in task.args.iter() {
            let name = key.to_string();
            let arg = module
                .and_then(|module| module.args.iter().find(|arg| arg.name == name || arg.aliases.contains(&&*name)));
            match arg.map(|arg| arg.kind) {
                Some(ArgKind::Expression) => {
                    expressions.extend(value.as_seq().map_or(vec![value], |items| items.iter().collect()))
                }
                _ => texts.push(value),
            }
        }
        if let Some(repeat) = &task.repeat {
            texts.push(&repeat.over);
            texts.extend(repeat.label.iter().chain(&repeat.pause));
            texts.extend(repeat.extended.iter().chain(&repeat.extended_allitems).chain(&repeat.parallel));
            conditions.extend(&repeat.break_when);
        }
        if let Some(until) = &task.until {
            conditions.extend(&until.conditions);
            texts.extend(until.retries.iter().chain(&until.delay));
        }
        texts.extend(task.background.iter().flat_map(|background| background.poll.iter().chain(&background.limit)));
        conditions.extend(task.changed_when.iter().flatten().chain(task.failed_when.iter().flatten()));
        texts.extend(settings_nodes(&task.settings));
        texts.into_iter().for_each(|node| template::check(node, sources, found));
        expressions.into_iter().for_each(|node| template::check_expression(node, sources, found));
        self.check_template_file(task, found);
        conditions.into_iter().for_each(|node| template::check_condition(node, sources, found));
    }

    /// Checks the template file of a `template` task, when its name is known and it is there. A missing one may be made
    /// by an earlier task.
    fn check_template_file(&self, task: &Task, found: &mut Diagnostics) {
        let is_template = matches!(task.action, Action::Module { module, .. } if module.name == "template");
        let own_delimiters = task.args.iter().any(|(key, _, _)| key.to_string().ends_with("_string"));
        let src = task.args.get("src").filter(|node| node.is_static()).and_then(Node::as_str);
        let (true, false, Some(src)) = (is_template, own_delimiters, src) else { return };
        let Some(path) = task.files.find("templates", src).filter(|path| path.is_file()) else { return };
        let Ok(text) = std::fs::read_to_string(&path) else { return };
        let source = Source::new(path.display().to_string(), Some(path), text.as_str());
        let id = self.sources.add_once(source);
        template::check_file(&text, &template::FileOptions::default(), id, found);
    }

    /// Checks that a `with_X` loop has a lookup of that name.
    pub(super) fn check_lookup(&self, name: &str, span: Span, found: &mut Diagnostics) {
        if !template::is_lookup(name) {
            found.push(
                Diagnostic::error("E0621", format!("no lookup `{name}` for `with_{name}`")).at(span).maybe_help(
                    nearest(name, template::lookup_names()).map(|near| format!("did you mean `with_{near}`?")),
                ),
            );
        }
    }
}

impl Task {
    /// Returns the text of a file that the task names, as it is written.
    pub fn source_of(&self, name: &str) -> Option<String> {
        let found = ["templates", "files"].iter().find_map(|folder| self.files.find(folder, name));
        std::fs::read_to_string(found.filter(|path| path.is_file())?).ok()
    }
}
