//! Any bytes are read as a vault without a panic; what is read is written and read again the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netplay::vault::Envelope;

fuzz_target!(|bytes: &[u8]| {
    let Ok(envelope) = Envelope::parse(bytes) else { return };
    let again = Envelope::parse(envelope.to_text().as_bytes()).expect("what was written is read");
    assert_eq!((again.salt, again.digest, again.ciphertext), (envelope.salt, envelope.digest, envelope.ciphertext));
});
