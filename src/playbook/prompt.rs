//! `vars_prompt`: what a play asks before it begins. Questions are collected while playbooks are read, and asked when
//! all that can be checked is checked; then the playbooks are read again, with the answers.

use super::Loader;
use super::words::boolean;
use crate::source::{Diagnostic, Diagnostics, SearchPath, Span, did_you_mean};
use crate::value::Value;
use crate::vars::{Layer, Origin, Var};
use crate::yaml::{Kind, Mapping, Node};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The variable that the answer goes to.
    pub name: Arc<str>,
    /// What is asked.
    pub text: String,
    /// What an empty answer means.
    pub default: Option<String>,
    /// Nothing of the answer is shown.
    pub is_private: bool,
    /// It is asked twice.
    pub confirms: bool,
    /// How the answer is hashed.
    pub encrypt: Option<String>,
    /// The salt of the hash.
    pub salt: Option<String>,
    /// How long a random salt is.
    pub salt_size: Option<i128>,
    /// The answer is data, never a template.
    pub is_unsafe: bool,
    /// Where it is written.
    pub span: Span,
    place: String,
}

/// Questions that were met, and answers.
#[derive(Debug, Default)]
pub struct Prompts(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    met: Vec<Prompt>,
    answers: HashMap<String, Arc<str>>,
}

impl Prompts {
    /// Returns the questions that nobody has answered, in the order written.
    pub fn open(&self) -> Vec<Prompt> {
        self.lock().met.clone()
    }

    /// Answers a question, for the next time that its playbook is read.
    pub fn answer(&self, prompt: &Prompt, answer: impl Into<Arc<str>>) {
        self.lock().answers.insert(prompt.place.clone(), answer.into());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

const KNOWN: [&str; 9] = ["confirm", "default", "encrypt", "name", "private", "prompt", "salt", "salt_size", "unsafe"];

impl Loader {
    /// Reads `vars_prompt` into a layer: answers, or what stands for them until they are given.
    pub(super) fn prompt_layer(
        &self,
        node: Option<&Node>,
        files: &SearchPath,
        play_vars: &[Arc<Layer>],
        found: &mut Diagnostics,
    ) -> Option<Arc<Layer>> {
        let node = node.filter(|node| !node.is_null())?;
        let mut layer = Layer::new(Origin::PlayPrompt);
        let Some(list) = node.as_seq() else {
            found.push(Diagnostic::error("E0606", "`vars_prompt` must be a list").at(node.span));
            return None;
        };
        for entry in list {
            let named = entry.as_map().and_then(|map| Some((map, map.get("name")?.as_str()?)));
            let Some((map, name)) = named else {
                found.push(Diagnostic::error("E0606", "an entry of `vars_prompt` needs `name`").at(entry.span));
                continue;
            };
            unknown_keys(map, found);
            if self.extra_vars.vars.contains_key(name) {
                continue;
            }
            let early = |key: &str, found: &mut Diagnostics| -> Option<String> {
                let node = map.get(key).filter(|node| !node.is_null())?;
                self.early_value(node, files, play_vars, found).map(|value| value.to_text())
            };
            let flag = |key: &str, default: bool, found: &mut Diagnostics| {
                map.get(key).and_then(|node| boolean(node, key, found)).unwrap_or(default)
            };
            let salt_size = early("salt_size", found).map(|text| text.trim().parse());
            if let (Some(Err(_)), Some(node)) = (&salt_size, map.get("salt_size")) {
                found.push(Diagnostic::error("E0606", "`salt_size` must be a number").at(node.span));
            }
            let prompt = Prompt {
                name: name.into(),
                text: early("prompt", found).unwrap_or_else(|| name.to_owned()),
                default: early("default", found),
                is_private: flag("private", true, found),
                confirms: flag("confirm", false, found),
                encrypt: early("encrypt", found),
                salt: early("salt", found),
                salt_size: salt_size.and_then(Result::ok),
                is_unsafe: flag("unsafe", false, found),
                span: entry.span,
                place: self.sources.place(entry.span),
            };
            layer.vars.insert(name.into(), self.answer(prompt));
        }
        Some(Arc::new(layer))
    }

    /// Returns the answer as a variable; without one, the default.
    fn answer(&self, prompt: Prompt) -> Var {
        let mut state = self.prompts.lock();
        let answer = match state.answers.get(&prompt.place) {
            Some(answer) => Arc::clone(answer),
            None => {
                let text = prompt.default.clone().unwrap_or_default();
                if !state.met.iter().any(|met| met.place == prompt.place) {
                    state.met.push(prompt.clone());
                }
                text.into()
            }
        };
        match prompt.is_unsafe {
            true => Var::Data(Value::Str(answer)),
            false => Var::Author(Node::new(Kind::Str(answer), prompt.span)),
        }
    }
}

fn unknown_keys(map: &Mapping, found: &mut Diagnostics) {
    for (key, key_node, _) in map.iter() {
        let key = key.to_string();
        if !KNOWN.contains(&&*key) {
            let error = Diagnostic::error("E0602", format!("`vars_prompt` has no `{key}`")).at(key_node.span);
            found.push(error.maybe_help(did_you_mean(&key, KNOWN)));
        }
    }
}
