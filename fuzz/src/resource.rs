//! What devices show of their resources: whatever it is, what was read is not sent again.

use netplay::resource::{State, TABLE, commands, read};

/// Secrets of which a device shows nothing comparable are sent each time.
const HAVE_SECRETS: [&str; 3] = ["user", "snmp_server", "aaa_server"];

/// Reads the bytes: which definition, and what the device shows.
pub(crate) fn run(bytes: &[u8]) {
    let Some((first, text)) = super::number_and_text(bytes) else { return };
    let row = &TABLE[first % TABLE.len()];
    let definition = row.definition();
    let tree = read(definition, text);
    let commands = commands(definition, &tree, &tree, State::Overridden);
    let has_secrets = HAVE_SECRETS.iter().any(|name| row.name.contains(name));
    assert!(has_secrets || commands.is_empty(), "{}: {commands:?}", row.name);
}
