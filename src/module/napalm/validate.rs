//! `napalm_validate`: whether a device is as a YAML file wants it: a list of getters, each with what it is to give.

use super::compare::{Found, compare};
use super::{COLLECTION, REACHED, check_options, get, ping, platform_of, text_of};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::module::args::args_with;
use crate::module::{Arg, ArgKind, Change, Context, Module, Needs, Rule};
use crate::source::{Diagnostics, Severity, Source, SourceMap};
use crate::value::{Map, Value};

/// `napalm_validate`
pub(in crate::module) static MODULE: Module = Module {
    name: "napalm_validate",
    collections: &[COLLECTION],
    aliases: &[],
    summary: "Fails unless what a network device says of itself is what a file wants; `compliance_report` says what differs.",
    args: args_with![REACHED;
        Arg::new("validation_file", ArgKind::Path, "A YAML file: a list of getters, each with what it is to give.").required(),
        Arg::new("models", ArgKind::List, "YANG models.").refused("data of YANG models comes by `netconf_get`"),
        Arg::new("data", ArgKind::Dict, "Data of YANG models.").refused("`assert` judges data that is there"),
    ],
    rules: &[Rule::Passes("optional_args", check_options)],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let file = context.args.text("validation_file").unwrap_or_default();
    let wrong = |why: String| Failure::new(FailureKind::Argument, format!("`{file}`: {why}"));
    let checks = checks(&text_of(&context, file)?).map_err(wrong)?;
    let mut report = Map::new();
    let (mut complies, mut differing) = (true, Vec::new());
    for Check { getter, name, kwargs, wanted } in checks {
        let there = match getter.as_str() {
            "ping" => ping::pinged(&context, &kwargs).await?,
            _ if !kwargs.is_empty() => {
                return Err(wrong(format!("`_kwargs` of `{getter}`: the getters here take nothing")));
            }
            _ => match get::one(&context, platform_of(&context)?, &getter).await? {
                Some(there) => there,
                // What was not looked at is no pass.
                None => return Err(wrong(format!("there is no getter `{getter}` here")).help(get::INSTEAD)),
            },
        };
        let found = compare(&wanted.into(), &there).map_err(|why| wrong(format!("`{getter}`: {why}")))?;
        complies &= found.complies();
        match found {
            Found::Report(map) => {
                differences(&name, &map, &mut differing);
                report.insert(name, map);
            }
            Found::Plain(complies) => report.insert(name, complies),
        }
    }
    report.insert("skipped", Value::list(Vec::<Value>::new()));
    report.insert("complies", complies);
    let mut result = Map::new();
    result.insert("compliance_report", report);
    match complies {
        true => Ok(Change::nothing(result)),
        false => {
            let failure = Failure::new(FailureKind::Module, "Device does not comply with policy");
            let failure = if differing.is_empty() { failure } else { failure.help(differing.join("; ")) };
            Err(failure.with_result(result))
        }
    }
}

/// The most differences that are named; `compliance_report` has all.
const NAMED: usize = 3;

/// Adds what differs in words.
fn differences(name: &str, report: &Map, all: &mut Vec<String>) {
    let list = |key: &str| report.get(key).and_then(Value::as_list).unwrap_or_default();
    let present = report.get("present").and_then(Value::as_map);
    for (key, about) in present.into_iter().flat_map(Map::iter) {
        let name = format!("{name}.{key}");
        match (about.get("diff").and_then(Value::as_map), about.get("expected_value"), about.get("actual_value")) {
            (Some(inner), ..) => differences(&name, inner, all),
            (_, Some(wanted), Some(there)) => {
                all.push(format!("`{name}` is `{}`, not `{}`", there.to_text(), wanted.to_text()));
            }
            _ => {}
        }
    }
    all.extend(list("missing").iter().map(|key| format!("`{name}` lacks `{}`", key.to_text())));
    all.extend(list("extra").iter().map(|key| format!("`{name}` has `{}` as well", key.to_text())));
    all.truncate(NAMED);
}

/// One getter, and what it is to give.
struct Check {
    getter: String,
    /// How it is called in the report.
    name: String,
    kwargs: Map,
    wanted: Map,
}

/// Reads a validation file.
fn checks(text: &str) -> Result<Vec<Check>, String> {
    let mut all = Vec::new();
    for item in yaml(text)?.as_list().ok_or("is no list of getters")? {
        let item = item.as_map().ok_or("has an item that is no getter with what it is to give")?;
        for (getter, wanted) in item.iter() {
            let mut wanted = wanted.as_map().ok_or_else(|| format!("`{getter}` wants no dictionary"))?.clone();
            // NAPALM asks for it and compares nothing.
            if getter.as_str() == Some("get_config") {
                return Err("`get_config` is not compared: `cli_config` with `--check` finds what differs".into());
            }
            let name = wanted.remove("_name").map(|name| name.to_text()).filter(|name| !name.is_empty());
            let kwargs = wanted.remove("_kwargs").and_then(|kwargs| kwargs.as_map().cloned()).unwrap_or_default();
            let getter = getter.to_string();
            all.push(Check { name: name.unwrap_or_else(|| getter.clone()), getter, kwargs, wanted });
        }
    }
    Ok(all)
}

fn yaml(text: &str) -> Result<Value, String> {
    let sources = SourceMap::new();
    let id = sources.add(Source::new("the file", None, text));
    let mut found = Diagnostics::new();
    let node = crate::yaml::parse(id, &sources, &mut found);
    if let Some(first) = found.iter().find(|found| found.severity == Severity::Error) {
        let line = first.primary.as_ref().map(|label| sources.get(id).position(label.span.start as usize).line);
        return Err(format!("{}{}", first.message, line.map(|line| format!(" (line {line})")).unwrap_or_default()));
    }
    node.map(|node| node.to_value()).ok_or_else(|| "is no YAML".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        checks(text).err().unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn what_differs_is_said_in_words() {
        let wanted = Value::from(serde_json::json!({"a": {"b": "x"}, "c": 1, "_mode": "strict"}));
        let Ok(Found::Report(report)) = compare(&wanted, &Value::from(serde_json::json!({"a": {"b": 2}, "d": 3})))
        else {
            panic!("dictionaries are compared as such");
        };
        let mut all = Vec::new();
        differences("get_x", &report, &mut all);
        assert_eq!(all, ["`get_x.a.b` is `2`, not `x`", "`get_x` lacks `c`", "`get_x` has `d` as well"]);
    }

    #[test]
    fn a_file_is_a_list_of_getters() {
        let read =
            checks("- get_facts: {vendor: Cisco, _mode: strict}\n- ping: {_name: far, _kwargs: {destination: x}}\n");
        let read = read.unwrap();
        let names: Vec<_> = read.iter().map(|check| (check.getter.as_str(), check.name.as_str())).collect();
        assert_eq!(names, [("get_facts", "get_facts"), ("ping", "far")]);
        assert_eq!(read[1].kwargs.get("destination"), Some(&"x".into()));
        assert!(read[1].wanted.is_empty() && read[0].wanted.get("_mode").is_some());
        assert_eq!(wrong("a: b"), "is no list of getters");
        assert_eq!(wrong("- a"), "has an item that is no getter with what it is to give");
        assert_eq!(wrong("- get_facts: x"), "`get_facts` wants no dictionary");
        assert!(wrong("- get_config: {}").contains("is not compared"));
        assert!(wrong("- a: [\n").contains("line "), "{}", wrong("- a: [\n"));
    }
}
