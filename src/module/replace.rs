//! `replace`: replaces what a pattern matches in a text file of the host.

use super::args::args_with;
use super::attributes::{BACKUP, FILE, VALIDATE};
use super::edit::{EDITED, open};
use super::{Arg, ArgKind, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{Anchor, Flags, Replacement, compile};
use crate::value::Map;
use std::ops::Range;

/// `replace`
pub static MODULE: Module = Module {
    name: "replace",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Replaces everything that a pattern matches in a file.",
    args: args_with![FILE;
        EDITED,
        Arg::new("regexp", ArgKind::Str, "What is replaced; `^` and `$` match at every line.").required(),
        Arg::new("replace", ArgKind::Str, "What takes its place; `\\1` is what the pattern's group matched.").default(""),
        Arg::new("after", ArgKind::Str, "Replace only in what follows this pattern."),
        Arg::new("before", ArgKind::Str, "Replace only in what precedes this pattern."),
        Arg::new("encoding", ArgKind::Str, "How the file is encoded.").default("utf-8").refused("files are UTF-8"),
        BACKUP,
        VALIDATE,
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
    let opened = open(&context).await?;
    if !opened.target.exists() {
        let result: Map = [("rc", 257)].into_iter().collect();
        let message = format!("Path {} does not exist !", args.text("path").unwrap_or_default());
        return Err(Failure::new(FailureKind::File, message).with_result(result));
    }
    let Some(section) = section(args.text("after"), args.text("before"), &opened.text)? else {
        let message = format!(
            "Pattern for before/after params did not match the given file: {}",
            section_pattern(args.text("after"), args.text("before")).unwrap_or_default()
        );
        return Ok(Change::nothing(Map::new()).field("rc", 0).field("msg", message));
    };
    let text = args.text("regexp").unwrap_or_default();
    let wrong = |why: String| Failure::new(FailureKind::Argument, format!("the pattern `{text}` {why}"));
    let regex = compile(text, Flags { multiline: true, ..Flags::default() }, Anchor::Anywhere).map_err(wrong)?;
    let with = Replacement::parse(args.text("replace").unwrap_or_default(), &regex)
        .map_err(|why| Failure::new(FailureKind::Argument, format!("Unable to process replace due to error: {why}")))?;
    let inside = &opened.text[section.clone()];
    let (replaced, count) = regex.replace(inside, &with, 0).map_err(wrong)?;
    let differs = count > 0 && replaced != inside;
    let whole = format!("{}{replaced}{}", &opened.text[..section.start], &opened.text[section.end..]);
    let message = if differs { format!("{count} replacements made") } else { String::new() };
    Ok(opened.save(&context, differs.then_some(whole), &message)?.field("rc", 0))
}

/// Returns the pattern whose group `subsection` is the part in which something is replaced.
fn section_pattern(after: Option<&str>, before: Option<&str>) -> Option<String> {
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    match (given(after), given(before)) {
        (Some(after), Some(before)) => Some(format!("{after}(?P<subsection>.*?){before}")),
        (Some(after), None) => Some(format!("{after}(?P<subsection>.*)")),
        (None, Some(before)) => Some(format!("(?P<subsection>.*){before}")),
        (None, None) => None,
    }
}

/// Returns the part of the text in which something is replaced; `None` when `after` and `before` match nothing.
fn section(after: Option<&str>, before: Option<&str>, text: &str) -> Result<Option<Range<usize>>, Failure> {
    let Some(pattern) = section_pattern(after, before) else { return Ok(Some(0..text.len())) };
    let wrong = |why: String| Failure::new(FailureKind::Argument, format!("the pattern `{pattern}` {why}"));
    let regex = compile(&pattern, Flags { dot_all: true, ..Flags::default() }, Anchor::Anywhere).map_err(wrong)?;
    let Some(found) = regex.find(text).map_err(wrong)? else { return Ok(None) };
    let group = regex.group_named("subsection").and_then(|group| found.group_span(group));
    Ok(group.map(|(start, end)| start..end))
}
