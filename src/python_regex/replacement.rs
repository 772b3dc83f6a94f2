//! Python's replacement syntax: `\1`, `\g<name>`, `\n`.

use super::{Regex, control};

/// What matches are replaced by.
#[derive(Debug)]
pub(crate) struct Replacement(pub(super) Vec<Part>);

#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    /// Reads Python's replacement syntax: `\1`, `\g<1>`, `\g<name>`, `\n`.
    pub(crate) fn parse(text: &str, regex: &Regex) -> Result<Replacement, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            if c != '\\' {
                plain.push(c);
                continue;
            }
            let group = match rest.next() {
                Some('g') => named_group(&mut rest, regex)?,
                Some('0') => {
                    let mut code = 0;
                    for _ in 0..2 {
                        code = rest.next_if(|c| c.is_digit(8)).map_or(code, |c| code * 8 + c.to_digit(8).unwrap_or(0));
                    }
                    plain.extend(char::from_u32(code));
                    continue;
                }
                Some(digit @ '1'..='9') => {
                    let mut number = digit as usize - '0' as usize;
                    if let Some(second) = rest.next_if(char::is_ascii_digit) {
                        let third = rest.peek().filter(|c| [digit, second, **c].iter().all(|c| c.is_digit(8)));
                        if let Some(third) = third.and_then(|c| c.to_digit(8)) {
                            rest.next();
                            let code = (digit as u32 - '0' as u32) * 64 + (second as u32 - '0' as u32) * 8 + third;
                            let code = Some(code).filter(|code| *code <= 0o377).and_then(char::from_u32);
                            plain.push(code.ok_or("replacement has an octal escape above `\\377`")?);
                            continue;
                        }
                        number = number * 10 + second as usize - '0' as usize;
                    }
                    number
                }
                Some(letter) if letter.is_ascii_alphabetic() => {
                    plain.push(control(letter).ok_or_else(|| format!("replacement has a bad escape `\\{letter}`"))?);
                    continue;
                }
                Some('\\') | None => {
                    plain.push('\\');
                    continue;
                }
                Some(other) => {
                    plain.push('\\');
                    plain.push(other);
                    continue;
                }
            };
            if group > regex.groups() {
                return Err(format!("has no group {group}, which the replacement names"));
            }
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Group(group));
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Replacement(parts))
    }
}

fn named_group(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, regex: &Regex) -> Result<usize, String> {
    let mut name = String::new();
    let closed = rest.next() == Some('<')
        && rest.any(|c| {
            if c == '>' {
                true
            } else {
                name.push(c);
                false
            }
        });
    if !closed || name.is_empty() {
        return Err("replacement has an incomplete `\\g<…>`".into());
    }
    match name.parse() {
        Ok(number) => Ok(number),
        Err(_) => regex.group_named(&name).ok_or_else(|| format!("has no group `{name}`, which the replacement names")),
    }
}
