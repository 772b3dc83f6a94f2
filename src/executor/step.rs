//! A step: one task on one host, with what holds for it as a whole: its name, register, notify, ignored failures. The
//! loop over its items is in `looped.rs`, one item in `item.rs`.

use super::Context;
use super::item::{self, ItemOutcome};
use super::looped;
use super::world::{PlayView, Shelf, StepScope};
use crate::event::{Status, TaskNumber};
use crate::failure::{Failure, FailureKind};
use crate::module::{RunChange, TextDiff};
use crate::phase::{self, Phase, Phases};
use crate::playbook::{Action, RoleUse, Takes, Task};
use crate::source::Span;
use crate::template::Templar;
use crate::value::{Map, Value};
use crate::vars::Var;
use crate::yaml::Node;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// A step to run.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) context: Arc<Context>,
    pub(super) view: Arc<PlayView>,
    pub(super) task: Arc<Task>,
    pub(super) number: TaskNumber,
    pub(super) host: Arc<str>,
    /// Since when only its turn was missing.
    pub(super) ready: Instant,
    pub(super) cancel: CancellationToken,
    /// What it registers may be read.
    pub(super) keeps_result: bool,
    /// What templates of its keywords have yielded already, when its turn came.
    pub(super) said: Vec<(&'static str, Value)>,
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
    /// That it failed, or did not reach its host, is ignored; nothing when nobody has looked yet.
    pub(super) ignored: Option<bool>,
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
            ignored: None,
        }
    }
}

/// Runs a step to its end.
pub(super) async fn run(job: Job) -> Outcome {
    // Boxed: every wrapper around a future may hold it twice, and thousands of steps wait at the same time.
    let (outcome, phases) = phase::measured(Box::pin(work(job))).await;
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
        Some(repeat) => match looped::items_of(&job, &scope, repeat) {
            Ok(items) => Box::pin(looped::run(&job, scope.clone(), repeat, &items)).await,
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
    let rendered = match templar(job, scope).node(name) {
        // As in Ansible: what is nothing is no name.
        Ok(value) if !value.is_truthy() => job.task.called.to_string(),
        Ok(value) => value.to_text(),
        Err(_) => name.to_value().to_text(),
    };
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
        ignored: Some(done.ignored),
        ..Outcome::empty(done.status, String::new())
    }
}

fn skipped_result(reason: &str) -> Value {
    Value::map([("changed", Value::Bool(false)), ("skipped", Value::Bool(true)), ("skip_reason", reason.into())])
}

/// Gives an outcome what holds for the step as a whole: register, notify, ignored failures.
fn finish(job: &Job, scope: &StepScope, mut outcome: Outcome, title: String) -> Outcome {
    outcome.name = title;
    if let Some(name) = job.task.register.as_ref().filter(|_| job.keeps_result) {
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
        _ if outcome.ignored.is_some() => Ok(outcome.ignored.unwrap_or_default()),
        Status::Failed => flag(job, scope, "ignore_errors", &job.task.settings.ignore_errors),
        Status::Unreachable => flag(job, scope, "ignore_unreachable", &job.task.settings.ignore_unreachable),
        _ => Ok(false),
    };
    match (ignored, outcome.status) {
        (Ok(false), _) => {}
        // As in Ansible: the task has failed because of what `ignore_errors` comes to, and that is not false.
        (Ok(true), _) | (Err(_), Status::Failed) => outcome.status = Status::Ignored,
        (Err(failure), _) => {
            let name = std::mem::take(&mut outcome.name);
            return Outcome { writes: outcome.writes, ..Outcome::failed(failure, name) };
        }
    }
    outcome
}

/// Returns a setting that is true or false; false when it is not written.
pub(super) fn flag(job: &Job, scope: &StepScope, keyword: &str, node: &Option<Node>) -> Result<bool, Failure> {
    Ok(flag_if(job, scope, keyword, node)?.unwrap_or(false))
}

/// Returns a setting that is true or false, if it is written.
pub(super) fn flag_if(
    job: &Job,
    scope: &StepScope,
    keyword: &str,
    node: &Option<Node>,
) -> Result<Option<bool>, Failure> {
    if node.is_none() {
        return Ok(None);
    }
    flag_of(&templar(job, scope), keyword, node)
}

/// Returns a setting that is true or false, if it is written.
pub(super) fn flag_of(templar: &Templar, keyword: &str, node: &Option<Node>) -> Result<Option<bool>, Failure> {
    let Some(node) = node else { return Ok(None) };
    let value = templar.node(node)?;
    if value == Value::Omit {
        return Ok(None);
    }
    match crate::playbook::flag(&value) {
        Some(flag) => Ok(Some(flag)),
        None => Err(Failure::new(FailureKind::Argument, Takes::Flag.complaint(keyword, &value)).at(node.span)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of<T, F: Future>(_: fn(T) -> F) -> usize {
        size_of::<F>()
    }

    /// Steps that wait for a login are the memory of a large run.
    #[test]
    fn a_step_that_waits_is_small() {
        let (step, work) = (bytes_of(run), bytes_of(work));
        assert!(step < 1024 && work < 8 * 1024, "{step} and {work} bytes");
    }
}
