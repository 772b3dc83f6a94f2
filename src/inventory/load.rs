//! Sources: files, folders of files, and lists of hosts, in the order given.

use super::builder::Builder;
use super::{Inventory, UNGROUPED, address, folders, ini, plugins, script, tables, yaml};
use crate::python_regex::{self, Anchor, Flags, Regex};
use crate::source::{Diagnostic, Diagnostics, Source, SourceId, SourceMap, Span, expand_home, plain_io_error};
use crate::vars::Layer;
use crate::yaml::{Node, parse};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Ends of names that a folder of sources may hold besides sources.
const IGNORED_ENDS: [&str; 12] =
    ["~", ".pyc", ".pyo", ".swp", ".bak", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"];

/// Names of folders that hold variables or code, not sources.
const IGNORED_NAMES: [&str; 3] = ["group_vars", "host_vars", "vars_plugins"];

/// How deep folders of sources may stand inside each other; ends a link that leads back.
const MAX_FOLDERS: usize = 20;

/// What loading depends on besides the sources.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// The folder of the playbook, whose `group_vars/` and `host_vars/` count too.
    pub playbook_dir: Option<PathBuf>,
    /// `-e`, for plugins that ask for it.
    pub extra: Option<Arc<Layer>>,
    /// The inventory plugins that may read a source, in order; empty stands for Ansible's default.
    pub enabled: Vec<String>,
    /// Ends of names in a folder that are no sources; `None` stands for Ansible's default.
    pub ignored_ends: Option<Vec<String>>,
    /// Regular expressions for names in a folder that are no sources.
    pub ignored_patterns: Vec<String>,
}

/// What reads sources when nobody chooses: Ansible's default.
const ENABLED: [&str; 6] = ["host_list", "script", "auto", "yaml", "ini", "toml"];

impl LoadOptions {
    /// Returns the enabled plugins by their short names.
    fn order(&self) -> Vec<&str> {
        if self.enabled.is_empty() {
            return ENABLED.to_vec();
        }
        self.enabled.iter().map(|name| name.strip_prefix("ansible.builtin.").unwrap_or(name)).collect()
    }

    /// Claims that an entry of a folder is no source.
    fn ignores(&self, name: &str) -> bool {
        let has_end = match &self.ignored_ends {
            Some(ends) => ends.iter().any(|end| name.ends_with(end.as_str())),
            None => IGNORED_ENDS.iter().any(|end| name.ends_with(end)),
        };
        has_end || name.starts_with('.') || IGNORED_NAMES.contains(&name)
    }

    /// Reads the patterns of names that are no sources.
    fn patterns(&self, found: &mut Diagnostics) -> Vec<Arc<Regex>> {
        let mut patterns = Vec::new();
        for text in &self.ignored_patterns {
            match python_regex::compile(text, Flags::default(), Anchor::Anywhere) {
                Ok(pattern) => patterns.push(pattern),
                Err(why) => {
                    let message = format!("`{text}` is no regular expression: {why}");
                    found.push(
                        Diagnostic::error("E0401", message).help("the setting `inventory_ignore_patterns` has it"),
                    );
                }
            }
        }
        patterns
    }

    /// Claims that a plugin may read sources. `auto` stands for every plugin that has a configuration.
    pub(super) fn enables(&self, plugin: &str) -> bool {
        let by_auto = ["constructed", "generator"].contains(&plugin);
        self.order().into_iter().any(|name| name == plugin || (by_auto && name == "auto"))
    }
}

/// Reads an inventory: each of `specs` is a file, a folder of sources, or a list of hosts with a comma in it. Then the
/// variables of `group_vars/` and `host_vars/` beside the sources and in `playbook_dir` are added.
///
/// What is wrong goes to `found`; the inventory holds whatever could be read.
pub fn load(
    specs: &[String],
    playbook_dir: Option<&Path>,
    sources: &Arc<SourceMap>,
    found: &mut Diagnostics,
) -> Inventory {
    let options = LoadOptions { playbook_dir: playbook_dir.map(Path::to_owned), ..LoadOptions::default() };
    load_with(specs, &options, sources, found)
}

/// Reads an inventory as [`load`] does, with options.
pub fn load_with(
    specs: &[String],
    options: &LoadOptions,
    sources: &Arc<SourceMap>,
    found: &mut Diagnostics,
) -> Inventory {
    let ignored_patterns = options.patterns(found);
    let mut builder = Builder::new(sources, options, found);
    builder.ignored_patterns = ignored_patterns;
    for spec in specs.iter().filter(|spec| !spec.is_empty()) {
        let path = expand_home(spec);
        if spec.contains(',') && !path.exists() {
            host_list(&mut builder, spec);
            continue;
        }
        let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
        let folder =
            folder.map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.to_owned());
        source(&mut builder, &path, 0);
        builder.folders.extend(folder);
    }
    let folders = std::mem::take(&mut builder.folders);
    let mut inventory = builder.finish();
    let first = specs.iter().map(|spec| expand_home(spec)).find(|path| path.exists()).map(|path| absolute(&path));
    inventory.dir = match &first {
        Some(first) if first.is_dir() => Some(first.clone()),
        Some(first) => first.parent().map(Path::to_owned),
        None => None,
    };
    inventory.file = first;
    folders::add(&mut inventory, &folders, options.playbook_dir.as_deref(), sources, found);
    inventory
}

/// Returns the path from the root, `.` and `..` taken out by their text; links are kept, as in Ansible.
fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == std::path::Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// Reads `h1,h2:2222,`.
fn host_list(builder: &mut Builder<'_>, spec: &str) {
    let id = builder.sources.add(Source::new("<list of hosts>", None, spec));
    let whole = Span::new(id, 0, spec.len());
    let advanced =
        builder.options.order().into_iter().find(|name| name.ends_with("host_list")) == Some("advanced_host_list");
    if !advanced && !may_read(builder, "host_list", spec, whole) {
        return;
    }
    builder.current = Some(Path::new(spec).into());
    let group: Arc<str> = UNGROUPED.into();
    let mut start = 0;
    for part in spec.split(',') {
        let name = part.trim();
        let at = start + (part.len() - part.trim_start().len());
        start += part.len() + 1;
        if name.is_empty() {
            continue;
        }
        let span = Span::new(id, at, at + name.len());
        if advanced && let Ok((names, port)) = ini::expand(name, span) {
            for name in names {
                if !builder.inventory.hosts.contains_key(name.as_str()) {
                    builder.host(&name, &group, port.map(|port| (port, span)));
                }
            }
            continue;
        }
        // Ranges are no part of a plain list: such a name is taken as it is.
        let (name, port) = address::split_port(name).filter(|(name, _)| !name.contains('[')).unwrap_or((name, None));
        if !builder.inventory.hosts.contains_key(name) {
            builder.host(name, &group, port.map(|port| (port, span)));
        }
    }
}

/// Reads a file or a folder of sources.
fn source(builder: &mut Builder<'_>, path: &Path, depth: usize) {
    if !path.is_dir() {
        return file(builder, path);
    }
    let names = match std::fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<Vec<_>, _>>())
    {
        Ok(names) => names,
        Err(error) => {
            let message = format!("cannot read `{}`: {}", path.display(), plain_io_error(&error));
            return builder.found.push(Diagnostic::error("E0001", message));
        }
    };
    if depth > MAX_FOLDERS {
        let message = format!("`{}` stands more than {MAX_FOLDERS} folders deep", path.display());
        return builder.found.push(Diagnostic::error("E0401", message).help("a link may lead back to a folder above"));
    }
    let mut names: Vec<_> = names.into_iter().filter(|name| !is_ignored(builder, &name.to_string_lossy())).collect();
    names.sort();
    for name in names {
        source(builder, &path.join(name), depth + 1);
    }
}

/// Claims that an entry of a folder is no source. A pattern that gives up on a name says nothing of it.
fn is_ignored(builder: &Builder<'_>, name: &str) -> bool {
    builder.options.ignores(name)
        || builder.ignored_patterns.iter().any(|pattern| pattern.is_match(name).unwrap_or(false))
}

/// Claims that a plugin may read a source; says so when it may not.
fn may_read(builder: &mut Builder<'_>, plugin: &str, source: &str, span: Span) -> bool {
    let may = builder.options.enables(plugin);
    if !may {
        let message = format!("`{source}` is for the inventory plugin `{plugin}`, which is not enabled");
        builder.found.push(Diagnostic::error("E0401", message).at(span));
    }
    may
}

/// Claims that a file is a program.
fn is_program(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(4).read_to_end(&mut start));
    read.is_ok() && is_executable(path) && (start.starts_with(b"#!") || start == b"\x7fELF")
}

/// Reads a file, or runs it.
fn file(builder: &mut Builder<'_>, path: &Path) {
    if !path.exists() {
        let message = format!("there is no inventory `{}`", path.display());
        let help = format!("a list of hosts has a comma in it: `-i {},`", path.display());
        return builder.found.push(Diagnostic::error("E0401", message).help(help));
    }
    if is_program(path) && builder.options.enables("script") {
        builder.current = Some(absolute(path).into());
        return script::read(builder, path);
    }
    let Some(id) = builder.found.keep(builder.sources.load(path)) else { return };
    builder.current = Some(absolute(path).into());
    text_source(builder, path, id);
}

/// Reads a text as a source of that name would be read.
pub fn read_text(name: &str, text: &str, sources: &Arc<SourceMap>, found: &mut Diagnostics) -> Inventory {
    let options = LoadOptions::default();
    let mut builder = Builder::new(sources, &options, found);
    let id = sources.add(Source::new(name, None, text));
    text_source(&mut builder, Path::new(name), id);
    builder.finish()
}

/// Reads a text in whatever format it has.
fn text_source(builder: &mut Builder<'_>, path: &Path, id: SourceId) {
    let text = Arc::clone(&builder.sources.get(id).text);
    let whole = Span::new(id, 0, text.lines().next().map_or(0, str::len));
    let extension = path.extension().and_then(|extension| extension.to_str());
    if let Some(refusal) = refuse(path, &text) {
        return builder.found.push(refusal);
    }
    if first_line(&text).is_none() {
        let message = format!("inventory `{}` is empty", path.display());
        return builder.found.push(Diagnostic::warning("W0405", message));
    }
    let shown = path.display().to_string();
    match extension {
        Some("yml" | "yaml" | "json") => {
            if let Some(root) = parse(id, builder.sources, builder.found) {
                yaml_source(builder, &root);
            }
        }
        Some("toml") => {
            if may_read(builder, "toml", &shown, whole) {
                tables::read(builder, id);
            }
        }
        None if !is_ini_header(&text) => yaml_or_ini(builder, id, &text),
        _ => {
            if may_read(builder, "ini", &shown, whole) {
                ini::read(builder, id);
            }
        }
    }
}

/// Returns what to say about what is no source.
fn refuse(path: &Path, text: &str) -> Option<Diagnostic> {
    if text.contains('\0') {
        let message = format!("`{}` is a binary file, not an inventory", path.display());
        return Some(Diagnostic::error("E0401", message));
    }
    None
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

/// Returns the first line that is neither blank nor a comment.
fn first_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with(['#', ';']))
}

/// Claims that the text starts as only an INI inventory does.
fn is_ini_header(text: &str) -> bool {
    first_line(text).is_some_and(|line| line.starts_with('[') && line.ends_with(']'))
}

/// Reads a file whose name does not tell: YAML where it is a dictionary, else INI.
fn yaml_or_ini(builder: &mut Builder<'_>, id: SourceId, text: &str) {
    let mut in_yaml = Diagnostics::new();
    let root = parse(id, builder.sources, &mut in_yaml).filter(|_| !in_yaml.has_errors());
    // Mistakes in a file that is meant as YAML would only confuse when told in terms of INI.
    let meant_as_yaml = first_line(text)
        .is_some_and(|line| line == "---" || line.starts_with('{') || line.strip_suffix(':').is_some_and(is_word));
    match root {
        Some(root) if meant_as_yaml || root.as_map().is_some() => {
            builder.found.extend(in_yaml);
            yaml_source(builder, &root);
        }
        None if meant_as_yaml => builder.found.extend(in_yaml),
        _ => {
            ini::read(builder, id);
        }
    }
}

fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Puts a parsed YAML source into the inventory.
fn yaml_source(builder: &mut Builder<'_>, root: &Node) {
    let Some(map) = root.as_map() else {
        let message = format!("an inventory must be a dictionary of groups, found a {}", root.kind_name());
        let mut wrong = Diagnostic::error("E0420", message).at(root.span);
        if root.as_seq().is_some() {
            wrong = wrong.help("write `all:`, below it `hosts:`, and below that each host as `name:`");
        }
        return builder.found.push(wrong);
    };
    if let Some((key, plugin)) = map.entry("plugin").filter(|(_, plugin)| plugin.to_value().is_truthy()) {
        return plugins::read(builder, map, key, plugin);
    }
    if !may_read(builder, "yaml", "a dictionary of groups", root.span) {
        return;
    }
    yaml::read(builder, map);
}
