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
//! | `{path:numbers}` | a list of such words, with blanks between |
//! | `{path:name}` | the name of the first option that stands there: `tcp` of `{tcp: {ack: true}}`; only written |
//! | `{.}` | the item itself, of a list of plain values |
//! | `{_}` | a word that does not matter; only in what is read |
//! | `{?path: words}` | these words when the value is true, or the only word that it may be; nothing otherwise |
//! | `<a|b>` | one of these; the first whose values are all there is written |
//! | `[ … ]` | what may be missing; written when all values in it are there |
//! | `{path:flags}` | the names of the flags in a dictionary that are set, as words: `link-up link-down` |
//! | `{!path}` | nothing: the value is true where the line is there, and the line is there where it is true |
//!
//! `{?path:}` without words stands for a value that the line as a whole means: `allowas-in{?allowas_in.set:}[ {count}]`.
//! Blanks inside of `[ ]` and `{? }` belong to what may be missing.

use super::hole::{Form, Hole, joined};
use super::options::{Kind, Options};
use super::ranges;
use super::tree::{self, Path, get};
use crate::value::{Map, Value};
use regex::Regex;

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
        match (parts.split_last(), quote) {
            // The last word is a value, perhaps, and stands in quotes then.
            (Some((Part::Text(text), before)), Some(_)) if end == End::Whole => {
                write_expression(before, &holes, quote, options, &mut expression);
                let last = text.trim_end().rsplit(' ').next().unwrap_or_default();
                write_text(&text[..text.trim_end().len() - last.len()], &mut expression);
                expression.push_str(&format!(r#"["']?{}["']?"#, regex::escape(last)));
            }
            _ => write_expression(&parts, &holes, quote, options, &mut expression),
        }
        expression.push_str(if end == End::Prefix { r"(?:\s+(?P<rest>.*))?$" } else { r"\s*$" });
        let regex = Regex::new(&expression).map_err(|error| format!("pattern `{text}`: {error}"))?;
        Ok(Pattern { parts, regex, holes, quote })
    }

    /// Returns the values that a line has, and what follows it; `None` when it is another line.
    pub(super) fn matches<'a>(&self, platform: &str, line: &'a str) -> Option<(Vec<(Path, Value)>, &'a str)> {
        let found = self.regex.captures(line)?;
        let mut values = Vec::new();
        let (mut as_a_whole, mut meant) = (Vec::new(), Vec::new());
        for (number, hole) in self.holes.iter().enumerate() {
            let Some(text) = found.name(&format!("h{number}")) else { continue };
            let value = (hole.path.clone(), hole.value(platform, text.as_str())?);
            match hole.form {
                Form::Meant => meant.push(value),
                Form::Boolean if text.is_empty() => as_a_whole.push(value),
                _ => values.push(value),
            }
        }
        // What the line as a whole means is not told beside what more it says.
        if values.len() == self.parts.iter().filter(|part| matches!(part, Part::Hole(_))).count() {
            values.extend(as_a_whole);
        }
        values.extend(meant);
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

    /// Claims that it is the same line whatever the values are.
    pub(super) fn is_plain(&self) -> bool {
        self.holes.is_empty()
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
        if let Some(path) = inside.strip_prefix('!') {
            let path = tree::path(path);
            if !matches!(self.kind(&path)?, Kind::Bool) {
                return Err(format!("`{{{inside}}}` is no boolean"));
            }
            self.holes.push(Hole { path, form: Form::Meant, word: None, flags: Vec::new() });
            return Ok(Part::Flag(self.holes.len() - 1, String::new()));
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
            self.holes.push(Hole { path, form: Form::Boolean, word, flags: Vec::new() });
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
            Some("flags") => Form::Flags,
            Some("numbers") => Form::Numbers,
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
        let flags = match (form, self.kind(&path)?) {
            (Form::Flags, Kind::Dict(inside)) => inside.flags.clone(),
            (Form::Flags, _) => return Err(format!("`{inside}` is no dictionary")),
            _ => Vec::new(),
        };
        self.holes.push(Hole { path, form, word: None, flags });
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
