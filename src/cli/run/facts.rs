//! What the command line and the settings say of facts.

use crate::cli::config::{Config, table};
use crate::executor::{FactSettings, GatherWhen};
use crate::facts::cache::FactCache;
use clap::Args;
use std::time::Duration;

/// Options about facts.
#[derive(Args)]
pub(in crate::cli) struct FactOptions {
    /// Forget the facts of earlier runs first
    #[arg(long)]
    flush_cache: bool,

    #[arg(skip)]
    chosen: FactSettings,
}

/// How long kept facts count when nobody says, in seconds: Ansible's default.
const TIMEOUT_SECONDS: u64 = 86_400;

impl FactOptions {
    /// Takes from the settings what they say of facts.
    pub(super) fn settle(&mut self, config: &Config) -> Result<(), String> {
        self.chosen.flush = self.flush_cache;
        self.chosen.gathering = match config.text(&table::GATHERING).as_deref() {
            Some("explicit") => GatherWhen::Explicit,
            Some("smart") => GatherWhen::Smart,
            _ => GatherWhen::Implicit,
        };
        self.chosen.inject = config.flag(&table::INJECT_FACTS).unwrap_or(true);
        self.chosen.cache = cache(config)?;
        Ok(())
    }

    /// Returns how facts are dealt with.
    pub(super) fn settings(&self) -> FactSettings {
        self.chosen.clone()
    }
}

fn cache(config: &Config) -> Result<Option<FactCache>, String> {
    let plugin = config.text(&table::FACT_CACHING);
    if !plugin.is_some_and(|plugin| plugin.ends_with("jsonfile")) {
        return Ok(None);
    }
    let Some(folder) = config.path(&table::FACT_CACHING_CONNECTION) else {
        return Err("the fact cache `jsonfile` needs a folder: set `fact_caching_connection`".into());
    };
    let seconds = config.number(&table::FACT_CACHING_TIMEOUT).unwrap_or(TIMEOUT_SECONDS);
    let prefix = config.text(&table::FACT_CACHING_PREFIX).unwrap_or_default();
    // As in Ansible: 0 is for ever.
    Ok(Some(FactCache { folder, prefix, timeout: (seconds > 0).then(|| Duration::from_secs(seconds)) }))
}
