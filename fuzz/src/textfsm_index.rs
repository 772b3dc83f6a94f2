//! The reader of an index of templates.

use netplay::source::SourceId;
use netplay::textfsm::Index;

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok((index, _)) = Index::read(SourceId(0), text) {
        let _ = index.templates("cisco_ios", "show version");
    }
}
