//! Dates and times as YAML has them without quotes: `2024-01-02`, `2024-01-02 10:20:30.5 +02:00`.

use super::{Moment, Part};
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use minijinja::value::Value;

/// Reads what YAML 1.1 takes for a date or a time; none of what is no day of the calendar, which stays text.
pub(crate) fn literal(text: &str) -> Option<Value> {
    let (date, rest) = text.split_at_checked(text.find(['T', 't', ' ', '\t']).unwrap_or(text.len()))?;
    let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] else { return None };
    let date = Date::new(number(year)?, number(month)?, number(day)?).ok().filter(|date| date.year() > 0)?;
    if rest.is_empty() {
        return Some(Moment { at: date.at(0, 0, 0, 0), offset: None, part: Part::Date }.value());
    }
    let rest = rest.trim_start_matches(['T', 't', ' ', '\t']);
    let (clock, zone) =
        rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(rest.len()));
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let [hour, minute, second] = clock.split(':').collect::<Vec<_>>()[..] else { return None };
    let micros = fraction.chars().chain("000000".chars()).take(6).collect::<String>().parse::<i32>().ok()?;
    let time = Time::new(number(hour)?, number(minute)?, number(second)?, micros * 1000).ok()?;
    let offset = match zone.trim_start_matches([' ', '\t']) {
        "" => None,
        "Z" => Some(Offset::UTC),
        zone => Some(offset(zone)?),
    };
    Some(Moment { at: date.to_datetime(time), offset, part: Part::Whole }.value())
}

fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    digits.parse().ok()
}

/// Reads `+2`, `-0330` is none, `+05:30`.
fn offset(zone: &str) -> Option<Offset> {
    let (sign, size) = match zone.split_at_checked(1)? {
        ("+", size) => (1, size),
        ("-", size) => (-1, size),
        _ => return None,
    };
    let (hours, minutes) = size.split_once(':').unwrap_or((size, "0"));
    Offset::from_seconds(sign * (number::<i32>(hours)? * 3600 + number::<i32>(minutes)? * 60)).ok()
}
