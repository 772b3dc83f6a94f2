//! What a task may say of a resource: a tree of options.

use super::tree;
use crate::value::{Map, Value};

/// What an option is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Text.
    Text,
    /// Text that is masked wherever it appears.
    Secret,
    /// Text of several lines.
    Block,
    /// A whole number.
    Int,
    /// A boolean.
    Bool,
    /// The name of an interface; short forms become whole ones.
    Interface,
    /// A port of TCP or UDP, by number or name; it becomes the number.
    Port,
    /// Numbers and ranges: `10,20-30`, or a list of them.
    Ranges,
    /// A list of text.
    Texts,
    /// A list of whole numbers.
    Ints,
    /// A list of names of interfaces.
    Interfaces,
    /// Options inside.
    Dict(Options),
    /// A list of options.
    List(Options),
}

/// An option.
#[derive(Clone, Debug)]
pub struct Opt {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The only values it may have; empty when any.
    pub choices: Vec<String>,
    /// Whether it must be given.
    pub required: bool,
    /// The value when it is not given.
    pub default: Option<String>,
    /// What it means.
    pub doc: String,
}

/// Options that stand beside each other.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// In the order of the definition.
    pub all: Vec<Opt>,
    /// The options that tell one item of a list from another.
    pub key: Vec<String>,
    /// The key is a number that an item may leave to the device: what is there already keeps its own.
    pub numbered: bool,
    /// The number is where an item is put: it moves those behind it, and is no part of what the item says.
    pub places: bool,
    /// Options of which only one may be given.
    pub exclusive: Vec<Vec<String>>,
    /// Of the items of a list no two may be without this option: an interface has one address that is not secondary.
    pub one_without: Option<String>,
    /// Those that are words of one line, each with its word.
    pub flags: Vec<(String, String)>,
    /// An item may be a list: its values stand for the options in their order.
    pub positional: bool,
}

impl Options {
    /// Returns the option of that name.
    pub fn find(&self, name: &str) -> Option<&Opt> {
        self.all.iter().find(|option| option.name == name)
    }

    /// Returns what tells an item from the others of its list.
    pub(super) fn key_of(&self, item: &Map) -> String {
        tree::key_of(item, &self.key, self.numbered)
    }

    /// Returns the option at a path.
    pub(super) fn at(&self, path: &[String]) -> Option<&Opt> {
        let (last, outer) = path.split_last()?;
        let mut options = self;
        for name in outer {
            match &options.find(name)?.kind {
                Kind::Dict(inside) => options = inside,
                _ => return None,
            }
        }
        options.find(last)
    }

    /// Says what is wrong with a name, and what may have been meant.
    pub(super) fn unknown(&self, path: &str, name: &str) -> String {
        let known: Vec<&str> = self.all.iter().map(|option| option.name.as_str()).collect();
        let nearest = crate::source::nearest(name, known.iter().copied());
        match nearest {
            Some(nearest) => format!("`{path}` is no option; did you mean `{nearest}`?"),
            None => format!("`{path}` is no option; there are {}", known.join(", ")),
        }
    }

    /// Adds the values of secret options.
    pub fn secrets<'a>(&self, given: &'a Map, found: &mut Vec<&'a str>) {
        for (option, value) in self.all.iter().filter_map(|option| Some((option, given.get(&option.name)?))) {
            match &option.kind {
                Kind::Secret => found.extend(value.as_str()),
                Kind::Dict(inside) => {
                    if let Some(map) = value.as_map() {
                        inside.secrets(map, found);
                    }
                }
                Kind::List(inside) => value
                    .as_list()
                    .unwrap_or_default()
                    .iter()
                    .filter_map(Value::as_map)
                    .for_each(|map| inside.secrets(map, found)),
                _ => {}
            }
        }
    }
}
