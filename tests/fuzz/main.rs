//! The readers of `fuzz/` over mutated examples: none may panic, and each comes to its end.
//!
//! The examples are files of this repository. The same seed gives the same inputs. NETPLAY_FUZZ_ROUNDS says how many a
//! reader gets; what makes one panic is written to the folder of the target's temporary files and named.

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a library by itself for the targets")]
mod readers;

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

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

/// Returns the files below a folder that end so, the folder's own first.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns texts that stand in a file of cases, wherever they stand in it.
fn texts_of(file: impl AsRef<Path>) -> Vec<Vec<u8>> {
    fn gather(json: &serde_json::Value, found: &mut Vec<Vec<u8>>) {
        match json {
            serde_json::Value::String(text) => found.push(text.clone().into_bytes()),
            serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
            serde_json::Value::Object(entries) => entries.values().for_each(|value| gather(value, found)),
            _ => {}
        }
    }
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let mut found = Vec::new();
    gather(&serde_json::from_str(&text).unwrap(), &mut found);
    found
}

/// Returns the number of each platform, and all that one of its devices said in a recording.
fn recordings() -> Vec<(u8, Vec<u8>)> {
    let platforms = netplay::platform::all().filter(|platform| !platform.is_host);
    let mut found = Vec::new();
    for (number, platform) in platforms.enumerate() {
        let file = format!("tests/platforms/{}/sessions.yaml", platform.name);
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let sessions: Vec<serde_json::Value> = serde_yaml::from_str(&text).unwrap();
        for session in sessions {
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let talk = session["talk"].as_array().cloned().unwrap_or_default();
            let said: String = std::iter::once(text(&session["opens"]))
                .chain(talk.iter().flat_map(|turn| [text(&turn["comes"]), text(&turn["later"])]))
                .collect();
            found.push((number as u8, said.into_bytes()));
        }
    }
    found
}

/// Returns, for each platform, what is typed otherwise than it is shown, and what is shown.
fn configurations() -> Vec<Vec<u8>> {
    let platforms = netplay::platform::all().filter(|platform| platform.config_level.is_some());
    let mut found = Vec::new();
    for (number, platform) in platforms.enumerate() {
        let file = format!("tests/platforms/{}/spelled.yaml", platform.name);
        let Ok(text) = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)) else { continue };
        let cases: BTreeMap<String, Vec<(String, String)>> = serde_yaml::from_str(&text).unwrap();
        let bytes = |(typed, shown): (String, String)| {
            [&[number as u8][..], typed.as_bytes(), b"\0", shown.as_bytes()].concat()
        };
        found.extend(cases.into_values().flatten().map(bytes));
        // Of whole configurations a part that has the oddest lines of all kinds, in bytes: more takes long.
        let part = |file: &str| {
            let file = format!("{}/tests/platforms/{}/whole/{file}", env!("CARGO_MANIFEST_DIR"), platform.name);
            fs::read_to_string(file).map(|text| text.chars().take(2500).collect::<String>()).ok()
        };
        found.extend(part("one.txt").zip(part("two.txt")).map(bytes));
    }
    found
}

fn contents(files: Vec<PathBuf>) -> Vec<Vec<u8>> {
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Returns examples of what a reader reads.
fn examples(reader: &str) -> Vec<Vec<u8>> {
    match reader {
        "configuration" => configurations(),
        "events" => contents(files("tests/fuzz", ".jsonl")),
        "expression" => texts_of("tests/regex/cases.json"),
        "facts" => files("tests/facts", "answers.json").iter().flat_map(texts_of).collect(),
        "host_pattern" => ["web:db", "web[0:3]:!db-a", "~web\\d+", "all:&site", "*.example.org,2001:db8::1"]
            .map(|text| text.as_bytes().to_vec())
            .into(),
        "inventory" => contents([files("tests/inventory", ".ini"), files("tests/inventory", ".yml")].concat()),
        "moment" => [
            "\u{0}2024-02-29 10:20:30\u{0}%Y-%m-%d %H:%M:%S",
            "\u{1}Thu Feb  9 1:2:3 2024 +0530\u{0}%a %b %d %H:%M:%S %Y %z",
            "\u{2}29.2.24 12 PM\u{0}%d.%m.%y %I %p",
            "\u{4}1709202030.25\u{0}%A %B %j %U %W %V %G %s %Z%% %c %x %X %f %-d %e",
            "\u{6}60 2024\u{0}%j %Y",
        ]
        .map(|text| text.as_bytes().to_vec())
        .into(),
        "netconf" => vec![
            b"\0<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities><capability>urn:ietf:params:netconf:base:1.1\
              </capability></capabilities><session-id>4</session-id></hello>]]>]]><rpc-reply/>]]>]]>"
                .to_vec(),
            b"\x01\n#24\n<rpc-reply message-id=\"1\"\n#65\n><rpc-error><error-severity>error</error-severity></rpc-error></x>\n##\n"
                .to_vec(),
            b"\x01\n#4\n<a/>\n##\n\n#1\n<\n#3\nb/>\n##\n".to_vec(),
        ],
        "outline" => texts_of("tests/outline/cases.json"),
        "platform" => contents(files("src/platform/definitions", ".yaml")),
        "session" => recordings().iter().map(|(platform, said)| [&[*platform, 7], said.as_slice()].concat()).collect(),
        "telnet" => {
            vec![b"\xff\xfd\x18\xff\xfb\x01\xff\xfa\x18\x01\xff\xf0Username: \xff\xff\xff\xfe\x1f\r\0\r\nr1#".to_vec()]
        }
        "template" => texts_of("tests/template/generated.json"),
        "terminal" => recordings().into_iter().map(|(_, said)| said).collect(),
        "textfsm_index" => vec![
            b"Template, Hostname, Platform, Command\na.textfsm:b.textfsm, .*, cisco_ios, sh[[ow]] ver[[sion]]\n"
                .to_vec(),
        ],
        "textfsm_run" | "textfsm_template" => texts_of("tests/textfsm/cases.json"),
        "ttp" => texts_of("tests/ttp/cases.json"),
        "vault" => texts_of("tests/vault/recorded.json"),
        "yaml" => contents(files("tests/language", ".yml")),
        other => panic!("no examples for `{other}`"),
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
    let examples = examples(reader);
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
    events,
    expression,
    facts,
    host_pattern,
    inventory,
    moment,
    netconf,
    outline,
    platform,
    session,
    telnet,
    template,
    terminal,
    textfsm_index,
    textfsm_run,
    textfsm_template,
    ttp,
    vault,
    yaml
);

#[test]
fn every_reader_has_its_test_and_its_target() {
    let tested = include_str!("main.rs");
    for (name, _) in readers::TARGETS {
        assert!(tested.contains(&format!("\"{name}\"")), "no examples for `{name}`");
        assert!(tested.contains(&format!("    {name}")), "no test for `{name}`");
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fuzz/fuzz_targets/{name}.rs"));
        assert!(target.is_file(), "no {}", target.display());
    }
}
