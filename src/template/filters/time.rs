//! Filters on dates and times.

use super::args::{Args, add_filter};
use super::python::text;
use super::{Filter, data};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;
use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "strftime",
        aliases: &[],
        doc: "Writes a moment (`second` since 1970, now if not given) as the format says, in local time or `utc`.",
        add: |env, name| add_filter(env, name, &["second", "utc"], strftime),
    },
    Filter {
        name: "to_datetime",
        aliases: &[],
        doc: "Reads a date and time written in `format` (`%Y-%m-%d %H:%M:%S`).",
        add: |env, name| add_filter(env, name, &["format"], to_datetime),
    },
];

/// Returns a format with the directives that depend on the locale spelled out, as they are in the C locale.
fn plain_format(format: &str) -> String {
    let mut out = String::with_capacity(format.len());
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('c') => out.push_str("%a %b %e %H:%M:%S %Y"),
            Some('x') => out.push_str("%m/%d/%y"),
            Some('X') => out.push_str("%H:%M:%S"),
            Some('r') => out.push_str("%I:%M:%S %p"),
            Some(other) => out.extend(['%', other]),
            None => out.push_str("%%"),
        }
    }
    out
}

fn strftime(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let format = args.input_text()?;
    let moment = match args.given("second").map(data).transpose()? {
        None => Timestamp::now(),
        Some(second) => {
            let said = second.to_text();
            let bad = || args.error(format!("`{said}` is no number of seconds since 1970"));
            let seconds = super::number::read_float(&said).filter(|f| f.is_finite()).ok_or_else(bad)?;
            Timestamp::from_second(seconds.floor() as i64).map_err(|_| bad())?
        }
    };
    let utc = args.flag("utc", false);
    let zone = if utc { TimeZone::UTC } else { TimeZone::system() };
    let plain = plain_format(&format);
    // The C library calls the zone by its old name.
    let plain = if utc { plain.replace("%Z", "GMT") } else { plain };
    match strtime::format(plain, &moment.to_zoned(zone)) {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(args.error(format!("cannot write the time as `{format}`: {error}"))),
    }
}

fn to_datetime(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let said = args.input_text()?;
    let format = args.text("format")?.unwrap_or_else(|| "%Y-%m-%d %H:%M:%S".into());
    let bad = |error: jiff::Error| args.error(format!("cannot read `{said}` as `{format}`: {error}"));
    let parts = BrokenDownTime::parse(plain_format(&format), &said).map_err(bad)?;
    // A format without a time of day means midnight.
    let moment = parts.to_datetime().or_else(|_| parts.to_date().map(|date| date.at(0, 0, 0, 0))).map_err(bad)?;
    Ok(Value::from_object(Moment(moment)))
}

/// A date and time without a zone, as Python's `datetime`.
#[derive(Debug)]
pub(super) struct Moment(DateTime);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = if self.0.subsec_nanosecond() == 0 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M:%S.%6f" };
        f.write_str(&strtime::format(format, self.0).map_err(|_| fmt::Error)?)
    }
}

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = self.0;
        Some(match key.as_str()? {
            "year" => at.year().into(),
            "month" => at.month().into(),
            "day" => at.day().into(),
            "hour" => at.hour().into(),
            "minute" => at.minute().into(),
            "second" => at.second().into(),
            "microsecond" => (at.subsec_nanosecond() / 1000).into(),
            _ => return None,
        })
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let failed = |why: String| Error::new(ErrorKind::InvalidOperation, format!("method `{method}`: {why}"));
        match (method, args) {
            ("strftime", [format]) => {
                let format = plain_format(&text(format)?);
                strtime::format(format, self.0).map(Value::from).map_err(|error| failed(error.to_string()))
            }
            ("isoformat", []) => Ok(self.to_string().replace(' ', "T").into()),
            ("timestamp", []) => match self.0.to_zoned(TimeZone::system()) {
                Ok(zoned) => Ok((zoned.timestamp().as_microsecond() as f64 / 1e6).into()),
                Err(error) => Err(failed(error.to_string())),
            },
            ("strftime" | "isoformat" | "timestamp", _) => Err(failed("wrong number of arguments".into())),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &minijinja::value::DynObject) -> Option<Ordering> {
        Some(self.0.cmp(&other.downcast_ref::<Moment>()?.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_parts_and_methods() {
        let mut env = minijinja::Environment::new();
        FILTERS.iter().for_each(|row| (row.add)(&mut env, row.name));
        let cases = [
            ("('2024-02-29 10:20:30' | to_datetime).year", "2024"),
            ("('2024-02-29 10:20:30' | to_datetime).isoformat()", "2024-02-29T10:20:30"),
            ("('29.02.2024' | to_datetime('%d.%m.%Y')).strftime('%j %H')", "060 00"),
            ("'2024-02-29 10:20:30' | to_datetime", "2024-02-29 10:20:30"),
            ("('2024-02-29' | to_datetime('%Y-%m-%d')) < ('2024-03-01' | to_datetime('%Y-%m-%d'))", "True"),
        ];
        for (expression, want) in cases {
            let got = env.compile_expression(expression).unwrap().eval(()).unwrap();
            assert_eq!(got.to_string(), want, "{expression}");
        }
        assert!(env.compile_expression("'x' | to_datetime").unwrap().eval(()).is_err());
    }
}
