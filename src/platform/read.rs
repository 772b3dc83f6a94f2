//! Reads a platform's definition: YAML text to a checked [`Platform`].
//!
//! Every expression is compiled here, and every name of a level must exist, so that a definition with a mistake never
//! reaches a device.

mod configuration;

use super::{Answer, Detect, Expect, Instead, Level, Move, Pager, Platform, TypedAhead};
use configuration::{WrittenCommit, WrittenConfirmWithin, WrittenSave, WrittenText};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use std::time::Duration;

/// What is wrong with a definition, and at which byte if that is known.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) offset: Option<usize>,
}

impl From<String> for Wrong {
    fn from(message: String) -> Wrong {
        Wrong { message, offset: None }
    }
}

/// Returns the platform that a definition describes, or what is wrong with it.
pub(super) fn read(text: &str) -> Result<Platform, Wrong> {
    let written: Written = serde_yaml::from_str(text).map_err(|error| {
        let message = error.to_string();
        // The place is told apart from the message.
        let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
        Wrong { message, offset: error.location().map(|place| place.index()) }
    })?;
    let platform = written.into_platform()?;
    check_names(&platform)?;
    Ok(platform)
}

/// Returns a definition's aliases, and whether it is of hosts; cheap, since no expression is compiled.
pub(super) fn heading(text: &str) -> (Vec<String>, bool) {
    serde_yaml::from_str::<Written>(text).map(|written| (written.aliases, written.is_host)).unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    /// The platform's own name when it is not written.
    textfsm: Option<String>,
    detect: Option<WrittenDetect>,
    #[serde(default)]
    is_host: bool,
    command_level: String,
    config_level: Option<String>,
    levels: Vec<WrittenLevel>,
    #[serde(default)]
    moves: Vec<WrittenMove>,
    username_suffix: Option<String>,
    #[serde(default = "line_feed")]
    newline: String,
    #[serde(default)]
    login: Vec<WrittenExpect>,
    #[serde(default)]
    setup: Vec<String>,
    #[serde(default)]
    setup_ignore_errors: bool,
    #[serde(default)]
    context: Vec<String>,
    pager: Option<WrittenPager>,
    #[serde(default)]
    errors: Vec<String>,
    #[serde(default)]
    errors_not: Vec<String>,
    #[serde(default)]
    questions: Vec<String>,
    #[serde(default)]
    reads: Vec<String>,
    #[serde(default)]
    reads_not: Vec<String>,
    typed_ahead: Option<WrittenTypedAhead>,
    commit: Option<WrittenCommit>,
    save: Option<WrittenSave>,
    show_running: Option<String>,
    show_all: Option<String>,
    show_startup: Option<String>,
    confirm_within: Option<WrittenConfirmWithin>,
    no_confirm_within: Option<String>,
    text: WrittenText,
    close: Option<String>,
    #[serde(default)]
    close_answers: Vec<WrittenExpect>,
    timeout_seconds: u64,
}

fn line_feed() -> String {
    "\n".into()
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDetect {
    command: String,
    #[serde(rename = "match")]
    shows: Vec<String>,
    #[serde(default, rename = "not")]
    shows_not: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTypedAhead {
    commands: Vec<String>,
    bytes: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLevel {
    name: String,
    prompt: String,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    is_home: bool,
    before: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMove {
    from: String,
    to: String,
    send: OneOrMore,
    #[serde(default)]
    expect: Vec<WrittenExpect>,
    without_password: Option<WrittenInstead>,
    #[serde(default)]
    fail: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenInstead {
    send: String,
    #[serde(default)]
    expect: Vec<WrittenExpect>,
}

/// A question with a fixed `answer`, or with what the session has to `give`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenExpect {
    question: String,
    answer: Option<String>,
    give: Option<Give>,
    #[serde(default = "yes")]
    newline: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Give {
    EnablePassword,
    Password,
    Username,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPager {
    prompt: String,
    answer: String,
    end: Option<String>,
    #[serde(default)]
    end_answer: String,
}

impl Written {
    fn into_platform(self) -> Result<Platform, String> {
        Ok(Platform {
            textfsm: self.textfsm.unwrap_or_else(|| self.name.clone()),
            name: self.name,
            aliases: self.aliases,
            detect: self.detect.map(WrittenDetect::read).transpose()?,
            is_host: self.is_host,
            command_level: self.command_level,
            config_level: self.config_level,
            levels: self.levels.into_iter().map(WrittenLevel::read).collect::<Result<_, _>>()?,
            moves: self.moves.into_iter().map(WrittenMove::read).collect::<Result<_, _>>()?,
            username_suffix: self.username_suffix,
            newline: self.newline,
            login: self.login.into_iter().map(WrittenExpect::read).collect::<Result<_, _>>()?,
            setup: self.setup,
            setup_ignore_errors: self.setup_ignore_errors,
            context: of_lines(&self.context)?,
            pager: self.pager.map(WrittenPager::read).transpose()?,
            errors: of_lines(&self.errors)?,
            errors_not: of_lines(&self.errors_not)?,
            questions: of_lines(&self.questions)?,
            reads: of_lines(&self.reads)?,
            reads_not: of_lines(&self.reads_not)?,
            typed_ahead: self.typed_ahead.map(WrittenTypedAhead::read).transpose()?,
            commit: self.commit.map(WrittenCommit::read).transpose()?,
            save: self.save.map(WrittenSave::read),
            show_running: self.show_running,
            show_all: self.show_all,
            show_startup: self.show_startup,
            confirm_within: self.confirm_within.map(WrittenConfirmWithin::read).transpose()?,
            no_confirm_within: self.no_confirm_within,
            text: self.text.read()?,
            close: self.close,
            close_answers: self.close_answers.into_iter().map(WrittenExpect::read).collect::<Result<_, _>>()?,
            timeout: Duration::from_secs(self.timeout_seconds),
        })
    }
}

impl WrittenLevel {
    fn read(self) -> Result<Level, String> {
        let before = self.before.as_deref().map(of_line).transpose()?;
        let (prompt, not) = (of_line(&self.prompt)?, of_lines(&self.not)?);
        Ok(Level { name: self.name, prompt, not, is_home: self.is_home, before })
    }
}

impl WrittenDetect {
    fn read(self) -> Result<Detect, String> {
        let (shows, shows_not) = (of_lines(&self.shows)?, of_lines(&self.shows_not)?);
        Ok(Detect { command: self.command, shows, shows_not })
    }
}

impl WrittenTypedAhead {
    fn read(self) -> Result<TypedAhead, String> {
        Ok(TypedAhead { commands: of_lines(&self.commands)?, bytes: self.bytes })
    }
}

impl WrittenInstead {
    fn read(self) -> Result<Instead, String> {
        let expect = self.expect.into_iter().map(WrittenExpect::read).collect::<Result<_, _>>()?;
        Ok(Instead { send: self.send, expect })
    }
}

impl WrittenMove {
    fn read(self) -> Result<Move, String> {
        let expect = self.expect.into_iter().map(WrittenExpect::read).collect::<Result<_, _>>()?;
        let send = match self.send {
            OneOrMore::One(line) => vec![line],
            OneOrMore::More(lines) if lines.is_empty() => {
                return Err(format!("the move from `{}` to `{}` sends nothing", self.from, self.to));
            }
            OneOrMore::More(lines) => lines,
        };
        let without_password = self.without_password.map(WrittenInstead::read).transpose()?;
        Ok(Move { from: self.from, to: self.to, send, expect, without_password, fail: of_lines(&self.fail)? })
    }
}

impl WrittenExpect {
    fn read(self) -> Result<Expect, String> {
        let answer = match (self.answer, self.give) {
            (Some(text), None) => Answer::Text(text),
            (None, Some(Give::EnablePassword)) => Answer::EnablePassword,
            (None, Some(Give::Password)) => Answer::Password,
            (None, Some(Give::Username)) => Answer::Username,
            _ => return Err(format!("question `{}` needs either `answer` or `give`", self.question)),
        };
        Ok(Expect { question: of_line(&self.question)?, answer, newline: self.newline })
    }
}

impl WrittenPager {
    fn read(self) -> Result<Pager, String> {
        Ok(Pager {
            prompt: of_line(&self.prompt)?,
            answer: self.answer,
            end: self.end.as_deref().map(of_line).transpose()?,
            end_answer: self.end_answer,
        })
    }
}

/// Compiles an expression that is asked about one line.
fn of_line(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&ascii_classes(pattern))
        .multi_line(true)
        .build()
        .map_err(|error| format!("expression `{pattern}` does not compile: {error}"))
}

/// Writes `\w`, `\d` and `\b` as what they are in ASCII. Host names and messages of devices are ASCII, and a repeated
/// Unicode `\w` makes an automaton so large that a platform took a third of a second to compile.
fn ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { None };
        match (c, escaped) {
            ('\\', Some('w')) => out.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
            ('\\', Some('d')) => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
            ('\\', Some('b')) if !in_class => out.push_str(r"(?-u:\b)"),
            ('\\', Some(other)) => out.extend(['\\', other]),
            (c, _) => {
                in_class = (c == '[' || in_class) && c != ']';
                out.push(c);
            }
        }
    }
    out
}

fn of_lines(patterns: &[String]) -> Result<Vec<Regex>, String> {
    patterns.iter().map(|pattern| of_line(pattern)).collect()
}

fn check_names(platform: &Platform) -> Result<(), String> {
    let known = |name: &str| match platform.levels.iter().any(|level| level.name == name) {
        true => Ok(()),
        false => Err(format!("there is no level `{name}`")),
    };
    known(&platform.command_level)?;
    platform.config_level.as_deref().map(known).transpose()?;
    for way in &platform.moves {
        known(&way.from)?;
        known(&way.to)?;
    }
    if let Some(confirm) = &platform.confirm_within {
        for steps in [Some(&confirm.confirm), confirm.cancel.as_ref()].into_iter().flatten() {
            steps.level.as_deref().map(known).transpose()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "{name: x, command_level: exec, levels: [{name: exec, prompt: '^x$'}], text: {}, \
                         timeout_seconds: 1}";

    #[test]
    fn classes_become_ascii_inside_and_outside_brackets() {
        let cases = [
            (r"\w+", "[0-9A-Za-z_]+"),
            (r"[\w.-]\d", "[0-9A-Za-z_.-][0-9]"),
            (r"\\w\[\]", r"\\w\[\]"),
            (r"\b", r"(?-u:\b)"),
        ];
        for (written, compiled) in cases {
            assert_eq!(ascii_classes(written), compiled);
        }
    }

    #[test]
    fn what_is_wrong_with_a_definition_is_said() {
        assert!(read(LEAST).is_ok());
        let cases = [
            ("command_level: exec", "command_level: other", "there is no level `other`"),
            ("'^x$'", "'^(x$'", "expression `^(x$` does not compile"),
            ("text: {}", "text: {}, colour: red", "unknown field `colour`"),
            ("text: {}", "text: {}, login: [{question: a}]", "question `a` needs either `answer` or `give`"),
        ];
        for (from, to, message) in cases {
            let error = read(&LEAST.replace(from, to)).unwrap_err().message;
            assert!(error.contains(message), "{error}");
        }
    }
}
