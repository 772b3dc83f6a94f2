//! Orders lines for typing.

use super::Section;
use super::banner::typed;
use super::compare::is_whole;
use super::gather::text_of;
use crate::platform::{ConfigStyle, ConfigText};

/// Returns the lines to send, in order, each section entered by its own line.
///
/// A line outside stands after as many `exit` ([`ConfigText::leave`]) as lead to where it belongs: a section would take
/// it for one of its own where both know it. The line of another outermost section needs none, unless the section before
/// must be ended ([`ConfigText::leave_as`]). `delimiter` ends banners.
pub fn to_send(sections: &[Section], text: &ConfigText, delimiter: Option<&str>) -> Vec<String> {
    let mut typing = Typing { text, delimiter, lines: Vec::new(), open: Vec::new() };
    for section in sections {
        let is_line = section.children.is_empty() && text.style == ConfigStyle::Indent;
        // `route-policy P` is also a line of other sections.
        let is_ambiguous = is_line || is_whole(&section.line, text);
        typing.leave_to(if is_ambiguous { 0 } else { typing.must_leave_to() });
        // Another outermost section ends those that need not be ended.
        typing.open.clear();
        typing.section(section);
    }
    typing.leave_to(typing.must_leave_to());
    typing.lines
}

struct Typing<'a> {
    text: &'a ConfigText,
    delimiter: Option<&'a str>,
    lines: Vec<String>,
    /// The sections that are open: what ends each, and whether it must be ended.
    open: Vec<(&'a str, bool)>,
}

impl<'a> Typing<'a> {
    fn section(&mut self, section: &Section) {
        match text_of(&section.line, self.text) {
            Some(_) => self.lines.extend(section.line.lines().map(str::to_owned)),
            None => self.lines.push(typed(&section.line, self.delimiter, self.text)),
        }
        // Inside of another section it is a line: `group operator` of a user.
        let is_line = section.children.is_empty()
            && !self.open.is_empty()
            && !section.line.contains('\n')
            && is_whole(&section.line, self.text);
        let end = self.text.leave_as.iter().find(|(line, _)| !is_line && line.is_match(&section.line));
        if section.children.is_empty() && end.is_none() {
            return;
        }
        let leave = if self.text.leave.is_empty() { "exit" } else { self.text.leave.as_str() };
        self.open.push((end.map_or(leave, |(_, end)| end), end.is_some()));
        if is_whole(&section.line, self.text) {
            return self.text_of(&section.children);
        }
        let depth = self.open.len();
        for child in &section.children {
            self.leave_to(depth);
            self.section(child);
        }
    }

    /// Types the lines of a section that is one text: what is indented there opens nothing.
    fn text_of(&mut self, children: &[Section]) {
        for child in children {
            self.lines.push(child.line.clone());
            self.text_of(&child.children);
        }
    }

    /// Returns how many of the open sections may stay open when another outermost one follows.
    fn must_leave_to(&self) -> usize {
        self.open.iter().position(|(_, must)| *must).unwrap_or(self.open.len())
    }

    /// Leaves sections until so many are open.
    fn leave_to(&mut self, depth: usize) {
        for (end, _) in self.open.drain(depth..).rev() {
            self.lines.push(end.to_owned());
        }
    }
}
