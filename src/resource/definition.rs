//! A resource's definition. `written.rs` reads it from its YAML file.

use super::condition::Condition;
use super::options::{Kind, Opt, Options};
use super::pattern::Pattern;
use super::tree::{self, Path};
use crate::platform::{ConfigText, Platform};
use crate::value::{Map, Value};
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
    /// Another such list beside the first: where one of them is named, what the other has is left alone.
    pub named_beside: Vec<String>,
    /// The words for `state: present`, the default first.
    pub present: Vec<String>,
    /// The words for `state: absent`.
    pub absent: Vec<String>,
    /// With `state: absent` only what a task gives goes, when it gives something.
    pub absent_of_given: bool,
    /// It knows the state `purged`.
    pub has_purged: bool,
    /// Options that the collection's module documents and that are not there, or what they are inside of.
    pub refused: Vec<Refused>,
    /// Questions that may come, and their answers.
    pub asks: Vec<(String, String)>,
    /// What stands in a text and is no part of its lines.
    pub(super) noise: Option<regex::Regex>,
    /// Rows of a table that commands show.
    pub(super) rows: Option<regex::Regex>,
    /// The lines that it stands for.
    pub(super) lines: Vec<Node>,
}

/// An option that the collection's module documents and that is not there, or what it is inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its path: `traps.ospfv3.rate_limit`.
    pub path: &'static str,
    /// Why it is not there, as a fragment.
    pub why: &'static str,
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
    Line(Box<Line>),
    Choice(Choice),
    Section(Section),
}

impl Node {
    /// Returns the lines that lead to it, outermost first.
    pub(super) fn through(&self) -> &[Pattern] {
        match self {
            Node::Line(line) => &line.through,
            Node::Section(section) => &section.through,
            Node::Choice(_) => &[],
        }
    }
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
    /// Values that it goes with; they are no part of the line.
    pub(super) when: Condition,
    /// Values beside the list of its items that it goes with.
    pub(super) around: Condition,
    /// Booleans beside the list of its items that are true where it is there.
    pub(super) marks: Vec<Path>,
    /// The lines that lead to it, outermost first, where its item says them.
    pub(super) through: Vec<Pattern>,
    /// A section has one such line: another one overwrites it.
    pub(super) single: bool,
    /// The lines of an item come one after the other, and items in their order.
    pub(super) in_turn: bool,
    /// A device takes it away with the other line of its item.
    pub(super) falls: bool,
    /// It is left as it is where nobody says what it should be: other resources live on it.
    pub(super) stays: bool,
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
    /// What is sent to undo it, whole.
    pub(super) undo_whole: Option<String>,
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
    pub(super) when: Condition,
    /// The lines that lead to its own, outermost first, where its item says them.
    pub(super) through: Vec<Pattern>,
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
    /// The number is where an item is put.
    pub(super) places: bool,
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
        Level {
            path,
            key: options.key.clone(),
            names,
            needs_key,
            numbered: options.numbered,
            places: options.places,
            is_plain: false,
        }
    }
}

/// The name of the list of entries in the trees of [`Form::List`] and [`Form::Entries`].
pub(super) const ENTRIES: &str = "config";

impl Definition {
    /// Returns what the configuration's text looks like.
    pub(super) fn text(&self) -> &'static ConfigText {
        &self.platform.text
    }

    /// Claims that a device has many of it.
    pub fn has_entries(&self) -> bool {
        matches!(self.form, Form::List | Form::Entries)
    }
}

impl Options {
    /// Returns the options of the whole tree of a definition.
    pub(super) fn of_entries(definition: &Definition) -> Options {
        root(definition.form, &definition.options)
    }
}

/// Returns the options of the whole tree: entries are a list in it.
pub(super) fn root(form: Form, options: &Options) -> Options {
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
            ..Options::default()
        },
    }
}
