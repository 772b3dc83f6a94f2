//! `junos_rpc`: calls an operation of Junos.

use super::netconf::{action, answer, is_name, refusal};
use super::netconf_rpc::effect_of;
use super::{Alias, Arg, ArgKind, Call, Change, Context, Finished, Module, Needs, Rpc, RpcReply, Withheld};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use crate::xml::{Element, Node};

/// The module.
pub static MODULE: Module = Module {
    name: "junos_rpc",
    collections: &[],
    aliases: &[
        Alias { name: "junipernetworks.junos.junos_rpc", platform: Some("juniper_junos") },
        Alias { name: "junos_rpc", platform: Some("juniper_junos") },
    ],
    summary: "Calls an operation of Junos.",
    args: &[
        Arg::new("rpc", ArgKind::Str, "The operation's name; `_` stands for `-`.").required(),
        Arg::new("args", ArgKind::Dict, "What stands inside: elements and their text; `true` is one without text."),
        Arg::new("attrs", ArgKind::Dict, "Attributes of the operation's element."),
        Arg::new("output", ArgKind::Str, "The form in which Junos answers.")
            .choices(&["xml", "json", "text"])
            .default("xml"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Netconf,
    changes_run: false,
    once: false,
    effect: |call: &Call<'_>| effect_of(call.literal("rpc").unwrap_or_default()),
    plan: |context: Context<'_>| Box::pin(async move { plan(&context) }),
};

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let form = args.text("output").unwrap_or("xml").to_owned();
    let none = Map::new();
    let (inside, attributes) = (args.dict("args").unwrap_or(&none), args.dict("attrs").unwrap_or(&none));
    let operation = operation(args.text("rpc").unwrap_or_default(), &form, attributes, inside)?;
    let name = operation.name.clone();
    let effect = effect_of(&name);
    let calls = vec![Rpc::new(operation.to_string())];
    let mut change = Change::act(action(effect, calls), move |output, _| {
        let answer = answer(output)?;
        let Some(reply) = answer.replies.first() else { return Ok(Finished::new(Map::new(), false)) };
        match refusal(&name, reply) {
            Some(failure) => Err(failure),
            None => result(reply, &form).map(|result| Finished::new(result, false)),
        }
    });
    if effect == Effect::Write {
        change.withheld = Withheld::Skipped("an operation that may write is not called in check mode");
    }
    Ok(change)
}

/// Makes an operation: its name, the form in which Junos is to answer, attributes, and what stands inside.
pub(super) fn operation(name: &str, form: &str, attributes: &Map, inside: &Map) -> Result<Element, Failure> {
    let mut operation = Element::new(named(name.trim())?);
    operation.attributes.push(("format".into(), form.to_owned()));
    for (attribute, value) in attributes.iter() {
        let attribute = named(&attribute.to_string())?;
        operation.attributes.retain(|(known, _)| *known != attribute);
        operation.attributes.push((attribute, value.to_text()));
    }
    for (key, value) in inside.iter() {
        let items = match value {
            Value::List(items) => &items[..],
            one => std::slice::from_ref(one),
        };
        for item in items {
            let name = named(&key.to_string())?;
            match item {
                Value::Bool(false) | Value::Null | Value::Omit => {}
                Value::Bool(true) => operation.nodes.push(Node::Element(Element::new(name))),
                other => operation.nodes.push(Node::Element(Element::of_text(name, other.to_text()))),
            }
        }
    }
    Ok(operation)
}

/// Returns a name as Junos writes it.
fn named(name: &str) -> Result<String, Failure> {
    let name = name.replace('_', "-");
    match is_name(&name) {
        true => Ok(name),
        false => Err(Failure::new(FailureKind::Argument, format!("`{name}` is no name of an element"))),
    }
}

/// Returns the fields of a result that hold an answer in the form that was asked for.
pub(super) fn result(reply: &RpcReply, form: &str) -> Result<Map, Failure> {
    let plain = reply.xml.plain();
    let text = plain.to_string();
    let mut result = Map::new();
    result.insert("xml", text.as_str());
    match form {
        "text" => {
            let output = plain.find("output").map_or_else(|| plain.text(), Element::text);
            result.insert("output_lines", Value::list(output.split('\n')));
            result.insert("output", output);
        }
        "set" => {
            let output = plain.find("configuration-set").map_or_else(|| plain.text(), Element::text);
            result.insert("output", output.trim());
        }
        "json" => {
            let json: serde_json::Value = serde_json::from_str(&plain.text()).map_err(|error| {
                Failure::new(FailureKind::Module, format!("the answer is no JSON: {error}")).with_result(result.clone())
            })?;
            result.insert("output", Value::from(json));
        }
        _ => result.insert("output", Value::list(text.split('\n'))),
    }
    Ok(result)
}
