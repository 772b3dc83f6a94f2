//! The run: plays one after the other, each in its batches.

use super::Context;
use super::batch::{Batch, BatchStart, Standing};
use super::facts::{self, FactSettings};
use super::item::number;
use super::target::{Defaults, platform_of};
use super::world::{PlayView, StepScope, is_localhost};
use crate::event::{TaskNumber, What};
use crate::graph::{Graph, Knowledge, Lowering, TagFilter, keep_tagged, lower_play};
use crate::inventory::Inventory;
use crate::platform::Platform;
use crate::playbook::{Item, Play};
use crate::source::{Diagnostic, Diagnostics};
use crate::template::Templar;
use crate::value::Value;
use crate::vars::{Layer, Origin};
use crate::yaml::Node;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, RwLock};
use tokio_util::sync::CancellationToken;

/// How a run was asked for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Writes are withheld.
    pub check: bool,
    /// Differences are shown.
    pub diff: bool,
    /// How often `-v` was given.
    pub verbosity: u8,
    /// How many steps may be under way at once.
    pub forks: usize,
    /// Which tasks run.
    pub tags: TagFilter,
    /// Which hosts run.
    pub limit: Option<String>,
    /// `--force-handlers`.
    pub force_handlers: bool,
    /// What the command line says about connections.
    pub defaults: Defaults,
    /// When facts are gathered, and where they go.
    pub facts: FactSettings,
}

/// What ends a run early.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    /// Running steps end, nothing new begins.
    pub drain: CancellationToken,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunEnd {
    /// It was drained or cut.
    pub interrupted: bool,
    /// A play ended for all hosts because of one's failure, although the others did not fail themselves.
    pub fatal: bool,
}

/// A play with its hosts.
pub struct Planned {
    /// The play.
    pub play: Arc<Play>,
    /// Its items after tags.
    pub sections: Vec<Vec<Item>>,
    /// Its hosts, in the order in which they go.
    pub hosts: Vec<Arc<str>>,
    /// How many hosts go at a time.
    pub batches: Vec<usize>,
}

/// Runs plays to their end.
///
/// What is wrong with them that can be known only now (`vars_files` that depend on a host) is returned as diagnostics.
pub async fn run(context: &Arc<Context>, plays: &[Arc<Play>], interrupt: &Interrupt) -> Result<RunEnd, Diagnostics> {
    let mut end = RunEnd::default();
    let mut out: HashSet<Arc<str>> = HashSet::new();
    let mut first_number: TaskNumber = 0;
    facts::recall(context).await;
    for play in plays {
        let mut found = Diagnostics::new();
        let planned = plan(context, play, &mut found);
        if found.has_errors() {
            return Err(found);
        }
        let hosts: Vec<Arc<str>> = planned.hosts.iter().filter(|host| !out.contains(*host)).cloned().collect();
        if hosts.is_empty() {
            if !planned.hosts.is_empty() {
                break;
            }
            say_empty(context, play);
            continue;
        }
        let all = planned.hosts.clone();
        let planned = Planned { hosts, ..planned };
        let stopped = run_play(context, &planned, &all, &mut first_number, &mut out, &mut end, interrupt).await?;
        if interrupt.drain.is_cancelled() || context.cut.is_cancelled() {
            end.interrupted = true;
            break;
        }
        if stopped {
            break;
        }
    }
    facts::kept(context).await;
    Ok(end)
}

/// Runs the batches of a play; claims that the run is over. `all` are its hosts before any fell out.
async fn run_play(
    context: &Arc<Context>,
    planned: &Planned,
    all: &[Arc<str>],
    first_number: &mut TaskNumber,
    out: &mut HashSet<Arc<str>>,
    end: &mut RunEnd,
    interrupt: &Interrupt,
) -> Result<bool, Diagnostics> {
    let name = play_name(&planned.play);
    let publisher = &context.publisher;
    let batches = batches(&planned.hosts, &planned.batches);
    let count = batches.len();
    let mut stopped = false;
    for (index, hosts) in batches.into_iter().enumerate() {
        let mut found = Diagnostics::new();
        let live: Vec<Arc<str>> = planned.hosts.iter().filter(|host| !out.contains(*host)).cloned().collect();
        let view = view(context, &planned.play, [all, &live, &hosts], &mut found);
        let knowledge = knowledge(context, &view);
        let platforms = platforms(context, &hosts);
        let max_fail_percentage = planned.play.max_fail_percentage.as_ref().and_then(|node| number(&node.to_value()));
        let how = Lowering {
            knowledge: &knowledge,
            platforms: &platforms,
            fail_together: max_fail_percentage.is_some() || planned.play.any_errors_fatal.is_some(),
        };
        let graph = lower_play(&planned.play, &planned.sections, &how, &mut found);
        if found.has_errors() {
            return Err(found);
        }
        publisher.publish(What::PlayStarted {
            play: publisher.clean(&name),
            place: publisher.clean(context.loader.sources.place(planned.play.span)),
            hosts: hosts.iter().map(|host| publisher.clean(host)).collect(),
            batch: index + 1,
            batches: count,
            steps: graph.tasks() * hosts.len(),
        });
        let start = BatchStart {
            context: Arc::clone(context),
            view,
            graph,
            knowledge,
            platforms,
            first_number: *first_number,
            max_fail_percentage,
        };
        let (batch_end, numbers) = Batch::new(start).run(&interrupt.drain).await;
        *first_number += numbers;
        let mut all_out = true;
        for (host, standing) in hosts.iter().zip(&batch_end.standing) {
            match standing {
                Standing::In | Standing::Ended => all_out = false,
                Standing::Failed | Standing::Unreachable => {
                    out.insert(Arc::clone(host));
                }
            }
        }
        end.fatal |= batch_end.fatal;
        stopped = all_out;
        if all_out || batch_end.stop_play || interrupt.drain.is_cancelled() {
            break;
        }
    }
    publisher.publish(What::PlayEnded { play: publisher.clean(&name) });
    Ok(stopped)
}

/// Publishes a play that has no hosts, so that nobody looks for its tasks.
fn say_empty(context: &Context, play: &Play) {
    let publisher = &context.publisher;
    let name = publisher.clean(play_name(play));
    let place = publisher.clean(context.loader.sources.place(play.hosts.span));
    let what = What::PlayStarted { play: name.clone(), place, hosts: Vec::new(), batch: 1, batches: 1, steps: 0 };
    publisher.publish(what);
    publisher.publish(What::PlayEnded { play: name });
}

/// Returns what a play is called: its name, or its hosts.
pub fn play_name(play: &Play) -> String {
    play.name.as_ref().unwrap_or(&play.hosts).to_value().to_text()
}

/// Returns a play with its hosts and the tasks that tags leave.
pub fn plan(context: &Context, play: &Arc<Play>, found: &mut Diagnostics) -> Planned {
    let hosts = hosts(context, play, found);
    let tags = &context.settings.tags;
    let mut sections: Vec<Vec<Item>> = play.sections.iter().map(|section| keep_tagged(section, tags)).collect();
    if let (Some(task), Some(first)) = (facts::gathering(context, play, found), sections.first_mut()) {
        first.splice(0..0, keep_tagged(&[Item::Task(task)], tags));
    }
    let batches = serial(context, play, hosts.len(), found);
    Planned { play: Arc::clone(play), sections, hosts, batches }
}

/// Returns the graph of a play over all its hosts, for showing it.
pub fn graph_of(context: &Context, planned: &Planned, found: &mut Diagnostics) -> Graph {
    let view = view(context, &planned.play, [&planned.hosts; 3], found);
    let knowledge = knowledge(context, &view);
    let platforms = platforms(context, &planned.hosts);
    let fail_together = planned.play.max_fail_percentage.is_some() || planned.play.any_errors_fatal.is_some();
    let how = Lowering { knowledge: &knowledge, platforms: &platforms, fail_together };
    lower_play(&planned.play, &planned.sections, &how, found)
}

/// Returns the text of something that must be known before there is a host.
pub(super) fn early(context: &Context, play: &Play, node: &Node, found: &mut Diagnostics) -> Option<Value> {
    let files = crate::source::SearchPath { role: None, task_dir: play.dir.clone(), playbook_dir: play.dir.clone() };
    context.loader.early_value(node, &files, &play.vars, found)
}

fn hosts(context: &Context, play: &Play, found: &mut Diagnostics) -> Vec<Arc<str>> {
    let inventory = context.world.inventory();
    let Some(value) = early(context, play, &play.hosts, found) else { return Vec::new() };
    let pattern = match &value {
        Value::List(parts) => parts.iter().map(Value::to_text).collect::<Vec<_>>().join(","),
        other => other.to_text(),
    };
    let mut selected = match select(&inventory, &pattern) {
        Ok(hosts) => hosts,
        Err(message) => {
            found.push(Diagnostic::error("E0500", message).at(play.hosts.span));
            return Vec::new();
        }
    };
    if selected.is_empty() && pattern.split([',', ':']).any(|part| is_localhost(part.trim())) {
        selected = vec!["localhost".into()];
    }
    if let Some(limit) = &context.settings.limit {
        match inventory.limit(&selected, limit) {
            Ok(kept) => selected = kept.hosts,
            Err(error) => found.push(Diagnostic::error("E0501", format!("--limit {limit}: {error}"))),
        }
    }
    order(selected, play, found)
}

fn select(inventory: &Inventory, pattern: &str) -> Result<Vec<Arc<str>>, String> {
    inventory.select(pattern).map_err(|error| error.to_string())
}

fn order(mut hosts: Vec<Arc<str>>, play: &Play, found: &mut Diagnostics) -> Vec<Arc<str>> {
    let Some(node) = &play.order else { return hosts };
    match node.as_str().unwrap_or_default() {
        "inventory" => {}
        "reverse_inventory" => hosts.reverse(),
        "sorted" => hosts.sort(),
        "reverse_sorted" => {
            hosts.sort();
            hosts.reverse();
        }
        "shuffle" => {
            // Any order will do; the order of hashes with a fresh key is one.
            let key = std::collections::hash_map::RandomState::new();
            hosts.sort_by_key(|host| std::hash::BuildHasher::hash_one(&key, host));
        }
        other => found.push(
            Diagnostic::error("E0617", format!("no order `{other}`"))
                .at(node.span)
                .help("there are inventory, reverse_inventory, sorted, reverse_sorted and shuffle"),
        ),
    }
    hosts
}

/// Returns the sizes of batches; one of all hosts when nobody says.
fn serial(context: &Context, play: &Play, hosts: usize, found: &mut Diagnostics) -> Vec<usize> {
    let mut sizes = Vec::new();
    for node in &play.serial {
        let Some(value) = early(context, play, node, found) else { continue };
        let values = match &value {
            Value::List(values) => values.to_vec(),
            other => vec![other.clone()],
        };
        for value in values {
            let text = value.to_text();
            let size = match text.strip_suffix('%') {
                Some(percent) => {
                    percent.trim().parse::<f64>().ok().map(|p| ((p / 100.0 * hosts as f64) as usize).max(1))
                }
                None => text.trim().parse::<usize>().ok().map(|n| if n == 0 { hosts } else { n }),
            };
            match size {
                Some(size) => sizes.push(size),
                None => found.push(
                    Diagnostic::error("E0606", format!("`serial` takes numbers and percentages, not `{text}`"))
                        .at(node.span),
                ),
            }
        }
    }
    if sizes.is_empty() { vec![hosts] } else { sizes }
}

fn batches(hosts: &[Arc<str>], sizes: &[usize]) -> Vec<Vec<Arc<str>>> {
    let mut batches = Vec::new();
    let mut rest = hosts;
    let mut index = 0;
    while !rest.is_empty() {
        let size = sizes.get(index).or(sizes.last()).copied().unwrap_or(rest.len()).clamp(1, rest.len());
        let (batch, after) = rest.split_at(size);
        batches.push(batch.to_vec());
        rest = after;
        index += 1;
    }
    batches
}

/// Makes the view of a batch: of all hosts of the play, those that are in, and those of the batch.
fn view(
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
        late_vars: HashMap::new(),
        exports: RwLock::default(),
    };
    if play.late_vars_files.is_empty() {
        return Arc::new(view);
    }
    let mut read: HashMap<PathBuf, Option<Arc<Layer>>> = HashMap::new();
    let so_far = Arc::new(PlayView { out: Vec::new(), late_vars: HashMap::new(), ..copy(&view) });
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
        late_vars: HashMap::new(),
        exports: RwLock::default(),
    }
}

/// Gathers which names are used inside which variables, over everything that hosts of the batch can see.
fn knowledge(context: &Context, view: &PlayView) -> Knowledge {
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
    knowledge
}

/// Returns the platforms of hosts; none when one of them is not known.
fn platforms(context: &Context, hosts: &[Arc<str>]) -> Vec<&'static Platform> {
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
