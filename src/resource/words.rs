//! A line for each option inside of a dictionary, which ends it with its name: `line: snmp-server enable traps` and an option
//! `fru_ctrl` make `snmp-server enable traps fru-ctrl`. Names go on where there are dictionaries inside. `spelled` has the
//! words of options whose word is another, and `without` names those that have lines of their own; lists of dictionaries
//! have them always.
//!
//! On platforms with sections `flags(…)` are words behind one line. On platforms of `set` lines all have lines of their own,
//! values are undone by the words before them, and an option `set` stands for what leads to others: a device shows it as a
//! line only where none of them has one. With sections `set` is the line that ends before it.

use super::options::{Kind, Options};
use super::short_nodes::WrittenNode;
use super::written::each;
use super::written_options::WHOLE;
use crate::platform::ConfigStyle;
use indexmap::IndexMap;

/// The option that stands for what leads to the others.
const LEADS: &str = "set";

/// Returns the lines for what is inside of a dictionary; an empty path is all around it.
///
/// # Errors
/// Says what is wrong with the part.
pub(super) fn of_words(
    node: &WrittenNode,
    path: &str,
    options: &Options,
    style: ConfigStyle,
) -> Result<Vec<WrittenNode>, String> {
    let known = match &node.each {
        Some(_) => &each(node.each.as_deref(), options)?.1,
        None => options,
    };
    let parts: Vec<String> = path.split('.').map(str::to_owned).collect();
    let inside = match known.at(&parts).map(|option| &option.kind) {
        _ if path.is_empty() => known,
        Some(Kind::Dict(inside)) => inside,
        _ => return Err(format!("`words: {path}` is no dictionary")),
    };
    let line = node.line.as_deref().ok_or_else(|| format!("`words: {path}` needs a `line`"))?;
    Ok(Words { node, style }.inside(inside, path, line))
}

struct Words<'a> {
    node: &'a WrittenNode,
    style: ConfigStyle,
}

impl Words<'_> {
    fn inside(&self, options: &Options, path: &str, line: &str) -> Vec<WrittenNode> {
        let is_set = self.style == ConfigStyle::Set;
        let mut all = Vec::new();
        for option in options.all.iter().filter(|option| !self.node.without.contains(&option.name)) {
            let at = join(path, ".", &option.name);
            let spelled = self.node.spelled.get(&option.name).cloned();
            let text = join(line, " ", &spelled.unwrap_or_else(|| option.name.replace('_', "-")));
            match &option.kind {
                Kind::Bool if is_set && option.name == LEADS => all.push(self.leading(line, path, options)),
                Kind::Bool if option.name == WHOLE || option.name == LEADS => all.push(self.flag(line, at)),
                Kind::Bool => all.push(self.flag(&text, at)),
                Kind::Dict(flags) if !is_set && !flags.flags.is_empty() => all.push(self.flags(&text, &at, flags)),
                Kind::Dict(inside) => {
                    let leads = is_set && inside.find(LEADS).is_some();
                    let text = if leads { format!("{text}{{!{at}.{LEADS}}}") } else { text };
                    all.extend(self.inside(inside, &at, &text));
                }
                Kind::List(_) => {}
                Kind::Texts | Kind::Ints | Kind::Interfaces if is_set => {
                    let line = self.line(&format!("{} {{.}}", without_marks(&text)));
                    all.push(WrittenNode { each: Some(at), marks: marks(&text), ..line });
                }
                _ => {
                    let undo = is_set.then(|| without_marks(&text));
                    all.push(WrittenNode { undo, ..self.line(&format!("{text} {{{at}}}")) });
                }
            }
        }
        all
    }

    fn line(&self, line: &str) -> WrittenNode {
        let (words, spelled) = (None, IndexMap::new());
        WrittenNode { line: Some(line.to_owned()), words, spelled, without: Vec::new(), ..self.node.clone() }
    }

    fn flag(&self, line: &str, path: String) -> WrittenNode {
        let mut node = self.line(line);
        node.when.insert(path, true.into());
        node
    }

    /// Makes the line that leads to others, where none of them is there.
    fn leading(&self, line: &str, path: &str, options: &Options) -> WrittenNode {
        let mut node = self.line(&without_marks(line));
        node.when.extend(leaves(options, path).into_iter().map(|path| (path, serde_yaml::Value::Null)));
        node.when.insert(join(path, ".", LEADS), true.into());
        node
    }

    fn flags(&self, line: &str, path: &str, flags: &Options) -> WrittenNode {
        self.line(&match flags.find(WHOLE) {
            Some(_) => format!("{line}<{{!{path}.{WHOLE}}}[ {{{path}:flags}}]>"),
            None => format!("{line} {{{path}:flags}}"),
        })
    }
}

fn join(before: &str, between: &str, behind: &str) -> String {
    match (before.is_empty(), behind.is_empty()) {
        (true, _) => behind.to_owned(),
        (false, true) => before.to_owned(),
        (false, false) => format!("{before}{between}{behind}"),
    }
}

/// Returns the paths of all options that have no others inside.
fn leaves(options: &Options, path: &str) -> Vec<String> {
    let paths = options.all.iter().flat_map(|option| {
        let at = join(path, ".", &option.name);
        match &option.kind {
            Kind::Dict(inside) => leaves(inside, &at),
            _ => vec![at],
        }
    });
    paths.collect()
}

/// Returns the paths of the marks `{!path}` in a line.
fn marks(line: &str) -> Vec<String> {
    line.split("{!").skip(1).filter_map(|part| part.split_once('}')).map(|(path, _)| path.to_owned()).collect()
}

/// Returns a line without `{!path}`.
fn without_marks(line: &str) -> String {
    let mut parts = line.split("{!");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('}').map_or(part, |(_, rest)| rest))
}
