//! A model of a device that takes lines as real ones do: a line is known in the section that is open or at the outermost level;
//! `no` takes out what begins so, and whatever value a line has of which there is one; entries of lists have numbers; neighbours
//! of BGP take along what is said of them; entries that are left empty stay.

use super::super::compare::{is_inside, is_whole, without_number};
use super::super::members::{apart, members};
use super::super::moves::moved;
use super::super::spelled::said;
use super::super::undo::{gone, is_undone_by, undoes};
use super::super::*;
use crate::platform::{ConfigStyle, ConfigText};
use std::collections::HashMap;

pub(super) struct Router<'a> {
    text: &'a ConfigText,
    /// The lines that are known in each section.
    known: HashMap<String, Vec<String>>,
    root: Vec<Section>,
    /// The sections that are open; a line may open several at once.
    open: Vec<Vec<String>>,
    /// Entries that were left with nothing in them.
    left: Vec<String>,
}

/// Returns the sections along a path.
fn place<'s>(root: &'s mut Vec<Section>, path: &[String]) -> &'s mut Vec<Section> {
    let mut place = root;
    for outer in path {
        let at = place.iter().position(|section| section.line == *outer).expect("an open section is there");
        place = &mut place[at].children;
    }
    place
}

impl<'a> Router<'a> {
    pub(super) fn new(running: &[Section], known: &[&[Section]], text: &'a ConfigText) -> Router<'a> {
        let mut root: Vec<Section> = Vec::new();
        for section in apart(running, text) {
            // What is shown twice is one section.
            match root.iter_mut().find(|known| !section.children.is_empty() && known.line == section.line) {
                Some(known) => known.children.extend(section.children),
                None => root.push(section),
            }
        }
        let mut router = Router { text, known: HashMap::new(), root, open: vec![], left: vec![] };
        for sections in known.iter().copied().chain([running]) {
            router.learn("", &apart(sections, text));
        }
        router
    }

    fn learn(&mut self, path: &str, sections: &[Section]) {
        for section in sections {
            let line = said(&section.line, self.text);
            self.known.entry(path.to_owned()).or_default().push(line.clone());
            self.learn(&format!("{path} / {line}"), &section.children);
        }
    }

    /// Returns the configuration that it shows.
    pub(super) fn shown(self) -> Vec<Section> {
        self.root
    }

    /// Returns the paths to the sections that are open.
    fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = vec![Vec::new()];
        for lines in &self.open {
            paths = paths
                .iter()
                .flat_map(|path| lines.iter().map(|line| [path.as_slice(), std::slice::from_ref(line)].concat()))
                .collect();
        }
        paths
    }

    fn positive<'l>(&self, line: &'l str) -> &'l str {
        line.strip_prefix(self.text.negate.as_str()).filter(|_| !self.text.negate.is_empty()).unwrap_or(line)
    }

    /// Claims that a line, or what it undoes, is one of a section.
    fn knows(&self, path: &[String], line: &str) -> bool {
        let key: String = path.iter().map(|line| format!(" / {}", said(line, self.text))).collect();
        let line = said(line, self.text);
        let within = path.last().map(String::as_str);
        let bare = without_number(&line, within, self.text);
        let is = |known: &String| {
            is_inside(self.positive(known), self.positive(&line))
                || is_undone_by(known, &line, self.text)
                || bare.as_ref().is_some_and(|bare| known.ends_with(bare))
        };
        (path.is_empty() && (members(&line, self.text).len() > 1 || gather::text_of(&line, self.text).is_some()))
            || self.known.get(&key).is_some_and(|known| known.iter().any(is))
    }

    pub(super) fn take(&mut self, line: &str) -> Result<(), String> {
        let last = self.open.last().map(|lines| lines[0].clone()).unwrap_or_default();
        let end = self.text.leave_as.iter().find(|(head, _)| !last.is_empty() && head.is_match(&last));
        let leave = match (end, self.text.leave.is_empty()) {
            (Some((_, end)), _) => end.as_str(),
            (None, true) => "exit",
            (None, false) => self.text.leave.as_str(),
        };
        if line == leave {
            return self.open.pop().map(drop).ok_or_else(|| format!("`{line}` where nothing is open"));
        }
        if !last.is_empty() && is_whole(&last, self.text) {
            for path in self.paths() {
                place(&mut self.root, &path).push(Section::of(line));
            }
            return Ok(());
        }
        if self.text.style == ConfigStyle::Set {
            return self.whole(line);
        }
        let paths = self.paths();
        if !self.knows(&paths[0], line) {
            if end.is_some() || self.open.is_empty() || !self.knows(&[], line) {
                return Err(format!("`{line}` is not known in {:?}", self.open));
            }
            self.open.clear();
        }
        let paths = self.paths();
        let mut opened = Vec::new();
        for path in &paths {
            opened = self.typed(path, line)?;
        }
        if !opened.is_empty() {
            self.open.push(opened);
        }
        Ok(())
    }

    /// Takes a command that is whole by itself.
    fn whole(&mut self, line: &str) -> Result<(), String> {
        if moved(line, &mut self.root, self.text) {
            return Ok(());
        }
        if line.starts_with(self.text.set.as_str()) || !undoes(line, self.text) {
            let own = said(line, self.text);
            let is_left = |section: &Section| self.left.contains(&section.line) && is_inside(&own, &section.line);
            let place = self.root.iter().position(is_left);
            let before = self.root.len();
            self.typed(&[], line)?;
            if let Some(place) = place.filter(|_| self.root.len() > before) {
                self.root.swap_remove(place);
            }
            return Ok(());
        }
        let path = gone(&Section::of(line), self.text).unwrap_or_default();
        let is_in = |section: &Section, path: &str| is_inside(&said(&section.line, self.text), path);
        let place = self.root.iter().position(|section| is_in(section, &path)).unwrap_or_default();
        self.undo(&[], line)?;
        // An entry stays where it is when nothing is left in it.
        let around = path.rsplit_once(' ').map_or("", |(around, _)| around).to_owned();
        let is_left = self.is_entry(&around)
            && !self.root.iter().any(|section| is_inside(&said(&section.line, self.text), &around));
        if self.text.prunes && is_left {
            self.root.insert(place, Section::of(&around));
            self.left.push(around);
        }
        Ok(())
    }

    fn is_entry(&self, path: &str) -> bool {
        let mut words = path.rsplit(' ');
        let (last, before) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        last.contains(|c: char| c.is_ascii_digit())
            || self.text.keys.iter().any(|key| key.split(' ').next() == Some(before))
    }

    fn undo(&mut self, path: &[String], line: &str) -> Result<(), String> {
        let text = self.text;
        let within = path.last().cloned();
        let what = said(self.positive(line), text);
        let single = text.place(&what, within.as_deref());
        let line_said = said(line, text);
        let gone = gone(&Section::of(line), text);
        let goes = |section: &Section| {
            let other = said(&section.line, text);
            is_undone_by(&section.line, &line_said, text)
                || gone.as_ref().is_some_and(|gone| is_inside(&other, gone))
                || (single.is_some() && text.place(&other, within.as_deref()) == single)
        };
        let neighbour = what.strip_prefix("neighbor ").and_then(|rest| rest.split_once(' '));
        let neighbour =
            neighbour.filter(|(_, rest)| ["remote-as", "peer-group", "peer group"].iter().any(|r| rest.starts_with(r)));
        let there = place(&mut self.root, path);
        let before = there.len();
        there.retain(|section| !goes(section));
        let is_gone = there.len() < before;
        if let Some((name, _)) = neighbour.filter(|_| is_gone && what.contains("remote-as")) {
            let name = format!("neighbor {name}");
            there.retain(|section| !is_inside(&section.line, &name));
            for section in there.iter_mut() {
                section.children.retain(|line| !is_inside(&line.line, &name));
            }
        }
        let is_line = self.is_line(path, line);
        if is_line {
            place(&mut self.root, path).push(Section::of(line));
        }
        match is_gone || is_line {
            true => Ok(()),
            false => Err(format!("`{line}` undoes nothing in {path:?}: {:#?}", place(&mut self.root, path))),
        }
    }

    /// Claims that a line is shown just so.
    fn is_line(&self, path: &[String], line: &str) -> bool {
        let key: String = path.iter().map(|line| format!(" / {}", said(line, self.text))).collect();
        let line = said(line, self.text);
        self.known.get(&key).is_some_and(|known| known.contains(&line))
    }

    /// Takes a line in a section; returns the sections that it opens.
    fn typed(&mut self, path: &[String], line: &str) -> Result<Vec<String>, String> {
        let text = self.text;
        let what = said(self.positive(line), text);
        for reset in text.resets.iter().filter(|reset| !path.is_empty() && reset.line.is_match(&what)) {
            place(&mut self.root, path).retain(|section| !reset.takes.is_match(&section.line));
        }
        self.check_neighbour(path, line)?;
        // A line that another one stands for says what it undoes itself: `exec-timeout 10 0`.
        let line_said = said(line, text);
        let is_default = !self.is_line(path, line)
            && place(&mut self.root, path).iter().any(|other| is_undone_by(&other.line, &line_said, text));
        let is_undoing = line.starts_with(text.negate.as_str()) || text.quotes_lines && undoes(line, text);
        if text.style == ConfigStyle::Indent && (is_undoing || is_default) {
            return self.undo(path, line).map(|()| Vec::new());
        }
        let within = path.last().cloned();
        let negated = said(&format!("{}{line}", text.negate), text);
        let is_line = self.is_line(path, line);
        let there = place(&mut self.root, path);
        let before = there.len();
        let is_kept = |section: &Section| text.keep.iter().any(|keep| keep.is_match(&section.line));
        let says_not = |section: &Section| {
            let other = said(&section.line, text);
            other == negated || (is_kept(section) && is_inside(&negated, &other))
        };
        there.retain(|section| text.negate.is_empty() || !says_not(section));
        let lifted = there.len() < before;
        let mut opened = Vec::new();
        for one in members(line, text) {
            let written = if members(line, text).len() > 1 { one.clone() } else { line.to_owned() };
            opened.push(add(there, &written, within.as_deref(), text)?);
        }
        if lifted && !is_line {
            let there = place(&mut self.root, path);
            there.retain(|section| section.line != line);
            return Ok(Vec::new());
        }
        let opens = text.style == ConfigStyle::Indent && self.opens(path, &opened[0]);
        Ok(if opens { opened } else { Vec::new() })
    }

    fn opens(&self, path: &[String], line: &str) -> bool {
        let key: String =
            path.iter().chain([&line.to_owned()]).map(|line| format!(" / {}", said(line, self.text))).collect();
        self.known.contains_key(&key)
            || is_whole(line, self.text)
            || self.text.leave_as.iter().any(|(head, _)| head.is_match(line))
    }

    /// A neighbour must be there before something is said of it.
    fn check_neighbour(&mut self, path: &[String], line: &str) -> Result<(), String> {
        let what = self.positive(line);
        let Some((name, rest)) = what.strip_prefix("neighbor ").and_then(|rest| rest.split_once(' ')) else {
            return Ok(());
        };
        let makes = ["remote-as", "peer-group", "peer group"].iter().any(|makes| rest.starts_with(makes));
        if makes || !path.first().is_some_and(|outer| outer.starts_with("router bgp")) {
            return Ok(());
        }
        let name = format!("neighbor {name}");
        let mut all = (1..=path.len()).map(|depth| &path[..depth]);
        let is_there = all.any(|path| place(&mut self.root, path).iter().any(|line| is_inside(&line.line, &name)));
        match is_there {
            true => Ok(()),
            false => Err(format!("`{line}`: specify the neighbour's remote-as first, in {path:?}")),
        }
    }
}

/// Adds a line to those of a section; returns it as it is shown.
fn add(there: &mut Vec<Section>, line: &str, within: Option<&str>, text: &ConfigText) -> Result<String, String> {
    let own = said(line, text);
    if let Some(at) = there.iter().position(|section| said(&section.line, text) == own) {
        if is_whole(line, text) {
            there[at].children.clear();
        }
        return Ok(there[at].line.clone());
    }
    if let Some(gathers) = gather::text_of(line, text) {
        match there.iter_mut().find(|section| gather::text_of(&section.line, text).as_ref() == Some(&gathers)) {
            Some(begun) => begun.line = format!("{}\n{line}", begun.line),
            None => there.push(Section::of(line)),
        }
        return Ok(line.to_owned());
    }
    let is_numbered = within.is_some() && without_number(&own, within, text).is_some();
    let could_be = within.is_some() && without_number(&format!("1 {own}"), within, text).is_some();
    let number = |line: &str| line.split(' ').find_map(|word| word.parse::<u32>().ok()).unwrap_or_default();
    if is_numbered || could_be {
        let line = match is_numbered {
            true => line.to_owned(),
            false => format!("{} {line}", there.last().map_or(0, |last| number(&last.line)) + 10),
        };
        if there.iter().any(|section| number(&section.line) == number(&line)) {
            return Err(format!("`{line}`: duplicate sequence number"));
        }
        let at = there.iter().position(|section| number(&section.line) > number(&line)).unwrap_or(there.len());
        there.insert(at, Section::of(&line));
        return Ok(line);
    }
    let place = text.place(&own, within);
    match there.iter_mut().find(|section| place.is_some() && text.place(&said(&section.line, text), within) == place) {
        Some(old) => *old = Section::of(line),
        None => there.push(Section::of(line)),
    }
    Ok(line.to_owned())
}
