//! `blockinfile`: keeps a block of lines between two marker lines of a file.

use super::args::args_with;
use super::attributes::{BACKUP, FILE, VALIDATE};
use super::edit::{EDITED, is_match, lines, open, pattern};
use super::{Arg, ArgKind, Change, Context, Module, Needs, Rule};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;

/// `blockinfile`
pub static MODULE: Module = Module {
    name: "blockinfile",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Keeps a block of lines between two marker lines of a file.",
    args: args_with![FILE;
        EDITED,
        Arg::new("block", ArgKind::Str, "The lines; none removes the block.").aliases(&["content"]).default(""),
        Arg::new("state", ArgKind::Str, "Whether the block is there.")
            .choices(&["absent", "present"])
            .default("present"),
        Arg::new("marker", ArgKind::Str, "The marker line; `{mark}` is `marker_begin` or `marker_end`.")
            .default("# {mark} ANSIBLE MANAGED BLOCK"),
        Arg::new("marker_begin", ArgKind::Str, "What `{mark}` is before the block.").default("BEGIN"),
        Arg::new("marker_end", ArgKind::Str, "What `{mark}` is after the block.").default("END"),
        Arg::new("insertafter", ArgKind::Str, "Insert a new block after the last line that matches, or at `EOF`."),
        Arg::new("insertbefore", ArgKind::Str, "Insert a new block before the last line that matches, or at `BOF`."),
        Arg::new("append_newline", ArgKind::Bool, "An empty line follows the block.").default("false"),
        Arg::new("prepend_newline", ArgKind::Bool, "An empty line precedes the block.").default("false"),
        Arg::new("create", ArgKind::Bool, "Make the file when it is not there.").default("false"),
        BACKUP,
        VALIDATE,
    ],
    rules: &[Rule::Exclusive(&["insertbefore", "insertafter"])],
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
    let path = args.text("path").unwrap_or_default();
    let present = args.text("state") != Some("absent");
    let opened = open(&context).await?;
    let existed = opened.target.exists();
    if !existed && !args.flag("create") {
        let mut result = Map::new();
        result.insert("rc", 257);
        return Err(Failure::new(FailureKind::File, format!("Path {path} does not exist !"))
            .with_result(result)
            .help("`create: true` makes it"));
    }
    if !existed && !present {
        return Ok(Change::nothing(Map::new()).field("msg", format!("File {path} not present")));
    }
    let block = block(&context, present);
    let text = with_block(&context, lines(&opened.text), &block, present)?;
    let message = match () {
        () if existed && text == opened.text => return opened.save(&context, None, ""),
        () if !existed => "File created",
        () if block.is_empty() => "Block removed",
        () => "Block inserted",
    };
    opened.save(&context, Some(text), message)
}

fn markers(context: &Context<'_>) -> [String; 2] {
    let text = |name: &str| context.args.text(name).unwrap_or_default();
    ["marker_begin", "marker_end"].map(|mark| text("marker").replace("{mark}", text(mark)) + "\n")
}

/// Returns the lines with their markers; none when there is to be no block.
fn block(context: &Context<'_>, present: bool) -> Vec<String> {
    let text = context.args.text("block").unwrap_or_default();
    if !present || text.is_empty() {
        return Vec::new();
    }
    let [begin, end] = markers(context);
    let mut block = vec![begin];
    block.extend(lines(text));
    if let Some(last) = block.last_mut().filter(|last| !last.ends_with('\n')) {
        last.push('\n');
    }
    block.push(end);
    block
}

/// Returns the text with the block in the place of the old one, or where a new one goes.
fn with_block(context: &Context<'_>, mut all: Vec<String>, block: &[String], present: bool) -> Result<String, Failure> {
    let [begin, end] = markers(context);
    let last = |marker: &str| all.iter().rposition(|line| line == marker);
    let mut at = match (last(&begin), last(&end)) {
        (Some(begin), Some(end)) => {
            let (from, to) = (begin.min(end), begin.max(end));
            all.drain(from..=to);
            from
        }
        _ => new_place(context, &all)?,
    };
    if let Some(line) = at.checked_sub(1).and_then(|before| all.get_mut(before)).filter(|line| !line.ends_with('\n')) {
        line.push('\n');
    }
    if present && context.args.flag("prepend_newline") && at > 0 && all[at - 1] != "\n" {
        all.insert(at, "\n".into());
        at += 1;
    }
    all.splice(at..at, block.iter().cloned());
    let after = at + block.len();
    if present && context.args.flag("append_newline") && all.get(after).is_some_and(|line| line != "\n") {
        all.insert(after, "\n".into());
    }
    Ok(all.concat())
}

fn new_place(context: &Context<'_>, all: &[String]) -> Result<usize, Failure> {
    let (name, shift) = match (context.args.text("insertafter"), context.args.text("insertbefore")) {
        (_, Some("BOF")) => return Ok(0),
        (None, Some(_)) => ("insertbefore", 0),
        (None | Some("EOF"), _) => return Ok(all.len()),
        (Some(_), _) => ("insertafter", 1),
    };
    let Some(regex) = pattern(context, name)? else { return Ok(all.len()) };
    let mut found = all.len();
    for (at, line) in all.iter().enumerate() {
        if is_match(&regex, line)? {
            found = at + shift;
        }
    }
    Ok(found)
}
