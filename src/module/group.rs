//! `group`: makes, changes and removes groups of users.

use super::tool::{act, add_said, ask, command, entry, entry_program, failed, reading};
use super::{Arg, ArgKind, Args, Change, Context, Finished, Module, Needs, Output};
use crate::effect::Effect;
use crate::failure::Failure;
use crate::module::remote::exec_output;
use crate::value::Map;

/// `group`
pub static MODULE: Module = Module {
    name: "group",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Makes, changes and removes groups of users.",
    args: &[
        Arg::new("name", ArgKind::Str, "The group.").required(),
        Arg::new("state", ArgKind::Str, "Whether it is there.").choices(&["absent", "present"]).default("present"),
        Arg::new("gid", ArgKind::Int, "Its number."),
        Arg::new("non_unique", ArgKind::Bool, "Its number may be that of another group.").default("false"),
        Arg::new("system", ArgKind::Bool, "It is one of the system.").default("false"),
        Arg::new("force", ArgKind::Bool, "Remove it even if it is the primary group of a user.").default("false"),
        Arg::new("gid_min", ArgKind::Int, "The smallest number for a new group."),
        Arg::new("gid_max", ArgKind::Int, "The largest number for a new group."),
        Arg::new("local", ArgKind::Bool, "Use libuser's tools, for local groups alone.")
            .default("false")
            .refused("groups are managed with groupadd, groupmod and groupdel"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let name = args.text("name").unwrap_or_default().to_owned();
    let [answer] = ask(context.probe, [entry_program("group", &name)]).await?;
    let found = entry(&answer, &name);
    let is_wanted = args.text("state") != Some("absent");
    let mut result = Map::new();
    result.insert("name", name.as_str());
    result.insert("state", args.text("state").unwrap_or_default());
    if is_wanted {
        let gid = args.int("gid").or_else(|| gid_of(found.as_deref()?));
        result.insert("gid", gid.map_or(crate::value::Value::Null, Into::into));
        result.insert("system", args.flag("system"));
    }
    let Some(words) = words(args, &name, found.as_deref(), is_wanted) else { return Ok(Change::nothing(result)) };
    let mut change = Change::nothing(result);
    change.changed = true;
    change.actions.push(act(&command(&words)));
    change.actions.push(reading(&format!("{}; exit 0", entry_program("group", &name))));
    change.finish = Some(Box::new(move |outputs, result| finish(outputs, result, &name)));
    Ok(change)
}

fn gid_of(entry: &[String]) -> Option<i128> {
    entry.get(2)?.parse().ok()
}

/// Returns the command that is needed, if any.
fn words(args: &Args, name: &str, found: Option<&[String]>, is_wanted: bool) -> Option<Vec<String>> {
    let gid = args.int("gid");
    let mut words: Vec<String> = Vec::new();
    let number = |words: &mut Vec<String>| {
        if let Some(gid) = gid {
            words.extend(["-g".into(), gid.to_string()]);
            words.extend(args.flag("non_unique").then(|| "-o".into()));
        }
    };
    match (is_wanted, found) {
        (false, None) => return None,
        (false, Some(_)) => {
            words.push("groupdel".into());
            words.extend(args.flag("force").then(|| "-f".into()));
        }
        (true, None) => {
            words.push("groupadd".into());
            number(&mut words);
            words.extend(args.flag("system").then(|| "-r".into()));
            for (name, key) in [("gid_min", "GID_MIN"), ("gid_max", "GID_MAX")] {
                words.extend(args.int(name).into_iter().flat_map(|n| ["-K".into(), format!("{key}={n}")]));
            }
        }
        (true, Some(entry)) => {
            if gid.is_none() || gid == gid_of(entry) {
                return None;
            }
            words.push("groupmod".into());
            number(&mut words);
        }
    }
    words.push(name.to_owned());
    Some(words)
}

fn finish(mut outputs: Vec<Output>, mut result: Map, name: &str) -> Result<Finished, Failure> {
    let now = outputs.pop().map(exec_output).transpose()?.unwrap_or_default();
    let done = outputs.pop().map(exec_output).transpose()?.unwrap_or_default();
    if done.status != 0 {
        let mut failure = failed(&done, str::to_owned);
        failure.result = [("name", name)].into_iter().collect();
        return Err(failure);
    }
    add_said(&mut result, &done);
    if result.contains("gid") {
        let entry = entry(&String::from_utf8_lossy(&now.stdout), name);
        result.insert("gid", entry.as_deref().and_then(gid_of).map_or(crate::value::Value::Null, Into::into));
    }
    Ok(Finished::new(result, true))
}
