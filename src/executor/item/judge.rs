//! When an item is tried again, and whether it counts as changed or failed: `until`, `changed_when`, `failed_when`.

use super::{ItemOutcome, condition, number};
use crate::event::Status;
use crate::executor::step::{Job, templar};
use crate::executor::world::StepScope;
use crate::failure::{Failure, FailureKind};
use crate::playbook::given;
use crate::template::Templar;
use crate::value::{Map, Value};
use crate::yaml::Node;
use std::sync::Arc;
use std::time::Duration;

/// How often `until` tries again when `retries` does not say.
const DEFAULT_RETRIES: i64 = 3;

/// Seconds between attempts when `delay` does not say.
const DEFAULT_DELAY: f64 = 5.0;

/// Makes a failure of an item whose attempts are used up.
pub(super) fn exhausted(job: &Job, mut outcome: ItemOutcome, attempts: i64) -> ItemOutcome {
    if job.task.until.is_none() {
        return outcome;
    }
    outcome.result.insert("failed", true);
    if attempts > 1 {
        // As in Ansible, which counts retries here, and attempts where one of them did.
        outcome.result.insert("attempts", attempts - 1);
    }
    if outcome.failure.is_none() {
        let conditions = job.task.until.iter().flat_map(|until| &until.conditions);
        let texts: Vec<String> = conditions.map(|node| format!("`{}`", node.to_value().to_text())).collect();
        let message = format!("gave up after {attempts} attempts: {} does not hold", texts.join(" and "));
        outcome.result.insert("msg", message.as_str());
        outcome.failure = Some(Failure::new(FailureKind::Module, message));
    }
    outcome.status = Status::Failed;
    outcome.writes.clear();
    outcome.run.clear();
    outcome
}

/// Returns how many attempts there are at most, and how long to wait between them.
pub(super) fn attempts(job: &Job, templar: &Templar) -> Result<(i64, Duration), Failure> {
    let Some(until) = &job.task.until else { return Ok((1, Duration::ZERO)) };
    let attempts = match value_of(&until.retries, templar)? {
        // Without `until` the default is not meant: nothing but `retries` asks for attempts.
        None if until.conditions.is_empty() => 1,
        None => 1 + DEFAULT_RETRIES,
        Some((value, node)) => {
            let n = number(&value).ok_or_else(|| complaint("retries", "a whole number", &value, node))?;
            if n <= 0.0 { 1 } else { n as i64 + 1 }
        }
    };
    let delay = match &until.delay {
        None => DEFAULT_DELAY,
        Some(node) => match templar.node(node)? {
            Value::Omit => DEFAULT_DELAY,
            value => number(&value).ok_or_else(|| complaint("delay", "a number of seconds", &value, node))?,
        },
    };
    // As in Ansible: a time that cannot be waited is a second.
    let delay = if delay < 0.0 { 1.0 } else { delay };
    Ok((attempts, Duration::from_secs_f64(delay.min(86_400.0))))
}

/// Returns what a keyword comes to, with its place; nothing when it is as if it were not written.
fn value_of<'a>(node: &'a Option<Node>, templar: &Templar) -> Result<Option<(Value, &'a Node)>, Failure> {
    let Some(node) = node else { return Ok(None) };
    let value = templar.node(node)?;
    Ok((!matches!(value, Value::Null | Value::Omit)).then_some((value, node)))
}

/// Says what a keyword takes, and what it was given.
fn complaint(keyword: &str, wanted: &str, value: &Value, node: &Node) -> Failure {
    let message = format!("`{keyword}` must be {wanted}, not {}", given(value));
    Failure::new(FailureKind::Argument, message).at(node.span)
}

pub(super) fn timeout(job: &Job, templar: &Templar) -> Result<Option<Duration>, Failure> {
    let Some((value, node)) = value_of(&job.task.settings.timeout, templar)? else { return Ok(None) };
    let seconds = number(&value)
        .filter(|seconds| *seconds >= 0.0)
        .ok_or_else(|| complaint("timeout", "a number of seconds from 0 on", &value, node))?;
    Ok((seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(86_400.0 * 365.0))))
}

/// Claims that `until` is content with an outcome.
pub(super) fn satisfied(job: &Job, scope: &StepScope, outcome: &ItemOutcome) -> Result<bool, Failure> {
    let failed = matches!(outcome.status, Status::Failed | Status::Unreachable);
    match &job.task.until {
        Some(until) if !until.conditions.is_empty() => {
            let templar = templar(job, &with_result(job, scope, &outcome.result));
            Ok(condition(&templar, &until.conditions)?.is_none())
        }
        Some(_) => Ok(!failed),
        None => Ok(true),
    }
}

/// Returns the scope in which the result is known under its register name.
fn with_result(job: &Job, scope: &StepScope, result: &Map) -> StepScope {
    let mut scope = scope.clone();
    if let Some(name) = &job.task.register {
        let mut result = result.clone();
        for field in ["failed", "changed"] {
            if !result.contains(field) {
                result.insert(field, false);
            }
        }
        scope.overlay.insert(Arc::clone(name), result);
    }
    scope
}

/// Applies `changed_when` and `failed_when`.
pub(super) fn judge(job: &Job, scope: &StepScope, outcome: &mut ItemOutcome) -> Result<(), Failure> {
    let task = &job.task;
    let judged = match &outcome.failure {
        _ if outcome.status == Status::Skipped => false,
        None => true,
        // What went wrong before the module had anything to say is no result that the author could judge.
        Some(failure) => matches!(
            failure.kind,
            FailureKind::Command | FailureKind::Module | FailureKind::Http | FailureKind::File | FailureKind::Timeout
        ),
    };
    if !judged {
        return Ok(());
    }
    if let Some(conditions) = &task.changed_when {
        let templar = templar(job, &with_result(job, scope, &outcome.result));
        let changed = condition(&templar, conditions)?.is_none();
        outcome.result.insert("changed", changed);
        if matches!(outcome.status, Status::Ok | Status::Changed) {
            outcome.status = if changed { Status::Changed } else { Status::Ok };
        }
    }
    if let Some(conditions) = &task.failed_when {
        let templar = templar(job, &with_result(job, scope, &outcome.result));
        let holds = condition(&templar, conditions)?.is_none();
        outcome.result.insert("failed", holds);
        outcome.result.insert("failed_when_result", holds);
        if holds {
            if outcome.failure.is_none() {
                let texts: Vec<String> =
                    conditions.iter().map(|node| format!("`{}`", node.to_value().to_text())).collect();
                let mut failure =
                    Failure::new(FailureKind::Module, format!("`failed_when` holds: {}", texts.join(" and ")));
                failure.place = conditions.first().map(|node| node.span);
                outcome.failure = Some(failure);
            }
            outcome.status = Status::Failed;
            // What failed sets nothing.
            outcome.writes.clear();
            outcome.run.clear();
        } else {
            outcome.failure = None;
            let changed = matches!(outcome.result.get("changed"), Some(Value::Bool(true)));
            outcome.status = if changed { Status::Changed } else { Status::Ok };
        }
    }
    Ok(())
}
