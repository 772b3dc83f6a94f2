//! Bytes of the other side of a Telnet connection, cut in two places: they mean the same.

use netplay::transport::telnet::Negotiation;

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let whole = Negotiation::new(511, 1000).hear(bytes);
    let mut negotiation = Negotiation::new(511, 1000);
    let (before, after) = bytes.split_at(bytes.len() / 2);
    let (first, second) = (negotiation.hear(before), negotiation.hear(after));
    assert_eq!(whole.data, [first.data, second.data].concat());
    assert_eq!(whole.answer, [first.answer, second.answer].concat());
}
