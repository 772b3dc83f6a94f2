//! Template files that see nothing of the file which names them: `include … without context`, and every `import` that does
//! not say `with context`.
//!
//! The engine knows no such border: a name is looked up in all that is open. So a file that is apart is compiled with other
//! names (`s__apart1` for `s`, see [`super::scope`]), and what it exports is given its own names again where it is imported.
//! How often one file is apart from another, counted from the main one, is its depth; it is a part of the name by which the
//! engine knows the file, so that one file can be there several times.

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Stands between a file's path and its depth, and behind the name of one that is to be apart. No file has it in its name.
const MARK: char = '\u{1}';

/// What the variables of files that are apart have behind their names, before the depth.
const SUFFIX: &str = "__apart";

/// Returns the name under which a file of that depth has a variable.
pub(super) fn name_of(name: &str, depth: usize) -> String {
    format!("{name}{SUFFIX}{depth}")
}

/// Claims that a name is that of a variable of a file that is apart.
pub(super) fn is_apart(name: &str) -> bool {
    let rest = name.trim_end_matches(|c: char| c.is_ascii_digit());
    rest.len() < name.len() && rest.ends_with(SUFFIX)
}

/// Returns the name by which the engine knows a file of that depth.
pub(super) fn file_name(path: &str, depth: usize) -> String {
    match depth {
        0 => path.to_owned(),
        _ => format!("{path}{MARK}{depth}"),
    }
}

/// Returns the path and the depth of a file by the name that the engine has for it.
pub(super) fn file_and_depth(name: &str) -> (&str, usize) {
    match name.rsplit_once(MARK) {
        Some((path, depth)) => (path, depth.parse().unwrap_or(0)),
        None => (name, 0),
    }
}

/// Returns a name that a template has for a file, and whether that file is to be apart.
pub(super) fn named(name: &str) -> (&str, bool) {
    match name.strip_suffix(MARK) {
        Some(name) => (name, true),
        None => (name, false),
    }
}

/// Returns the names of files, or the only one, as those of files that are to be apart.
pub(super) fn apart(value: &Value) -> Value {
    let marked = |value: &Value| value.as_str().map(|name| Value::from(format!("{name}{MARK}")));
    if let Some(name) = marked(value) {
        return name;
    }
    match value.as_object().filter(|object| matches!(object.repr(), ObjectRepr::Seq | ObjectRepr::Iterable)) {
        Some(object) => {
            object.try_iter().into_iter().flatten().map(|item| marked(&item).unwrap_or(item)).collect::<Vec<_>>().into()
        }
        None => value.clone(),
    }
}

/// Returns a message without the marks that names of files in it have.
pub(super) fn without_marks(message: &str) -> Cow<'_, str> {
    // As the engine writes it in quotes.
    const WRITTEN: &str = "\\x01";
    if !message.contains(MARK) && !message.contains(WRITTEN) {
        return Cow::Borrowed(message);
    }
    let plain = message.replace(WRITTEN, "\u{1}");
    let mut parts = plain.split(MARK);
    let mut text = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| text.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit())));
    Cow::Owned(text)
}

/// What a file that is apart exports, by the names that its author gave.
#[derive(Debug)]
struct Exports {
    values: HashMap<Arc<str>, Value>,
    /// The module as the engine has it, for its text.
    module: Value,
}

/// Returns what the engine imported from a file of that depth under the names that its author gave.
pub(super) fn exports(module: &Value, depth: usize) -> Value {
    let suffix = name_of("", depth);
    let names = module.try_iter().into_iter().flatten();
    let values = names.filter_map(|name| {
        let plain = Arc::from(name.as_str()?.strip_suffix(&suffix)?);
        Some((plain, module.get_item(&name).ok()?))
    });
    Value::from_object(Exports { values: values.collect(), module: module.clone() })
}

impl Object for Exports {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        self.values.get(name).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.module)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_keep_their_depth() {
        for depth in [0, 1, 12] {
            let name = file_name("/a/b1", depth);
            assert_eq!(file_and_depth(&name), ("/a/b1", depth));
        }
        let marked = apart(&Value::from("x.j2"));
        assert_eq!(named(marked.as_str().unwrap()), ("x.j2", true));
        let both = apart(&Value::from(vec!["x.j2", "y.j2"]));
        assert_eq!(named(both.get_item_by_index(1).unwrap().as_str().unwrap()), ("y.j2", true));
    }

    #[test]
    fn no_message_shows_the_marks() {
        let name = file_name("x.j2", 12);
        assert_eq!(without_marks(&format!("no `{name}`, {:?}", apart(&"y.j2".into()))), "no `x.j2`, 'y.j2'");
        assert_eq!(without_marks("plain"), "plain");
    }

    #[test]
    fn only_names_with_a_depth_are_apart() {
        assert!(is_apart(&name_of("s", 3)));
        assert!(["s", "s__apart", "apart1", "s1", ""].iter().all(|name| !is_apart(name)));
    }
}
