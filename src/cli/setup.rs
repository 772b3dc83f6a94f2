//! What several subcommands begin with: extra variables, inventory, playbooks.

use super::config::{Config, constant, table};
use super::vault::{VaultDefaults, VaultOptions};
use super::{Exit, say_error};
use crate::executor::Reload;
use crate::failure::{Failure, FailureKind};
use crate::graph::{check_needs, order_plays};
use crate::inventory::{self, Inventory};
use crate::module::split_key_value;
use crate::playbook::{self, Loader, Play};
use crate::redact::Secret;
use crate::source::{
    Diagnostic, Diagnostics, RepeatedKeys, Source, SourceMap, Span, Style, absolute, expand_home, render,
};
use crate::value::Key;
use crate::vars::{Layer, Origin, Var, load_vars_file};
use crate::yaml::{self, Kind, Node};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Options about which hosts there are and what is known of them.
#[derive(Args, Clone, Debug)]
pub(super) struct InventoryOptions {
    /// An inventory file, a folder of them, or a list of hosts with a comma in it
    #[arg(short, long, value_name = "SOURCE", value_delimiter = None)]
    pub(super) inventory: Vec<String>,

    /// More variables: name=value, a JSON or YAML dictionary, or @FILE
    #[arg(short, long, value_name = "VARS")]
    pub(super) extra_vars: Vec<String>,

    /// Only these hosts: a pattern, or @FILE with one a line
    #[arg(short, long, value_name = "PATTERN")]
    pub(super) limit: Option<String>,

    #[command(flatten)]
    pub(super) vault: VaultOptions,
}

/// Sources, extra variables and inventory; what is wrong with them is in `found`.
pub(super) struct Setup {
    pub(super) sources: Arc<SourceMap>,
    pub(super) config: Config,
    pub(super) loader: Arc<Loader>,
    pub(super) inventory: Inventory,
    /// The inventory sources: paths from the root, and lists of hosts.
    pub(super) inventory_sources: Vec<String>,
    /// Reads the inventory again.
    pub(super) reload: Reload,
    pub(super) found: Diagnostics,
    /// How many plays each playbook has brought.
    pub(super) play_counts: Vec<usize>,
    style: Style,
    shown: usize,
}

impl Setup {
    /// Reads extra variables and the inventory.
    pub(super) fn new(options: &InventoryOptions, playbook: Option<&Path>, colour: Option<bool>) -> Setup {
        let mut found = Diagnostics::new();
        let sources = Arc::new(SourceMap::with_keyring(Arc::default()));
        let config = Config::load(&sources, &mut found);
        constant::keep(&config);
        // A wrong setting may be the one that says where a password is: it is not asked for in vain.
        sources.keyring().match_names(config.flag(&table::VAULT_ID_MATCH).unwrap_or(false));
        sources.set_repeated_keys(match config.text(&table::DUPLICATE_DICT_KEY).as_deref() {
            Some("error") => RepeatedKeys::Error,
            Some("ignore") => RepeatedKeys::Ignore,
            _ => RepeatedKeys::Warn,
        });
        if !found.has_errors() {
            sources.keyring().give(options.vault.passwords(&VaultDefaults::of(&config), &mut found));
        }
        let extra = Arc::new(extra_vars(&options.extra_vars, &sources, &mut found));
        let loader = Arc::new(loader(&config, &sources, extra));
        let dir = playbook.map(|path| path.parent().unwrap_or(Path::new("")));
        super::platforms::read_own(dir.or(Some(Path::new(""))), &sources, &mut found);
        let from_config = if options.inventory.is_empty() { config.inventory() } else { Vec::new() };
        let named = if options.inventory.is_empty() { &from_config } else { &options.inventory };
        let options = inventory::LoadOptions {
            playbook_dir: dir.map(Path::to_owned),
            extra: Some(Arc::clone(&loader.extra_vars)),
            enabled: config.list(&table::INVENTORY_ENABLED),
            ignored_ends: config
                .said(&table::INVENTORY_IGNORE_EXTENSIONS)
                .map(|_| config.list(&table::INVENTORY_IGNORE_EXTENSIONS)),
            ignored_patterns: config.list(&table::INVENTORY_IGNORE_PATTERNS),
        };
        let inventory = inventory::load_with(named, &options, &sources, &mut found);
        let inventory_sources = named.iter().map(|source| match Path::new(source).exists() {
            true => absolute(Path::new(source)).display().to_string(),
            false => source.clone(),
        });
        let inventory_sources = inventory_sources.collect();
        let reload = reload(named.clone(), options, &sources);
        let colour = colour.or_else(|| config.colour());
        let style = if colour.unwrap_or_else(console::colors_enabled_stderr) { Style::Coloured } else { Style::Plain };
        Setup {
            sources,
            config,
            loader,
            inventory,
            inventory_sources,
            reload,
            found,
            play_counts: Vec::new(),
            style,
            shown: 0,
        }
    }

    /// Reads playbooks.
    pub(super) fn playbooks(&mut self, paths: &[PathBuf]) -> Vec<Arc<Play>> {
        let mut plays = Vec::new();
        self.play_counts.clear();
        for path in paths {
            let before = plays.len();
            plays.extend(playbook::load(&self.loader, path, &mut self.found));
            self.play_counts.push(plays.len() - before);
        }
        // The order itself is made again where it is used; here it shows what is wrong with it.
        let _ = order_plays(&plays, &mut self.found);
        check_needs(&plays, &mut self.found);
        plays
    }

    /// Reads a playbook that is a text and no file.
    pub(super) fn playbook_text(&mut self, name: &str, text: &str) -> Vec<Arc<Play>> {
        let plays = playbook::load_text(&self.loader, name, text, &mut self.found);
        self.play_counts = vec![plays.len()];
        plays
    }

    /// Learns passwords that stand in the inventory as they are, so that they are masked before they are first used.
    pub(super) fn learn_passwords(&self) {
        let redactor = self.sources.keyring().redactor();
        let (hosts, groups) = (&self.inventory.hosts, &self.inventory.groups);
        let beside = hosts.values().map(|host| &host.vars).chain(groups.values().map(|group| &group.vars));
        let folders =
            hosts.values().flat_map(|host| &host.layers).chain(groups.values().flat_map(|group| &group.layers));
        let layers = beside.chain(folders.map(|folder| &folder.layer.vars)).chain([&self.loader.extra_vars.vars]);
        for (_, var) in layers.flatten().filter(|(name, _)| is_secret_name(name)) {
            let text = match var {
                Var::Author(node) if node.is_static() => node.as_str(),
                Var::Data(value) => value.as_str(),
                Var::Author(_) => None,
            };
            if let Some(text) = text {
                redactor.learn(&Secret::new(text));
            }
        }
    }

    /// Says which lines of `ansible.cfg` mean nothing here.
    pub(super) fn show_unused_settings(&self) {
        for (key, span) in &self.config.unused {
            say_error(&format!("{}: `{key}` has no effect here\n", self.sources.place(*span)));
        }
    }

    /// Shows what was found since the last time; says how to end when there are errors.
    pub(super) fn show_found(&mut self) -> Result<(), Exit> {
        let fresh: Vec<&Diagnostic> = self.found.iter().skip(self.shown).collect();
        let text: String =
            fresh.iter().map(|diagnostic| render(diagnostic, &self.sources, self.style) + "\n\n").collect();
        // A message may quote what stood in an encrypted file.
        say_error(self.sources.keyring().redactor().clean_text(text).as_str());
        self.shown += fresh.len();
        if !self.found.has_errors() {
            return Ok(());
        }
        let errors = self.found.iter().filter(|diagnostic| diagnostic.is_error()).count();
        say_error(&format!("{errors} error{}; nothing was sent\n", if errors == 1 { "" } else { "s" }));
        Err(Exit::Input)
    }
}

/// Returns what reads an inventory again in the course of a run.
fn reload(named: Vec<String>, options: inventory::LoadOptions, sources: &Arc<SourceMap>) -> Reload {
    let sources = Arc::clone(sources);
    Arc::new(move || {
        let mut found = Diagnostics::new();
        let inventory = inventory::load_with(&named, &options, &sources, &mut found);
        match found.iter().find(|diagnostic| diagnostic.is_error()) {
            None => Ok(inventory),
            Some(error) => {
                let failure = Failure::new(FailureKind::File, format!("the inventory: {}", error.message));
                Err(match &error.primary {
                    Some(label) => failure.at(label.span),
                    None => failure,
                })
            }
        }
    })
}

/// Makes the loader that settings ask for.
fn loader(config: &Config, sources: &Arc<SourceMap>, extra: Arc<Layer>) -> Loader {
    let mut loader = Loader::new(Arc::clone(sources), extra);
    if let Some(paths) = config.paths(&table::ROLES_PATH) {
        loader.roles_path = paths;
    }
    if let Some(paths) = config.paths(&table::COLLECTIONS_PATH) {
        loader.collections_path = paths;
    }
    let source = sources.add(Source::new("<settings>", None, ""));
    let mut put = |name: &str, kind: Kind| {
        let node = |kind| Node::new(kind, Span::new(source, 0, 0));
        loader.play_defaults.insert(Key::from(name), node(Kind::Str(name.into())), node(kind));
    };
    if let Some(strategy) = config.text(&table::STRATEGY) {
        put("strategy", Kind::Str(strategy.into()));
    }
    if let Some(seconds) = config.number(&table::TASK_TIMEOUT).filter(|seconds| *seconds > 0) {
        put("timeout", Kind::Int(seconds.into()));
    }
    loader.missing_handler_is_error = config.flag(&table::ERROR_ON_MISSING_HANDLER).unwrap_or(true);
    for (name, setting) in [("any_errors_fatal", &table::ANY_ERRORS_FATAL), ("no_log", &table::NO_LOG)] {
        if let Some(flag) = config.flag(setting) {
            put(name, Kind::Bool(flag));
        }
    }
    loader
}

/// Reads `-e` options into one layer; later ones win.
fn extra_vars(options: &[String], sources: &SourceMap, found: &mut Diagnostics) -> Layer {
    let mut layer = Layer::new(Origin::ExtraVars);
    for option in options {
        match option.strip_prefix('@') {
            Some(path) => layer.vars.extend(load_vars_file(&expand_home(path), sources, found)),
            None => {
                let id = sources.add(Source::new("<extra vars>", None, option.as_str()));
                if option.trim_start().starts_with(['{', '[']) {
                    take_dictionary(yaml::parse(id, sources, found), &mut layer, found);
                    continue;
                }
                let span = Span::new(id, 0, option.len());
                for (name, value) in split_key_value(option) {
                    match name {
                        Some(name) => {
                            let node = Node::new(Kind::Str(value.into()), span);
                            layer.vars.insert(name.into(), Var::Author(node));
                        }
                        None => found.push(
                            Diagnostic::error("E0502", format!("`-e {value}` is no variable"))
                                .at(span)
                                .help("write name=value, a dictionary, or @FILE"),
                        ),
                    }
                }
            }
        }
    }
    layer
}

fn take_dictionary(node: Option<Node>, layer: &mut Layer, found: &mut Diagnostics) {
    let Some(node) = node else { return };
    let Some(map) = node.as_map() else {
        if !node.is_null() {
            let message = format!("extra variables must be a dictionary, not a {}", node.kind_name());
            found.push(Diagnostic::error("E0502", message).at(node.span));
        }
        return;
    };
    for (key, _, value) in map.iter() {
        if let Key::Str(name) = key {
            layer.vars.insert(Arc::clone(name), Var::Author(value.clone()));
        }
    }
}

/// Claims that a variable of this name holds a password.
fn is_secret_name(name: &str) -> bool {
    let name = name.strip_prefix("ansible_").unwrap_or("");
    name.ends_with("_pass")
        || name.ends_with("_password")
        || name.ends_with("_passphrase")
        || matches!(name, "pass" | "password")
}
