//! The loop of a step: one item after the other, or (`loop_control.parallel`) several at once, and what of them comes
//! together.

use super::item::{self, ItemOutcome};
use super::step::{ItemReport, Job, Outcome, flag_if, templar};
use super::world::StepScope;
use crate::event::Status;
use crate::failure::{Failure, FailureKind};
use crate::playbook::{Loop, given};
use crate::value::{Map, Value};
use crate::vars::Var;
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
                Value::Omit => {
                    let message = format!("`with_{lookup}` needs something to loop over, not `omit`");
                    return Err(Failure::new(FailureKind::Template, message).at(repeat.over.span));
                }
                other => vec![other],
            };
            templar.lookup(lookup, terms, Map::new())
        }
    }
}

/// Runs a loop to its end. It ends early at an item that could not be reached, and when it is cut.
pub(super) async fn run(job: &Job, scope: StepScope, repeat: &Loop, items: &[Value]) -> Outcome {
    let done = match (at_once(job, &scope, repeat), Round::new(job, &scope, repeat, items)) {
        (Ok(1), Ok(round)) => one_by_one(scope, &round).await,
        (Ok(most), Ok(round)) => together(&scope, &round, most).await,
        (Err(failure), _) | (_, Err(failure)) => Err(failure),
    };
    match done {
        Ok(done) => gathered(done, items.is_empty()),
        Err(failure) => Outcome::failed(failure, String::new()),
    }
}

/// A loop that is under way: what it goes over, and what `loop_control` comes to.
struct Round<'a> {
    job: &'a Job,
    repeat: &'a Loop,
    items: &'a [Value],
    extended: bool,
    /// `ansible_loop` holds the whole list.
    all_items: bool,
    pause: Duration,
}

impl<'a> Round<'a> {
    fn new(job: &'a Job, scope: &StepScope, repeat: &'a Loop, items: &'a [Value]) -> Result<Round<'a>, Failure> {
        let says = |keyword: &str, node| flag_if(job, scope, keyword, node);
        Ok(Round {
            job,
            repeat,
            items,
            extended: says("extended", &repeat.extended)?.unwrap_or(false),
            all_items: says("extended_allitems", &repeat.extended_allitems)?.unwrap_or(true),
            pause: pause(job, scope, repeat)?,
        })
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

async fn one_by_one(mut scope: StepScope, round: &Round<'_>) -> Result<Vec<Done>, Failure> {
    let job = round.job;
    let mut all: Vec<Done> = Vec::with_capacity(round.items.len());
    for index in 0..round.items.len() {
        if index > 0 {
            tokio::select! {
                () = tokio::time::sleep(round.pause) => {}
                () = job.cancel.cancelled() => {}
            }
        }
        let done = one(&scope, round, index).await?;
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
        if ends || breaks(&item_scope(&scope, round, index), round)? {
            break;
        }
    }
    Ok(all)
}

/// Runs so many items at once. Returns what was done in the order of the items.
async fn together(scope: &StepScope, round: &Round<'_>, most: usize) -> Result<Vec<Done>, Failure> {
    let items = round.items;
    let mut all: Vec<Option<Done>> = items.iter().map(|_| None).collect();
    let mut under_way = FuturesUnordered::new();
    let (mut next, mut ended) = (0, false);
    loop {
        while under_way.len() < most && next < items.len() && !ended {
            let index = next;
            under_way.push(async move { (index, one(scope, round, index).await) });
            next += 1;
        }
        let Some((index, done)) = under_way.next().await else { break };
        ended |= ends_loop(round.job);
        all[index] = Some(done?);
    }
    Ok(all.into_iter().flatten().collect())
}

/// Claims that no further item begins.
fn ends_loop(job: &Job) -> bool {
    job.cancel.is_cancelled()
}

/// Returns the scope of an item.
fn item_scope(scope: &StepScope, round: &Round<'_>, index: usize) -> StepScope {
    let repeat = round.repeat;
    let mut scope = scope.clone();
    scope.overlay.insert(Arc::clone(&repeat.var), round.items[index].clone());
    scope.overlay.insert("ansible_loop_var", Value::Str(Arc::clone(&repeat.var)));
    if let Some(name) = &repeat.index_var {
        scope.overlay.insert(Arc::clone(name), index);
        scope.overlay.insert("ansible_index_var", Value::Str(Arc::clone(name)));
    }
    if round.extended {
        scope.overlay.insert("ansible_loop", loop_facts(round.items, index, round.all_items));
    }
    scope
}

/// Runs an item to its end. An error is one of what stands around the items: its label cannot be made.
async fn one(scope: &StepScope, round: &Round<'_>, index: usize) -> Result<Done, Failure> {
    let Round { job, repeat, items, .. } = *round;
    let scope = item_scope(scope, round, index);
    let item = &items[index];
    let mut outcome = item::run(job, &scope).await;
    let label = label(job, &scope, repeat, item)?;
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
    Ok(Done { label, result: result.into(), outcome })
}

/// Makes one outcome of those of the items.
fn gathered(all: Vec<Done>, is_empty: bool) -> Outcome {
    let mut outcome = Outcome::empty(Status::Ok, String::new());
    let mut results: Vec<Value> = Vec::with_capacity(all.len());
    let (mut changed, mut failed, mut skipped, mut unreachable) = (false, false, true, false);
    let mut lost = None;
    let (mut ignores_failed, mut ignores_lost) = (true, true);
    for Done { label, result, outcome: done } in all {
        changed |= matches!(result.get("changed"), Some(Value::Bool(true)));
        failed |= done.status == Status::Failed;
        // As in Ansible: all of them must be ignored.
        ignores_failed &= done.ignored || done.status != Status::Failed;
        ignores_lost &= done.ignored || done.status != Status::Unreachable;
        skipped &= matches!(result.get("skipped"), Some(Value::Bool(true)));
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
        let failure = if done.status == Status::Unreachable { &mut lost } else { &mut outcome.failure };
        *failure = failure.take().or(done.failure);
        outcome.skip_reason = outcome.skip_reason.or(done.skip_reason);
    }
    outcome.failure = outcome.failure.or(lost);
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
        // As in Ansible: an item that fails was reached, and so was the host.
        (true, _, _) => Status::Failed,
        _ if unreachable => Status::Unreachable,
        (_, true, _) => Status::Skipped,
        (_, _, true) => Status::Changed,
        _ => Status::Ok,
    };
    outcome.ignored = Some(if failed { ignores_failed } else { unreachable && ignores_lost });
    outcome.result = result.into();
    outcome
}

/// Returns how long to wait between items.
fn pause(job: &Job, scope: &StepScope, repeat: &Loop) -> Result<Duration, Failure> {
    let Some(node) = &repeat.pause else { return Ok(Duration::ZERO) };
    let value = templar(job, scope).node(node)?;
    if matches!(value, Value::Null | Value::Omit) {
        return Ok(Duration::ZERO);
    }
    let seconds = item::number(&value).filter(|seconds| *seconds >= 0.0).ok_or_else(|| {
        let message = format!("`pause` must be a number of seconds from 0 on, not {}", given(&value));
        Failure::new(FailureKind::Argument, message).at(node.span)
    })?;
    Ok(Duration::from_secs_f64(seconds.min(86_400.0)))
}

fn breaks(scope: &StepScope, round: &Round<'_>) -> Result<bool, Failure> {
    let templar = templar(round.job, scope);
    for node in &round.repeat.break_when {
        if !templar.condition(node)? {
            return Ok(false);
        }
    }
    Ok(!round.repeat.break_when.is_empty())
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

fn label(job: &Job, scope: &StepScope, repeat: &Loop, item: &Value) -> Result<String, Failure> {
    let Some(label) = &repeat.label else { return Ok(item.to_text()) };
    match templar(job, scope).node(label)? {
        Value::Omit => Err(Failure::new(FailureKind::Argument, "`label` must be a text, not `omit`").at(label.span)),
        value => Ok(value.to_text()),
    }
}
