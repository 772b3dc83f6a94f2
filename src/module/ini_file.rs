//! `ini_file`: options in files of sections.

mod edit;

use super::args::args_with;
use super::attributes::{BACKUP, FILE, add_fields};
use super::edit::{end_of_edit, open_link};
use super::remote::{Stat, look_action, seen_after};
use super::tool::on_host;
use super::{Arg, ArgKind, Args, Change, Context, Module, Rule};
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use edit::Wanted;

/// `ini_file`
pub static MODULE: Module = Module {
    rules: &[Rule::Exclusive(&["value", "values"])],
    ..on_host(
        "ini_file",
        &["community.general"],
        "Sets options in files of sections, or takes them away.",
        args_with![FILE;
            Arg::new("path", ArgKind::Path, "The file on the host.").aliases(&["dest"]).required(),
            Arg::new("section", ArgKind::Str, "The section; without it, what comes before the first one is meant."),
            Arg::new("section_has_values", ArgKind::List,
                "Among several sections of the name, the one with these options: `{option: a, value: b}` or `values: […]`."),
            Arg::new("option", ArgKind::Str, "The option; without it, the section itself is meant."),
            Arg::new("value", ArgKind::Str, "Its value."),
            Arg::new("values", ArgKind::List, "Its values, on a line each."),
            Arg::new("state", ArgKind::Str, "Whether it is there.").choices(&["absent", "present"]).default("present"),
            Arg::new("exclusive", ArgKind::Bool, "The option has no other values.").default("true"),
            Arg::new("no_extra_spaces", ArgKind::Bool, "`a=b` in place of `a = b`.").default("false"),
            Arg::new("ignore_spaces", ArgKind::Bool, "A line that differs by blanks alone is left as it is.").default("false"),
            Arg::new("allow_no_value", ArgKind::Bool, "An option may stand without a value.").default("false"),
            Arg::new("modify_inactive_option", ArgKind::Bool, "A line that is commented out may become the option.")
                .default("true"),
            Arg::new("create", ArgKind::Bool, "Make the file when it is not there.").default("true"),
            Arg::new("follow", ArgKind::Bool, "Edit what a symbolic link points to, in place of the link.").default("false"),
            BACKUP,
        ],
        |context| Box::pin(plan(context)),
    )
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let wanted = wanted(args)?;
    let path = args.text("path").unwrap_or_default();
    let opened = open_link(&context, path, args.flag("follow")).await?;
    let named = opened.named.clone();
    if !opened.target.exists() && !args.flag("create") {
        let result: Map = [("rc", Value::from(257))].into_iter().collect();
        let message = format!("Destination {} does not exist!", opened.target.path);
        return Err(Failure::new(FailureKind::File, message).with_result(result).help("`create: true` makes it"));
    }
    let edited = wanted.edit(&opened.text);
    let mut change = opened.save(&context, edited.text, "")?;
    change.result.insert("msg", edited.said);
    change.result.insert("path", path);
    if !change.changed {
        if named.exists() {
            add_fields(&mut change.result, &named);
        }
        return Ok(change);
    }
    change.actions.push(look_action(&named.path));
    change.finish = Some(Box::new(|mut outputs, result| {
        let now = outputs.pop().as_ref().and_then(seen_after).filter(Stat::exists);
        let mut finished = end_of_edit(outputs, result)?;
        if let Some(now) = now {
            add_fields(&mut finished.result, &now);
        }
        Ok(finished)
    }));
    Ok(change)
}

/// Returns what the arguments ask for.
fn wanted(args: &Args) -> Result<Wanted<'_>, Failure> {
    let refuse = |message: &str| Err(Failure::new(FailureKind::Argument, message));
    let mut values: Vec<String> = match args.text("value") {
        Some(value) => vec![value.to_owned()],
        None => args.texts("values"),
    };
    let mut seen = std::collections::HashSet::new();
    values.retain(|value| seen.insert(value.clone()));
    let present = args.text("state") != Some("absent");
    if present && !args.flag("allow_no_value") && values.is_empty() {
        return refuse("Parameter 'value(s)' must be defined if state=present and allow_no_value=False.");
    }
    let (section, option) = (args.text("section").filter(|name| !name.is_empty()), args.text("option"));
    if !present && section.is_none() && option.is_none() {
        return refuse("one of section and option is required with state=absent");
    }
    Ok(Wanted {
        section,
        having: having(args)?,
        option: option.filter(|name| !name.is_empty()),
        values,
        present,
        exclusive: args.flag("exclusive"),
        tight: args.flag("no_extra_spaces"),
        ignore_blanks: args.flag("ignore_spaces"),
        bare: args.flag("allow_no_value"),
        revive: args.flag("modify_inactive_option"),
    })
}

/// Reads `section_has_values`.
fn having(args: &Args) -> Result<Vec<(String, Vec<String>)>, Failure> {
    let refuse = |message: String| Failure::new(FailureKind::Argument, format!("section_has_values: {message}"));
    let mut conditions = Vec::new();
    for entry in args.get("section_has_values").and_then(Value::as_list).unwrap_or_default() {
        let Some(fields) = entry.as_map() else { return Err(refuse("each must be a dictionary".into())) };
        let known = ["option", "value", "values"];
        if let Some((name, _)) = fields.iter().find(|(name, _)| !known.contains(&name.to_string().as_str())) {
            return Err(refuse(format!("there is no `{name}`; there are `option`, `value` and `values`")));
        }
        let field = |name: &str| fields.get(name).filter(|value| **value != Value::Null);
        let Some(option) = field("option") else { return Err(refuse("`option` is required".into())) };
        let values = match (field("value"), field("values")) {
            (Some(_), Some(_)) => return Err(refuse("`value` and `values` exclude each other".into())),
            (Some(value), None) => vec![value.to_text()],
            (None, Some(values)) => match values.as_list() {
                Some(values) => values.iter().map(Value::to_text).collect(),
                None => vec![values.to_text()],
            },
            (None, None) => Vec::new(),
        };
        conditions.push((option.to_text(), values));
    }
    Ok(conditions)
}
