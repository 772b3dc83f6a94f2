//! Filters that read lengths of time such as `1h 30m`: `community.general.to_seconds` and its kin.

use super::Filter;
use super::args::{Args, add_filter};
use super::number::round_float;
use super::to_engine;
use crate::template::convert::from_engine;
use crate::value::Value as Data;
use minijinja::{Error, Value};

macro_rules! to_unit {
    ($name:literal, $unit:literal, $word:literal) => {
        Filter {
            name: concat!("community.general.", $name),
            aliases: &[],
            doc: concat!(
                "Returns a time such as `1h 30m` in ",
                $word,
                "; `year` and `month` say how many days they have."
            ),
            add: |env, name| add_filter(env, name, &["**"], |_, args| converted(args, $unit)),
        }
    };
}

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "community.general.to_time_unit",
        aliases: &[],
        doc: "Returns a time such as `1h 30m` in the `unit` (`ms`, `s`, `m`, `h`, `d`, `w`, `mo`, `y`).",
        add: |env, name| {
            add_filter(env, name, &["unit", "**"], |_, args| {
                converted(args, &args.text("unit")?.unwrap_or_else(|| "ms".into()))
            })
        },
    },
    to_unit!("to_milliseconds", "ms", "milliseconds"),
    to_unit!("to_seconds", "s", "seconds"),
    to_unit!("to_minutes", "m", "minutes"),
    to_unit!("to_hours", "h", "hours"),
    to_unit!("to_days", "d", "days"),
    to_unit!("to_weeks", "w", "weeks"),
    to_unit!("to_months", "mo", "months"),
    to_unit!("to_years", "y", "years"),
];

/// The days of a month and of a year.
struct Calendar {
    month: f64,
    year: f64,
}

/// Returns the milliseconds of a unit by its short or long name.
fn unit(name: &str, calendar: &Calendar) -> Option<f64> {
    let day = 24.0 * 3_600_000.0;
    let long = match name.trim_end_matches('s') {
        "millisecond" | "msec" | "msecond" => "ms",
        "sec" | "second" => "s",
        "hour" => "h",
        "min" | "minute" => "m",
        "day" => "d",
        "week" => "w",
        "month" => "mo",
        "year" => "y",
        _ => name,
    };
    Some(match long {
        "ms" => 1.0,
        "s" => 1000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => day,
        "w" => 7.0 * day,
        "mo" => calendar.month * day,
        "y" => calendar.year * day,
        _ => return None,
    })
}

fn converted(args: &Args, wanted: &str) -> Result<Value, Error> {
    let mut calendar = Calendar { month: 30.0, year: 365.0 };
    for (name, value) in &args.named {
        let days = match from_engine(value)? {
            Data::Int(n) => n as f64,
            Data::Float(f) => f,
            _ => return Err(args.wrong(&format!("a number as `{name}`"), value)),
        };
        match name.as_str() {
            "month" => calendar.month = days,
            "year" => calendar.year = days,
            _ => return Err(args.error(format!("has no argument `{name}`; it takes `month`, `year`"))),
        }
    }
    let said = args.input_text()?;
    if said == "0" {
        return Ok(to_engine(&Data::Int(0)));
    }
    let into = unit(wanted, &calendar).ok_or_else(|| args.error(format!("knows no unit `{wanted}`")))?;
    let mut sum = 0.0;
    for word in said.split_whitespace() {
        let unreadable = || args.error(format!("cannot read `{said}`; write `1d 2h 30m`"));
        let digits = word.strip_prefix('-').unwrap_or(word);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let name: String = digits[end..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let count: f64 = digits[..end].parse().map_err(|_| unreadable())?;
        let count = if word.starts_with('-') { -count } else { count };
        sum += count * unit(&name, &calendar).ok_or_else(unreadable)?;
    }
    if into == 0.0 {
        return Err(args.error("a month or a year has no days"));
    }
    Ok(round_float(sum / into, 12).into())
}
