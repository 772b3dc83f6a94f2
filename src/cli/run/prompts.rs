//! Asking what `vars_prompt` wants to know.

use crate::cli::setup::Setup;
use crate::cli::{ask, say_error};
use crate::playbook::Prompt;
use crate::source::{Diagnostic, SearchPath};
use crate::template::Templar;
use crate::value::Value;
use crate::vars::{Scope, Var};
use std::io::IsTerminal as _;
use std::sync::Arc;

/// Asks every question that is open; claims that there were any. What cannot be asked goes to what was found.
pub(super) fn ask_all(setup: &mut Setup) -> bool {
    let open = setup.loader.prompts.open();
    let is_interactive = std::io::stdin().is_terminal();
    if !open.is_empty() && !is_interactive {
        say_error("netplay: standard input is no terminal: questions of `vars_prompt` take their defaults\n");
    }
    for prompt in &open {
        let answer = match is_interactive {
            true => asked(prompt),
            false => prompt.default.clone().ok_or_else(|| {
                let message = format!("`{}` is asked for, and standard input is no terminal", prompt.name);
                Diagnostic::error("E0615", message)
                    .at(prompt.span)
                    .help(format!("give it with `-e {}=…`, or give it a `default`", prompt.name))
            }),
        };
        match answer.and_then(|answer| encrypted(prompt, answer, setup)) {
            Ok(answer) => {
                if prompt.is_private && is_interactive {
                    setup.sources.keyring().learn(&answer);
                }
                setup.loader.prompts.answer(prompt, answer);
            }
            Err(error) => setup.found.push(error),
        }
    }
    !open.is_empty()
}

fn asked(prompt: &Prompt) -> Result<String, Diagnostic> {
    let question = match &prompt.default {
        Some(default) => format!("{} [{default}]: ", prompt.text),
        None => format!("{}: ", prompt.text),
    };
    let once = |question: &str| -> Result<String, Diagnostic> {
        let answer = match prompt.is_private {
            true => ask::secret(question).map(|answer| answer.to_string()),
            false => ask::text(question),
        };
        answer.map_err(|error| {
            Diagnostic::error("E0615", format!("cannot ask for `{}`: {error}", prompt.name)).at(prompt.span)
        })
    };
    let answer = loop {
        let answer = once(&question)?;
        if !prompt.confirms || once(&format!("confirm {question}"))? == answer {
            break answer;
        }
        say_error("***** VALUES ENTERED DO NOT MATCH ****\n");
    };
    Ok(match &prompt.default {
        Some(default) if answer.is_empty() => default.clone(),
        _ => answer,
    })
}

/// Hashes an answer where the question says so, as `password_hash` does.
fn encrypted(prompt: &Prompt, answer: String, setup: &Setup) -> Result<String, Diagnostic> {
    let Some(method) = &prompt.encrypt else { return Ok(answer) };
    setup.sources.keyring().learn(&answer);
    let values = vec![
        ("answer", Value::from(answer.as_str())),
        ("method", Value::from(if method == "bcrypt" { "blowfish" } else { method.trim_end_matches("_crypt") })),
        ("salt", prompt.salt.as_deref().map_or(Value::Null, Value::from)),
        ("size", prompt.salt_size.map_or(Value::Null, Value::Int)),
    ];
    let files = SearchPath { role: None, task_dir: ".".into(), playbook_dir: ".".into() };
    let templar = Templar::new(Arc::new(Fixed(values)), files, Arc::clone(&setup.sources));
    let expression = match (&prompt.salt, prompt.salt_size) {
        (Some(_), _) => "answer | password_hash(method, salt)",
        (None, Some(_)) => "answer | password_hash(method, salt_size=size)",
        (None, None) => "answer | password_hash(method)",
    };
    let hash = templar.expression_text(expression, Some(prompt.span)).map_err(|failure| {
        let message = format!("cannot encrypt `{}`: {}", prompt.name, failure.message.expose());
        Diagnostic::error("E0615", message).at(prompt.span)
    })?;
    Ok(hash.to_text())
}

/// The variables of one expression.
struct Fixed(Vec<(&'static str, Value)>);

impl Scope for Fixed {
    fn var(&self, name: &str) -> Option<Var> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| Var::Data(value.clone()))
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.0.iter().map(|(name, _)| Arc::from(*name)).collect()
    }

    fn host(&self, _: &str) -> Option<Arc<dyn Scope>> {
        None
    }

    fn hosts(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}
