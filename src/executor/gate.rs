//! The gate: every action of every module passes here. In check mode writes are withheld; probes never write.

use super::Context;
use super::step::Job;
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, Actor, Boxed, Output, Place, Probe, Run, Then, Work};
use crate::phase::{self, Phase};
use crate::source::{Diagnostics, Source, SourceId};
use crate::transport::{Kind, Limits, Target};
use crate::vars::{Origin, Vars};
use std::path::Path;
use std::sync::Arc;

/// The gate of one attempt of one step.
pub(super) struct Gate<'a> {
    pub(super) job: &'a Job,
    pub(super) target: &'a Arc<Target>,
    pub(super) check: bool,
    pub(super) env: &'a [(String, String)],
}

impl Gate<'_> {
    /// Performs the actions of a change, and those that follow from their outputs. `None` when check mode withheld one.
    pub(super) async fn perform(
        &self,
        actions: Vec<Action>,
        then: Option<Then>,
    ) -> Result<Option<Vec<Output>>, Failure> {
        if self.withholds(&actions) {
            return Ok(None);
        }
        let mut outputs = Vec::with_capacity(actions.len());
        for action in actions {
            outputs.push(self.act(action).await?);
        }
        if let Some(then) = then {
            let parsing = phase::time(Phase::Parse);
            let more = then(&outputs)?;
            drop(parsing);
            if self.withholds(&more) {
                return Ok(None);
            }
            for action in more {
                outputs.push(self.act(action).await?);
            }
        }
        Ok(Some(outputs))
    }

    /// Connects to the host of actions that were withheld, so that a dry run shows which hosts cannot be reached.
    pub(super) async fn reach(&self) -> Result<(), Failure> {
        if self.target.kind == Kind::Local {
            return Ok(());
        }
        let limits = Limits { timeout: self.target.command_timeout, cancel: self.job.cancel.clone() };
        self.job.context.pool.reach(self.target, &limits).await
    }

    fn withholds(&self, actions: &[Action]) -> bool {
        self.check && actions.iter().any(|action| action.effect == Effect::Write)
    }

    /// Performs one action. What transports need room for is kept apart: a step that sends nothing has none of it, and
    /// all that stands around it is moved several times on its way.
    async fn act(&self, mut action: Action) -> Result<Output, Failure> {
        let context = &self.job.context;
        let limits = Limits { timeout: self.target.command_timeout, cancel: self.job.cancel.clone() };
        if limits.cancel.is_cancelled() {
            return Err(Failure::new(FailureKind::Cancelled, "the run was interrupted"));
        }
        match &mut action.work {
            Work::Sleep(time) => {
                tokio::select! {
                    () = tokio::time::sleep(*time) => return Ok(Output::Done),
                    () = limits.cancel.cancelled() => {
                        return Err(Failure::new(FailureKind::Cancelled, "the run was interrupted"));
                    }
                }
            }
            Work::Http(call) => {
                call.most_per_origin = self.target.ssh.bounds.http_per_origin;
                let answer = phase::rest(Phase::Wait, Box::pin(context.pool.http(call, &limits))).await;
                return answer.map(|answer| Output::Http(Box::new(answer)));
            }
            Work::Exec(exec) => {
                for (name, value) in self.env {
                    if !exec.env.iter().any(|(known, _)| known == name) {
                        exec.env.push((name.clone(), value.clone()));
                    }
                }
            }
            _ => {}
        }
        let target = match action.place {
            Place::Controller => Arc::new(Target { kind: Kind::Local, elevate: None, ..(**self.target).clone() }),
            Place::Host => Arc::clone(self.target),
        };
        // Transports say what they connect and send; the rest is waiting for the answer.
        phase::rest(Phase::Wait, Box::pin(context.pool.perform(&target, &action, &limits))).await
    }
}

impl Actor for Gate<'_> {
    fn act(&self, action: Action) -> Boxed<'_, Result<Output, Failure>> {
        Box::pin(Gate::act(self, action))
    }
}

impl Probe for Gate<'_> {
    fn read(&self, action: Action) -> Boxed<'_, Result<Output, Failure>> {
        Box::pin(async move {
            if action.effect == Effect::Write {
                return Err(Failure::new(FailureKind::Internal, "a module tried to write while it planned"));
            }
            self.act(action).await
        })
    }

    fn is_here(&self) -> bool {
        self.target.kind == Kind::Local
    }
}

impl Run for Context {
    fn verbosity(&self) -> u8 {
        self.settings.verbosity
    }

    fn source(&self, path: &Path, text: &str) -> SourceId {
        let name = path.display().to_string();
        self.loader.sources.add_once(Source::new(name, Some(path.to_owned()), text))
    }

    fn open_vault(&self, text: &[u8]) -> Result<Vec<u8>, Failure> {
        match self.loader.sources.keyring().open(text) {
            Ok(plain) => Ok(plain.to_vec()),
            Err(error) => Err(Failure::new(FailureKind::File, error.to_string()).help(error.help())),
        }
    }

    fn load_vars(&self, path: &Path) -> Result<Vars, Failure> {
        let mut found = Diagnostics::new();
        let layer = self.loader.vars_file(path, None, Origin::IncludeVars, &mut found);
        if let Some(error) = found.iter().find(|diagnostic| diagnostic.is_error()) {
            let mut failure = Failure::new(FailureKind::File, error.message.as_str());
            failure.place = error.primary.as_ref().map(|label| label.span);
            return Err(failure);
        }
        Ok(layer.map(|layer| layer.vars.clone()).unwrap_or_default())
    }
}
