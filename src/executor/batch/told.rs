//! What is published of steps.

use super::{Batch, Held};
use crate::event::{After, FailureReport, Status, StepDone, TaskNumber, What};
use crate::executor::step::Outcome;
use crate::executor::tracker::HostIndex;
use crate::failure::Failure;
use crate::graph::{NodeId, Work};
use crate::playbook::{Action, Task};
use crate::source::{Diagnostic, Style, render};
use crate::transport::NO_ANSWER;
use crate::value::{Map, Value};
use std::time::Duration;

impl Batch {
    /// Says once, when nothing came back from a host, how long it takes at most should it be so with all of them: who has
    /// named the wrong network wants to know before it is over.
    pub(super) fn tell_bound(&mut self, host: HostIndex, outcome: &Outcome, took: Duration) {
        let silent = |failure: &Failure| failure.message.expose().starts_with(NO_ANSWER);
        let at_once = self.context.settings.forks.min(self.context.pool.most()).max(1);
        let rounds = self.hosts.len().div_ceil(at_once);
        if self.has_told_bound || rounds < 2 || !outcome.failure.as_ref().is_some_and(silent) {
            return;
        }
        self.has_told_bound = true;
        let all = took * u32::try_from(rounds).unwrap_or(u32::MAX);
        let message = format!(
            "`{}` did not answer within {:.0} s; should none of the {} hosts answer, a task takes {:.0} s, as {at_once} are tried \
             at once (see `forks` and `timeout`)",
            self.hosts[host as usize],
            took.as_secs_f64(),
            self.hosts.len(),
            all.as_secs_f64()
        );
        let publisher = &self.context.publisher;
        publisher.publish(What::Warning { message: publisher.clean(message), place: None });
    }

    /// Says that a task begins, once, and that a step does.
    pub(super) fn announce(&mut self, node: NodeId, task: &Task, host: HostIndex, after: Option<After>) {
        let publisher = &self.context.publisher;
        if matches!(task.action, Action::Meta(_)) {
            return;
        }
        let number = self.number(node);
        if self.announced.insert(node) {
            let place = self.context.loader.sources.place(task.span);
            publisher.publish(What::TaskStarted {
                task: number,
                play: self.play,
                name: publisher.clean(task.title()),
                module: task.action_name().into(),
                place: publisher.clean(place),
                handler: matches!(self.graph.node(node).work, Work::Handler(_)),
            });
        }
        let host = publisher.clean(&self.hosts[host as usize]);
        publisher.publish(What::StepStarted { task: number, host, after });
    }

    /// Publishes what came of a step.
    pub(super) fn report(&mut self, node: NodeId, host: HostIndex, task: &Task, outcome: &Outcome, took: Duration) {
        let publisher = &self.context.publisher;
        for message in &outcome.warnings {
            // The same for many hosts is said once.
            if !self.warned.insert((node, message.clone())) {
                continue;
            }
            let place = Some(publisher.clean(self.context.loader.sources.place(task.span)));
            publisher.publish(What::Warning { message: publisher.clean(message), place });
        }
        if matches!(task.action, Action::Meta(_)) && matches!(outcome.status, Status::Ok | Status::Skipped) {
            return;
        }
        let number = self.number(node);
        let host_name = publisher.clean(&self.hosts[host as usize]);
        let redactor = publisher.redactor();
        let shown = |result: &Value| (!outcome.no_log).then(|| redactor.clean_value(result));
        for item in &outcome.items {
            let label = if outcome.no_log { "(hidden)" } else { &item.label };
            publisher.publish(What::ItemDone {
                task: number,
                host: host_name.clone(),
                item: publisher.clean(label),
                status: item.status,
                result: shown(&item.result),
            });
        }
        let diff = if outcome.no_log {
            Vec::new()
        } else {
            outcome.diff.iter().map(|diff| clean_diff(publisher, diff)).collect()
        };
        // A loop of includes is as many steps as it includes files, as in Ansible's recap.
        let inclusions = outcome.inclusions.len().max(1);
        if inclusions > 1 {
            publisher.publish(What::StepsAdded { steps: inclusions - 1 });
        }
        let done = StepDone {
            task: number,
            name: publisher.clean(if outcome.name.is_empty() { task.title() } else { outcome.name.clone() }),
            host: host_name,
            delegated_to: outcome.delegated_to.as_ref().map(|name| publisher.clean(name)),
            status: outcome.status,
            elapsed_ms: took.as_millis() as u64,
            phases: outcome.phases,
            result: if outcome.status == Status::Skipped { None } else { shown(&outcome.result) },
            diff,
            failure: outcome.failure.as_ref().map(|failure| self.failure_report(task, failure, outcome.no_log)),
            skip_reason: outcome.skip_reason.as_ref().map(|reason| publisher.clean(reason)),
        };
        for _ in 0..inclusions {
            publisher.publish(What::StepDone(Box::new(done.clone())));
        }
    }

    /// Publishes that a step which had begun counts for nothing, because an earlier one of its host failed.
    pub(super) fn report_dropped(&self, node: NodeId, host: HostIndex, held: &Held) {
        let publisher = &self.context.publisher;
        let Some(task) = self.graph.node(node).task() else { return };
        let took = held.took;
        publisher.publish(What::StepDone(Box::new(StepDone {
            task: self.number(node),
            name: publisher.clean(task.title()),
            host: publisher.clean(&self.hosts[host as usize]),
            delegated_to: None,
            status: Status::NotReached,
            elapsed_ms: took.as_millis() as u64,
            phases: held.outcome.phases,
            result: None,
            diff: Vec::new(),
            failure: None,
            skip_reason: Some(publisher.clean("an earlier step of the host failed")),
        })));
    }

    pub(super) fn failure_report(&self, task: &Task, failure: &Failure, no_log: bool) -> FailureReport {
        let publisher = &self.context.publisher;
        let sources = &self.context.loader.sources;
        let span = failure.place.unwrap_or(task.span);
        let message = if no_log { "hidden, because the task has `no_log: true`" } else { failure.message.expose() };
        let mut diagnostic = Diagnostic::error("", message).at(span);
        if span != task.span && span.source != task.span.source {
            diagnostic = diagnostic.also(task.span, "in this task");
        }
        let place = sources.place(span);
        let drawn = if no_log {
            // The line itself may hold what is to be hidden.
            format!("error: {message}\n --> {place}")
        } else {
            render(&diagnostic, sources, Style::Plain)
        };
        FailureReport {
            kind: failure.kind,
            message: publisher.clean(message),
            place: publisher.clean(place),
            help: failure.help.as_ref().filter(|_| !no_log).map(|help| publisher.redactor().clean(help)),
            drawn: publisher.clean(drawn),
        }
    }

    /// Returns the number of a node's task in the run.
    pub(in crate::executor) fn number(&self, node: NodeId) -> TaskNumber {
        self.numbers[node.index()]
    }
}

fn clean_diff(publisher: &crate::executor::Publisher, diff: &crate::module::TextDiff) -> crate::event::Diff {
    crate::event::Diff {
        before_header: publisher.clean(&diff.before_header),
        after_header: publisher.clean(&diff.after_header),
        before: publisher.clean(&diff.before),
        after: publisher.clean(&diff.after),
    }
}

/// Returns what a rescue section knows of the failure.
pub(super) fn failure_facts(task: &Task, outcome: &Outcome) -> Map {
    let described = Value::map([
        ("name", Value::from(failed_task_name(task, outcome))),
        ("action", Value::from(task.action_name())),
    ]);
    [("ansible_failed_task", described), ("ansible_failed_result", outcome.result.clone())].into_iter().collect()
}

/// Returns the task's own name, without that of its role; nothing when it has none.
fn failed_task_name(task: &Task, outcome: &Outcome) -> String {
    if task.name.is_none() {
        return String::new();
    }
    let title = if outcome.name.is_empty() { task.title() } else { outcome.name.clone() };
    let prefix = task.role.as_ref().map(|role| format!("{} : ", role.name)).unwrap_or_default();
    title.strip_prefix(&prefix).map_or(title.clone(), str::to_owned)
}
