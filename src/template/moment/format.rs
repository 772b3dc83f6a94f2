//! Formats of times, as Python's `strftime` and `strptime` have them, in the C locale.

use crate::value::{Moment, Part, offset_text};
use jiff::Zoned;
use jiff::civil::DateTime;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{Offset, TimeZone};
use minijinja::Error;
use minijinja::value::Value;

/// Letters that both Python and the library write the same.
const SAME: &str = "AaBbCdeGgHhIjklMmPpSuUVwWYy";

/// What a format may ask for besides the date and time.
struct Around {
    /// `%Z`
    zone: String,
    /// `%z`
    offset: String,
    /// `%f`; where there is none it stays as it is written.
    micros: Option<String>,
    /// `%s`
    seconds: i64,
}

/// Writes a moment as `datetime.strftime` does.
pub(crate) fn written(form: &str, at: DateTime, zone: Option<Offset>) -> Result<String, Error> {
    let local = at.to_zoned(zone.map_or_else(TimeZone::system, TimeZone::fixed));
    let around = Around {
        zone: zone.map_or_else(String::new, |zone| match zone.seconds() {
            0 => "UTC".to_owned(),
            _ => format!("UTC{}", offset_text(zone, ":")),
        }),
        offset: zone.map_or_else(String::new, |zone| offset_text(zone, "")),
        micros: Some(format!("{:06}", at.subsec_nanosecond() / 1000)),
        seconds: local.map_or(0, |local| local.timestamp().as_second()),
    };
    write(form, at, &around)
}

/// Writes a moment as `time.strftime` does, which knows no fractions.
pub(crate) fn clock(form: &str, at: &Zoned, zone: Option<&str>) -> Result<String, Error> {
    let named = || strtime::format("%Z", at).unwrap_or_default();
    let around = Around {
        zone: zone.map_or_else(named, str::to_owned),
        offset: offset_text(at.offset(), ""),
        micros: None,
        seconds: at.timestamp().as_second(),
    };
    write(form, at.datetime(), &around)
}

fn write(form: &str, at: DateTime, around: &Around) -> Result<String, Error> {
    let mut out = String::with_capacity(form.len() * 2);
    let mut rest = form;
    while let Some(start) = rest.find('%') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let Some(length) = directive(rest) else {
            out.push('%');
            rest = &rest[1..];
            continue;
        };
        let (this, after) = rest.split_at(length);
        one(this, at, around, &mut out)?;
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Returns how long the directive at the start of a text is: flags, a width, a modifier and a letter.
fn directive(text: &str) -> Option<usize> {
    let after =
        text[1..].trim_start_matches(['-', '_', '0', '^', '#']).trim_start_matches(|c: char| c.is_ascii_digit());
    let after = after.strip_prefix(['E', 'O']).filter(|rest| !rest.is_empty()).unwrap_or(after);
    let letter = after.chars().next()?;
    Some(text.len() - after.len() + letter.len_utf8())
}

fn one(this: &str, at: DateTime, around: &Around, out: &mut String) -> Result<(), Error> {
    let letter = this.chars().next_back().unwrap_or('%');
    let whole = match letter {
        'c' => "%a %b %e %H:%M:%S %Y",
        'D' | 'x' => "%m/%d/%y",
        'F' => "%Y-%m-%d",
        'R' => "%H:%M",
        'r' => "%I:%M:%S %p",
        'T' | 'X' => "%H:%M:%S",
        _ => this,
    };
    match letter {
        '%' => out.push('%'),
        'n' => out.push('\n'),
        't' => out.push('\t'),
        'f' => out.push_str(around.micros.as_deref().unwrap_or(this)),
        's' => out.push_str(&around.seconds.to_string()),
        'z' => out.push_str(&around.offset),
        'Z' => out.push_str(&around.zone),
        // The C library does not pad the years of antiquity.
        'Y' if this == "%Y" => out.push_str(&at.year().to_string()),
        _ if whole != this || SAME.contains(letter) => {
            let plain = whole.replace(['E', 'O'], "");
            let shown = strtime::format(plain, at);
            out.push_str(&shown.map_err(|error| crate::template::operate::wrong(error.to_string()))?);
        }
        _ => out.push_str(this),
    }
    Ok(())
}

/// The directives that `strptime` knows.
const READ: &str = "aAbBcdfGHIjmMpSuUVwWxXyYzZ%";

/// Reads a moment as `datetime.strptime` does.
///
/// # Errors
/// Says why the text is not of that format.
pub(crate) fn read(form: &str, text: &str) -> Result<Value, String> {
    let mut letters = form.chars();
    while let Some(c) = letters.next() {
        match (c, letters.clone().next()) {
            ('%', Some(letter)) if READ.contains(letter) => drop(letters.next()),
            ('%', Some(letter)) => return Err(format!("times are not read by `%{letter}`")),
            ('%', None) => return Err("the format ends in a `%`".into()),
            _ => {}
        }
    }
    if text.starts_with(char::is_whitespace) && !form.starts_with(char::is_whitespace) {
        return Err("it starts with a blank".into());
    }
    let whole = [("%c", "%a %b %d %H:%M:%S %Y"), ("%x", "%m/%d/%y"), ("%X", "%H:%M:%S")];
    let form = whole.iter().fold(form.to_owned(), |form, (short, long)| form.replace(short, long));
    // An offset is `Z`, `+0200` or `+02:00`.
    let in_utc = form.strip_suffix("%z").zip(text.strip_suffix('Z'));
    if let Some((form, text)) = in_utc {
        return parts(form, text).and_then(|parts| moment(parts, Some(Offset::UTC)));
    }
    let parts = parts(&form, text).or_else(|error| match form.contains("%z") {
        true => parts(&form.replace("%z", "%:z"), text),
        false => Err(error),
    })?;
    let offset = parts.offset();
    moment(parts, offset)
}

fn parts(form: &str, text: &str) -> Result<BrokenDownTime, String> {
    BrokenDownTime::parse(form, text).map_err(|error| error.to_string())
}

/// Makes a moment of what was read; what was not is the first day of 1900, midnight.
fn moment(mut parts: BrokenDownTime, offset: Option<Offset>) -> Result<Value, String> {
    let said = |error: jiff::Error| error.to_string();
    let date = match parts.to_date() {
        Ok(date) => date,
        Err(error) if parts.year().is_some() && parts.month().is_some() && parts.day().is_some() => {
            return Err(said(error));
        }
        Err(_) => {
            parts.set_year(parts.year().or(Some(1900))).map_err(said)?;
            parts.set_month(parts.month().or(Some(1))).map_err(said)?;
            parts.set_day(parts.day().or(Some(1))).map_err(said)?;
            parts.set_weekday(None);
            parts.to_date().map_err(said)?
        }
    };
    if date.year() < 1 {
        return Err("there is no year 0".into());
    }
    let time = if parts.hour().is_none() && parts.minute().is_none() && parts.second().is_none() {
        jiff::civil::Time::midnight()
    } else {
        if parts.hour().is_none() {
            parts.set_hour(Some(0)).map_err(said)?;
        }
        if parts.minute().is_none() {
            parts.set_minute(Some(0)).map_err(said)?;
        }
        parts.to_time().map_err(said)?
    };
    if time.subsec_nanosecond() % 1000 != 0 {
        return Err("a fraction of a second has six digits at most".into());
    }
    Ok(Moment { at: DateTime::from_parts(date, time), offset, part: Part::Whole }.value())
}
