//! The settings that are one value each, with their keywords: for whoever reads them all, or works them out.

use super::Settings;
use crate::yaml::{Mapping, Node};

/// Returns the templates among settings.
pub(crate) fn settings_nodes(settings: &Settings) -> impl Iterator<Item = &Node> {
    let around = settings.outer.iter().map(|(_, node)| node);
    named_settings(settings).map(|(_, node)| node).chain(around).chain(&settings.environment)
}

/// Returns the settings that are one value each, with their keywords.
pub(crate) fn named_settings(settings: &Settings) -> impl Iterator<Item = (&'static str, &Node)> {
    let single = [
        ("any_errors_fatal", &settings.any_errors_fatal),
        ("become", &settings.elevate),
        ("become_exe", &settings.become_exe),
        ("become_flags", &settings.become_flags),
        ("become_method", &settings.become_method),
        ("become_user", &settings.become_user),
        ("check_mode", &settings.check_mode),
        ("connection", &settings.connection),
        ("delegate_facts", &settings.delegate_facts),
        ("delegate_to", &settings.delegate_to),
        ("diff", &settings.diff),
        ("ignore_errors", &settings.ignore_errors),
        ("ignore_unreachable", &settings.ignore_unreachable),
        ("no_log", &settings.no_log),
        ("port", &settings.port),
        ("remote_user", &settings.remote_user),
        ("run_once", &settings.run_once),
        ("throttle", &settings.throttle),
        ("timeout", &settings.timeout),
    ];
    single.into_iter().filter_map(|(name, node)| Some((name, node.as_ref()?)))
}

/// Returns the same settings for changing them, those that are not written included.
pub(crate) fn settings_mut(settings: &mut Settings) -> impl Iterator<Item = (&'static str, &mut Option<Node>)> {
    [
        ("any_errors_fatal", &mut settings.any_errors_fatal),
        ("become", &mut settings.elevate),
        ("become_exe", &mut settings.become_exe),
        ("become_flags", &mut settings.become_flags),
        ("become_method", &mut settings.become_method),
        ("become_user", &mut settings.become_user),
        ("check_mode", &mut settings.check_mode),
        ("connection", &mut settings.connection),
        ("delegate_facts", &mut settings.delegate_facts),
        ("delegate_to", &mut settings.delegate_to),
        ("diff", &mut settings.diff),
        ("ignore_errors", &mut settings.ignore_errors),
        ("ignore_unreachable", &mut settings.ignore_unreachable),
        ("no_log", &mut settings.no_log),
        ("port", &mut settings.port),
        ("remote_user", &mut settings.remote_user),
        ("run_once", &mut settings.run_once),
        ("throttle", &mut settings.throttle),
        ("timeout", &mut settings.timeout),
    ]
    .into_iter()
}

/// Overrides settings by those written here. What a template overrides is kept: the template may yield `omit`.
pub(super) fn override_settings(map: &Mapping, settings: &mut Settings) {
    let mut outer = std::mem::take(&mut settings.outer);
    for (keyword, field) in settings_mut(settings) {
        let Some(node) = map.get(keyword) else { continue };
        let around = field.replace(node.clone()).filter(|_| !node.is_static());
        outer.extend(around.map(|around| (keyword, around)));
    }
    settings.outer = outer;
}
