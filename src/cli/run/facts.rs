//! What the command line and the environment say of facts.

use crate::executor::{FactSettings, GatherWhen};
use crate::facts::cache::FactCache;
use crate::source::expand_home;
use clap::Args;
use std::time::Duration;

/// Options about facts.
#[derive(Args)]
pub(in crate::cli) struct FactOptions {
    /// Forget the facts of earlier runs first
    #[arg(long)]
    flush_cache: bool,
}

/// How long cached facts count when nobody says, in seconds: Ansible's default.
const TIMEOUT_SECONDS: u64 = 86_400;

impl FactOptions {
    /// Returns the settings; they have Ansible's names in the environment.
    pub(super) fn settings(&self) -> Result<FactSettings, String> {
        let mut settings = from_environment(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?;
        settings.flush = self.flush_cache;
        Ok(settings)
    }
}

fn from_environment(get: &dyn Fn(&str) -> Option<String>) -> Result<FactSettings, String> {
    let mut settings = FactSettings::default();
    if let Some(when) = get("ANSIBLE_GATHERING") {
        settings.gathering = match &*when {
            "implicit" => GatherWhen::Implicit,
            "explicit" => GatherWhen::Explicit,
            "smart" => GatherWhen::Smart,
            other => {
                return Err(format!("ANSIBLE_GATHERING knows no `{other}`; it knows implicit, explicit and smart"));
            }
        };
    }
    if let Some(inject) = get("ANSIBLE_INJECT_FACT_VARS") {
        settings.inject = match inject.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" | "y" | "t" => true,
            "false" | "no" | "off" | "0" | "n" | "f" => false,
            other => return Err(format!("ANSIBLE_INJECT_FACT_VARS must be true or false, not `{other}`")),
        };
    }
    let plugin = get("ANSIBLE_CACHE_PLUGIN").unwrap_or_else(|| "memory".into());
    match plugin.strip_prefix("ansible.builtin.").unwrap_or(&plugin) {
        "memory" => return Ok(settings),
        "jsonfile" => {}
        other => return Err(format!("there is no fact cache `{other}`; there are memory and jsonfile")),
    }
    let Some(folder) = get("ANSIBLE_CACHE_PLUGIN_CONNECTION") else {
        return Err("the fact cache `jsonfile` needs a folder: set ANSIBLE_CACHE_PLUGIN_CONNECTION".into());
    };
    let seconds = match get("ANSIBLE_CACHE_PLUGIN_TIMEOUT") {
        None => TIMEOUT_SECONDS,
        Some(text) => text
            .trim()
            .parse()
            .map_err(|_| format!("ANSIBLE_CACHE_PLUGIN_TIMEOUT must be a number of seconds, not `{text}`"))?,
    };
    settings.cache = Some(FactCache {
        folder: expand_home(&folder),
        prefix: get("ANSIBLE_CACHE_PLUGIN_PREFIX").unwrap_or_default(),
        // As in Ansible: 0 is for ever.
        timeout: (seconds > 0).then(|| Duration::from_secs(seconds)),
    });
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<FactSettings, String> {
        let get = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        from_environment(&get)
    }

    #[test]
    fn the_environment_says_when_and_where() {
        let plain = read(&[]).unwrap();
        assert_eq!((plain.gathering, plain.inject, plain.cache.is_none()), (GatherWhen::Implicit, true, true));
        let said = [
            ("ANSIBLE_GATHERING", "smart"),
            ("ANSIBLE_INJECT_FACT_VARS", "False"),
            ("ANSIBLE_CACHE_PLUGIN", "jsonfile"),
            ("ANSIBLE_CACHE_PLUGIN_CONNECTION", "/tmp/f"),
            ("ANSIBLE_CACHE_PLUGIN_TIMEOUT", "0"),
        ];
        let settings = read(&said).unwrap();
        assert_eq!((settings.gathering, settings.inject), (GatherWhen::Smart, false));
        assert_eq!(settings.cache.unwrap().timeout, None);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for pair in [
            ("ANSIBLE_GATHERING", "never"),
            ("ANSIBLE_INJECT_FACT_VARS", "maybe"),
            ("ANSIBLE_CACHE_PLUGIN", "redis"),
            ("ANSIBLE_CACHE_PLUGIN", "jsonfile"),
        ] {
            assert!(read(&[pair]).is_err(), "{pair:?}");
        }
    }
}
