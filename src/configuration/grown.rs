//! Lists of numbers that grow line by line: `switchport trunk allowed vlan add 10`. A device shows the list whole, or, when it
//! is long, in several lines of which all but the first say `add`.

use super::compare::Index;
use super::notation::{numbers, ranges};
use crate::platform::ConfigText;
use std::collections::BTreeSet;

/// How a line changes a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Is,
    Add,
    Remove,
}

/// Returns the list that a line is about, how it changes it, and by which numbers.
fn read<'a>(line: &str, text: &'a ConfigText) -> Option<(&'a str, How, Vec<u32>)> {
    let list =
        text.grows.iter().find(|list| line.strip_prefix(list.as_str()).is_some_and(|rest| rest.starts_with(' ')))?;
    let rest = line[list.len()..].trim_start();
    let (how, rest) = match rest.split_once(' ') {
        Some(("add", rest)) => (How::Add, rest),
        Some(("remove", rest)) => (How::Remove, rest),
        _ => (How::Is, rest),
    };
    Some((list.as_str(), how, numbers(rest)?))
}

/// Claims that a line adds to a list of numbers, or takes from it.
pub(super) fn changes(line: &str, text: &ConfigText) -> bool {
    read(line, text).is_some_and(|(_, how, _)| how != How::Is)
}

/// Returns the lists that are shown in several lines, each as the one line that says the same.
pub(super) fn joined(lines: impl Iterator<Item = String>, text: &ConfigText) -> Vec<String> {
    let mut found: Vec<(&str, bool, BTreeSet<u32>)> = Vec::new();
    for (list, how, numbers) in lines.filter_map(|line| read(&line, text)) {
        match found.iter_mut().find(|(known, ..)| *known == list) {
            Some((_, is_several, all)) => {
                *is_several = true;
                all.extend(numbers);
            }
            None if how == How::Is => found.push((list, false, numbers.into_iter().collect())),
            None => {}
        }
    }
    let several = found.into_iter().filter(|(_, is_several, _)| *is_several);
    several.filter_map(|(list, _, all)| Some(format!("{list} {}", shortest(&all)?))).collect()
}

fn shortest(all: &BTreeSet<u32>) -> Option<String> {
    let list: Vec<String> = all.iter().map(u32::to_string).collect();
    ranges(&[&list.join(",")]).map(|(text, _)| text)
}

/// Claims that a line that adds to a list, or takes away from it, finds it so. A list that is not shown holds everything.
pub(super) fn holds(line: &str, running: &Index<'_>, text: &ConfigText) -> bool {
    let Some((list, how, wanted)) = read(line, text).filter(|(_, how, _)| *how != How::Is) else { return false };
    let shown: Vec<Vec<u32>> = running
        .keys()
        .filter_map(|line| read(line, text))
        .filter(|(other, how, _)| *other == list && *how != How::Remove)
        .map(|(.., numbers)| numbers)
        .collect();
    let is_shown = |number: &u32| shown.is_empty() || shown.iter().any(|numbers| numbers.contains(number));
    let other = |key: &String| key.starts_with(list) && read(key, text).is_none();
    match how {
        // `none`, or `except …`: what it comes to is not worked out.
        _ if running.keys().any(other) => false,
        How::Add => wanted.iter().all(is_shown),
        _ => !wanted.iter().any(is_shown),
    }
}
