//! What each host answered: for commands that run on many hosts, where tasks and steps are of no interest.

use super::text::printable;
use super::{Look, Output, Reporter};
use crate::event::{Event, Status, StepDone, What};
use crate::redact::Clean;
use crate::value::Value;
use indexmap::IndexMap;

/// What a host answered.
#[derive(Clone, Debug, PartialEq)]
pub struct HostAnswer {
    /// How it ended.
    pub status: Status,
    /// The output of each command.
    pub outputs: Vec<String>,
    /// What programs wrote to their standard error, each command's by itself; a device has none.
    pub errors: Vec<String>,
    /// The data made of each output.
    pub parsed: Vec<Value>,
    /// What went wrong.
    pub failure: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    is_shown: bool,
}

impl HostAnswer {
    fn none() -> HostAnswer {
        let status = Status::NotReached;
        HostAnswer {
            status,
            outputs: vec![],
            errors: vec![],
            parsed: vec![],
            failure: None,
            help: None,
            is_shown: false,
        }
    }
}

/// The answers by host, in the order of the inventory.
pub type HostAnswers = IndexMap<Clean, HostAnswer>;

/// Makes one text of all answers.
type Draw = Box<dyn Fn(&HostAnswers) -> String + Send>;

/// Gathers answers; shows each host's when it is there, or all at the end.
pub struct ByHost {
    look: Look,
    output: Output,
    messages: Output,
    /// How many commands each host is given.
    commands: usize,
    at_end: Option<Draw>,
    answers: HostAnswers,
}

impl ByHost {
    /// Makes a reporter for so many commands a host. Warnings go to `messages`.
    pub fn new(look: Look, output: Output, messages: Output, commands: usize) -> ByHost {
        ByHost { look, output, messages, commands, at_end: None, answers: HostAnswers::new() }
    }

    /// Shows nothing before the end, and then the text that `draw` makes; failures go to the messages.
    pub fn at_end(mut self, draw: impl Fn(&HostAnswers) -> String + Send + 'static) -> ByHost {
        self.at_end = Some(Box::new(draw));
        self
    }

    fn step(&mut self, done: &StepDone) {
        if matches!(done.status, Status::Skipped | Status::NotReached) {
            return;
        }
        let answer = self.answers.entry(done.host.clone()).or_insert_with(HostAnswer::none);
        let result = done.result.as_ref().map(|result| result.value());
        let field = |name: &str| result.and_then(|result| result.get(name));
        // The command modules answer to several commands at once, with lists.
        let is_list = matches!(field("stdout"), Some(Value::List(_)));
        answer.outputs.extend(texts(field("stdout")));
        answer.errors.extend(texts(field("stderr")));
        match field("parsed") {
            Some(Value::List(all)) if is_list => answer.parsed.extend(all.iter().cloned()),
            Some(one) => answer.parsed.push(one.clone()),
            None => {}
        }
        answer.status = done.status;
        answer.failure = done.failure.as_ref().map(|failure| match field("rc") {
            Some(code) => format!("{} (rc={})", failure.message, code.to_text()),
            None => failure.message.to_string(),
        });
        answer.help = done.failure.as_ref().and_then(|failure| failure.help.as_ref()).map(Clean::to_string);
        let is_done = answer.failure.is_some() || answer.outputs.len() >= self.commands;
        if is_done && self.at_end.is_none() {
            self.show(&done.host);
        }
    }

    fn show(&mut self, host: &Clean) {
        let Some(answer) = self.answers.get_mut(host).filter(|answer| !answer.is_shown) else { return };
        answer.is_shown = true;
        let mut text = self.look.painted(&printable(host.as_str()), answer.status) + ":\n";
        for one in answer.outputs.iter().chain(&answer.errors) {
            let lines = printable(one);
            let lines = lines.trim_end_matches(['\r', '\n']);
            if !lines.is_empty() {
                text.push_str(lines);
                text.push('\n');
            }
        }
        match (&answer.failure, answer.status) {
            (Some(failure), status) => {
                text.push_str(&format!("{}: {}\n", status.word(), printable(failure)));
                if let Some(help) = &answer.help {
                    text.push_str(&format!("  help: {}\n", printable(help)));
                }
            }
            (None, Status::NotReached) => text.push_str("not reached\n"),
            (None, _) => {}
        }
        text.push('\n');
        self.output.write(&text);
    }

    fn say_failures(&self) {
        for (host, answer) in &self.answers {
            let why = match &answer.failure {
                Some(failure) => failure.as_str(),
                None if answer.status == Status::NotReached => "not reached",
                None => continue,
            };
            self.messages.write(&format!("{}: {}\n", printable(host.as_str()), printable(why)));
            if let Some(help) = &answer.help {
                self.messages.write(&format!("  help: {}\n", printable(help)));
            }
        }
    }
}

impl Reporter for ByHost {
    fn handle(&mut self, event: &Event) {
        match &event.what {
            What::PlayStarted { hosts, .. } => {
                for host in hosts {
                    self.answers.entry(host.clone()).or_insert_with(HostAnswer::none);
                }
            }
            What::StepDone(done) => self.step(done),
            What::Warning { message, .. } => {
                self.messages.write(&format!("warning: {}\n", printable(message.as_str())));
            }
            What::Interrupted { how } => self.messages.write(match how.as_ref() {
                "drain" => "interrupted: commands under way end, no more are sent; again to cut them off\n",
                _ => "interrupted again: cut off\n",
            }),
            _ => {}
        }
    }

    fn finish(&mut self) {
        if let Some(draw) = &self.at_end {
            self.output.write(&draw(&self.answers));
            self.say_failures();
            return;
        }
        let hosts: Vec<Clean> = self.answers.keys().cloned().collect();
        hosts.iter().for_each(|host| self.show(host));
    }
}

/// Returns the texts of a result's field, which is one or a list.
fn texts(field: Option<&Value>) -> Vec<String> {
    match field {
        None => Vec::new(),
        Some(Value::List(items)) => items.iter().map(Value::to_text).collect(),
        Some(one) => vec![one.to_text()],
    }
}
