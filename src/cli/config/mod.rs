//! Settings: what the environment, `netplay.toml` and `ansible.cfg` say, and which of them counts.
//!
//! The flow: `place` finds the files, `ansible_cfg` and `netplay_toml` read them into [`Said`], [`Config`] takes of each
//! setting of the `table` the strongest that is said, checked against its kind. The command line is stronger than all of
//! them; what it says the subcommands know themselves. `unused` lists what Ansible knows and what means nothing here.

mod ansible_cfg;
pub(super) mod constant;
mod kind;
mod netplay_toml;
mod place;
pub(super) mod show;
pub(super) mod table;
#[cfg(test)]
mod tests;
mod unused;

use crate::source::{Diagnostic, Diagnostics, SourceMap, Span, absolute, expand_home};
use kind::Kind;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use table::{Setting, TABLE};

/// Where a value was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whence {
    /// In a variable of the environment.
    Environment(&'static str),
    /// In a file.
    File(Span),
}

/// A value as somebody said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// The value; items of lists stand apart.
    items: Vec<String>,
    whence: Whence,
    /// The folder that paths in it start from.
    dir: PathBuf,
}

/// The settings of this process.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    chosen: HashMap<&'static str, Said>,
    /// Keys of `ansible.cfg` that mean nothing here, and where they stand.
    pub(super) unused: Vec<(String, Span)>,
    /// The files that were read, the strongest first.
    pub(super) files: Vec<PathBuf>,
}

impl Config {
    /// Reads the files and the environment.
    pub(super) fn load(sources: &SourceMap, found: &mut Diagnostics) -> Config {
        let env = |name: &str| std::env::var(name).ok();
        let mut config = Config::default();
        let ansible_cfg = place::ansible_cfg(&env, found);
        let netplay_toml = place::netplay_toml(&env, found);
        // The weakest first: what comes later takes its place.
        if let Some(path) = &ansible_cfg {
            ansible_cfg::read(path, sources, &mut config, found);
        }
        if let Some(path) = &netplay_toml {
            netplay_toml::read(path, sources, &mut config, found);
        }
        config.files = netplay_toml.into_iter().chain(ansible_cfg).collect();
        config.take_environment(&env, found);
        config
    }

    fn take_environment(&mut self, env: &dyn Fn(&str) -> Option<String>, found: &mut Diagnostics) {
        for setting in TABLE {
            // Ansible takes an empty variable for one that is not set in all that matters here.
            let said = setting.env.iter().find_map(|name| Some((*name, env(name).filter(|text| !text.is_empty())?)));
            if let Some((name, text)) = said {
                let items = setting.kind.split(&text);
                self.take(setting, Said { items, whence: Whence::Environment(name), dir: PathBuf::from(".") }, found);
            }
        }
    }

    /// Takes a value for a setting when it is one.
    fn take(&mut self, setting: &'static Setting, said: Said, found: &mut Diagnostics) {
        match said.items.iter().find_map(|item| setting.kind.refuses(item)) {
            None => {
                self.chosen.insert(setting.name, said);
            }
            Some(why) => {
                let (name, place) = match said.whence {
                    Whence::Environment(name) => (name, None),
                    Whence::File(span) => (setting.name, Some(span)),
                };
                let error = Diagnostic::error("E0510", format!("`{name}` {why}")).help(setting.doc);
                found.push(match place {
                    Some(span) => error.at(span),
                    None => error,
                });
            }
        }
    }

    /// Returns what was said of a setting.
    pub(super) fn said(&self, setting: &Setting) -> Option<&Said> {
        self.chosen.get(setting.name)
    }

    /// Returns a text.
    pub(super) fn text(&self, setting: &Setting) -> Option<String> {
        self.said(setting).and_then(|said| said.items.first()).cloned()
    }

    /// Returns true or false.
    pub(super) fn flag(&self, setting: &Setting) -> Option<bool> {
        self.text(setting).and_then(|text| kind::boolean(&text))
    }

    /// Returns a number.
    pub(super) fn number(&self, setting: &Setting) -> Option<u64> {
        self.text(setting).and_then(|text| text.parse().ok())
    }

    /// Returns the `ansible.cfg` that counts.
    pub(super) fn ansible_cfg(&self) -> Option<String> {
        let found = self.files.iter().find(|path| path.extension().is_none_or(|extension| extension != "toml"));
        found.map(|path| absolute(path).display().to_string())
    }

    /// Returns the items of a list.
    pub(super) fn list(&self, setting: &Setting) -> Vec<String> {
        self.said(setting).map(|said| said.items.clone()).unwrap_or_default()
    }

    /// Returns a path.
    pub(super) fn path(&self, setting: &Setting) -> Option<PathBuf> {
        self.paths(setting)?.into_iter().next()
    }

    /// Returns paths; `None` when nothing is said.
    pub(super) fn paths(&self, setting: &Setting) -> Option<Vec<PathBuf>> {
        let said = self.said(setting)?;
        Some(said.items.iter().map(|item| full_path(item, &said.dir)).collect())
    }

    /// Returns the folder that paths of a setting start from.
    pub(super) fn dir(&self, setting: &Setting) -> PathBuf {
        self.said(setting).map_or_else(|| PathBuf::from("."), |said| said.dir.clone())
    }

    /// Returns whether to use colour, when that is said.
    pub(super) fn colour(&self) -> Option<bool> {
        let never = self.flag(&table::NOCOLOR).filter(|never| *never).map(|_| false);
        never.or_else(|| self.flag(&table::FORCE_COLOR).filter(|always| *always))
    }

    /// Returns the inventory sources: paths, or the whole as a list of hosts.
    pub(super) fn inventory(&self) -> Vec<String> {
        let Some(said) = self.said(&table::INVENTORY) else { return Vec::new() };
        let [text] = &said.items[..] else {
            return said.items.iter().map(|item| full_path(item, &said.dir).display().to_string()).collect();
        };
        let paths: Vec<PathBuf> = Kind::List.split(text).iter().map(|item| full_path(item, &said.dir)).collect();
        match text.contains(',') && !paths.iter().all(|path| path.exists()) {
            true => vec![text.clone()],
            false => paths.iter().map(|path| path.display().to_string()).collect(),
        }
    }
}

/// Returns a path as a file means it: from its own folder, with `~` and `{{CWD}}`.
pub(super) fn full_path(text: &str, dir: &Path) -> PathBuf {
    let text = match text.contains("{{CWD}}") {
        true => text.replace("{{CWD}}", &absolute(Path::new(".")).display().to_string()),
        false => text.to_owned(),
    };
    let path = expand_home(&text);
    if path.is_absolute() || dir == Path::new(".") { path } else { dir.join(path) }
}
