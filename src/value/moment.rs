//! Dates and times as data: YAML's own, and what templates make of text.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use std::cmp::Ordering;
use std::fmt;

/// What of a moment counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A date and a time of day.
    Whole,
    /// A day; its time is midnight.
    Date,
    /// A time of day; its date means nothing.
    Time,
}

/// A date and time; one that was read with an offset from UTC keeps it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The day and the time of day, where it is.
    pub at: DateTime,
    /// How far it is there from UTC; none where nobody said.
    pub offset: Option<Offset>,
    /// What of it counts.
    pub part: Part,
}

impl Moment {
    /// Makes a moment without an offset.
    pub fn new(at: DateTime) -> Moment {
        Moment { at, offset: None, part: Part::Whole }
    }

    /// Reads what YAML 1.1 takes for a date or a time without quotes: `2024-01-02`, `2024-01-02 10:20:30.5 +02:00`. None of
    /// what is no day of the calendar.
    pub fn read(text: &str) -> Option<Moment> {
        let (date, rest) = text.split_at_checked(text.find(['T', 't', ' ', '\t']).unwrap_or(text.len()))?;
        let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] else { return None };
        let date = Date::new(number(year)?, number(month)?, number(day)?).ok().filter(|date| date.year() > 0)?;
        if rest.is_empty() {
            return Some(Moment { at: date.at(0, 0, 0, 0), offset: None, part: Part::Date });
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
            zone => Some(read_offset(zone)?),
        };
        Some(Moment { at: date.to_datetime(time), offset, part: Part::Whole })
    }

    /// Returns the name that Python gives its type.
    pub fn type_name(&self) -> &'static str {
        match self.part {
            Part::Whole => "datetime",
            Part::Date => "date",
            Part::Time => "time",
        }
    }

    /// Returns it by ISO 8601 with something between the date and the time, as Python's `isoformat()` does.
    pub fn iso(&self, between: &str) -> String {
        let (date, time) = (self.at.date(), self.at.time());
        let micros = time.subsec_nanosecond() / 1000;
        let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
        let day = format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
        let clock = format!("{:02}:{:02}:{:02}{fraction}", time.hour(), time.minute(), time.second());
        let zone = self.offset.map_or_else(String::new, |offset| offset_text(offset, ":"));
        match self.part {
            Part::Date => day,
            Part::Time => clock + &zone,
            Part::Whole => [&day, between, &clock, &zone].concat(),
        }
    }

    /// Returns what Python's `repr()` gives: `datetime.date(2024, 1, 2)`.
    pub fn repr(&self) -> String {
        let (date, time) = (self.at.date(), self.at.time());
        let of_date = [i64::from(date.year()), date.month().into(), date.day().into()];
        let mut of_time = vec![i64::from(time.hour()), time.minute().into()];
        let micros = i64::from(time.subsec_nanosecond() / 1000);
        if time.second() != 0 || micros != 0 {
            of_time.push(time.second().into());
        }
        of_time.extend(Some(micros).filter(|micros| *micros != 0));
        let numbers = match self.part {
            Part::Date => of_date.to_vec(),
            Part::Time => of_time,
            Part::Whole => [&of_date[..], &of_time[..]].concat(),
        };
        let mut parts: Vec<String> = numbers.iter().map(i64::to_string).collect();
        parts.extend(self.offset.map(|offset| match offset.seconds() {
            0 => "tzinfo=datetime.timezone.utc".to_owned(),
            seconds => {
                let days = if seconds < 0 { "days=-1, " } else { "" };
                let seconds = seconds.rem_euclid(86_400);
                format!("tzinfo=datetime.timezone(datetime.timedelta({days}seconds={seconds}))")
            }
        }));
        format!("datetime.{}({})", self.type_name(), parts.join(", "))
    }

    /// Returns the order of two moments; none where they cannot be compared: a date and a time, or one of them without an
    /// offset from UTC.
    pub fn order(&self, other: &Moment) -> Option<Ordering> {
        let instant = |moment: &Moment, offset| moment.at.to_zoned(TimeZone::fixed(offset)).ok();
        match (self.offset, other.offset) {
            _ if self.part != other.part => None,
            (None, None) => Some(self.at.cmp(&other.at)),
            (Some(a), Some(b)) => Some(instant(self, a)?.timestamp().cmp(&instant(other, b)?.timestamp())),
            _ => None,
        }
    }
}

impl PartialEq for Moment {
    fn eq(&self, other: &Moment) -> bool {
        self.order(other) == Some(Ordering::Equal)
    }
}

/// As Python's `str()` has it: with a blank between date and time.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso(" "))
    }
}

/// Returns an offset as `+0200`, with something between hours and minutes.
pub fn offset_text(offset: Offset, between: &str) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let (minutes, rest) = (seconds.abs() / 60, seconds.abs() % 60);
    let shown = format!("{sign}{:02}{between}{:02}", minutes / 60, minutes % 60);
    if rest == 0 { shown } else { format!("{shown}{between}{rest:02}") }
}

fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    digits.parse().ok()
}

/// Reads `+2`, `+05:30`.
fn read_offset(zone: &str) -> Option<Offset> {
    let (sign, size) = match zone.split_at_checked(1)? {
        ("+", size) => (1, size),
        ("-", size) => (-1, size),
        _ => return None,
    };
    let (hours, minutes) = size.split_once(':').unwrap_or((size, "0"));
    Offset::from_seconds(sign * (number::<i32>(hours)? * 3600 + number::<i32>(minutes)? * 60)).ok()
}
