//! Whatever a host says of itself, facts are made of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netplay::facts::{read, wanted};

fuzz_target!(|output: &[u8]| {
    let collectors = wanted(&["all".into()]).unwrap_or_default();
    let _ = read(&collectors, output);
});
