//! Any bytes are read as a vault without a panic; what is read is written and read again the same.

use netplay::vault::Envelope;

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(envelope) = Envelope::parse(bytes) else { return };
    let again = Envelope::parse(envelope.to_text().as_bytes()).expect("what was written is read");
    assert_eq!((again.salt, again.digest, again.ciphertext), (envelope.salt, envelope.digest, envelope.ciphertext));
}
