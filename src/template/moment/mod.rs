//! Dates, times, and the time between two of them, as Python's `datetime` and `timedelta`: what `now()` and
//! `to_datetime` give, and what can be done with it.
//!
//! A [`Moment`] is data too; a span of time is none, as in Ansible.

mod arithmetic;
mod format;

pub(crate) use arithmetic::{absolute, binary, negative, order};
pub(crate) use format::{clock, read, written};

use super::filters::args::Given;
use super::operate::wrong;
use super::text::text_of;
use crate::value::{Moment, Part, offset_text};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, ISOWeekDate};
use jiff::tz::TimeZone;
use minijinja::value::{DynObject, Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// The time between two moments, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Elapsed(i64);

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Returns the moment or span of time that a value is.
fn moment(value: &Value) -> Option<&Moment> {
    value.downcast_object_ref()
}

fn elapsed(value: &Value) -> Option<Elapsed> {
    value.downcast_object_ref().copied()
}

/// Returns the name that Python gives the type of a moment or a span of time.
pub(crate) fn type_name(value: &Value) -> Option<&'static str> {
    if elapsed(value).is_some() {
        return Some("timedelta");
    }
    moment(value).map(Moment::type_name)
}

/// Returns the text that `str()` gives of a moment or a span of time.
pub(crate) fn text(value: &Value) -> Option<String> {
    match elapsed(value) {
        Some(elapsed) => Some(elapsed.to_string()),
        None => moment(value).map(Moment::to_string),
    }
}

/// Returns the text that `repr()` gives of a moment or a span of time.
pub(crate) fn repr(value: &Value) -> Option<String> {
    match elapsed(value) {
        Some(elapsed) => Some(elapsed.repr()),
        None => moment(value).map(Moment::repr),
    }
}

/// A moment is shared with the engine as it is.
impl Moment {
    /// Returns it for the engine.
    pub(crate) fn value(self) -> Value {
        Value::from_object(self)
    }

    fn date(&self) -> Value {
        Moment { at: self.at.date().at(0, 0, 0, 0), offset: None, part: Part::Date }.value()
    }

    fn time(&self) -> Value {
        Moment { at: DateTime::from_parts(Date::constant(1900, 1, 1), self.at.time()), offset: None, part: Part::Time }
            .value()
    }

    /// Returns when it is; without an offset it is local time.
    fn timestamp(&self) -> Result<Timestamp, Error> {
        let zone = self.offset.map_or_else(TimeZone::system, TimeZone::fixed);
        let zoned = self.at.to_zoned(zone).map_err(|error| wrong(error.to_string()))?;
        Ok(zoned.timestamp())
    }

    fn replaced(&self, named: &Value) -> Result<Value, Error> {
        let (mut date, mut time) = (self.at.date(), self.at.time());
        for key in named.try_iter()? {
            let number = i64::try_from(named.get_item(&key)?)?;
            let small = i8::try_from(number).map_err(|_| wrong(format!("`{key}` cannot be {number}")));
            let failed = |error: jiff::Error| wrong(error.to_string());
            let set = key.as_str().unwrap_or_default();
            match set {
                "year" => {
                    let year = i16::try_from(number).map_err(|_| wrong(format!("`year` cannot be {number}")))?;
                    date = date.with().year(year).build().map_err(failed)?;
                }
                "month" => date = date.with().month(small?).build().map_err(failed)?,
                "day" => date = date.with().day(small?).build().map_err(failed)?,
                "hour" => time = time.with().hour(small?).build().map_err(failed)?,
                "minute" => time = time.with().minute(small?).build().map_err(failed)?,
                "second" => time = time.with().second(small?).build().map_err(failed)?,
                "microsecond" => {
                    let nanosecond = number.checked_mul(1000).and_then(|n| i32::try_from(n).ok());
                    let nanosecond = nanosecond.ok_or_else(|| wrong(format!("`microsecond` cannot be {number}")))?;
                    time = time.with().subsec_nanosecond(nanosecond).build().map_err(failed)?;
                }
                _ => return Err(wrong(format!("`replace()` of a time has no argument `{set}`"))),
            }
        }
        Ok(Moment { at: DateTime::from_parts(date, time), ..*self }.value())
    }

    fn method(&self, method: &str, args: &[Value], named: Option<&Value>) -> Result<Value, Error> {
        let date = self.at.date();
        Ok(match (method, args) {
            ("replace", []) => match named {
                Some(named) => self.replaced(named)?,
                None => self.value(),
            },
            (_, _) if named.is_some() => return Err(wrong(format!("`{method}()` of a time has no named arguments"))),
            ("strftime", [form]) => match form.as_str() {
                Some(form) => Value::from(written(form, self.at, self.offset)?),
                None => return Err(wrong("a time format is text")),
            },
            ("isoformat", []) => Value::from(self.iso("T")),
            ("isoformat", [between]) => Value::from(self.iso(&text_of(between)?)),
            ("timestamp", []) => Value::from(self.timestamp()?.as_microsecond() as f64 / 1e6),
            ("date", []) => self.date(),
            ("time", []) => self.time(),
            ("weekday", []) => Value::from(date.weekday().to_monday_zero_offset()),
            ("isoweekday", []) => Value::from(date.weekday().to_monday_one_offset()),
            ("isocalendar", []) => {
                let week: ISOWeekDate = date.iso_week_date();
                Value::from(vec![
                    i64::from(week.year()),
                    week.week().into(),
                    date.weekday().to_monday_one_offset().into(),
                ])
            }
            ("timetuple", []) => {
                let time = [self.at.hour(), self.at.minute(), self.at.second()].map(i64::from);
                let mut all = vec![i64::from(date.year()), date.month().into(), date.day().into()];
                all.extend(time);
                all.extend([date.weekday().to_monday_zero_offset().into(), date.day_of_year().into(), -1]);
                Value::from(all)
            }
            ("toordinal", []) => Value::from(arithmetic::ordinal(date)),
            ("ctime", []) => Value::from(written("%a %b %e %H:%M:%S %Y", self.at, None)?),
            ("utcoffset", []) => match self.offset {
                Some(offset) => Elapsed(i64::from(offset.seconds()) * SECOND).value(),
                None => Value::from(()),
            },
            ("tzname", []) => Value::from(()),
            (
                "strftime" | "isoformat" | "timestamp" | "date" | "time" | "weekday" | "isoweekday" | "isocalendar"
                | "timetuple" | "toordinal" | "ctime" | "utcoffset" | "tzname" | "replace",
                _,
            ) => return Err(wrong(format!("wrong number of arguments for `{method}()` of a time"))),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        })
    }
}

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = self.at;
        Some(match (self.part, key.as_str()?) {
            (Part::Whole | Part::Date, "year") => at.year().into(),
            (Part::Whole | Part::Date, "month") => at.month().into(),
            (Part::Whole | Part::Date, "day") => at.day().into(),
            (Part::Whole | Part::Time, "hour") => at.hour().into(),
            (Part::Whole | Part::Time, "minute") => at.minute().into(),
            (Part::Whole | Part::Time, "second") => at.second().into(),
            (Part::Whole | Part::Time, "microsecond") => (at.subsec_nanosecond() / 1000).into(),
            (Part::Whole | Part::Time, "tzinfo") => self
                .offset
                .map_or_else(|| Value::from(()), |offset| Value::from(format!("UTC{}", offset_text(offset, ":")))),
            _ => return None,
        })
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let (args, named) = Given(args).parts();
        self.method(method, args, named)
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        self.order(other.downcast_ref::<Moment>()?)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Elapsed {
    fn value(self) -> Value {
        Value::from_object(self)
    }
}

impl Elapsed {
    fn repr(self) -> String {
        let (days, rest) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let parts = [("days", days), ("seconds", rest / SECOND), ("microseconds", rest % SECOND)];
        let shown: Vec<String> = parts.iter().filter(|(_, n)| *n != 0).map(|(name, n)| format!("{name}={n}")).collect();
        format!("datetime.timedelta({})", if shown.is_empty() { "0".to_owned() } else { shown.join(", ") })
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        if days != 0 {
            write!(f, "{days} day{}, ", if days.abs() == 1 { "" } else { "s" })?;
        }
        let (seconds, micros) = (rest / SECOND, rest % SECOND);
        write!(f, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if micros != 0 { write!(f, ".{micros:06}") } else { Ok(()) }
    }
}

impl Object for Elapsed {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0 != 0
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(Value::from(match key.as_str()? {
            "days" => self.0.div_euclid(DAY),
            "seconds" => self.0.rem_euclid(DAY) / SECOND,
            "microseconds" => self.0.rem_euclid(SECOND),
            _ => return None,
        }))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match (method, args) {
            ("total_seconds", []) => Ok(Value::from(self.0 as f64 / 1e6)),
            ("total_seconds", _) => Err(wrong("`total_seconds()` has no arguments")),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(self.0.cmp(&other.downcast_ref::<Elapsed>()?.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
