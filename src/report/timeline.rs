//! The steps of a run with their times, gathered from its events.

use crate::event::{After, Event, FailureReport, Recap, Shard, Status, StepDone, TaskNumber, What};
use crate::phase::Phases;
use crate::redact::Clean;
use std::collections::HashMap;

/// What is known of a run, seen from its end.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// The playbooks as named on the command line.
    pub playbooks: Vec<Clean>,
    /// When it began, RFC 3339.
    pub started_at: Clean,
    /// Whether writes were withheld.
    pub check: bool,
    /// Which part of the hosts it was.
    pub shard: Option<Shard>,
    /// The plays by their numbers.
    pub plays: HashMap<u32, Play>,
    /// The tasks by their numbers.
    pub tasks: HashMap<TaskNumber, Task>,
    /// The steps in the order in which they began.
    pub steps: Vec<Step>,
    /// Warnings, in their order.
    pub warnings: Vec<Clean>,
    /// The recap; empty when the run has no end.
    pub recap: Vec<Recap>,
    /// The exit code, when the run has an end.
    pub exit_code: Option<u8>,
    /// How long it took, as far as events tell.
    pub elapsed_ms: u64,
    places: HashMap<(TaskNumber, Clean), usize>,
}

/// A play.
#[derive(Clone, Debug)]
pub struct Play {
    /// Its name.
    pub name: Clean,
    /// When its first batch began.
    pub started_ms: u64,
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// The number of its play.
    pub play: u32,
    /// Its name.
    pub name: Clean,
    /// Its module.
    pub module: String,
    /// Where it is written.
    pub place: Clean,
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its task.
    pub task: TaskNumber,
    /// Its host.
    pub host: Clean,
    /// When it began.
    pub started_ms: u64,
    /// When its work was over; that of a step without an end is over when the run is.
    pub ended_ms: u64,
    /// What it came after.
    pub after: Option<After>,
    /// What it spent its time on.
    pub phases: Phases,
    /// What came of it; `None` when the run was cut off before.
    pub status: Option<Status>,
    /// What went wrong.
    pub failure: Option<FailureReport>,
}

impl Timeline {
    /// Adds an event.
    pub fn add(&mut self, event: &Event) {
        self.elapsed_ms = self.elapsed_ms.max(event.t_ms);
        match &event.what {
            What::RunStarted { playbooks, started_at, check, shard, .. } => {
                self.playbooks.clone_from(playbooks);
                self.started_at = started_at.clone();
                self.check = *check;
                self.shard = *shard;
            }
            What::PlayStarted { play, number, .. } => {
                let play = Play { name: play.clone(), started_ms: event.t_ms };
                self.plays.entry(*number).or_insert(play);
            }
            What::TaskStarted { task, play, name, module, place, .. } => {
                let (name, module, place) = (name.clone(), module.to_string(), place.clone());
                self.tasks.insert(*task, Task { play: *play, name, module, place });
            }
            What::StepStarted { task, host, after } => {
                self.begin(*task, host, event.t_ms).after.clone_from(after);
            }
            What::StepDone(done) => self.end(event.t_ms, done),
            What::Warning { message, .. } => self.warnings.push(message.clone()),
            What::RunEnded { recap, exit_code, elapsed_ms } => {
                self.recap.clone_from(recap);
                self.exit_code = Some(*exit_code);
                self.elapsed_ms = *elapsed_ms;
            }
            _ => {}
        }
    }

    fn begin(&mut self, task: TaskNumber, host: &Clean, t_ms: u64) -> &mut Step {
        let place = *self.places.entry((task, host.clone())).or_insert(self.steps.len());
        if place == self.steps.len() {
            self.steps.push(Step {
                task,
                host: host.clone(),
                started_ms: t_ms,
                ended_ms: t_ms,
                after: None,
                phases: Phases::default(),
                status: None,
                failure: None,
            });
        }
        &mut self.steps[place]
    }

    fn end(&mut self, t_ms: u64, done: &StepDone) {
        // An include that cannot be read ends steps that never began.
        let step = self.begin(done.task, &done.host, t_ms.saturating_sub(done.elapsed_ms));
        // The event comes when the outcome counts, which may be later than when the work was over.
        step.ended_ms = step.started_ms.saturating_add(done.elapsed_ms).min(t_ms).max(step.started_ms);
        step.phases = done.phases;
        step.status = Some(done.status);
        step.failure.clone_from(&done.failure);
    }

    /// Returns a step.
    pub fn step(&self, task: TaskNumber, host: &Clean) -> Option<&Step> {
        self.places.get(&(task, host.clone())).map(|place| &self.steps[*place])
    }

    /// Returns when a step's work was over.
    pub fn ended_ms(&self, step: &Step) -> u64 {
        if step.status.is_some() { step.ended_ms } else { self.elapsed_ms.max(step.started_ms) }
    }

    /// Returns the name of a task.
    pub fn task_name(&self, task: TaskNumber) -> &str {
        self.tasks.get(&task).map_or("", |task| task.name.as_str())
    }
}
