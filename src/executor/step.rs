//! A step: one task on one host. The loop over its items, what of them comes together, and the result's last form.

use super::Context;
use super::item::{self, ItemOutcome};
use super::world::{PlayView, Shelf, StepScope};
use crate::event::{Status, TaskNumber};
use crate::failure::{Failure, FailureKind};
use crate::module::{RunChange, TextDiff};
use crate::phase::{self, Phase, Phases};
use crate::playbook::{Action, Loop, RoleUse, Task};
use crate::source::Span;
use crate::template::Templar;
use crate::value::{Map, Value};
use crate::vars::Var;
use crate::yaml::Node;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// A step to run.
pub(super) struct Job {
    pub(super) context: Arc<Context>,
    pub(super) view: Arc<PlayView>,
    pub(super) task: Arc<Task>,
    pub(super) number: TaskNumber,
    pub(super) host: Arc<str>,
    /// Since when only its turn was missing.
    pub(super) ready: Instant,
    pub(super) cancel: CancellationToken,
}

/// What came of a step.
pub(super) struct Outcome {
    pub(super) status: Status,
    pub(super) result: Value,
    pub(super) failure: Option<Failure>,
    pub(super) diff: Vec<TextDiff>,
    pub(super) writes: Vec<VarWrite>,
    pub(super) run: Vec<RunChange>,
    pub(super) notify: Vec<Arc<str>>,
    pub(super) skip_reason: Option<String>,
    pub(super) delegated_to: Option<Arc<str>>,
    pub(super) items: Vec<ItemReport>,
    pub(super) inclusions: Vec<Inclusion>,
    pub(super) warnings: Vec<String>,
    pub(super) no_log: bool,
    /// The result is not known, because check mode withheld what would have made it.
    pub(super) unknown: bool,
    /// What it spent its time on.
    pub(super) phases: Phases,
    /// The name of the task, rendered.
    pub(super) name: String,
    /// The play is to end for everybody when this failed.
    pub(super) fatal: bool,
}

/// A variable that a step sets.
#[derive(Clone)]
pub(super) struct VarWrite {
    /// The host that gets it, when it is not the step's own (`delegate_facts`).
    pub(super) host: Option<Arc<str>>,
    pub(super) shelf: Shelf,
    pub(super) name: Arc<str>,
    pub(super) var: Var,
}

/// What an item of a loop came to, for reporters.
pub(super) struct ItemReport {
    pub(super) label: String,
    pub(super) status: Status,
    pub(super) result: Value,
}

/// What an include brings on one host.
#[derive(Clone)]
pub(super) struct Inclusion {
    pub(super) what: Included,
    /// Loop variables, which the included tasks see.
    pub(super) vars: Map,
    pub(super) apply: Option<Node>,
    pub(super) named_at: Span,
}

/// What is included.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Included {
    /// A file of tasks.
    File(PathBuf),
    /// A role.
    Role {
        /// Its name.
        name: String,
        /// Which of its files.
        how: RoleUse,
        /// Its defaults and variables are the play's from then on.
        public: bool,
    },
}

impl Outcome {
    /// Makes the outcome of a step that failed before its work began.
    pub(super) fn failed(failure: Failure, name: String) -> Outcome {
        let mut result = failure.result.clone();
        result.insert("failed", true);
        result.insert("msg", failure.message.expose());
        let status = if failure.kind.is_unreachable() { Status::Unreachable } else { Status::Failed };
        Outcome { failure: Some(failure), result: result.into(), ..Outcome::empty(status, name) }
    }

    /// Makes it one of a step that changed nothing after all.
    pub(super) fn nothing_changed(&mut self) {
        if self.status == Status::Changed {
            self.status = Status::Ok;
            self.notify.clear();
            if let Value::Map(result) = &self.result {
                let mut result = (**result).clone();
                result.insert("changed", false);
                self.result = result.into();
            }
        }
    }

    /// Makes the outcome of a step that had nothing to do.
    pub(super) fn empty(status: Status, name: String) -> Outcome {
        Outcome {
            status,
            result: Value::from(Map::new()),
            failure: None,
            diff: Vec::new(),
            writes: Vec::new(),
            run: Vec::new(),
            notify: Vec::new(),
            skip_reason: None,
            delegated_to: None,
            items: Vec::new(),
            inclusions: Vec::new(),
            warnings: Vec::new(),
            no_log: false,
            unknown: false,
            phases: Phases::default(),
            name,
            fatal: false,
        }
    }
}

/// Runs a step to its end.
pub(super) async fn run(job: Job) -> Outcome {
    let (outcome, phases) = phase::measured(work(job)).await;
    Outcome { phases, ..outcome }
}

async fn work(job: Job) -> Outcome {
    phase::add(Phase::Queue, job.ready.elapsed());
    let scope = StepScope::new(&job.context.world, &job.host, Some(&job.view), Some(&job.task));
    let title = title(&job, &scope);
    let outcome = match &job.task.repeat {
        None => {
            let done = item::run(&job, &scope).await;
            single(&job, done)
        }
        Some(repeat) => match items_of(&job, &scope, repeat) {
            Ok(items) => looped(&job, scope.clone(), repeat, items).await,
            Err(failure) => match item::is_skipped(&job, &scope) {
                // As in Ansible: a loop over something undefined does not matter when the condition does not hold.
                Some(reason) => {
                    let mut outcome = Outcome::empty(Status::Skipped, String::new());
                    outcome.result = skipped_result(&reason);
                    outcome.skip_reason = Some(reason);
                    outcome
                }
                None => Outcome::failed(failure, String::new()),
            },
        },
    };
    finish(&job, &scope, outcome, title)
}

/// Returns the task's name rendered; as written when it cannot be.
fn title(job: &Job, scope: &StepScope) -> String {
    let Some(name) = &job.task.name else { return job.task.title() };
    if name.is_static() {
        return job.task.title();
    }
    let _time = phase::time(Phase::Template);
    let rendered = templar(job, scope).node(name).map_or_else(|_| name.to_value().to_text(), |value| value.to_text());
    match &job.task.role {
        Some(role) if !matches!(job.task.action, Action::IncludeRole) => format!("{} : {rendered}", role.name),
        _ => rendered,
    }
}

/// Makes what renders with this scope.
pub(super) fn templar(job: &Job, scope: &StepScope) -> Templar {
    Templar::new(Arc::new(scope.clone()), job.task.files.clone(), Arc::clone(&job.context.loader.sources))
}

fn single(_job: &Job, done: ItemOutcome) -> Outcome {
    let result = Value::from(done.result);
    Outcome {
        failure: done.failure,
        result,
        diff: done.diff,
        writes: done.writes,
        run: done.run,
        notify: done.notify,
        skip_reason: done.skip_reason,
        delegated_to: done.delegated_to,
        inclusions: done.inclusion.into_iter().collect(),
        warnings: done.warnings,
        no_log: done.no_log,
        unknown: done.unknown,
        fatal: done.fatal,
        ..Outcome::empty(done.status, String::new())
    }
}

fn skipped_result(reason: &str) -> Value {
    Value::map([("changed", Value::Bool(false)), ("skipped", Value::Bool(true)), ("skip_reason", reason.into())])
}

/// Returns what a loop goes over.
fn items_of(job: &Job, scope: &StepScope, repeat: &Loop) -> Result<Vec<Value>, Failure> {
    let _time = phase::time(Phase::Template);
    let templar = templar(job, scope);
    match &repeat.lookup {
        None => match templar.node(&repeat.over)? {
            Value::List(items) => Ok(items.to_vec()),
            other => {
                Err(Failure::new(FailureKind::Template, format!("`loop` needs a list, and this is a {}", other.kind()))
                    .at(repeat.over.span)
                    .help("a dictionary becomes a list by `| dict2items`"))
            }
        },
        Some(lookup) => {
            let terms = match templar.node(&repeat.over)? {
                Value::List(terms) => terms.to_vec(),
                other => vec![other],
            };
            templar.lookup(lookup, terms, Map::new())
        }
    }
}

async fn looped(job: &Job, mut scope: StepScope, repeat: &Loop, items: Vec<Value>) -> Outcome {
    let mut outcome = Outcome::empty(Status::Ok, String::new());
    let mut results: Vec<Value> = Vec::with_capacity(items.len());
    let (mut changed, mut failed, mut all_skipped) = (false, false, true);
    let base = scope.overlay.clone();
    let count = items.len();
    for (index, item) in items.iter().enumerate() {
        if index > 0
            && let Err(failure) = pause(job, &scope, repeat).await
        {
            return Outcome::failed(failure, String::new());
        }
        scope.overlay = base.clone();
        scope.overlay.insert(Arc::clone(&repeat.var), item.clone());
        scope.overlay.insert("ansible_loop_var", Value::Str(Arc::clone(&repeat.var)));
        if let Some(name) = &repeat.index_var {
            scope.overlay.insert(Arc::clone(name), index);
            scope.overlay.insert("ansible_index_var", Value::Str(Arc::clone(name)));
        }
        if says(job, &scope, &repeat.extended).unwrap_or(false) {
            let all = says(job, &scope, &repeat.extended_allitems).unwrap_or(true);
            scope.overlay.insert("ansible_loop", loop_facts(&items, index, all));
        }
        let done = item::run(job, &scope).await;
        // What an item sets, the next one sees.
        for write in done.writes.iter().filter(|write| write.host.is_none()) {
            Arc::make_mut(&mut scope.own).shelf(write.shelf).insert(Arc::clone(&write.name), write.var.clone());
        }
        let label = label(job, &scope, repeat, item);
        let mut result = done.result;
        if done.status != Status::Skipped && !result.contains("failed") {
            result.insert("failed", false);
        }
        result.insert(Arc::clone(&repeat.var), item.clone());
        result.insert("ansible_loop_var", Value::Str(Arc::clone(&repeat.var)));
        if let Some(name) = &repeat.index_var {
            result.insert("ansible_index_var", Value::Str(Arc::clone(name)));
            result.insert(Arc::clone(name), index);
        }
        if let Some(facts) = scope.overlay.get("ansible_loop") {
            result.insert("ansible_loop", facts.clone());
        }
        let result = Value::from(result);
        if let Some(name) = &job.task.register {
            // The next item knows what came of this one.
            Arc::make_mut(&mut scope.own).set.insert(Arc::clone(name), Var::Data(result.clone()));
        }
        changed |= matches!(result.get("changed"), Some(Value::Bool(true)));
        failed |= matches!(done.status, Status::Failed | Status::Unreachable);
        all_skipped &= done.status == Status::Skipped;
        let unreachable = done.status == Status::Unreachable;
        outcome.items.push(ItemReport { label, status: done.status, result: result.clone() });
        results.push(result);
        outcome.diff.extend(done.diff);
        outcome.writes.extend(done.writes);
        outcome.run.extend(done.run);
        outcome.notify.extend(done.notify);
        outcome.inclusions.extend(done.inclusion);
        outcome.warnings.extend(done.warnings);
        outcome.delegated_to = done.delegated_to.or(outcome.delegated_to);
        outcome.no_log |= done.no_log;
        outcome.unknown |= done.unknown;
        outcome.fatal |= done.fatal;
        if outcome.failure.is_none() {
            outcome.failure = done.failure;
        }
        if outcome.skip_reason.is_none() {
            outcome.skip_reason = done.skip_reason;
        }
        let cut = job.cancel.is_cancelled();
        if unreachable || cut || (index + 1 < count && breaks(job, &scope, repeat)) {
            break;
        }
    }
    let skipped = all_skipped;
    let mut result = Map::new();
    result.insert("changed", changed);
    result.insert("skipped", skipped);
    if failed {
        result.insert("failed", true);
    }
    if count == 0 {
        result.insert("skipped_reason", "No items in the list");
        outcome.skip_reason = Some("no items in the list".into());
    } else {
        let words = ["All items completed", "All items skipped", "One or more items failed"];
        result.insert("msg", words[if failed { 2 } else { usize::from(skipped) }]);
    }
    result.insert("results", results);
    outcome.status = match (failed, skipped, changed) {
        _ if outcome.items.last().is_some_and(|item| item.status == Status::Unreachable) => Status::Unreachable,
        (true, _, _) => Status::Failed,
        (_, true, _) => Status::Skipped,
        (_, _, true) => Status::Changed,
        _ => Status::Ok,
    };
    outcome.result = result.into();
    outcome
}

/// Waits between items, if the loop asks for it.
async fn pause(job: &Job, scope: &StepScope, repeat: &Loop) -> Result<(), Failure> {
    let Some(node) = &repeat.pause else { return Ok(()) };
    let seconds = item::number(&templar(job, scope).node(node)?).unwrap_or(0.0);
    tokio::select! {
        () = tokio::time::sleep(Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0))) => {}
        () = job.cancel.cancelled() => {}
    }
    Ok(())
}

/// Returns a switch of `loop_control`, if it is written.
fn says(job: &Job, scope: &StepScope, node: &Option<Node>) -> Option<bool> {
    node.as_ref().map(|node| templar(job, scope).node(node).is_ok_and(|value| value.is_truthy()))
}

fn breaks(job: &Job, scope: &StepScope, repeat: &Loop) -> bool {
    let templar = templar(job, scope);
    !repeat.break_when.is_empty() && repeat.break_when.iter().all(|node| templar.condition(node).unwrap_or(false))
}

/// Returns `ansible_loop` as `loop_control.extended` gives it.
fn loop_facts(items: &[Value], index: usize, all: bool) -> Value {
    let count = items.len();
    let mut facts: Map = [
        ("index", Value::from(index + 1)),
        ("index0", Value::from(index)),
        ("first", Value::from(index == 0)),
        ("last", Value::from(index + 1 == count)),
        ("length", Value::from(count)),
        ("revindex", Value::from(count - index)),
        ("revindex0", Value::from(count - index - 1)),
    ]
    .into_iter()
    .collect();
    if all {
        facts.insert("allitems", Value::list(items.to_vec()));
    }
    if let Some(next) = items.get(index + 1) {
        facts.insert("nextitem", next.clone());
    }
    if let Some(before) = index.checked_sub(1).and_then(|before| items.get(before)) {
        facts.insert("previtem", before.clone());
    }
    facts.into()
}

fn label(job: &Job, scope: &StepScope, repeat: &Loop, item: &Value) -> String {
    match &repeat.label {
        Some(label) => templar(job, scope).node(label).map_or_else(|_| item.to_text(), |value| value.to_text()),
        None => item.to_text(),
    }
}

/// Gives an outcome what holds for the step as a whole: register, notify, ignored failures.
fn finish(job: &Job, scope: &StepScope, mut outcome: Outcome, title: String) -> Outcome {
    outcome.name = title;
    if let Some(name) = &job.task.register {
        let mut result = match &outcome.result {
            Value::Map(map) => (**map).clone(),
            _ => Map::new(),
        };
        // A loop says `failed` only when an item did, as in Ansible.
        if !result.contains("failed") && job.task.repeat.is_none() {
            result.insert("failed", false);
        }
        if !result.contains("changed") {
            result.insert("changed", false);
        }
        outcome.writes.push(VarWrite {
            host: None,
            shelf: Shelf::Set,
            name: Arc::clone(name),
            var: Var::Data(result.into()),
        });
    }
    if outcome.status != Status::Changed {
        outcome.notify.clear();
    }
    let ignored = match outcome.status {
        Status::Failed => flag(job, scope, &job.task.settings.ignore_errors),
        Status::Unreachable => flag(job, scope, &job.task.settings.ignore_unreachable),
        _ => Ok(false),
    };
    match ignored {
        Ok(true) => outcome.status = Status::Ignored,
        Ok(false) => {}
        Err(failure) => {
            let name = std::mem::take(&mut outcome.name);
            return Outcome { writes: outcome.writes, ..Outcome::failed(failure, name) };
        }
    }
    outcome
}

/// Returns a setting that is true or false; false when it is not written.
pub(super) fn flag(job: &Job, scope: &StepScope, node: &Option<Node>) -> Result<bool, Failure> {
    Ok(flag_if(job, scope, node)?.unwrap_or(false))
}

/// Returns a setting that is true or false, if it is written.
pub(super) fn flag_if(job: &Job, scope: &StepScope, node: &Option<Node>) -> Result<Option<bool>, Failure> {
    let Some(node) = node else { return Ok(None) };
    let value = templar(job, scope).node(node)?;
    match item::boolean(&value) {
        Some(flag) => Ok(Some(flag)),
        None => {
            Err(Failure::new(FailureKind::Template, format!("must be true or false, not {}", value.kind()))
                .at(node.span))
        }
    }
}
