//! Collections on disk: roles, playbooks and files of plugins in `ansible_collections/NAMESPACE/NAME/`, and what is written in
//! Python there or beside a playbook, which netplay does not run and says so.

use super::Inherited;
use super::load::Loader;
use std::path::{Path, PathBuf};

/// Splits `namespace.collection.name`.
pub(super) fn qualified(name: &str) -> Option<(&str, &str, &str)> {
    let mut parts = name.split('.');
    let (Some(namespace), Some(collection), Some(rest), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let is_name =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    [namespace, collection, rest].into_iter().all(is_name).then_some((namespace, collection, rest))
}

impl Loader {
    /// Returns the folders in which a collection may be: beside the playbook first.
    pub(super) fn collection_folders(&self, namespace: &str, collection: &str, playbook_dir: &Path) -> Vec<PathBuf> {
        let beside = playbook_dir.join("collections");
        // A playbook of a collection finds the collections that stand beside its own.
        let around = playbook_dir.ancestors().find(|folder| folder.ends_with("ansible_collections"));
        let around = around.map(Path::to_owned);
        let paths = std::iter::once(&beside).chain(&around).chain(&self.collections_path);
        paths
            .map(|path| match path.ends_with("ansible_collections") {
                true => path.join(namespace).join(collection),
                false => path.join("ansible_collections").join(namespace).join(collection),
            })
            .collect()
    }

    /// Returns the file of `namespace.collection.playbook`.
    pub(super) fn collection_playbook(&self, name: &str, playbook_dir: &Path) -> Option<PathBuf> {
        let (namespace, collection, playbook) = qualified(name)?;
        let folders = self.collection_folders(namespace, collection, playbook_dir);
        let files = folders.iter().map(|folder| folder.join("playbooks"));
        files
            .flat_map(|folder| ["yml", "yaml"].map(|ending| folder.join(format!("{playbook}.{ending}"))))
            .find(|file| file.is_file())
    }

    /// Returns the Python file of a module or action that somebody wrote for this playbook.
    pub(super) fn python_module(&self, name: &str, around: &Inherited) -> Option<PathBuf> {
        const KINDS: [&str; 2] = ["library", "action_plugins"];
        const OF_COLLECTIONS: [&str; 2] = ["plugins/modules", "plugins/action"];
        let mut places = Vec::new();
        match qualified(name) {
            Some((namespace, collection, short)) => {
                for folder in self.collection_folders(namespace, collection, &around.files.playbook_dir) {
                    places.extend(OF_COLLECTIONS.map(|kind| folder.join(kind).join(format!("{short}.py"))));
                }
            }
            None => {
                for folder in [Some(&around.files.playbook_dir), around.files.role.as_ref()].into_iter().flatten() {
                    places.extend(KINDS.map(|kind| folder.join(kind).join(format!("{name}.py"))));
                }
            }
        }
        places.into_iter().find(|place| place.is_file())
    }

    /// Returns the Python file in which a filter, a test or a lookup of that name seems to be defined.
    pub(super) fn python_plugin(&self, kind: &str, name: &str, around: &Inherited) -> Option<PathBuf> {
        let folders = [Some(&around.files.playbook_dir), around.files.role.as_ref()];
        let mut folders: Vec<PathBuf> =
            folders.into_iter().flatten().map(|folder| folder.join(format!("{kind}_plugins"))).collect();
        let mut short = name;
        if let Some((namespace, collection, rest)) = qualified(name) {
            let found = self.collection_folders(namespace, collection, &around.files.playbook_dir);
            folders.extend(found.iter().map(|folder| folder.join("plugins").join(kind)));
            short = rest;
        }
        let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        files.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ending| ending == "py")).find(
            |path| {
                let is_called = path.file_stem().is_some_and(|stem| stem == short);
                is_called
                    || std::fs::read_to_string(path).is_ok_and(|text| {
                        [format!("'{short}'"), format!("\"{short}\"")].iter().any(|quoted| text.contains(quoted))
                    })
            },
        )
    }
}
