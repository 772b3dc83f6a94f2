//! Files of variables: which files a name stands for, and what is in them.

use super::{Var, Vars};
use crate::source::{Diagnostic, Diagnostics, SourceMap};
use crate::value::Key;
use crate::yaml::parse;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What may follow a name in `group_vars/` and `host_vars/`, in the order tried; the first that exists counts.
pub const VARS_EXTENSIONS: [&str; 4] = ["", ".yml", ".yaml", ".json"];

/// How deep folders of files may stand inside each other; ends a link that leads back.
const MAX_FOLDERS: usize = 20;

/// Returns the files that a path stands for: itself, or for a folder all files of variables in it, sorted by name;
/// hidden files, backups and other extensions are left out, folders with a dot in the name too.
pub fn vars_files_in(path: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if path.is_dir() {
        collect(path, 0, &mut files);
    } else {
        files.push(path.to_owned());
    }
    files
}

fn collect(dir: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let shown = name.to_string_lossy();
        if shown.starts_with('.') || shown.ends_with('~') {
            continue;
        }
        let extension = shown.rfind('.').map_or("", |at| &shown[at..]);
        let path = dir.join(&name);
        if path.is_dir() {
            if extension.is_empty() && depth < MAX_FOLDERS {
                collect(&path, depth + 1, files);
            }
        } else if VARS_EXTENSIONS.contains(&extension) {
            files.push(path);
        }
    }
}

/// Reads a file of variables: a dictionary, or nothing. What is wrong goes to `found`.
pub fn load_vars_file(path: &Path, sources: &SourceMap, found: &mut Diagnostics) -> Vars {
    let mut vars = Vars::default();
    let Some(id) = found.keep(sources.load(path)) else { return vars };
    let Some(root) = parse(id, sources, found).filter(|root| !root.is_null()) else { return vars };
    let Some(map) = root.as_map() else {
        // Ansible takes an empty list or text for an empty file.
        if root.to_value().is_truthy() {
            found.push(
                Diagnostic::error(
                    "E0440",
                    format!("a file of variables must hold a dictionary, not a {}", root.kind_name()),
                )
                .at(root.span)
                .help("write each variable as `name: value`"),
            );
        }
        return vars;
    };
    for (key, key_node, value) in map.iter() {
        match key {
            Key::Str(name) => {
                vars.insert(Arc::clone(name), Var::Author(value.clone()));
            }
            other => found.push(
                Diagnostic::warning("W0443", format!("`{other}` is not a name that templates can use"))
                    .at(key_node.span)
                    .help("the name of a variable is a string; this one is left out"),
            ),
        }
    }
    vars
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> (Vars, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("all.yml");
        std::fs::write(&path, text).unwrap();
        let mut found = Diagnostics::new();
        let vars = load_vars_file(&path, &SourceMap::new(), &mut found);
        (vars, found.iter().map(|d| format!("{} {}", d.code, d.message)).collect())
    }

    #[test]
    fn a_file_holds_a_dictionary_or_nothing() {
        let (vars, found) = load("a: 1\nb: '{{ a }}'\n");
        assert_eq!(vars.keys().map(|name| &**name).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(load("---\n"), (Vars::default(), vec![]));
        assert_eq!(load("[]\n"), (Vars::default(), vec![]));
        assert_eq!(load("- a\n").1, ["E0440 a file of variables must hold a dictionary, not a list"]);
        assert_eq!(load("7: a\n").1, ["W0443 `7` is not a name that templates can use"]);
    }

    #[test]
    fn an_encrypted_file_is_refused_and_not_read_as_text() {
        let (vars, found) = load("$ANSIBLE_VAULT;1.1;AES256\n3132\n");
        assert!(vars.is_empty());
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("E0800 cannot read"), "{found:?}");
    }

    #[test]
    fn a_folder_stands_for_its_files_of_variables() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.yml", "a", "c.txt", ".hidden.yml", "d.yml~", "sub/e.json", "sub.d/f.yml", "sub/.g"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let files: Vec<_> = vars_files_in(dir.path())
            .iter()
            .map(|file| file.strip_prefix(dir.path()).unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(files, ["a", "b.yml", "sub/e.json"]);
    }
}
