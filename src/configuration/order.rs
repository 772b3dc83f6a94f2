//! Lines whose order counts: the entries of an access list, the classes of a policy.
//!
//! Where a device shows numbers, a line that comes between two others gets one between theirs, if there is room. Elsewhere lines
//! come last, so those that must stand behind a new one are undone and come anew after it.

use super::Section;
use super::compare::without_number;
use super::spelled::said;
use crate::platform::{ConfigStyle, ConfigText, Ordered};
use std::collections::{HashMap, HashSet};

/// What is to be done for lines to stand in the order wanted.
pub(super) struct Order {
    /// The lines wanted; those that come between others have a number.
    pub(super) wanted: Vec<Section>,
    /// Which of the lines that are there must go, wanted or not.
    pub(super) stale: HashSet<usize>,
}

/// More comparisons than this are not made: then all that stands behind the first difference comes anew.
const MOST: usize = 4_000_000;

/// Returns what is to be done for the lines of a section to stand in the order wanted.
pub(super) fn order(wanted: &[Section], running: &[Section], within: Option<&str>, text: &ConfigText) -> Order {
    let mut order = Order { wanted: wanted.to_vec(), stale: HashSet::new() };
    let there = groups(running, within, text);
    // What is set by whole commands is moved when it is there.
    if there.is_empty() || text.style == ConfigStyle::Set {
        return order;
    }
    for (group, wanted) in groups(wanted, within, text) {
        let Some(there) = there.get(&group) else { continue };
        // Numbers that the author writes say the order themselves.
        if wanted.iter().all(|entry| entry.number.is_none()) {
            order.settle(&wanted, there, running);
        }
    }
    order
}

/// A line whose order counts.
pub(super) struct Entry {
    at: usize,
    /// What it says, without its number.
    pub(super) bare: String,
    number: Option<u32>,
}

/// Returns the lines whose order counts, those that belong together as one.
pub(super) fn groups(sections: &[Section], within: Option<&str>, text: &ConfigText) -> HashMap<String, Vec<Entry>> {
    let mut found: HashMap<String, Vec<Entry>> = HashMap::new();
    if text.ordered.is_empty() && (within.is_none() || text.numbered.is_empty()) {
        return found;
    }
    for (at, section) in sections.iter().enumerate() {
        let line = said(&section.line, text);
        let bare = without_number(&line, within, text);
        let Some(group) = group(&line, bare.is_some(), within, text) else { continue };
        if text.permanent.iter().any(|permanent| permanent.is_match(&line)) {
            continue;
        }
        let number = bare.as_ref().and_then(|bare| number(&line, bare));
        found.entry(group).or_default().push(Entry { at, bare: bare.unwrap_or(line), number });
    }
    found
}

/// Returns the lines among which a line has a place; `None` where its order means nothing.
fn group(line: &str, is_numbered: bool, within: Option<&str>, text: &ConfigText) -> Option<String> {
    let stands = |ordered: &&Ordered| match (&ordered.within, within) {
        (Some(pattern), Some(within)) => pattern.is_match(within),
        (pattern, within) => pattern.is_none() && within.is_none(),
    };
    let parts = |ordered: &Ordered| ordered.line.parts(line).map(|parts| parts.join(" "));
    // Entries of a list are numbered or could be.
    let could_be =
        || is_numbered || WAYS.iter().any(|way| without_number(&format!("{way}1 {line}"), within, text).is_some());
    match text.ordered.iter().filter(stands).find_map(parts) {
        Some(group) if within.is_none() => Some(group),
        Some(_) => Some(String::new()),
        None => (within.is_some() && could_be()).then(String::new),
    }
}

/// Returns the number that stands before or behind what a line says.
pub(super) fn number(line: &str, bare: &str) -> Option<u32> {
    let rest = line.strip_suffix(bare).or_else(|| line.strip_prefix(bare))?;
    rest.split(' ').find_map(|word| word.parse().ok())
}

impl Order {
    /// Says what the lines of a group need.
    fn settle(&mut self, wanted: &[Entry], there: &[Entry], running: &[Section]) {
        let kept = common(wanted, there);
        let mut number_before = 0;
        let mut next = 0;
        let mut stays = kept.len();
        for (count, (of_wanted, of_there)) in kept.iter().enumerate() {
            let new = &wanted[next..*of_wanted];
            let upper = there[*of_there].number;
            let has_room = match (new.len(), upper) {
                (0, _) => true,
                (_, None) => false,
                (new, Some(upper)) => upper.saturating_sub(number_before) > new as u32,
            };
            if !has_room {
                stays = count;
                break;
            }
            if let (Some(upper), false) = (upper, new.is_empty()) {
                let step = (upper - number_before) / (new.len() as u32 + 1);
                let like = &running[there[*of_there].at].line;
                for (count, entry) in new.iter().enumerate() {
                    let number = number_before + step * (count as u32 + 1);
                    let line = &mut self.wanted[entry.at].line;
                    *line = numbered(line, number, like);
                }
            }
            number_before = upper.unwrap_or(0);
            next = of_wanted + 1;
        }
        let kept: HashSet<usize> = kept[..stays].iter().map(|(_, of_there)| there[*of_there].at).collect();
        self.stale.extend(there.iter().map(|entry| entry.at).filter(|at| !kept.contains(at)));
    }
}

/// What stands before the numbers of entries.
const WAYS: &[&str] = &["", "seq ", "sequence "];

/// Returns a line with a number, written as another one has it: `10 permit any`, `seq 10 permit any`.
fn numbered(line: &str, number: u32, like: &str) -> String {
    let way = WAYS.iter().rev().find(|way| like.trim_start().starts_with(**way)).unwrap_or(&"");
    format!("{way}{number} {}", line.trim())
}

/// Returns the longest row of lines that both have, as places in the one and in the other.
fn common(wanted: &[Entry], there: &[Entry]) -> Vec<(usize, usize)> {
    let same = |(a, b): &(&Entry, &Entry)| a.bare == b.bare;
    let first = wanted.iter().zip(there).take_while(same).count();
    let mut found: Vec<(usize, usize)> = (0..first).map(|at| (at, at)).collect();
    let (wanted, there) = (&wanted[first..], &there[first..]);
    let (rows, columns) = (wanted.len(), there.len());
    if rows.saturating_mul(columns) > MOST {
        return found;
    }
    // How long the longest row is of what stands from a place on.
    let mut length = vec![0u32; (rows + 1) * (columns + 1)];
    let at = |row: usize, column: usize| row * (columns + 1) + column;
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            length[at(row, column)] = match wanted[row].bare == there[column].bare {
                true => length[at(row + 1, column + 1)] + 1,
                false => length[at(row + 1, column)].max(length[at(row, column + 1)]),
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        if wanted[row].bare == there[column].bare {
            found.push((first + row, first + column));
            (row, column) = (row + 1, column + 1);
        } else if length[at(row + 1, column)] >= length[at(row, column + 1)] {
            row += 1;
        } else {
            column += 1;
        }
    }
    found
}
