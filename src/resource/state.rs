//! What is to be sent so that a device has what a task wants: the states.

use super::definition::{Definition, ENTRIES, Gone};
use super::merge::merged;
use super::piece::{Command, LineSection, Numbers, Piece, PlainLine, What, pieces};
use super::places::{self, Place};
use super::tree::items;
use super::{Kind, Options, numbers, ranges};
use crate::configuration::Section;
use crate::platform::ConfigStyle;
use crate::value::{Map, Value};

/// What a task wants done with what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is added to what is there.
    Merged,
    /// The entries that it names are as it says, no less and no more.
    Replaced,
    /// There is nothing but what it says.
    Overridden,
    /// What it names goes; without `config`, all.
    Deleted,
    /// The entries that it names are removed with their own lines.
    Purged,
    /// What it says of an entry is so, lists included; of what it does not say nothing changes. With `purge`, entries
    /// that it does not name are removed.
    Given {
        /// Whether they are.
        purge: bool,
    },
    /// As `Merged` on a device that has nothing; nothing is sent.
    Rendered,
}

/// Returns the lines to send, under the lines that lead into their sections.
pub fn commands(definition: &Definition, want: &Map, have: &Map, state: State) -> Vec<Section> {
    let want = &numbers::taken_over(definition, want, have, state);
    let (want, have) = match state {
        State::Merged => (merged(definition, want, have), have.clone()),
        State::Replaced => (want.clone(), named(definition, want, have)),
        State::Overridden => (want.clone(), have.clone()),
        State::Given { purge } => (want.clone(), given(definition, want, have, purge)),
        State::Deleted if definition.absent_of_given && !want.is_empty() => (Map::new(), said(want, have)),
        State::Deleted | State::Purged => (Map::new(), named(definition, want, have)),
        State::Rendered => (want.clone(), Map::new()),
    };
    let compare = Compare { state, style: definition.text().style, negate: &definition.text().negate };
    // What is purged goes whole, the sections with it that are always there.
    let is_whole = state == State::Purged && definition.named.is_empty();
    let want = if is_whole { Vec::new() } else { pieces(definition, &want) };
    compare.all(&want, &pieces(definition, &have), Within::Outermost)
}

/// Returns what stands in the way: a device has one such section, with another line, and the state adds to it.
pub fn conflict(definition: &Definition, want: &Map, have: &Map, state: State) -> Option<String> {
    if !matches!(state, State::Merged | State::Replaced) {
        return None;
    }
    let have = pieces(definition, have);
    pieces(definition, want).iter().find_map(|piece| {
        let there = have.iter().find(|there| there.node == piece.node && there.key == piece.key)?;
        match (&piece.what, &there.what) {
            (What::Section(want), What::Section(have)) if want.is_alone && want.header != have.header => {
                Some(format!("`{}` is there, and a device has one: `{}` would be another", have.header, want.header))
            }
            _ => None,
        }
    })
}

/// Returns what the device is to have of what a task says.
pub(super) fn wanted(definition: &Definition, want: &Map, have: &Map, state: State) -> Map {
    match state {
        State::Merged => merged(definition, want, have),
        _ => want.clone(),
    }
}

/// Returns those entries of `have` that `want` names; all of them when it names none.
fn named(definition: &Definition, want: &Map, have: &Map) -> Map {
    let lists: Vec<&str> = match definition.has_entries() {
        true => std::iter::once(ENTRIES).chain(definition.named.iter().map(String::as_str)).collect(),
        false => definition.named.iter().map(String::as_str).collect(),
    };
    let keys = match definition.has_entries() {
        true => Keys::Own(&definition.options),
        false => Keys::Of(&definition.options),
    };
    let beside: Vec<&str> = definition.named_beside.iter().map(String::as_str).collect();
    let (Some(first), Some(second)) = (lists.first(), beside.first()) else {
        return named_inside(keys, &lists, want, have);
    };
    let names = |list: &str| !items(want, &[list.to_owned()]).is_empty();
    let only = |have: Map, lists: &[&str]| match names(lists[0]) {
        true => named_inside(Keys::Of(&definition.options), lists, want, &have),
        false => have
            .iter()
            .filter(|(name, _)| name.as_str() != Some(lists[0]))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
    };
    match names(first) || names(second) {
        true => only(only(have.clone(), &lists), &beside),
        false => have.clone(),
    }
}

/// The options of the items of a list: those themselves, or those that have the list.
enum Keys<'a> {
    Own(&'a Options),
    Of(&'a Options),
}

/// Keeps of each list those items that are named, and of those again what is named in them.
fn named_inside(keys: Keys<'_>, lists: &[&str], want: &Map, have: &Map) -> Map {
    let Some((list, inner)) = lists.split_first() else { return have.clone() };
    let options = match keys {
        Keys::Own(options) => options,
        Keys::Of(options) => match options.find(list).map(|option| &option.kind) {
            Some(Kind::List(inside)) => inside,
            _ => return have.clone(),
        },
    };
    let path = [(*list).to_owned()];
    let wanted: Vec<&Map> = items(want, &path).iter().filter_map(Value::as_map).collect();
    if wanted.is_empty() {
        return have.clone();
    }
    let kept = items(have, &path).iter().filter_map(Value::as_map).filter_map(|there| {
        let want = wanted.iter().find(|want| options.key_of(want) == options.key_of(there))?;
        Some(Value::from(named_inside(Keys::Of(options), inner, want, there)))
    });
    let kept: Vec<Value> = kept.collect();
    let mut out = have.clone();
    out.insert(*list, Value::list(kept));
    out
}

/// Returns what is there of what `want` says: of each entry that it names the options that it gives.
fn given(definition: &Definition, want: &Map, have: &Map, purge: bool) -> Map {
    let of = |want: &Map, have: &Map| -> Map {
        let said = have.iter().filter(|(key, _)| want.get_key(key).is_some());
        said.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    if !definition.has_entries() {
        return of(want, have);
    }
    let path = [ENTRIES.to_owned()];
    let key = |item: &Map| definition.options.key_of(item);
    let wanted: Vec<&Map> = items(want, &path).iter().filter_map(Value::as_map).collect();
    let mut entries = Vec::new();
    for item in items(have, &path).iter().filter_map(Value::as_map) {
        match wanted.iter().find(|want| key(want) == key(item)) {
            Some(want) => entries.push(Value::from(of(want, item))),
            None if purge => entries.push(item.clone().into()),
            None => {}
        }
    }
    [(ENTRIES, Value::list(entries))].into_iter().collect()
}

/// Returns what is there of the values that a task gives, of lists the items.
fn said(want: &Map, have: &Map) -> Map {
    let said = have.iter().filter_map(|(key, there)| {
        let given = want.get_key(key)?;
        let there = match (there.as_list(), given.as_list()) {
            (Some(there), Some(given)) => Value::list(there.iter().filter(|item| given.contains(item)).cloned()),
            _ => there.clone(),
        };
        Some((key.clone(), there))
    });
    said.collect()
}

/// Where pieces stand that are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Outermost,
    /// In a section that is wanted and there.
    Wanted,
    /// In a section that is wanted and not there yet.
    New,
    /// In a section that is not wanted and cannot be removed.
    Unwanted,
}

struct Compare<'a> {
    state: State,
    style: ConfigStyle,
    negate: &'a str,
}

impl Compare<'_> {
    /// Compares the pieces of one section, what goes before what comes, the last first: a line
    /// often builds on one above it.
    fn all(&self, want: &[Piece], have: &[Piece], place: Within) -> Vec<Section> {
        let same = |all: &[Piece], piece: &Piece| {
            let is_same = |other: &&Piece| other.node == piece.node && other.key == piece.key;
            all.iter().find(is_same).or_else(|| all.iter().find(|other| says_the_same(other, piece))).cloned()
        };
        let fallen = fallen(want, have);
        let is_fallen = |piece: &Piece| fallen.iter().any(|item| item == piece.item());
        let mut sent = Vec::new();
        // What is merged holds all that is there but what is said to be otherwise.
        for piece in have.iter().rev().filter(|piece| same(want, piece).is_none() || is_fallen(piece)) {
            if piece.placed().is_some() {
                continue;
            }
            if is_fallen(piece) && piece.falls() {
                continue;
            }
            if !(piece.is_single() && want.iter().any(|other| other.node == piece.node)) {
                sent.extend(led_to(piece, self.gone(piece, place)));
            }
        }
        for piece in want.iter().filter(|piece| piece.placed().is_none()) {
            let is_new = match place {
                Within::Wanted => false,
                Within::New => true,
                Within::Outermost | Within::Unwanted => !have.iter().any(|there| there.key == piece.key),
            };
            let there = same(have, piece).filter(|_| !is_fallen(piece));
            sent.extend(led_to(piece, self.differs(piece, there.as_ref(), is_new)));
        }
        let placed = places::commands(placed(want), placed(have), self.adds());
        sent.extend(placed.iter().map(|command| self.leaf(command)));
        once(sent)
    }

    /// Returns what undoes a piece that is not wanted.
    fn gone(&self, piece: &Piece, place: Within) -> Vec<Section> {
        match &piece.what {
            What::Line(line) => {
                let undo = if place == Within::Wanted { &line.undo } else { &line.undo_deleted };
                undo.iter().map(|undo| self.leaf(undo)).collect()
            }
            What::Section(section) if section.says_nothing() => Vec::new(),
            What::Section(section) => {
                let gone = match self.state {
                    _ if place != Within::Outermost => section.deleted,
                    State::Purged => Gone::Removed,
                    State::Overridden | State::Given { .. } => section.overridden,
                    _ => section.deleted,
                };
                match gone {
                    Gone::Removed => vec![self.leaf(&section.undo)],
                    Gone::Emptied => self.under(section, self.all(&[], &section.pieces, Within::Unwanted)),
                }
            }
        }
    }

    fn differs(&self, want: &Piece, have: Option<&Piece>, is_new: bool) -> Vec<Section> {
        match (&want.what, have.map(|piece| &piece.what)) {
            // What a device does not show cannot be compared.
            (What::Line(PlainLine { write_only: Some(always), text, .. }), _) => {
                let sends = *always || is_new;
                sends.then(|| self.leaf(&Command::Set(text.clone()))).into_iter().collect()
            }
            (What::Line(want), Some(What::Line(have))) => self.line(want, Some(have)),
            (What::Line(want), _) => self.line(want, None),
            (What::Section(want), Some(What::Section(have))) if want.header == have.header => {
                self.under(want, self.all(&want.pieces, &have.pieces, Within::Wanted))
            }
            // What its line says beside its name is added to, or begun anew.
            (What::Section(want), Some(What::Section(have))) if self.adds() => {
                let inside = self.all(&want.pieces, &have.pieces, Within::Wanted);
                self.new_section(want, inside, true)
            }
            (What::Section(want), Some(What::Section(have))) => {
                let mut sent = vec![self.leaf(&have.undo)];
                sent.extend(self.new_section(want, self.all(&want.pieces, &[], Within::New), true));
                sent
            }
            (What::Section(want), _) => self.new_section(want, self.all(&want.pieces, &[], Within::New), want.creates),
        }
    }

    /// Claims that what is wanted is added to what is there.
    fn adds(&self) -> bool {
        matches!(self.state, State::Merged | State::Rendered | State::Given { .. })
    }

    /// Makes a section; one without lines only where its own line says something.
    fn new_section(&self, section: &LineSection, inside: Vec<Section>, creates: bool) -> Vec<Section> {
        if inside.is_empty() && creates {
            return vec![self.leaf(&Command::Set(section.header.clone()))];
        }
        self.under(section, inside)
    }

    fn line(&self, want: &PlainLine, have: Option<&PlainLine>) -> Vec<Section> {
        let set = || self.leaf(&Command::Set(want.text.clone()));
        let Some(have) = have else {
            return if want.text.is_empty() { Vec::new() } else { vec![set()] };
        };
        if want.text == have.text {
            return Vec::new();
        }
        if let (Some(want), Some(have)) = (&want.numbers, &have.numbers) {
            return self.numbers(want, have);
        }
        if want.text.is_empty() {
            let undo = have.undo.as_ref().or(have.undo_deleted.as_ref());
            return undo.into_iter().map(|undo| self.leaf(undo)).collect();
        }
        let undo = have.undo.as_ref().filter(|_| want.replace);
        undo.map(|undo| self.leaf(undo)).into_iter().chain([set()]).collect()
    }

    fn numbers(&self, want: &Numbers, have: &Numbers) -> Vec<Section> {
        let gone = have.all.difference(&want.all).copied().collect();
        let new = want.all.difference(&have.all).copied().collect();
        let mut sent = Vec::new();
        for (numbers, line) in [(gone, &want.remove), (new, &want.add)] {
            let numbers: std::collections::BTreeSet<u32> = numbers;
            if !numbers.is_empty() {
                sent.push(self.leaf(&Command::Set(line.replace("{}", &ranges::shown(&numbers)))));
            }
        }
        sent
    }

    fn leaf(&self, command: &Command) -> Section {
        let line = match (self.style, command) {
            (ConfigStyle::Indent, Command::Set(line)) => line.clone(),
            (ConfigStyle::Set, Command::Set(line)) => format!("set {line}"),
            (_, Command::Undo(line)) => format!("{}{line}", self.negate),
        };
        Section { line, children: Vec::new() }
    }

    /// Puts lines into their section: below its line, or behind it where every line is a whole command.
    fn under(&self, section: &LineSection, inside: Vec<Section>) -> Vec<Section> {
        if inside.is_empty() {
            return Vec::new();
        }
        match self.style {
            ConfigStyle::Indent => vec![Section { line: section.header.clone(), children: inside }],
            ConfigStyle::Set => {
                let behind = |child: Section| {
                    let line = ["set ", self.negate]
                        .iter()
                        .find_map(|verb| Some(format!("{verb}{} {}", section.header, child.line.strip_prefix(verb)?)));
                    Section { line: line.unwrap_or(child.line), children: Vec::new() }
                };
                inside.into_iter().map(behind).collect()
            }
        }
    }
}

/// Returns the lines that have places in a list.
fn placed(pieces: &[Piece]) -> impl Iterator<Item = (&PlainLine, &Place)> {
    pieces.iter().filter_map(Piece::placed)
}

/// Claims that the same line stands for both, whichever options said it.
fn says_the_same(one: &Piece, other: &Piece) -> bool {
    match (&one.what, &other.what) {
        (What::Line(one), What::Line(other)) => {
            !one.text.is_empty() && one.text == other.text && one.through == other.through
        }
        _ => false,
    }
}

/// Returns the items whose line is undone and takes others with it, so that all is sent again.
fn fallen(want: &[Piece], have: &[Piece]) -> Vec<String> {
    let text = |piece: &Piece| match &piece.what {
        What::Line(line) => Some(line.text.clone()),
        What::Section(_) => None,
    };
    let falls = |piece: &&Piece| have.iter().chain(want).any(|other| other.falls() && other.item() == piece.item());
    let is_undone = |piece: &&Piece| {
        let wanted = want.iter().find(|other| other.node == piece.node && other.key == piece.key);
        wanted.is_none_or(|wanted| text(wanted) != text(piece))
    };
    let lines = have.iter().filter(|piece| !piece.falls()).filter(falls).filter(is_undone);
    lines.map(|piece| piece.item().to_owned()).collect()
}

/// Puts lines behind those that lead to a piece.
fn led_to(piece: &Piece, sent: Vec<Section>) -> Vec<Section> {
    if sent.is_empty() {
        return sent;
    }
    let inside = |children, line: &String| vec![Section { line: line.clone(), children }];
    piece.through().iter().rev().fold(sent, inside)
}

/// Leaves out what was undone already, since several lines of an entry may be undone by one, and enters a section once
/// for what follows each other in it.
fn once(sent: Vec<Section>) -> Vec<Section> {
    let mut kept: Vec<Section> = Vec::new();
    for section in sent {
        if section.children.is_empty() && kept.contains(&section) {
            continue;
        }
        match kept.last_mut() {
            Some(last) if last.line == section.line && !last.children.is_empty() && !section.children.is_empty() => {
                let children = std::mem::take(&mut last.children).into_iter().chain(section.children).collect();
                last.children = once(children);
            }
            _ => kept.push(section),
        }
    }
    kept
}
