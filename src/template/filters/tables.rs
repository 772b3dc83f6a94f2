//! Filters that read and write text in tables and sections: CSV and INI.

use super::args::{Args, add_filter};
use super::{Filter, data, to_engine};
use crate::template::csv::{Dialect, records};
use crate::value::{Key, Map, Value as Data};
use minijinja::{Error, Value};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "community.general.from_csv",
        aliases: &[],
        doc: "Reads CSV into a list of dictionaries; the names are `fieldnames` or the first line.",
        add: |env, name| {
            let params = &["dialect", "fieldnames", "delimiter", "skipinitialspace", "strict"];
            add_filter(env, name, params, |_, args| from_csv(args))
        },
    },
    Filter {
        name: "community.general.from_ini",
        aliases: &[],
        doc: "Reads an INI file into a dictionary of sections.",
        add: |env, name| add_filter(env, name, &[], |_, args| from_ini(args)),
    },
    Filter {
        name: "community.general.to_ini",
        aliases: &[],
        doc: "Writes a dictionary of sections as an INI file.",
        add: |env, name| add_filter(env, name, &[], |_, args| to_ini(args)),
    },
];

fn from_csv(args: &Args) -> Result<Value, Error> {
    let dialect = Dialect::named(args.text("dialect")?.as_deref(), args.text("delimiter")?.as_deref());
    let dialect = Dialect {
        skips_blanks: args.flag("skipinitialspace", false),
        is_strict: args.flag("strict", false),
        ..dialect.map_err(|why| args.error(why))?
    };
    let names = match args.given("fieldnames") {
        Some(names) => Some(args.items_of(names)?.iter().map(super::super::convert::to_key).collect::<Result<_, _>>()?),
        None => None,
    };
    let (_, records) =
        records(&args.input_text()?, dialect, names).map_err(|why| args.error(format!("the text {why}")))?;
    let out: Vec<Data> = records.into_iter().map(Data::from).collect();
    Ok(to_engine(&out.into()))
}

/// A section of an INI file: names, and the lines of their values.
#[derive(Default)]
struct Section {
    name: String,
    entries: Vec<(String, Vec<String>)>,
}

impl Section {
    fn map(&self, defaults: &Section) -> Map {
        let value = |lines: &[String]| lines.join("\n").trim_end().to_owned();
        let mut map = Map::new();
        let all = defaults.entries.iter().chain(&self.entries);
        all.for_each(|(name, lines)| map.insert(name.as_str(), value(lines)));
        map
    }
}

/// An INI file as far as it was read.
struct Ini {
    /// The first is `DEFAULT`, which counts for all.
    sections: Vec<Section>,
    /// The section that is being read.
    at: Option<usize>,
    /// How far the last name was indented; `None` when no value can go on.
    indent: Option<usize>,
}

impl Ini {
    fn entries(&mut self) -> Option<&mut Vec<(String, Vec<String>)>> {
        self.at.map(|at| &mut self.sections[at].entries)
    }

    /// Adds a line to the value before it.
    fn go_on(&mut self, line: &str) {
        if let Some((_, value)) = self.entries().and_then(|entries| entries.last_mut()) {
            value.push(line.to_owned());
        }
    }

    /// Reads as Python's `configparser` does: a value goes on in lines that are indented deeper than its name.
    fn line(&mut self, line: &str) -> Result<(), String> {
        let said = line.trim();
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if said.starts_with(['#', ';']) {
            return Ok(());
        }
        if said.is_empty() || self.indent.is_some_and(|of_name| indent > of_name) {
            if self.indent.is_some() {
                self.go_on(said);
            }
            return Ok(());
        }
        if let Some((name, _)) = said.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) {
            self.indent = None;
            return self.begin(name);
        }
        let entries = self.entries().ok_or("stands in no section")?;
        let (name, value) = said.split_once(['=', ':']).ok_or("has neither `=` nor `:`")?;
        let name = name.trim_end();
        if name.is_empty() || entries.iter().any(|(known, _)| known == name) {
            return Err(format!("has the name `{name}`, which is empty or there already"));
        }
        entries.push((name.to_owned(), vec![value.trim_start().to_owned()]));
        self.indent = Some(indent);
        Ok(())
    }

    fn begin(&mut self, name: &str) -> Result<(), String> {
        if name == "DEFAULT" {
            self.at = Some(0);
            return Ok(());
        }
        if name.is_empty() || self.sections.iter().any(|known| known.name == name) {
            return Err(format!("begins the section `{name}`, which is empty or there already"));
        }
        self.at = Some(self.sections.len());
        self.sections.push(Section { name: name.to_owned(), entries: Vec::new() });
        Ok(())
    }
}

fn from_ini(args: &Args) -> Result<Value, Error> {
    let text = args.input_text()?;
    let defaults = Section { name: "DEFAULT".into(), entries: Vec::new() };
    let mut ini = Ini { sections: vec![defaults], at: None, indent: None };
    for (at, line) in text.lines().enumerate() {
        ini.line(line).map_err(|why| args.error(format!("line {} {why}", at + 1)))?;
    }
    let mut out = Map::new();
    let Some((defaults, sections)) = ini.sections.split_first() else { return Ok(to_engine(&out.into())) };
    for section in sections {
        out.insert(section.name.as_str(), Data::from(section.map(defaults)));
    }
    if !defaults.entries.is_empty() {
        out.insert("DEFAULT", Data::from(defaults.map(&Section::default())));
    }
    Ok(to_engine(&out.into()))
}

fn to_ini(args: &Args) -> Result<Value, Error> {
    let Data::Map(sections) = data(args.input())? else { return Err(args.wrong("a dictionary", args.input())) };
    if sections.is_empty() {
        return Err(args.error("the dictionary is empty"));
    }
    let mut out = String::new();
    let is_default = |key: &Key| key.as_str() == Some("DEFAULT");
    let defaults = sections.iter().filter(|(key, _)| is_default(key));
    for (name, section) in defaults.chain(sections.iter().filter(|(key, _)| !is_default(key))) {
        let (Some(name), Data::Map(section)) = (name.as_str(), section) else {
            return Err(args.error(format!("section `{name}` is to be a dictionary under a text")));
        };
        if name.is_empty() {
            return Err(args.error("a section has no name"));
        }
        if is_default(&Key::from(name)) && section.is_empty() {
            continue;
        }
        out.push_str(&format!("[{name}]\n"));
        for (key, value) in section.iter() {
            if *value == Data::Null {
                return Err(args.error(format!("`{key}` of section `{name}` has no value")));
            }
            let value = value.to_text().replace('\n', "\n\t");
            out.push_str(&format!("{key} = {value}\n"));
            args.bounded(out.len())?;
        }
        out.push('\n');
    }
    out.pop();
    Ok(out.into())
}
