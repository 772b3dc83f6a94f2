//! Python's `%` formatting: `'%s-%02d' % (name, number)`.

use super::operate::{type_name, wrong};
use super::sequence::fits;
use super::text::{repr, text_of};
use minijinja::Error;
use minijinja::value::{Value, ValueKind};
use std::borrow::Cow;

/// The widest field; wider ones are a mistake or an attack.
const MAX_WIDTH: usize = 10_000;

#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

/// Returns `format % args`.
pub(crate) fn percent(format: &str, args: &Value) -> Result<String, Error> {
    let positional: Vec<Value> = if args.is_tuple() { args.try_iter()?.collect() } else { vec![args.clone()] };
    let mut next = positional.iter();
    let mut out = String::new();
    let mut used_names = false;
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut named = None;
        if chars.next_if_eq(&'(').is_some() {
            let name: String = chars.by_ref().take_while(|c| *c != ')').collect();
            named = Some(
                args.get_attr(&name)
                    .ok()
                    .filter(|value| !value.is_undefined())
                    .ok_or_else(|| wrong(format!("format wants the key `{name}`, which is not there")))?,
            );
            used_names = true;
        }
        let mut take = || next.next().cloned().ok_or_else(|| wrong("not enough arguments for the format"));
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | ' ' | '0' | '#')) {
            match flag {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                _ => spec.alternate = true,
            }
        }
        let mut number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| -> Result<Option<usize>, Error> {
            if chars.next_if_eq(&'*').is_some() {
                let width = i64::try_from(take()?).map_err(|_| wrong("`*` wants a whole number"))?;
                return wide(width.unsigned_abs() as usize).map(Some);
            }
            let mut width = None;
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                let digit = digit.to_digit(10).unwrap_or(0) as usize;
                width = Some(wide(width.unwrap_or(0) * 10 + digit)?);
            }
            Ok(width)
        };
        spec.width = number(&mut chars)?.unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(number(&mut chars)?.unwrap_or(0));
        }
        while chars.next_if(|c| matches!(c, 'l' | 'h' | 'L')).is_some() {}
        let Some(kind) = chars.next() else { return Err(wrong("format ends with `%`: `%%` is a percent sign")) };
        if kind == '%' {
            out.push('%');
            continue;
        }
        let value = match named {
            Some(value) => value,
            None => take()?,
        };
        out.push_str(&one(kind, &spec, &value)?);
        fits(out.len())?;
    }
    // A list is taken for something with keys, of which none needs to be used.
    let has_keys = matches!(args.kind(), ValueKind::Map | ValueKind::Seq | ValueKind::Iterable);
    if !used_names && next.next().is_some() && (args.is_tuple() || !has_keys) {
        return Err(wrong("more arguments than the format takes"));
    }
    Ok(out)
}

/// Refuses a field that is too wide.
fn wide(width: usize) -> Result<usize, Error> {
    match width {
        0..=MAX_WIDTH => Ok(width),
        _ => Err(wrong(format!("format has a field of more than {MAX_WIDTH} places"))),
    }
}

fn one(kind: char, spec: &Spec, value: &Value) -> Result<String, Error> {
    let cut = |text: String| match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    };
    match kind {
        's' => Ok(pad(spec, "", &cut(text_of(value)?.into_owned()), false)),
        'r' | 'a' => Ok(pad(spec, "", &cut(repr(value)?), false)),
        'c' => {
            let code = if value.kind() == ValueKind::Bool {
                Some(i64::from(value.is_true()))
            } else if value.is_integer() {
                i64::try_from(value.clone()).ok()
            } else {
                None
            };
            let text = match code.ok_or(()) {
                Ok(code) => u32::try_from(code).ok().and_then(char::from_u32).map(String::from),
                Err(_) => value.as_str().filter(|text| text.chars().count() == 1).map(str::to_owned),
            };
            text.map(|text| pad(spec, "", &text, false)).ok_or_else(|| wrong("`%c` wants one letter"))
        }
        'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
            let number = match value.kind() {
                ValueKind::Bool => i128::from(value.is_true()),
                ValueKind::Number if value.is_integer() => i128::try_from(value.clone())?,
                ValueKind::Number if matches!(kind, 'd' | 'i' | 'u') => f64::try_from(value.clone())?.trunc() as i128,
                _ => return Err(wrong(format!("`%{kind}` wants a number, not a {}", type_name(value)))),
            };
            let size = number.unsigned_abs();
            let mut digits = match kind {
                'x' => format!("{size:x}"),
                'X' => format!("{size:X}"),
                'o' => format!("{size:o}"),
                _ => size.to_string(),
            };
            if let Some(precision) = spec.precision {
                digits = format!("{digits:0>precision$}");
            }
            let prefix = match kind {
                'x' | 'X' if spec.alternate => format!("0{kind}"),
                'o' if spec.alternate => "0o".to_owned(),
                _ => String::new(),
            };
            Ok(pad(spec, &format!("{}{prefix}", sign(spec, number < 0)), &digits, true))
        }
        'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
            let number = match value.kind() {
                ValueKind::Bool => f64::from(u8::from(value.is_true())),
                ValueKind::Number => f64::try_from(value.clone())?,
                _ => return Err(wrong(format!("`%{kind}` wants a number, not a {}", type_name(value)))),
            };
            let digits = float(kind, number.abs(), spec.precision.unwrap_or(6));
            Ok(pad(spec, sign(spec, number.is_sign_negative()), &digits, number.is_finite()))
        }
        other => Err(wrong(format!("unknown format `%{other}`"))),
    }
}

fn sign(spec: &Spec, negative: bool) -> &'static str {
    match (negative, spec.plus, spec.space) {
        (true, _, _) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

fn float(kind: char, number: f64, precision: usize) -> String {
    if !number.is_finite() {
        return if number.is_nan() { "nan".into() } else { "inf".into() };
    }
    let exponent_form = |precision: usize| {
        let text = format!("{number:.precision$e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let sign = if exponent.starts_with('-') { '-' } else { '+' };
        (digits.to_owned(), sign, exponent.trim_start_matches('-').to_owned())
    };
    let text = match kind {
        'f' | 'F' => format!("{number:.precision$}"),
        'e' | 'E' => {
            let (digits, sign, exponent) = exponent_form(precision);
            format!("{digits}e{sign}{exponent:0>2}")
        }
        _ => {
            let precision = precision.max(1);
            let (digits, sign, exponent) = exponent_form(precision - 1);
            let size: i64 = exponent.parse().unwrap_or(0);
            let trim = |text: &str| match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => text.to_owned(),
            };
            if sign == '-' && size > 4 || sign == '+' && size >= precision as i64 {
                format!("{}e{sign}{exponent:0>2}", trim(&digits))
            } else {
                let size = if sign == '-' { -size } else { size };
                let decimals = usize::try_from(precision as i64 - 1 - size).unwrap_or(0);
                trim(&format!("{number:.decimals$}"))
            }
        }
    };
    if kind.is_ascii_uppercase() { text.to_uppercase() } else { text }
}

fn pad(spec: &Spec, prefix: &str, body: &str, is_number: bool) -> String {
    let missing = spec.width.saturating_sub(prefix.chars().count() + body.chars().count());
    if spec.left {
        return format!("{prefix}{body}{}", " ".repeat(missing));
    }
    if spec.zero && is_number {
        return format!("{prefix}{}{body}", "0".repeat(missing));
    }
    format!("{}{prefix}{body}", " ".repeat(missing))
}

/// Returns `format.format(*positional, **named)`.
pub(crate) fn braces(format: &str, positional: &[Value], named: &minijinja::value::Kwargs) -> Result<String, Error> {
    let mut out = String::new();
    let mut rest = format;
    let mut next = 0;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let (mark, after) = (rest.as_bytes()[at], &rest[at + 1..]);
        if after.as_bytes().first() == Some(&mark) {
            out.push(char::from(mark));
            rest = &after[1..];
            continue;
        }
        let Some(end) = after.find('}').filter(|_| mark == b'{') else {
            return Err(wrong(format!("single `{}` in a format: double it", char::from(mark))));
        };
        let field = &after[..end];
        rest = &after[end + 1..];
        let (field, spec) = field.split_once(':').unwrap_or((field, ""));
        let (field, conversion) = field.split_once('!').unwrap_or((field, ""));
        let value = field_value(field, positional, named, &mut next)?;
        let value = match conversion {
            "" => value,
            "s" => Value::from(&*text_of(&value)?),
            "r" | "a" => Value::from(repr(&value)?),
            other => return Err(wrong(format!("unknown conversion `!{other}` in a format"))),
        };
        out.push_str(&brace_spec(spec, &value)?);
        fits(out.len())?;
    }
    out.push_str(rest);
    Ok(out)
}

fn field_value(
    field: &str,
    positional: &[Value],
    named: &minijinja::value::Kwargs,
    next: &mut usize,
) -> Result<Value, Error> {
    let end = field.find(['.', '[']).unwrap_or(field.len());
    let (first, mut path) = field.split_at(end);
    let missing = || wrong(format!("format wants `{first}`, which is not given"));
    let mut value = if first.is_empty() {
        *next += 1;
        positional.get(*next - 1).cloned().ok_or_else(|| wrong("format wants more arguments"))?
    } else if let Ok(at) = first.parse::<usize>() {
        positional.get(at).cloned().ok_or_else(missing)?
    } else {
        named.get::<Value>(first).map_err(|_| missing())?
    };
    while !path.is_empty() {
        let (key, rest) = if let Some(inner) = path.strip_prefix('[') {
            inner.split_once(']').ok_or_else(|| wrong("`[` is never closed in a format"))?
        } else {
            let inner = path.strip_prefix('.').unwrap_or(path);
            inner.split_at(inner.find(['.', '[']).unwrap_or(inner.len()))
        };
        value = match key.parse::<usize>() {
            Ok(at) if path.starts_with('[') => value.get_item(&Value::from(at))?,
            _ => value.get_attr(key)?,
        };
        super::convert::defined(&value).map_err(|_| wrong(format!("format wants `{field}`, which is not there")))?;
        path = rest;
    }
    Ok(value)
}

fn brace_spec(spec: &str, value: &Value) -> Result<String, Error> {
    if spec.is_empty() {
        return text_of(value).map(Cow::into_owned);
    }
    let mut chars: Vec<char> = spec.chars().collect();
    let mut fill = ' ';
    let mut align = None;
    if chars.len() > 1 && matches!(chars[1], '<' | '>' | '^' | '=') {
        (fill, align) = (chars[0], Some(chars[1]));
        chars.drain(..2);
    } else if matches!(chars.first(), Some('<' | '>' | '^' | '=')) {
        align = Some(chars.remove(0));
    }
    let mut rest = chars.into_iter().peekable();
    let mut parsed = Spec::default();
    while let Some(flag) = rest.next_if(|c| matches!(c, '+' | '-' | ' ' | '#')) {
        match flag {
            '+' => parsed.plus = true,
            ' ' => parsed.space = true,
            '#' => parsed.alternate = true,
            _ => {}
        }
    }
    if rest.next_if_eq(&'0').is_some() && align.is_none() {
        (fill, align) = ('0', Some('='));
    }
    let digits = |rest: &mut std::iter::Peekable<std::vec::IntoIter<char>>| -> Result<Option<usize>, Error> {
        let mut number = None;
        while let Some(digit) = rest.next_if(char::is_ascii_digit) {
            number = Some(wide(number.unwrap_or(0) * 10 + digit.to_digit(10).unwrap_or(0) as usize)?);
        }
        Ok(number)
    };
    let width = digits(&mut rest)?.unwrap_or(0);
    let grouped = rest.next_if(|c| matches!(c, ',' | '_'));
    if rest.next_if_eq(&'.').is_some() {
        parsed.precision = digits(&mut rest)?;
    }
    let kind = rest.next();
    if rest.next().is_some() {
        return Err(wrong(format!("format `{spec}` cannot be read")));
    }
    // Booleans are whole numbers here.
    let value = &if value.kind() == ValueKind::Bool { Value::from(i64::from(value.is_true())) } else { value.clone() };
    let is_number = matches!(value.kind(), ValueKind::Number);
    let is_plain = !parsed.plus && !parsed.space && !parsed.alternate && grouped.is_none() && align != Some('=');
    let takes = match kind {
        None | Some('s') if value.as_str().is_some() => is_plain || fill == '0',
        None => is_number && (parsed.precision.is_none() || !value.is_integer()),
        Some('d' | 'b' | 'o' | 'x' | 'X' | 'c') => is_number && value.is_integer() && parsed.precision.is_none(),
        Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%') => is_number,
        Some(_) => false,
    };
    if !takes {
        return Err(wrong(format!("format `{spec}` does not suit a {}", type_name(value))));
    }
    if value.as_str().is_some() && align == Some('=') {
        align = Some('<');
    }
    let mut body = match kind {
        Some('s') | None if !is_number => one('s', &parsed, value)?,
        None if value.is_integer() => one('d', &parsed, value)?,
        None => plain_float(&parsed, value)?,
        Some('n') if value.is_integer() => one('d', &parsed, value)?,
        Some('n') => one('g', &parsed, value)?,
        Some('%') => {
            let percent = Value::from(f64::try_from(value.clone())? * 100.0);
            one('f', &parsed, &percent)? + "%"
        }
        Some('b') => {
            let number = i128::try_from(value.clone())?;
            let prefix = if parsed.alternate { "0b" } else { "" };
            format!("{}{prefix}{:b}", sign(&parsed, number < 0), number.unsigned_abs())
        }
        Some(kind) => one(kind, &parsed, value)?,
    };
    if let Some(mark) = grouped {
        body = group(&body, mark);
    }
    let missing = width.saturating_sub(body.chars().count());
    let filled = |count: usize| fill.to_string().repeat(count);
    Ok(match align.unwrap_or(if is_number { '>' } else { '<' }) {
        '<' => format!("{body}{}", filled(missing)),
        '^' => format!("{}{body}{}", filled(missing / 2), filled(missing - missing / 2)),
        '=' => {
            let (sign, digits) = body.split_at(usize::from(body.starts_with(['-', '+', ' '])));
            format!("{sign}{}{digits}", filled(missing))
        }
        _ => format!("{}{body}", filled(missing)),
    })
}

/// Writes a float as Python does without a type: with a digit behind the point at least.
fn plain_float(spec: &Spec, value: &Value) -> Result<String, Error> {
    let number = f64::try_from(value.clone())?;
    let text = match spec.precision {
        None => crate::value::python_float(number.abs()),
        Some(precision) => float('g', number.abs(), precision),
    };
    let is_whole = number.is_finite() && !text.contains(['.', 'e']);
    Ok(format!("{}{text}{}", sign(spec, number.is_sign_negative()), if is_whole { ".0" } else { "" }))
}

/// Puts a mark between groups of three digits.
fn group(text: &str, mark: char) -> String {
    let start = usize::from(text.starts_with(['-', '+', ' ']));
    let end = text[start..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |at| start + at);
    let digits = &text[start..end];
    let mut out = text[..start].to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out + &text[end..]
}
