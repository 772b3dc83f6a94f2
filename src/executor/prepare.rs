//! What the steps of a batch begin with: the view of its hosts, what is known of variables and platforms, the graph.

use super::Context;
use super::plan::Planned;
use super::reach;
use super::target::platform_of;
use super::world::{PlayView, StepScope};
use crate::graph::{Graph, Knowledge, Lowering, lower_handlers, lower_play};
use crate::module;
use crate::platform::{self, Platform};
use crate::playbook::{Action, Play, Task};
use crate::source::{Diagnostic, Diagnostics};
use crate::template::Templar;
use crate::value::Value;
use crate::vars::{Layer, Origin};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, RwLock};

/// Returns the graph of a play over all its hosts, for showing it.
pub fn graph_of(context: &Context, planned: &Planned, found: &mut Diagnostics) -> Graph {
    lowered(context, planned, found, |how, found| {
        check_platforms(planned, how.platforms, found);
        reach::check(context, planned, found);
        lower_play(&planned.play, &planned.sections, how, found)
    })
}

/// Finds arguments that none of the play's devices can follow. Where some can, `when` may keep the others away.
fn check_platforms(planned: &Planned, platforms: &[&'static Platform], found: &mut Diagnostics) {
    let mut check = |task: &Arc<Task>| {
        let Action::Module { module, platform: None } = task.action else { return };
        if task.settings.delegate_to.is_some() || platforms.iter().any(|platform| platform.name == platform::AUTO) {
            return;
        }
        let wrong = platforms.iter().map(|platform| module::check_on_platform(module, &platform.name, &task.args));
        let wrong: Vec<Diagnostics> = wrong.collect();
        if wrong.iter().all(Diagnostics::has_errors) {
            found.extend(wrong.into_iter().next().unwrap_or_default());
        }
    };
    planned.sections.iter().flatten().for_each(|item| item.each_task(&mut check));
}

/// Returns the graph of a play's handlers, as if they were tasks.
pub(super) fn handlers_of(context: &Context, planned: &Planned, found: &mut Diagnostics) -> Graph {
    lowered(context, planned, found, |how, _| lower_handlers(&planned.play, how))
}

fn lowered(
    context: &Context,
    planned: &Planned,
    found: &mut Diagnostics,
    lower: impl FnOnce(&Lowering<'_>, &mut Diagnostics) -> Graph,
) -> Graph {
    let view = view(context, &planned.play, [&planned.hosts; 3], found);
    let knowledge = knowledge(context, &view);
    let platforms = platforms(context, &planned.hosts);
    let fail_together = planned.play.max_fail_percentage.is_some() || planned.play.any_errors_fatal.is_some();
    let flushes = context.settings.tags.flushes(&planned.play.tags);
    lower(&Lowering { knowledge: &knowledge, platforms: &platforms, fail_together, flushes }, found)
}

/// Returns what names mean for a host: in a task, as a play begins, or by the inventory alone.
pub fn scope_of(
    context: &Context,
    planned: Option<&Planned>,
    host: &Arc<str>,
    task: Option<&Arc<Task>>,
    found: &mut Diagnostics,
) -> StepScope {
    let view = planned.map(|planned| view(context, &planned.play, [&planned.hosts; 3], found));
    StepScope::new(&context.world, host, view.as_ref(), task)
}

/// Makes the view of a batch: of all hosts of the play, those that are in, and those of the batch.
pub(super) fn view(
    context: &Context,
    play: &Arc<Play>,
    [all, live, batch]: [&[Arc<str>]; 3],
    found: &mut Diagnostics,
) -> Arc<PlayView> {
    let mut view = PlayView {
        play: Arc::clone(play),
        all_hosts: all.to_vec(),
        play_hosts: live.to_vec(),
        batch: batch.to_vec(),
        out: batch.iter().map(|_| AtomicBool::new(false)).collect(),
        late_vars: Default::default(),
        exports: RwLock::default(),
        included: RwLock::default(),
        newcomers: RwLock::default(),
    };
    if play.late_vars_files.is_empty() {
        return Arc::new(view);
    }
    let mut read: HashMap<PathBuf, Option<Arc<Layer>>> = HashMap::new();
    let so_far = Arc::new(PlayView { out: Vec::new(), late_vars: Default::default(), ..copy(&view) });
    for host in batch {
        let files =
            crate::source::SearchPath { role: None, task_dir: play.dir.clone(), playbook_dir: play.dir.clone() };
        let scope = StepScope::new(&context.world, host, Some(&so_far), None);
        let templar = Templar::new(Arc::new(scope), files.clone(), Arc::clone(&context.loader.sources));
        for node in &play.late_vars_files {
            let names = match templar.node(node) {
                Ok(Value::List(names)) => names.iter().map(Value::to_text).collect(),
                Ok(name) => vec![name.to_text()],
                Err(failure) => {
                    let message = format!("the name of a `vars_files` entry on `{host}`: {}", failure.message.expose());
                    found.push(Diagnostic::error("E0613", message).at(failure.place.unwrap_or(node.span)));
                    continue;
                }
            };
            let Some(path) = names.iter().find_map(|name| files.find("vars", name)) else {
                found.push(
                    Diagnostic::error(
                        "E0001",
                        format!("cannot read `{}` for `{host}`: no such file", names.join("`, `")),
                    )
                    .at(node.span),
                );
                continue;
            };
            let layer = read
                .entry(path.clone())
                .or_insert_with(|| context.loader.vars_file(&path, Some(node.span), Origin::PlayVarsFiles, found));
            view.late_vars.entry(Arc::clone(host)).or_default().extend(layer.clone());
        }
    }
    Arc::new(view)
}

fn copy(view: &PlayView) -> PlayView {
    PlayView {
        play: Arc::clone(&view.play),
        all_hosts: view.all_hosts.clone(),
        play_hosts: view.play_hosts.clone(),
        batch: view.batch.clone(),
        out: Vec::new(),
        late_vars: Default::default(),
        exports: RwLock::default(),
        included: RwLock::default(),
        newcomers: RwLock::default(),
    }
}

/// Gathers which names are used inside which variables, over everything that hosts of the batch can see.
pub(super) fn knowledge(context: &Context, view: &PlayView) -> Knowledge {
    let mut knowledge = Knowledge::default();
    let mut seen: HashSet<*const Layer> = HashSet::new();
    let mut learn = |layer: &Arc<Layer>| {
        if seen.insert(Arc::as_ptr(layer)) {
            knowledge.learn(layer);
        }
    };
    view.play.vars.iter().chain(&view.play.role_layers).for_each(&mut learn);
    view.late_vars.values().flatten().for_each(&mut learn);
    learn(&context.loader.extra_vars);
    for host in &view.batch {
        context.world.layers(host).iter().for_each(&mut learn);
    }
    for host in &view.batch {
        for (name, var) in &context.world.host_vars(host).included {
            knowledge.learn_var(name, var);
        }
    }
    learn_to_come(context, [&view.play], &mut knowledge);
    knowledge
}

/// Learns what files of variables say of hosts and groups that plays may bring.
fn learn_to_come<'a>(context: &Context, plays: impl IntoIterator<Item = &'a Arc<Play>>, knowledge: &mut Knowledge) {
    let mut brings = false;
    for item in plays.into_iter().flat_map(|play| play.sections.iter().flatten()) {
        item.each_task(&mut |task| {
            brings |= match &task.action {
                Action::Module { module, .. } => module.changes_run,
                Action::IncludeTasks | Action::IncludeRole => true,
                Action::Meta(_) => false,
            };
        });
    }
    if brings {
        context.world.layers_to_come().iter().for_each(|layer| knowledge.learn(layer));
    }
}

/// Gathers which names are used inside which variables of the inventory and the command line.
pub(super) fn knowledge_of_all(context: &Context, plays: &[Arc<Play>]) -> Knowledge {
    let mut knowledge = Knowledge::default();
    let mut seen: HashSet<*const Layer> = HashSet::new();
    knowledge.learn(&context.loader.extra_vars);
    let inventory = context.world.inventory();
    let localhost: Arc<str> = "localhost".into();
    for host in inventory.hosts.keys().chain([&localhost]) {
        for layer in context.world.layers(host).iter() {
            if seen.insert(Arc::as_ptr(layer)) {
                knowledge.learn(layer);
            }
        }
    }
    learn_to_come(context, plays, &mut knowledge);
    knowledge
}

/// Returns the platforms of hosts; none when one of them is not known.
pub(super) fn platforms(context: &Context, hosts: &[Arc<str>]) -> Vec<&'static Platform> {
    let mut platforms: Vec<&'static Platform> = Vec::new();
    for host in hosts {
        let scope = StepScope::new(&context.world, host, None, None);
        let templar = |scope| Templar::new(Arc::new(scope), Default::default(), Arc::clone(&context.loader.sources));
        match platform_of(scope, templar) {
            Some(platform) if platforms.iter().any(|known| std::ptr::eq(*known, platform)) => {}
            Some(platform) => platforms.push(platform),
            None => return Vec::new(),
        }
    }
    platforms
}
