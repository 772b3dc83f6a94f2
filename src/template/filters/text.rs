//! Filters on text.

use super::args::{Args, MAX_TEXT, add_filter};
use super::python::text_ref;
use super::{Filter, to_engine};
use crate::template::range::listed;
use crate::value::Value as Data;
use minijinja::value::ValueKind;
use minijinja::{Error, Value};
use std::borrow::Cow;

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "lower",
        aliases: &[],
        doc: "Returns the text in lower case.",
        add: |env, name| add_filter(env, name, &[], |_, args| Ok(shown(args)?.to_lowercase().into())),
    },
    Filter {
        name: "upper",
        aliases: &[],
        doc: "Returns the text in upper case.",
        add: |env, name| add_filter(env, name, &[], |_, args| Ok(shown(args)?.to_uppercase().into())),
    },
    Filter {
        name: "capitalize",
        aliases: &[],
        doc: "Returns the text with its first character in upper case and the others in lower case.",
        add: |env, name| add_filter(env, name, &[], |_, args| Ok(capitalize(&shown(args)?).into())),
    },
    Filter {
        name: "title",
        aliases: &[],
        doc: "Returns the text with every word starting in upper case.",
        add: |env, name| add_filter(env, name, &[], |_, args| Ok(title(&shown(args)?).into())),
    },
    Filter {
        name: "string",
        aliases: &[],
        doc: "Returns any value as the text that Python's `str()` gives.",
        add: |env, name| add_filter(env, name, &[], string),
    },
    Filter {
        name: "safe",
        aliases: &[],
        doc: "Returns the value as it is; it marks text that needs no HTML escaping, which no template here does.",
        add: |env, name| add_filter(env, name, &[], string),
    },
    Filter {
        name: "trim",
        aliases: &[],
        doc: "Removes blanks, or the characters in `chars`, from both ends.",
        add: |env, name| add_filter(env, name, &["chars"], trim),
    },
    Filter {
        name: "replace",
        aliases: &[],
        doc: "Replaces every `old` (or the first `count` of them) by `new`.",
        add: |env, name| add_filter(env, name, &["old", "new", "count"], replace),
    },
    Filter {
        name: "center",
        aliases: &[],
        doc: "Puts the text in the middle of a field of `width` (80) characters.",
        add: |env, name| add_filter(env, name, &["width"], center),
    },
    Filter {
        name: "indent",
        aliases: &[],
        doc: "Indents every line but the first by `width` (4) blanks or that text; `first` and `blank` lines if asked for.",
        add: |env, name| add_filter(env, name, &["width", "first", "blank"], indent),
    },
    Filter {
        name: "truncate",
        aliases: &[],
        doc: "Cuts text that is longer than `length` (255) at a word, or anywhere with `killwords`, and adds `end` (`...`).",
        add: |env, name| add_filter(env, name, &["length", "killwords", "end", "leeway"], truncate),
    },
    Filter {
        name: "wordcount",
        aliases: &[],
        doc: "Counts the words.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| {
                let text = shown(args)?;
                let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
                Ok(words.count().into())
            })
        },
    },
    Filter {
        name: "wordwrap",
        aliases: &[],
        doc: "Breaks lines that are longer than `width` (79) between words.",
        add: |env, name| {
            add_filter(env, name, &["width", "break_long_words", "wrapstring", "break_on_hyphens"], wordwrap)
        },
    },
    Filter {
        name: "split",
        aliases: &[],
        doc: "Splits text at blanks, or at `sep`, at most `maxsplit` times.",
        add: |env, name| add_filter(env, name, &["sep", "maxsplit"], split),
    },
    Filter {
        name: "quote",
        aliases: &[],
        doc: "Quotes text for a POSIX shell.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| {
                let text = if args.input().is_none() { Cow::Borrowed("") } else { shown(args)? };
                Ok(shell_quote(&text).into())
            })
        },
    },
    Filter {
        name: "comment",
        aliases: &[],
        doc: "Makes a comment of the text in a `style` (`plain`, `erlang`, `c`, `cblock`, `xml`) or with a `decoration`.",
        add: |env, name| {
            let params = &[
                "style",
                "newline",
                "beginning",
                "prefix",
                "prefix_count",
                "decoration",
                "postfix",
                "postfix_count",
                "end",
            ];
            add_filter(env, name, params, comment)
        },
    },
    Filter {
        name: "format",
        aliases: &[],
        doc: "Fills the `%s`, `%d`, `%05.2f`, `%(name)s` … in the text with the arguments, as Python's `%` does.",
        add: |env, name| add_filter(env, name, &["*", "**"], super::percent::format),
    },
];

/// Returns the input as `str()` gives it.
fn shown<'a>(args: &Args<'a>) -> Result<Cow<'a, str>, Error> {
    text_ref(args.input())
}

/// Returns the input as text; what is text already stays as it is.
fn string(_: &mut minijinja::State<'_, '_>, args: &Args<'_>) -> Result<Value, Error> {
    match args.input().as_str() {
        Some(_) => Ok(args.input().clone()),
        None => Ok(shown(args)?.into()),
    }
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase(),
        None => String::new(),
    }
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at_start = true;
    for c in text.chars() {
        let separates = c.is_whitespace() || matches!(c, '-' | '(' | '{' | '[' | '<');
        if separates {
            out.push(c);
        } else if at_start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        at_start = separates;
    }
    out
}

fn trim(_: &mut minijinja::State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let text = shown(args)?;
    Ok(match args.text("chars")? {
        Some(chars) => text.trim_matches(|c| chars.contains(c)).into(),
        None => text.trim().into(),
    })
}

fn replace(_: &mut minijinja::State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let text = shown(args)?;
    let old = text_ref(args.need("old")?)?;
    let new = text_ref(args.need("new")?)?;
    let places = if old.is_empty() { text.chars().count() + 1 } else { text.matches(&*old).count() };
    if places == 0 {
        return Ok(text.into());
    }
    args.bounded(text.len().saturating_add(places.saturating_mul(new.len())))?;
    Ok(match args.int("count")? {
        Some(count) if count >= 0 => text.replacen(&*old, &new, usize::try_from(count).unwrap_or(usize::MAX)).into(),
        _ => text.replace(&*old, &new).into(),
    })
}

fn center(_: &mut minijinja::State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let text = shown(args)?;
    let width = args.count("width", 80, MAX_TEXT)?;
    let pad = width.saturating_sub(text.chars().count());
    // Python gives the odd blank to the left when the width is odd.
    let left = pad / 2 + (pad & width & 1);
    Ok(format!("{}{text}{}", " ".repeat(left), " ".repeat(pad - left)).into())
}

fn indent(_: &mut minijinja::State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let text = args.input_text()?;
    let by = match args.given("width") {
        Some(width) if width.kind() == ValueKind::String => args.need_text("width")?,
        _ => " ".repeat(args.count("width", 4, 10_000)?),
    };
    let (first, blank) = (args.flag("first", false), args.flag("blank", false));
    // The added newline keeps one at the end, which `split_lines` would swallow.
    let with_end = text + "\n";
    let lines = split_lines(&with_end);
    args.bounded(with_end.len().saturating_add(lines.len().saturating_mul(by.len() + 1)))?;
    let mut out = String::with_capacity(with_end.len() + lines.len() * by.len());
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        if (i == 0 && first) || (i > 0 && (blank || !line.is_empty())) {
            out.push_str(&by);
        }
        out.push_str(line);
    }
    Ok(out.into())
}

/// Splits at every line end that Python knows; the last line end starts no further line.
pub(super) fn split_lines(text: &str) -> Vec<&str> {
    let ends = ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(ends) {
        lines.push(&rest[..at]);
        let long = if rest[at..].starts_with("\r\n") { 2 } else { rest[at..].chars().next().map_or(1, char::len_utf8) };
        rest = &rest[at + long..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

fn truncate(_: &mut minijinja::State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let length = args.count("length", 255, usize::MAX)?;
    let leeway = args.count("leeway", 5, usize::MAX)?;
    // What has a length and is short enough passes, text or not.
    if matches!(args.input().kind(), ValueKind::Seq | ValueKind::Map)
        && args.input().len().is_some_and(|long| long <= length.saturating_add(leeway))
    {
        return Ok(listed(args.input()));
    }
    let text = args.input_text()?;
    let end = args.text("end")?.unwrap_or_else(|| "...".into());
    let end_length = end.chars().count();
    if length < end_length {
        return Err(args.error(format!("`length` must be at least {end_length}, the length of `end`")));
    }
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(text.into());
    }
    let kept: String = text.chars().take(length - end_length).collect();
    let kept = if args.flag("killwords", false) { &kept[..] } else { kept.rsplit_once(' ').map_or(&kept[..], |p| p.0) };
    Ok(format!("{kept}{end}").into())
}

fn wordwrap(_: &mut minijinja::State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let text = args.input_text()?;
    let wrap = super::wrap::Wrap {
        width: args.count("width", 79, usize::MAX)?,
        break_long_words: args.flag("break_long_words", true),
        break_on_hyphens: args.flag("break_on_hyphens", true),
    };
    if wrap.width == 0 {
        return Err(args.error("`width` must be more than 0"));
    }
    let with = args.text("wrapstring")?.unwrap_or_else(|| "\n".into());
    let mut out = String::new();
    for (at, line) in split_lines(&text).into_iter().enumerate() {
        out.push_str(if at > 0 { &with } else { "" });
        for (at, part) in wrap.lines(line).into_iter().enumerate() {
            out.push_str(if at > 0 { &with } else { "" });
            out.push_str(&part);
            args.bounded(out.len())?;
        }
    }
    Ok(out.into())
}

fn split(_: &mut minijinja::State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let text = args.input_text()?;
    let most = match args.int("maxsplit")? {
        Some(n) if n >= 0 => usize::try_from(n).unwrap_or(usize::MAX - 1).min(usize::MAX - 1),
        _ => usize::MAX - 1,
    };
    let parts: Vec<Data> = match args.text("sep")? {
        Some(sep) if sep.is_empty() => return Err(args.error("the separator is empty")),
        Some(sep) => text.splitn(most + 1, &sep).map(Data::from).collect(),
        None => split_blanks(&text, most).into_iter().map(Data::from).collect(),
    };
    Ok(to_engine(&Data::from(parts)))
}

fn split_blanks(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        match rest.find(char::is_whitespace) {
            Some(at) if parts.len() < most => {
                parts.push(&rest[..at]);
                rest = rest[at..].trim_start();
            }
            _ => {
                parts.push(rest);
                break;
            }
        }
    }
    parts
}

/// Quotes text for a POSIX shell, as Python's `shlex.quote`.
fn shell_quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

fn comment(_: &mut minijinja::State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let text = args.input_text()?;
    let style = args.text("style")?.unwrap_or_else(|| "plain".into());
    let (beginning, decoration, end) = match &style[..] {
        "plain" => ("", "# ", ""),
        "erlang" => ("", "% ", ""),
        "c" => ("", "// ", ""),
        "cblock" => ("/*", " * ", " */"),
        "xml" => ("<!--", " - ", "-->"),
        other => {
            return Err(
                args.error(format!("knows no style `{other}`; it knows `plain`, `erlang`, `c`, `cblock`, `xml`"))
            );
        }
    };
    let beginning = args.text("beginning")?.unwrap_or_else(|| beginning.into());
    let end = args.text("end")?.unwrap_or_else(|| end.into());
    let decoration = args.text("decoration")?.unwrap_or_else(|| decoration.into());
    let newline = args.text("newline")?.unwrap_or_else(|| "\n".into());
    // What stands before and after the text is the decoration without its blank, unless it is said.
    let bare = decoration.trim_end().to_owned();
    let prefix = args.text("prefix")?.unwrap_or_else(|| bare.clone());
    let postfix = args.text("postfix")?.unwrap_or(bare);
    let (before, after) = (args.count("prefix_count", 1, 1000)?, args.count("postfix_count", 1, 1000)?);
    let mut out = String::new();
    if !beginning.is_empty() {
        out += &format!("{beginning}{newline}");
    }
    for _ in 0..if prefix.is_empty() { 0 } else { before } {
        out += &format!("{prefix}{newline}");
    }
    let lines: Vec<String> = text.split('\n').map(|line| format!("{decoration}{line}")).collect();
    out += &lines
        .join(&newline)
        .replace(&format!("{decoration}{newline}"), &format!("{}{newline}", decoration.trim_end()));
    for _ in 0..after {
        out += &format!("{newline}{postfix}");
    }
    if !end.is_empty() {
        out += &format!("{newline}{end}");
    }
    Ok(out.into())
}
