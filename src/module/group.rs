//! `group`: sees to it that a group of users is there, or that it is not.

use super::remote::quote;
use super::system::{ask, make, said};
use super::{Arg, ArgKind, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::Failure;
use crate::value::Map;

/// `group`
pub static MODULE: Module = Module {
    name: "group",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Sees to it that a group of users is there, or that it is not.",
    args: &[
        Arg::new("name", ArgKind::Str, "The group.").required(),
        Arg::new("state", ArgKind::Str, "Whether it is there.").choices(&["absent", "present"]).default("present"),
        Arg::new("gid", ArgKind::Int, "Its number."),
        Arg::new("system", ArgKind::Bool, "A new one gets a number of the system's.").default("false"),
        Arg::new("non_unique", ArgKind::Bool, "Its number may be another's too.").default("false"),
        Arg::new("force", ArgKind::Bool, "Remove it even where it is somebody's first group.").default("false"),
        Arg::new("gid_min", ArgKind::Int, "The lowest number that a new one may get."),
        Arg::new("gid_max", ArgKind::Int, "The highest number that a new one may get."),
        Arg::new("local", ArgKind::Bool, "Only in the host's own files.")
            .default("false")
            .refused("the host's usual programs are used"),
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

/// Returns the entry of a database (`name:x:5:…`) in its fields; `None` when there is none.
pub(super) async fn entry(context: &Context<'_>, database: &str, name: &str) -> Result<Option<Vec<String>>, Failure> {
    let (name, database) = (quote(name), quote(database));
    let text = format!(
        "if command -v getent >/dev/null 2>&1; then getent {database} {name}\n\
         else n={name}; while IFS= read -r l; do case $l in \"$n:\"*) printf '%s\\n' \"$l\"; break;; esac; done </etc/{database}; fi"
    );
    let line = said(&ask(context, text).await?);
    Ok((!line.is_empty()).then(|| line.split(':').map(str::to_owned).collect()))
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let name = args.text("name").unwrap_or_default();
    let there = entry(&context, "group", name).await?;
    let gid = there.as_ref().and_then(|fields| fields.get(2)?.parse::<i128>().ok());
    let mut result = Map::new();
    result.insert("name", name);
    let word = quote(name);
    if args.text("state") == Some("absent") {
        result.insert("state", "absent");
        let force = if args.flag("force") { " -f" } else { "" };
        return Ok(make(there.map(|_| format!("groupdel{force} {word}")).into_iter().collect(), result));
    }
    result.insert("state", "present");
    result.insert("system", args.flag("system"));
    let wanted = args.int("gid");
    if let Some(gid) = wanted.or(gid) {
        result.insert("gid", gid);
    }
    let number = wanted.map(|gid| format!(" -g {gid}{}", if args.flag("non_unique") { " -o" } else { "" }));
    let number = number.unwrap_or_default();
    let mut commands = Vec::new();
    if there.is_none() {
        let system = if args.flag("system") { " -r" } else { "" };
        let limits: String = [("gid_min", "GID_MIN"), ("gid_max", "GID_MAX")]
            .into_iter()
            .filter_map(|(name, key)| Some(format!(" -K {key}={}", args.int(name)?)))
            .collect();
        commands.push(format!("groupadd{system}{limits}{number} {word}"));
    } else if wanted.is_some() && wanted != gid {
        commands.push(format!("groupmod{number} {word}"));
    }
    let is_new = there.is_none() && wanted.is_none();
    let mut change = make(commands, result);
    if is_new {
        // Which number it gets is the host's to say.
        change.actions.push(super::system::question(format!("getent group {word} | cut -d: -f3")));
        change.finish = change.finish.map(|finish| -> super::Finish {
            Box::new(move |mut outputs, mut result| {
                if let Some(super::Output::Exec(output)) = outputs.pop()
                    && let Ok(gid) = said(&output).parse::<i128>()
                {
                    result.insert("gid", gid);
                }
                finish(outputs, result)
            })
        });
    }
    Ok(change)
}
