//! Lines with a secret: what they are without it, and those that are wanted in plain where the device shows a hash.

use super::Section;
use super::members::members;
use super::spelled::{said, words};
use crate::platform::ConfigText;

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

/// Words behind which devices show a hash in place of what was typed.
const HASHED: &[&str] = &["password", "secret"];

/// What stands before a secret that is typed in plain.
const PLAIN: &[&str] = &["0", "clear"];
/// What stands before one that is not.
const HIDDEN: &[&str] = &["3", "4", "5", "6", "7", "8", "9", "sha512", "encrypted", "pbkdf2"];

/// Returns a line without what may be a secret, and whether there is one.
pub fn without_secret(line: &str) -> (String, bool) {
    let all: Vec<&str> = words(line.lines().next().unwrap_or_default()).collect();
    match place(&all) {
        Some(at) => (format!("{} \u{2026}", all[..=at].join(" ")), true),
        None => (all.join(" "), false),
    }
}

/// Returns the place of the word behind which a secret stands.
fn place(all: &[&str]) -> Option<usize> {
    let at = all.iter().position(|word| SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(word)))?;
    (at + 1 < all.len()).then_some(at)
}

/// A line that is wanted with a secret in plain, and the one that is shown in its place. Its `Debug` keeps both to itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Hashed {
    /// Where the line stands among those that are wanted.
    pub path: Vec<usize>,
    /// The secret.
    pub plain: String,
    /// The type that the device says.
    pub kind: String,
    /// What the device shows of the secret.
    pub hash: String,
    /// The line that is shown.
    pub shown: String,
}

impl std::fmt::Debug for Hashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hashed").field("path", &self.path).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Finds lines that are wanted with a secret in plain where the section shows the same line with a hash.
pub fn hashed(wanted: &[Section], running: &[Section], text: &ConfigText) -> Vec<Hashed> {
    let mut found = Vec::new();
    look(wanted, &running.iter().collect::<Vec<_>>(), &mut Vec::new(), text, &mut found);
    found
}

fn look(wanted: &[Section], running: &[&Section], path: &mut Vec<usize>, text: &ConfigText, found: &mut Vec<Hashed>) {
    for (at, section) in wanted.iter().enumerate() {
        path.push(at);
        if section.children.is_empty() {
            let pair = running.iter().find_map(|there| pair(&section.line, &there.line, text));
            found.extend(pair.map(|(plain, kind, hash, shown)| Hashed {
                path: path.clone(),
                plain,
                kind,
                hash,
                shown,
            }));
        } else {
            let lines = members(&section.line, text);
            let is_same = |there: &&&Section| members(&there.line, text).iter().any(|line| lines.contains(line));
            let there = running.iter().filter(is_same);
            let inside: Vec<&Section> = there.flat_map(|there| &there.children).collect();
            look(&section.children, &inside, path, text, found);
        }
        path.pop();
    }
}

/// Returns the secret, and the type and the hash of the line that is shown, where both say the same beside it.
fn pair(wanted: &str, shown: &str, text: &ConfigText) -> Option<(String, String, String, String)> {
    let (own, theirs): (Vec<&str>, Vec<&str>) = (words(wanted).collect(), words(shown).collect());
    let of = |all: &[&str]| all.iter().position(|word| HASHED.iter().any(|hashed| hashed.eq_ignore_ascii_case(word)));
    let (at, there) = (of(&own)?, of(&theirs)?);
    if said(&own[..=at].join(" "), text) != said(&theirs[..=there].join(" "), text) {
        return None;
    }
    let (plain, own_rest) = match &own[at + 1..] {
        [kind, plain, rest @ ..] if PLAIN.contains(kind) => (*plain, rest),
        [kind, _, ..] if HIDDEN.contains(kind) => return None,
        [plain, rest @ ..] => (*plain, rest),
        [] => return None,
    };
    let (kind, hash, their_rest) = match &theirs[there + 1..] {
        [kind, hash, rest @ ..] if HIDDEN.contains(kind) => (*kind, *hash, rest),
        [hash, rest @ ..] if hash.starts_with('$') => ("", *hash, rest),
        _ => return None,
    };
    let is_same = own_rest == their_rest;
    is_same.then(|| (plain.to_owned(), kind.to_owned(), hash.to_owned(), shown.to_owned()))
}

/// Puts lines that are shown in the place of those that are wanted.
pub fn put(wanted: &mut [Section], found: &[Hashed]) {
    for one in found {
        let Some((first, rest)) = one.path.split_first() else { continue };
        let mut section = wanted.get_mut(*first);
        for at in rest {
            section = section.and_then(|section| section.children.get_mut(*at));
        }
        if let Some(section) = section {
            section.line.clone_from(&one.shown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn secrets_are_cut_off() {
        assert_eq!(without_secret("username bob secret 0 hunter2"), ("username bob secret \u{2026}".into(), true));
        assert_eq!(without_secret("description the key"), ("description the key".into(), false));
        assert_eq!(without_secret("banner motd @\nx\n@"), ("banner motd @".into(), false));
    }

    #[test]
    fn plain_secrets_are_found_beside_their_hashes() {
        let text = &crate::platform::find("ios").expect("it is there").text;
        let shown = "username bob privilege 15 secret 9 $9$a$b\nenable secret 5 $1$a$b\nline vty 0 4\n password 7 0822455D0A16\n";
        let found = |wanted: &str| {
            let found = hashed(&parse(wanted, text), &parse(shown, text), text);
            found.into_iter().map(|one| (one.plain, one.kind, one.path)).collect::<Vec<_>>()
        };
        let one = |plain: &str, kind: &str, path: &[usize]| vec![(plain.to_owned(), kind.to_owned(), path.to_vec())];
        assert_eq!(found("username bob priv 15 secret 0 x"), one("x", "9", &[0]));
        assert_eq!(found("username bob privilege 15 secret x"), one("x", "9", &[0]));
        assert_eq!(found("hostname r1\nenable sec y"), vec![], "cut short, nobody knows that it is one");
        assert_eq!(found("hostname r1\nenable secret y"), one("y", "5", &[1]));
        assert_eq!(found("line vty 0 4\n password cisco"), one("cisco", "7", &[0, 0]));
        for other in [
            "username eve privilege 15 secret x",
            "username bob privilege 1 secret x",
            "enable secret 5 $1$c$d",
            "enable secret x view",
        ] {
            assert_eq!(found(other), vec![], "{other}");
        }
        let mut wanted = parse("line vty 0 4\n password cisco", text);
        let pairs = hashed(&wanted, &parse(shown, text), text);
        assert!(!format!("{pairs:?}").contains("cisco"));
        put(&mut wanted, &pairs);
        assert_eq!(wanted[0].children[0].line, "password 7 0822455D0A16");
    }
}
