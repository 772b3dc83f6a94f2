//! What programs of hosts print, and the files that tasks edit.

use netplay::module::LISTINGS;

/// Reads the bytes: which reader, and the text.
pub(crate) fn run(bytes: &[u8]) {
    let Some((first, text)) = super::choice_and_text(bytes) else { return };
    LISTINGS[usize::from(first) % LISTINGS.len()].1(text);
}
