//! A definition's YAML file, and the definition that is made of it.

use super::condition::Condition;
use super::definition::{Choice, Definition, Each, Form, Level, Line, Node, Section, root};
use super::options::{Kind, Opt, Options};
use super::pattern::{End, Pattern};
use super::short_nodes::{WrittenNode, expanded};
use super::tree::{self, Path};
use super::written_options::WrittenOption;
use crate::platform::{self, ConfigStyle};
use crate::value::{Map, Value};
use indexmap::IndexMap;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    platform: String,
    summary: String,
    show: Vec<String>,
    form: Form,
    #[serde(default)]
    key: Vec<String>,
    #[serde(default)]
    exclusive: Vec<Vec<String>>,
    #[serde(default)]
    named: Vec<String>,
    #[serde(default)]
    named_beside: Vec<String>,
    #[serde(default = "present")]
    present: Vec<String>,
    #[serde(default = "absent")]
    absent: Vec<String>,
    #[serde(default)]
    absent_of_given: bool,
    #[serde(default)]
    purged: bool,
    #[serde(default)]
    asks: Vec<Ask>,
    rows: Option<String>,
    noise: Option<String>,
    quote: Option<char>,
    /// Texts that patterns name by `{=name}`.
    #[serde(default)]
    parts: Vec<Part>,
    options: IndexMap<String, WrittenOption>,
    lines: Vec<WrittenNode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    name: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    question: String,
    answer: String,
}

fn present() -> Vec<String> {
    vec!["present".into()]
}

fn absent() -> Vec<String> {
    vec!["absent".into()]
}

impl Definition {
    /// Reads a definition.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(text: &str) -> Result<Definition, String> {
        let written: Written = serde_yaml::from_value(whole(text)?.into()).map_err(|error| error.to_string())?;
        let platform =
            platform::find(&written.platform).ok_or_else(|| format!("no platform `{}`", written.platform))?;
        let options = Options { exclusive: written.exclusive, ..Options::read(written.options, written.key)? };
        let root = root(written.form, &options);
        let quote = written.quote.or((platform.text.style == ConfigStyle::Set).then_some('"'));
        let rows = written
            .rows
            .map(|rows| regex::Regex::new(&format!("(?m){rows}")).map_err(|error| format!("`rows`: {error}")));
        let noise = written.noise.map(|noise| regex::Regex::new(&noise).map_err(|error| format!("`noise`: {error}")));
        let reader = Reader { quote, style: platform.text.style, parts: whole_parts(written.parts) };
        let lines = reader.nodes(written.lines, &root)?;
        Ok(Definition {
            platform,
            summary: written.summary,
            show: written.show,
            form: written.form,
            options,
            named: written.named,
            named_beside: written.named_beside,
            present: written.present,
            absent: written.absent,
            absent_of_given: written.absent_of_given,
            has_purged: written.purged,
            refused: Vec::new(),
            asks: written.asks.into_iter().map(|ask| (ask.question, ask.answer)).collect(),
            rows: rows.transpose()?,
            noise: noise.transpose()?,
            lines,
        })
    }
}

/// Returns a definition's keys with those of the one that it is `like`, which hold where it says nothing of its own.
fn whole(text: &str) -> Result<serde_yaml::Mapping, String> {
    let mut own: serde_yaml::Mapping = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let Some(like) = own.remove("like") else { return Ok(own) };
    let like = like.as_str().ok_or("`like` is the name of a definition")?;
    let row = super::table::find(like).ok_or_else(|| format!("`like: {like}`: there is no such definition"))?;
    let mut all: serde_yaml::Mapping = serde_yaml::from_str(&row.text()).map_err(|error| error.to_string())?;
    if all.contains_key("like") {
        return Err(format!("`like: {like}`: that one is like another itself"));
    }
    all.extend(own);
    Ok(all)
}

/// Returns parts with those that stand before them put in.
fn whole_parts(parts: Vec<Part>) -> Vec<Part> {
    parts.into_iter().fold(Vec::new(), |mut whole, part| {
        let text = with_parts(&part.text, &whole);
        whole.push(Part { text, ..part });
        whole
    })
}

fn with_parts(text: &str, parts: &[Part]) -> String {
    parts.iter().fold(text.to_owned(), |text, part| text.replace(&format!("{{={}}}", part.name), &part.text))
}

struct Reader {
    quote: Option<char>,
    style: ConfigStyle,
    parts: Vec<Part>,
}

impl Reader {
    fn nodes(&self, written: Vec<WrittenNode>, options: &Options) -> Result<Vec<Node>, String> {
        let nodes = expanded(written, options, self.style)?;
        nodes.into_iter().map(|node| self.node(node, options)).collect()
    }

    fn node(&self, node: WrittenNode, options: &Options) -> Result<Node, String> {
        match (&node.line, &node.choice, &node.section) {
            (Some(_), None, None) => Ok(Node::Line(Box::new(self.line(node, options)?))),
            (None, Some(_), None) => Ok(Node::Choice(choice(node, options)?)),
            (None, None, Some(_)) => Ok(Node::Section(self.section(node, options)?)),
            _ => Err("a part needs one of `line`, `choice` and `section`".into()),
        }
    }

    fn line(&self, node: WrittenNode, options: &Options) -> Result<Line, String> {
        let (each, options) = each(node.each.as_deref(), options)?;
        let pattern = |text: &str| Pattern::read(&with_parts(text, &self.parts), &options, self.quote, End::Whole);
        Ok(Line {
            line: pattern(node.line.as_deref().unwrap_or_default())?,
            reads: node.reads.iter().map(|text| pattern(text)).collect::<Result<_, _>>()?,
            undo: node.undo.as_deref().map(pattern).transpose()?,
            undo_whole: node.undo_whole.as_deref().map(pattern).transpose()?,
            replace: node.replace,
            write_only: node.write_only,
            when: Condition { when: values(node.when), except: values(node.except), none: values(node.none) },
            around: Condition { when: values(node.around), ..Condition::default() },
            marks: node.marks.iter().map(|path| tree::path(path)).collect(),
            through: self.through(&node.through, &options)?,
            single: node.single,
            stays: node.stays,
            in_turn: node.in_turn,
            falls: node.falls,
            add: node.add,
            remove: node.remove,
            each,
        })
    }

    /// Reads the lines that lead to a part. Where every line is a whole command they are part of it.
    fn through(&self, lines: &[String], options: &Options) -> Result<Vec<Pattern>, String> {
        if self.style == ConfigStyle::Set && !lines.is_empty() {
            return Err("`through` is for platforms with sections".into());
        }
        lines.iter().map(|text| Pattern::read(text, options, self.quote, End::Whole)).collect()
    }

    fn section(&self, node: WrittenNode, options: &Options) -> Result<Section, String> {
        let (each, inside) = each(node.each.as_deref(), options)?;
        let end = if self.style == ConfigStyle::Set { End::Prefix } else { End::Whole };
        let text = node.section.unwrap_or_default();
        Ok(Section {
            header: Pattern::read(&text, &inside, self.quote, end)?,
            reads: node
                .reads
                .iter()
                .map(|text| Pattern::read(text, &inside, self.quote, end))
                .collect::<Result<_, _>>()?,
            undo: node.undo.map(|text| Pattern::read(&text, &inside, self.quote, End::Whole)).transpose()?,
            lines: self.nodes(node.lines, &inside)?,
            when: Condition { when: values(node.when), except: values(node.except), none: values(node.none) },
            through: self.through(&node.through, &inside)?,
            overridden: node.on_overridden,
            deleted: node.on_deleted,
            creates: node.creates,
            each,
        })
    }
}

/// Returns the lists of a part, and the options that it may speak of: those of its items and of the items around them.
pub(super) fn each(path: Option<&str>, options: &Options) -> Result<(Option<Each>, Options), String> {
    let Some(text) = path else { return Ok((None, options.clone())) };
    let mut levels = Vec::new();
    let mut known = Options::default();
    let mut at = options;
    let mut path = Path::new();
    for name in tree::path(text) {
        path.push(name);
        let option = at.at(&path).ok_or_else(|| format!("`each: {text}` is no option"))?;
        match &option.kind {
            Kind::Dict(_) => {}
            Kind::List(inside) => {
                levels.push(Level::of(std::mem::take(&mut path), inside));
                // What has the same name further inside is what is meant.
                known.all.retain(|option| inside.find(&option.name).is_none());
                known.all.extend(inside.all.iter().cloned());
                at = inside;
            }
            Kind::Texts | Kind::Ints | Kind::Interfaces => {
                let path = std::mem::take(&mut path);
                levels.push(Level {
                    path,
                    key: Vec::new(),
                    names: vec![tree::ITEM.into()],
                    needs_key: false,
                    numbered: false,
                    places: false,
                    is_plain: true,
                });
                let kind = match option.kind {
                    Kind::Ints => Kind::Int,
                    Kind::Interfaces => Kind::Interface,
                    _ => Kind::Text,
                };
                known.all.push(Opt { name: tree::ITEM.into(), kind, ..option.clone() });
            }
            _ => return Err(format!("`each: {text}` is no list")),
        }
    }
    if !path.is_empty() || levels.is_empty() {
        return Err(format!("`each: {text}` is no list"));
    }
    Ok((Some(Each { levels }), known))
}

/// Returns paths with the values that are to stand there.
fn values(written: IndexMap<String, serde_yaml::Value>) -> Vec<(Path, Value)> {
    let value = |value: serde_yaml::Value| match value {
        serde_yaml::Value::Bool(flag) => Value::Bool(flag),
        serde_yaml::Value::String(text) => Value::from(text),
        serde_yaml::Value::Mapping(map) if map.is_empty() => Map::new().into(),
        serde_yaml::Value::Number(number) => number.as_i64().map_or(Value::Null, |number| Value::Int(number.into())),
        _ => Value::Null,
    };
    written.into_iter().map(|(path, written)| (tree::path(&path), value(written))).collect()
}

fn choice(node: WrittenNode, options: &Options) -> Result<Choice, String> {
    let text = node.choice.unwrap_or_default();
    let path = tree::path(&text);
    let option = options.at(&path).ok_or_else(|| format!("`choice: {text}` is no option"))?;
    let lines: Vec<(String, String)> = node.values.into_iter().collect();
    for value in [&node.unset, &node.deleted].into_iter().flatten() {
        if !lines.iter().any(|(known, _)| known == value) {
            return Err(format!("`choice: {text}` has no line for `{value}`"));
        }
    }
    let is_bool = matches!(option.kind, Kind::Bool);
    Ok(Choice {
        path,
        lines,
        unset: node.unset,
        deleted: node.deleted,
        undo: node.undo,
        undo_whole: node.undo_whole,
        unless: values(node.unless),
        stays: node.stays,
        is_bool,
    })
}
