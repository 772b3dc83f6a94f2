//! Comparing versions the three ways that Ansible does without further libraries.

use crate::template::filters::args::Args;
use crate::template::filters::python::{order, text};
use crate::value::Value as Data;
use minijinja::Error;
use std::cmp::Ordering;

/// The `version` test.
pub(super) fn test(args: &Args) -> Result<bool, Error> {
    let (value, other) = (text(args.input())?, text(args.need("version")?)?);
    if !args.input().is_true() || !args.need("version")?.is_true() {
        return Err(args.error("wants versions that are not empty"));
    }
    let kind = match (args.given("strict"), args.text("version_type")?) {
        (Some(_), Some(_)) => return Err(args.error("takes `strict` or `version_type`, not both")),
        (Some(strict), None) if strict.is_true() => "strict".to_owned(),
        (_, kind) => kind.unwrap_or_else(|| "loose".into()),
    };
    let by = match &kind[..] {
        "loose" => loose(&value, &other),
        "strict" => strict(&value).zip(strict(&other)).map(|(a, b)| a.cmp(&b)),
        "semver" | "semantic" => semver(&value).zip(semver(&other)).map(|(a, b)| semver_order(&a, &b)),
        "pep440" => return Err(args.error("does not support `pep440` versions; use `loose`, `strict` or `semver`")),
        other => return Err(args.error(format!("knows no version type `{other}`; use `loose`, `strict` or `semver`"))),
    };
    let by = by.ok_or_else(|| args.error(format!("cannot compare `{value}` and `{other}` as {kind} versions")))?;
    match &args.text("operator")?.unwrap_or_else(|| "eq".into())[..] {
        "==" | "=" | "eq" => Ok(by.is_eq()),
        "!=" | "<>" | "ne" => Ok(by.is_ne()),
        "<" | "lt" => Ok(by.is_lt()),
        "<=" | "le" => Ok(by.is_le()),
        ">" | "gt" => Ok(by.is_gt()),
        ">=" | "ge" => Ok(by.is_ge()),
        other => Err(args.error(format!("knows no operator `{other}`; it knows `==`, `!=`, `<`, `<=`, `>`, `>=`"))),
    }
}

/// Compares runs of digits, runs of small letters and what is between them, part by part.
fn loose(a: &str, b: &str) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    order(&Data::from(loose_parts(a)), &Data::from(loose_parts(b)))
}

/// Returns the parts of a version, of which one after the other is compared.
pub(crate) fn loose_parts(version: &str) -> Vec<Data> {
    let class = |c: char| match c {
        '0'..='9' => 0,
        'a'..='z' => 1,
        '.' => 2,
        _ => 3,
    };
    let mut parts = Vec::new();
    let mut rest = version;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| class(c) != class(first)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        rest = after;
        match class(first) {
            0 => parts.push(part.parse::<i128>().map_or_else(|_| Data::from(part), Data::from)),
            2 => {}
            _ => parts.push(Data::from(part)),
        }
    }
    parts
}

/// Reads `1.2`, `1.2.3`, `1.2a1`; a pre-release comes before its release.
fn strict(version: &str) -> Option<([u64; 3], (char, u64))> {
    let (numbers, pre) = match version.find(['a', 'b']) {
        Some(at) => {
            let letter = version[at..].chars().next()?;
            (&version[..at], (letter, version[at + 1..].parse().ok()?))
        }
        // After every letter.
        None => (version, ('~', 0)),
    };
    let parts: Vec<u64> = numbers.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts[..] {
        [major, minor] => Some(([major, minor, 0], pre)),
        [major, minor, patch] => Some(([major, minor, patch], pre)),
        _ => None,
    }
}

/// Reads `1.2.3-rc.1+build`: the three numbers and the parts of the pre-release.
fn semver(version: &str) -> Option<([u64; 3], Vec<String>)> {
    let version = version.split('+').next()?;
    let (numbers, pre) = version.split_once('-').map_or((version, None), |(numbers, pre)| (numbers, Some(pre)));
    let number = |part: &str| {
        let well_formed = part == "0" || (!part.starts_with(['0', '+']) && !part.is_empty());
        part.parse::<u64>().ok().filter(|_| well_formed)
    };
    let parts: Vec<u64> = numbers.split('.').map(number).collect::<Option<_>>()?;
    let [major, minor, patch] = parts[..] else { return None };
    let pre: Vec<String> = pre.map_or_else(Vec::new, |pre| pre.split('.').map(str::to_owned).collect());
    let legal = |part: &String| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    pre.iter().all(legal).then_some(([major, minor, patch], pre))
}

fn semver_order((a, a_pre): &([u64; 3], Vec<String>), (b, b_pre): &([u64; 3], Vec<String>)) -> Ordering {
    let part = |a: &String, b: &String| match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        _ => a.cmp(b),
    };
    // A release comes after its pre-releases.
    a.cmp(b).then_with(|| a_pre.is_empty().cmp(&b_pre.is_empty())).then_with(|| {
        let parts = a_pre.iter().zip(b_pre).map(|(a, b)| part(a, b));
        parts.fold(Ordering::Equal, Ordering::then).then(a_pre.len().cmp(&b_pre.len()))
    })
}
