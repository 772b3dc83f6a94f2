//! Lines that are typed otherwise than they are shown: recorded cases of each platform, and random lines of its definition.

use super::super::spelled::said;
use super::super::*;
use crate::platform::{self, ConfigStyle, ConfigText, Value, Words};
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Cases of a platform: what is typed, and the configuration that is shown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// Nothing is sent.
    same: Vec<(String, String)>,
    /// All that is typed is sent.
    other: Vec<(String, String)>,
}

pub(super) fn texts() -> impl Iterator<Item = (&'static str, &'static ConfigText)> {
    platform::all().filter(|platform| platform.config_level.is_some()).map(|p| (p.name.as_str(), &p.text))
}

#[test]
fn what_is_typed_otherwise_than_shown_is_known() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platforms");
    let mut seen = 0;
    for (name, text) in texts().filter(|(_, text)| !text.spelling.is_unknown()) {
        let file = folder.join(name).join("spelled.yaml");
        let cases = std::fs::read_to_string(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        let cases: Cases = serde_yaml::from_str(&cases).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        for (is_same, (typed, shown)) in
            cases.same.iter().map(|case| (true, case)).chain(cases.other.iter().map(|case| (false, case)))
        {
            let (typed, shown) = (parse(typed, text), parse(shown, text));
            let sent = missing(&typed, &shown, text);
            let wanted = if is_same { Vec::new() } else { typed.clone() };
            assert_eq!(print(&sent), print(&wanted), "{name}: {typed:#?} where {shown:#?} is shown");
            // Where the one says no more than the other, nothing is undone.
            if is_same && missing(&shown, &typed, text).is_empty() {
                let lines = remedy(&typed, &shown, text);
                assert_eq!(print(&lines), "", "{name}: replacing {shown:#?} by {typed:#?}");
            }
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen} cases");
}

/// Takes numbers from a list that never ends.
struct Chance<'a>(std::iter::Cycle<std::slice::Iter<'a, u16>>);

impl Chance<'_> {
    fn of(&mut self, most: usize) -> usize {
        usize::from(*self.0.next().expect("the list is not empty")) % most.max(1)
    }
}

/// A line as the device shows it, and as somebody may type it.
struct Pair {
    shown: String,
    typed: String,
}

fn line(text: &ConfigText, undoes: bool, chance: &mut Chance<'_>) -> Pair {
    let (mut shown, mut typed) = (Vec::new(), Vec::new());
    if text.style == ConfigStyle::Set {
        shown.push(text.set.trim().to_owned());
        typed.push(text.set.trim().to_owned());
    } else if undoes && chance.of(4) == 0 {
        shown.push(text.negate.trim().to_owned());
        typed.push(text.negate.trim().to_owned());
    }
    let mut place = text.spelling.words();
    loop {
        let (known, values) = (place.known(), place.values());
        if known.len() + values.len() == 0 || (shown.len() > 2 && chance.of(6) == 0) {
            break;
        }
        let at = chance.of(known.len() + values.len());
        place = match known.get(at) {
            Some((word, next)) => {
                shown.push(word.clone());
                typed.push(abbreviated(place, word, chance));
                next
            }
            None => {
                let (kind, next) = &values[at - known.len()];
                let (is, may_be) = value(*kind, text, chance);
                shown.push(is);
                typed.push(may_be);
                next
            }
        };
        if place.shown_as().is_some() {
            // What is shown is another line: the recorded cases have it.
            return line(text, undoes, chance);
        }
    }
    let blanks = ["  ", " ", "   "][chance.of(3)];
    Pair { shown: shown.join(" "), typed: typed.join(blanks) }
}

fn abbreviated(place: &Words, word: &str, chance: &mut Chance<'_>) -> String {
    let least = (1..=word.len()).find(|end| place.word(&word[..*end]).is_some_and(|(found, _)| found == word));
    let least = least.expect("the whole word is known");
    let short = &word[..least + chance.of(word.len() - least + 1)];
    // What is longer than the shortest may be another word, whole.
    let short = if place.word(short).is_some_and(|(found, _)| found == word) { short } else { word };
    if chance.of(3) == 0 { short.to_uppercase() } else { short.to_owned() }
}

fn value(kind: Value, text: &ConfigText, chance: &mut Chance<'_>) -> (String, String) {
    let number = chance.of(200) + 1;
    let both = |text: String| (text.clone(), text);
    match kind {
        Value::Number => both(number.to_string()),
        Value::Address => [
            both(format!("10.0.0.{number}")),
            (format!("10.0.0.{number} 255.255.255.0"), format!("10.0.0.{number}/24")),
            (format!("2001:DB8::{number:X}/64"), format!("2001:db8:0::{number:x}/64")),
        ][chance.of(3)]
        .clone(),
        Value::Network => (format!("10.{number}.0.0/16"), format!("10.{number}.0.9 255.255.0.0")),
        Value::Mac => (format!("001c.7300.00{number:02x}"), format!("00:1C:73:00:00:{number:02X}")),
        Value::Ranges => (format!("{number},300-302"), format!("302,{number},300,301")),
        Value::Interface => {
            let names: Vec<&str> =
                text.spelling.interfaces().filter(|n| n.chars().all(|c| !c.is_ascii_digit())).collect();
            let name = names[chance.of(names.len())];
            let least = (1..=name.len()).find(|end| text.spelling.interface(&name[..*end]) == Some(name));
            let least = least.expect("the whole name is known");
            let short = &name[..least + chance.of(name.len() - least + 1)];
            let short = if text.spelling.interface(short) == Some(name) { short } else { name };
            let blank = if chance.of(3) == 0 { " " } else { "" };
            (format!("{name}0/{number}"), format!("{}{blank}0/{number}", short.to_lowercase()))
        }
        Value::Word => both(format!("W{number}")),
        Value::Secret | Value::Text => both(format!("Free Text {number}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// A device takes lines and shows each as it does. A second run sends nothing, and what is another line is not taken
    /// for one that is there.
    #[test]
    fn abbreviated_lines_are_sent_once(
        numbers in proptest::collection::vec(any::<u16>(), 40..200),
        undoes: bool,
    ) {
        for (name, text) in texts().filter(|(_, text)| !text.spelling.is_unknown()) {
            let chance = &mut Chance(numbers.iter().cycle());
            let pairs: Vec<Pair> = (0..12).map(|_| line(text, undoes, chance)).collect();
            let wanted: Vec<Section> = pairs.iter().map(|pair| Section::of(&pair.typed)).collect();
            let shown = |lines: &[Section]| -> Vec<Section> {
                let of = |line: &Section| pairs.iter().find(|pair| pair.typed == line.line).expect("only those were typed");
                lines.iter().map(|line| Section::of(&of(line).shown)).collect()
            };
            let half = shown(&wanted[..6]);
            let sent = missing(&wanted, &half, text);
            let lines: BTreeSet<String> = sent.iter().map(|section| said(&section.line, text)).collect();
            let not_there: BTreeSet<String> = pairs[6..].iter().map(|pair| said(&pair.shown, text)).collect();
            let there: BTreeSet<String> = pairs[..6].iter().map(|pair| said(&pair.shown, text)).collect();
            let hidden: BTreeSet<String> = not_there.difference(&there).filter(|line| !lines.contains(*line)).cloned().collect();
            let holds = |line: &String| missing(&[Section::of(line)], &half, text).is_empty();
            prop_assert!(hidden.iter().all(holds), "{}: {:?} not sent", name, hidden);
            prop_assert!(lines.is_disjoint(&there), "{}: {:?} sent again", name, lines);
            let after = merge(half.clone(), &shown(&sent), text);
            let again = missing(&wanted, &after, text);
            // What undoes or overwrites another line that is wanted is wanted in vain.
            let place = |line: &str| compare::place_of(line, None, text);
            let is_overwritten = |section: &Section| {
                let of_it = pairs.iter().filter(|pair| place(&pair.shown) == place(&section.line));
                place(&section.line).is_some() && of_it.count() > 1
            };
            let is_vain = undoes || again.iter().all(is_overwritten);
            prop_assert!(again.is_empty() || is_vain, "{name}: a second run sends {}", print(&again));
        }
    }
}
