//! What a device made of lines that it took, for messages to people.

use super::Section;
use super::compare::is_inside;
use super::spelled::{said, words};
use crate::platform::ConfigText;

/// Returns the lines of the section under `parents` that `before` does not have there.
pub fn new_lines<'a>(parents: &[&str], before: &[Section], after: &'a [Section], text: &ConfigText) -> Vec<&'a str> {
    let before = inside(parents, before, text).unwrap_or_default();
    let after = inside(parents, after, text).unwrap_or_default();
    after.iter().filter(|line| before.iter().all(|old| old.line != line.line)).map(|line| line.line.as_str()).collect()
}

/// Claims that a line undoes one that the section under `parents` has all the same.
pub fn is_undone_in_vain(line: &str, parents: &[&str], after: &[Section], text: &ConfigText) -> bool {
    let line = said(line, text);
    let what = line.strip_prefix(text.negate.as_str()).filter(|_| !text.negate.is_empty());
    let there = inside(parents, after, text).unwrap_or_default();
    what.is_some_and(|what| there.iter().any(|other| is_inside(&said(&other.line, text), what)))
}

fn inside<'a>(parents: &[&str], sections: &'a [Section], text: &ConfigText) -> Option<&'a [Section]> {
    let mut place = sections;
    for parent in parents {
        let parent = said(parent, text);
        place = &place.iter().find(|section| said(&section.line, text) == parent)?.children;
    }
    Some(place)
}

/// Words behind which a secret may stand, in the configurations of all platforms.
const SECRET: &[&str] = &[
    "password",
    "secret",
    "key",
    "key-string",
    "community",
    "passphrase",
    "psk",
    "pre-shared-key",
    "md5",
    "sha",
    "priv",
    "auth",
    "encrypted-password",
    "plaintext-password",
    "passwd",
    "psksecret",
    "cipher",
    "irreversible-cipher",
    "authentication-key",
];

/// Returns a line without what may be a secret, and whether there is one.
pub fn without_secret(line: &str) -> (String, bool) {
    let all: Vec<&str> = words(line.lines().next().unwrap_or_default()).collect();
    let at = all.iter().position(|word| SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(word)));
    match at.filter(|at| at + 1 < all.len()) {
        Some(at) => (format!("{} \u{2026}", all[..=at].join(" ")), true),
        None => (all.join(" "), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_cut_off() {
        assert_eq!(without_secret("username bob secret 0 hunter2"), ("username bob secret \u{2026}".into(), true));
        assert_eq!(without_secret("description the key"), ("description the key".into(), false));
        assert_eq!(without_secret("banner motd @\nx\n@"), ("banner motd @".into(), false));
    }
}
