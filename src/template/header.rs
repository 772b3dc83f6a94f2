//! How a template file is read: the options of its task, and the header that overrides them.

use super::FileOptions;
use super::syntax::{Delimiters, Newline, SyntaxError};
use std::ops::Range;

/// A file whose first line starts with this says there how it is read.
pub(super) const HEADER: &str = "#jinja2:";

/// Returns where a file's template begins, and how it is read.
pub(super) fn delimiters(text: &str, options: &FileOptions) -> Result<(usize, Delimiters), SyntaxError> {
    let [variable_open, variable_close, block_open, block_close, comment_open, comment_close] = &options.delimiters;
    let mut how = Delimiters {
        variable: (variable_open.clone(), variable_close.clone()),
        block: (block_open.clone(), block_close.clone()),
        comment: (comment_open.clone(), comment_close.clone()),
        trim_blocks: options.trim_blocks,
        lstrip_blocks: options.lstrip_blocks,
        plain_backslashes: false,
        newline: Newline::of(&options.newline_sequence).unwrap_or_default(),
        keeps_last_newline: false,
    };
    let Some(rest) = text.strip_prefix(HEADER) else { return checked(how, 0..0).map(|how| (0, how)) };
    let Some(length) = rest.find('\n') else {
        return Err(SyntaxError::new(format!("`{HEADER}` stands alone: no template follows it"), 0..text.len()));
    };
    let mut at = HEADER.len();
    for pair in rest[..length].split(',') {
        let place = at..at + pair.len();
        at = place.end + 1;
        header_pair(pair, place, &mut how)?;
    }
    checked(how, 0..HEADER.len() + length).map(|how| (HEADER.len() + length + 1, how))
}

fn checked(how: Delimiters, at: Range<usize>) -> Result<Delimiters, SyntaxError> {
    let marks = [&how.variable, &how.block, &how.comment];
    if marks.iter().any(|(open, close)| open.is_empty() || close.is_empty()) {
        return Err(SyntaxError::new("a delimiter is empty", at));
    }
    if how.variable.0 == how.block.0 || how.block.0 == how.comment.0 || how.variable.0 == how.comment.0 {
        return Err(SyntaxError::new("two kinds of tags start alike", at));
    }
    Ok(how)
}

fn header_pair(pair: &str, at: Range<usize>, how: &mut Delimiters) -> Result<(), SyntaxError> {
    let wrong = |message: String| SyntaxError::new(message, at.clone()).help("write `#jinja2: trim_blocks: False`");
    let Some((name, value)) = pair.split_once(':') else {
        return Err(wrong(format!("`{}` is no option with a value", pair.trim())));
    };
    let (name, value) = (name.trim(), value.trim());
    let flag = || match value {
        "True" | "true" | "1" => Ok(true),
        "False" | "false" | "0" => Ok(false),
        _ => Err(wrong(format!("`{name}` is true or false, not `{value}`"))),
    };
    let text = || {
        let inner = ['\'', '"'].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        inner.map(str::to_owned).ok_or_else(|| wrong(format!("the value of `{name}` wants quotes")))
    };
    match name {
        "trim_blocks" => how.trim_blocks = flag()?,
        "lstrip_blocks" => how.lstrip_blocks = flag()?,
        "variable_start_string" => how.variable.0 = text()?,
        "variable_end_string" => how.variable.1 = text()?,
        "block_start_string" => how.block.0 = text()?,
        "block_end_string" => how.block.1 = text()?,
        "comment_start_string" => how.comment.0 = text()?,
        "comment_end_string" => how.comment.1 = text()?,
        "keep_trailing_newline" => how.keeps_last_newline = flag()?,
        "newline_sequence" => {
            let sequence = text()?.replace("\\r", "\r").replace("\\n", "\n");
            how.newline = Newline::of(&sequence)
                .ok_or_else(|| wrong(format!("`{name}` is '\\n', '\\r\\n' or '\\r', not `{value}`")))?;
        }
        "line_statement_prefix" | "line_comment_prefix" => {
            let help = format!("write `{}` and `{}` around statements", how.block.0, how.block.1);
            return Err(SyntaxError::new(format!("`{name}` is not supported"), at.clone()).help(help));
        }
        _ => return Err(wrong(format!("unknown option `{name}`"))),
    }
    Ok(())
}
