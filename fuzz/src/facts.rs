//! Whatever a host says of itself, facts are made of it.

use netplay::facts::{read, wanted};

/// Reads the bytes.
pub(crate) fn run(output: &[u8]) {
    let collectors = wanted(&["all".into()]).unwrap_or_default();
    let _ = read(&collectors, output);
}
