//! The tags that playbooks may use, and what is said about any other.

use crate::source::{Diagnostic, Span, did_you_mean};

/// A tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag<'e> {
    /// None, or `!`, which means none.
    None,
    Unsafe,
    /// `!vault` and its old spelling.
    Vault,
    Str,
    Int,
    Float,
    Bool,
    Null,
    Seq,
    Map,
    Merge,
    /// Any other.
    Other(&'e str),
}

/// What the handle `!!` stands for.
const STANDARD: &str = "tag:yaml.org,2002:";

/// The tags as an author writes them.
const WRITTEN: [(&str, Tag<'static>); 15] = [
    ("!unsafe", Tag::Unsafe),
    ("!vault", Tag::Vault),
    ("!vault-encrypted", Tag::Vault),
    ("!!str", Tag::Str),
    ("!!int", Tag::Int),
    ("!!float", Tag::Float),
    ("!!bool", Tag::Bool),
    ("!!null", Tag::Null),
    ("!!seq", Tag::Seq),
    ("!!map", Tag::Map),
    ("!!merge", Tag::Merge),
    // A date stays the text that it prints as.
    ("!!timestamp", Tag::Str),
    // What PyYAML wrote for text and dictionaries under Python 2.
    ("!!python/unicode", Tag::Str),
    ("!!python/str", Tag::Str),
    ("!!python/dict", Tag::Map),
];

/// Returns which tag it is.
pub(super) fn of(tag: Option<&str>) -> Tag<'_> {
    let Some(tag) = tag else { return Tag::None };
    if tag == "!" {
        return Tag::None;
    }
    let standard = tag.strip_prefix(STANDARD);
    let known = WRITTEN.iter().find(|(written, _)| match standard {
        Some(name) => written.strip_prefix("!!") == Some(name),
        None => *written == tag,
    });
    known.map_or(Tag::Other(tag), |(_, tag)| *tag)
}

impl Tag<'_> {
    /// Returns the tag as an author writes it.
    pub(super) fn shown(self) -> String {
        match self {
            Tag::Other(tag) => match tag.strip_prefix(STANDARD) {
                Some(name) => format!("!!{name}"),
                None => tag.to_owned(),
            },
            known => WRITTEN.iter().find(|(_, tag)| *tag == known).map_or("!", |(written, _)| written).to_owned(),
        }
    }

    /// Returns what to say when a tag stands before a node of a kind that it does not fit.
    pub(super) fn misfit(self, kind: &str, span: Span) -> Diagnostic {
        let shown = self.shown();
        let Tag::Other(_) = self else {
            return Diagnostic::error("E0108", format!("`{shown}` does not fit a {kind}")).at(span);
        };
        let help = match shown.as_str() {
            "!!binary" => Some("keep the base64 text as a string and decode it with `| b64decode`".into()),
            "!!set" => Some("write a list, and `| unique` where it is used".into()),
            "!!omap" | "!!pairs" => Some("write a dictionary; its order is kept".into()),
            _ => did_you_mean(&shown, WRITTEN.iter().map(|(written, _)| *written))
                .or_else(|| Some("quote the value if it is text that starts with `!`".into())),
        };
        Diagnostic::error("E0104", format!("unknown tag `{shown}`")).at(span).maybe_help(help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_known_by_handle_and_by_full_name() {
        assert_eq!(of(Some("tag:yaml.org,2002:int")), Tag::Int);
        assert_eq!(of(Some("!vault")), Tag::Vault);
        assert_eq!(of(Some("!int")), Tag::Other("!int"));
        assert_eq!(of(Some("!")), Tag::None);
        assert_eq!(Tag::Vault.shown(), "!vault");
        assert_eq!(of(Some("tag:yaml.org,2002:set")).shown(), "!!set");
    }
}
