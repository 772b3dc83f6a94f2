//! Any text is an inventory, or refused with places that lie in it: INI, YAML and TOML, by the first byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netplay::inventory::{Listing, graph_text, read_text};
use netplay::source::{Diagnostics, SourceMap, Style, render};
use std::sync::Arc;

fuzz_target!(|data: (u8, &str)| {
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
});
