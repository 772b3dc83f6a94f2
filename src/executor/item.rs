//! One item of a step (a step without a loop has one): condition, arguments, attempts, and how the result is judged.

mod arguments;
mod include;
mod judge;
mod once;
mod settings;

pub(super) use settings::rendered;

use super::step::{Inclusion, Job, VarWrite, flag, templar};
use super::world::StepScope;
use crate::event::{Status, What};
use crate::failure::{Failure, FailureKind};
use crate::module::{RunChange, TextDiff};
use crate::phase::{self, Phase};
use crate::playbook::{Action, Meta};
use crate::template::Templar;
use crate::value::{Map, Value};
use crate::yaml::Node;
use include::include;
use judge::{attempts, exhausted, judge, satisfied, timeout};
use once::{Call, once};
use settings::settled;
use std::sync::Arc;
use std::time::Duration;

/// What came of an item.
pub(super) struct ItemOutcome {
    pub(super) status: Status,
    pub(super) result: Map,
    pub(super) failure: Option<Failure>,
    pub(super) diff: Vec<TextDiff>,
    pub(super) writes: Vec<VarWrite>,
    pub(super) run: Vec<RunChange>,
    pub(super) notify: Vec<Arc<str>>,
    pub(super) skip_reason: Option<String>,
    pub(super) delegated_to: Option<Arc<str>>,
    pub(super) inclusion: Option<Inclusion>,
    pub(super) warnings: Vec<String>,
    pub(super) no_log: bool,
    pub(super) unknown: bool,
    pub(super) fatal: bool,
    pub(super) ignored: bool,
}

impl ItemOutcome {
    fn new(status: Status, result: Map) -> ItemOutcome {
        ItemOutcome {
            status,
            result,
            failure: None,
            diff: Vec::new(),
            writes: Vec::new(),
            run: Vec::new(),
            notify: Vec::new(),
            skip_reason: None,
            delegated_to: None,
            inclusion: None,
            warnings: Vec::new(),
            no_log: false,
            unknown: false,
            fatal: false,
            ignored: false,
        }
    }

    fn skipped(reason: String, condition: Option<String>) -> ItemOutcome {
        let mut result: Map = [("changed", false), ("skipped", true)].into_iter().collect();
        result.insert("skip_reason", reason.as_str());
        if let Some(condition) = condition {
            result.insert("false_condition", condition);
        }
        ItemOutcome { skip_reason: Some(reason), ..ItemOutcome::new(Status::Skipped, result) }
    }

    fn failed(failure: Failure) -> ItemOutcome {
        let mut result = failure.result.clone();
        let unreachable = failure.kind.is_unreachable();
        result.insert(if unreachable { "unreachable" } else { "failed" }, true);
        if !result.contains("msg") {
            result.insert("msg", failure.message.expose());
        }
        if !result.contains("changed") {
            result.insert("changed", false);
        }
        let status = if unreachable { Status::Unreachable } else { Status::Failed };
        ItemOutcome { failure: Some(failure), ..ItemOutcome::new(status, result) }
    }
}

/// Returns why the task does not run, if a condition says so; `None` also when a condition cannot be evaluated.
pub(super) fn is_skipped(job: &Job, scope: &StepScope) -> Option<String> {
    match condition(&templar(job, scope), &job.task.when) {
        Ok(Some(text)) => Some(format!("the condition does not hold: {text}")),
        _ => None,
    }
}

/// Runs an item to its end.
pub(super) async fn run(job: &Job, scope: &StepScope) -> ItemOutcome {
    let mut own = None;
    let mut outcome = match attempt_all(job, scope, &mut own).await {
        Ok(outcome) => outcome,
        Err(failure) => missing(scope, failure),
    };
    let job = own.as_deref().unwrap_or(job);
    if let Err(failure) = job.context.world.check_files(&outcome.run) {
        outcome = ItemOutcome::failed(failure);
    }
    if matches!(outcome.status, Status::Ok | Status::Changed) {
        match notified(job, scope) {
            Ok(names) => outcome.notify = names,
            Err(failure) => outcome = ItemOutcome::failed(failure),
        }
    }
    if matches!(outcome.status, Status::Failed | Status::Unreachable) {
        outcome = weighed(job, scope, outcome);
    }
    outcome.no_log = flag(job, scope, "no_log", &job.task.settings.no_log).unwrap_or(true);
    outcome
}

/// Says whether a failure is ignored, and whether it ends the play for everybody.
fn weighed(job: &Job, scope: &StepScope, mut outcome: ItemOutcome) -> ItemOutcome {
    let settings = &job.task.settings;
    let ignores = flag(job, scope, "ignore_errors", &settings.ignore_errors);
    // As in Ansible: where what runs once for all does not reach its host, nobody goes on.
    let is_lost =
        outcome.status == Status::Unreachable && flag(job, scope, "run_once", &settings.run_once).unwrap_or(true);
    // As in Ansible: whose errors are ignored is not fatal, also where it cannot be reached.
    outcome.fatal = (is_lost || flag(job, scope, "any_errors_fatal", &settings.any_errors_fatal).unwrap_or(true))
        && !ignores.as_ref().is_ok_and(|ignores| *ignores);
    outcome.ignored = match outcome.status {
        Status::Unreachable => match flag(job, scope, "ignore_unreachable", &settings.ignore_unreachable) {
            Ok(ignored) => ignored,
            Err(failure) => return ItemOutcome { fatal: outcome.fatal, ..ItemOutcome::failed(failure) },
        },
        // As in Ansible: the task has failed because of what `ignore_errors` comes to, and that is not false.
        _ => ignores.unwrap_or(true),
    };
    outcome
}

/// Returns the handlers that the task notifies should it come out as changed.
fn notified(job: &Job, scope: &StepScope) -> Result<Vec<Arc<str>>, Failure> {
    let templar = templar(job, scope);
    let mut all = Vec::new();
    for node in &job.task.notify {
        match templar.node(node)? {
            Value::List(names) => all.extend(names.iter().map(|name| Arc::from(name.to_text()))),
            name => all.push(name.to_text().into()),
        }
    }
    Ok(all)
}

/// Makes an outcome of a failure; a value that check mode could not produce is no failure.
fn missing(scope: &StepScope, failure: Failure) -> ItemOutcome {
    let unknown = failure.kind == FailureKind::Undefined
        && scope.own.unknown.iter().any(|name| failure.message.expose().contains(&format!("`{name}")));
    if unknown {
        let reason = format!("not known in check mode: {}", failure.message.expose());
        return ItemOutcome { unknown: true, ..ItemOutcome::skipped(reason, None) };
    }
    ItemOutcome::failed(failure)
}

/// Returns the first condition that does not hold, as text.
fn condition(templar: &Templar, conditions: &[Node]) -> Result<Option<String>, Failure> {
    if conditions.is_empty() {
        return Ok(None);
    }
    let _time = phase::time(Phase::Template);
    for node in conditions {
        if !templar.condition(node)? {
            return Ok(Some(node.to_value().to_text()));
        }
    }
    Ok(None)
}

/// Tries an item until it is enough. `own` gets the job whose keywords are worked out, if there is anything to work out.
async fn attempt_all(job: &Job, scope: &StepScope, own: &mut Option<Box<Job>>) -> Result<ItemOutcome, Failure> {
    let templar = templar(job, scope);
    if let Some(text) = condition(&templar, &job.task.when)? {
        return Ok(ItemOutcome::skipped("Conditional result was False".into(), Some(text)));
    }
    let (module, platform) = match &job.task.action {
        Action::Meta(Meta::RefreshInventory) => {
            job.context.world.refresh().await?;
            return Ok(ItemOutcome::new(Status::Ok, Map::new()));
        }
        Action::Meta(_) => return Ok(ItemOutcome::new(Status::Ok, Map::new())),
        Action::IncludeTasks | Action::IncludeRole => {
            *own = settled(job, &templar)?;
            return include(own.as_deref().unwrap_or(job), scope, &templar);
        }
        Action::Module { module, platform } => (*module, *platform),
    };
    *own = settled(job, &templar)?;
    let job = own.as_deref().unwrap_or(job);
    let (attempts, delay) = attempts(job, &templar)?;
    let limit = timeout(job, &templar)?;
    // As in Ansible: however often it is tried, it is called with the same arguments.
    let call = Call::of(job, &templar, module)?;
    let mut attempt = 1;
    loop {
        let work = Box::pin(once(job, scope, &templar, &call, platform));
        let done = match limit {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                let message = format!("the task did not end within {} s (`timeout`)", limit.as_secs_f64());
                let period = Value::map([("period", Value::from(limit.as_secs()))]);
                let result: Map = [("timedout", period)].into_iter().collect();
                Err(Failure::new(FailureKind::Timeout, message).with_result(result))
            }),
        };
        // What check mode withheld has a result that can be asked; what needs one that is not known has none.
        let (is_known, mut outcome) = match done {
            Ok(outcome) => (true, outcome),
            Err(failure) => (false, missing(scope, failure)),
        };
        if attempts > 1 {
            // Before it is judged: conditions may ask which attempt this is.
            outcome.result.insert("attempts", attempt);
        }
        if let Err(failure) = judge(job, scope, &mut outcome) {
            // The work is done all the same: what it said stays, beside what is wrong with the condition.
            outcome.result.insert("failed", true);
            outcome.result.insert("msg", failure.message.expose());
            outcome.status = Status::Failed;
            outcome.failure = Some(failure);
            return Ok(outcome);
        }
        if outcome.status == Status::Unreachable {
            return Ok(outcome);
        }
        let is_skipped = outcome.status == Status::Skipped;
        if is_skipped && is_known && !outcome.result.contains("failed") {
            outcome.result.insert("failed", false);
        }
        // As in Ansible: who has one attempt is not asked whether it was enough, and who was skipped by the module is.
        let good = attempts == 1
            || match satisfied(job, scope, &outcome) {
                Err(failure) if is_skipped && failure.kind == FailureKind::Undefined => true,
                said => said?,
            };
        if good || (is_skipped && !is_known) {
            return Ok(outcome);
        }
        if attempt >= attempts || job.cancel.is_cancelled() {
            return Ok(exhausted(job, outcome, attempts));
        }
        let left = u32::try_from(attempts - attempt).unwrap_or(u32::MAX);
        let host = job.context.publisher.clean(&job.host);
        job.context.publisher.publish(What::Retry { task: job.number, host, left });
        // Nothing was sent, so nothing changes by waiting.
        let delay = if is_skipped { Duration::ZERO } else { delay };
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = job.cancel.cancelled() => return Ok(exhausted(job, outcome, attempts)),
        }
        attempt += 1;
    }
}

/// Returns a number that may be written as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) => Some(*n as f64),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::Float(f) if f.is_finite() => Some(*f),
        Value::Str(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

/// Returns a boolean that may be written as text or number.
pub(super) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::Int(n) => Some(*n != 0),
        Value::Null => Some(false),
        Value::Str(text) => match text.to_lowercase().trim() {
            "yes" | "on" | "1" | "true" | "y" | "t" => Some(true),
            "no" | "off" | "0" | "false" | "n" | "f" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}
