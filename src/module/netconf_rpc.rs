//! `netconf_rpc`: calls any operation of a NETCONF server.
//!
//! Operations whose name begins with `get` only read; any other is a writing one.

use super::netconf::{action, answer, elements_of, is_name, refusal, shown};
use super::{Arg, ArgKind, Call, Change, Context, Finished, Module, Needs, Rpc, Withheld};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use crate::xml::escaped;

/// The module.
pub static MODULE: Module = Module {
    name: "netconf_rpc",
    collections: &["ansible.netcommon"],
    aliases: &[],
    summary: "Calls any operation of a NETCONF server.",
    args: &[
        Arg::new("rpc", ArgKind::Str, "The operation's name.").required(),
        Arg::new("xmlns", ArgKind::Str, "The namespace of its element."),
        Arg::new("content", ArgKind::Raw, "What stands inside of its element: XML, or dictionaries."),
        Arg::new("display", ArgKind::Str, "The form of `output`: `json`, `pretty`, or `xml` without namespaces.")
            .choices(&["json", "pretty", "xml"]),
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

/// Returns what an operation of that name may do.
pub(super) fn effect_of(name: &str) -> Effect {
    if name.trim().starts_with("get") { Effect::Read } else { Effect::Write }
}

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let refuse = |message: String| Failure::new(FailureKind::Argument, message);
    let name = args.text("rpc").unwrap_or_default().trim().to_owned();
    if !is_name(&name) {
        return Err(refuse(format!("`{name}` is no name of an operation")));
    }
    if name == "close-session" {
        return Err(refuse("`close-session` would take the session from the tasks that follow".into())
            .help("the session is closed when nobody needs it any more; `meta: reset_connection` closes it now"));
    }
    let namespace =
        args.text("xmlns").map(|namespace| format!(" xmlns=\"{}\"", escaped(namespace).replace('"', "&quot;")));
    let content = match args.get("content").filter(|value| !matches!(value, Value::Null)) {
        None => None,
        Some(value) => {
            let elements = elements_of(value).map_err(|why| refuse(format!("`content` {why}")))?;
            Some(elements.ok_or_else(|| refuse("`content` is neither XML nor a dictionary".into()))?)
        }
    };
    let namespace = namespace.unwrap_or_default();
    let operation = match content {
        None => format!("<{name}{namespace}/>"),
        Some(content) => format!("<{name}{namespace}>{content}</{name}>"),
    };
    let display = args.text("display").map(str::to_owned);
    let effect = effect_of(&name);
    let mut change = Change::act(action(effect, vec![Rpc::new(operation)]), move |output, _| {
        let answer = answer(output)?;
        let Some(reply) = answer.replies.first() else { return Ok(Finished::new(Map::new(), false)) };
        if let Some(failure) = refusal(&name, reply) {
            return Err(failure);
        }
        Ok(Finished::new(shown(&reply.xml, display.as_deref())?, false))
    });
    if effect == Effect::Write {
        change.withheld = Withheld::Skipped("an operation that may write is not called in check mode");
    }
    Ok(change)
}
