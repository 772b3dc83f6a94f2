//! Any text is read as a template, a condition and a template file without a panic, and places of errors lie in it.

use netplay::source::{Diagnostics, Source, SourceMap, Style, render};
use netplay::template::{FileOptions, check_file, names_of_expression, names_of_file};

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let sources = SourceMap::new();
    let id = sources.add(Source::new("fuzz", None, text));
    let mut found = Diagnostics::new();
    for trim_blocks in [true, false] {
        let options = FileOptions { trim_blocks, lstrip_blocks: !trim_blocks, ..FileOptions::default() };
        check_file(text, &options, id, &mut found);
        names_of_file(text, &options);
    }
    names_of_expression(text);
    for diagnostic in found.iter() {
        render(diagnostic, &sources, Style::Plain);
    }
}
