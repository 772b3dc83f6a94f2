//! What reads bytes from outside, each as a function of any bytes: it may refuse them, and must not panic, hang or leave
//! its limits. `fuzz_targets/` hands them to libFuzzer; `tests/fuzz` runs them over mutated examples in the test suite.

mod configuration;
mod device_facts;
mod events;
mod expression;
mod facts;
mod host_pattern;
mod http_fields;
mod inventory;
mod listing;
mod moment;
mod netconf;
mod outline;
mod platform;
mod resource;
mod session;
mod ssh_files;
mod telnet;
mod template;
mod terminal;
mod textfsm_index;
mod textfsm_run;
mod textfsm_template;
mod ttp;
mod vault;
mod xml;
mod yaml;

/// A reader, by its name.
type Target = (&'static str, fn(&[u8]));

/// Every reader.
pub const TARGETS: [Target; 26] = [
    ("configuration", configuration::run),
    ("device_facts", device_facts::run),
    ("events", events::run),
    ("expression", expression::run),
    ("facts", facts::run),
    ("host_pattern", host_pattern::run),
    ("http_fields", http_fields::run),
    ("inventory", inventory::run),
    ("listing", listing::run),
    ("moment", moment::run),
    ("netconf", netconf::run),
    ("outline", outline::run),
    ("platform", platform::run),
    ("resource", resource::run),
    ("session", session::run),
    ("ssh_files", ssh_files::run),
    ("telnet", telnet::run),
    ("template", template::run),
    ("terminal", terminal::run),
    ("textfsm_index", textfsm_index::run),
    ("textfsm_run", textfsm_run::run),
    ("textfsm_template", textfsm_template::run),
    ("ttp", ttp::run),
    ("vault", vault::run),
    ("xml", xml::run),
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

/// Takes a number of up to 65,535 and a text of the bytes.
fn number_and_text(bytes: &[u8]) -> Option<(usize, &str)> {
    let (first, rest) = bytes.split_first_chunk::<2>()?;
    Some((usize::from(u16::from_le_bytes(*first)), std::str::from_utf8(rest).ok()?))
}
