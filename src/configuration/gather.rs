//! Texts of which a device shows each line by itself and adds what is typed to what is there: banners of ASA
//! (`banner login welcome`). They are one line here, and are undone before another text is typed.

use super::Section;
use super::undo::undo;
use crate::platform::ConfigText;

/// Returns what tells the text to which a line belongs; `None` for any other line.
pub(super) fn text_of(line: &str, text: &ConfigText) -> Option<String> {
    text.gathers.iter().find_map(|gathers| Some(gathers.parts(line.lines().next()?)?.join(" ")))
}

/// Adds a line to the text to which it belongs, if that was begun; claims that it was.
pub(super) fn joins(line: &str, sections: &mut [Section], text: &ConfigText) -> bool {
    let Some(own) = text_of(line, text) else { return false };
    let begun = sections.iter_mut().find(|section| text_of(&section.line, text).as_ref() == Some(&own));
    match begun {
        Some(begun) => {
            begun.line.push('\n');
            begun.line.push_str(line);
            true
        }
        None => false,
    }
}

/// Puts before each text that comes what undoes the one that is there.
pub(super) fn anew(lines: Vec<Section>, running: &[Section], text: &ConfigText) -> Vec<Section> {
    if text.gathers.is_empty() {
        return lines;
    }
    let is_there = |own: String| running.iter().any(|other| text_of(&other.line, text).as_ref() == Some(&own));
    let mut found = Vec::with_capacity(lines.len());
    for section in lines {
        if text_of(&section.line, text).is_some_and(is_there) {
            found.push(Section::of(&undo(&section.line, text)));
        }
        found.push(section);
    }
    found
}
