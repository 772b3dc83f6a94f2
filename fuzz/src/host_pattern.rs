//! Any text is a pattern of hosts, or refused.

use netplay::inventory::read_text;
use netplay::source::{Diagnostics, SourceMap};
use std::sync::Arc;

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(pattern) = std::str::from_utf8(bytes) else { return };
    let text = "[web]\nweb[01:20].example.org\n[db]\ndb-[a:f]\n2001:db8::1\n[site:children]\nweb\ndb\n";
    let inventory = read_text("hosts.ini", text, &Arc::new(SourceMap::new()), &mut Diagnostics::new());
    if let Ok(hosts) = inventory.select(pattern) {
        assert!(hosts.len() <= inventory.hosts.len().max(1));
    }
}
