//! Filters on numbers, truth values and sizes.

use super::args::{Args, add_filter};
use super::python::text;
use super::{Filter, data, to_engine};
use crate::value::Value as Data;
use minijinja::value::ValueKind;
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "int",
        aliases: &[],
        doc: "Returns the whole number that a text in `base` (10) or a number has, or `default` (0).",
        add: |env, name| add_filter(env, name, &["default", "base"], int),
    },
    Filter {
        name: "float",
        aliases: &[],
        doc: "Returns the value as a number with a fraction, or `default` (0.0).",
        add: |env, name| add_filter(env, name, &["default"], float),
    },
    Filter {
        name: "bool",
        aliases: &[],
        doc: "Returns true for `yes`, `on`, `true` and `1` in any case, false for their opposites.",
        add: |env, name| add_filter(env, name, &[], bool_filter),
    },
    Filter {
        name: "abs",
        aliases: &[],
        doc: "Returns the number without its sign.",
        add: |env, name| add_filter(env, name, &[], abs),
    },
    Filter {
        name: "round",
        aliases: &[],
        doc: "Rounds to `precision` (0) digits; `method` is `common`, `ceil` or `floor`.",
        add: |env, name| add_filter(env, name, &["precision", "method"], round),
    },
    Filter {
        name: "log",
        aliases: &[],
        doc: "Returns the logarithm, natural or to `base`.",
        add: |env, name| add_filter(env, name, &["base"], log),
    },
    Filter {
        name: "pow",
        aliases: &[],
        doc: "Raises the number to the power `y`.",
        add: |env, name| add_filter(env, name, &["y"], pow),
    },
    Filter {
        name: "root",
        aliases: &[],
        doc: "Returns the square root, or the root of degree `base`.",
        add: |env, name| add_filter(env, name, &["base"], root),
    },
    Filter {
        name: "filesizeformat",
        aliases: &[],
        doc: "Shows a number of bytes as `1.5 MB`, or as `1.4 MiB` with `binary`.",
        add: |env, name| add_filter(env, name, &["binary"], filesizeformat),
    },
    Filter {
        name: "human_readable",
        aliases: &[],
        doc: "Shows a number of bytes (or bits with `isbits`) as `1.50 KB`, in the given `unit` or a fitting one.",
        add: |env, name| add_filter(env, name, &["isbits", "unit"], human_readable),
    },
    Filter {
        name: "human_to_bytes",
        aliases: &[],
        doc: "Returns the number of bytes that a text such as `10 MB` or `1.5Gb` says.",
        add: |env, name| add_filter(env, name, &["default_unit", "isbits"], human_to_bytes),
    },
];

/// Reads what Python's `int(text, base)` reads: blanks around, a sign, underscores between digits, prefixes.
fn read_int(text: &str, base: u32) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixed = |prefix: &str| lower.strip_prefix(prefix).map(str::to_owned);
    let (base, digits) = match base {
        0 => match (prefixed("0x"), prefixed("0o"), prefixed("0b")) {
            (Some(rest), _, _) => (16, rest),
            (_, Some(rest), _) => (8, rest),
            (_, _, Some(rest)) => (2, rest),
            _ if lower.len() > 1 && lower.starts_with('0') && lower.bytes().any(|b| b != b'0' && b != b'_') => {
                return None;
            }
            _ => (10, lower),
        },
        16 => (16, prefixed("0x").unwrap_or(lower)),
        8 => (8, prefixed("0o").unwrap_or(lower)),
        2 => (2, prefixed("0b").unwrap_or(lower)),
        base => (base, lower),
    };
    let plain = digits.replace('_', "");
    let well_formed = !digits.starts_with(['_', '+', '-']) && !digits.ends_with('_') && !digits.contains("__");
    let size = i128::from_str_radix(&plain, base).ok().filter(|_| well_formed)?;
    Some(if negative { -size } else { size })
}

/// Reads what Python's `float(text)` reads.
pub(super) fn read_float(text: &str) -> Option<f64> {
    let text = text.trim();
    let bad_underscore = text.starts_with('_') || text.ends_with('_') || text.contains("__");
    let plain = text.replace('_', "");
    let words = ["inf", "infinity", "nan"];
    let bare = plain.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let numeric = bare.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if bad_underscore || !(numeric || words.contains(&&bare[..])) {
        return None;
    }
    plain.parse().ok()
}

fn whole(f: f64) -> Option<i128> {
    (f.is_finite() && f.abs() < 1e38).then(|| f.trunc() as i128)
}

fn int(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let base = match args.count("base", 10, 36)? {
        1 => return Err(args.error("`base` must be 0 or between 2 and 36")),
        base => base as u32,
    };
    let read = match data(args.input())? {
        Data::Int(n) => Some(n),
        Data::Bool(b) => Some(b.into()),
        Data::Float(f) => whole(f),
        Data::Str(text) => read_int(&text, base).or_else(|| read_float(&text).and_then(whole)),
        _ => None,
    };
    Ok(match read {
        Some(n) => to_engine(&Data::Int(n)),
        None => args.get("default").cloned().unwrap_or_else(|| Value::from(0)),
    })
}

fn float(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let read = match data(args.input())? {
        Data::Int(n) => Some(n as f64),
        Data::Bool(b) => Some(b.into()),
        Data::Float(f) => Some(f),
        Data::Str(text) => read_float(&text),
        _ => None,
    };
    Ok(match read {
        Some(f) => Value::from(f),
        None => args.get("default").cloned().unwrap_or_else(|| Value::from(0.0)),
    })
}

fn bool_filter(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    // What is no boolean word is false, as in Ansible (which is to refuse it from 2.23 on).
    Ok(match data(args.input())? {
        Data::Str(text) => matches!(&text.to_lowercase()[..], "yes" | "on" | "true" | "1").into(),
        other => (read_bool(&other) == Some(true)).into(),
    })
}

/// Reads the words that Ansible takes for true and false.
pub(crate) fn read_bool(value: &Data) -> Option<bool> {
    match value {
        Data::Bool(b) => Some(*b),
        Data::Int(1) => Some(true),
        Data::Int(0) => Some(false),
        Data::Float(f) if *f == 1.0 => Some(true),
        Data::Float(f) if *f == 0.0 => Some(false),
        Data::Str(text) => match &text.trim().to_lowercase()[..] {
            "yes" | "on" | "true" | "1" | "y" | "t" | "1.0" => Some(true),
            "no" | "off" | "false" | "0" | "n" | "f" | "0.0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn abs(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    if let Some(elapsed) = crate::template::moment::absolute(args.input()) {
        return Ok(elapsed);
    }
    match data(args.input())? {
        Data::Int(n) => {
            Ok(to_engine(&Data::Int(n.checked_abs().ok_or_else(|| args.error("the number is too large"))?)))
        }
        Data::Bool(b) => Ok(Value::from(i64::from(b))),
        Data::Float(f) => Ok(f.abs().into()),
        _ => Err(args.wrong("a number", args.input())),
    }
}

/// Returns the input as a float; other than a number is an error.
fn number(args: &Args) -> Result<f64, Error> {
    number_of(args, args.input())
}

fn number_of(args: &Args, value: &Value) -> Result<f64, Error> {
    match data(value)? {
        Data::Int(n) => Ok(n as f64),
        Data::Bool(b) => Ok(b.into()),
        Data::Float(f) => Ok(f),
        _ => Err(args.wrong("a number", value)),
    }
}

fn round(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let precision = args.int("precision")?.unwrap_or(0).clamp(-400, 400) as i32;
    let value = data(args.input())?;
    let f = number(args)?;
    match &args.text("method")?.unwrap_or_else(|| "common".into())[..] {
        "common" => match value {
            Data::Int(n) => Ok(to_engine(&Data::Int(round_int(n, precision)))),
            Data::Bool(b) => Ok(to_engine(&Data::Int(round_int(b.into(), precision)))),
            _ => Ok(round_float(f, precision).into()),
        },
        "ceil" => Ok(((f * 10f64.powi(precision)).ceil() / 10f64.powi(precision)).into()),
        "floor" => Ok(((f * 10f64.powi(precision)).floor() / 10f64.powi(precision)).into()),
        other => Err(args.error(format!("knows no method `{other}`; it knows `common`, `ceil`, `floor`"))),
    }
}

fn round_int(n: i128, precision: i32) -> i128 {
    let Some(unit) = 10i128.checked_pow(precision.min(0).unsigned_abs()) else { return 0 };
    let (quotient, rest) = (n.div_euclid(unit), n.rem_euclid(unit));
    // Half goes to the even side.
    let up = rest * 2 > unit || (rest * 2 == unit && quotient % 2 != 0);
    (quotient + i128::from(up)).saturating_mul(unit)
}

pub(super) fn round_float(f: f64, precision: i32) -> f64 {
    if !f.is_finite() {
        return f;
    }
    if precision >= 0 {
        // Formatting rounds the exact binary value, half to even, as Python does.
        return format!("{f:.*}", precision as usize).parse().unwrap_or(f);
    }
    let unit = 10f64.powi(-precision);
    if unit.is_infinite() { 0.0 } else { (f / unit).round_ties_even() * unit }
}

fn log(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let x = number(args)?;
    let base = args.given("base").map(|base| number_of(args, base)).transpose()?;
    if x <= 0.0 || base.is_some_and(|base| base <= 0.0 || base == 1.0) {
        return Err(args.error("wants numbers above 0"));
    }
    Ok(match base {
        None => x.ln(),
        Some(10.0) => x.log10(),
        Some(base) => x.ln() / base.ln(),
    }
    .into())
}

fn pow(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let result = number(args)?.powf(number_of(args, args.need("y")?)?);
    if !result.is_finite() {
        return Err(args.error("the result is too large or no real number"));
    }
    Ok(result.into())
}

fn root(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let x = number(args)?;
    let base = args.given("base").map(|base| number_of(args, base)).transpose()?.unwrap_or(2.0);
    let result = if base == 2.0 { x.sqrt() } else { x.powf(1.0 / base) };
    if !result.is_finite() {
        return Err(args.error("there is no such root"));
    }
    Ok(result.into())
}

fn filesizeformat(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let bytes = match args.input().kind() {
        ValueKind::String => read_float(&args.input_text()?).ok_or_else(|| args.wrong("a number", args.input()))?,
        _ => number(args)?,
    };
    let binary = args.flag("binary", false);
    let base = if binary { 1024.0 } else { 1000.0 };
    if bytes == 1.0 {
        return Ok("1 Byte".into());
    }
    if bytes < base {
        return Ok(format!("{} Bytes", bytes.trunc() as i128).into());
    }
    let last = 7;
    let mut power = 1;
    while power < last + 1 && bytes >= f64::powi(base, power + 1) {
        power += 1;
    }
    let letter = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'][(power - 1) as usize];
    let letter = if binary { letter.to_ascii_uppercase() } else { letter };
    let unit = if binary { "iB" } else { "B" };
    Ok(format!("{:.1} {letter}{unit}", bytes / f64::powi(base, power)).into())
}

/// The units from the largest, by the letter that says them.
const UNITS: [(char, f64); 8] = [
    ('Y', 1208925819614629174706176.0),
    ('Z', 1180591620717411303424.0),
    ('E', 1152921504606846976.0),
    ('P', 1125899906842624.0),
    ('T', 1099511627776.0),
    ('G', 1073741824.0),
    ('M', 1048576.0),
    ('K', 1024.0),
];

fn human_readable(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let size = number(args)?;
    let bits = args.flag("isbits", false);
    let unit = args.text("unit")?.and_then(|unit| unit.chars().next()).map(|c| c.to_ascii_uppercase());
    let fits = |(letter, limit): &&(char, f64)| unit.map_or(size >= *limit, |unit| unit == *letter);
    let plain = if bits { "bits" } else { "Bytes" };
    Ok(match UNITS.iter().find(fits) {
        Some((letter, limit)) => format!("{:.2} {letter}{}", size / limit, if bits { "b" } else { "B" }),
        None => format!("{size:.2} {plain}"),
    }
    .into())
}

fn human_to_bytes(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let said = text(args.input())?;
    let bad = || args.error(format!("cannot read `{said}` as a size; write it like `10 MB`"));
    let trimmed = said.trim_start();
    let end = trimmed.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(trimmed.len());
    let count: f64 = trimmed[..end].parse().map_err(|_| bad())?;
    let unit = trimmed[end..].trim();
    if !unit.chars().all(|c| c.is_ascii_alphabetic()) {
        return Err(bad());
    }
    let unit = if unit.is_empty() { args.text("default_unit")?.unwrap_or_default() } else { unit.to_owned() };
    let Some(letter) = unit.chars().next().map(|c| c.to_ascii_uppercase()) else {
        return Ok(to_engine(&Data::Int(count.round_ties_even() as i128)));
    };
    let size = match letter {
        'B' => 1.0,
        _ => UNITS.iter().find(|(known, _)| *known == letter).map(|(_, size)| *size).ok_or_else(bad)?,
    };
    let (short, long) = if args.flag("isbits", false) { ('b', "bit") } else { ('B', "byte") };
    let rest = if letter == 'B' { &unit[..] } else { &unit[1..] };
    let prefixes = ["", "kilo", "mega", "giga", "tera", "peta", "exa", "zeta", "yotta"];
    let name = unit.to_ascii_lowercase();
    let said_right = match rest.len() {
        0 => true,
        1 => rest.starts_with(short),
        _ => name.strip_suffix(long).is_some_and(|prefix| prefixes.contains(&prefix)),
    };
    if !said_right {
        return Err(bad());
    }
    Ok(to_engine(&Data::Int((count * size).round_ties_even() as i128)))
}
