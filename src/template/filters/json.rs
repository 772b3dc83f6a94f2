//! JSON and YAML text to values, and values to JSON text as Python's `json` writes it.

use super::args::{Args, MAX_TEXT, add_filter};
use super::{Filter, data, to_engine};
use crate::source::{Diagnostics, Source, SourceMap};
use crate::template::convert::{Taken, data_with};
use crate::value::{Key, Value as Data, python_float};
use minijinja::value::ValueKind;
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "from_json",
        aliases: &[],
        doc: "Reads JSON text.",
        add: |env, name| add_filter(env, name, &[], from_json),
    },
    Filter {
        name: "from_yaml",
        aliases: &[],
        doc: "Reads YAML text.",
        add: |env, name| add_filter(env, name, &[], from_yaml),
    },
    Filter {
        name: "from_yaml_all",
        aliases: &[],
        doc: "Reads YAML text of several documents into a list.",
        add: |env, name| add_filter(env, name, &[], from_yaml_all),
    },
    Filter {
        name: "to_json",
        aliases: &[],
        doc: "Writes the value as JSON.",
        add: |env, name| {
            add_filter(env, name, PARAMS, |_, args| {
                write(
                    args,
                    &Layout { indent: None, sort_keys: false, item: ", ", key: ": ", ascii: true, moments: true },
                )
            })
        },
    },
    Filter {
        name: "to_nice_json",
        aliases: &[],
        doc: "Writes the value as JSON over several lines, keys sorted, indented by `indent` (4).",
        add: |env, name| {
            add_filter(env, name, PARAMS, |_, args| {
                let indent = Some("    ".to_owned());
                write(args, &Layout { indent, sort_keys: true, item: ",", key: ": ", ascii: true, moments: true })
            })
        },
    },
    Filter {
        name: "tojson",
        aliases: &[],
        doc: "Writes the value as JSON that is safe inside HTML.",
        add: |env, name| {
            add_filter(env, name, &["indent"], |_, args| {
                let item = if args.given("indent").is_some() { "," } else { ", " };
                let indent = indent(args, None)?;
                let layout = Layout { indent, sort_keys: true, item, key: ": ", ascii: true, moments: false };
                let text = text(args, &layout, false)?;
                let safe = text.replace('<', "\\u003c").replace('>', "\\u003e");
                Ok(safe.replace('&', "\\u0026").replace('\'', "\\u0027").into())
            })
        },
    },
];

const PARAMS: &[&str] = &["indent", "sort_keys", "ensure_ascii", "separators", "allow_nan", "skipkeys"];

/// How JSON is laid out.
struct Layout {
    indent: Option<String>,
    sort_keys: bool,
    item: &'static str,
    key: &'static str,
    ascii: bool,
    /// Dates and times are their text by ISO 8601, and no mistake.
    moments: bool,
}

fn indent(args: &Args, default: Option<String>) -> Result<Option<String>, Error> {
    Ok(match args.get("indent") {
        None => default,
        Some(none) if none.is_none() => None,
        Some(text) if text.kind() == ValueKind::String => args.text("indent")?,
        Some(_) => Some(" ".repeat(args.count("indent", 0, 1000)?)),
    })
}

fn write(args: &Args, default: &Layout) -> Result<Value, Error> {
    let indent = indent(args, default.indent.clone())?;
    let nice = default.indent.is_some();
    let mut layout = Layout {
        // With an indent, an item's comma ends its line.
        item: if indent.is_some() { "," } else { default.item },
        sort_keys: args.flag("sort_keys", default.sort_keys),
        ascii: args.flag("ensure_ascii", true),
        key: default.key,
        moments: true,
        indent,
    };
    if let (Some(separators), false) = (args.given("separators"), nice) {
        let parts = args.items_of(separators)?;
        layout.item = separator(args, parts.first(), &[",", ", "])?;
        layout.key = separator(args, parts.get(1), &[":", ": "])?;
    }
    text(args, &layout, true).map(Value::from)
}

fn separator(args: &Args, said: Option<&Value>, known: &[&'static str]) -> Result<&'static str, Error> {
    let said = said.and_then(Value::as_str);
    let found = known.iter().find(|known| Some(**known) == said);
    found.copied().ok_or_else(|| args.error("`separators` are a comma and a colon, each with or without a blank"))
}

fn text(args: &Args, layout: &Layout, ranges: bool) -> Result<String, Error> {
    let value = data_with(args.input(), Taken { ranges, bytes: false })?;
    let mut out = String::new();
    layout.write(&value, 0, &mut out).map_err(|why| args.error(why))?;
    Ok(out)
}

/// Returns a value on one line without blanks.
pub(super) fn compact(value: &Data) -> Result<String, String> {
    written(value, &Layout { indent: None, sort_keys: false, item: ",", key: ":", ascii: true, moments: true })
}

/// Returns a value with sorted keys, an entry a line.
pub(super) fn nice(value: &Data) -> Result<String, String> {
    written(
        value,
        &Layout { indent: Some("    ".into()), sort_keys: true, item: ",", key: ": ", ascii: true, moments: true },
    )
}

fn written(value: &Data, layout: &Layout) -> Result<String, String> {
    let mut out = String::new();
    layout.write(value, 0, &mut out)?;
    Ok(out)
}

impl Layout {
    fn write(&self, value: &Data, depth: usize, out: &mut String) -> Result<(), String> {
        if out.len() > MAX_TEXT {
            return Err(format!("would make a text of more than {MAX_TEXT} bytes"));
        }
        match value {
            Data::Null | Data::Omit => out.push_str("null"),
            Data::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Data::Int(n) => out.push_str(&n.to_string()),
            Data::Float(f) => out.push_str(&float(*f)),
            Data::Str(text) => self.quote(text, out),
            Data::Moment(moment) if self.moments => self.quote(&moment.iso("T"), out),
            Data::Moment(moment) => return Err(format!("cannot write a {} as JSON", moment.type_name())),
            Data::List(items) if items.is_empty() => out.push_str("[]"),
            Data::Map(map) if map.is_empty() => out.push_str("{}"),
            Data::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    self.start_item(i, depth + 1, out);
                    self.write(item, depth + 1, out)?;
                }
                self.end_items(depth, out);
                out.push(']');
            }
            Data::Map(map) => {
                out.push('{');
                let mut entries: Vec<(String, &Data)> = map.iter().map(|(key, value)| (key_text(key), value)).collect();
                if self.sort_keys {
                    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
                for (i, (key, value)) in entries.into_iter().enumerate() {
                    self.start_item(i, depth + 1, out);
                    self.quote(&key, out);
                    out.push_str(self.key);
                    self.write(value, depth + 1, out)?;
                }
                self.end_items(depth, out);
                out.push('}');
            }
        }
        Ok(())
    }

    fn start_item(&self, i: usize, depth: usize, out: &mut String) {
        if i > 0 {
            out.push_str(self.item);
        }
        self.new_line(depth, out);
    }

    fn end_items(&self, depth: usize, out: &mut String) {
        self.new_line(depth, out);
    }

    fn new_line(&self, depth: usize, out: &mut String) {
        if let Some(indent) = &self.indent {
            out.push('\n');
            (0..depth).for_each(|_| out.push_str(indent));
        }
    }

    fn quote(&self, text: &str, out: &mut String) {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                c if (c as u32) < 0x20 || (self.ascii && !matches!(c, ' '..='~')) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => out.push(c),
            }
        }
        out.push('"');
    }
}

/// Returns the text that a key becomes.
fn key_text(key: &Key) -> String {
    match key {
        Key::Str(text) => text.to_string(),
        Key::Null => "null".into(),
        Key::Bool(b) => b.to_string(),
        Key::Int(n) => n.to_string(),
    }
}

/// Returns a float as Python's `json` writes it, with the three words that are no JSON.
fn float(f: f64) -> String {
    match f {
        f if f.is_nan() => "NaN".into(),
        f if f.is_infinite() => if f > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        f => python_float(f),
    }
}

fn from_json(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let text = args.input_text()?;
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(json) => Ok(to_engine(&Data::from(json))),
        Err(error) => Err(args.error(format!("the text is no JSON: {error}"))),
    }
}

/// Reads one YAML document.
fn read_yaml(args: &Args, text: &str) -> Result<Data, Error> {
    let sources = SourceMap::new();
    let id = sources.add(Source::new("the text", None, text));
    let mut found = Diagnostics::new();
    let node = crate::yaml::parse(id, &sources, &mut found);
    if let Some(first) = found.iter().find(|found| found.severity == crate::source::Severity::Error) {
        let line = first.primary.as_ref().map(|label| sources.get(id).position(label.span.start as usize).line);
        let at = line.map_or(String::new(), |line| format!(" (line {line} of it)"));
        return Err(args.error(format!("the text is no YAML: {}{at}", first.message)));
    }
    node.map(|node| node.to_value()).ok_or_else(|| args.error("the text is no YAML"))
}

fn from_yaml(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    match args.input().kind() {
        ValueKind::String => Ok(to_engine(&read_yaml(args, &args.input_text()?)?)),
        // Values that are no text pass as they are, as in Ansible.
        _ => data(args.input()).map(|value| to_engine(&value)),
    }
}

fn from_yaml_all(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    match data(args.input())? {
        Data::Str(_) => {}
        Data::Null => return Ok(to_engine(&Data::list(Vec::<Data>::new()))),
        other => return Ok(to_engine(&other)),
    }
    let text = args.input_text()?;
    let documents = documents(&text).into_iter().map(|document| read_yaml(args, &document));
    Ok(to_engine(&Data::from(documents.collect::<Result<Vec<_>, _>>()?)))
}

/// Splits a stream into documents. A line that starts with `---` or `...` is never part of a scalar.
fn documents(text: &str) -> Vec<String> {
    let mut documents: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.split_inclusive('\n') {
        let marks = |mark: &str| {
            line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
        };
        if marks("...") {
            open = false;
        } else if marks("---") {
            documents.push(line.to_owned());
            open = true;
        } else if open {
            documents.last_mut().expect("an open document was pushed").push_str(line);
        } else if !line.trim().is_empty() && !line.trim_start().starts_with('#') && !line.starts_with('%') {
            documents.push(line.to_owned());
            open = true;
        }
    }
    documents
}
