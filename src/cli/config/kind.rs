//! What a value of a setting may be.

/// The kind of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Kind {
    /// True or false.
    Bool,
    /// A number from the first to the second.
    Number(u64, u64),
    /// Text.
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Items with commas between them.
    List,
    /// A path.
    Path,
    /// Paths with colons between them.
    Paths,
    /// True or false, of which there is but this one, for the reason given.
    Always(bool, &'static str),
}

impl Kind {
    /// Returns the items of a text as files and environment write it.
    pub(super) fn split(self, text: &str) -> Vec<String> {
        let separator = match self {
            Kind::List => ',',
            Kind::Paths => ':',
            _ => return vec![unquoted(text.trim()).to_owned()],
        };
        let items = unquoted(text.trim()).split(separator).map(|item| item.trim().to_owned());
        items.filter(|item| !item.is_empty()).collect()
    }

    /// Says what is wrong with an item.
    pub(super) fn refuses(self, item: &str) -> Option<String> {
        match self {
            Kind::Bool if boolean(item).is_none() => Some(format!("must be true or false, not `{item}`")),
            Kind::Number(least, most) if !item.parse().is_ok_and(|n: u64| (least..=most).contains(&n)) => {
                Some(format!("must be a number from {least} to {most}, not `{item}`"))
            }
            Kind::Always(only, why) if boolean(item) != Some(only) => {
                Some(format!("cannot be anything but {only} here, and is `{item}`: {why}"))
            }
            Kind::Choice(known) if !known.contains(&item) => {
                Some(format!("must be one of {}, not `{item}`", known.join(", ")))
            }
            _ => None,
        }
    }

    /// Says in a word or two what it is.
    pub(super) fn word(self) -> String {
        match self {
            Kind::Bool => "true or false".into(),
            Kind::Always(only, why) => format!("{only}: {why}"),
            Kind::Number(..) => "a number".into(),
            Kind::Text => "text".into(),
            Kind::Choice(known) => known.join(", "),
            Kind::List => "a list, with commas".into(),
            Kind::Path => "a path".into(),
            Kind::Paths => "paths, with colons".into(),
        }
    }
}

/// Returns the boolean that a word means to Ansible.
pub(super) fn boolean(word: &str) -> Option<bool> {
    match word.to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "t" | "y" => Some(true),
        "false" | "no" | "off" | "0" | "f" | "n" => Some(false),
        _ => None,
    }
}

/// Takes one pair of quotes off a text that stands in them.
fn unquoted(text: &str) -> &str {
    let inside = |mark: char| text.strip_prefix(mark).and_then(|text| text.strip_suffix(mark));
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}
