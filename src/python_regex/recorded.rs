//! Expressions against what Python's `re` makes of them (`tests/regex/cases.json`, made by `record.py` there).

use super::{Anchor, Flags, LineMatch, LinePattern, Match, Replacement, compile};
use serde_json::{Value as Json, json};
use std::path::Path;

/// Where an answer differs on purpose: a part of the pattern, and the reason.
const DIFFERENCES: &[(&str, &str)] = &[
    ("\\N{", "letters have no names here: it is an error that says so"),
    ("\\B", "newer Pythons, too, find the place that is no boundary in an empty text"),
    ("(?i)i", "the dotted and the dotless i of Turkish are letters of their own"),
    ("(?i)[a-z]", "the dotted and the dotless i of Turkish are letters of their own"),
    ("(?ia)k", "without Unicode, too, the sign for Kelvin is a k where case is ignored"),
    ("(a*)*", EMPTY),
    ("(a*)+", EMPTY),
    ("([^\\S\\/~~]*)*", EMPTY),
    ("{2,}?){,}", EMPTY),
    ("(b|:1\\s|[^ ]{,}))*", EMPTY),
    ("|\\S{,})*+", EMPTY),
    ("{0}?\\d*?)){0,1}", "a group that may not be entered at all has no text"),
];

/// Why the last round of a group may be another.
const EMPTY: &str = "a repeated group that may be empty is not entered once more for nothing: it keeps its last text";

fn groups(found: &Match, text: &str) -> Json {
    let letters = |at: usize| text[..at].chars().count();
    let group = |group: &Option<(usize, usize)>| match group {
        Some((start, end)) => json!([letters(*start), letters(*end)]),
        None => json!(-1),
    };
    found.groups.iter().map(group).collect()
}

fn answer(function: &str, pattern: &str, flags: &str, subject: &Json) -> Result<Json, String> {
    let flags =
        Flags { ignore_case: flags.contains('i'), multiline: flags.contains('m'), dot_all: flags.contains('s') };
    let anchor = match function {
        "match" => Anchor::Start,
        "fullmatch" => Anchor::Whole,
        _ => Anchor::Anywhere,
    };
    let regex = compile(pattern, flags, anchor)?;
    match (function, subject) {
        ("sub", subject) => {
            let text = subject[0].as_str().unwrap();
            let with = Replacement::parse(subject[1].as_str().unwrap(), &regex)?;
            let (text, count) = regex.replace(text, &with, subject[2].as_u64().unwrap() as usize)?;
            Ok(json!([text, count]))
        }
        ("all", subject) => {
            let text = subject.as_str().unwrap();
            Ok(regex.find_all(text, usize::MAX)?.iter().map(|found| groups(found, text)).collect())
        }
        (_, subject) => {
            let text = subject.as_str().unwrap();
            Ok(regex.find(text)?.iter().map(|found| groups(found, text)).collect())
        }
    }
}

/// Matches a line as the parsers of command output do; `None` where the case is another.
fn on_line(function: &str, pattern: &str, flags: &str, subject: &Json) -> Option<Result<Json, String>> {
    let line = subject.as_str().filter(|text| function == "match" && flags.is_empty() && !text.contains('\n'))?;
    let mut found = LineMatch::default();
    let matched = LinePattern::new(pattern).and_then(|pattern| pattern.find(line, &mut found));
    let letters = |at: usize| line[..at].chars().count();
    let group = |group: &Option<(usize, usize)>| group.map_or(json!(-1), |(a, b)| json!([letters(a), letters(b)]));
    Some(matched.map(|matched| match matched {
        true => json!([found.groups().iter().map(group).collect::<Json>()]),
        false => json!([]),
    }))
}

#[test]
fn expressions_mean_what_they_mean_in_python() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regex/cases.json");
    let rows: Vec<(String, String, String, Json, Json)> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    let mut used = vec![0; DIFFERENCES.len()];
    for (function, pattern, flags, subject, want) in &rows {
        let mut got = answer(function, pattern, flags, subject);
        let on_line = on_line(function, pattern, flags, subject);
        if let Some(on_line) = on_line.filter(|on_line| on_line.as_ref().ok() != got.as_ref().ok()) {
            got = on_line.map_err(|why| format!("as a line's pattern: {why}"));
        }
        let agrees = match &got {
            Ok(got) => got == want,
            Err(_) => want == "error",
        };
        if agrees {
            continue;
        }
        if let Some(at) = DIFFERENCES.iter().position(|(part, _)| pattern.contains(part)) {
            used[at] += 1;
            continue;
        }
        wrong.push(format!("{function} {pattern:?} {flags} {subject}\n    want {want}\n    got  {got:?}"));
    }
    if let Some(file) = std::env::var_os("REGEX_REPORT") {
        std::fs::write(file, wrong.join("\n")).unwrap();
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), rows.len(), wrong[..wrong.len().min(40)].join("\n"));
    let idle: Vec<_> = DIFFERENCES.iter().zip(&used).filter(|(_, used)| **used == 0).collect();
    assert!(idle.is_empty(), "differences that are none: {idle:?}");
    assert!(rows.len() >= 7000, "only {} rows: is the recording complete?", rows.len());
}
