//! Configurations of the size and the oddity of real ones: what turns the one into the other is typed into a model of the device,
//! which then has the other, in its order; a second run sends nothing, and what was predicted is what came. So for the two of each
//! platform, in both directions, and for random parts of them.

use super::super::compare::is_whole;
use super::super::members::apart;
use super::super::order;
use super::super::spelled::said;
use super::super::*;
use super::router::Router;
use crate::platform::{self, ConfigStyle, ConfigText};
use proptest::prelude::*;
use std::path::PathBuf;

/// The two configurations of a platform.
struct Pair {
    name: &'static str,
    text: &'static ConfigText,
    one: Vec<Section>,
    two: Vec<Section>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/platforms")
}

fn pairs() -> Vec<Pair> {
    let read = |name: &str, file: &str| std::fs::read_to_string(folder().join(name).join("whole").join(file));
    let pair = |platform: &'static platform::Platform| {
        let (name, text) = (platform.name.as_str(), &platform.text);
        let one = read(name, "one.txt").ok()?;
        let two = read(name, "two.txt").expect("there are two");
        Some(Pair { name, text, one: parse(&one, text), two: parse(&two, text) })
    };
    let found: Vec<Pair> = platform::all().filter_map(pair).collect();
    assert!(found.len() >= 9, "{} platforms have such", found.len());
    found
}

/// Returns what a configuration says, in an order of its own but where order counts, without what cannot go.
fn canonical(sections: &[Section], text: &ConfigText) -> Vec<String> {
    fn level(sections: &[Section], path: &str, within: Option<&str>, text: &ConfigText, out: &mut Vec<String>) {
        let rows = match text.style {
            ConfigStyle::Set => moves::rows(sections, text),
            ConfigStyle::Indent => {
                let groups = order::groups(sections, within, text).into_iter();
                groups.map(|(group, row)| (group, row.into_iter().map(|entry| entry.bare).collect())).collect()
            }
        };
        out.extend(rows.iter().map(|(group, row)| format!("{path} in order: {group}: {}", row.join(" > "))));
        for section in sections {
            if text.keep.iter().any(|keep| keep.is_match(&section.line)) {
                continue;
            }
            let line = said(&section.line, text);
            let bare = compare::without_number(&line, within, text);
            let here = format!("{path} / {}", bare.as_ref().unwrap_or(&line));
            if is_whole(&section.line, text) {
                out.push(format!("{here}: {:?}", section.text()));
                continue;
            }
            if !text.permanent.iter().any(|permanent| permanent.is_match(&section.line)) {
                out.push(here.clone());
            }
            level(&section.children, &here, Some(&line), text, out);
        }
    }
    let mut out = Vec::new();
    level(&apart(sections, text), "", None, text, &mut out);
    out.sort();
    out.dedup();
    out
}

/// Says what only one of two configurations says.
fn differ(is: &[String], wanted: &[String]) -> Result<(), String> {
    let only = |sign: char, one: &[String], other: &[String]| -> String {
        one.iter().filter(|line| !other.contains(line)).map(|line| format!("{sign} {line}\n")).collect()
    };
    let found = only('+', is, wanted) + &only('-', wanted, is);
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Types what turns `running` into `wanted` into a router, and looks what it has then.
fn check(pair: &Pair, running: &[Section], wanted: &[Section]) -> Result<Vec<String>, TestCaseError> {
    let (name, text) = (pair.name, pair.text);
    let plan = remedy(wanted, running, text);
    let lines = to_send(&plan, text, None);
    let told = |why: &str| format!("{name}: {why}\n{}\non\n{}", lines.join("\n"), print(running));
    let mut router = Router::new(running, &[&pair.one, &pair.two, wanted], text);
    for line in &lines {
        router.take(line).map_err(|why| TestCaseError::fail(told(&why)))?;
    }
    let after = router.shown();
    differ(&canonical(&after, text), &canonical(wanted, text))
        .map_err(|why| TestCaseError::fail(format!("{why}{}", told("is not what is wanted"))))?;
    let again = to_send(&remedy(wanted, &after, text), text, None);
    prop_assert_eq!(again, Vec::<String>::new(), "{}", told("a second run sends something"));
    // Whether a device shows that something is not so, or is so again, nobody can tell.
    let before = canonical(running, text);
    let is_told = |line: &String| {
        let (path, last) = line.rsplit_once(" / ").unwrap_or(("", line));
        let negated = !text.negate.is_empty() && last.starts_with(text.negate.as_str());
        let is_order = text.style == ConfigStyle::Set && line.contains(" in order: ");
        !negated && !is_order && !before.contains(&format!("{path} / {}{last}", text.negate))
    };
    let predicted = merge(running.to_vec(), &plan, text);
    let told_of =
        |sections: &[Section]| -> Vec<String> { canonical(sections, text).into_iter().filter(is_told).collect() };
    differ(&told_of(&predicted), &told_of(&after))
        .map_err(|why| TestCaseError::fail(format!("{why}{}", told("is not what came"))))?;
    Ok(lines)
}

/// Types what `wanted` has more than `running`.
fn check_missing(pair: &Pair, running: &[Section], wanted: &[Section]) -> Result<(), TestCaseError> {
    let (name, text) = (pair.name, pair.text);
    let lines = to_send(&missing(wanted, running, text), text, None);
    let mut router = Router::new(running, &[&pair.one, &pair.two, wanted], text);
    for line in &lines {
        match router.take(line) {
            Ok(()) => {}
            // Another entry has the number: the device refuses it, and nothing here knows better.
            Err(why) if why.contains("duplicate sequence number") => return Ok(()),
            Err(why) => return Err(TestCaseError::fail(format!("{name}: {why}\n{}", lines.join("\n")))),
        }
    }
    let again = to_send(&missing(wanted, &router.shown(), text), text, None);
    prop_assert_eq!(again, Vec::<String>::new(), "{}: a second run sends something", name);
    Ok(())
}

#[test]
fn the_one_becomes_the_other_and_the_other_the_one() {
    let mut wrong = Vec::new();
    for pair in pairs() {
        for (running, wanted, file) in [(&pair.one, &pair.two, "to_two.txt"), (&pair.two, &pair.one, "to_one.txt")] {
            let found = check_missing(&pair, running, wanted).and_then(|()| check(&pair, running, wanted));
            let lines = match found {
                Ok(lines) => lines,
                Err(why) => {
                    wrong.push(format!("{}: {why}", file));
                    continue;
                }
            };
            let file = folder().join(pair.name).join("whole").join(file);
            let written = lines.join("\n") + "\n";
            if std::env::var_os("NETPLAY_TEST_WRITE").is_some() {
                std::fs::write(&file, &written).expect("the folder can be written");
            }
            let known = std::fs::read_to_string(&file).unwrap_or_default();
            if written != known {
                wrong.push(format!("{} is\n{written}", file.display()));
            }
        }
        for whole in [&pair.one, &pair.two] {
            let again = to_send(&remedy(whole, &parse(&print(whole), pair.text), pair.text), pair.text, None);
            if !again.is_empty() {
                wrong.push(format!("{}: {again:#?}", pair.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Takes of each line of both one, the other, none, or of its section some lines.
fn part(pair: &Pair, seeds: &[u8]) -> Vec<Section> {
    let text = pair.text;
    let (one, two) = (apart(&pair.one, text), apart(&pair.two, text));
    let key = |section: &Section| {
        if let Some(own) = gather::text_of(&section.line, text) {
            return own;
        }
        let line = said(&section.line, text);
        let line = line.strip_prefix(text.negate.as_str()).unwrap_or(&line);
        text.place(line, None).unwrap_or_else(|| line.to_owned())
    };
    let mut keys: Vec<String> = Vec::new();
    for section in one.iter().chain(&two) {
        let key = key(section);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut found: Vec<Section> = Vec::new();
    for (at, wanted) in keys.iter().enumerate() {
        let seed = seeds[at % seeds.len()].wrapping_add((at / seeds.len()) as u8).wrapping_mul(31);
        let of = |sections: &[Section]| sections.iter().find(|section| key(section) == *wanted).cloned();
        let taken = match seed >> 5 {
            0..=2 => of(&one),
            3..=5 => of(&two),
            // A device shows of some lines that they are not so, and then each run would turn them round.
            6 if !text.negate.is_empty()
                && [&one, &two].iter().any(|all| of(all).is_some_and(|s| s.line.starts_with(text.negate.as_str()))) =>
            {
                of(&one).or_else(|| of(&two))
            }
            6 => None,
            _ => of(&two).or_else(|| of(&one)).map(|section| some(section, seed, text)),
        };
        found.extend(taken);
    }
    found
}

/// Leaves lines of a section out, if no others hang on them.
fn some(mut section: Section, seed: u8, text: &ConfigText) -> Section {
    let is_flat = section.children.iter().all(|child| child.children.is_empty());
    if is_flat && !is_whole(&section.line, text) && !section.line.starts_with("router") {
        let mut at = 0;
        section.children.retain(|_| {
            at += 1;
            (seed.wrapping_mul(at) >> 3) % 4 != 0
        });
    }
    section
}

/// Takes the numbers off entries of lists, as people write them.
fn unnumbered(sections: &[Section], within: Option<&str>, text: &ConfigText) -> Vec<Section> {
    let bare = |section: &Section| {
        let line = said(&section.line, text);
        let bare = within.and_then(|_| compare::without_number(&line, within, text));
        Section {
            line: bare.unwrap_or_else(|| section.line.clone()),
            children: unnumbered(&section.children, Some(&line), text),
        }
    };
    sections.iter().map(bare).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn parts_of_them_become_each_other(
        from in proptest::collection::vec(any::<u8>(), 8..40),
        to in proptest::collection::vec(any::<u8>(), 8..40),
        is_numbered in any::<bool>(),
    ) {
        for pair in pairs() {
            let (running, mut wanted) = (part(&pair, &from), part(&pair, &to));
            if !is_numbered && pair.text.style == ConfigStyle::Indent {
                wanted = unnumbered(&wanted, None, pair.text);
            }
            check(&pair, &running, &wanted)?;
            check_missing(&pair, &running, &wanted)?;
        }
    }
}
