//! The type of a scalar, by YAML 1.1 as PyYAML's safe loader has it (`tests/yaml/scalars.tsv` holds this to its answers).
//!
//! What surprises most: `1e3` is text (a float needs a dot, its exponent a sign), `010` is eight, `1:30` is ninety,
//! `y` and `n` are text, and `2024-01-02` is a date. Dates and times stay text in a tree, which says that they are some; templates
//! make dates of them.

/// What a scalar is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text,
    /// `<<`: merges when it is a key, means nothing otherwise.
    Merge,
    /// `=`: YAML 1.1's "default value", which no loader supports outside keys.
    Equals,
    /// It is written as a number that it cannot be.
    Bad(BadNumber),
}

/// Why a text that looks like a number is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadNumber {
    /// It does not fit in 128 bits.
    TooLarge,
    /// No digits where there must be some: `0x_`.
    NoDigits,
}

/// Claims that a scalar without quotes and tag has the form of a date, or of a date and a time.
pub(super) fn is_moment(text: &str) -> bool {
    let Some((date, rest)) = text.split_at_checked(text.find(['T', 't', ' ', '\t']).unwrap_or(text.len())) else {
        return false;
    };
    let digits = |part: &str, least: usize, most: usize| {
        (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] else { return false };
    let least = if rest.is_empty() { 2 } else { 1 };
    if !digits(year, 4, 4) || !digits(month, least, 2) || !digits(day, least, 2) {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    let rest = match rest.strip_prefix(['T', 't']) {
        Some(rest) => rest,
        None => rest.trim_start_matches([' ', '\t']),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(end);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let [hour, minute, second] = clock.split(':').collect::<Vec<_>>()[..] else { return false };
    let zone = zone.trim_start_matches([' ', '\t']);
    let is_zone = zone.is_empty()
        || zone == "Z"
        || zone.strip_prefix(['+', '-']).is_some_and(|zone| match zone.split_once(':') {
            Some((hours, minutes)) => digits(hours, 1, 2) && digits(minutes, 2, 2),
            None => digits(zone, 1, 2),
        });
    digits(hour, 1, 2) && digits(minute, 2, 2) && digits(second, 2, 2) && digits(fraction, 0, usize::MAX) && is_zone
}

/// Returns what a scalar without quotes and tag is.
pub(super) fn plain(text: &str) -> Scalar {
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => word(text),
        b'~' if text.len() == 1 => Scalar::Null,
        b'=' if text.len() == 1 => Scalar::Equals,
        b'<' if text == "<<" => Scalar::Merge,
        _ => Scalar::Text,
    }
}

/// Returns what a scalar of a JSON document is; `None` when JSON has no such scalar.
pub(super) fn json(text: &str) -> Option<Scalar> {
    match text {
        "null" => Some(Scalar::Null),
        "true" => Some(Scalar::Bool(true)),
        "false" => Some(Scalar::Bool(false)),
        _ if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => match text.parse() {
            Ok(n) => Some(Scalar::Int(n)),
            Err(_) => Some(Scalar::Bad(BadNumber::TooLarge)),
        },
        _ => text.parse().ok().map(Scalar::Float),
    }
}

/// Returns the boolean that a text spells in any case; the lenient reading of `!!bool`.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" => Some(true),
        "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

fn word(text: &str) -> Scalar {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        "null" | "Null" | "NULL" => Scalar::Null,
        _ => Scalar::Text,
    }
}

fn number(text: &str) -> Scalar {
    if looks_float(text) {
        return float(text).map_or(Scalar::Text, Scalar::Float);
    }
    if !looks_int(text) {
        return Scalar::Text;
    }
    match int(text) {
        Ok(n) => Scalar::Int(n),
        Err(why) => Scalar::Bad(why),
    }
}

/// Claims that a text is written as an integer.
fn looks_int(text: &str) -> bool {
    let digits = unsigned(text).as_bytes();
    match digits {
        [b'0'] => true,
        [b'0', b'b', rest @ ..] => all(rest, |b| matches!(b, b'0' | b'1' | b'_')),
        [b'0', b'x', rest @ ..] => all(rest, |b| b.is_ascii_hexdigit() || b == b'_'),
        [b'0', rest @ ..] => all(rest, |b| matches!(b, b'0'..=b'7' | b'_')),
        [b'1'..=b'9', ..] => {
            let head = digits.iter().take_while(|b| is_digit(**b)).count();
            head == digits.len() || is_sixties(&digits[head..])
        }
        _ => false,
    }
}

/// Claims that a text is written as a float.
fn looks_float(text: &str) -> bool {
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let digits = unsigned(text);
    if matches!(digits, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let Some((whole, fraction)) = digits.split_once('.') else { return false };
    let (whole, fraction) = (whole.as_bytes(), fraction.as_bytes());
    let tail = fraction.iter().take_while(|b| is_digit(**b)).count();
    let ends = tail == fraction.len();
    match whole {
        // A sign before a leading dot is not in the grammar: `-.5` is text.
        [] => {
            digits.len() == text.len()
                && fraction.first().is_some_and(u8::is_ascii_digit)
                && (ends || is_exponent(&fraction[tail..]))
        }
        [b'0'..=b'9', ..] => {
            let head = whole.iter().take_while(|b| is_digit(**b)).count();
            match head == whole.len() {
                true => ends || is_exponent(&fraction[tail..]),
                false => ends && is_sixties(&whole[head..]),
            }
        }
        _ => false,
    }
}

/// Returns an integer, read as leniently as `!!int` reads it.
pub(super) fn int(text: &str) -> Result<i128, BadNumber> {
    let text = text.trim().replace('_', "");
    let digits = unsigned(&text).trim_start();
    let radix = |digits: &str, radix: u32| match digits.bytes().all(|b| (b as char).is_digit(radix)) {
        true if !digits.is_empty() => u128::from_str_radix(digits, radix).map_err(|_| BadNumber::TooLarge),
        _ => Err(BadNumber::NoDigits),
    };
    let size = match digits.as_bytes() {
        [b'0'] => 0,
        [b'0', b'b', ..] => radix(&digits[2..], 2)?,
        [b'0', b'x', ..] => radix(&digits[2..], 16)?,
        [b'0', b'o', ..] => radix(&digits[2..], 8)?,
        [b'0', ..] => radix(digits, 8)?,
        _ => digits.split(':').try_fold(0_u128, |sum, part| {
            let part = radix(part, 10)?;
            sum.checked_mul(60).and_then(|sum| sum.checked_add(part)).ok_or(BadNumber::TooLarge)
        })?,
    };
    let number = match text.starts_with('-') {
        true => 0_i128.checked_sub_unsigned(size),
        false => 0_i128.checked_add_unsigned(size),
    };
    number.ok_or(BadNumber::TooLarge)
}

/// Returns a float, read as leniently as `!!float` reads it.
pub(super) fn float(text: &str) -> Option<f64> {
    let text = text.trim().replace('_', "").to_ascii_lowercase();
    let digits = unsigned(&text);
    let size = match digits {
        ".inf" => f64::INFINITY,
        ".nan" => f64::NAN,
        _ if digits.starts_with(['+', '-']) => return None,
        _ if digits.contains(':') => {
            let mut sum = 0.0;
            let mut base = 1.0;
            for part in digits.rsplit(':') {
                sum += part.parse::<f64>().ok()? * base;
                base *= 60.0;
            }
            sum
        }
        _ => digits.parse().ok()?,
    };
    Some(if text.starts_with('-') { -size } else { size })
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn is_digit(b: u8) -> bool {
    b.is_ascii_digit() || b == b'_'
}

fn all(bytes: &[u8], holds: impl Fn(u8) -> bool) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| holds(*b))
}

/// Claims that it is an exponent, whose sign is not optional.
fn is_exponent(bytes: &[u8]) -> bool {
    matches!(bytes, [b'e' | b'E', b'+' | b'-', digits @ ..] if all(digits, |b| b.is_ascii_digit()))
}

/// Claims that it is a row of `:SS` parts, each below 60.
fn is_sixties(bytes: &[u8]) -> bool {
    match bytes {
        [b':', b'0'..=b'5', b'0'..=b'9', rest @ ..] | [b':', b'0'..=b'9', rest @ ..] => {
            rest.is_empty() || is_sixties(rest)
        }
        _ => false,
    }
}
