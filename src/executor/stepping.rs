//! `--step`: before a task begins somebody says whether it does. Nothing else is at work while the question stands, so that
//! the answer can be given with all results before it in sight.

use super::batch::Batch;
use crate::graph::NodeId;
use crate::playbook::{Action, Strategy, Task};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What somebody says of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It runs.
    Yes,
    /// It does not.
    No,
    /// It runs, and so does everything after it, unasked.
    Continue,
}

/// Asks whether a task runs, and waits for the answer.
pub type Ask = Arc<dyn Fn(&str) -> Answer + Send + Sync>;

/// Who is asked in a run.
#[derive(Clone)]
pub struct Stepper {
    ask: Ask,
    /// No more questions.
    continues: Arc<AtomicBool>,
}

impl Stepper {
    /// Makes one that asks by a function, which may block.
    pub fn new(ask: Ask) -> Stepper {
        Stepper { ask, continues: Arc::default() }
    }

    fn continues(&self) -> bool {
        self.continues.load(Ordering::Relaxed)
    }

    /// Asks; an answer that never comes is a no.
    async fn decide(&self, question: String) -> bool {
        let ask = Arc::clone(&self.ask);
        let answer = tokio::task::spawn_blocking(move || ask(&question)).await.unwrap_or(Answer::No);
        self.continues.fetch_or(answer == Answer::Continue, Ordering::Relaxed);
        answer != Answer::No
    }
}

/// The tasks of a batch that were asked about, and those that wait for it.
#[derive(Default)]
pub(super) struct Asked {
    said: HashMap<(NodeId, Option<u32>), bool>,
    waiting: Vec<(NodeId, u32)>,
}

/// What holds for a step under `--step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It may begin.
    Begins,
    /// It does not run.
    Skipped,
    /// Somebody is to be asked first.
    Waits,
}

impl Batch {
    /// Says whether a step may begin; one that has to be asked about waits from now on.
    pub(super) fn turn(&mut self, node: NodeId, host: u32, task: &Task) -> Turn {
        let Some(stepper) = &self.context.stepper else { return Turn::Begins };
        if matches!(task.action, Action::Meta(_)) {
            return Turn::Begins;
        }
        match self.asked.said.get(&self.about(node, host)) {
            Some(true) => Turn::Begins,
            Some(false) => Turn::Skipped,
            None if stepper.continues() => Turn::Begins,
            None => {
                self.asked.waiting.push((node, host));
                Turn::Waits
            }
        }
    }

    /// What one answer is about: the task on all hosts, or on one where hosts go their own ways.
    fn about(&self, node: NodeId, host: u32) -> (NodeId, Option<u32>) {
        (node, (self.graph.strategy != Strategy::Linear).then_some(host))
    }

    /// Claims that nothing goes on before somebody has answered.
    pub(super) fn has_questions(&self) -> bool {
        !self.asked.waiting.is_empty()
    }

    /// Takes the steps that wait for an answer.
    pub(super) fn take_waiting(&mut self) -> Vec<(NodeId, u32)> {
        std::mem::take(&mut self.asked.waiting)
    }

    /// Asks about the first task that waits, and lets its steps try again.
    pub(super) async fn ask(&mut self) {
        let Some(&(node, host)) = self.asked.waiting.iter().min() else { return };
        let about = self.about(node, host);
        if let (Some(stepper), Some(task)) = (self.context.stepper.clone(), self.graph.node(node).task().cloned()) {
            let question = self.question(&task, about.1);
            let runs = stepper.continues() || stepper.decide(question).await;
            self.asked.said.insert(about, runs);
        }
        for (node, host) in self.take_waiting() {
            self.tracker.put_back(node, host);
        }
    }

    fn question(&self, task: &Task, host: Option<u32>) -> String {
        match host {
            None => format!("Perform task: TASK: {} (N)o/(y)es/(c)ontinue: ", task.title()),
            Some(host) => {
                let host = &self.hosts[host as usize];
                format!("Perform task: TASK: {} on {host} (N)o/(y)es/(c)ontinue: ", task.title())
            }
        }
    }
}
