//! Reads a configuration's text: sections by indentation, or whole `set` lines.

use super::Section;
use super::banner::banner_end;
use super::curly::{is_curly, set_lines};
use super::{gather, paths};
use crate::platform::{ConfigStyle, ConfigText};

/// Reads a configuration. Comments, ends of sections and lines that mean nothing are left out.
pub fn parse(text: &str, style: &ConfigText) -> Vec<Section> {
    if style.style == ConfigStyle::Set && is_curly(text) {
        let lines = set_lines(text).into_iter().filter(|line| !is_nothing(line, style));
        return lines.map(|line| Section::of(&whole(&line, style))).collect();
    }
    if style.joins_lines {
        let lines = paths::commands(text).into_iter().filter(|line| !is_nothing(line, style));
        return lines.map(|line| Section::of(&line)).collect();
    }
    let mut root: Vec<Section> = Vec::new();
    // Where each open section is indented, outermost first.
    let mut open: Vec<usize> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if is_nothing(line, style) {
            continue;
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        let line = text_of(line.trim(), &mut lines, style);
        if style.style == ConfigStyle::Set {
            root.push(Section { line: whole(&line, style), children: Vec::new() });
            continue;
        }
        while open.last().is_some_and(|outer| indent <= *outer) {
            open.pop();
        }
        let mut place = &mut root;
        for _ in 0..open.len() {
            place = &mut place.last_mut().expect("an open section has a line").children;
        }
        if gather::joins(&line, place, style) {
            continue;
        }
        place.push(Section { line, children: Vec::new() });
        open.push(indent);
    }
    root
}

/// Returns a line with those after it that belong to it.
fn text_of<'a>(line: &str, lines: &mut impl Iterator<Item = &'a str>, style: &ConfigText) -> String {
    if let Some((_, end)) = style.texts.iter().find(|(begins, _)| begins.is_match(line)) {
        return with_lines(line, lines, |line| line.trim() == end);
    }
    match banner_end(line).filter(|_| style.gathers.is_empty()) {
        Some(end) => with_lines(line, lines, |line| line.contains(end)),
        None if style.quotes_lines && is_open_quote(line) => with_quote(line, lines),
        None => line.to_owned(),
    }
}

/// Returns a line with those after it, up to the one that ends them.
fn with_lines<'a>(first: &str, lines: &mut impl Iterator<Item = &'a str>, ends: impl Fn(&str) -> bool) -> String {
    let mut text = first.to_owned();
    for line in lines {
        text.push('\n');
        text.push_str(line.trim_end());
        if ends(line) {
            break;
        }
    }
    text
}

/// Makes sections of lines under their parents; what the lines are indented by counts below the parents.
pub fn parse_lines(parents: &[String], lines: &[String], style: &ConfigText) -> Vec<Section> {
    let mut sections = parse(&lines.join("\n"), style);
    for parent in parents.iter().rev() {
        sections = vec![Section { children: sections, ..Section::of(parent) }];
    }
    sections
}

/// Claims that a text in quotes goes on on the next line.
fn is_open_quote(line: &str) -> bool {
    let mut is_open = false;
    let mut is_escaped = false;
    for c in line.chars() {
        is_open ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
    }
    is_open
}

fn with_quote<'a>(first: &str, lines: &mut impl Iterator<Item = &'a str>) -> String {
    let mut text = first.to_owned();
    for line in lines {
        text.push('\n');
        text.push_str(line);
        if is_open_quote(line) {
            break;
        }
    }
    text
}

/// Returns a line with the beginning that the platform's own lines have: where that is `/configure `, `set system name x`
/// (of a text in braces) and `configure system name x` mean `/configure system name x`.
fn whole(line: &str, style: &ConfigText) -> String {
    let Some(word) = style.set.strip_prefix('/').filter(|word| !word.is_empty()) else { return line.to_owned() };
    let rest = line.strip_prefix("set ").unwrap_or(line);
    match rest.strip_prefix(word) {
        Some(rest) => format!("{}{rest}", style.set),
        None if rest.len() < line.len() => format!("{}{rest}", style.set),
        None => line.to_owned(),
    }
}

fn is_nothing(line: &str, style: &ConfigText) -> bool {
    let trimmed = line.trim();
    trimmed.is_empty()
        || style.comments.iter().any(|comment| trimmed.starts_with(comment.as_str()))
        || style.section_end.iter().any(|end| trimmed == end)
        || style.volatile.iter().any(|volatile| volatile.is_match(line))
}
