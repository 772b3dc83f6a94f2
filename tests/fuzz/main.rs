//! The readers of `fuzz/` over mutated examples: none may panic, and each comes to its end.
//!
//! The examples are files of this repository. The same seed gives the same inputs. NETPLAY_FUZZ_ROUNDS says how many a
//! reader gets; what makes one panic is written to the folder of the target's temporary files and named.

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a library by itself for the targets")]
mod readers;

mod examples;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// How many inputs a reader gets when nobody says: some seconds in a build without optimisation.
const ROUNDS: u64 = 3000;
/// The longest input, in bytes.
const LONGEST: usize = 3000;

/// A generator of numbers (xorshift), the same on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Makes an input of two examples: cut, turned, doubled, with letters that readers look at.
fn mutated(examples: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    const MARKS: &[&str] = &[
        "\n",
        " ",
        "\t",
        "\u{0}",
        "é",
        "{{",
        "}}",
        "{%",
        "%}",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":",
        "-",
        "*",
        "+",
        "?",
        "\\",
        "'",
        "\"",
        "$",
        "^",
        "|",
        "#",
        "&",
        "<",
        ">",
        "!",
        ",",
        "=",
        "~",
        "0",
        "99999999999999999999",
        "\u{85}",
        "\u{feff}",
    ];
    let mut bytes = examples[chance.below(examples.len())].clone();
    if bytes.len() > LONGEST {
        let start = chance.below(bytes.len() - LONGEST);
        bytes = bytes[start..start + LONGEST].to_vec();
    }
    for _ in 0..1 + chance.below(6) {
        let (a, b) = (chance.below(bytes.len() + 1), chance.below(bytes.len() + 1));
        let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 200));
        match chance.below(7) {
            0 => drop(bytes.drain(from..to)),
            1 => {
                let part = bytes[from..to].to_vec();
                bytes.splice(from..from, part);
            }
            2 => {
                let other = &examples[chance.below(examples.len())];
                let start = chance.below(other.len() + 1);
                let part = other[start..(start + 100).min(other.len())].to_vec();
                bytes.splice(from..from, part);
            }
            3 => bytes.insert(from, chance.next() as u8),
            4 if from < bytes.len() => bytes[from] = chance.next() as u8,
            5 => {
                let mark = MARKS[chance.below(MARKS.len())].repeat(1 + chance.below(3));
                bytes.splice(from..from, mark.into_bytes());
            }
            _ => bytes.truncate(a.max(1)),
        }
    }
    bytes.truncate(LONGEST);
    // Most readers want text: what is none is made one half of the time.
    match chance.below(2) {
        0 => String::from_utf8_lossy(&bytes).into_owned().into_bytes(),
        _ => bytes,
    }
}

fn check(reader: &str) {
    let (_, read) = readers::TARGETS.iter().find(|(name, _)| *name == reader).expect("a reader of that name");
    let examples = examples::examples(reader);
    assert!(!examples.is_empty(), "no examples for `{reader}`");
    let rounds = std::env::var("NETPLAY_FUZZ_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let start = std::env::var("NETPLAY_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_128);
    let mut chance = Chance(start);
    for round in 0..rounds {
        let input = mutated(&examples, &mut chance);
        if catch_unwind(AssertUnwindSafe(|| read(&input))).is_err() {
            let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{reader}-{round}"));
            fs::write(&file, &input).unwrap();
            panic!("the reader `{reader}` panics on {}", file.display());
        }
    }
}

macro_rules! readers {
    ($($name:ident),*) => { $(
        #[test]
        fn $name() {
            check(stringify!($name));
        }
    )* };
}

readers!(
    configuration,
    device_facts,
    events,
    expression,
    facts,
    host_pattern,
    http_fields,
    inventory,
    listing,
    moment,
    netconf,
    outline,
    platform,
    resource,
    session,
    ssh_files,
    telnet,
    template,
    terminal,
    textfsm_index,
    textfsm_run,
    textfsm_template,
    ttp,
    vault,
    xml,
    yaml
);

#[test]
fn every_reader_has_its_test_and_its_target() {
    let (tested, shown) = (include_str!("main.rs"), include_str!("examples.rs"));
    for (name, _) in readers::TARGETS {
        assert!(shown.contains(&format!("\"{name}\"")), "no examples for `{name}`");
        assert!(tested.contains(&format!("    {name}")), "no test for `{name}`");
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fuzz/fuzz_targets/{name}.rs"));
        assert!(target.is_file(), "no {}", target.display());
    }
}
