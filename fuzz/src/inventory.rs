//! Any text is an inventory, or refused with places that lie in it: INI, YAML and TOML, by the first byte.

use super::choice_and_text;
use netplay::inventory::{Listing, graph_text, read_text};
use netplay::source::{Diagnostics, SourceMap, Style, render};
use std::sync::Arc;

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Some(data) = choice_and_text(bytes) else { return };
    let name = ["hosts", "hosts.ini", "hosts.yml", "hosts.toml"][usize::from(data.0) % 4];
    let sources = Arc::new(SourceMap::new());
    let mut found = Diagnostics::new();
    let inventory = read_text(name, data.1, &sources, &mut found);
    for diagnostic in found.iter() {
        render(diagnostic, &sources, Style::Plain);
    }
    if inventory.hosts.len() < 1000 {
        Listing::of(&inventory).json();
        graph_text(&inventory, "all", true);
    }
}
