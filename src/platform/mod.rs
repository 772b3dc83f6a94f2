//! Device types as data: prompts, levels and the way between them, paging, error texts, what only reads.
//!
//! A platform is one file `definitions/NAME.yaml` and one line in the table of definitions.

use crate::effect::Effect;
use regex::Regex;
use std::time::Duration;

/// A device type.
#[derive(Debug)]
pub struct Platform {
    /// Its name: `cisco_ios`.
    pub name: String,
    /// Other names, among them those of `ansible_network_os`: `ios`, `cisco.ios.ios`.
    pub aliases: Vec<String>,
    /// Programs run by exec channels and files exist (`linux`): it is no network CLI.
    pub is_host: bool,
    /// The level in which commands run.
    pub command_level: String,
    /// The level in which configuration lines are taken.
    pub config_level: Option<String>,
    /// The levels (modes).
    pub levels: Vec<Level>,
    /// Ways from one level to another.
    pub moves: Vec<Move>,
    /// Commands to send after login: paging off, width.
    pub setup: Vec<String>,
    /// Errors of setup commands do not matter.
    pub setup_ignore_errors: bool,
    /// Lines of output that belong to the prompt (`{master:0}`, `[edit]`).
    pub context: Vec<Regex>,
    /// The pager's prompt, what to type, and what it leaves in the output.
    pub pager: Option<Pager>,
    /// What says that a command was refused.
    pub errors: Vec<Regex>,
    /// What looks like an error and is none.
    pub errors_not: Vec<Regex>,
    /// Commands that only read.
    pub reads: Vec<Regex>,
    /// Commands that match `reads` and may write all the same (`| redirect`).
    pub reads_not: Vec<Regex>,
    /// Configuration by candidate: sent after the lines.
    pub commit: Option<Commit>,
    /// The command that shows the running configuration.
    pub show_running: Option<String>,
    /// What a line of the configuration's text looks like.
    pub text: ConfigText,
    /// How long to wait for a prompt when nobody says.
    pub timeout: Duration,
}

/// A level (mode) of a CLI.
#[derive(Debug)]
pub struct Level {
    /// Its name: `exec`, `enable`, `config`.
    pub name: String,
    /// The prompt: a whole last line, group `host` is the device's name.
    pub prompt: Regex,
    /// Lines that match `prompt` and are none.
    pub not: Vec<Regex>,
}

/// A way from one level to another.
#[derive(Debug)]
pub struct Move {
    /// From this level.
    pub from: String,
    /// To that level.
    pub to: String,
    /// By sending this.
    pub send: String,
    /// Questions that come and what to answer.
    pub expect: Vec<Expect>,
    /// What says that it did not work.
    pub fail: Vec<Regex>,
}

/// A question on the way.
#[derive(Debug)]
pub struct Expect {
    /// The question.
    pub question: Regex,
    /// The answer.
    pub answer: Answer,
}

/// An answer on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This text.
    Text(String),
    /// The enable password.
    EnablePassword,
    /// The login password.
    Password,
    /// The user's name.
    Username,
}

/// How output is paged, in case the setup did not turn it off.
#[derive(Debug)]
pub struct Pager {
    /// The pager's prompt, at the end of what has come.
    pub prompt: Regex,
    /// What to type for the next page.
    pub answer: String,
    /// What the pager leaves in the output.
    pub erase: Option<Regex>,
}

/// How a candidate configuration takes effect.
#[derive(Debug)]
pub struct Commit {
    /// The command.
    pub send: String,
    /// What says that it failed.
    pub fail: Vec<Regex>,
    /// The command that throws the candidate away.
    pub abort: Option<String>,
    /// The command that shows what the candidate changes.
    pub diff: Option<String>,
}

/// What a configuration's text looks like.
#[derive(Clone, Debug, Default)]
pub struct ConfigText {
    /// Prefixes of comments.
    pub comments: Vec<String>,
    /// Lines that differ from one reading to the next and mean nothing.
    pub volatile: Vec<Regex>,
}

impl Platform {
    /// Returns what a command may do: `Read` when the platform lists it as reading and nothing speaks against it.
    pub fn command_effect(&self, command: &str) -> Effect {
        let command = command.trim();
        let reads =
            self.reads.iter().any(|r| r.is_match(command)) && !self.reads_not.iter().any(|r| r.is_match(command));
        if reads && !command.contains(['\n', '\r']) { Effect::Read } else { Effect::Write }
    }
}
