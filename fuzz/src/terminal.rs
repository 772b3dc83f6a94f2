//! Bytes that a terminal shows, cut anywhere: they mean the same lines.

use netplay::transport::shell::lines;

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let whole = lines([bytes]);
    for size in [1, 2, 5] {
        assert_eq!(lines(bytes.chunks(size)), whole);
    }
}
