//! Host names with ports as an inventory writes them: `web1`, `web1:2222`, `sw[01:48].example.com:22`, `[fe80::1]:22`.

/// A part of a name: a character, or a range in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Char(char),
    Range { numeric: bool, letter: bool, hex: bool },
}

/// Splits `name:port`. `None` when the text is neither a host name nor an address, whatever may follow a colon; ranges
/// are parts of a name.
///
/// What counts as a name is what Ansible counts: it decides whether `a:b` is one host with a port or a list of two.
pub(super) fn split_port(text: &str) -> Option<(&str, Option<u64>)> {
    let (name, port) = without_port(text);
    (is_name(name) || is_ipv6(name)).then_some((name, port))
}

/// Cuts a port off the end, wherever it can stand: after a name without other colons, or after brackets.
fn without_port(text: &str) -> (&str, Option<u64>) {
    let (mut name, mut port) = (text, None);
    if let Some((inner, number)) = cut_number(text)
        && let Some(inner) = inner.strip_prefix('[').and_then(|s| s.strip_suffix(']')).filter(|s| !s.is_empty())
    {
        (name, port) = (inner, Some(number));
    }
    // Of what stood in brackets a port may be cut once more; that is so in Ansible.
    if let Some((inner, number)) = cut_number(name)
        && brackets_close(inner)
    {
        (name, port) = (inner, Some(number));
    }
    (name, port)
}

/// Cuts `:123` off the end.
fn cut_number(text: &str) -> Option<(&str, u64)> {
    let (name, number) = text.rsplit_once(':')?;
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| number.parse().ok().map(|number| (name, number))).flatten()
}

/// Claims that every colon stands in brackets, and that all brackets are closed.
fn brackets_close(text: &str) -> bool {
    let mut inside = false;
    for c in text.chars() {
        match c {
            ']' if !inside => return false,
            '[' | ':' if !inside => {
                if c == ':' {
                    return false;
                }
                inside = true;
            }
            ']' => inside = false,
            _ => {}
        }
    }
    !inside
}

/// Splits text into characters and ranges; `None` when a bracket holds something else.
fn units(text: &str) -> Option<Vec<Unit>> {
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '[' {
            let end = rest.find(']')?;
            units.push(range(&rest[1..end])?);
            rest = &rest[end + 1..];
        } else {
            units.push(Unit::Char(c));
            rest = &rest[c.len_utf8()..];
        }
    }
    Some(units)
}

/// Reads what stands in the brackets of a range.
fn range(inner: &str) -> Option<Unit> {
    let mut bounds = inner.split(':');
    let (begin, end) = (bounds.next()?, bounds.next()?);
    let step = bounds.next();
    let all = |text: &str, what: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|b| what(&b));
    if bounds.next().is_some() || step.is_some_and(|step| !all(step, u8::is_ascii_digit)) {
        return None;
    }
    let both = |what: fn(&u8) -> bool| all(begin, what) && all(end, what);
    let numeric = both(u8::is_ascii_digit);
    let letter = both(u8::is_ascii_alphabetic) && begin.len() == 1 && end.len() == 1;
    let hex = both(u8::is_ascii_hexdigit);
    (numeric || letter || hex).then_some(Unit::Range { numeric, letter, hex })
}

/// Claims that the text is a host name, with or without dots and ranges; IPv4 addresses are such names too.
fn is_name(text: &str) -> bool {
    let Some(units) = units(text) else { return false };
    units.split(|unit| *unit == Unit::Char('.')).all(is_label)
}

fn is_label(label: &[Unit]) -> bool {
    let fits = |unit: &Unit, others: &[char]| match unit {
        Unit::Char(c) => c.is_alphanumeric() || others.contains(c),
        Unit::Range { numeric, letter, .. } => *numeric || *letter,
    };
    match label {
        [] => false,
        [only] => fits(only, &[]),
        [first, middle @ .., last] => {
            fits(first, &['_']) && middle.iter().all(|unit| fits(unit, &['_', '-'])) && fits(last, &[])
        }
    }
}

/// Claims that the text is an IPv6 address, in which ranges may stand for groups.
fn is_ipv6(text: &str) -> bool {
    let Some(units) = units(text) else { return false };
    let parts: Vec<&[Unit]> = units.split(|unit| *unit == Unit::Char(':')).collect();
    if parts.len() < 3 {
        return false;
    }
    let last = parts[parts.len() - 1];
    if last.contains(&Unit::Char('.')) {
        return is_ipv4_in_ipv6(&parts);
    }
    let groups = parts.iter().filter(|part| is_hex_group(part)).count();
    let empty = parts.iter().filter(|part| part.is_empty()).count();
    if groups + empty != parts.len() {
        return false;
    }
    let inner_gaps = parts[1..parts.len() - 1].iter().filter(|part| part.is_empty()).count();
    let open_start = parts[0].is_empty();
    let open_end = last.is_empty();
    match (open_start, open_end, inner_gaps) {
        (false, false, 0) => groups == 8,
        (false, false, 1) => groups <= 7,
        (true, false, 1) | (false, true, 1) => (1..=6).contains(&groups),
        (true, true, 1) => groups == 0,
        _ => false,
    }
}

/// Claims `::1.2.3.4`, `::ffff:1.2.3.4`, or the same with all zeros written.
fn is_ipv4_in_ipv6(parts: &[&[Unit]]) -> bool {
    let text = |part: &[Unit]| -> Option<String> {
        part.iter().map(|unit| if let Unit::Char(c) = unit { Some(c.to_ascii_lowercase()) } else { None }).collect()
    };
    let (last, before) = (parts[parts.len() - 1], &parts[..parts.len() - 1]);
    let dotted: Vec<&[Unit]> = last.split(|unit| *unit == Unit::Char('.')).collect();
    if dotted.len() != 4 || !dotted.iter().all(|part| is_hex_group(part)) {
        return false;
    }
    let Some(before) = before.iter().map(|part| text(part)).collect::<Option<Vec<_>>>() else { return false };
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    matches!(before[..], ["", ""] | ["", "", "ffff"] | ["0", "0", "0", "0", "0", "0" | "ffff"])
}

fn is_hex_group(part: &[Unit]) -> bool {
    match part {
        [Unit::Range { hex, .. }] => *hex,
        part => {
            (1..=4).contains(&part.len())
                && part.iter().all(|unit| matches!(unit, Unit::Char(c) if c.is_ascii_hexdigit()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ports_are_told_apart() {
        let cases = [
            ("web1", Some(("web1", None))),
            ("web1:2222", Some(("web1", Some(2222)))),
            ("10.0.0.1:22", Some(("10.0.0.1", Some(22)))),
            ("sw[01:48:2].example.com:22", Some(("sw[01:48:2].example.com", Some(22)))),
            ("a[x:z]-b", Some(("a[x:z]-b", None))),
            ("[fe80::1]:22", Some(("fe80::1", Some(22)))),
            ("fe80::1", Some(("fe80::1", None))),
            ("::", Some(("::", None))),
            ("::1", Some(("::1", None))),
            ("fe80::", Some(("fe80::", None))),
            ("1:2:3:4:5:6:7:8", Some(("1:2:3:4:5:6:7:8", None))),
            ("1:2:3:4:5:6:7:8:9", None),
            ("1::2::3", None),
            ("::ffff:192.0.2.3", Some(("::ffff:192.0.2.3", None))),
            ("fe80::[1:f]", Some(("fe80::[1:f]", None))),
            ("[fe80::1]", None),
            ("a:b", None),
            ("a:&b", None),
            ("web*", None),
            ("-web", None),
            ("web-", None),
            ("web_", None),
            ("_web", Some(("_web", None))),
            ("web.", None),
            ("", None),
            ("web[1:3", None),
            ("web[1]", None),
            ("web[ab:cd]", None),
        ];
        for (text, expected) in cases {
            assert_eq!(split_port(text), expected, "{text}");
        }
    }
}
