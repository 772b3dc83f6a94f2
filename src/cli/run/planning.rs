//! The plans of all plays, and what is wrong with them before anything runs.

use crate::cli::Exit;
use crate::cli::config::{Config, table};
use crate::cli::setup::Setup;
use crate::executor::{self, Context, Planned, is_localhost};
use crate::playbook::Play;
use crate::source::Diagnostic;
use std::sync::Arc;

/// Checks `--limit` against the whole inventory: a slip of the pen there must not look like a run that went well.
pub(super) fn limit_leaves_hosts(context: &Context, setup: &mut Setup) -> Result<(), Exit> {
    let Some(limit) = &context.settings.limit else { return Ok(()) };
    let inventory = context.world.inventory();
    let mut all: Vec<Arc<str>> = inventory.hosts.keys().cloned().collect();
    all.extend((!inventory.hosts.contains_key("localhost")).then(|| "localhost".into()));
    let Ok(selection) = inventory.limit(&all, limit) else { return Ok(()) };
    for unmatched in &selection.unmatched {
        let message = format!("`--limit`: no host or group matches `{}`", unmatched.part);
        if let Some(said) = mismatch(&setup.config, message) {
            setup.found.push(said.maybe_help(unmatched.help.clone()));
        }
    }
    if selection.hosts.is_empty() {
        setup.found.push(Diagnostic::error("E0501", format!("`--limit {limit}` leaves no host")));
    }
    setup.show_found()
}

/// Returns what is to be said of a part of a pattern that matches nothing, if anything.
fn mismatch(config: &Config, message: String) -> Option<Diagnostic> {
    match config.text(&table::HOST_PATTERN_MISMATCH).as_deref() {
        Some("error") => Some(Diagnostic::error("E0504", message)),
        Some("ignore") => None,
        _ => Some(Diagnostic::warning("W0500", message)),
    }
}

/// Plans all plays, and warns of patterns that match nothing.
pub(in crate::cli) fn plan_all(context: &Arc<Context>, plays: &[Arc<Play>], setup: &mut Setup) -> Vec<Planned> {
    let Setup { config, found, .. } = setup;
    let inventory = context.world.inventory();
    let mut adds_hosts = false;
    let mut planned = Vec::new();
    for play in plays {
        let part = executor::plan(context, play, found);
        let pattern = play.hosts.to_value().to_text();
        if play.hosts.is_static()
            && !adds_hosts
            && let Ok(selection) = inventory.selection(&[&pattern])
        {
            for unmatched in &selection.unmatched {
                if !is_localhost(&unmatched.part) {
                    let said = mismatch(config, format!("no host or group matches `{}`", unmatched.part));
                    if let Some(said) = said {
                        found.push(said.at(play.hosts.span).maybe_help(unmatched.help.clone()));
                    }
                }
            }
        }
        for item in part.sections.iter().flatten() {
            item.each_task(&mut |task| adds_hosts |= matches!(task.action_name(), "add_host" | "group_by"));
        }
        planned.push(part);
    }
    let warns = config.flag(&table::INVENTORY_UNPARSED_WARNING).unwrap_or(true);
    if warns && inventory.hosts.is_empty() && !adds_hosts && planned.iter().any(|play| play.hosts.is_empty()) {
        let message = "the inventory has no hosts; there is `localhost` only";
        found.push(Diagnostic::warning("W0501", message).help("name an inventory with `-i`"));
    }
    planned
}
