//! The reader of TextFSM templates, and running what it accepts over the template's own text.

use netplay::source::SourceId;
use netplay::textfsm::Template;

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(template) = Template::read(SourceId(0), "fuzz", text) {
        let _ = template.run(text);
    }
}
