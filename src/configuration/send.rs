//! Orders lines for typing.

use super::Section;
use super::banner::typed;
use crate::platform::{ConfigStyle, ConfigText};

/// Returns the lines to send, in order, each section entered by its own line.
///
/// A line outside stands after as many `exit` ([`ConfigText::leave`]) as lead to where it belongs: a section would take
/// it for one of its own where both know it. The line of another outermost section needs none. `delimiter` ends banners.
pub fn to_send(sections: &[Section], text: &ConfigText, delimiter: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut depth = 0;
    for section in sections {
        if depth > 0 && section.children.is_empty() && text.style == ConfigStyle::Indent {
            lines.extend(std::iter::repeat_n(leave(text), depth));
            depth = 0;
        }
        lines.push(typed(&section.line, delimiter));
        if !section.children.is_empty() {
            depth = 1 + send_children(&section.children, text, &mut lines);
        }
    }
    lines
}

fn leave(text: &ConfigText) -> String {
    if text.leave.is_empty() { "exit".to_owned() } else { text.leave.clone() }
}

/// Adds the lines of a section; returns how many sections below it are open at the end.
fn send_children(children: &[Section], text: &ConfigText, lines: &mut Vec<String>) -> usize {
    let mut depth = 0;
    for child in children {
        lines.extend(std::iter::repeat_n(leave(text), depth));
        lines.push(child.line.clone());
        depth = if child.children.is_empty() { 0 } else { 1 + send_children(&child.children, text, lines) };
    }
    depth
}
