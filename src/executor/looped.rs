//! The loop of a step: one item after the other, or (`loop_control.parallel`) several at once, and what of them comes
//! together.

use super::item::{self, ItemOutcome};
use super::step::{ItemReport, Job, Outcome, templar};
use super::world::StepScope;
use crate::event::Status;
use crate::failure::{Failure, FailureKind};
use crate::playbook::Loop;
use crate::value::{Map, Value};
use crate::vars::Var;
use crate::yaml::Node;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use std::time::Duration;

/// An item that is done.
struct Done {
    label: String,
    /// The result as it stands in `results`.
    result: Value,
    outcome: ItemOutcome,
}

/// Returns what a loop goes over.
pub(super) fn items_of(job: &Job, scope: &StepScope, repeat: &Loop) -> Result<Vec<Value>, Failure> {
    let _time = crate::phase::time(crate::phase::Phase::Template);
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
            // As in Ansible: a file whose name is not known is one that is not there.
            let is_search = lookup.ends_with("first_found");
            let over = if is_search { templar.defined_part(&repeat.over) } else { templar.node(&repeat.over) };
            let terms = match over? {
                Value::List(terms) => terms.to_vec(),
                other => vec![other],
            };
            templar.lookup(lookup, terms, Map::new())
        }
    }
}

/// Runs a loop to its end. It ends early at an item that could not be reached, and when it is cut.
pub(super) async fn run(job: &Job, scope: StepScope, repeat: &Loop, items: &[Value]) -> Outcome {
    let done = match at_once(job, &scope, repeat) {
        Ok(1) => one_by_one(job, scope, repeat, items).await,
        Ok(most) => Ok(together(job, &scope, repeat, items, most).await),
        Err(failure) => Err(failure),
    };
    match done {
        Ok(done) => gathered(done, items.is_empty()),
        Err(failure) => Outcome::failed(failure, String::new()),
    }
}

/// Returns how many items may be at work at once.
fn at_once(job: &Job, scope: &StepScope, repeat: &Loop) -> Result<usize, Failure> {
    let Some(node) = &repeat.parallel else { return Ok(1) };
    let number = item::number(&templar(job, scope).node(node)?).filter(|number| *number >= 1.0);
    number.map(|number| number as usize).ok_or_else(|| {
        let message = "`parallel` must come to a number from 1 on: how many items are at work at once";
        Failure::new(FailureKind::Argument, message).at(node.span)
    })
}

async fn one_by_one(job: &Job, mut scope: StepScope, repeat: &Loop, items: &[Value]) -> Result<Vec<Done>, Failure> {
    let mut all: Vec<Done> = Vec::with_capacity(items.len());
    for index in 0..items.len() {
        let pause = pause(job, &scope, repeat)?;
        if index > 0 {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = job.cancel.cancelled() => {}
            }
        }
        let done = one(job, &scope, repeat, items, index).await;
        // What an item sets, the next one sees.
        for write in done.outcome.writes.iter().filter(|write| write.host.is_none()) {
            Arc::make_mut(&mut scope.own).shelf(write.shelf).insert(Arc::clone(&write.name), write.var.clone());
        }
        if let Some(name) = &job.task.register {
            // The next item knows what came of this one.
            Arc::make_mut(&mut scope.own).set.insert(Arc::clone(name), Var::Data(done.result.clone()));
        }
        let ends = ends_loop(job);
        all.push(done);
        let is_last = index + 1 == items.len();
        if ends || (!is_last && breaks(job, &item_scope(job, &scope, repeat, items, index), repeat)) {
            break;
        }
    }
    Ok(all)
}

/// Runs so many items at once. Returns what was done in the order of the items.
async fn together(job: &Job, scope: &StepScope, repeat: &Loop, items: &[Value], most: usize) -> Vec<Done> {
    let mut all: Vec<Option<Done>> = items.iter().map(|_| None).collect();
    let mut under_way = FuturesUnordered::new();
    let (mut next, mut ended) = (0, false);
    loop {
        while under_way.len() < most && next < items.len() && !ended {
            let index = next;
            under_way.push(async move { (index, one(job, scope, repeat, items, index).await) });
            next += 1;
        }
        let Some((index, done)) = under_way.next().await else { break };
        ended |= ends_loop(job);
        all[index] = Some(done);
    }
    all.into_iter().flatten().collect()
}

/// Claims that no further item begins.
fn ends_loop(job: &Job) -> bool {
    job.cancel.is_cancelled()
}

/// Returns the scope of an item.
fn item_scope(job: &Job, scope: &StepScope, repeat: &Loop, items: &[Value], index: usize) -> StepScope {
    let mut scope = scope.clone();
    scope.overlay.insert(Arc::clone(&repeat.var), items[index].clone());
    scope.overlay.insert("ansible_loop_var", Value::Str(Arc::clone(&repeat.var)));
    if let Some(name) = &repeat.index_var {
        scope.overlay.insert(Arc::clone(name), index);
        scope.overlay.insert("ansible_index_var", Value::Str(Arc::clone(name)));
    }
    if says(job, &scope, &repeat.extended).unwrap_or(false) {
        let all = says(job, &scope, &repeat.extended_allitems).unwrap_or(true);
        scope.overlay.insert("ansible_loop", loop_facts(items, index, all));
    }
    scope
}

/// Runs an item to its end.
async fn one(job: &Job, scope: &StepScope, repeat: &Loop, items: &[Value], index: usize) -> Done {
    let scope = item_scope(job, scope, repeat, items, index);
    let item = &items[index];
    let mut outcome = item::run(job, &scope).await;
    let label = label(job, &scope, repeat, item);
    let mut result = std::mem::take(&mut outcome.result);
    if outcome.status != Status::Skipped && !result.contains("failed") {
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
    Done { label, result: result.into(), outcome }
}

/// Makes one outcome of those of the items.
fn gathered(all: Vec<Done>, is_empty: bool) -> Outcome {
    let mut outcome = Outcome::empty(Status::Ok, String::new());
    let mut results: Vec<Value> = Vec::with_capacity(all.len());
    let (mut changed, mut failed, mut skipped, mut unreachable) = (false, false, true, false);
    for Done { label, result, outcome: done } in all {
        changed |= matches!(result.get("changed"), Some(Value::Bool(true)));
        failed |= matches!(done.status, Status::Failed | Status::Unreachable);
        skipped &= done.status == Status::Skipped;
        unreachable |= done.status == Status::Unreachable;
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
        outcome.failure = outcome.failure.or(done.failure);
        outcome.skip_reason = outcome.skip_reason.or(done.skip_reason);
    }
    let mut result = Map::new();
    result.insert("changed", changed);
    result.insert("skipped", skipped);
    if failed {
        result.insert("failed", true);
    }
    if unreachable {
        result.insert("unreachable", true);
    }
    if is_empty {
        result.insert("skipped_reason", "No items in the list");
        outcome.skip_reason = Some("no items in the list".into());
    } else {
        let words = ["All items completed", "All items skipped", "One or more items failed"];
        result.insert("msg", words[if failed { 2 } else { usize::from(skipped) }]);
    }
    result.insert("results", results);
    outcome.status = match (failed, skipped, changed) {
        _ if unreachable => Status::Unreachable,
        (true, _, _) => Status::Failed,
        (_, true, _) => Status::Skipped,
        (_, _, true) => Status::Changed,
        _ => Status::Ok,
    };
    outcome.result = result.into();
    outcome
}

/// Returns how long to wait between items.
fn pause(job: &Job, scope: &StepScope, repeat: &Loop) -> Result<Duration, Failure> {
    let Some(node) = &repeat.pause else { return Ok(Duration::ZERO) };
    let seconds = item::number(&templar(job, scope).node(node)?)
        .ok_or_else(|| Failure::new(FailureKind::Argument, "`pause` must come to a number of seconds").at(node.span))?;
    Ok(Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0)))
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
