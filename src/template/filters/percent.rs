//! Python's `%` formatting: `'%-8s|%05.1f' | format(a, b)`.

use super::args::Args;
use super::data;
use super::python::text;
use crate::template::text::repr;
use crate::value::python_float;
use minijinja::{Error, State, Value};

/// A `%` and what follows it.
#[derive(Default)]
struct Spec {
    name: Option<String>,
    left: bool,
    plus: bool,
    blank: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

/// The widest field. Arbitrary: above any line that a device takes.
const MAX_WIDTH: usize = 100_000;

/// Fills the input with the arguments.
pub(super) fn format(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let pattern = text(args.input())?;
    if !args.rest.is_empty() && !args.named.is_empty() {
        return Err(args.error("takes positional or keyword arguments, not both"));
    }
    let mut values = args.rest.iter();
    let mut chars = pattern.chars().peekable();
    let mut out = String::with_capacity(pattern.len());
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let spec = read_spec(&mut chars, &mut values, args)?;
        if spec.conversion == '%' {
            out.push('%');
            continue;
        }
        let value = match &spec.name {
            Some(name) => args.named.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            None => values.next(),
        };
        let value = value.ok_or_else(|| match &spec.name {
            Some(name) => args.error(format!("`%({name})` has no argument of that name")),
            None => args.error("has too few arguments for its text"),
        })?;
        out.push_str(&spec.apply(value, args)?);
        args.bounded(out.len())?;
    }
    if values.next().is_some() {
        return Err(args.error("has more arguments than its text takes"));
    }
    Ok(out.into())
}

fn read_spec<'a>(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    values: &mut impl Iterator<Item = &'a Value>,
    args: &Args,
) -> Result<Spec, Error> {
    let mut spec = Spec::default();
    let broken = || args.error("has an incomplete `%` in its text (write `%%` for a percent sign)");
    if chars.next_if_eq(&'(').is_some() {
        let mut name = String::new();
        loop {
            match chars.next().ok_or_else(broken)? {
                ')' => break,
                c => name.push(c),
            }
        }
        spec.name = Some(name);
    }
    while let Some(flag) = chars.next_if(|c| "-+ #0".contains(*c)) {
        match flag {
            '-' => spec.left = true,
            '+' => spec.plus = true,
            ' ' => spec.blank = true,
            '#' => spec.alternate = true,
            _ => spec.zero = true,
        }
    }
    if chars.next_if_eq(&'*').is_some() {
        let width = star(values.next(), args)?;
        spec.left |= width < 0;
        spec.width = width.unsigned_abs() as usize;
    } else {
        spec.width = digits(chars);
    }
    if chars.next_if_eq(&'.').is_some() {
        let star = if chars.next_if_eq(&'*').is_some() { Some(star(values.next(), args)?) } else { None };
        spec.precision = Some(star.map_or_else(|| digits(chars), |n| n.max(0) as usize));
    }
    if spec.width > MAX_WIDTH || spec.precision.is_some_and(|n| n > MAX_WIDTH) {
        return Err(args.error(format!("has a field wider than {MAX_WIDTH}")));
    }
    while chars.next_if(|c| matches!(c, 'h' | 'l' | 'L')).is_some() {}
    spec.conversion = chars.next().ok_or_else(broken)?;
    Ok(spec)
}

fn star(value: Option<&Value>, args: &Args) -> Result<i64, Error> {
    value.and_then(Value::as_i64).ok_or_else(|| args.error("wants a whole number for `*`"))
}

fn digits(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> usize {
    let mut n: usize = 0;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        n = n.saturating_mul(10).saturating_add(digit as usize);
    }
    n
}

impl Spec {
    fn apply(&self, value: &Value, args: &Args) -> Result<String, Error> {
        let whole = |value: &Value| -> Result<i128, Error> {
            if value.is_integer() || value.kind() == minijinja::value::ValueKind::Bool {
                return i128::try_from(value.clone());
            }
            match f64::try_from(value.clone()) {
                Ok(f) if value.is_number() && f.is_finite() => Ok(f.trunc() as i128),
                _ => Err(args.wrong(&format!("a number for `%{}`", self.conversion), value)),
            }
        };
        let float = |value: &Value| -> Result<f64, Error> {
            match data(value)? {
                crate::value::Value::Int(n) => Ok(n as f64),
                crate::value::Value::Float(f) => Ok(f),
                crate::value::Value::Bool(b) => Ok(f64::from(b)),
                _ => Err(args.wrong(&format!("a number for `%{}`", self.conversion), value)),
            }
        };
        Ok(match self.conversion {
            's' => self.field(&text(value)?),
            'r' | 'a' => self.field(&repr(value)?),
            'c' => match value.as_str() {
                Some(text) if text.chars().count() == 1 => self.field(text),
                _ => {
                    let c = u32::try_from(whole(value)?).ok().and_then(char::from_u32);
                    self.field(&c.ok_or_else(|| args.error("wants a character for `%c`"))?.to_string())
                }
            },
            'd' | 'i' | 'u' => self.integer(whole(value)?, "", |n| n.to_string()),
            'x' => self.integer(whole(value)?, "0x", |n| format!("{n:x}")),
            'X' => self.integer(whole(value)?, "0X", |n| format!("{n:X}")),
            'o' => self.integer(whole(value)?, "0o", |n| format!("{n:o}")),
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' => self.float(float(value)?),
            other => return Err(args.error(format!("does not know `%{other}`"))),
        })
    }

    fn field(&self, text: &str) -> String {
        let text: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        self.pad(text)
    }

    fn pad(&self, text: String) -> String {
        let missing = " ".repeat(self.width.saturating_sub(text.chars().count()));
        if self.left { text + &missing } else { missing + &text }
    }

    fn signed(&self, negative: bool, prefix: &str, digits: String) -> String {
        let sign = match negative {
            true => "-",
            false if self.plus => "+",
            false if self.blank => " ",
            false => "",
        };
        if self.zero && !self.left {
            let missing = self.width.saturating_sub(sign.len() + prefix.len() + digits.len());
            return format!("{sign}{prefix}{}{digits}", "0".repeat(missing));
        }
        self.pad(format!("{sign}{prefix}{digits}"))
    }

    fn integer(&self, n: i128, prefix: &str, show: fn(u128) -> String) -> String {
        let digits = show(n.unsigned_abs());
        let zeros = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let prefix = if self.alternate { prefix } else { "" };
        self.signed(n < 0, prefix, "0".repeat(zeros) + &digits)
    }

    fn float(&self, f: f64) -> String {
        let size = f.abs();
        let precision = self.precision.unwrap_or(6);
        let digits = if f.is_finite() {
            match self.conversion.to_ascii_lowercase() {
                'f' => format!("{size:.precision$}"),
                'e' => exponent(&format!("{size:.precision$e}")),
                _ => self.general(size, precision.max(1)),
            }
        } else {
            python_float(size)
        };
        let digits = if self.conversion.is_ascii_uppercase() { digits.to_uppercase() } else { digits };
        self.signed(f.is_sign_negative() && !f.is_nan(), "", digits)
    }

    fn general(&self, size: f64, precision: usize) -> String {
        let scientific = format!("{size:.*e}", precision - 1);
        let power: i32 = scientific.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
        let trim = |text: &str| {
            if self.alternate || !text.contains('.') {
                return text.to_owned();
            }
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        if power < -4 || power >= precision as i32 {
            let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
            return exponent(&format!("{}e{power}", trim(digits)));
        }
        trim(&format!("{size:.*}", (precision as i32 - 1 - power).max(0) as usize))
    }
}

/// Returns `1e5` as `1e+05`.
fn exponent(text: &str) -> String {
    let (digits, power) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
    format!("{digits}e{sign}{power:0>2}")
}
