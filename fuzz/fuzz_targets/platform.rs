#![no_main]
//! The reader of platforms' definitions.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = netplay::platform::check(text);
});
