//! What variables of a host say about its CLI.

use super::Vars;
use crate::executor::Context;
use crate::executor::item::{boolean, number};
use crate::failure::{Failure, FailureKind};
use crate::redact::Secret;
use crate::source::expand_home;
use crate::transport::shell::SessionLog;
use crate::transport::{Dialogue, Over, Terminal};
use crate::value::{Map, Value};
use regex::RegexBuilder;
use std::path::PathBuf;
use std::sync::Arc;

/// Returns how the CLI of the host is reached and used. `telnet` says that the connection's name is so.
pub(super) fn terminal(vars: &Vars, host: &str, telnet: bool, context: &Context) -> Result<Terminal, Failure> {
    let mut terminal = Terminal { over: over(vars, host, telnet)?, ..Terminal::default() };
    if let Some(said) = vars.flag("netplay_typed_ahead", host)? {
        terminal.types_ahead = said;
    }
    if let Some(said) = vars.first_value(&["typing_rate", "netplay_typing_rate"])? {
        let rate = number(&said).filter(|rate| *rate > 0.0 && *rate <= 1e6);
        let rate = rate.ok_or_else(|| wrong("typing_rate", host, "a number of characters a second, above 0"))?;
        terminal.typing_rate = Some(rate);
        // The rate is that of a line which holds nothing.
        terminal.types_ahead = false;
    }
    let size = |name: &str, usual: u16| -> Result<u16, Failure> {
        let Some(said) = vars.value(name)? else { return Ok(usual) };
        let size = number(&said).filter(|size| (1.0..=f64::from(u16::MAX)).contains(size) && size.fract() == 0.0);
        size.map(|size| size as u16).ok_or_else(|| wrong(name, host, "a number from 1 to 65535"))
    };
    terminal.width = size("netplay_terminal_width", terminal.width)?;
    terminal.length = size("netplay_terminal_length", terminal.length)?;
    terminal.is_single = vars.flag("netplay_single_session", host)?.unwrap_or(false);
    if let Some(said) = vars.value("netplay_login_dialogue")? {
        terminal.dialogue = dialogue(&said, host)?;
    }
    let folder = match vars.first_value(&["session_log", "netplay_session_log"])? {
        None => context.settings.defaults.session_log.clone(),
        Some(Value::Bool(false)) => None,
        Some(Value::Str(path)) if !path.trim().is_empty() => Some(expand_home(&path)),
        Some(_) => return Err(wrong("session_log", host, "the path of a folder, or false")),
    };
    let redactor = || Arc::clone(context.publisher.redactor());
    terminal.log = folder.map(|folder: PathBuf| SessionLog { folder, redactor: redactor() });
    Ok(terminal)
}

fn over(vars: &Vars, host: &str, telnet: bool) -> Result<Over, Failure> {
    match vars.text("netplay_transport")?.as_deref() {
        Some("telnet") => Ok(Over::Telnet),
        Some("ssh") => Ok(Over::Ssh),
        Some(_) => Err(wrong("netplay_transport", host, "`ssh` or `telnet`")),
        None if telnet => Ok(Over::Telnet),
        None => Ok(Over::Ssh),
    }
}

fn dialogue(said: &Value, host: &str) -> Result<Vec<Dialogue>, Failure> {
    let name = "netplay_login_dialogue";
    let items = said.as_list().ok_or_else(|| wrong(name, host, "a list of `prompt` and `answer`"))?;
    items.iter().map(|item| turn(item.as_map(), host)).collect()
}

fn turn(item: Option<&Map>, host: &str) -> Result<Dialogue, Failure> {
    let name = "netplay_login_dialogue";
    let item = item.ok_or_else(|| wrong(name, host, "a list of `prompt` and `answer`"))?;
    let known = |key: &str| ["prompt", "answer", "newline"].contains(&key);
    if let Some((key, _)) = item.iter().find(|(key, _)| !key.as_str().is_some_and(known)) {
        return Err(wrong(name, host, &format!("a list of `prompt`, `answer` and `newline`; there is no `{key}`")));
    }
    let (Some(prompt), Some(answer)) = (item.get("prompt"), item.get("answer")) else {
        return Err(wrong(name, host, "a list of `prompt` and `answer`; one of them is missing"));
    };
    let prompt = prompt.to_text();
    let question = RegexBuilder::new(&prompt).multi_line(true).build();
    let question = question.map_err(|_| wrong(name, host, &format!("made of expressions, and `{prompt}` is none")))?;
    let newline = match item.get("newline") {
        None => true,
        Some(said) => boolean(said).ok_or_else(|| wrong(name, host, "with `newline` true or false"))?,
    };
    Ok(Dialogue { question, answer: Secret::new(answer.to_text()), newline })
}

fn wrong(name: &str, host: &str, must: &str) -> Failure {
    Failure::new(FailureKind::Argument, format!("`{name}` of `{host}` must be {must}"))
}

impl Vars {
    /// Returns a variable that must be true or false.
    pub(super) fn flag(&self, name: &str, host: &str) -> Result<Option<bool>, Failure> {
        let Some(said) = self.value(name)? else { return Ok(None) };
        boolean(&said).map(Some).ok_or_else(|| wrong(name, host, "true or false"))
    }

    /// Returns the first of the variables that is there.
    fn first_value(&self, names: &[&str]) -> Result<Option<Value>, Failure> {
        for name in names {
            if let Some(value) = self.value(name)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}
