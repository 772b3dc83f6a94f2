//! The reader of platforms' definitions.

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = netplay::platform::check(text);
}
