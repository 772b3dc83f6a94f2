//! `rpcs`: operations of Junos beside its commands. They need NETCONF, and so does then the task.

use super::super::junos_rpc::{operation, result as answered};
use super::super::netconf::{action, answer, nested, refusal};
use super::super::netconf_rpc::effect_of;
use super::super::{Action, Args, Output, Rpc};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Key, Map, Value};
use crate::yaml::Node;

/// An operation to call.
pub(super) struct Called {
    name: String,
    operation: String,
    form: String,
}

/// What operations came to: for each what stands in `stdout`; of XML also the data, for `output`.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) stdout: Vec<Value>,
    pub(super) data: Vec<Value>,
}

/// Reads `rpcs`: each is a name, and what stands inside as `key=value`.
pub(super) fn of(args: &Args) -> Result<Vec<Called>, Failure> {
    let form = args.text("display").unwrap_or("xml");
    args.texts("rpcs").iter().map(|text| read(text, form)).collect()
}

fn read(text: &str, form: &str) -> Result<Called, Failure> {
    let wrong = |why: String| Failure::new(FailureKind::Argument, format!("`{text}` of `rpcs` {why}"));
    let words = shlex::split(text).ok_or_else(|| wrong("has quotes that are not closed".into()))?;
    let Some((name, rest)) = words.split_first() else { return Err(wrong("has no name".into())) };
    let mut inside = Map::new();
    for word in rest {
        let (key, value) =
            word.split_once('=').ok_or_else(|| wrong(format!("has `{word}`, which is no `key=value`")))?;
        inside.insert(Key::from(key), value_of(value));
    }
    let operation = operation(name, form, &Map::new(), &inside)?;
    let name = operation.name.clone();
    if form == "set" && name != "get-configuration" {
        return Err(wrong("answers with no `set` lines: only `get-configuration` does".into()));
    }
    Ok(Called { name, operation: operation.to_string(), form: form.to_owned() })
}

/// Returns what is meant by a value: an element without text, none at all, or a text.
fn value_of(text: &str) -> Value {
    match text.to_ascii_lowercase().as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => text.into(),
    }
}

/// Returns what the operations may do.
pub(super) fn effect(called: &[Called]) -> Effect {
    match called.iter().all(|called| effect_of(&called.name) == Effect::Read) {
        true => Effect::Read,
        false => Effect::Write,
    }
}

/// Returns what operations as written may do.
pub(super) fn effect_of_written(rpcs: &Node) -> Effect {
    let reads = |node: &Node| node.is_static() && node.as_str().is_some_and(|text| effect_of(text) == Effect::Read);
    let all = match rpcs.as_seq() {
        Some(items) => !items.is_empty() && items.iter().all(reads),
        // Text is a list with commas between.
        None => {
            let texts = rpcs.as_str().filter(|_| rpcs.is_static()).map(|text| text.split(','));
            texts.is_some_and(|mut texts| texts.all(|text| effect_of(text) == Effect::Read))
        }
    };
    if all { Effect::Read } else { Effect::Write }
}

/// Makes the action that calls them.
pub(super) fn calling(called: &[Called], effect: Effect) -> Action {
    action(effect, called.iter().map(|called| Rpc::new(called.operation.clone())).collect())
}

/// Makes something of the answers.
pub(super) fn answers(called: &[Called], output: Output) -> Result<Answers, Failure> {
    let mut all = Answers::default();
    for (called, reply) in called.iter().zip(&answer(output)?.replies) {
        if let Some(failure) = refusal(&called.name, reply) {
            return Err(failure);
        }
        let result = answered(reply, &called.form)?;
        let field = if called.form == "xml" { "xml" } else { "output" };
        all.stdout.push(result.get(field).cloned().unwrap_or_default());
        if called.form == "xml" {
            all.data.push(nested(&reply.xml.plain()));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation_of(text: &str, form: &str) -> Result<String, String> {
        read(text, form).map(|called| called.operation).map_err(|failure| failure.message.expose().to_owned())
    }

    #[test]
    fn an_operation_is_a_name_and_what_stands_inside() {
        for (text, operation) in [
            ("get-software-information", "<get-software-information format=\"xml\"/>"),
            (
                "get_interface_information interface-name=lo0 terse=True detail=False",
                "<get-interface-information format=\"xml\"><interface-name>lo0</interface-name><terse/>\
                 </get-interface-information>",
            ),
            (
                "file-show filename='/var/log/a b'",
                "<file-show format=\"xml\"><filename>/var/log/a b</filename></file-show>",
            ),
        ] {
            assert_eq!(operation_of(text, "xml").as_deref(), Ok(operation));
        }
        for (text, form, why) in [
            ("", "xml", "`` of `rpcs` has no name"),
            ("get-x lo0", "xml", "`get-x lo0` of `rpcs` has `lo0`, which is no `key=value`"),
            ("<get-x/>", "xml", "`<get-x/>` is no name of an element"),
            ("get-x", "set", "`get-x` of `rpcs` answers with no `set` lines: only `get-configuration` does"),
        ] {
            assert_eq!(operation_of(text, form), Err(why.to_owned()));
        }
        assert!(operation_of("get-x a='b", "xml").is_err());
    }
}
