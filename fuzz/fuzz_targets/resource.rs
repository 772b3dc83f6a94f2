#![no_main]
//! The reader of what devices show of their resources: whatever it is, what was read is not sent again.

use libfuzzer_sys::fuzz_target;
use netplay::resource::{State, TABLE, commands, read};

fuzz_target!(|text: &str| {
    for row in TABLE {
        let definition = row.definition();
        let tree = read(definition, text);
        assert!(commands(definition, &tree, &tree, State::Overridden).is_empty());
    }
});
