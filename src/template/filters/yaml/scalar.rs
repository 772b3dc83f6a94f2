//! What a text is as a YAML scalar: which styles can hold it, and what its plain form would be read as.

use regex::Regex;
use std::sync::LazyLock;

/// How a text may be written.
#[derive(Debug)]
pub(super) struct Analysis {
    /// It has line breaks.
    pub(super) multiline: bool,
    /// It may stand plain in `[…]` and `{…}`.
    pub(super) flow_plain: bool,
    /// It may stand plain elsewhere.
    pub(super) block_plain: bool,
    /// It may stand in single quotes.
    pub(super) single: bool,
    /// It may stand as a block (`|`).
    pub(super) block: bool,
}

/// Claims that the character ends a line.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Claims that the character may stand unescaped. What is beyond the basic plane is escaped, too, by the writer that
/// Ansible uses.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

fn is_blank_or_end(c: Option<char>) -> bool {
    c.is_none_or(|c| matches!(c, ' ' | '\t' | '\0') || is_break(c))
}

/// Tells how a text may be written.
pub(super) fn analyze(text: &str) -> Analysis {
    if text.is_empty() {
        return Analysis { multiline: false, flow_plain: false, block_plain: true, single: true, block: false };
    }
    let mut block_indicators = text.starts_with("---") || text.starts_with("...");
    let mut flow_indicators = block_indicators;
    let (mut breaks, mut special, mut break_space, mut space_break) = (false, false, false, false);
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let blank_after = is_blank_or_end(chars.peek().copied());
        match c {
            '?' | ':' if before.is_none() => {
                flow_indicators = true;
                block_indicators |= blank_after;
            }
            '-' if before.is_none() && blank_after => (flow_indicators, block_indicators) = (true, true),
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
                if before.is_none() =>
            {
                (flow_indicators, block_indicators) = (true, true);
            }
            ',' | '?' | '[' | ']' | '{' | '}' => flow_indicators = true,
            ':' => {
                flow_indicators = true;
                block_indicators |= blank_after;
            }
            '#' if is_blank_or_end(before) => (flow_indicators, block_indicators) = (true, true),
            _ => {}
        }
        special |= !is_printable(c);
        breaks |= is_break(c);
        break_space |= c == ' ' && before.is_some_and(is_break);
        space_break |= is_break(c) && before == Some(' ');
        before = Some(c);
    }
    let edge = |c: char| c == ' ' || is_break(c);
    let plain = !(text.starts_with(edge) || text.ends_with(edge) || break_space || space_break || special || breaks);
    Analysis {
        multiline: breaks,
        flow_plain: plain && !flow_indicators,
        block_plain: plain && !block_indicators,
        single: !(break_space || space_break || special),
        block: !(text.ends_with(' ') || space_break || special),
    }
}

/// What YAML 1.1 takes for something else than text.
static OTHER_THAN_TEXT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:",
        // booleans, null, merge key, value key, what only looks like an indicator
        r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
        r"|~|null|Null|NULL||<<|=|[!&*]",
        // whole numbers: binary, octal, decimal, hexadecimal, sexagesimal
        r"|[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+",
        r"|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+",
        // numbers with a fraction
        r"|[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?",
        r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        // times
        r"|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}",
        r"(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?",
        r")$"
    ))
    .expect("the pattern is a constant")
});

/// Claims that a text, written plainly, is read as that text.
pub(super) fn reads_as_text(text: &str) -> bool {
    !OTHER_THAN_TEXT.is_match(text)
}
