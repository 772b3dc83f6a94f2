//! Lines that hold although the device does not show them.

use super::Section;
use super::compare::{Index, is_inside, place_of};
use super::grown;
use super::members::members;
use super::spelled::said;
use super::undo::{is_undone_by, undoes};
use crate::platform::{ConfigStyle, ConfigText};

/// Claims that a line which is not shown holds all the same: it undoes what is not there, or is the default and nothing
/// that is shown in its section says otherwise.
///
/// That a line is not shown says so by itself only where defaults are never hidden, in a configuration of `set` lines.
/// Elsewhere the platform's definition lists the lines of which it is known: `no ip domain lookup` must be sent although
/// `ip domain lookup` is not shown, as that is the default.
///
/// `beside` is what is wanted in the same section: a port that is to route needs `no shutdown`, which one that switches has by itself.
pub(super) fn holds(
    line: &str,
    section: Option<&str>,
    running: &Index<'_>,
    beside: &[Section],
    text: &ConfigText,
) -> bool {
    let negate = text.negate.as_str();
    if text.style == ConfigStyle::Set {
        let Some(what) = line.strip_prefix(negate).filter(|_| !negate.is_empty()) else {
            return undoes(line, text) && !undone(line, running, text);
        };
        let set = said(&format!("{}{what}", text.set), text);
        return !running.keys().any(|other| is_inside(other, &set));
    }
    let line = said(line, text);
    if grown::holds(&line, running, text) {
        return true;
    }
    let is_there = |pattern: &crate::platform::Pattern| {
        running.keys().any(|other| pattern.is_match(other))
            || beside.iter().any(|other| pattern.is_match(&said(&other.line, text)))
    };
    let is_default = text.defaults.iter().any(|default| {
        default.line.is_match(&line)
            && default.within.as_ref().is_none_or(|within| section.is_some_and(|section| within.is_match(section)))
            && !default.unless.as_ref().is_some_and(is_there)
    });
    is_default && !contradicted(&line, section, running, text)
}

/// Claims that a line that is shown excludes a default.
fn contradicted(default: &str, section: Option<&str>, running: &Index<'_>, text: &ConfigText) -> bool {
    let negate = text.negate.as_str();
    if undoes(default, text) && undone(default, running, text) {
        return true;
    }
    if let Some(what) = default.strip_prefix(negate).filter(|_| !negate.is_empty()) {
        let undone = members(what, text);
        return running.keys().any(|shown| undone.iter().any(|what| is_inside(shown, what)));
    }
    let place = place_of(default, section, text);
    running.keys().any(|shown| {
        let undone = shown.strip_prefix(negate).filter(|_| !negate.is_empty());
        undone.is_some_and(|what| is_inside(default, what) || is_inside(what, default))
            || (place.is_some() && place_of(shown, section, text) == place)
    })
}

/// Claims that a line undoes one that is there.
fn undone(line: &str, running: &Index<'_>, text: &ConfigText) -> bool {
    let line = said(line, text);
    running.keys().any(|other| is_undone_by(other, &line, text))
}
