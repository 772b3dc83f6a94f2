//! Where folders of TextFSM templates may be when nobody names one.

use std::path::{Path, PathBuf};

/// Returns the places, best first: what the environment says, then where pip and Debian put ntc-templates.
pub(super) fn places() -> Vec<PathBuf> {
    let said =
        ["NTC_TEMPLATES_DIR", "NET_TEXTFSM"].iter().filter_map(std::env::var_os).filter(|value| !value.is_empty());
    let mut places: Vec<PathBuf> = said.map(PathBuf::from).collect();
    let home = std::env::var_os("HOME").map(PathBuf::from);
    places.extend(home.iter().map(|home| home.join("ntc-templates/ntc_templates/templates")));
    let venv = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let roots = venv.into_iter().chain(home.map(|home| home.join(".local")));
    for root in roots.chain(["/usr/local".into(), "/usr".into()]) {
        places.extend(packages(&root.join("lib")).into_iter().map(|folder| folder.join("ntc_templates/templates")));
    }
    places
}

/// Returns the package folders of every Python below a `lib` folder, the newest first.
fn packages(lib: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(lib) else { return Vec::new() };
    let is_python = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python3"));
    let mut pythons: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_python).collect();
    pythons.sort();
    let folders = |python: PathBuf| ["site-packages", "dist-packages"].map(|name| python.join(name));
    pythons.into_iter().rev().flat_map(folders).collect()
}
