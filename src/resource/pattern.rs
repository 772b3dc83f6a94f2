//! Patterns of lines: each reads a line of a configuration and writes it.
//!
//! A pattern is words with holes: `ntp server[ vrf {vrf}] {server}[ key {key_id}]{? prefer:prefer}`.
//!
//! | written | is |
//! | --- | --- |
//! | `{path}` | the value at that path: one word, or as many digits as its option takes |
//! | `{path:text}` | the rest of the line, or text in quotes |
//! | `{path:commas}`, `{path:words}` | a list, with commas or blanks between |
//! | `{path:mask}` | `10.0.0.1/24`, shown as address and mask |
//! | `{path:wildcard}` | the same, shown with a wildcard mask |
//! | `{path:bundle}` | the name of a bundle of links, shown by its number: `Port-channel10` |
//! | `{path:area}` | an OSPF area, shown as `0.0.0.0` |
//! | `{path:kind}` | an interface's name behind its kind, as VyOS has it: `ethernet eth0` |
//! | `{path:ipv4}`, `{path:ipv6}` | a word that is an address of that family, or a word like `dhcp` |
//! | `{path:banner}`, `{path:eof}` | text of several lines, between delimiters or before a line `EOF` |
//! | `{path:digits}` | a word that begins with a digit |
//! | `{path:name}` | the name of the first option that stands there: `tcp` of `{tcp: {ack: true}}`; only written |
//! | `{.}` | the item itself, of a list of plain values |
//! | `{_}` | a word that does not matter; only in what is read |
//! | `{?path: words}` | these words when the value is true, or the only word that it may be; nothing otherwise |
//! | `<a|b>` | one of these; the first whose values are all there is written |
//! | `[ … ]` | what may be missing; written when all values in it are there |
//!
//! `{?path:}` without words stands for a value that the line as a whole means: `allowas-in{?allowas_in.set:}[ {count}]`.
//! Blanks inside of `[ ]` and `{? }` belong to what may be missing.

use super::options::{Kind, Options};
use super::tree::{self, Path, get};
use super::{interface, ports, ranges};
use crate::value::{Map, Value};
use regex::Regex;
use std::net::Ipv4Addr;

/// A pattern of lines.
#[derive(Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    regex: Regex,
    holes: Vec<Hole>,
    /// What stands around text with blanks on this platform.
    quote: Option<char>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Hole(usize),
    Flag(usize, String),
    Optional(Vec<Part>),
    OneOf(Vec<Vec<Part>>),
    /// A word that does not matter.
    AnyWord,
}

#[derive(Clone, Debug)]
struct Hole {
    path: Path,
    form: Form,
    /// The text that stands for yes, where the option is no boolean: `enable`.
    word: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Word,
    Number,
    Boolean,
    Text,
    Commas,
    Words,
    Ranges,
    Mask,
    Wildcard,
    Interface,
    Port,
    Bundle,
    Area,
    Kind,
    Ipv4,
    Ipv6,
    Banner,
    Eof,
    Name,
    Digits,
}

/// What a line may be beside the pattern's own text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing.
    Whole,
    /// More words: the pattern is a section's, of a platform on which each line names its sections.
    Prefix,
}

impl Pattern {
    /// Reads a pattern whose paths are of these options.
    pub(super) fn read(text: &str, options: &Options, quote: Option<char>, end: End) -> Result<Pattern, String> {
        let mut reader = Reader { rest: text, options, holes: Vec::new() };
        let parts = reader.parts(None).map_err(|why| format!("pattern `{text}`: {why}"))?;
        let holes = reader.holes;
        let mut expression = String::from("(?s)^");
        write_expression(&parts, &holes, quote, options, &mut expression);
        expression.push_str(if end == End::Prefix { r"(?:\s+(?P<rest>.*))?$" } else { r"\s*$" });
        let regex = Regex::new(&expression).map_err(|error| format!("pattern `{text}`: {error}"))?;
        Ok(Pattern { parts, regex, holes, quote })
    }

    /// Returns the values that a line has, and what follows it; `None` when it is another line.
    pub(super) fn matches<'a>(&self, platform: &str, line: &'a str) -> Option<(Vec<(Path, Value)>, &'a str)> {
        let found = self.regex.captures(line)?;
        let mut values = Vec::new();
        let mut as_a_whole = Vec::new();
        for (number, hole) in self.holes.iter().enumerate() {
            let Some(text) = found.name(&format!("h{number}")) else { continue };
            let value = (hole.path.clone(), hole.value(platform, text.as_str())?);
            if hole.form == Form::Boolean && text.is_empty() { &mut as_a_whole } else { &mut values }.push(value);
        }
        // What the line as a whole means is not told beside what more it says.
        if values.len() == self.parts.iter().filter(|part| matches!(part, Part::Hole(_))).count() {
            values.extend(as_a_whole);
        }
        Some((values, found.name("rest").map_or("", |rest| rest.as_str())))
    }

    /// Returns the line for these values; `None` when one that it needs is not there, or when it has holes and none of
    /// them is filled.
    pub(super) fn line(&self, map: &Map) -> Option<String> {
        let (line, filled) = self.written(map)?;
        (!filled.is_empty() || self.holes.is_empty()).then_some(line)
    }

    /// Returns the line for these values, also where all that is written of it are its own words.
    pub(super) fn words(&self, map: &Map) -> Option<String> {
        self.written(map).map(|(line, _)| line).filter(|line| !line.is_empty())
    }

    /// Returns the values that the line for these values shows.
    pub(super) fn shows(&self, map: &Map) -> impl Iterator<Item = &Path> {
        let filled = self.written(map).map(|(_, filled)| filled).unwrap_or_default();
        filled.into_iter().map(|hole| &self.holes[hole].path)
    }

    fn written(&self, map: &Map) -> Option<(String, Vec<usize>)> {
        let mut out = String::new();
        let mut filled = Vec::new();
        self.write(&self.parts, map, &mut out, &mut filled)?;
        Some((out.trim().to_owned(), filled))
    }

    /// Returns the numbers of a pattern's ranges, when it has some and they are numbers.
    pub(super) fn numbers(&self, map: &Map) -> Option<std::collections::BTreeSet<u32>> {
        let hole = self.holes.iter().find(|hole| hole.form == Form::Ranges)?;
        ranges::read(&joined(get(map, &hole.path)?, ","))
    }

    /// Writes parts, and adds the holes that were filled; `None` when a value that they need is not there.
    fn write(&self, parts: &[Part], map: &Map, out: &mut String, filled: &mut Vec<usize>) -> Option<()> {
        for part in parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::AnyWord => return None,
                Part::Flag(hole, words) => {
                    if self.holes[*hole].is_yes(map) {
                        out.push_str(words);
                        filled.push(*hole);
                    }
                }
                Part::Hole(number) => {
                    let hole = &self.holes[*number];
                    out.push_str(&hole.shown(get(map, &hole.path)?, self.quote)?);
                    filled.push(*number);
                }
                Part::OneOf(all) => {
                    let (text, holes) = all.iter().find_map(|parts| self.inside(parts, map))?;
                    out.push_str(&text);
                    filled.extend(holes);
                }
                Part::Optional(inside) => {
                    if let Some((text, holes)) = self.inside(inside, map) {
                        out.push_str(&text);
                        filled.extend(holes);
                    }
                }
            }
        }
        Some(())
    }

    /// Writes parts that may be missing; `None` when they are.
    fn inside(&self, parts: &[Part], map: &Map) -> Option<(String, Vec<usize>)> {
        let (mut text, mut filled) = (String::new(), Vec::new());
        self.write(parts, map, &mut text, &mut filled)?;
        (!filled.is_empty()).then_some((text, filled))
    }
}

impl Hole {
    fn value(&self, platform: &str, text: &str) -> Option<Value> {
        let plain = unquoted(text);
        Some(match self.form {
            Form::Number => Value::Int(plain.parse().ok()?),
            Form::Boolean => self.word.as_ref().map_or(Value::Bool(true), |word| Value::from(word.as_str())),
            Form::Commas => Value::list(plain.split(',').map(str::trim)),
            Form::Words => Value::list(plain.split_whitespace()),
            Form::Ranges => match ranges::read(&plain) {
                Some(numbers) => Value::list(ranges::parts(&numbers)),
                None => Value::list([plain.as_str()]),
            },
            Form::Mask | Form::Wildcard => {
                let (address, mask) = text.split_once(char::is_whitespace)?;
                let mask = u32::from(mask.trim().parse::<Ipv4Addr>().ok()?);
                let mask = if self.form == Form::Wildcard { !mask } else { mask };
                (mask.leading_ones() + mask.trailing_zeros() == 32 || mask == u32::MAX)
                    .then(|| Value::from(format!("{address}/{}", mask.leading_ones())))?
            }
            Form::Ipv4 => Value::from(Some(plain).filter(|text| may_be_ipv4(text))?),
            Form::Ipv6 => Value::from(Some(plain).filter(|text| may_be_ipv6(text))?),
            Form::Banner | Form::Eof => Value::from(banner(text)),
            Form::Kind => Value::from(plain.rsplit(char::is_whitespace).next()?),
            Form::Interface => interface::whole_name(platform, &plain).into(),
            Form::Port => ports::number(&plain).into(),
            Form::Area => area(&plain).into(),
            Form::Bundle => interface::whole_name(platform, &format!("po{plain}")).into(),
            Form::Word | Form::Text | Form::Digits => Value::from(plain),
            Form::Name => return None,
        })
    }

    /// Claims that the words of a flag are written.
    fn is_yes(&self, map: &Map) -> bool {
        match (get(map, &self.path), &self.word) {
            (Some(Value::Bool(flag)), None) => *flag,
            (Some(value), Some(word)) => value.as_str() == Some(word),
            _ => false,
        }
    }

    /// Returns a value as the line shows it.
    fn shown(&self, value: &Value, quote: Option<char>) -> Option<String> {
        let text = match self.form {
            Form::Commas | Form::Ranges => joined(value, ","),
            Form::Words => joined(value, " "),
            Form::Banner => {
                let text = value.to_text();
                let free = ['@', '~', '%', '&', '+', '=', '|'].into_iter().find(|c| !text.contains(*c))?;
                format!("{free}\n{}\n{free}", text.trim_matches('\n'))
            }
            Form::Eof => format!("\n{}\nEOF", value.to_text().trim_matches('\n')),
            Form::Bundle => interface::number(&value.to_text())?,
            Form::Area => area(&value.to_text()),
            Form::Kind => format!("{} {}", interface::kind(&value.to_text())?, value.to_text()),
            Form::Mask | Form::Wildcard => with_mask(&value.to_text(), self.form == Form::Wildcard)?,
            Form::Name => {
                let is_said = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
                let (name, _) = value.as_map()?.iter().find(|(_, value)| is_said(value))?;
                name.to_string().replace('_', "-")
            }
            Form::Ipv4 => Some(value.to_text()).filter(|text| may_be_ipv4(text))?,
            Form::Ipv6 => Some(value.to_text()).filter(|text| may_be_ipv6(text))?,
            _ => value.to_text(),
        };
        Some(match quote {
            Some(quote) if self.form != Form::Kind && (self.form == Form::Text || needs_quotes(&text)) => {
                format!("{quote}{}{quote}", text.replace(quote, &format!("\\{quote}")).replace('\n', "\\n"))
            }
            _ => text,
        })
    }
}

/// Returns an area as devices show it: by four numbers.
fn area(text: &str) -> String {
    text.parse::<u32>().map_or_else(|_| text.to_owned(), |number| Ipv4Addr::from(number).to_string())
}

fn may_be_ipv4(text: &str) -> bool {
    !text.contains(':') && !text.ends_with("v6")
}

fn may_be_ipv6(text: &str) -> bool {
    text.contains(':') || !text.contains('.') && text != "dhcp"
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty() || text.contains([' ', '"', '\'', '#', ';', '{', '}'])
}

fn joined(value: &Value, between: &str) -> String {
    match value.as_list() {
        Some(items) => items.iter().map(Value::to_text).collect::<Vec<_>>().join(between),
        None => value.to_text(),
    }
}

/// Returns `10.0.0.1/24` with its mask. What has no length stays as it is: `10.0.0.1 255.255.255.0`.
fn with_mask(text: &str, wildcard: bool) -> Option<String> {
    let Some((address, length)) = text.split_once('/') else { return Some(text.to_owned()) };
    let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    Some(format!("{address} {}", Ipv4Addr::from(if wildcard { !mask } else { mask })))
}

fn unquoted(text: &str) -> String {
    let inside = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    match inside {
        Some(inside) => inside.replace("\\\"", "\"").replace("\\'", "'").replace("\\n", "\n"),
        None => text.trim_end().to_owned(),
    }
}

/// Returns what a banner says: without the delimiters around it, or without the line `EOF` behind it.
fn banner(text: &str) -> String {
    let text = text.trim();
    if let Some(body) = text.strip_suffix("EOF").filter(|body| body.is_empty() || body.ends_with('\n')) {
        return body.trim_matches('\n').to_owned();
    }
    let Some(first) = text.chars().next() else { return String::new() };
    let delimiter = if text.starts_with("^C") { "^C" } else { &text[..first.len_utf8()] };
    let body = &text[delimiter.len()..];
    body.split(delimiter).next().unwrap_or(body).trim_matches('\n').to_owned()
}

struct Reader<'a> {
    rest: &'a str,
    options: &'a Options,
    holes: Vec<Hole>,
}

impl Reader<'_> {
    /// Reads parts up to what ends those that they stand in: `]`, or `|` and `>`, which is left to the caller.
    fn parts(&mut self, inside: Option<char>) -> Result<Vec<Part>, String> {
        let mut parts = Vec::new();
        while let Some(next) = self.rest.chars().next() {
            match next {
                '[' => {
                    self.rest = &self.rest[1..];
                    parts.push(Part::Optional(self.parts(Some(']'))?));
                }
                '<' => parts.push(Part::OneOf(self.choices()?)),
                ']' if inside == Some(']') => {
                    self.rest = &self.rest[1..];
                    return Ok(parts);
                }
                '|' | '>' if inside == Some('>') => return Ok(parts),
                '{' => {
                    let (inside, rest) = self.rest[1..].split_once('}').ok_or("a `{` is not closed")?;
                    self.rest = rest;
                    parts.push(self.hole(inside)?);
                }
                _ => {
                    let ends: &[char] =
                        if inside == Some('>') { &['[', ']', '{', '<', '|', '>'] } else { &['[', ']', '{', '<'] };
                    let end = self.rest.find(ends).unwrap_or(self.rest.len()).max(next.len_utf8());
                    parts.push(Part::Text(self.rest[..end].to_owned()));
                    self.rest = &self.rest[end..];
                }
            }
        }
        inside.map_or(Ok(parts), |end| Err(format!("a `{end}` is missing")))
    }

    /// Reads `<a|b>`.
    fn choices(&mut self) -> Result<Vec<Vec<Part>>, String> {
        let mut all = Vec::new();
        loop {
            self.rest = &self.rest[1..];
            all.push(self.parts(Some('>'))?);
            if self.rest.starts_with('>') {
                self.rest = &self.rest[1..];
                return Ok(all);
            }
        }
    }

    fn hole(&mut self, inside: &str) -> Result<Part, String> {
        if inside == "_" {
            return Ok(Part::AnyWord);
        }
        if let Some(flag) = inside.strip_prefix('?') {
            let (path, words) = flag.split_once(':').ok_or("a `{?` has no words")?;
            let path = tree::path(path);
            let word = match self.kind(&path)? {
                Kind::Bool => None,
                _ => match self.options.at(&path).map(|option| option.choices.as_slice()) {
                    Some([word]) => Some(word.clone()),
                    _ => return Err(format!("`{{?{flag}}}` is neither a boolean nor one word")),
                },
            };
            self.holes.push(Hole { path, form: Form::Boolean, word });
            return Ok(Part::Flag(self.holes.len() - 1, words.to_owned()));
        }
        let (path, form) = inside.split_once(':').map_or((inside, None), |(path, form)| (path, Some(form)));
        let path = tree::path(path);
        let form = match form {
            Some("text") => Form::Text,
            Some("commas") => Form::Commas,
            Some("words") => Form::Words,
            Some("kind") => Form::Kind,
            Some("bundle") => Form::Bundle,
            Some("area") => Form::Area,
            Some("name") => Form::Name,
            Some("digits") => Form::Digits,
            Some("ipv4") => Form::Ipv4,
            Some("ipv6") => Form::Ipv6,
            Some("banner") => Form::Banner,
            Some("eof") => Form::Eof,
            Some("mask") => Form::Mask,
            Some("wildcard") => Form::Wildcard,
            Some(other) => return Err(format!("there is no form `{other}`")),
            None => match self.kind(&path)? {
                Kind::Int | Kind::Ints => Form::Number,
                Kind::Ranges => Form::Ranges,
                Kind::Interface => Form::Interface,
                Kind::Port => Form::Port,
                Kind::Bool => return Err(format!("`{inside}` is a boolean: write `{{?{inside}: words}}`")),
                Kind::Dict(_) | Kind::List(_) => return Err(format!("`{inside}` is no single value")),
                _ => Form::Word,
            },
        };
        self.kind(&path)?;
        self.holes.push(Hole { path, form, word: None });
        Ok(Part::Hole(self.holes.len() - 1))
    }

    fn kind(&self, path: &[String]) -> Result<&Kind, String> {
        self.options.at(path).map(|option| &option.kind).ok_or_else(|| format!("`{}` is no option", path.join(".")))
    }
}

fn write_expression(parts: &[Part], holes: &[Hole], quote: Option<char>, options: &Options, out: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => write_text(text, out),
            Part::AnyWord => out.push_str(r"\S+"),
            Part::Hole(number) => {
                out.push_str(&format!("(?P<h{number}>{})", holes[*number].expression(quote, options)));
            }
            Part::Flag(number, words) => {
                out.push_str(&format!("(?P<h{number}>"));
                write_text(words, out);
                // A line that is nothing but a flag is there or is not.
                out.push_str(if parts.len() == 1 { ")" } else { ")?" });
            }
            Part::OneOf(all) => {
                out.push_str("(?:");
                for (number, parts) in all.iter().enumerate() {
                    out.push_str(if number > 0 { "|" } else { "" });
                    write_expression(parts, holes, quote, options, out);
                }
                out.push(')');
            }
            Part::Optional(inside) => {
                out.push_str("(?:");
                write_expression(inside, holes, quote, options, out);
                out.push_str(")?");
            }
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    let mut blank = false;
    for c in text.chars() {
        match c {
            ' ' if blank => {}
            ' ' => out.push_str(r"\s+"),
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
        blank = c == ' ';
    }
}

impl Hole {
    fn expression(&self, quote: Option<char>, options: &Options) -> String {
        let choices = options.at(&self.path).map(|option| option.choices.as_slice());
        let quoted = if quote.is_some() { r#""(?:[^"\\]|\\.)*"|'[^']*'|"# } else { "" };
        match self.form {
            Form::Number if quote.is_some() => r#"["']?\d+["']?"#.into(),
            Form::Number | Form::Bundle => r"\d+".into(),
            Form::Kind => r"[a-z-]+\s+[\w.-]+".into(),
            Form::Ranges => r"[\d,\- ]*\d|[a-z]+".into(),
            Form::Mask | Form::Wildcard => r"\d+\.\d+\.\d+\.\d+\s+\d+\.\d+\.\d+\.\d+".into(),
            Form::Text | Form::Banner | Form::Eof => format!("{quoted}.+?"),
            Form::Words => r"\S+(?:\s+\S+)*?".into(),
            Form::Digits => r"\d\S*".into(),
            Form::Word if choices.is_some_and(|choices| !choices.is_empty()) => {
                let mut choices: Vec<String> =
                    choices.unwrap_or_default().iter().map(|choice| regex::escape(choice)).collect();
                // Longer words first: `full` would be found in `full-duplex`.
                choices.sort_by_key(|choice| std::cmp::Reverse(choice.len()));
                match quote {
                    None => choices.join("|"),
                    Some(_) => format!(r#"["']?(?:{})["']?"#, choices.join("|")),
                }
            }
            Form::Ipv4 if quote.is_none() => r"\d+\.\d+\.\d+\.\d+(?:/\d+)?".into(),
            Form::Ipv6 if quote.is_none() => r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:/\d+)?".into(),
            Form::Interface => r"[A-Za-z][\w./:-]*".into(),
            Form::Port => r"[\w-]+".into(),
            _ => format!(r"{quoted}[^\s]+"),
        }
    }
}
