use std::path::{Path, PathBuf};

/// Where files that a task names are looked for, as Ansible does: in the role's folder of that kind, the role itself,
/// beside the task file, and beside the playbook.
///
/// <https://docs.ansible.com/ansible/latest/playbook_guide/playbook_pathing.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPath {
    /// The role that the task belongs to.
    pub role: Option<PathBuf>,
    /// The folder of the file in which the task is written.
    pub task_dir: PathBuf,
    /// The folder of the playbook.
    pub playbook_dir: PathBuf,
}

impl SearchPath {
    /// Returns every place where a file of `kind` (`files`, `templates`, `vars`, `tasks`) would be looked for, in order.
    pub fn candidates(&self, kind: &str, name: &str) -> Vec<PathBuf> {
        let path = expand_home(name);
        if path.is_absolute() {
            return vec![path];
        }
        let mut places: Vec<PathBuf> = Vec::new();
        let mut add = |dir: &Path| {
            for place in [dir.join(kind).join(&path), dir.join(&path)] {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        };
        if let Some(role) = &self.role {
            add(role);
        }
        add(&self.task_dir);
        add(&self.playbook_dir);
        places
    }

    /// Returns the first candidate that exists.
    pub fn find(&self, kind: &str, name: &str) -> Option<PathBuf> {
        self.candidates(kind, name).into_iter().find(|path| path.exists())
    }
}

/// Returns a path as Ansible shows it (`playbook_dir`, what lookups find): absolute, without `.` and `..`.
pub fn absolute(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut clean = PathBuf::new();
    for part in whole.components() {
        match part {
            std::path::Component::ParentDir => {
                clean.pop();
            }
            std::path::Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

/// Returns a path with a leading `~` replaced by the user's home folder.
pub fn expand_home(path: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    match path.strip_prefix('~') {
        Some("") => home().unwrap_or_else(|| PathBuf::from(path)),
        Some(rest) if rest.starts_with('/') => {
            home().map_or_else(|| PathBuf::from(path), |home| home.join(rest.trim_start_matches('/')))
        }
        _ => PathBuf::from(path),
    }
}
