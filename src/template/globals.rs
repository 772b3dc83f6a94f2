//! Functions that every template knows: `range`, `dict`, `now`, `lookup`, …

use super::convert::{Undefined, to_key};
use super::engine::omit;
use super::lookups;
use super::moment::written;
use super::operate::{iterate, type_name, wrong};
use super::range::Range;
use crate::failure::{Failure, FailureKind};
use crate::value::Moment;
use indexmap::IndexMap;
use jiff::Zoned;
use jiff::tz::TimeZone;
use minijinja::value::{Kwargs, Object, ObjectRepr, Rest, Value, ValueKind};
use minijinja::{Environment, Error, State};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Functions that need their arguments. The others look at them themselves.
pub(crate) const NEEDING: [&str; 6] = ["range", "dict", "lipsum", "cycler", "joiner", "now"];

/// What every template knows by name, each with a sentence.
pub(crate) const NAMES: &[(&str, &str)] = &[
    ("cycler", "Makes a thing whose `next()` goes through its arguments again and again."),
    ("dict", "Makes a dictionary of a list of pairs and of named arguments."),
    ("joiner", "Makes a function that gives nothing at first and its argument (`, `) from then on."),
    ("lipsum", "Gives filler text."),
    ("lookup", "Runs a lookup and gives its result as one value."),
    ("namespace", "Makes a thing whose attributes may be set inside of loops."),
    ("now", "Gives the time, `utc` or local, written as `fmt` says."),
    ("omit", "Leaves out the argument that has this value."),
    ("q", "Does what `query` does."),
    ("query", "Runs a lookup and gives its result as a list."),
    ("range", "Gives the whole numbers from `start` to before `stop`."),
    ("undef", "Makes a value that is undefined, with a `hint` for the error."),
];

/// The longest `range`: longer ones are a mistake, and most filters would make a list of them.
const MAX_RANGE: i128 = 1_000_000;

/// Adds them to an environment.
pub(crate) fn add(env: &mut Environment<'static>) {
    env.add_function("namespace", minijinja::functions::namespace);
    env.add_function("range", range);
    env.add_function("dict", dict);
    env.add_function("lipsum", lipsum);
    env.add_function("cycler", |items: Rest<Value>| -> Result<Value, Error> {
        if items.is_empty() {
            return Err(wrong("`cycler()` wants at least one item"));
        }
        Ok(Value::from_object(Cycler { items: items.0, at: AtomicUsize::new(0) }))
    });
    env.add_function("joiner", |sep: Option<String>| {
        Value::from_object(Joiner { sep: sep.unwrap_or_else(|| ", ".into()), used: AtomicBool::new(false) })
    });
    env.add_function("now", now);
    env.add_function("undef", |hint: Option<Value>, options: Kwargs| -> Result<Value, Error> {
        let hint = match hint {
            Some(hint) => Some(hint),
            None => options.get::<Option<Value>>("hint")?,
        };
        let message = match hint.as_ref().and_then(Value::as_str) {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => "mandatory variable has not been set".to_owned(),
        };
        Ok(Value::from_object(Undefined(Failure::new(FailureKind::Undefined, message))))
    });
    env.add_global("omit", omit());
    env.add_function("lookup", |state: &mut State<'_, '_>, args: Rest<Value>, named: Kwargs| {
        lookups::call(state, &args, &named, false)
    });
    for name in ["query", "q"] {
        env.add_function(name, |state: &mut State<'_, '_>, args: Rest<Value>, named: Kwargs| {
            lookups::call(state, &args, &named, true)
        });
    }
}

fn range(first: Value, second: Option<Value>, third: Option<Value>) -> Result<Value, Error> {
    let int = |value: &Value| match value.is_integer() || value.kind() == ValueKind::Bool {
        true => i128::try_from(value.clone()),
        false => Err(wrong(format!("`range()` wants whole numbers, not a {}", type_name(value)))),
    };
    let (start, stop) = match &second {
        Some(stop) => (int(&first)?, int(stop)?),
        None => (0, int(&first)?),
    };
    let step = third.as_ref().map_or(Ok(1), int)?;
    let range = Range::new(start, stop, step).ok_or_else(|| wrong("step of `range()` is 0"))?;
    let count = range.count();
    if count > MAX_RANGE {
        return Err(wrong(format!("`range()` of {count} numbers is too long")));
    }
    Ok(Value::from_object(range))
}

fn dict(positional: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let mut entries = IndexMap::new();
    match positional.as_slice() {
        [] => {}
        [other] if other.kind() == ValueKind::Map => {
            let Some(object) = other.as_object() else { return Err(wrong("`dict()` wants a dictionary")) };
            for (key, value) in object.try_iter_pairs().into_iter().flatten() {
                entries.insert(to_key(&key)?, value);
            }
        }
        [other] => {
            for item in iterate(other)?.try_iter()?.checked() {
                let mut parts = item?.try_iter()?;
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(key), Some(value), None) => drop(entries.insert(to_key(&key)?, value)),
                    _ => return Err(wrong("`dict()` wants pairs of key and value")),
                }
            }
        }
        _ => return Err(wrong("`dict()` takes one dictionary or list of pairs")),
    }
    for name in named.args() {
        entries.insert(name.into(), named.get::<Value>(name)?);
    }
    Ok(super::mutable::Dict::value(entries))
}

/// Returns filler text: always the same, so that a run can be repeated.
fn lipsum(positional: Rest<Value>, named: Kwargs) -> Result<String, Error> {
    const TEXT: &str = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut \
                        labore et dolore magna aliqua.";
    let count = match positional.first() {
        Some(count) => i64::try_from(count.clone())?,
        None => named.get::<Option<i64>>("n")?.unwrap_or(5),
    };
    let html = match positional.get(1) {
        Some(html) => html.is_true(),
        None => named.get::<Option<bool>>("html")?.unwrap_or(true),
    };
    let paragraphs = (0..count.clamp(0, 100)).map(|_| if html { format!("<p>{TEXT}</p>") } else { TEXT.to_owned() });
    Ok(paragraphs.collect::<Vec<_>>().join(if html { "\n" } else { "\n\n" }))
}

#[derive(Debug)]
struct Cycler {
    items: Vec<Value>,
    at: AtomicUsize,
}

impl Object for Cycler {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str() == Some("current"))
            .then(|| self.items[self.at.load(Ordering::Relaxed) % self.items.len()].clone())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Result<Value, Error> {
        match method {
            "next" => Ok(self.items[self.at.fetch_add(1, Ordering::Relaxed) % self.items.len()].clone()),
            "reset" => {
                self.at.store(0, Ordering::Relaxed);
                Ok(Value::from(()))
            }
            _ => Err(wrong(format!("a cycler has no method `{method}`"))),
        }
    }
}

#[derive(Debug)]
struct Joiner {
    sep: String,
    used: AtomicBool,
}

impl Object for Joiner {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from(if self.used.swap(true, Ordering::Relaxed) { self.sep.as_str() } else { "" }))
    }
}

fn now(positional: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let argument = |at: usize, name: &str| match positional.get(at) {
        Some(value) => Ok(Some(value.clone())),
        None => named.get::<Option<Value>>(name),
    };
    let utc = argument(0, "utc")?.is_some_and(|utc| utc.is_true());
    let time = if utc { Zoned::now().with_time_zone(TimeZone::UTC) } else { Zoned::now() };
    match argument(1, "fmt")?.filter(|fmt| !fmt.is_none()) {
        Some(fmt) => match fmt.as_str() {
            Some(fmt) => written(fmt, time.datetime(), None).map(Value::from),
            None => Err(wrong("a time format is text")),
        },
        None => Ok(Moment::new(time.datetime()).value()),
    }
}
