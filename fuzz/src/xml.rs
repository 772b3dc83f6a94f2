//! XML of devices and servers: what was read is written so that the same is read of it.

use netplay::xml::Element;

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(element) = Element::read(text) else { return };
    let again = Element::read(&element.to_string());
    assert_eq!(again.as_ref(), Ok(&element));
    let _ = element.plain();
    assert!(Element::read(&element.pretty()).is_ok());
}
