//! How a device spells what may be typed otherwise: names of interfaces, and the words of its most used lines.
//!
//! A definition lists lines as the device shows them, with kinds of values in angle brackets: `ip address <address>`. They
//! make one tree of words. A word that is typed stands for the one of its place that it is, or that alone begins with it. A
//! list need not be whole: where a device has taken an abbreviation, it stood for one word only, so for the word of the
//! list, if the device has that in this place; if not, nothing that it shows there is spelled like it.

use std::sync::OnceLock;

/// How a device spells its lines.
#[derive(Clone, Debug, Default)]
pub struct Spelling {
    /// Kinds of interfaces as they are shown, each with other short names for it.
    interfaces: Vec<Vec<String>>,
    written: Vec<String>,
    words: OnceLock<Words>,
}

/// A kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A word that begins with a digit.
    Number,
    /// An address with its mask or the length of its prefix, in one word or in two.
    Address,
    /// The same, whose bits beyond the mask do not count.
    Network,
    /// A MAC address.
    Mac,
    /// Numbers and ranges of them: `10,12-14`.
    Ranges,
    /// The name of an interface.
    Interface,
    /// A word.
    Word,
    /// A secret, to the end of the line.
    Secret,
    /// All words to the end of the line.
    Text,
}

const VALUES: &[(&str, Value)] = &[
    ("<number>", Value::Number),
    ("<address>", Value::Address),
    ("<network>", Value::Network),
    ("<mac>", Value::Mac),
    ("<ranges>", Value::Ranges),
    ("<interface>", Value::Interface),
    ("<word>", Value::Word),
    ("<secret>", Value::Secret),
    ("<text>", Value::Text),
];

/// The words that may stand at a place of a line, and what may follow each.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// As they are shown, sorted by their small letters.
    known: Vec<(String, Words)>,
    values: Vec<(Value, Words)>,
    /// The line that is shown in place of one that ends here; `$1` is its first value.
    shown_as: Option<Vec<String>>,
}

impl Spelling {
    /// Makes the spelling of kinds of interfaces (`Bundle-Ether be`) and lines (`ip domain-lookup => ip domain lookup`).
    pub(super) fn new(interfaces: &[String], written: Vec<String>) -> Spelling {
        let names = |line: &String| line.split_whitespace().map(str::to_owned).collect();
        Spelling { interfaces: interfaces.iter().map(names).collect(), written, words: OnceLock::new() }
    }

    /// Reads the lines.
    ///
    /// # Errors
    /// Says what is wrong with one.
    pub(super) fn check(&self) -> Result<(), String> {
        Words::read(&self.written).map(drop)
    }

    /// Claims that nothing is known of the platform's spelling.
    pub fn is_unknown(&self) -> bool {
        self.interfaces.is_empty() && self.written.is_empty()
    }

    /// Returns the kinds of interfaces, as they are shown.
    pub fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.interfaces.iter().filter_map(|names| names.first()).map(String::as_str)
    }

    /// Returns the words that a line may begin with.
    pub fn words(&self) -> &Words {
        self.words.get_or_init(|| Words::read(&self.written).expect("a test reads every definition"))
    }

    /// Returns the kind of interface that letters stand for, as it is shown; `None` when none or several begin with them.
    pub fn interface(&self, letters: &str) -> Option<&str> {
        let is = |name: &String| name.eq_ignore_ascii_case(letters);
        if let Some(names) = self.interfaces.iter().find(|names| names.iter().any(is)) {
            return names.first().map(String::as_str);
        }
        only(self.interfaces.iter().filter_map(|names| names.first()).filter(|name| begins(name, letters)))
            .map(String::as_str)
    }
}

impl Words {
    fn read(written: &[String]) -> Result<Words, String> {
        let mut root = Words::default();
        for line in written {
            let (line, shown) = match line.split_once(" => ") {
                Some((line, shown)) => (line, Some(shown.split_whitespace().map(str::to_owned).collect())),
                None => (line.as_str(), None),
            };
            let words: Vec<&str> = line.split_whitespace().collect();
            root.add(&words, shown.as_ref()).map_err(|word| {
                let kinds: Vec<&str> = VALUES.iter().map(|(name, _)| *name).collect();
                format!("`{word}` of the line `{line}` is no kind of value: {}", kinds.join(", "))
            })?;
        }
        Ok(root)
    }

    fn add(&mut self, words: &[&str], shown: Option<&Vec<String>>) -> Result<(), String> {
        let Some((first, rest)) = words.split_first() else {
            if let Some(shown) = shown {
                self.shown_as = Some(shown.clone());
            }
            return Ok(());
        };
        if first.starts_with('<') {
            let kind = VALUES.iter().find(|(name, _)| name == first).ok_or_else(|| (*first).to_owned())?.1;
            let at = match self.values.iter().position(|(known, _)| *known == kind) {
                Some(at) => at,
                None => {
                    self.values.push((kind, Words::default()));
                    self.values.sort_by_key(|(kind, _)| *kind);
                    self.values.iter().position(|(known, _)| *known == kind).expect("it was put there")
                }
            };
            return self.values[at].1.add(rest, shown);
        }
        for word in first.split('|') {
            let place = self.known.binary_search_by(|(known, _)| known.to_lowercase().cmp(&word.to_lowercase()));
            let at = place.unwrap_or_else(|at| {
                self.known.insert(at, (word.to_owned(), Words::default()));
                at
            });
            self.known[at].1.add(rest, shown)?;
        }
        Ok(())
    }

    /// Returns the word that a typed one stands for, and what may follow it.
    ///
    /// Where any word may stand, only a whole word is one of those that are known.
    pub fn word(&self, typed: &str) -> Option<(&str, &Words)> {
        let found = self.known.iter().find(|(known, _)| known.eq_ignore_ascii_case(typed));
        let is_open = self.values.iter().any(|(kind, _)| matches!(kind, Value::Word | Value::Text | Value::Secret));
        let found = found.or_else(|| match is_open {
            true => None,
            false => only(self.known.iter().filter(|(known, _)| begins(known, typed))),
        });
        found.map(|(known, next)| (known.as_str(), next))
    }

    /// Returns the words that may stand here, as they are shown, and what may follow each.
    pub fn known(&self) -> &[(String, Words)] {
        &self.known
    }

    /// Returns the kinds of values that may stand here, and what may follow each.
    pub fn values(&self) -> &[(Value, Words)] {
        &self.values
    }

    /// Returns the line that is shown in place of one that ends here; `$1` is its first value.
    pub fn shown_as(&self) -> Option<&[String]> {
        self.shown_as.as_deref()
    }
}

/// Claims that a word begins with what was typed, whatever the letters' size.
fn begins(word: &str, typed: &str) -> bool {
    word.as_bytes().get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed.as_bytes()))
}

/// Returns the only item; `None` when there are several.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling(interfaces: &[&str], lines: &[&str]) -> Spelling {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Spelling::new(&texts(interfaces), texts(lines))
    }

    #[test]
    fn a_kind_of_interface_is_what_alone_begins_so() {
        let spelling = spelling(&["Ethernet", "TenGigE", "TwentyFiveGigE", "Bundle-Ether be", "tunnel-te"], &[]);
        let cases = [
            ("e", Some("Ethernet")),
            ("ETHERNET", Some("Ethernet")),
            ("te", Some("TenGigE")),
            ("t", None),
            ("be", Some("Bundle-Ether")),
            ("bundle-e", Some("Bundle-Ether")),
            ("x", None),
        ];
        for (letters, name) in cases {
            assert_eq!(spelling.interface(letters), name, "{letters}");
        }
    }

    #[test]
    fn a_word_is_what_alone_begins_so_but_not_where_any_may_stand() {
        let lines = ["ip address <address>", "ip access-list <word>", "vrf all", "vrf <word>"];
        let spelling = spelling(&[], &lines);
        let words = spelling.words();
        let (shown, ip) = words.word("IP").expect("it is there");
        assert_eq!(shown, "ip");
        assert_eq!(ip.word("ad").map(|(word, _)| word), Some("address"));
        assert!(ip.word("a").is_none());
        let (_, vrf) = words.word("v").expect("it is there");
        assert!(vrf.word("al").is_none() && vrf.word("ALL").is_some());
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        let wrong = spelling(&[], &["ip address <addres>"]).check().unwrap_err();
        assert!(wrong.contains("`<addres>` of the line `ip address <addres>` is no kind of value"), "{wrong}");
    }
}
