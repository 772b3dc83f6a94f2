//! Banners: one line of a configuration that holds several, up to a delimiter.

use crate::platform::ConfigText;

/// Returns what ends a banner that begins on this line and does not end on it: IOS takes any character (`^C` is shown
/// for one that cannot be printed), EOS a line `EOF`.
pub(super) fn banner_end(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("banner ")?.trim_start();
    let Some((_, rest)) = rest.split_once(' ') else { return Some("EOF") };
    let rest = rest.trim_start();
    let first = rest.chars().next()?;
    let end = if rest.starts_with("^C") { "^C" } else { &rest[..first.len_utf8()] };
    // A word that is no delimiter: `banner motd file:x`.
    let is_delimiter = !first.is_alphanumeric();
    (is_delimiter && !rest[end.len()..].contains(end)).then_some(end)
}

/// What a banner says and how it is written.
pub(super) struct Banner<'a> {
    pub(super) kind: &'a str,
    pub(super) delimiter: &'a str,
    pub(super) body: &'a str,
}

/// Reads a banner; `None` for any other line.
pub(super) fn banner(line: &str) -> Option<Banner<'_>> {
    let rest = line.strip_prefix("banner ")?.trim_start();
    let (kind, rest) = rest.split_at(rest.find(char::is_whitespace)?);
    if rest.starts_with('\n') {
        let body = rest.trim_end().strip_suffix("EOF").unwrap_or(rest);
        return Some(Banner { kind, delimiter: "EOF", body });
    }
    let rest = rest.trim_start();
    let first = rest.chars().next().filter(|first| !first.is_alphanumeric())?;
    let delimiter = if rest.starts_with("^C") { "^C" } else { &rest[..first.len_utf8()] };
    let body = &rest[delimiter.len()..];
    Some(Banner { kind, delimiter, body: body.split(delimiter).next().unwrap_or(body) })
}

/// Returns a line as it is typed. A banner whose delimiter is shown as `^C` (it cannot be printed) gets another one:
/// typed, `^C` would be `^` and a letter of the text. `wanted` is the delimiter that the author asks for.
pub(super) fn typed(line: &str, wanted: Option<&str>, text: &ConfigText) -> String {
    let banner = banner(line).filter(|_| text.gathers.is_empty());
    let Some(Banner { kind, delimiter, body }) = banner else { return line.to_owned() };
    let wanted = wanted.filter(|wanted| wanted.chars().count() == 1 && !body.contains(wanted));
    if delimiter == "EOF" || (delimiter != "^C" && wanted.is_none()) {
        return line.to_owned();
    }
    let free = || ['@', '~', '%', '&', '+', '=', '|'].into_iter().find(|c| !body.contains(*c)).unwrap_or('\x03');
    let delimiter = wanted.map_or_else(|| free().to_string(), str::to_owned);
    format!("banner {kind} {delimiter}{body}{delimiter}")
}
