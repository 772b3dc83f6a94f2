//! Lines that have places in a list: those of an access list of ASA, where the number of a line says where it is put, and
//! moves those behind it. Such lines are the same when they say the same, whatever their numbers are.
//!
//! What is too much goes first, the last before the others, so that the numbers that a device showed hold until then; what
//! is new comes after it in its order, each with the place that it has at that time.

use super::piece::{Command, PlainLine};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// Where a line stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The list, by the keys of the items around.
    pub(super) list: String,
    /// Where the line's item was written.
    pub(super) order: usize,
    /// The number that it has, or is to have.
    pub(super) number: Option<usize>,
    /// The line without its number.
    pub(super) bare: String,
    /// What stands around the number; nothing where lines of the list are put at its end alone.
    pub(super) around: Option<(String, String)>,
}

impl Place {
    /// Returns the line with a number.
    fn at(&self, number: usize) -> String {
        let bare = || self.bare.clone();
        self.around.as_ref().map_or_else(bare, |(before, behind)| format!("{before}{number}{behind}"))
    }
}

/// A line and its place.
type Placed<'a> = (&'a PlainLine, &'a Place);

/// Returns what is sent; with `adds` nothing goes.
pub(super) fn commands<'a>(
    want: impl Iterator<Item = Placed<'a>>,
    have: impl Iterator<Item = Placed<'a>>,
    adds: bool,
) -> Vec<Command> {
    let (want, have) = (by_list(want), by_list(have));
    let none = Vec::new();
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    for list in have.keys().rev().filter(|list| !adds && !want.contains_key(*list)) {
        gone.extend(undone(&have[list], &HashSet::new()));
    }
    for (list, wanted) in &want {
        let there = have.get(list).unwrap_or(&none);
        if adds {
            new.extend(added(wanted, there));
            continue;
        }
        let kept = kept(wanted, there);
        gone.extend(undone(there, &kept.iter().map(|(_, at)| *at).collect()));
        new.extend(put(wanted, there, &kept));
    }
    gone.into_iter().chain(new).collect()
}

/// Returns lines by their lists, each in its order.
fn by_list<'a>(all: impl Iterator<Item = Placed<'a>>) -> BTreeMap<&'a str, Vec<Placed<'a>>> {
    let mut lists: BTreeMap<&str, Vec<Placed<'_>>> = BTreeMap::new();
    all.for_each(|placed| lists.entry(&placed.1.list).or_default().push(placed));
    // What has no number comes behind what has one.
    let turn = |(_, place): &Placed<'_>| (place.number.unwrap_or(usize::MAX), place.order);
    lists.values_mut().for_each(|list| list.sort_by_key(turn));
    lists
}

/// Returns the lines that are not there, each with the number that its author gave it.
fn added(want: &[Placed<'_>], have: &[Placed<'_>]) -> Vec<Command> {
    let there: HashSet<&str> = have.iter().map(|(_, place)| place.bare.as_str()).collect();
    let new = want.iter().filter(|(_, place)| !there.contains(place.bare.as_str()));
    new.map(|(line, _)| Command::Set(line.text.clone())).collect()
}

/// Returns what undoes the lines that do not stay, the last first.
fn undone(have: &[Placed<'_>], stays: &HashSet<usize>) -> Vec<Command> {
    let gone = have.iter().enumerate().rev().filter(|(at, _)| !stays.contains(at));
    gone.filter_map(|(_, (line, _))| line.undo.clone()).collect()
}

/// Returns the lines that stay, as many as may in the order that is wanted: where each stands there and here.
fn kept(want: &[Placed<'_>], have: &[Placed<'_>]) -> Vec<(usize, usize)> {
    let mut there: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (at, (_, place)) in have.iter().enumerate() {
        there.entry(&place.bare).or_default().push_back(at);
    }
    let found =
        |(here, (_, place)): (usize, &Placed<'_>)| Some((here, there.get_mut(place.bare.as_str())?.pop_front()?));
    let pairs: Vec<(usize, usize)> = want.iter().enumerate().filter_map(found).collect();
    let mut kept = longest_rising(&pairs);
    // Where nothing can be put in between, all behind the first new line is new.
    if want.iter().any(|(_, place)| place.around.is_none()) {
        let first_new = (0..want.len()).find(|here| kept.iter().all(|(kept, _)| kept != here));
        kept.retain(|(here, _)| first_new.is_none_or(|new| *here < new));
    }
    kept
}

/// Returns the most pairs of which the second numbers rise.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length the pair with which the lowest row of that length ends, and what stands before each pair.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (_, second)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *second);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut row: Vec<_> = std::iter::successors(ends.last().copied(), |at| before[*at]).map(|at| pairs[at]).collect();
    row.reverse();
    row
}

/// Returns the lines that are new, each with the number of its place when those before it are there.
fn put(want: &[Placed<'_>], have: &[Placed<'_>], kept: &[(usize, usize)]) -> Vec<Command> {
    let stays: HashMap<usize, usize> = kept.iter().copied().collect();
    let is_kept: HashSet<usize> = kept.iter().map(|(_, at)| *at).collect();
    let last_kept = kept.last().map(|(here, _)| *here);
    // Where a line that stays stands once the others are gone; lines that nobody reads are among those that stay.
    let number = |at: usize| {
        let gone = (0..at).filter(|before| !is_kept.contains(before)).count();
        have[at].1.number.unwrap_or(at + 1).saturating_sub(gone)
    };
    let (mut new, mut before) = (Vec::new(), 0);
    for (here, (_, place)) in want.iter().enumerate() {
        if let Some(at) = stays.get(&here) {
            before = number(*at) + new.len();
            continue;
        }
        before += 1;
        let is_at_the_end = last_kept.is_none_or(|last| here > last);
        let bare = is_at_the_end && place.number.is_none();
        new.push(Command::Set(if bare { place.bare.clone() } else { place.at(before) }));
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the line `a` at a place of the list.
    fn line(text: &str, number: Option<usize>, order: usize) -> PlainLine {
        let numbered = number.map_or_else(|| text.to_owned(), |number| format!("{number} {text}"));
        let place = Place {
            list: "list".into(),
            order,
            number,
            bare: text.to_owned(),
            around: Some((String::new(), format!(" {text}"))),
        };
        PlainLine {
            undo: Some(Command::Undo(numbered.clone())),
            undo_deleted: None,
            text: numbered,
            replace: false,
            write_only: None,
            single: false,
            falls: false,
            numbers: None,
            through: Vec::new(),
            place: Some(place),
        }
    }

    fn lines(text: &str, numbered: bool) -> Vec<PlainLine> {
        let number = |at: usize| numbered.then_some(at + 1);
        text.chars().enumerate().map(|(at, text)| line(&text.to_string(), number(at), at)).collect()
    }

    /// Returns what a device has after commands: what is put at a number moves what is there.
    fn after(have: &str, commands: &[Command]) -> String {
        let mut list: Vec<char> = have.chars().collect();
        for command in commands {
            match command {
                Command::Undo(line) => {
                    let (number, text) = line.split_once(' ').unwrap();
                    let at = number.parse::<usize>().unwrap() - 1;
                    assert_eq!(list.remove(at).to_string(), text, "{commands:?} on {have}");
                }
                Command::Set(line) => match line.split_once(' ') {
                    Some((number, text)) => {
                        list.insert(number.parse::<usize>().unwrap() - 1, text.chars().next().unwrap())
                    }
                    None => list.extend(line.chars()),
                },
            }
        }
        list.into_iter().collect()
    }

    fn sent(want: &[PlainLine], have: &[PlainLine], adds: bool) -> Vec<Command> {
        fn placed(lines: &[PlainLine]) -> impl Iterator<Item = Placed<'_>> {
            lines.iter().filter_map(|line| Some((line, line.place.as_ref()?)))
        }
        commands(placed(want), placed(have), adds)
    }

    #[test]
    fn a_list_becomes_just_so_with_as_few_lines_as_can_be() {
        for (have, want, most) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "", 3),
            ("abc", "axbc", 1),
            ("abc", "cab", 2),
            ("abcdef", "bxyef", 5),
            ("aab", "aba", 2),
            ("abc", "xyz", 6),
        ] {
            for numbered in [false, true] {
                let commands = sent(&lines(want, numbered), &lines(have, true), false);
                assert_eq!(after(have, &commands), want, "{have} to {want}: {commands:?}");
                assert_eq!(commands.len(), most, "{have} to {want}: {commands:?}");
            }
        }
    }

    #[test]
    fn what_is_added_stands_where_its_author_says() {
        let want = [line("x", None, 0), line("y", Some(1), 1), line("b", Some(1), 2)];
        let commands = sent(&want, &lines("ab", true), true);
        assert_eq!(after("ab", &commands), "yabx", "{commands:?}");
        assert!(sent(&lines("ba", true), &lines("ab", true), true).is_empty(), "what is there stays where it is");
    }

    #[test]
    fn lines_that_nobody_reads_keep_their_places() {
        // The device has `a?c`, of which the middle one is not read.
        let have = [line("a", Some(1), 0), line("c", Some(3), 1)];
        let commands = sent(&lines("axc", false), &have, false);
        assert_eq!(commands, [Command::Set("2 x".into())]);
        let commands = sent(&lines("xc", false), &have, false);
        assert_eq!(commands, [Command::Undo("1 a".into()), Command::Set("1 x".into())]);
        assert_eq!(after("a?c", &commands), "x?c");
    }

    #[test]
    fn where_lines_come_at_the_end_alone_all_behind_a_new_one_is_new() {
        let bare = |text: &str| {
            let mut all = lines(text, false);
            all.iter_mut().filter_map(|line| line.place.as_mut()).for_each(|place| place.around = None);
            all
        };
        let commands = sent(&bare("axc"), &lines("ac", true), false);
        assert_eq!(after("ac", &commands), "axc", "{commands:?}");
        assert_eq!(commands.len(), 3);
    }
}
