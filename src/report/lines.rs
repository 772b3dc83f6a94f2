//! What the events of a run read like, line by line; the same for plain output and above progress bars.
//!
//! Hosts overlap, and neighbouring tasks may too, so a task's headline is not written when the task starts but before the
//! first line that belongs to it, and again whenever lines of another task came in between.

use super::Look;
use super::diff::unified;
use super::summary::Summary;
use super::text::{block, duration, first_line, printable};
use crate::event::{Event, Status, StepDone, TaskNumber, What};
use crate::redact::{Clean, CleanValue};
use crate::value::{Map, Value};
use std::collections::{HashMap, HashSet};

/// Turns events into lines.
pub(super) struct Lines {
    look: Look,
    /// Whether a result's first line is cut to the width, because bars stand below.
    cut: bool,
    tasks: HashMap<TaskNumber, Task>,
    /// The task whose headline was written last.
    under: Option<TaskNumber>,
    /// The play whose headline was written last.
    in_play: u32,
    /// The names of plays by number.
    plays: HashMap<u32, Clean>,
    /// Steps whose items were shown: the step itself then adds nothing.
    itemised: HashSet<(TaskNumber, Clean)>,
    summary: Summary,
}

struct Task {
    play: u32,
    name: Clean,
    module: String,
    place: Clean,
    handler: bool,
}

/// A result to be shown in a line of its own.
struct Shown<'e> {
    task: TaskNumber,
    host: &'e Clean,
    delegated_to: Option<&'e Clean>,
    item: Option<&'e Clean>,
    status: Status,
    /// What to say behind the arrow.
    saying: Option<String>,
    result: Option<&'e CleanValue>,
}

impl Lines {
    pub(super) fn new(look: Look, cut: bool) -> Lines {
        Lines {
            look,
            cut,
            tasks: HashMap::new(),
            under: None,
            in_play: 0,
            plays: HashMap::new(),
            itemised: HashSet::new(),
            summary: Summary::new(look),
        }
    }

    /// Returns the name of a task.
    pub(super) fn task_name(&self, task: TaskNumber) -> &str {
        self.tasks.get(&task).map_or("", |task| task.name.as_str())
    }

    /// Returns the lines for an event, each with its line break; often none.
    pub(super) fn of(&mut self, event: &Event) -> String {
        self.summary.add(event);
        let mut out = String::new();
        match &event.what {
            What::RunStarted { check: true, .. } if !self.look.quiet => {
                out.push_str("CHECK MODE: nothing will be changed\n");
            }
            What::PlayStarted { play, number, place, hosts, batch, batches, .. } => {
                self.under = None;
                self.in_play = *number;
                self.plays.insert(*number, play.clone());
                if !self.look.quiet {
                    self.play(play, place, hosts, (*batch, *batches), &mut out);
                }
            }
            What::TaskStarted { task, play, name, module, place, handler } => {
                let (name, module, place) = (name.clone(), module.to_string(), place.clone());
                let task_of = Task { play: *play, name, module, place, handler: *handler };
                self.tasks.insert(*task, task_of);
            }
            What::StepStarted { task, host, .. } if self.look.verbosity >= 3 && !self.look.quiet => {
                self.headline(*task, &mut out);
                out.push_str(&format!("started: [{host}]\n"));
            }
            What::ItemDone { task, host, item, status, result } => {
                self.itemised.insert((*task, host.clone()));
                let saying = is_bad(*status).then(|| message(result.as_ref())).flatten();
                let (item, result) = (Some(item), result.as_ref());
                let shown = Shown { task: *task, host, delegated_to: None, item, status: *status, saying, result };
                self.result(&shown, &mut out);
            }
            What::Retry { task, host, left } if !self.look.quiet => {
                self.headline(*task, &mut out);
                out.push_str(&format!("retrying: [{host}] ({left} attempts left)\n"));
            }
            What::StepDone(done) => self.step(done, &mut out),
            What::Warning { message, place } if !self.look.quiet => {
                let message = printable(message.as_str());
                out.push_str(&self.look.painted(&format!("warning: {message}"), Status::Changed));
                out.push('\n');
                if let Some(place) = place {
                    out.push_str(&format!("  --> {place}\n"));
                }
            }
            What::Interrupted { how } => out.push_str(match how.as_ref() {
                "cut" => "interrupted: steps that run are cut off\n",
                _ => "interrupted: steps that run may end, no new ones start (once more to cut them off)\n",
            }),
            What::RunEnded { recap, elapsed_ms, .. } => out.push_str(&self.summary.text(recap, *elapsed_ms)),
            _ => {}
        }
        out
    }

    fn play(&self, play: &Clean, place: &Clean, hosts: &[Clean], (batch, batches): (usize, usize), out: &mut String) {
        let of = if batches > 1 { format!(" (batch {batch} of {batches})") } else { String::new() };
        out.push('\n');
        out.push_str(&self.look.headline(&format!("PLAY [{}]{of}", printable(play.as_str()))));
        out.push('\n');
        if self.look.verbosity >= 2 {
            out.push_str(&format!("at {place}\n"));
        }
        if hosts.is_empty() {
            out.push_str("skipping: no hosts matched\n");
        }
    }

    /// Writes a task's headline, unless the last line stood under it.
    fn headline(&mut self, number: TaskNumber, out: &mut String) {
        if self.under.replace(number) == Some(number) {
            return;
        }
        let Some(task) = self.tasks.get(&number) else { return };
        // Plays that run at the same time take turns.
        if task.play != self.in_play
            && let Some(play) = self.plays.get(&task.play)
        {
            self.in_play = task.play;
            out.push('\n');
            out.push_str(&self.look.headline(&format!("PLAY [{}] (continued)", printable(play.as_str()))));
            out.push('\n');
        }
        let word = if task.handler { "RUNNING HANDLER" } else { "TASK" };
        out.push('\n');
        let mut text = format!("{word} [{}]", printable(task.name.as_str()));
        if self.cut {
            // Room for a blank and the least of asterisks.
            text = console::truncate_str(&text, self.look.width.saturating_sub(4), self.look.ellipsis()).into_owned();
        }
        out.push_str(&self.look.headline(&text));
        out.push('\n');
        if self.look.verbosity >= 2 {
            out.push_str(&format!("at {}\n", task.place));
        }
    }

    fn step(&mut self, done: &StepDone, out: &mut String) {
        let itemised = self.itemised.remove(&(done.task, done.host.clone()));
        if !self.look.quiet && done.diff.iter().any(|diff| diff.before != diff.after) {
            self.headline(done.task, out);
            done.diff.iter().for_each(|diff| out.push_str(&unified(diff, &self.look)));
        }
        let saying = match &done.failure {
            Some(failure) => Some(failure.message.to_string()),
            None if done.status == Status::Skipped && self.look.verbosity >= 1 => {
                done.skip_reason.as_ref().map(Clean::to_string)
            }
            None => None,
        };
        if done.status == Status::NotReached && self.look.verbosity < 1 {
            return;
        }
        // Of a loop the items were shown; what is left to say is that the whole failed.
        if itemised && !is_bad(done.status) {
            return;
        }
        let shown = Shown {
            task: done.task,
            host: &done.host,
            delegated_to: done.delegated_to.as_ref(),
            item: None,
            status: done.status,
            saying,
            result: done.result.as_ref().filter(|_| !itemised),
        };
        self.result(&shown, out);
        if self.look.verbosity >= 3 && !self.look.quiet {
            out.push_str(&format!("    took {}\n", duration(done.elapsed_ms)));
        }
    }

    /// Writes a result: its line, and below it what the task is there to show or `-v` asks for.
    fn result(&mut self, shown: &Shown<'_>, out: &mut String) {
        if self.look.quiet && !matches!(shown.status, Status::Failed | Status::Unreachable) {
            return;
        }
        if (shown.status == Status::Skipped && !self.look.skipped)
            || (shown.status == Status::Ok && !self.look.unchanged)
        {
            return;
        }
        self.headline(shown.task, out);
        let host = match shown.delegated_to {
            Some(to) => format!("{} -> {to}", shown.host),
            None => shown.host.to_string(),
        };
        let mut line = format!("{}: [{host}]", word(shown.status));
        if let Some(item) = shown.item {
            line.push_str(&format!(" => (item={})", first_line(item.as_str(), self.look.ellipsis())));
        }
        if let Some(saying) = &shown.saying {
            line.push_str(&format!(" => {}", first_line(saying, self.look.ellipsis())));
        }
        match shown.status {
            Status::Ignored => line.push_str(" (ignored)"),
            Status::Rescued => line.push_str(" (rescued)"),
            _ => {}
        }
        let body = self.body(shown);
        if !body.is_empty() && shown.saying.is_none() {
            line.push_str(" =>");
        }
        if self.cut {
            line = console::truncate_str(&line, self.look.width, self.look.ellipsis()).into_owned();
        }
        out.push_str(&self.look.painted(&line, shown.status));
        out.push('\n');
        out.push_str(&body);
    }

    /// Returns the part of a result that is shown: what `debug` prints always, the rest under `-v`.
    fn body(&self, shown: &Shown<'_>) -> String {
        let is_debug = self.tasks.get(&shown.task).is_some_and(|task| task.module == "debug");
        let wanted = self.look.verbosity >= 1 || (is_debug && !is_bad(shown.status));
        let Some(Value::Map(result)) = shown.result.filter(|_| wanted).map(CleanValue::value) else {
            return String::new();
        };
        let all = self.look.verbosity >= 3;
        let kept: Map = result
            .iter()
            .filter(|(key, _)| all || !key.as_str().is_some_and(|key| is_noise(key, result, is_debug)))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if kept.is_empty() { String::new() } else { block(&kept.into(), 4) }
    }
}

/// Claims that a result's field tells nothing that is not shown already.
fn is_noise(key: &str, result: &Map, is_debug: bool) -> bool {
    match key {
        "stdout_lines" => result.contains("stdout"),
        "stderr_lines" => result.contains("stderr"),
        "invocation" => true,
        "changed" | "failed" | "skipped" | "item" | "ansible_loop_var" => is_debug,
        _ => key.starts_with('_'),
    }
}

/// Returns the word that a result's line begins with; what failed has failed, whoever takes care of it then.
fn word(status: Status) -> &'static str {
    match status {
        Status::Skipped => "skipping",
        Status::Rescued | Status::Ignored => "failed",
        Status::NotReached => "not reached",
        other => other.word(),
    }
}

fn is_bad(status: Status) -> bool {
    matches!(status, Status::Failed | Status::Unreachable | Status::Rescued | Status::Ignored)
}

/// Returns the message of a result.
fn message(result: Option<&CleanValue>) -> Option<String> {
    result?.value().get("msg").map(Value::to_text)
}
