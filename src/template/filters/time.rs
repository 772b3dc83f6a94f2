//! Filters on dates and times.

use super::args::{Args, add_filter};
use super::{Filter, data};
use crate::template::moment::{clock, read};
use crate::value::Value as Data;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::{Error, State, Value};

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

fn strftime(_: &mut State<'_, '_>, args: &Args<'_>) -> Result<Value, Error> {
    let format = args.input_text()?;
    let moment = match args.given("second").map(data).transpose()? {
        None => Timestamp::now(),
        Some(Data::Bool(second)) => Timestamp::from_second(second.into()).unwrap_or_default(),
        Some(second) => {
            let said = second.to_text();
            let bad = || args.error(format!("`{said}` is no number of seconds since 1970"));
            let seconds = super::number::read_float(&said).filter(|f| f.is_finite()).ok_or_else(bad)?;
            Timestamp::from_second(seconds.floor() as i64).map_err(|_| bad())?
        }
    };
    let utc = args.flag("utc", false);
    let zone = if utc { TimeZone::UTC } else { TimeZone::system() };
    // The C library calls the zone by its old name.
    clock(&format, &moment.to_zoned(zone), utc.then_some("GMT")).map(Value::from)
}

fn to_datetime(_: &mut State<'_, '_>, args: &Args<'_>) -> Result<Value, Error> {
    let said = args.input_text()?;
    let format = args.text("format")?.unwrap_or_else(|| "%Y-%m-%d %H:%M:%S".into());
    read(&format, &said).map_err(|error| args.error(format!("cannot read `{said}` as `{format}`: {error}")))
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
