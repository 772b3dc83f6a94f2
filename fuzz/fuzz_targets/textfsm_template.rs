#![no_main]
//! The reader of TextFSM templates, and running what it accepts over the template's own text.

use libfuzzer_sys::fuzz_target;
use netplay::source::SourceId;
use netplay::textfsm::Template;

fuzz_target!(|text: &str| {
    if let Ok(template) = Template::read(SourceId(0), "fuzz", text) {
        let _ = template.run(text);
    }
});
