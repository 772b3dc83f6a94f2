//! A file of authorized keys as text: read, changed, written again. Lines that are no keys stay as they are.

use indexmap::IndexMap;

/// The kinds of keys that OpenSSH knows.
const KINDS: &[&str] = &[
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ssh-ed25519@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "ssh-ed25519",
    "ssh-ed25519-cert-v01@openssh.com",
    "ssh-dss",
    "ssh-rsa",
    "ssh-xmss@openssh.com",
    "ssh-xmss-cert-v01@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "ssh-rsa-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
    "ssh-dss-cert-v01@openssh.com",
];

/// The options before a key, in their order; a name may come several times.
type Options = Vec<(String, Option<String>)>;

/// One line.
#[derive(Clone, Debug)]
enum Line {
    /// A key.
    Key { kind: String, options: Options, comment: String },
    /// Something else, with its end of line.
    Other(String),
}

/// A file of keys: each line by its key (or by itself), with its place.
pub(in crate::module) struct Keys(IndexMap<String, (usize, Line)>);

/// What is wanted of the keys of a task.
pub(in crate::module) struct Wanted<'a> {
    pub(in crate::module) options: Option<&'a str>,
    pub(in crate::module) comment: Option<&'a str>,
    pub(in crate::module) present: bool,
    pub(in crate::module) exclusive: bool,
}

impl Keys {
    /// Reads a file. Of several lines with the same key the last one counts.
    pub(in crate::module) fn read(text: &str) -> Keys {
        let mut keys = IndexMap::new();
        for (place, line) in text.split_inclusive('\n').enumerate() {
            let (key, line) = key_of(line).unwrap_or_else(|| (line.to_owned(), Line::Other(line.to_owned())));
            keys.insert(key, (place, line));
        }
        Keys(keys)
    }

    /// Adds or removes the keys of a text. Returns whether that changed something, or the line that is no key.
    pub(in crate::module) fn apply(&mut self, text: &str, wanted: &Wanted<'_>) -> Result<bool, String> {
        let (mut changed, mut meant) = (false, Vec::new());
        let after = self.0.len();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for (place, line) in lines.enumerate() {
            let (key, mut new) = key_of(line).ok_or_else(|| line.to_owned())?;
            if let Line::Key { options, comment, .. } = &mut new {
                if let Some(wanted) = wanted.options {
                    *options = options_of(wanted);
                }
                if let Some(wanted) = wanted.comment {
                    *comment = wanted.to_owned();
                }
            }
            let there = self.0.get(&key);
            if !wanted.present {
                changed |= there.is_some();
                self.0.shift_remove(&key);
                continue;
            }
            if !there.is_some_and(|(_, there)| there.is_same(&new)) {
                self.0.insert(key.clone(), (after + place, new));
                changed = true;
            }
            meant.push(key);
        }
        if wanted.present && wanted.exclusive {
            let before = self.0.len();
            self.0.retain(|key, _| meant.contains(key));
            changed |= self.0.len() != before;
        }
        Ok(changed)
    }

    /// Returns the file.
    pub(in crate::module) fn text(&self) -> String {
        let mut lines: Vec<(&String, &(usize, Line))> = self.0.iter().collect();
        lines.sort_by_key(|(_, (place, _))| *place);
        let mut text = String::new();
        for (key, (_, line)) in lines {
            // A last line without its end would swallow the key behind it.
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&line.written(key));
        }
        text
    }
}

impl Line {
    /// Claims that lines of the same key say the same; the order of options does not matter, but for those of one name.
    fn is_same(&self, other: &Line) -> bool {
        let sorted = |options: &Options| {
            let mut sorted = options.clone();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            sorted
        };
        match (self, other) {
            (Line::Key { kind, options, comment }, Line::Key { kind: k, options: o, comment: c }) => {
                kind == k && comment == c && sorted(options) == sorted(o)
            }
            _ => false,
        }
    }

    fn written(&self, key: &str) -> String {
        match self {
            Line::Other(line) => line.clone(),
            Line::Key { kind, options, comment } => {
                let each = options.iter().map(|(name, value)| match value {
                    Some(value) => format!("{name}={value}"),
                    None => name.clone(),
                });
                let options = each.collect::<Vec<_>>().join(",");
                let blank = if options.is_empty() { "" } else { " " };
                format!("{options}{blank}{kind} {key} {comment}\n")
            }
        }
    }
}

/// Returns the key of a line, and what else stands in it; `None` when it is no key.
fn key_of(line: &str) -> Option<(String, Line)> {
    let line = line.replace("\\#", "#");
    let words: Vec<&str> = line.split_whitespace().collect();
    if words.first() == Some(&"#") {
        return Some((line.clone(), Line::Other(line)));
    }
    let at = words.iter().position(|word| KINDS.contains(word))?;
    let key = (*words.get(at + 1)?).to_owned();
    let options = options_of(&words[..at].join(" "));
    Some((key, Line::Key { kind: words[at].to_owned(), options, comment: words[at + 2..].join(" ") }))
}

/// Splits options at commas outside of quotes.
fn options_of(text: &str) -> Options {
    let mut options = Vec::new();
    let (mut word, mut rest) = (String::new(), text);
    let mut add = |word: &mut String| {
        if !word.is_empty() {
            let option = match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word.clone(), None),
            };
            options.push(option);
            word.clear();
        }
    };
    while let Some(c) = rest.chars().next() {
        let closed = rest[c.len_utf8()..].find(c).filter(|_| matches!(c, '"' | '\''));
        let taken = match closed {
            Some(end) => end + 2,
            None => c.len_utf8(),
        };
        match c {
            ',' => add(&mut word),
            _ => word.push_str(&rest[..taken]),
        }
        rest = &rest[taken..];
    }
    add(&mut word);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(file: &str, keys: &str, wanted: &Wanted<'_>) -> (bool, String) {
        let mut all = Keys::read(file);
        let changed = all.apply(keys, wanted).unwrap();
        (changed, all.text())
    }

    const PRESENT: Wanted<'static> = Wanted { options: None, comment: None, present: true, exclusive: false };

    #[test]
    fn options_are_split_outside_of_quotes() {
        let options = options_of(r#"no-pty,from="10.0.0.1,10.0.0.2",command='a "b", c'"#);
        let names: Vec<&str> = options.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["no-pty", "from", "command"]);
        assert_eq!(options[1].1.as_deref(), Some("\"10.0.0.1,10.0.0.2\""));
    }

    #[test]
    fn what_is_no_key_stays() {
        let file = "# of old\n\nssh-rsa AAA one\nrubbish\n";
        assert_eq!(applied(file, "ssh-rsa AAA one", &PRESENT), (false, file.to_owned()));
        assert_eq!(applied(file, "ssh-rsa BBB two", &PRESENT), (true, format!("{file}ssh-rsa BBB two\n")));
        let exclusive = Wanted { exclusive: true, ..PRESENT };
        assert_eq!(applied(file, "ssh-rsa BBB two", &exclusive), (true, "ssh-rsa BBB two\n".to_owned()));
    }

    #[test]
    fn a_last_line_without_its_end_does_not_swallow_the_key() {
        let (_, text) = applied("# of old", "ssh-rsa BBB two", &PRESENT);
        assert_eq!(text, "# of old\nssh-rsa BBB two\n");
        assert_eq!(applied(&text, "ssh-rsa BBB two", &PRESENT), (false, text));
    }

    #[test]
    fn the_order_of_options_does_not_matter() {
        let file = "no-pty,no-X11-forwarding ssh-ed25519 AAA x\n";
        let wanted = Wanted { options: Some("no-X11-forwarding,no-pty"), ..PRESENT };
        assert!(!applied(file, "ssh-ed25519 AAA x", &wanted).0);
    }
}
