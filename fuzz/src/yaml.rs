//! Any text is read without a panic, a leak or a wrong access; every span and every place inside a string lies in it.

use netplay::source::{Diagnostics, Source, SourceMap, Style, render};
use netplay::yaml::{Kind, Node, parse};

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let sources = SourceMap::new();
    let id = sources.add(Source::new("fuzz", None, text));
    let mut found = Diagnostics::new();
    let node = parse(id, &sources, &mut found);
    assert!(node.is_some() || found.has_errors(), "no tree and no error");
    for diagnostic in found.iter() {
        render(diagnostic, &sources, Style::Plain);
    }
    if let Some(node) = &node {
        check(node, &sources, text, &mut 0);
    }
}

fn check(node: &Node, sources: &SourceMap, text: &str, seen: &mut usize) {
    *seen += 1;
    if *seen > 10_000 {
        return;
    }
    assert!(text.get(node.span.start as usize..node.span.end as usize).is_some());
    match &node.kind {
        Kind::Str(value) | Kind::Unsafe(value) | Kind::Vault(value) => {
            let place = node.place_of(sources, value.len() / 3, value.len());
            assert!(text.get(place.start as usize..place.end as usize).is_some());
        }
        Kind::Seq(items) => items.iter().for_each(|item| check(item, sources, text, seen)),
        Kind::Map(map) => map.iter().for_each(|(_, key, value)| {
            check(key, sources, text, seen);
            check(value, sources, text, seen);
        }),
        _ => {}
    }
}
