//! Texts of a megabyte through everything that takes text: each comes to an end, with an answer or a failure.

use super::recorded::{Fixed, templar, text_node};
use super::undefined::{all_filters, all_tests};
use crate::value::Value;
use crate::vars::Var;
use std::collections::BTreeMap;
use std::sync::Arc;

const BYTES: usize = 1_000_000;

/// What takes its time on purpose, or answers with what others hold against it: `password_hash` and its like.
const SLOW: &[&str] = &["password_hash", "vault", "unvault", "ansible.netcommon.type5_pw"];

fn large() -> super::Templar {
    let line = "interface Ethernet1/1 description aaaaaaaaaaaaaaaaaaaaaa\n";
    let texts = [
        ("one_line", "a".repeat(BYTES)),
        ("lines", line.repeat(BYTES / line.len())),
        ("numbers", "1 ".repeat(BYTES / 2)),
        ("open", "((((((((((".repeat(BYTES / 10)),
    ];
    let vars = texts.into_iter().map(|(name, text)| (Arc::from(name), Var::Data(Value::from(text)))).collect();
    templar(Arc::new(Fixed { vars, hosts: BTreeMap::new() }))
}

/// Evaluates an expression whose answer is not of interest; only its length comes back, so that nothing is copied.
fn ends(templar: &super::Templar, expression: &str) {
    let text = format!("{{{{ ({expression}) | string | length }}}}");
    match templar.node(&text_node(&text)) {
        Ok(length) => assert!(matches!(length, Value::Int(_)), "{expression}: {length:?}"),
        Err(failure) => assert!(failure.message.expose().len() < 2_000, "{expression}: the message is as long"),
    }
}

#[test]
fn every_filter_and_test_ends_on_a_text_of_a_megabyte() {
    let templar = large();
    for filter in all_filters().filter(|filter| !SLOW.contains(&filter.name)) {
        ends(&templar, &format!("one_line | {}", filter.name));
    }
    for test in all_tests() {
        ends(&templar, &format!("one_line is {}", test.name));
    }
}

/// What takes more than half a second for 10 MB without optimisation, and like things of which one is tried: a megabyte must
/// do.
const LETTER_BY_LETTER: &[&str] = &[
    "ansible.utils.hwaddr",
    "ansible.utils.mac",
    "ansible.utils.macaddr",
    "community.general.to_days",
    "community.general.to_hours",
    "community.general.to_milliseconds",
    "community.general.to_minutes",
    "community.general.to_months",
    "community.general.to_time_unit",
    "community.general.to_weeks",
    "community.general.to_years",
    "community.general.unicode_normalize",
    "from_yaml",
    "from_yaml_all",
    "indent",
    "pprint",
    "regex_replace",
    "title",
    "to_nice_yaml",
    "urldecode",
    "urlize",
    "urlsplit",
    "wordwrap",
];

#[test]
fn all_that_is_quick_ends_on_a_text_of_ten_megabytes() {
    let text = Var::Data(Value::from("a".repeat(10 * BYTES)));
    let templar = templar(Arc::new(Fixed { vars: [(Arc::from("text"), text)].into(), hosts: BTreeMap::new() }));
    let names = all_filters().map(|filter| ("|", filter.name)).chain(all_tests().map(|test| ("is", test.name)));
    let (slow, quick): (Vec<_>, Vec<_>) = names.partition(|(_, name)| LETTER_BY_LETTER.contains(name));
    assert_eq!(slow.len(), LETTER_BY_LETTER.len(), "one of the names is no filter or test any more");
    for (how, name) in quick.into_iter().filter(|(_, name)| !SLOW.contains(name)) {
        ends(&templar, &format!("text {how} {name}"));
    }
}

#[test]
fn expressions_and_patterns_end_on_a_text_of_a_megabyte() {
    let templar = large();
    let expressions = [
        "lines | regex_findall('Ethernet[0-9/]+') | length",
        "lines | regex_search('(a+)+$')",
        "one_line | regex_search('(a+)+$')",
        "one_line | regex_search('(a|a)*b')",
        "lines | regex_search('(?<=nothing)x')",
        "one_line | regex_replace('a', 'bb')",
        "one_line | regex_replace('(a*)*', 'b')",
        "numbers | regex_replace('([0-9])', '\\\\1\\\\1')",
        "lines | replace('description', 'd')",
        "lines | split('\\n') | length",
        "lines.splitlines() | unique | length",
        "numbers | split | map('int') | sum",
        "lines | indent(4)",
        "lines | wordwrap(20)",
        "lines | hash('sha256')",
        "lines | b64encode | b64decode",
        "lines | to_json | from_json",
        "lines | to_yaml",
        "open | from_json",
        "open | from_yaml",
        "numbers | from_yaml",
        "lines | community.general.json_query('a')",
        "one_line ~ one_line ~ one_line ~ one_line ~ one_line ~ one_line ~ one_line",
        "one_line[::-1]",
        "one_line == lines",
        "'a' in lines",
        "one_line | list | length",
        "one_line | batch(3) | list | length",
        "'%s' % one_line",
        "'{}'.format(one_line)",
        "one_line is match('(a+)+b')",
        "lines is search('nothing$')",
        "one_line | int",
        "one_line | float(0)",
        "one_line | version('1.0', '>')",
        "one_line | ansible.utils.ipaddr",
        "open | regex_escape",
        "lines | comment",
    ];
    for expression in expressions {
        ends(&templar, expression);
    }
    let cut = "{{ lines | splitlines }}";
    assert!(templar.node(&text_node(cut)).is_err(), "there is no such filter");
}

/// What reads a template never goes over it more often than its length allows.
#[test]
fn long_templates_are_read_to_their_end() {
    let templar = large();
    for text in [
        "{{ ".repeat(300_000),
        "{% if a %}".repeat(20_000),
        "{# ".repeat(300_000),
        "{{ 1 }}".repeat(2_000),
        format!("{{{{ {} }}}}", "'".repeat(999_999)),
        format!("{{{{ '{}' }}}}", "\\".repeat(1_000_000)),
        format!("{{{{ [{}] | length }}}}", "1,".repeat(20_000)),
        format!("{{{{ {{{}}} | length }}}}", "'a':1,".repeat(10_000)),
        "}} %} #}".repeat(100_000),
        "{% raw %}{{".repeat(100_000),
    ] {
        let _ = templar.node(&text_node(&text));
    }
}
