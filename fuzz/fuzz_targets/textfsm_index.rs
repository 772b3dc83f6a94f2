#![no_main]
//! The reader of an index of templates.

use libfuzzer_sys::fuzz_target;
use netplay::source::SourceId;
use netplay::textfsm::Index;

fuzz_target!(|text: &str| {
    if let Ok((index, _)) = Index::read(SourceId(0), text) {
        let _ = index.templates("cisco_ios", "show version");
    }
});
