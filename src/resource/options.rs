//! What a task may say of a resource: a tree of options.
//!
//! In a definition an option is one line, `TYPE What it means.`, where the type may go on with the values that are
//! allowed, `!` for one that must be given, and a default: `text(full|half)=full How it talks.` An option with others inside is
//! a map with `doc` and `dict` or `list`. The items of a list are told apart by `key`, or by the options that must be given.

use super::{interface, ports, ranges, tree};
use crate::value::{Map, Value};
use indexmap::IndexMap;
use serde::Deserialize;

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
    /// Options of which only one may be given.
    pub exclusive: Vec<Vec<String>>,
    /// Of the items of a list no two may be without this option: an interface has one address that is not secondary.
    pub one_without: Option<String>,
    /// An item may be a list: its values stand for the options in their order.
    pub positional: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum WrittenOption {
    Short(String),
    Long(Box<WrittenInside>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenInside {
    doc: String,
    #[serde(default)]
    dict: IndexMap<String, WrittenOption>,
    #[serde(default)]
    list: IndexMap<String, WrittenOption>,
    #[serde(default)]
    key: Vec<String>,
    #[serde(default)]
    numbered: bool,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    exclusive: Vec<Vec<String>>,
    one_without: Option<String>,
    #[serde(default)]
    positional: bool,
}

impl Options {
    pub(super) fn read(written: IndexMap<String, WrittenOption>, key: Vec<String>) -> Result<Options, String> {
        let all: Vec<Opt> =
            written.into_iter().map(|(name, option)| Opt::read(name, option)).collect::<Result<_, _>>()?;
        let required = || all.iter().filter(|option| option.required).map(|option| option.name.clone()).collect();
        let key = if key.is_empty() { required() } else { key };
        Ok(Options { all, key, ..Options::default() })
    }

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

    /// Returns the values as what the options are; `with_defaults` fills in what is not given.
    ///
    /// # Errors
    /// Says which option is wrong, as a fragment: "`config[0].mtu` must be …".
    pub fn coerce(&self, platform: &str, at: &str, given: &Map, with_defaults: bool) -> Result<Map, String> {
        let path = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        let mut out = Map::new();
        for (key, value) in given.iter().filter(|(_, value)| !matches!(value, Value::Null | Value::Omit)) {
            let name = key.to_string();
            let option = self.find(&name).ok_or_else(|| self.unknown(&path(&name), &name))?;
            out.insert(name.as_str(), option.coerce(platform, &path(&name), value, with_defaults)?);
        }
        self.check_exclusive(&out, &path)?;
        for option in self.all.iter().filter(|option| !out.contains(&option.name)).collect::<Vec<_>>() {
            if option.required {
                return Err(format!("`{}` is missing", path(&option.name)));
            }
            if let (Some(default), true) = (&option.default, with_defaults || self.key.contains(&option.name)) {
                out.insert(
                    option.name.as_str(),
                    option.scalar(platform, &path(&option.name), &default.as_str().into())?,
                );
            }
        }
        Ok(out)
    }

    /// Returns values as those of the options, in their order.
    fn in_order(&self, at: &str, values: &[Value]) -> Result<Map, String> {
        if values.len() > self.all.len() {
            let names: Vec<&str> = self.all.iter().map(|option| option.name.as_str()).collect();
            return Err(format!("`{at}` has more values than {}", names.join(", ")));
        }
        Ok(self.all.iter().zip(values).map(|(option, value)| (option.name.as_str(), value.clone())).collect())
    }

    fn check_exclusive(&self, given: &Map, path: &impl Fn(&str) -> String) -> Result<(), String> {
        let is_given = |name: &&String| match given.get(name) {
            None | Some(Value::Bool(false)) => false,
            Some(value) => value.as_map().is_none_or(|map| !map.is_empty()),
        };
        for names in &self.exclusive {
            let mut there = names.iter().filter(is_given);
            if let (Some(first), Some(second)) = (there.next(), there.next()) {
                return Err(format!("`{}` and `{}` exclude each other", path(first), path(second)));
            }
        }
        Ok(())
    }

    /// Says which item is one too many.
    fn check_alone(&self, at: &str, items: &[Value]) -> Result<(), String> {
        let Some(name) = &self.one_without else { return Ok(()) };
        let is_without = |item: &Value| {
            let map = item.as_map();
            map.is_some_and(|map| {
                let has_name = self.key.iter().all(|key| map.contains(key));
                has_name && matches!(map.get(name), None | Some(Value::Bool(false)))
            })
        };
        let mut without = items.iter().enumerate().filter(|(_, item)| is_without(item));
        match (without.next(), without.next()) {
            (Some(_), Some((number, _))) => Err(format!("`{at}[{number}]` needs `{name}`: only one may be without")),
            _ => Ok(()),
        }
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

impl Opt {
    fn read(name: String, written: WrittenOption) -> Result<Opt, String> {
        match written {
            WrittenOption::Short(text) => Opt::short(name, &text),
            WrittenOption::Long(inside) => {
                let WrittenInside { doc, dict, list, key, numbered, required, exclusive, one_without, positional } =
                    *inside;
                let kind = match (dict.is_empty(), list.is_empty()) {
                    (false, true) => Kind::Dict(Options { exclusive, ..Options::read(dict, key)? }),
                    (true, false) => Kind::List(Options {
                        numbered,
                        exclusive,
                        one_without,
                        positional,
                        ..Options::read(list, key)?
                    }),
                    _ => return Err(format!("option `{name}` needs one of `dict` and `list`")),
                };
                Ok(Opt { name, kind, choices: Vec::new(), required, default: None, doc })
            }
        }
    }

    fn short(name: String, text: &str) -> Result<Opt, String> {
        let (kind, doc) = text.split_once(' ').ok_or_else(|| format!("option `{name}` says not what it means"))?;
        let (kind, default) = match kind.split_once('=') {
            Some((kind, default)) => (kind, Some(default.to_owned())),
            None => (kind, None),
        };
        let required = kind.ends_with('!');
        let kind = kind.trim_end_matches('!');
        let (word, choices) = match kind.split_once('(') {
            Some((word, choices)) => (word, choices.trim_end_matches(')').split('|').map(str::to_owned).collect()),
            None => (kind, Vec::new()),
        };
        let kind = match word {
            "text" => Kind::Text,
            "secret" => Kind::Secret,
            "block" => Kind::Block,
            "int" => Kind::Int,
            "bool" => Kind::Bool,
            "interface" => Kind::Interface,
            "port" => Kind::Port,
            "ranges" => Kind::Ranges,
            "texts" => Kind::Texts,
            "ints" => Kind::Ints,
            other => return Err(format!("option `{name}`: there is no type `{other}`")),
        };
        Ok(Opt { name, kind, choices, required, default, doc: doc.to_owned() })
    }

    fn coerce(&self, platform: &str, at: &str, value: &Value, with_defaults: bool) -> Result<Value, String> {
        match (&self.kind, value) {
            (Kind::Dict(inside), Value::Map(map)) => Ok(inside.coerce(platform, at, map, with_defaults)?.into()),
            (Kind::Dict(_), other) => Err(format!("`{at}` must be a dictionary, not {}", shown(other))),
            (Kind::List(inside), Value::List(items)) => {
                let item = |(number, item): (usize, &Value)| match item {
                    Value::Map(map) => {
                        Ok(Value::from(inside.coerce(platform, &format!("{at}[{number}]"), map, with_defaults)?))
                    }
                    Value::List(values) if inside.positional => {
                        let map = inside.in_order(&format!("{at}[{number}]"), values)?;
                        Ok(Value::from(inside.coerce(platform, &format!("{at}[{number}]"), &map, with_defaults)?))
                    }
                    other => Err(format!("`{at}[{number}]` must be a dictionary, not {}", shown(other))),
                };
                let items = items.iter().enumerate().map(item).collect::<Result<Vec<_>, _>>()?;
                inside.check_alone(at, &items)?;
                Ok(Value::list(items))
            }
            (Kind::List(_), other) => Err(format!("`{at}` must be a list, not {}", shown(other))),
            (Kind::Texts | Kind::Ints | Kind::Ranges, value) => self.several(platform, at, value),
            _ => self.scalar(platform, at, value),
        }
    }

    /// Returns a list of plain values; text is split at commas, as Ansible does.
    fn several(&self, platform: &str, at: &str, value: &Value) -> Result<Value, String> {
        let given: Vec<Value> = match value {
            Value::List(items) => items.to_vec(),
            Value::Str(text) => text.split(',').map(|part| Value::from(part.trim())).collect(),
            other => vec![other.clone()],
        };
        let items = given.iter().map(|item| self.scalar(platform, at, item)).collect::<Result<Vec<_>, _>>()?;
        if matches!(self.kind, Kind::Ranges) {
            let text = items.iter().map(Value::to_text).collect::<Vec<_>>().join(",");
            // Words (`all`, `none`) stay what they are.
            return Ok(match ranges::read(&text) {
                Some(numbers) => Value::list(ranges::parts(&numbers)),
                None => Value::list(items),
            });
        }
        Ok(Value::list(items))
    }

    fn scalar(&self, platform: &str, at: &str, value: &Value) -> Result<Value, String> {
        let no = |what: &str| Err(format!("`{at}` must be {what}, not {}", shown(value)));
        let out = match (&self.kind, value) {
            (_, Value::List(_) | Value::Map(_)) => return no("a single value"),
            (Kind::Int | Kind::Ints, value) => match value {
                Value::Int(_) => value.clone(),
                other => match other.to_text().trim().parse::<i128>() {
                    Ok(number) => Value::Int(number),
                    Err(_) => return no("a whole number"),
                },
            },
            (Kind::Bool, Value::Bool(_)) => value.clone(),
            (Kind::Bool, other) => match other.to_text().to_lowercase().as_str() {
                "yes" | "on" | "1" | "true" | "t" | "y" => Value::Bool(true),
                "no" | "off" | "0" | "false" | "f" | "n" => Value::Bool(false),
                _ => return no("a boolean"),
            },
            (Kind::Interface, other) => Value::from(interface::whole_name(platform, &other.to_text())),
            (Kind::Port, other) => Value::from(ports::number(&other.to_text())),
            (_, other) => Value::from(other.to_text()),
        };
        let text = out.to_text();
        // What is typed is a line: a control character in it would be a command of its own.
        let may_break = matches!(self.kind, Kind::Block);
        if text.contains(|c: char| c.is_control() && !(may_break && c == '\n')) {
            return no("one line of text without control characters");
        }
        if !self.choices.is_empty() && !self.choices.contains(&text) {
            return Err(format!("`{at}` must be one of {}, not {}", self.choices.join(", "), shown(value)));
        }
        Ok(out)
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) if text.chars().count() <= 40 => format!("`{text}`"),
        Value::List(_) | Value::Map(_) | Value::Str(_) => format!("a {}", value.kind()),
        other => format!("`{}`", other.to_text()),
    }
}
