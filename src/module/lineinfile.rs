//! `lineinfile`: sees to it that a line is in a file, or that it is not.

use super::args::args_with;
use super::attributes::{BACKUP, FILE, VALIDATE};
use super::edit::{EDITED, backup_field, is_match, lines, open, pattern};
use super::{Arg, ArgKind, Change, Context, Module, Needs, Rule};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{Regex, Replacement};
use crate::value::Map;

/// `lineinfile`
pub static MODULE: Module = Module {
    name: "lineinfile",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Sees to it that a line is in a file, or that it is not.",
    args: args_with![FILE;
        EDITED,
        Arg::new("line", ArgKind::Str, "The line.").aliases(&["value"]),
        Arg::new("regexp", ArgKind::Str, "Replace the last line that matches.").aliases(&["regex"]),
        Arg::new("search_string", ArgKind::Str, "Replace the last line that holds this text."),
        Arg::new("state", ArgKind::Str, "Whether the line is there.")
            .choices(&["absent", "present"])
            .default("present"),
        Arg::new("insertafter", ArgKind::Str, "Insert after the last line that matches, or at `EOF` or `BOF`."),
        Arg::new("insertbefore", ArgKind::Str, "Insert before the last line that matches, or at `BOF`."),
        Arg::new("backrefs", ArgKind::Bool, "`\\1` in the line is what the pattern's group matched.").default("false"),
        Arg::new("firstmatch", ArgKind::Bool, "The first line that matches counts, not the last.").default("false"),
        Arg::new("create", ArgKind::Bool, "Make the file when it is not there.").default("false"),
        BACKUP,
        VALIDATE,
    ],
    rules: &[
        Rule::Exclusive(&["insertbefore", "insertafter"]),
        Rule::Exclusive(&["regexp", "search_string"]),
        Rule::RequiredIf("state", "present", &["line"]),
    ],
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
    let refuse = |message: &str| Err(Failure::new(FailureKind::Argument, message));
    let present = args.text("state") != Some("absent");
    let line = args.text("line");
    let regex = pattern(&context, "regexp")?;
    if present && args.flag("backrefs") && regex.is_none() {
        return refuse("regexp is required with backrefs=true");
    }
    if present && line.is_none() {
        return refuse("line is required with state=present");
    }
    if line.is_none() && regex.is_none() && args.get("search_string").is_none() {
        return refuse("one of line, search_string, or regexp is required with state=absent");
    }
    let opened = open(&context).await?;
    let find = Find { regex: regex.as_deref(), text: args.text("search_string"), first: args.flag("firstmatch") };
    if !present {
        if !opened.target.exists() {
            return Ok(Change::nothing(Map::new()).field("msg", "file not present"));
        }
        return absent(&context, opened, &find, line);
    }
    if !opened.target.exists() && !args.flag("create") {
        let path = args.text("path").unwrap_or_default();
        let mut result = Map::new();
        result.insert("rc", 257);
        return Err(Failure::new(FailureKind::File, format!("Destination {path} does not exist !"))
            .with_result(result)
            .help("`create: true` makes it"));
    }
    let mut all = lines(&opened.text);
    let line = line.unwrap_or_default().to_owned();
    let message = put(&context, &mut all, &find, line)?;
    let mut change = opened.save(&context, (!message.is_empty()).then(|| all.concat()), message)?;
    backup_field(&mut change);
    Ok(change)
}

/// What marks the line that is meant.
struct Find<'a> {
    regex: Option<&'a Regex>,
    text: Option<&'a str>,
    first: bool,
}

impl Find<'_> {
    fn matches(&self, line: &str) -> Result<bool, Failure> {
        match (self.regex, self.text) {
            (Some(regex), _) => is_match(regex, line),
            (None, Some(text)) => Ok(line.contains(text)),
            (None, None) => Ok(false),
        }
    }

    fn position(&self, lines: &[String]) -> Result<Option<usize>, Failure> {
        let mut found = None;
        for (at, line) in lines.iter().enumerate() {
            if self.matches(line)? {
                found = Some(at);
                if self.first {
                    break;
                }
            }
        }
        Ok(found)
    }
}

fn bare(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

/// Puts the line where it belongs; returns what was done, nothing when it was there.
fn put(context: &Context<'_>, lines: &mut Vec<String>, find: &Find<'_>, line: String) -> Result<&'static str, Failure> {
    let whole = |line: String| if line.ends_with('\n') { line } else { line + "\n" };
    if let Some(at) = find.position(lines)? {
        let new = match find.regex.filter(|_| context.args.flag("backrefs")) {
            Some(regex) => expanded(regex, &lines[at], &line)?,
            None => line,
        };
        return Ok(replaced(lines, at, whole(new)));
    }
    let after = context.args.text("insertafter");
    let before = context.args.text("insertbefore");
    let place = match (after, before) {
        (Some("EOF" | "BOF"), _) | (None, None | Some("BOF")) => None,
        (Some(_), _) => pattern(context, "insertafter")?,
        (None, Some(_)) => pattern(context, "insertbefore")?,
    };
    let (mut exact, mut beside) = (None, None);
    for (at, there) in lines.iter().enumerate() {
        if bare(there) == line {
            exact = Some(at);
        } else if let Some(regex) = &place
            && is_match(regex, there)?
        {
            beside = Some(if after.is_some() { at + 1 } else { at });
            if find.first {
                break;
            }
        }
    }
    if let Some(at) = exact {
        return Ok(replaced(lines, at, whole(line)));
    }
    if context.args.flag("backrefs") {
        return Ok("");
    }
    if after == Some("BOF") || before == Some("BOF") {
        lines.insert(0, whole(line));
        return Ok("line added");
    }
    // With `firstmatch` the search ended before it came to the line that an earlier run inserted.
    let stands_there = beside.filter(|_| after.is_some()).and_then(|at| lines.get(at));
    if stands_there.is_some_and(|there| bare(there) == line) {
        return Ok("");
    }
    if let Some(last) = lines.last_mut().filter(|last| !last.ends_with(['\n', '\r'])) {
        last.push('\n');
    }
    let at = beside.unwrap_or(lines.len());
    lines.insert(at, whole(line));
    Ok("line added")
}

fn replaced(lines: &mut [String], at: usize, line: String) -> &'static str {
    if lines[at] == line {
        return "";
    }
    lines[at] = line;
    "line replaced"
}

/// Returns the line with `\1` and its relatives replaced by what the pattern's groups matched.
fn expanded(regex: &Regex, there: &str, line: &str) -> Result<String, Failure> {
    let wrong = |why: String| Failure::new(FailureKind::Argument, format!("the pattern {why}"));
    let with = Replacement::parse(line, regex).map_err(wrong)?;
    let Some(found) = regex.find(there).map_err(wrong)? else { return Ok(line.to_owned()) };
    let (start, end) = found.span();
    let (whole, _) = regex.replace(there, &with, 1).map_err(wrong)?;
    // What stands around the match goes; the line is the replacement alone.
    let tail = there.len() - end;
    Ok(whole.get(start..whole.len() - tail).unwrap_or(&whole).to_owned())
}

fn absent(
    context: &Context<'_>,
    opened: super::edit::Opened,
    find: &Find<'_>,
    line: Option<&str>,
) -> Result<Change, Failure> {
    let mut kept = String::new();
    let mut found = 0;
    for there in lines(&opened.text) {
        let is_meant = match (find.regex, find.text) {
            (None, None) => line == Some(bare(&there)),
            _ => find.matches(&there)?,
        };
        if is_meant {
            found += 1;
        } else {
            kept.push_str(&there);
        }
    }
    let message = if found > 0 { format!("{found} line(s) removed") } else { String::new() };
    let mut change = opened.save(context, (found > 0).then_some(kept), &message)?;
    backup_field(&mut change);
    Ok(change.field("found", found))
}
