//! Reads a platform's definition: YAML text to a checked [`Platform`].
//!
//! Every expression of a user's is compiled here, and every name of a level must exist, so that a definition with a mistake
//! never reaches a device.

mod configuration;

use super::pattern::Compile;
use super::{Answer, Detect, Expect, Instead, Level, Move, Pager, Platform, TypedAhead};
use configuration::{WrittenAnswer, WrittenCommit, WrittenConfirmWithin, WrittenSave, WrittenText};
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
pub(super) fn read(text: &str, how: Compile) -> Result<Platform, Wrong> {
    let written: Written = serde_yaml::from_str(text).map_err(|error| {
        let message = error.to_string();
        // The place is told apart from the message.
        let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
        Wrong { message, offset: error.location().map(|place| place.index()) }
    })?;
    let platform = written.into_platform(how)?;
    check_names(&platform)?;
    Ok(platform)
}

/// Returns the platform that a definition of ours describes, written as JSON.
pub(super) fn read_ours(json: &str) -> Result<Platform, String> {
    let written: Written = serde_json::from_str(json).map_err(|error| error.to_string())?;
    written.into_platform(Compile::WhenAsked)
}

/// Returns a definition's aliases, and whether it is of hosts. Cheap, as it is asked of every definition when a run looks for
/// its first; ours have each on one of the first lines, which a test sees to.
pub(super) fn heading(text: &str) -> (Vec<String>, bool) {
    /// How many lines are looked at.
    const HEADING: usize = 12;
    let of = |name: &str| {
        let mut lines = text.lines().take(HEADING);
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    };
    let aliases = of("aliases").and_then(|line| line.trim().strip_prefix('[')?.strip_suffix(']'));
    let aliases = aliases.map(|names| names.split(',').map(|name| name.trim().to_owned()).collect());
    (aliases.unwrap_or_default(), of("is_host").is_some_and(|line| line.trim() == "true"))
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
    #[serde(default)]
    config_answers: Vec<WrittenAnswer>,
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
    fn into_platform(self, how: Compile) -> Result<Platform, String> {
        Ok(Platform {
            textfsm: self.textfsm.unwrap_or_else(|| self.name.clone()),
            name: self.name,
            aliases: self.aliases,
            detect: self.detect.map(|written| written.read(how)).transpose()?,
            is_host: self.is_host,
            command_level: self.command_level,
            config_level: self.config_level,
            levels: self.levels.into_iter().map(|written| written.read(how)).collect::<Result<_, _>>()?,
            moves: self.moves.into_iter().map(|written| written.read(how)).collect::<Result<_, _>>()?,
            username_suffix: self.username_suffix,
            newline: self.newline,
            login: self.login.into_iter().map(|written| written.read(how)).collect::<Result<_, _>>()?,
            setup: self.setup,
            setup_ignore_errors: self.setup_ignore_errors,
            context: how.lines(&self.context)?,
            pager: self.pager.map(|written| written.read(how)).transpose()?,
            errors: how.lines(&self.errors)?,
            errors_not: how.lines(&self.errors_not)?,
            questions: how.lines(&self.questions)?,
            reads: how.lines(&self.reads)?,
            reads_not: how.lines(&self.reads_not)?,
            typed_ahead: self.typed_ahead.map(|written| written.read(how)).transpose()?,
            config_answers: configuration::answers(self.config_answers),
            commit: self.commit.map(|written| written.read(how)).transpose()?,
            save: self.save.map(WrittenSave::read),
            show_running: self.show_running,
            show_all: self.show_all,
            show_startup: self.show_startup,
            confirm_within: self.confirm_within.map(|written| written.read(how)).transpose()?,
            no_confirm_within: self.no_confirm_within,
            text: self.text.read(how)?,
            close: self.close,
            close_answers: self.close_answers.into_iter().map(|written| written.read(how)).collect::<Result<_, _>>()?,
            timeout: Duration::from_secs(self.timeout_seconds),
        })
    }
}

impl WrittenLevel {
    fn read(self, how: Compile) -> Result<Level, String> {
        let before = self.before.as_deref().map(|text| how.line(text)).transpose()?;
        let (prompt, not) = (how.line(&self.prompt)?, how.lines(&self.not)?);
        Ok(Level { name: self.name, prompt, not, is_home: self.is_home, before })
    }
}

impl WrittenDetect {
    fn read(self, how: Compile) -> Result<Detect, String> {
        let (shows, shows_not) = (how.lines(&self.shows)?, how.lines(&self.shows_not)?);
        Ok(Detect { command: self.command, shows, shows_not })
    }
}

impl WrittenTypedAhead {
    fn read(self, how: Compile) -> Result<TypedAhead, String> {
        Ok(TypedAhead { commands: how.lines(&self.commands)?, bytes: self.bytes })
    }
}

impl WrittenInstead {
    fn read(self, how: Compile) -> Result<Instead, String> {
        let expect = self.expect.into_iter().map(|written| written.read(how)).collect::<Result<_, _>>()?;
        Ok(Instead { send: self.send, expect })
    }
}

impl WrittenMove {
    fn read(self, how: Compile) -> Result<Move, String> {
        let expect = self.expect.into_iter().map(|written| written.read(how)).collect::<Result<_, _>>()?;
        let send = match self.send {
            OneOrMore::One(line) => vec![line],
            OneOrMore::More(lines) if lines.is_empty() => {
                return Err(format!("the move from `{}` to `{}` sends nothing", self.from, self.to));
            }
            OneOrMore::More(lines) => lines,
        };
        let without_password = self.without_password.map(|written| written.read(how)).transpose()?;
        Ok(Move { from: self.from, to: self.to, send, expect, without_password, fail: how.lines(&self.fail)? })
    }
}

impl WrittenExpect {
    fn read(self, how: Compile) -> Result<Expect, String> {
        let answer = match (self.answer, self.give) {
            (Some(text), None) => Answer::Text(text),
            (None, Some(Give::EnablePassword)) => Answer::EnablePassword,
            (None, Some(Give::Password)) => Answer::Password,
            (None, Some(Give::Username)) => Answer::Username,
            _ => return Err(format!("question `{}` needs either `answer` or `give`", self.question)),
        };
        Ok(Expect { question: how.line(&self.question)?, answer, newline: self.newline })
    }
}

impl WrittenPager {
    fn read(self, how: Compile) -> Result<Pager, String> {
        Ok(Pager {
            prompt: how.line(&self.prompt)?,
            answer: self.answer,
            end: self.end.as_deref().map(|text| how.line(text)).transpose()?,
            end_answer: self.end_answer,
        })
    }
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
    fn a_heading_is_what_the_whole_definition_says() {
        for (name, text, _) in super::super::DEFINITIONS {
            let platform = read(text, Compile::AtOnce).unwrap_or_else(|wrong| panic!("{name}: {}", wrong.message));
            assert_eq!(heading(text), (platform.aliases, platform.is_host), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_definition_is_said() {
        assert!(read(LEAST, Compile::AtOnce).is_ok());
        let cases = [
            ("command_level: exec", "command_level: other", "there is no level `other`"),
            ("'^x$'", "'^(x$'", "expression `^(x$` does not compile"),
            ("text: {}", "text: {}, colour: red", "unknown field `colour`"),
            ("text: {}", "text: {}, login: [{question: a}]", "question `a` needs either `answer` or `give`"),
        ];
        for (from, to, message) in cases {
            let error = read(&LEAST.replace(from, to), Compile::AtOnce).unwrap_err().message;
            assert!(error.contains(message), "{error}");
        }
    }
}
