//! Events for the tests of the reporters.

use crate::event::{After, Diff, Event, FailureReport, Recap, Shard, Status, StepDone, TaskNumber, What};
use crate::failure::FailureKind;
use crate::phase::{Phase, Phases};
use crate::redact::{Clean, CleanValue, Redactor};
use crate::value::Value;
use std::time::Duration;

pub(super) fn clean(text: &str) -> Clean {
    Redactor::new().clean_text(text)
}

pub(super) fn value(value: impl Into<Value>) -> CleanValue {
    Redactor::new().clean_value(&value.into())
}

pub(super) fn event(what: What) -> Event {
    Event { t_ms: 1, what }
}

pub(super) fn started() -> Event {
    event(What::RunStarted {
        schema: 1,
        version: "0.1.0".into(),
        playbooks: vec![clean("site.yml")],
        started_at: clean("2026-01-02T03:04:05Z"),
        check: false,
        run: clean("20260102-030405-ab12"),
        digest: clean("5f"),
        shard: None,
    })
}

pub(super) fn play(name: &str, hosts: &[&str]) -> Event {
    event(What::PlayStarted {
        play: clean(name),
        number: 1,
        place: clean("site.yml:1:3"),
        hosts: hosts.iter().map(|host| clean(host)).collect(),
        batch: 1,
        batches: 1,
        steps: hosts.len() * 2,
    })
}

pub(super) fn task(task: TaskNumber, name: &str, module: &'static str) -> Event {
    event(What::TaskStarted {
        task,
        play: 1,
        name: clean(name),
        module: module.into(),
        place: clean("site.yml:4:7"),
        handler: false,
    })
}

pub(super) fn step(task: TaskNumber, host: &str) -> Event {
    event(What::StepStarted { task, host: clean(host), after: None })
}

/// The work of a step is over, and its outcome does not count yet.
pub(super) fn ran(task: TaskNumber, host: &str) -> Event {
    event(What::StepRan { task, host: clean(host) })
}

pub(super) fn item(task: TaskNumber, host: &str, label: &str, status: Status, result: impl Into<Value>) -> Event {
    event(What::ItemDone { task, host: clean(host), item: clean(label), status, result: Some(value(result)) })
}

/// A step that is done, with a result that says that it changed something.
pub(super) fn done(task: TaskNumber, host: &str, status: Status) -> Event {
    done_with(task, host, status, |done| done.result = Some(value(Value::map([("changed", true)]))))
}

pub(super) fn done_with(task: TaskNumber, host: &str, status: Status, more: impl FnOnce(&mut StepDone)) -> Event {
    let mut done = StepDone {
        task,
        name: clean(&format!("task {task}")),
        host: clean(host),
        delegated_to: None,
        status,
        elapsed_ms: 1_234,
        phases: Phases::default(),
        result: None,
        diff: Vec::new(),
        failure: None,
        skip_reason: None,
    };
    more(&mut done);
    event(What::StepDone(Box::new(done)))
}

pub(super) fn failure(message: &str) -> FailureReport {
    FailureReport {
        kind: FailureKind::Command,
        message: clean(message),
        place: clean("site.yml:4:7"),
        help: Some(clean("look at the command")),
        drawn: clean(" --> site.yml:4:7\n  |\n4 |     - name: show\n  |       ^^^^"),
    }
}

pub(super) fn diff(before: &str, after: &str) -> Diff {
    Diff {
        before_header: clean("/etc/motd"),
        after_header: clean("/etc/motd"),
        before: clean(before),
        after: clean(after),
    }
}

pub(super) fn ended(recap: Vec<Recap>) -> Event {
    event(What::RunEnded { recap, exit_code: 0, elapsed_ms: 5_430 })
}

pub(super) fn started_shard() -> Event {
    let mut event = started();
    if let What::RunStarted { shard, .. } = &mut event.what {
        *shard = Some(Shard { index: 1, total: 2 });
    }
    event
}

pub(super) fn after(task: TaskNumber, host: &str) -> After {
    After { task, host: clean(host), why: clean("the other writes and stands before it") }
}

pub(super) fn all_phases() -> Phases {
    let mut phases = Phases::default();
    Phase::ALL.into_iter().for_each(|phase| phases.add(phase, Duration::from_millis(1)));
    phases
}
