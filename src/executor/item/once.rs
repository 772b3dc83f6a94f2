//! One attempt: the module plans, the gate lets its actions pass, and what they said becomes the result.

use super::ItemOutcome;
use super::arguments::{Environment, arguments, environment};
use crate::event::Status;
use crate::executor::background;
use crate::executor::gate::Gate;
use crate::executor::step::{Job, VarWrite, flag, flag_of};
use crate::executor::target;
use crate::executor::world::{Shelf, StepScope};
use crate::failure::{Failure, FailureKind};
use crate::module::{self, ArgKind, Args, Change, Finished, KeepFacts, Module, Output, Withheld};
use crate::phase::{self, Phase};
use crate::platform;
use crate::playbook::given;
use crate::redact::Secret;
use crate::template::Templar;
use crate::transport::Limits;
use crate::value::{Map, Value};
use crate::vars::Var;
use std::sync::Arc;

/// Returns the password of `scheme://user:password@host`.
fn password_in_url(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (login, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
    login.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

/// What a module is called with.
pub(super) struct Call {
    module: &'static Module,
    args: Args,
    delegate: Option<Arc<str>>,
    check: bool,
    diff: bool,
    env: Environment,
    /// What is said of parts of the environment that are left out.
    left_out: Vec<String>,
}

impl Call {
    /// Works out what a module is called with.
    pub(super) fn of(job: &Job, templar: &Templar, module: &'static Module) -> Result<Call, Failure> {
        let _time = phase::time(Phase::Template);
        let settings = &job.task.settings;
        let flag = |keyword: &str, node| flag_of(templar, keyword, node);
        let delegate = delegate(job, templar)?;
        let args = arguments(job, templar, module)?;
        learn_secrets(job, &args, module);
        let check = flag("check_mode", &settings.check_mode)?.unwrap_or(job.context.settings.check);
        let diff = flag("diff", &settings.diff)?.unwrap_or(job.context.settings.diff);
        let (env, left_out) = environment(job, templar)?;
        Ok(Call { module, args, delegate, check, diff, env, left_out })
    }
}

/// Hides what is secret among arguments from now on.
fn learn_secrets(job: &Job, args: &Args, module: &Module) {
    let redactor = job.context.publisher.redactor();
    let hidden = module.args.iter().filter(|arg| arg.kind == ArgKind::Secret).filter_map(|arg| args.text(arg.name));
    hidden.chain(args.text("url").and_then(password_in_url)).for_each(|secret| redactor.learn(&Secret::new(secret)));
    for arg in module.args {
        let secrets = arg.shape.zip(args.get(arg.name)).map(|(shape, value)| shape.secrets(value)).unwrap_or_default();
        secrets.into_iter().for_each(|secret| redactor.learn(&Secret::new(secret)));
    }
}

/// Runs the module once.
pub(super) async fn once(
    job: &Job,
    scope: &StepScope,
    templar: &Templar,
    call: &Call,
    implied: Option<&'static str>,
) -> Result<ItemOutcome, Failure> {
    let rendering = phase::time(Phase::Template);
    let Call { module, args, check, diff, .. } = call;
    let (module, check, diff) = (*module, *check, *diff);
    let remote = remote_scope(job, scope, call.delegate.as_ref());
    let way = module::napalm::way(module, args)?;
    let provider = way.as_ref().map(|way| &way.provider).or(args.dict("provider"));
    let implied = way.as_ref().and_then(|way| way.platform).or(implied);
    // A file is read when its turn comes.
    let text = |arg: &module::Arg| args.get(arg.name).filter(|_| arg.kind != ArgKind::Path).map(Value::to_text);
    let argument = module.over_netconf(implied, text);
    let needs = if argument.is_some() { module::Needs::Netconf } else { module.needs };
    let target = target::Request { job, task: &job.task, scope: &remote, templar, needs, argument, implied, provider };
    let limits = Limits { timeout: None, cancel: job.cancel.clone() };
    let target = job.context.pool.with_platform(target.target()?, &limits).await?;
    drop(rendering);
    let gate = Gate { job, target: &target, check, env: &call.env };
    let context = module::Context {
        args,
        templar,
        probe: &gate,
        files: &job.task.files,
        host: &remote.host,
        platform: target.platform.or_else(|| implied.and_then(platform::find)),
        diff,
        run: &*job.context,
        module,
    };
    let terms = background::terms(&job.task.background, templar, check)?;
    let mut outcome = match &terms {
        None => carry_out(phase::rest(Phase::Template, (module.plan)(context)).await?, &gate).await?,
        // Few tasks do; the room that it takes is not to be everybody's.
        Some(terms) => Box::pin(in_background(terms, job, module, context, &gate)).await?,
    };
    outcome.warnings.extend(call.left_out.iter().cloned());
    outcome.delegated_to = call.delegate.clone();
    if !diff {
        outcome.diff.clear();
    }
    if let (Some(delegated), true) =
        (&outcome.delegated_to, flag(job, scope, "delegate_facts", &job.task.settings.delegate_facts)?)
    {
        for write in &mut outcome.writes {
            write.host = Some(Arc::clone(delegated));
        }
    }
    Ok(outcome)
}

/// Runs the module once with `async`: in the background of the host where it has one, else within its time.
async fn in_background(
    terms: &background::Terms,
    job: &Job,
    module: &Module,
    context: module::Context<'_>,
    gate: &Gate<'_>,
) -> Result<ItemOutcome, Failure> {
    if terms.detach(module) {
        let mut change = phase::rest(Phase::Template, (module.plan)(context)).await?;
        terms.carry_out(job, &mut change, gate).await?;
        return carry_out(change, gate).await;
    }
    let work = async { carry_out(phase::rest(Phase::Template, (module.plan)(context)).await?, gate).await };
    tokio::time::timeout(terms.limit(), work)
        .await
        .unwrap_or_else(|_| Err(Failure::new(FailureKind::Timeout, "Timeout exceeded")))
}

/// Lets a change pass the gate and makes an outcome of it.
async fn carry_out(change: Change, gate: &Gate<'_>) -> Result<ItemOutcome, Failure> {
    let Change {
        actions,
        result,
        changed,
        diff,
        withheld,
        unseen,
        then,
        finish,
        dialogue,
        facts,
        keep,
        vars,
        run,
        skipped,
        warnings,
    } = change;
    if let Some(reason) = skipped {
        let mut outcome = ItemOutcome::skipped(reason, None);
        result.into_iter().for_each(|(key, value)| outcome.result.insert(key, value));
        outcome.warnings = warnings;
        return Ok(outcome);
    }
    let (passed, told) = match dialogue {
        None => (gate.perform(actions, then).await?, None),
        Some(_) if gate.check => (None, None),
        Some(dialogue) => (Some(Vec::new()), Some(Box::pin(dialogue(gate)).await?)),
    };
    if passed.is_none() && !unseen {
        Box::pin(gate.reach()).await?;
    }
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
        Some(outputs) => match told {
            Some(told) => (told, false),
            None => (finished(finish, outputs, result, changed)?, false),
        },
    };
    let Finished { mut result, changed, facts: found, warnings: more } = finished;
    let warnings = [warnings, more].concat();
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
        Value::Omit => Ok(None),
        // What is written as nothing is as if it were not written; what comes out as nothing is a mistake, as in Ansible.
        Value::Null if node.is_static() => Ok(None),
        Value::Str(_) if node.is_static() => Ok(None),
        other => Err(Failure::new(
            FailureKind::Argument,
            format!("`delegate_to` needs the name of a host, not {}", given(&other)),
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
