//! What reads text inside of an expression does so without a panic and within its limits: patterns, JMESPath, XML, formats.

use super::choice_and_text;
use netplay::source::{SearchPath, SourceMap};
use netplay::template::Templar;
use netplay::value::{Map, Value};
use netplay::vars::NoVariables;
use std::sync::Arc;

/// Returns what evaluates expressions of `v` and `a`.
pub(super) fn templar(value: &str, argument: &str) -> Templar {
    let templar = Templar::new(Arc::new(NoVariables), SearchPath::default(), Arc::new(SourceMap::new()));
    templar.with([("v", Value::from(value)), ("a", Value::from(argument))].into_iter().collect::<Map>())
}

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Some((which, text)) = choice_and_text(bytes) else { return };
    let input = match text.split_once('\u{0}') {
        Some((value, argument)) => (which, value, argument),
        None => (which, text, text),
    };
    let (which, value, argument) = input;
    let fixed = [
        "v | regex_search(a)",
        "v | regex_replace(a, a)",
        "v | regex_findall(a)",
        "{'v': v, 'l': [v, 1], 'd': {'x': v}} | community.general.json_query(a)",
        "v | ansible.utils.from_xml | ansible.utils.to_xml",
        "v | from_yaml | to_nice_yaml",
        "v | community.general.from_csv(strict=true)",
        "v | community.general.from_ini",
        "v | ansible.utils.ipaddr(a)",
        "v % a",
        "v.format(a, x=a)",
        "{'v': [v, {'w': v}]} | ansible.utils.get_path(a)",
    ];
    let _ = templar(value, argument).expression_text(fixed[usize::from(which) % fixed.len()], None);
}
