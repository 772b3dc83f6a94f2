//! A template with every option and action over any output.

use netplay::source::SourceId;
use netplay::textfsm::Template;

const TEMPLATE: &str = "Value Filldown,Required A (\\w+)\nValue List B ((?P<x>\\d)(?P<y>\\d)?)\nValue Fillup C (.*?)\n\
    Value List,Filldown D (\\S+)\n\nStart\n  ^${A}: -> Continue\n  ^\\w+:(?=.)${C}(?:x|$$) -> Continue.Record\n  \
    ^- ${B} -> Record\n  ^= ${D} -> Next Two\n  ^clear -> Clear\n  ^all -> Clearall\n  ^! -> Error \"no\"\n\nTwo\n  \
    ^\\s*${D} ${B} -> Start\n  ^end -> End\n  ^eof -> EOF\n";

/// Reads the bytes.
pub(crate) fn run(output: &[u8]) {
    let template = Template::read(SourceId(0), "fuzz", TEMPLATE).expect("it is a template");
    let _ = template.run(&String::from_utf8_lossy(output));
}
