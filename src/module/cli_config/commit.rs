//! How lines take effect: `commit`, `commit_comment`, `label`, `commit_at`, `check_commit`, `confirm_within`, in our
//! spelling and in that of the vendors' modules. What a platform has not is refused: when the playbook is read where the
//! module's name says the platform, and otherwise before anything is sent to the host.

use super::within;
use super::{Args, Change, Commit, Failure, FailureKind};
use crate::module::cli_confirm;
use crate::platform::Platform;
use crate::source::{Diagnostic, Diagnostics};
use crate::value::Value;
use crate::yaml::Mapping;
use std::time::Duration;

/// Arguments that not every platform can follow, with their other names.
const DEPENDENT: &[(&str, &[&str])] = &[
    ("check_commit", &["commit_check"]),
    ("commit", &[]),
    ("commit_at", &[]),
    ("commit_comment", &["comment"]),
    ("confirm", &[]),
    ("confirm_commit", &[]),
    ("confirm_within", &[]),
    ("label", &[]),
    ("replace", &["diff_replace"]),
    ("rollback", &[]),
    ("src_format", &[]),
    ("update", &[]),
];

/// Returns why a platform cannot follow an argument with this value.
fn refusal(name: &str, value: &Value, platform: &Platform) -> Option<String> {
    let (own, commit) = (&platform.name, platform.commit.as_ref());
    let is_off = matches!(value, Value::Null | Value::Bool(false) | Value::Int(0))
        || matches!(value.as_str(), Some("none" | "0"));
    let says = |is_there: bool, why: String| (!is_there).then_some(why);
    match name {
        // Only leaving the commit out needs a candidate.
        "commit" if matches!(value, Value::Bool(false)) => {
            says(commit.is_some(), format!("`commit: false` needs a candidate, and `{own}` has none"))
        }
        "commit" => None,
        "replace" => says(
            value.as_str() != Some("config") || !platform.text.negate.is_empty(),
            format!("`replace: config` undoes lines, and how `{own}` does that is not known"),
        ),
        "update" if matches!(value.as_str(), Some("override" | "update")) => {
            refusal("replace", &Value::from("config"), platform)
        }
        "update" => says(
            value.as_str() != Some("replace") || is_junos(platform),
            format!("`update: replace` is of Junos, and the platform is `{own}`"),
        ),
        "src_format" => says(
            !matches!(value.as_str(), Some("xml" | "json")) || is_junos(platform),
            format!("`{own}` reads no configuration as XML or JSON"),
        ),
        _ if is_off && name != "rollback" => None,
        "commit_comment" => {
            says(commit.is_some_and(|c| c.comment.is_some()), format!("`{own}` keeps no comment with a change"))
        }
        "label" => says(commit.is_some_and(|c| c.label.is_some()), format!("`{own}` gives a change no label")),
        "commit_at" => says(commit.is_some_and(|c| c.at.is_some()), format!("`{own}` has no commit at a given time")),
        "check_commit" => {
            says(commit.is_some_and(|c| c.check.is_some()), format!("`{own}` cannot check a candidate alone"))
        }
        "rollback" => {
            says(commit.is_some_and(|c| c.rollback.is_some()), format!("`{own}` cannot go back to an earlier commit"))
        }
        _ => {
            let why = platform.no_confirm_within.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            says(platform.confirm_within.is_some(), format!("`{own}` cannot take a change back by itself{why}"))
        }
    }
}

fn is_junos(platform: &Platform) -> bool {
    platform.name == "juniper_junos"
}

/// Finds arguments as written that the platform cannot follow.
pub(super) fn check(args: &Mapping, platform: &Platform) -> Diagnostics {
    let mut found = Diagnostics::new();
    for (name, others) in DEPENDENT {
        let entry = std::iter::once(name).chain(*others).find_map(|name| args.entry(name));
        let Some((key, value)) = entry else { continue };
        // What a template comes to is known when the host's turn comes.
        let value_now = if value.is_static() { value.to_value() } else { Value::from("{{") };
        let value_now = match value_now.as_str().map(str::to_lowercase).as_deref() {
            Some("false" | "no" | "off") => Value::Bool(false),
            _ if !value.is_static() && *name == "commit" => continue,
            _ => value_now,
        };
        if let Some(why) = refusal(name, &value_now, platform) {
            let help = "leave it out: nothing is sent that could not be followed";
            found.push(Diagnostic::error("E0310", why).at(key.span).help(help));
        }
    }
    found
}

/// Returns how the lines take effect.
pub(super) fn commit(args: &Args, platform: &Platform) -> Result<Commit, Failure> {
    let refuse = |message: String| Failure::new(FailureKind::Argument, message);
    for (name, _) in DEPENDENT {
        let value = args.all().get(name).cloned().unwrap_or(Value::Null);
        let is_given = args.span(name).is_some() || !matches!(value, Value::Null);
        if let Some(why) = is_given.then(|| refusal(name, &value, platform)).flatten() {
            return Err(refuse(why).help("nothing was sent; leave it out to do without"));
        }
    }
    let check = args.flag("check_commit");
    let discard = !args.flag("commit") || check;
    let within = within(args, platform)?;
    if within.is_some() && discard {
        let other = if check { "check_commit: true" } else { "commit: false" };
        return Err(refuse(format!("`confirm_within` and `{other}` exclude each other")));
    }
    let text = |name: &str| args.text(name).map(str::to_owned);
    let at = text("commit_at");
    if within.is_some() && at.is_some() {
        return Err(refuse("`confirm_within` and `commit_at` exclude each other".into()));
    }
    Ok(Commit {
        comment: text("commit_comment"),
        label: text("label"),
        at,
        check,
        discard,
        within,
        session: within.is_some().then(Commit::new_session),
        only_time: platform.confirm_within.as_ref().is_some_and(|confirm| confirm.cancel.is_none()),
        ..Commit::default()
    })
}

/// Returns in which time the change is to be confirmed: `confirm_within`, or as the vendors' modules say it. Junos has
/// `confirm` in minutes; VyOS has `confirm: manual` with `confirm_timeout` in minutes.
fn within(args: &Args, platform: &Platform) -> Result<Option<Duration>, Failure> {
    if let Some(text) = args.text("confirm_within") {
        return within::time(text, platform).map(Some);
    }
    let minutes = match args.text("confirm") {
        None | Some("none" | "0") => return Ok(None),
        Some("manual") => args.int("confirm_timeout").unwrap_or(10).to_string(),
        Some("automatic") => {
            let failure = Failure::new(FailureKind::Argument, "`confirm: automatic` confirms what nobody has verified");
            return Err(failure.help("use `confirm_within` with `verify`, or `confirm: manual`"));
        }
        Some(minutes) => minutes.to_owned(),
    };
    within::time(&format!("{minutes}m"), platform).map(Some)
}

/// Plans to keep the change that waits to be confirmed.
pub(super) fn confirm_commit(args: &Args, platform: &'static Platform) -> Result<Change, Failure> {
    let confirm = platform
        .confirm_within
        .as_ref()
        .filter(|confirm| !confirm.confirm.send.iter().chain(&confirm.commit).any(|line| line.contains("{session}")));
    let Some(confirm) = confirm else {
        let message = format!("`{}` confirms a change by its name", platform.name);
        return Err(Failure::new(FailureKind::Argument, message)
            .help("give the field `confirm` of what `cli_config` registered to `cli_confirm`"));
    };
    let saves = matches!(args.text("save_when"), Some("always" | "changed" | "modified"));
    Ok(cli_confirm::conclude(platform, confirm, &confirm.confirm, None, (true, saves)))
}

pub(super) fn rollback(platform: &Platform, number: i128) -> Result<String, Failure> {
    let line = platform.commit.as_ref().and_then(|commit| commit.rollback.as_ref());
    let line = line.ok_or_else(|| {
        Failure::new(FailureKind::Argument, format!("`{}` cannot go back to an earlier commit", platform.name))
    })?;
    Ok(line.replace("{n}", &number.to_string()))
}
