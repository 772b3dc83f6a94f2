//! Values as Python writes them: `str()` beside text, `repr()` inside of lists, dictionaries and formats.
//!
//! Lists, tuples, ranges, bytes and moments keep their own look, also deep inside; data has lists alone, so what is data
//! already is written faster.

use super::bytes::Bytes;
use super::convert::{ListObject, MAX_DEPTH, NoElse, OmitObject, defined, error_inside, from_engine};
use super::filters::Group;
use super::moment;
use super::range::Range;
use crate::value::{Map, Value as Data, python_float, python_quoted};
use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};
use std::borrow::Cow;

/// Returns a value as it is written in text: Python's `str()`, with nothing for what is left out.
pub(crate) fn text_of(value: &Value) -> Result<Cow<'_, str>, Error> {
    if let Some(text) = value.as_str() {
        return Ok(Cow::Borrowed(text));
    }
    if value.kind() == ValueKind::Plain {
        if value.downcast_object_ref::<NoElse>().is_some() {
            return Ok("".into());
        }
        if let Some(text) = moment::text(value) {
            return Ok(text.into());
        }
        // What is omitted is written by its name; everything else that is no data is an error.
        return from_engine(value).map(|data| data.to_text().into());
    }
    repr(value).map(Cow::Owned)
}

/// Returns what a value is written as between texts: there a tuple is a list already, and bytes are text.
pub(crate) fn shown(value: &Value) -> Result<Cow<'_, str>, Error> {
    if let Some(bytes) = value.downcast_object_ref::<Bytes>() {
        return Ok(String::from_utf8_lossy(&bytes.0));
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => {
            let mut writer = Writer { out: String::new(), tuples: ['[', ']'] };
            writer.value(value, 0)?;
            Ok(writer.out.into())
        }
        _ => text_of(value),
    }
}

/// Returns what Python's `repr()` gives.
pub(crate) fn repr(value: &Value) -> Result<String, Error> {
    let mut writer = Writer { out: String::new(), tuples: ['(', ')'] };
    writer.value(value, 0)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    /// What stands around tuples.
    tuples: [char; 2],
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            let message = format!("value is nested deeper than {MAX_DEPTH} levels");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
        match value.kind() {
            ValueKind::None => self.out.push_str("None"),
            ValueKind::Bool => self.out.push_str(if value.is_true() { "True" } else { "False" }),
            ValueKind::Number if value.is_integer() => self.out.push_str(&value.to_string()),
            ValueKind::Number => self.out.push_str(&python_float(f64::try_from(value.clone())?)),
            ValueKind::String => python_quoted(value.as_str().unwrap_or_default(), &mut self.out),
            ValueKind::Seq | ValueKind::Iterable => self.sequence(value, depth)?,
            ValueKind::Map => self.dictionary(value, depth)?,
            ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
            ValueKind::Invalid => return Err(error_inside(value)),
            _ => match moment::repr(value) {
                Some(text) => self.out.push_str(&text),
                None => {
                    defined(value)?;
                    self.out.push_str(&from_engine(value)?.to_text());
                }
            },
        }
        Ok(())
    }

    fn sequence(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if let Some(list) = value.downcast_object_ref::<ListObject>() {
            self.out.push_str(&Data::List(list.0.clone()).to_text());
            return Ok(());
        }
        if let Some(range) = value.downcast_object_ref::<Range>() {
            self.out.push_str(&range.to_string());
            return Ok(());
        }
        if let Some(bytes) = value.downcast_object_ref::<Bytes>() {
            self.out.push_str(&bytes.to_string());
            return Ok(());
        }
        let is_tuple = value.is_tuple() || value.downcast_object_ref::<Group>().is_some();
        let [open, close] = if is_tuple { self.tuples } else { ['[', ']'] };
        self.out.push(open);
        let mut count = 0;
        for item in value.try_iter()?.checked() {
            let item = item?;
            if item.downcast_object_ref::<OmitObject>().is_some() {
                continue;
            }
            if count > 0 {
                self.out.push_str(", ");
            }
            self.value(&item, depth + 1)?;
            count += 1;
        }
        if count == 1 && open == '(' {
            self.out.push(',');
        }
        self.out.push(close);
        Ok(())
    }

    fn dictionary(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if let Some(map) = value.downcast_object::<Map>() {
            self.out.push_str(&Data::Map(map).to_text());
            return Ok(());
        }
        let pairs = value.as_object().and_then(|object| object.try_iter_pairs());
        self.out.push('{');
        let mut is_first = true;
        for (key, item) in pairs.into_iter().flatten() {
            if item.downcast_object_ref::<OmitObject>().is_some() {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                self.out.push_str(", ");
            }
            self.value(&key, depth + 1)?;
            self.out.push_str(": ");
            self.value(&item, depth + 1)?;
        }
        self.out.push('}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::template::recorded::{recorded_vars, templar, text_node};
    use crate::value::Value;
    use std::sync::Arc;

    /// `repr()` of moments and of what no data holds, which the recordings have in part only.
    #[test]
    fn moments_inside_of_a_list_are_written_as_python_does() {
        let templar = templar(Arc::new(recorded_vars()));
        for (text, repr) in [
            ("'2024-01-02 10:20:30' | to_datetime", "datetime.datetime(2024, 1, 2, 10, 20, 30)"),
            ("'2024-01-02 10:20:00' | to_datetime", "datetime.datetime(2024, 1, 2, 10, 20)"),
            ("('2024-01-02 10:20:30' | to_datetime).date()", "datetime.date(2024, 1, 2)"),
            ("('2024-01-02 10:20:30' | to_datetime).time()", "datetime.time(10, 20, 30)"),
            (
                "'2024 +0200' | to_datetime('%Y %z')",
                "datetime.datetime(2024, 1, 1, 0, 0, tzinfo=datetime.timezone(datetime.timedelta(seconds=7200)))",
            ),
            (
                "'2024 -0100' | to_datetime('%Y %z')",
                "datetime.datetime(2024, 1, 1, 0, 0, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=82800)))",
            ),
            (
                "'2024 +0000' | to_datetime('%Y %z')",
                "datetime.datetime(2024, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)",
            ),
            ("('2024' | to_datetime('%Y')) - ('2023' | to_datetime('%Y'))", "datetime.timedelta(days=365)"),
            ("('2024' | to_datetime('%Y')) - ('2024' | to_datetime('%Y'))", "datetime.timedelta(0)"),
        ] {
            let node = text_node(&format!("{{{{ [{text}] ~ '' }}}}"));
            let got = templar.node(&node).map_err(|failure| failure.message.expose().to_owned());
            assert_eq!(got, Ok(Value::from(format!("[{repr}]"))), "{text}");
        }
    }
}
