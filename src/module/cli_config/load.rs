//! Configurations that Junos reads itself: XML, JSON, and text whose parts say what they replace. Which of their elements are keys,
//! and which `set` lines leave out, only the device's schema tells, so it is the device that compares: the configuration is loaded
//! into the candidate, and committed if the candidate differs then.

use super::{Args, Change, Commit, Context, Failure, FailureKind, Sent, answer, backup, configure, read_text, within};
use crate::module::{Cli, Load, Work};
use crate::platform::Platform;
use crate::value::Map;
use crate::xml::Element;

/// Returns what the device is to read itself; `None` where lines are compared here.
pub(super) fn of(args: &Args, platform: &Platform, text: Option<&str>) -> Result<Option<Load>, Failure> {
    let Some(text) = text.filter(|_| platform.name == "juniper_junos") else { return Ok(None) };
    let format = match args.text("src_format") {
        Some("xml") => "xml",
        Some("json") => "json",
        Some("set") => "set",
        Some(_) => "text",
        None => guessed(text),
    };
    let action = match args.text("update") {
        Some("override") => "override",
        Some("replace") => "replace",
        Some("update") => "update",
        _ if args.text("replace") == Some("config") => "override",
        _ => "merge",
    };
    let refuse = |message: &str| Failure::new(FailureKind::Argument, message);
    match (format, action) {
        ("json", "replace") => Err(refuse("JSON has no mark for what `update: replace` replaces")),
        ("set", "replace") => Err(refuse("`set` lines have no mark for what `update: replace` replaces")),
        ("xml" | "json", _) | ("text", "replace") => {
            let text = written(format, text).map_err(|why| refuse(&why))?;
            Ok(Some(Load { format, action, text }))
        }
        _ => Ok(None),
    }
}

/// Claims that a text is XML or JSON, which no device takes line by line.
pub(super) fn is_structured(text: &str) -> bool {
    // What a template begins with may be anything.
    let is_template = ["{{", "{%", "{#"].iter().any(|mark| text.trim_start().starts_with(mark));
    !is_template && matches!(guessed(text), "xml" | "json")
}

/// Returns the form in which a configuration is written, by its first character.
fn guessed(text: &str) -> &'static str {
    match text.trim_start().as_bytes().first() {
        Some(b'<') => "xml",
        Some(b'{') => "json",
        Some(_) if text.trim_start().starts_with("set ") || text.trim_start().starts_with("delete ") => "set",
        _ => "text",
    }
}

/// Returns a configuration as it is sent, after a look at whether it is one.
fn written(format: &str, text: &str) -> Result<String, String> {
    match format {
        "xml" => {
            let element = Element::read(text.trim()).map_err(|why| format!("the configuration is no XML: {why}"))?;
            match element.local() {
                "configuration" => Ok(element.to_string()),
                other => Err(format!("the configuration's outermost element is `{other}`, not `configuration`")),
            }
        }
        "json" => {
            let json: serde_json::Value =
                serde_json::from_str(text).map_err(|error| format!("the configuration is no JSON: {error}"))?;
            match json.get("configuration") {
                Some(inside) if inside.is_object() => Ok(text.trim().to_owned()),
                _ => Err("the configuration's outermost name is not `configuration`".into()),
            }
        }
        _ if text.trim().is_empty() => Err("the configuration wanted has no lines".into()),
        _ => Ok(text.to_owned()),
    }
}

/// Plans to have the device read it.
pub(super) async fn plan(
    context: &Context<'_>,
    platform: &'static Platform,
    show: &str,
    load: Load,
    commit: Commit,
) -> Result<Change, Failure> {
    let line = format!("load {} {}", load.action, load.format);
    if commit.within.is_some() {
        within::check_needs(context.probe, platform).await?;
    }
    let mut change = Change::nothing(Map::new())
        .field("commands", vec![line.clone()])
        .field("updates", vec![line.clone()])
        .field("confirm", within::pending(&commit, false, false));
    // In check mode the candidate is not touched, so that nobody knows yet what the device would find.
    change.changed = !commit.discard;
    if context.args.flag("backup") {
        change.actions.extend(backup::backup(context, &read_text(context.probe, show).await?)?);
    }
    let backups = change.actions.len();
    if let Some(path) = backup::path_of(&change.actions) {
        change.result.insert("backup_path", path);
    }
    let mut typed = configure(std::slice::from_ref(&line), commit.clone());
    if let Work::Cli(Cli { load: to_load, .. }) = &mut typed.work {
        *to_load = Some(Box::new(load));
    }
    change.actions.push(typed);
    let sent = Sent { backups, commit, ..Sent::all(vec![line], platform) };
    change.finish = Some(Box::new(move |outputs, result| answer::finish(outputs, result, &sent)));
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform;
    use crate::value::{Key, Value};

    fn load(args: &[(&str, &str)], text: &str) -> Result<Option<(&'static str, &'static str)>, String> {
        let map: Map = args.iter().map(|(name, value)| (Key::from(*name), Value::from(*value))).collect();
        let load = of(&Args::of(map), platform::find("junos").unwrap(), Some(text));
        let load = load.map_err(|failure| failure.message.expose().to_owned())?;
        Ok(load.map(|load| (load.action, load.format)))
    }

    #[test]
    fn the_device_reads_what_lines_cannot_say() {
        let (xml, json) = ("<configuration><system/></configuration>", r#"{"configuration": {"system": {}}}"#);
        assert_eq!(load(&[], "set system host-name x"), Ok(None));
        assert_eq!(load(&[], "system {\n host-name x;\n}"), Ok(None));
        assert_eq!(load(&[("update", "override")], "system {\n host-name x;\n}"), Ok(None));
        assert_eq!(load(&[("update", "replace")], "system {\n replace: services;\n}"), Ok(Some(("replace", "text"))));
        assert_eq!(load(&[], xml), Ok(Some(("merge", "xml"))));
        assert_eq!(load(&[("src_format", "json"), ("update", "update")], json), Ok(Some(("update", "json"))));
        assert_eq!(load(&[("replace", "config")], json), Ok(Some(("override", "json"))));
        assert_eq!(load(&[("update", "replace")], xml), Ok(Some(("replace", "xml"))));
        for (args, text, why) in [
            (&[("update", "replace")][..], json, "JSON has no mark"),
            (&[("update", "replace")], "set a b", "`set` lines have no mark"),
            (&[("src_format", "xml")], "system", "the configuration is no XML"),
            (&[], "<system/>", "outermost element is `system`"),
            (&[], "{}", "outermost name is not `configuration`"),
            (&[], "{\"configuration\"", "the configuration is no JSON"),
        ] {
            let refused = load(args, text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
