//! The options of a definition's YAML file.
//!
//! An option is one line, `TYPE What it means.`, where the type may go on with the values that are allowed, `!` for one that
//! must be given, and a default: `text(full|half)=full How it talks.` An option with others inside is a map with `doc` and
//! `dict` or `list`. The items of a list are told apart by `key`, or by the options that must be given.
//!
//! `flags(enable|link_up) What it means.` is short for a dictionary of booleans that are words of one line, here `link-up`;
//! `fan_enable:fan` among them is one whose word is another.

use super::options::{Kind, Opt, Options};
use indexmap::IndexMap;
use serde::Deserialize;

/// The flag that stands for a line as a whole, whatever more it says.
pub(super) const WHOLE: &str = "enable";

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
    places: bool,
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
}

impl Opt {
    fn read(name: String, written: WrittenOption) -> Result<Opt, String> {
        match written {
            WrittenOption::Short(text) => Opt::short(name, &text),
            WrittenOption::Long(inside) => {
                let WrittenInside {
                    doc,
                    dict,
                    list,
                    key,
                    numbered,
                    places,
                    required,
                    exclusive,
                    one_without,
                    positional,
                } = *inside;
                let kind = match (dict.is_empty(), list.is_empty()) {
                    (false, true) => Kind::Dict(Options { exclusive, ..Options::read(dict, key)? }),
                    (true, false) => Kind::List(Options {
                        numbered: numbered || places,
                        places,
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
        // A choice may be several words: `text(shutdown|no shutdown)=shutdown …`.
        let choices = text.find('(').filter(|at| !text[..*at].contains(' ')).and_then(|_| text.find(')'));
        let end = choices.unwrap_or_default();
        let blank = text[end..].find(' ').map(|blank| end + blank);
        let blank = blank.ok_or_else(|| format!("option `{name}` says not what it means"))?;
        let (kind, doc) = (&text[..blank], &text[blank + 1..]);
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
            "interfaces" => Kind::Interfaces,
            "flags" => return Ok(Opt::of_flags(name, &choices, doc)),
            other => return Err(format!("option `{name}`: there is no type `{other}`")),
        };
        Ok(Opt { name, kind, choices, required, default, doc: doc.to_owned() })
    }

    /// Makes a dictionary of booleans.
    fn of_flags(name: String, flags: &[String], doc: &str) -> Opt {
        let mut inside = Options::default();
        for flag in flags {
            let (name, word) = match flag.split_once(':') {
                Some((name, word)) => (name.to_owned(), word.to_owned()),
                None => (flag.clone(), flag.replace('_', "-")),
            };
            let doc = if name == WHOLE { "All of it.".to_owned() } else { format!("The word `{word}`.") };
            if name != WHOLE {
                inside.flags.push((name.clone(), word));
            }
            inside.all.push(Opt { name, kind: Kind::Bool, choices: Vec::new(), required: false, default: None, doc });
        }
        Opt { name, kind: Kind::Dict(inside), choices: Vec::new(), required: false, default: None, doc: doc.to_owned() }
    }
}
