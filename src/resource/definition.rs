//! A resource's definition, read from its YAML file.

use super::options::{Kind, Opt, Options, WrittenOption};
use super::pattern::{End, Pattern};
use super::tree::{self, Path};
use crate::platform::{self, ConfigStyle, ConfigText, Platform};
use crate::value::{Map, Value};
use indexmap::IndexMap;
use serde::Deserialize;

/// A resource of a platform.
#[derive(Debug)]
pub struct Definition {
    /// The platform.
    pub platform: &'static Platform,
    /// What it is about, in one sentence.
    pub summary: String,
    /// The commands that show what is there.
    pub show: Vec<String>,
    /// How a task says it.
    pub form: Form,
    /// What a task may say.
    pub options: Options,
    /// Where in an entry what `replaced` and `deleted` name is, when that is not the entry: lists, outermost first.
    pub named: Vec<String>,
    /// The words for `state: present`, the default first.
    pub present: Vec<String>,
    /// The words for `state: absent`.
    pub absent: Vec<String>,
    /// It knows the state `purged`.
    pub has_purged: bool,
    /// Questions that may come, and their answers.
    pub asks: Vec<(String, String)>,
    /// What stands in a text and is no part of its lines.
    pub(super) noise: Option<regex::Regex>,
    /// Rows of a table that commands show.
    pub(super) rows: Option<regex::Regex>,
    /// The lines that it stands for.
    pub(super) lines: Vec<Node>,
}

/// How a task says what it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `config` is a list of entries.
    List,
    /// `config` is a dictionary: there is one of it on a device.
    Dict,
    /// The options of an entry are arguments; `aggregate` holds several, and `state` is present or absent.
    Entries,
    /// The options are arguments; there is one of it on a device, and `state` is present or absent.
    Single,
}

/// A part of what a resource stands for.
#[derive(Debug)]
pub(super) enum Node {
    Line(Line),
    Choice(Choice),
    Section(Section),
}

/// A line, or one line for each item of a list.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) each: Option<Each>,
    pub(super) line: Pattern,
    /// Other lines that say the same; only read.
    pub(super) reads: Vec<Pattern>,
    /// What is undone where that is not the whole line.
    pub(super) undo: Option<Pattern>,
    /// What is sent to undo it, whole.
    pub(super) undo_whole: Option<Pattern>,
    /// A line that differs is undone before the new one is sent.
    pub(super) replace: bool,
    /// Devices do not show what it sets (a password): it is sent as the option `update_password` says.
    pub(super) write_only: bool,
    /// Values that it goes with; they are no part of the line. Null stands for one that is not there.
    pub(super) when: Vec<(Path, Value)>,
    /// A section has one such line: another one overwrites it.
    pub(super) single: bool,
    /// How numbers are added to those that are there, and taken away; `{}` stands for them.
    pub(super) add: Option<String>,
    pub(super) remove: Option<String>,
}

/// A line for each value of an option.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) path: Path,
    /// Values and lines; an empty line is none.
    pub(super) lines: Vec<(String, String)>,
    /// The value that holds where none of the lines is shown.
    pub(super) unset: Option<String>,
    /// The value that what is deleted gets; `unset` when not said.
    pub(super) deleted: Option<String>,
    /// What is undone, where that is not the whole line.
    pub(super) undo: Option<String>,
    /// Values with which nobody knows what holds where none of the lines is shown, or what they begin with.
    pub(super) unless: Vec<(Path, Value)>,
    /// It is left as it is where nobody says what it should be and the entry stays.
    pub(super) stays: bool,
    pub(super) is_bool: bool,
}

/// Lines with a line that leads to them, or one such section for each item of a list.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) each: Option<Each>,
    pub(super) header: Pattern,
    pub(super) lines: Vec<Node>,
    /// Other lines that lead to them; only read.
    pub(super) reads: Vec<Pattern>,
    /// Values that it goes with; they are no part of its line.
    pub(super) when: Vec<(Path, Value)>,
    /// What removes the section, whole.
    pub(super) undo: Option<Pattern>,
    /// What `overridden` and `deleted` do to a section that is not wanted.
    pub(super) overridden: Gone,
    pub(super) deleted: Gone,
    /// A section without lines means something: it is made.
    pub(super) creates: bool,
}

/// What happens to a section that is not wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Gone {
    /// It is removed.
    #[default]
    Removed,
    /// It stays, and what stands in it goes: an interface.
    Emptied,
}

/// Lists inside of each other, of which every innermost item has a line.
#[derive(Debug)]
pub(super) struct Each {
    pub(super) levels: Vec<Level>,
}

/// A list, and what tells its items apart.
#[derive(Debug)]
pub(super) struct Level {
    /// Where it is in an item of the list around.
    pub(super) path: Path,
    pub(super) key: Vec<String>,
    /// The options of its items.
    pub(super) names: Vec<String>,
    /// An item without its key is none.
    pub(super) needs_key: bool,
    /// The key is a number that an item may leave to the device.
    pub(super) numbered: bool,
    /// The items are plain values.
    pub(super) is_plain: bool,
}

impl Level {
    /// Returns what tells an item from the others of its list.
    pub(super) fn key_of(&self, item: &Map) -> String {
        tree::key_of(item, &self.key, self.numbered)
    }

    /// Makes a level of a list of options.
    pub(super) fn of(path: Path, options: &Options) -> Level {
        let names = options.all.iter().map(|option| option.name.clone()).collect();
        let is_required = |name: &String| options.find(name).is_some_and(|option| option.required);
        let needs_key = !options.key.is_empty() && options.key.iter().all(is_required);
        Level { path, key: options.key.clone(), names, needs_key, numbered: options.numbered, is_plain: false }
    }
}

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
    named: Vec<String>,
    #[serde(default = "present")]
    present: Vec<String>,
    #[serde(default = "absent")]
    absent: Vec<String>,
    #[serde(default)]
    purged: bool,
    #[serde(default)]
    asks: Vec<Ask>,
    rows: Option<String>,
    noise: Option<String>,
    quote: Option<char>,
    options: IndexMap<String, WrittenOption>,
    lines: Vec<WrittenNode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    question: String,
    answer: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNode {
    line: Option<String>,
    choice: Option<String>,
    section: Option<String>,
    each: Option<String>,
    #[serde(default)]
    reads: Vec<String>,
    undo: Option<String>,
    undo_whole: Option<String>,
    #[serde(default)]
    replace: bool,
    #[serde(default)]
    write_only: bool,
    #[serde(default)]
    when: IndexMap<String, serde_yaml::Value>,
    #[serde(default)]
    single: bool,
    #[serde(default)]
    unless: IndexMap<String, serde_yaml::Value>,
    add: Option<String>,
    remove: Option<String>,
    #[serde(default)]
    values: IndexMap<String, String>,
    unset: Option<String>,
    deleted: Option<String>,
    #[serde(default)]
    stays: bool,
    #[serde(default)]
    lines: Vec<WrittenNode>,
    #[serde(default)]
    on_overridden: Gone,
    #[serde(default)]
    on_deleted: Gone,
    #[serde(default)]
    creates: bool,
}

fn present() -> Vec<String> {
    vec!["present".into()]
}

fn absent() -> Vec<String> {
    vec!["absent".into()]
}

/// The name of the list of entries in the trees of [`Form::List`] and [`Form::Entries`].
pub(super) const ENTRIES: &str = "config";

impl Definition {
    /// Reads a definition.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(text: &str) -> Result<Definition, String> {
        let written: Written = serde_yaml::from_value(whole(text)?.into()).map_err(|error| error.to_string())?;
        let platform =
            platform::find(&written.platform).ok_or_else(|| format!("no platform `{}`", written.platform))?;
        let options = Options::read(written.options, written.key)?;
        let root = root(written.form, &options);
        let quote = written.quote.or((platform.text.style == ConfigStyle::Set).then_some('"'));
        let rows = written
            .rows
            .map(|rows| regex::Regex::new(&format!("(?m){rows}")).map_err(|error| format!("`rows`: {error}")));
        let noise = written.noise.map(|noise| regex::Regex::new(&noise).map_err(|error| format!("`noise`: {error}")));
        let reader = Reader { quote, style: platform.text.style };
        let lines = written.lines.into_iter().map(|node| reader.node(node, &root)).collect::<Result<_, _>>()?;
        Ok(Definition {
            platform,
            summary: written.summary,
            show: written.show,
            form: written.form,
            options,
            named: written.named,
            present: written.present,
            absent: written.absent,
            has_purged: written.purged,
            asks: written.asks.into_iter().map(|ask| (ask.question, ask.answer)).collect(),
            rows: rows.transpose()?,
            noise: noise.transpose()?,
            lines,
        })
    }

    /// Returns what the configuration's text looks like.
    pub(super) fn text(&self) -> &'static ConfigText {
        &self.platform.text
    }

    /// Claims that a device has many of it.
    pub fn has_entries(&self) -> bool {
        matches!(self.form, Form::List | Form::Entries)
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

impl Options {
    /// Returns the options of the whole tree of a definition.
    pub(super) fn of_entries(definition: &Definition) -> Options {
        root(definition.form, &definition.options)
    }
}

/// Returns the options of the whole tree: entries are a list in it.
fn root(form: Form, options: &Options) -> Options {
    match form {
        Form::Dict | Form::Single => options.clone(),
        Form::List | Form::Entries => Options {
            all: vec![Opt {
                name: ENTRIES.into(),
                kind: Kind::List(options.clone()),
                choices: Vec::new(),
                required: false,
                default: None,
                doc: String::new(),
            }],
            key: Vec::new(),
            numbered: false,
        },
    }
}

struct Reader {
    quote: Option<char>,
    style: ConfigStyle,
}

impl Reader {
    fn node(&self, node: WrittenNode, options: &Options) -> Result<Node, String> {
        match (&node.line, &node.choice, &node.section) {
            (Some(_), None, None) => Ok(Node::Line(self.line(node, options)?)),
            (None, Some(_), None) => Ok(Node::Choice(choice(node, options)?)),
            (None, None, Some(_)) => Ok(Node::Section(self.section(node, options)?)),
            _ => Err("a part needs one of `line`, `choice` and `section`".into()),
        }
    }

    fn line(&self, node: WrittenNode, options: &Options) -> Result<Line, String> {
        let (each, options) = each(node.each.as_deref(), options)?;
        let pattern = |text: &str| Pattern::read(text, &options, self.quote, End::Whole);
        Ok(Line {
            line: pattern(node.line.as_deref().unwrap_or_default())?,
            reads: node.reads.iter().map(|text| pattern(text)).collect::<Result<_, _>>()?,
            undo: node.undo.as_deref().map(pattern).transpose()?,
            undo_whole: node.undo_whole.as_deref().map(pattern).transpose()?,
            replace: node.replace,
            write_only: node.write_only,
            when: values(node.when),
            single: node.single,
            add: node.add,
            remove: node.remove,
            each,
        })
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
            lines: node.lines.into_iter().map(|node| self.node(node, &inside)).collect::<Result<_, _>>()?,
            when: values(node.when),
            overridden: node.on_overridden,
            deleted: node.on_deleted,
            creates: node.creates,
            each,
        })
    }
}

/// Returns the lists of a part, and the options that it may speak of: those of its items and of the items around them.
fn each(path: Option<&str>, options: &Options) -> Result<(Option<Each>, Options), String> {
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
                known.all.extend(inside.all.iter().cloned());
                at = inside;
            }
            Kind::Texts | Kind::Ints => {
                let path = std::mem::take(&mut path);
                levels.push(Level {
                    path,
                    key: Vec::new(),
                    names: vec![tree::ITEM.into()],
                    needs_key: false,
                    numbered: false,
                    is_plain: true,
                });
                let kind = if matches!(option.kind, Kind::Ints) { Kind::Int } else { Kind::Text };
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
        unless: values(node.unless),
        stays: node.stays,
        is_bool,
    })
}
