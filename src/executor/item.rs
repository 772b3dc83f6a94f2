//! One item of a step (a step without a loop has one): condition, arguments, attempts, and how the result is judged.

use super::background;
use super::gate::Gate;
use super::step::{Included, Inclusion, Job, VarWrite, flag, flag_if, templar};
use super::target;
use super::world::{Shelf, StepScope};
use crate::event::{Status, What};
use crate::failure::{Failure, FailureKind};
use crate::module::{
    self, ArgKind, Change, Finished, KeepFacts, Module, Output, RunChange, TextDiff, Withheld, coerce_args,
};
use crate::phase::{self, Phase};
use crate::platform;
use crate::playbook::{Action, Meta, role_use};
use crate::redact::Secret;
use crate::template::Templar;
use crate::value::{Map, Value};
use crate::vars::Var;
use crate::yaml::{Mapping, Node};
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
    let no_log = flag(job, scope, &job.task.settings.no_log).unwrap_or(true);
    let mut outcome = match attempt_all(job, scope).await {
        Ok(outcome) => outcome,
        Err(failure) => missing(scope, failure),
    };
    outcome.no_log = no_log;
    if matches!(outcome.status, Status::Ok | Status::Changed) {
        match notified(job, scope) {
            Ok(names) => outcome.notify = names,
            Err(failure) => outcome = ItemOutcome { no_log, ..ItemOutcome::failed(failure) },
        }
    }
    if matches!(outcome.status, Status::Failed | Status::Unreachable) {
        // As in Ansible: whose errors are ignored is not fatal, also where it cannot be reached.
        outcome.fatal = flag(job, scope, &job.task.settings.any_errors_fatal).unwrap_or(true)
            && !flag(job, scope, &job.task.settings.ignore_errors).unwrap_or(false);
    }
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

async fn attempt_all(job: &Job, scope: &StepScope) -> Result<ItemOutcome, Failure> {
    let task = &job.task;
    let templar = templar(job, scope);
    if let Some(text) = condition(&templar, &task.when)? {
        return Ok(ItemOutcome::skipped("Conditional result was False".into(), Some(text)));
    }
    let (module, platform) = match &task.action {
        Action::Meta(Meta::RefreshInventory) => {
            job.context.world.refresh().await?;
            return Ok(ItemOutcome::new(Status::Ok, Map::new()));
        }
        Action::Meta(_) => return Ok(ItemOutcome::new(Status::Ok, Map::new())),
        Action::IncludeTasks | Action::IncludeRole => return include(job, scope, &templar),
        Action::Module { module, platform } => (*module, *platform),
    };
    let (attempts, delay) = attempts(job, &templar)?;
    let mut attempt = 1;
    loop {
        let limit = timeout(job, &templar)?;
        let work = once(job, scope, &templar, module, platform);
        let done = match limit {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                let message = format!("the task did not end within {} s (`timeout`)", limit.as_secs_f64());
                let period = Value::map([("period", Value::from(limit.as_secs()))]);
                let result: Map = [("timedout", period)].into_iter().collect();
                Err(Failure::new(FailureKind::Timeout, message).with_result(result))
            }),
        };
        let mut outcome = match done {
            Ok(outcome) => outcome,
            Err(failure) => missing(scope, failure),
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
        let good = satisfied(job, scope, &outcome)?;
        if good || outcome.status == Status::Skipped {
            return Ok(outcome);
        }
        if attempt >= attempts || job.cancel.is_cancelled() || outcome.status == Status::Unreachable {
            return Ok(exhausted(job, outcome, attempts));
        }
        let left = u32::try_from(attempts - attempt).unwrap_or(u32::MAX);
        let host = job.context.publisher.clean(&job.host);
        job.context.publisher.publish(What::Retry { task: job.number, host, left });
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = job.cancel.cancelled() => return Ok(exhausted(job, outcome, attempts)),
        }
        attempt += 1;
    }
}

/// How often `until` tries again when `retries` does not say.
const DEFAULT_RETRIES: i64 = 3;

/// Makes a failure of an item whose attempts are used up.
fn exhausted(job: &Job, mut outcome: ItemOutcome, attempts: i64) -> ItemOutcome {
    if job.task.until.is_none() || outcome.status == Status::Unreachable {
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
fn attempts(job: &Job, templar: &Templar) -> Result<(i64, Duration), Failure> {
    let Some(until) = &job.task.until else { return Ok((1, Duration::ZERO)) };
    let attempts = match &until.retries {
        None => 1 + DEFAULT_RETRIES,
        Some(node) => {
            let n = number(&templar.node(node)?)
                .ok_or_else(|| Failure::new(FailureKind::Argument, "`retries` must be a whole number").at(node.span))?;
            if n <= 0.0 { 1 } else { n as i64 + 1 }
        }
    };
    let delay = match &until.delay {
        None => 5.0,
        Some(node) => number(&templar.node(node)?)
            .ok_or_else(|| Failure::new(FailureKind::Argument, "`delay` must be a number").at(node.span))?,
    };
    Ok((attempts, Duration::from_secs_f64(delay.clamp(0.0, 86_400.0))))
}

fn timeout(job: &Job, templar: &Templar) -> Result<Option<Duration>, Failure> {
    let Some(node) = &job.task.settings.timeout else { return Ok(None) };
    let seconds = number(&templar.node(node)?)
        .ok_or_else(|| Failure::new(FailureKind::Argument, "`timeout` must be a number").at(node.span))?;
    Ok((seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(86_400.0 * 365.0))))
}

/// Claims that `until` is content with an outcome.
fn satisfied(job: &Job, scope: &StepScope, outcome: &ItemOutcome) -> Result<bool, Failure> {
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
fn judge(job: &Job, scope: &StepScope, outcome: &mut ItemOutcome) -> Result<(), Failure> {
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

/// Returns the password of `scheme://user:password@host`.
fn password_in_url(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (login, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
    login.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

/// Runs the module once.
async fn once(
    job: &Job,
    scope: &StepScope,
    templar: &Templar,
    module: &'static Module,
    implied: Option<&'static str>,
) -> Result<ItemOutcome, Failure> {
    let rendering = phase::time(Phase::Template);
    let delegate = delegate(job, templar)?;
    let args = arguments(job, templar, module)?;
    for arg in module.args.iter().filter(|arg| arg.kind == ArgKind::Secret) {
        if let Some(secret) = args.text(arg.name) {
            job.context.publisher.redactor().learn(&Secret::new(secret));
        }
    }
    if let Some(password) = args.text("url").and_then(password_in_url) {
        job.context.publisher.redactor().learn(&Secret::new(password));
    }
    let remote = remote_scope(job, scope, delegate.as_ref());
    let target = target::Request { job, task: &job.task, scope: &remote, templar, needs: module.needs, implied };
    let target = target.target()?;
    let check = match flag_if(job, scope, &job.task.settings.check_mode)? {
        Some(check) => check,
        None => job.context.settings.check,
    };
    let env = environment(job, templar)?;
    drop(rendering);
    let gate = Gate { job, target: &target, check, env: &env };
    let context = module::Context {
        args: &args,
        templar,
        probe: &gate,
        files: &job.task.files,
        host: &remote.host,
        platform: target.platform.or_else(|| implied.and_then(platform::find)),
        run: &*job.context,
    };
    let terms = background::terms(&job.task.background, templar, check)?;
    let mut outcome = match &terms {
        None => carry_out(job, module, phase::rest(Phase::Template, (module.plan)(context)).await?, &gate).await?,
        Some(terms) if terms.detach(module) => {
            let mut change = phase::rest(Phase::Template, (module.plan)(context)).await?;
            terms.carry_out(job, &mut change, &gate).await?;
            carry_out(job, module, change, &gate).await?
        }
        Some(terms) => {
            let work = async {
                carry_out(job, module, phase::rest(Phase::Template, (module.plan)(context)).await?, &gate).await
            };
            tokio::time::timeout(terms.limit(), work)
                .await
                .unwrap_or_else(|_| Err(Failure::new(FailureKind::Timeout, "Timeout exceeded")))?
        }
    };
    outcome.delegated_to = delegate;
    if let (Some(delegated), true) = (&outcome.delegated_to, flag(job, scope, &job.task.settings.delegate_facts)?) {
        for write in &mut outcome.writes {
            write.host = Some(Arc::clone(delegated));
        }
    }
    Ok(outcome)
}

/// Lets a change pass the gate and makes an outcome of it.
async fn carry_out(job: &Job, module: &Module, change: Change, gate: &Gate<'_>) -> Result<ItemOutcome, Failure> {
    let Change { actions, result, changed, diff, withheld, then, finish, facts, keep, vars, run, skipped, warnings } =
        change;
    if let Some(reason) = skipped {
        let mut outcome = ItemOutcome::skipped(reason, None);
        result.into_iter().for_each(|(key, value)| outcome.result.insert(key, value));
        outcome.warnings = warnings;
        return Ok(outcome);
    }
    let passed = gate.perform(actions, then).await?;
    let (finished, unknown) = match passed {
        // Check mode: what is said is what would have come out, as far as anybody knows.
        None => match withheld {
            Withheld::Predicted => (Finished::new(result, changed), false),
            Withheld::Skipped(reason) => {
                let mut outcome = ItemOutcome::skipped(reason.into(), None);
                outcome.result.insert("msg", reason);
                result.into_iter().for_each(|(key, value)| outcome.result.insert(key, value));
                outcome.unknown = true;
                return Ok(outcome);
            }
        },
        Some(outputs) => (finished(finish, outputs, result, changed)?, false),
    };
    let Finished { mut result, changed, facts: found } = finished;
    if !result.contains("changed") {
        result.insert("changed", changed);
    }
    let status = if changed { Status::Changed } else { Status::Ok };
    let mut writes: Vec<VarWrite> =
        vars.into_iter().map(|(name, var)| VarWrite { host: None, shelf: Shelf::Included, name, var }).collect();
    if !facts.is_empty() || !found.is_empty() {
        let all: Map = facts.into_iter().chain(found).collect();
        if !result.contains("ansible_facts") {
            result.insert("ansible_facts", all.clone());
        }
        for (key, value) in all {
            let name: Arc<str> = key.to_string().into();
            if keep != KeepFacts::AsVariables {
                let (name, var) = (Arc::clone(&name), Var::Data(value.clone()));
                writes.push(VarWrite { host: None, shelf: Shelf::Facts, name, var });
            }
            if keep != KeepFacts::AsFacts {
                writes.push(VarWrite { host: None, shelf: Shelf::Set, name, var: Var::Data(value) });
            }
        }
    }
    let _ = (job, module);
    Ok(ItemOutcome { diff, writes, run, warnings, unknown, ..ItemOutcome::new(status, result) })
}

fn finished(
    finish: Option<module::Finish>,
    outputs: Vec<Output>,
    result: Map,
    changed: bool,
) -> Result<Finished, Failure> {
    match finish {
        Some(finish) => {
            let _time = phase::time(Phase::Parse);
            finish(outputs, result)
        }
        None => Ok(Finished::new(result, changed)),
    }
}

/// Returns the host that the task is delegated to.
fn delegate(job: &Job, templar: &Templar) -> Result<Option<Arc<str>>, Failure> {
    let Some(node) = &job.task.settings.delegate_to else { return Ok(None) };
    match templar.node(node)? {
        Value::Str(name) if !name.is_empty() => Ok(Some(name)),
        Value::Null | Value::Omit => Ok(None),
        other => Err(Failure::new(
            FailureKind::Argument,
            format!("`delegate_to` needs the name of a host, not a {}", other.kind()),
        )
        .at(node.span)),
    }
}

/// Returns the scope from which the connection's settings are taken: the delegated host's.
fn remote_scope(job: &Job, scope: &StepScope, delegate: Option<&Arc<str>>) -> StepScope {
    match delegate {
        None => scope.clone(),
        Some(name) => {
            let mut remote = StepScope::new(&job.context.world, name, Some(&job.view), None);
            remote.overlay = Map::new();
            remote
        }
    }
}

/// Returns the module's arguments: defaults of `module_defaults`, templates rendered, types coerced.
fn arguments(job: &Job, templar: &Templar, module: &'static Module) -> Result<module::Args, Failure> {
    let task = &job.task;
    let mut rendered = Map::new();
    for defaults in &task.settings.module_defaults {
        let Value::Map(by_module) = templar.node(defaults)? else { continue };
        for (name, args) in by_module.iter() {
            let meant = name.as_str().and_then(module::find).is_some_and(|(found, _)| found.name == module.name);
            if let (true, Value::Map(args)) = (meant, args) {
                args.iter().for_each(|(key, value)| rendered.insert(key.clone(), value.clone()));
            }
        }
    }
    if let Some(whole) = &task.args_template {
        let value = templar.node(whole)?;
        let Value::Map(args) = &value else {
            let message = format!("`args` must come to a dictionary, and this is a {}", value.kind());
            return Err(Failure::new(FailureKind::Argument, message).at(whole.span));
        };
        args.iter().for_each(|(key, value)| rendered.insert(key.clone(), value.clone()));
    }
    for (key, key_node, value) in task.args.iter() {
        let name = key.to_string();
        let arg = module.args.iter().find(|arg| arg.name == name || arg.aliases.contains(&&*name));
        if arg.is_some_and(|arg| arg.kind == ArgKind::Expression) {
            continue;
        }
        // The name of a fact may itself be a template.
        let key = if key_node.is_static() { key.clone() } else { templar.node(key_node)?.to_text().into() };
        rendered.insert(key, templar.node(value)?);
    }
    coerce_args(module, &task.called, &task.args, rendered)
}

/// Returns the environment for programs, merged from play to task.
fn environment(job: &Job, templar: &Templar) -> Result<Vec<(String, String)>, Failure> {
    let mut merged = Map::new();
    for node in &job.task.settings.environment {
        match templar.node(node)? {
            Value::Map(map) => map.iter().for_each(|(key, value)| merged.insert(key.clone(), value.clone())),
            Value::Null | Value::Omit => {}
            other => {
                let message = format!("`environment` must be a dictionary, not a {}", other.kind());
                return Err(Failure::new(FailureKind::Argument, message).at(node.span));
            }
        }
    }
    Ok(merged.iter().map(|(key, value)| (key.to_string(), value.to_text())).collect())
}

/// Works out what an include brings; it is read when all hosts have come so far.
fn include(job: &Job, scope: &StepScope, templar: &Templar) -> Result<ItemOutcome, Failure> {
    let task = &job.task;
    let text = |name: &str| -> Result<Option<(String, &Node)>, Failure> {
        task.args.get(name).map(|node| Ok((templar.node(node)?.to_text(), node))).transpose()
    };
    let missing =
        |name: &str| Failure::new(FailureKind::Argument, format!("`{}` needs the argument `{name}`", task.called));
    let (what, node) = match task.action {
        Action::IncludeTasks => {
            let (name, node) = text("file")?.ok_or_else(|| missing("file"))?;
            let path = task.files.find("tasks", &name).ok_or_else(|| {
                let places: Vec<String> =
                    task.files.candidates("tasks", &name).iter().map(|path| format!("`{}`", path.display())).collect();
                Failure::new(FailureKind::File, format!("cannot read `{name}`: no such file"))
                    .at(node.span)
                    .help(format!("looked in {}", places.join(", ")))
            })?;
            (Included::File(path), node)
        }
        _ => {
            let (name, node) = text("name")?.ok_or_else(|| missing("name"))?;
            let args: &Mapping = &task.args;
            let how = role_use(args, |node| templar.node(node).ok().map(|value| value.to_text()));
            let public = match args.get("public") {
                Some(node) => boolean(&templar.node(node)?).unwrap_or(false),
                None => false,
            };
            (Included::Role { name, how, public }, node)
        }
    };
    let mut result = Map::new();
    match &what {
        Included::File(path) => result.insert("include", path.display().to_string()),
        Included::Role { name, .. } => result.insert("include_role", name.as_str()),
    }
    let inclusion =
        Inclusion { what, vars: scope.overlay.clone(), apply: task.args.get("apply").cloned(), named_at: node.span };
    Ok(ItemOutcome { inclusion: Some(inclusion), ..ItemOutcome::new(Status::Ok, result) })
}

/// Returns a number that may be written as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) => Some(*n as f64),
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
