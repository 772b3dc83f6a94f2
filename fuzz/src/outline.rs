//! Any text is an outline or refused, and what is one makes data of any output, in a bounded time.

use super::choice_and_text;
use netplay::source::SourceMap;
use netplay::template::{Native, Outline};
use std::sync::Arc;

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Some((which, text)) = choice_and_text(bytes) else { return };
    let (outline, output) = text.split_once('\u{0}').unwrap_or((text, text));
    let Ok(outline) = Outline::read("fuzz.yml", outline, &Arc::new(SourceMap::new())) else { return };
    let _ = match which % 3 {
        0 => outline.parse_cli(output),
        1 => outline.parse_xml(output),
        _ => Native::of(outline).and_then(|native| native.parse(output)),
    };
}
