//! What reads bytes from outside, each as a function of any bytes: it may refuse them, and must not panic, hang or leave
//! its limits. `fuzz_targets/` hands them to libFuzzer; `tests/fuzz` runs them over mutated examples in the test suite.

mod configuration;
mod events;
mod expression;
mod facts;
mod host_pattern;
mod inventory;
mod moment;
mod netconf;
mod outline;
mod platform;
mod session;
mod telnet;
mod template;
mod terminal;
mod textfsm_index;
mod textfsm_run;
mod textfsm_template;
mod ttp;
mod vault;
mod yaml;

/// A reader, by its name.
type Target = (&'static str, fn(&[u8]));

/// Every reader.
pub const TARGETS: [Target; 20] = [
    ("configuration", configuration::run),
    ("events", events::run),
    ("expression", expression::run),
    ("facts", facts::run),
    ("host_pattern", host_pattern::run),
    ("inventory", inventory::run),
    ("moment", moment::run),
    ("netconf", netconf::run),
    ("outline", outline::run),
    ("platform", platform::run),
    ("session", session::run),
    ("telnet", telnet::run),
    ("template", template::run),
    ("terminal", terminal::run),
    ("textfsm_index", textfsm_index::run),
    ("textfsm_run", textfsm_run::run),
    ("textfsm_template", textfsm_template::run),
    ("ttp", ttp::run),
    ("vault", vault::run),
    ("yaml", yaml::run),
];

/// Hands bytes to the reader of that name.
#[allow(dead_code, reason = "the tests go through the table themselves")]
pub fn run(name: &str, bytes: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target has its row");
    target(bytes);
}

/// Takes a choice and a text of the bytes.
fn choice_and_text(bytes: &[u8]) -> Option<(u8, &str)> {
    let (first, rest) = bytes.split_first()?;
    Some((*first, std::str::from_utf8(rest).ok()?))
}
