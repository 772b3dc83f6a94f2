//! Orders lines for typing.

use super::Section;
use super::banner::typed;
use crate::platform::ConfigStyle;

/// Returns the lines to send, in order, each section entered by its own line.
///
/// A line outside stands after as many `exit` as lead to where it belongs: a section would take it for one of its own
/// where both know it. The line of another outermost section needs none.
pub fn to_send(sections: &[Section], style: ConfigStyle) -> Vec<String> {
    let mut lines = Vec::new();
    let mut depth = 0;
    for section in sections {
        if depth > 0 && section.children.is_empty() && style == ConfigStyle::Indent {
            lines.extend(std::iter::repeat_n("exit".to_owned(), depth));
            depth = 0;
        }
        lines.push(typed(&section.line));
        if !section.children.is_empty() {
            depth = 1 + send_children(&section.children, &mut lines);
        }
    }
    lines
}

/// Adds the lines of a section; returns how many sections below it are open at the end.
fn send_children(children: &[Section], lines: &mut Vec<String>) -> usize {
    let mut depth = 0;
    for child in children {
        lines.extend(std::iter::repeat_n("exit".to_owned(), depth));
        lines.push(child.line.clone());
        depth = if child.children.is_empty() { 0 } else { 1 + send_children(&child.children, lines) };
    }
    depth
}
