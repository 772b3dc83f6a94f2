//! What turns a running configuration into the one wanted, whole: `replace: config`.
//!
//! Lines that are not wanted are undone, lines that are missing are added. The order: inside a section what goes is
//! undone before what comes is added, the last line first, because a line often builds on one above it, and what stands in sections
//! within before all of that, as it often names what stands around it (`neighbor 10.0.0.2 activate` of an address family); of the
//! outermost lines all that comes is added before anything goes, so that nothing is taken away while something still refers to it.
//!
//! A line that the wanted one overwrites is not undone first (`hostname`, a neighbour's `remote-as`): undoing it would
//! take what depends on it along. Which lines are so is data: [`ConfigText::single`]. What may never go
//! ([`ConfigText::keep`], [`ConfigText::permanent`]) is data too.
//!
//! Devices undo by the beginning of a line. So what goes and begins as something that comes goes first, everywhere; and lines that
//! stay although such an undoing takes them out are sent again after it. Lines whose order counts, and that stand in another one,
//! are undone and come anew (`order.rs`).

use super::Section;
use super::compare::{index, is_whole, place_of, without_number};
use super::defaults::holds;
use super::members::{apart, together};
use super::moves::moves;
use super::order::{Order, order};
use super::prune::Wanted;
use super::resets::Resets;
use super::spelled::said;
use super::undo::{beginnings, gone, taken_out, takes_out, undo};
use crate::platform::{ConfigStyle, ConfigText};
use std::collections::{HashMap, HashSet};

/// Returns the lines that turn `running` into `wanted`, under their parents.
pub fn remedy(wanted: &[Section], running: &[Section], style: &ConfigText) -> Vec<Section> {
    let (wanted, running) = (&apart(wanted, style), &apart(running, style));
    let level = Level::of(wanted, running, None, style, &[]);
    if style.deletes_last {
        return level.coming(Part::Coming).into_iter().chain(last_first(level.undone(), running, style)).collect();
    }
    let coming = level.coming(Part::All);
    match style.style {
        // A candidate takes effect as a whole: what goes is deleted first, so that it cannot delete what comes.
        ConfigStyle::Set => level.going.into_iter().chain(coming).chain(moves(wanted, running, style)).collect(),
        ConfigStyle::Indent => {
            let (first, last) = by_kinship(level.going, &coming, style);
            together(first.into_iter().chain(coming).chain(last).collect(), style)
        }
    }
}

/// Orders what goes by where it stands, the last first.
fn last_first(mut going: Vec<Section>, running: &[Section], style: &ConfigText) -> Vec<Section> {
    let places: HashMap<String, usize> =
        running.iter().enumerate().map(|(at, section)| (said(&section.line, style), at)).collect();
    going.sort_by_key(|section| std::cmp::Reverse(places.get(&said(&section.line, style)).copied()));
    going
}

/// Parts what goes: that which takes out a line that comes, or part of one, and the rest.
fn by_kinship(going: Vec<Section>, coming: &[Section], style: &ConfigText) -> (Vec<Section>, Vec<Section>) {
    let coming: HashSet<String> = coming.iter().map(|section| said(&section.line, style)).collect();
    let starts: HashSet<&str> = coming.iter().flat_map(|line| beginnings(line)).collect();
    let is_akin = |gone: &String| {
        style.goes_first.iter().any(|first| first.is_match(gone))
            || starts.contains(gone.as_str())
            || beginnings(gone).any(|part| coming.contains(part))
    };
    let first: HashSet<String> = going.iter().filter_map(|section| gone(section, style)).filter(is_akin).collect();
    // What one of those would take along goes before it.
    let is_first =
        |section: &Section| gone(section, style).is_some_and(|gone| beginnings(&gone).any(|part| first.contains(part)));
    going.into_iter().partition(is_first)
}

/// What is told of sections that stay.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All that changes in them.
    All,
    /// What comes; what goes was told before.
    Coming,
}

/// The lines of a section, or the outermost ones: those wanted, those that are there, and what undoes those that go.
struct Level<'a> {
    wanted: Vec<Section>,
    /// Without those that stand in another order: these go and come anew.
    running: Vec<Section>,
    within: Option<&'a str>,
    going: Vec<Section>,
    /// Where sections stand of which there are several in `wanted`, by what they say.
    twins: HashMap<String, Vec<usize>>,
    style: &'a ConfigText,
}

impl<'a> Level<'a> {
    /// Makes the level of lines wanted; `elsewhere` is what other sections of the same line want.
    fn of(
        wanted: &[Section],
        running: &[Section],
        within: Option<&'a str>,
        style: &'a ConfigText,
        elsewhere: &[Section],
    ) -> Level<'a> {
        let Order { wanted, stale } = order(wanted, running, within, style);
        let all = [wanted.as_slice(), elsewhere].concat();
        let going = going(&all, running, &stale, (within, style));
        let stays = running.iter().enumerate().filter(|(at, _)| !stale.contains(at));
        let running = stays.map(|(_, section)| section.clone()).collect();
        let mut twins: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, section) in wanted.iter().enumerate().filter(|(_, section)| !section.children.is_empty()) {
            twins.entry(said(&section.line, style)).or_default().push(at);
        }
        twins.retain(|_, places| places.len() > 1);
        Level { running, wanted, within, going, twins, style }
    }

    /// Returns the level within a section that stays. ASA shows a section twice: an object, and then what is translated of it; what goes
    /// is told with the first.
    fn inside<'b>(&self, section: &Section, line: &'b str, there: &[Section]) -> Level<'b>
    where
        'a: 'b,
    {
        let twins = self.twins.get(line).map(Vec::as_slice).unwrap_or_default();
        let others = twins.iter().map(|at| &self.wanted[*at]).filter(|other| !std::ptr::eq(*other, section));
        let elsewhere: Vec<Section> = others.flat_map(|other| other.children.clone()).collect();
        let mut level = Level::of(&section.children, there, Some(line), self.style, &elsewhere);
        if twins.first().is_some_and(|first| !std::ptr::eq(&self.wanted[*first], section)) {
            level.going.clear();
        }
        level
    }

    /// Returns all that changes: where nothing goes, each section in its turn.
    fn changes(&self) -> Vec<Section> {
        if self.going.is_empty() {
            return self.coming(Part::All);
        }
        let mut lines = self.undone();
        lines.extend(self.coming(Part::Coming));
        lines
    }

    /// Returns what goes, also in sections that stay.
    fn undone(&self) -> Vec<Section> {
        let mut lines = self.sections(|stays| match stays {
            Stays::With(section, line, there) => section.with(self.inside(section, &line, &there).undone()),
            Stays::Comes(_) => None,
        });
        lines.extend(self.going.iter().cloned());
        lines
    }

    /// Returns the lines wanted that are not there, or that go with what is undone here, and what changes in sections that stay.
    fn coming(&self, part: Part) -> Vec<Section> {
        self.sections(|stays| match stays {
            Stays::Comes(section) => Some(section.clone()),
            Stays::With(section, line, there) => {
                let inner = self.inside(section, &line, &there);
                section.with(match part {
                    Part::All => inner.changes(),
                    Part::Coming => inner.coming(part),
                })
            }
        })
    }

    /// Asks for each line wanted what is to be told of it.
    fn sections(&self, told: impl Fn(Stays<'_>) -> Option<Section>) -> Vec<Section> {
        let running = index(&self.running, self.within, self.style);
        let out = taken_out(&self.going, self.style);
        let changes = |line: &str| !running.contains_key(line);
        let goes = self.going.iter().filter_map(|section| gone(section, self.style));
        let resets = Resets::of(&self.wanted, changes, goes, (self.within, self.style));
        let mut lines = Vec::new();
        for section in &self.wanted {
            let line = said(&section.line, self.style);
            let is_out = || beginnings(&line).any(|part| out.contains(part));
            let stays = match running.get(&line) {
                None if holds(&section.line, self.within, &running, &self.wanted, self.style) => continue,
                None => Stays::Comes(section),
                Some(_) if is_out() || resets.take(&line) => Stays::Comes(section),
                Some(there) if is_whole(&section.line, self.style) => match section.unless_same(there) {
                    Some(_) => Stays::Comes(section),
                    None => continue,
                },
                Some(there) => {
                    let inside = there.iter().flat_map(|there| there.children.clone()).collect();
                    Stays::With(section, line, inside)
                }
            };
            lines.extend(told(stays));
        }
        lines
    }
}

/// What becomes of a line that is wanted.
enum Stays<'a> {
    /// It comes, with all that stands in it.
    Comes(&'a Section),
    /// It is there: what it says, and what stands in it.
    With(&'a Section, String, Vec<Section>),
}

/// Returns what undoes the lines of `running` that are not wanted or are `stale`, the last first.
fn going(
    wanted: &[Section],
    running: &[Section],
    stale: &HashSet<usize>,
    (within, style): (Option<&str>, &ConfigText),
) -> Vec<Section> {
    let said_wanted: HashSet<String> = wanted.iter().map(|section| said(&section.line, style)).collect();
    let overwritten: HashSet<String> =
        wanted.iter().filter_map(|section| place_of(&section.line, within, style)).collect();
    let is_wanted = |line: &str| {
        let line = said(line, style);
        let bare = without_number(&line, within, style);
        said_wanted.contains(&line) || bare.is_some_and(|bare| said_wanted.contains(&bare))
    };
    let is_kept = |section: &Section| style.keep.iter().any(|keep| keep.is_match(&section.line));
    let stays = || wanted.iter().chain(running.iter().filter(|section| is_kept(section)));
    let paths = style.prunes.then(|| Wanted::of(stays(), style));
    let mut lines: Vec<Section> = Vec::new();
    let mut taken = HashSet::new();
    for (at, section) in running.iter().enumerate().rev() {
        // The line that is wanted undoes it.
        let is_lifted = || said_wanted.contains(&said(&undo(&section.line, style), style));
        let is_overwritten =
            || place_of(&section.line, within, style).is_some_and(|place| overwritten.contains(&place));
        if is_kept(section) || (!stale.contains(&at) && (is_overwritten() || is_wanted(&section.line) || is_lifted())) {
            continue;
        }
        if style.permanent.iter().any(|permanent| permanent.is_match(&section.line)) {
            let inside = going(&[], &section.children, &HashSet::new(), (Some(&section.line), style));
            lines.extend(section.with(inside));
            continue;
        }
        let path = paths.as_ref().map(|paths| paths.to_delete(&section.line));
        let undoing = Section::of(&undo(path.as_deref().unwrap_or(&section.line), style));
        let line = said(&section.line, style);
        let gone = gone(&undoing, style);
        // Several lines may go by one, and what takes a line along goes behind what undoes it: each undoes something.
        let at = match beginnings(&line).any(|part| taken.contains(part)) {
            true if lines.contains(&undoing) => continue,
            true => lines.iter().position(|other| takes_out(other, &line, style)),
            false => None,
        };
        taken.extend(gone);
        lines.insert(at.unwrap_or(lines.len()), undoing);
    }
    lines
}
