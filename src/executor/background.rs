//! `async` and `poll`: work that a host goes on with alone, and the waiting for it.
//!
//! A module whose work is one program is begun as a job of the host; `poll` seconds lie between two looks at it, and
//! with `poll: 0` nobody looks. The work of other modules is waited for in any case, no longer than `async` says.

use super::gate::Gate;
use super::item::number;
use super::step::Job as Step;
use crate::failure::{Failure, FailureKind};
use crate::module::background::{DETACHED, FOLDER, Job};
use crate::module::{Change, ExecOutput, Finished, Module, Output, Work};
use crate::playbook::{Background, given};
use crate::template::Templar;
use crate::value::{Map, Value};
use crate::yaml::Node;
use std::time::Duration;

/// Seconds between two looks when `poll` does not say.
const DEFAULT_POLL: f64 = 15.0;

/// How long after its time the end of a job is waited for.
const GRACE_SECONDS: f64 = 5.0;

/// How a task runs in the background.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// How long it may take.
    limit: Duration,
    /// The time between two looks; zero when nobody looks.
    poll: Duration,
    folder: String,
}

/// Returns the terms of a task; `None` when it runs as usual (`async: 0`, check mode).
pub(super) fn terms(task: &Option<Background>, templar: &Templar, check: bool) -> Result<Option<Terms>, Failure> {
    let Some((limit, poll)) = task.as_ref().and_then(|task| Some((task.limit.as_ref()?, &task.poll))) else {
        return Ok(None);
    };
    let seconds = |node: &Node, what: &str| {
        let value = templar.node(node)?;
        if value == Value::Omit {
            return Ok(None);
        }
        number(&value).filter(|n| *n < 1e9).map(Some).ok_or_else(|| {
            let message = format!("`{what}` must be a number of seconds, not {}", given(&value));
            Failure::new(FailureKind::Argument, message).at(node.span)
        })
    };
    let limit = seconds(limit, "async")?.unwrap_or_default();
    let poll = poll.as_ref().map_or(Ok(None), |node| seconds(node, "poll"))?.unwrap_or(DEFAULT_POLL).max(0.0);
    if limit <= 0.0 || check {
        return Ok(None);
    }
    let folder = templar.var("ansible_async_dir")?.map_or_else(|| FOLDER.to_owned(), |value| value.to_text());
    Ok(Some(Terms { limit: Duration::from_secs_f64(limit), poll: Duration::from_secs_f64(poll), folder }))
}

impl Terms {
    /// Claims that a module's work is one that the host goes on with alone.
    pub(super) fn detach(&self, module: &Module) -> bool {
        DETACHED.contains(&module.name)
    }

    /// Returns how long work may take that is not detached.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Begins the work of a change as a job of the host, and waits for it if somebody is to look.
    pub(super) async fn carry_out(&self, step: &Step, change: &mut Change, gate: &Gate<'_>) -> Result<(), Failure> {
        let [action] = &change.actions[..] else { return Ok(()) };
        let Work::Exec(exec) = action.work.clone() else { return Ok(()) };
        let job = Job::new(&self.folder);
        let known: Map = change.result.iter().filter(|(key, _)| key.as_str() == Some("cmd")).fold(
            Map::new(),
            |mut known, (key, value)| {
                known.insert(key.clone(), value.clone());
                known
            },
        );
        let began = one(gate, job.begin(exec, &known, self.limit.as_secs().max(1))?).await?;
        if began.status != 0 {
            let said = String::from_utf8_lossy(&began.stderr).trim().to_owned();
            return Err(Failure::new(FailureKind::Command, format!("cannot begin a background job: {said}")));
        }
        let results_file = String::from_utf8_lossy(&began.stdout).into_owned();
        let (result, changed) = if self.poll.is_zero() {
            let mut result = Map::new();
            result.insert("ansible_job_id", job.id.as_str());
            result.insert("results_file", results_file);
            result.insert("started", true);
            result.insert("finished", false);
            (result, true)
        } else {
            (self.wait(step, &job, gate).await?, true)
        };
        change.actions.clear();
        change.then = None;
        change.finish = Some(Box::new(move |_, _| Ok(Finished::new(result, changed))));
        Ok(())
    }

    /// Looks at a job until it has ended.
    async fn wait(&self, step: &Step, job: &Job, gate: &Gate<'_>) -> Result<Map, Failure> {
        let mut left = self.limit.as_secs_f64();
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.poll) => {}
                () = step.cancel.cancelled() => {
                    return Err(Failure::new(FailureKind::Cancelled, "the run was interrupted"));
                }
            }
            let state = job.state(&one(gate, job.ask()).await?)?;
            if state.is_finished() {
                one(gate, job.remove(&state.results_file)).await?;
                let (result, failed) = state.into_result(&job.id);
                let message = result.get("msg").map(Value::to_text).unwrap_or_default();
                return match failed {
                    true => Err(Failure::new(FailureKind::Command, message).with_result(result)),
                    false => Ok(result),
                };
            }
            left -= self.poll.as_secs_f64();
            // The host itself ends the job when its time is over, and says so a moment later.
            if left <= -GRACE_SECONDS {
                let message =
                    format!("async task did not complete within the requested time - {}s", self.limit.as_secs());
                return Err(Failure::new(FailureKind::Timeout, message).with_result(state.into_result(&job.id).0));
            }
        }
    }
}

/// Sends one action and returns what its program left.
async fn one(gate: &Gate<'_>, action: crate::module::Action) -> Result<ExecOutput, Failure> {
    let outputs = gate.perform(vec![action], None).await?;
    match outputs.and_then(|mut outputs| outputs.pop()) {
        Some(Output::Exec(output)) => Ok(output),
        _ => Err(Failure::new(FailureKind::Internal, "the connection answered a command with something else")),
    }
}
