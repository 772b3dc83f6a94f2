//! `gather_subset`: which collectors a list of names means.

use super::{Collector, collectors};
use std::collections::HashSet;

/// A name that is no subset, with the message of Ansible's `setup`.
#[derive(Debug, PartialEq, Eq)]
pub struct BadSubset(pub String);

/// Collectors that run other inventory programs of the host; netplay has none of them.
const OTHERS: [&str; 2] = ["facter", "ohai"];

/// Returns the collectors that a `gather_subset` means, with those that they need, in their order.
///
/// `min` is always in it unless `!min` is said; a name with `!` takes out, unless the same name is asked for as well.
pub fn wanted(subset: &[String]) -> Result<Vec<&'static Collector>, BadSubset> {
    let all: HashSet<&'static str> = collectors().flat_map(names).collect();
    let minimal: HashSet<&'static str> = collectors().filter(|collector| collector.minimal).map(|c| c.name).collect();
    let mut with: HashSet<&str> = minimal.iter().copied().collect();
    let (mut without, mut said): (HashSet<&str>, HashSet<&str>) = Default::default();
    let words = subset.iter().map(|word| word.trim());
    for word in words.chain(subset.is_empty().then_some("all")) {
        match (word.strip_prefix('!'), word) {
            (None, "min") => with.extend(minimal.iter().copied()),
            (None, "all") => with.extend(all.iter().copied()),
            (Some("min"), _) => without.extend(minimal.iter().copied()),
            (Some("all"), _) => without.extend(all.difference(&minimal).copied()),
            (Some(name), _) => {
                without.extend(all.get(name).copied());
                without.extend(collectors().filter(|collector| collector.name == name).flat_map(names));
            }
            (None, name) => match all.get(name) {
                Some(name) => {
                    said.insert(*name);
                    with.insert(*name);
                }
                None => return Err(BadSubset(message(name, &all))),
            },
        }
    }
    if with.is_empty() {
        with.extend(all.iter().copied());
    }
    with.retain(|name| !without.contains(*name) || said.contains(*name));
    let mut chosen: HashSet<&str> =
        collectors().filter(|collector| names(collector).any(|name| with.contains(name))).map(|c| c.name).collect();
    loop {
        let needed: Vec<&str> =
            collectors().filter(|c| chosen.contains(c.name)).flat_map(|c| c.needs).copied().collect();
        let before = chosen.len();
        chosen.extend(needed);
        if chosen.len() == before {
            return Ok(collectors().filter(|collector| chosen.contains(collector.name)).collect());
        }
    }
}

fn names(collector: &'static Collector) -> impl Iterator<Item = &'static str> {
    std::iter::once(collector.name).chain(collector.ids.iter().copied())
}

fn message(name: &str, all: &HashSet<&str>) -> String {
    if OTHERS.contains(&name) {
        return format!("the subset `{name}` runs a program that netplay knows nothing of");
    }
    let mut known: Vec<&str> = all.iter().copied().collect();
    known.sort_unstable();
    format!("Bad subset '{name}' given to Ansible. gather_subset options allowed: all, {}", known.join(", "))
}

/// Claims that a name matches a pattern of `*`, `?` and `[…]`.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let mut text = String::from("^(?s:");
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => text.push_str(".*"),
            '?' => text.push('.'),
            '[' => {
                let after = rest.as_str();
                // The first letter may be a bracket itself.
                let Some(end) = after.char_indices().skip(1).find(|(_, c)| *c == ']').map(|(at, _)| at) else {
                    text.push_str("\\[");
                    continue;
                };
                let inner = &after[..end];
                let (not, inner) = inner.strip_prefix('!').map_or(("", inner), |inner| ("^", inner));
                let inner: String =
                    inner.chars().map(|c| if c == '-' { "-".into() } else { regex::escape(&c.to_string()) }).collect();
                text.push_str(&format!("[{not}{inner}]"));
                rest = after[end + 1..].chars();
            }
            c => text.push_str(&regex::escape(&c.to_string())),
        }
    }
    text.push_str(")$");
    regex::Regex::new(&text).is_ok_and(|regex| regex.is_match(name))
}
