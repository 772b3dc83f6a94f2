//! Arguments in the run: aliases resolved, types coerced, defaults filled in.

use super::check::argument;
use super::{Arg, ArgKind, Args, split_key_value};
use crate::failure::{Failure, FailureKind};
use crate::module::Module;
use crate::value::{Key, Map, Value};
use crate::yaml::Mapping;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// Makes a step's arguments of rendered ones: aliases resolved, types coerced, defaults filled in.
///
/// `rendered` holds what each argument as written came to; `written` is the mapping it came from. Expression arguments
/// are taken from `written`.
pub fn coerce_args(module: &Module, called: &str, written: &Mapping, rendered: Map) -> Result<Args, Failure> {
    let mut args = Args { map: Map::with_capacity(module.args.len()), ..Args::default() };
    let defaults = defaults(module);
    for (key, value) in rendered {
        let name = key.to_string();
        let span = written.entry(&name).map(|(_, node)| node.span);
        let wrong = |message: String| {
            let failure = Failure::new(FailureKind::Argument, message);
            match span {
                Some(span) => failure.at(span),
                None => failure,
            }
        };
        if matches!(value, Value::Omit) {
            continue;
        }
        let Some(arg) = argument(module, &name) else {
            if module.any_args {
                args.map.insert(key, value);
                continue;
            }
            return Err(wrong(format!("`{called}` has no argument `{name}`")));
        };
        if let Some(span) = span {
            args.spans.push((arg.name.into(), span));
        }
        if matches!(value, Value::Null) && arg.kind != ArgKind::Raw {
            continue;
        }
        let value = coerce(arg, value).map_err(|why| wrong(format!("argument `{name}` of `{called}` {why}")))?;
        if let Some(why) = arg.refuses(&value) {
            return Err(wrong(format!("argument `{name}` of `{called}` is not supported: {why}")));
        }
        args.map.insert(arg.name, value);
    }
    for (arg, default) in module.args.iter().zip(&*defaults) {
        if arg.kind == ArgKind::Expression {
            let names = std::iter::once(arg.name).chain(arg.aliases.iter().copied());
            if let Some(node) = names.filter_map(|n| written.get(n)).next() {
                args.expressions.push((arg.name.into(), node.clone()));
            }
        } else if !args.map.contains(arg.name) {
            if let Some((name, value)) = default {
                args.map.insert(name.clone(), value.clone());
            } else if arg.required {
                return Err(Failure::new(
                    FailureKind::Argument,
                    format!("`{called}` needs the argument `{}`", arg.name),
                ));
            }
        }
    }
    Ok(args)
}

/// An argument's name and its value when it is not given.
type NotGiven = Option<(Key, Value)>;

/// What is known of tables of arguments, by where a table is and how long.
type ByTable<T> = LazyLock<RwLock<HashMap<(usize, usize), T>>>;

static DEFAULTS: ByTable<Arc<[NotGiven]>> = LazyLock::new(RwLock::default);

/// Returns the default of each argument of a module. Every step asks for them, so they are made once.
fn defaults(module: &Module) -> Arc<[NotGiven]> {
    let place = (module.args.as_ptr().addr(), module.args.len());
    if let Some(known) = DEFAULTS.read().unwrap_or_else(PoisonError::into_inner).get(&place) {
        return Arc::clone(known);
    }
    let default = |arg: &Arg| {
        let value = coerce(arg, default_value(arg.default?));
        Some((arg.name.into(), value.expect("a test over the module table coerces every default")))
    };
    let made: Arc<[NotGiven]> = module.args.iter().map(default).collect();
    DEFAULTS.write().unwrap_or_else(PoisonError::into_inner).insert(place, Arc::clone(&made));
    made
}

/// Returns a default of a table, written as in YAML's simplest forms.
pub(super) fn default_value(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "[]" => Value::list(Vec::<Value>::new()),
        "{}" => Value::from(Map::new()),
        other => match other.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(items) => Value::list(items.split(',').map(|item| default_value(item.trim()))),
            None => other.parse::<i64>().map_or_else(|_| other.into(), Value::from),
        },
    }
}

/// Returns the value as the argument's kind, or why it cannot be one (a fragment after "argument `x` of `m`").
pub(super) fn coerce(arg: &Arg, value: Value) -> Result<Value, String> {
    let no = |value: &Value| format!("must be {}, not {}", kind_name(arg.kind), shown(value));
    let value = match arg.kind {
        ArgKind::Raw | ArgKind::Expression => value,
        ArgKind::Str | ArgKind::Path | ArgKind::Secret => match value {
            Value::Str(_) => value,
            Value::List(_) | Value::Map(_) if arg.kind == ArgKind::Path => return Err(no(&value)),
            // As it is sent to a module.
            Value::Moment(moment) => Value::from(moment.iso("T")),
            other => Value::from(other.to_text()),
        },
        ArgKind::Bool => match &value {
            Value::Bool(_) => value,
            Value::Int(n @ (0 | 1)) => Value::Bool(*n == 1),
            Value::Float(f) if *f == 0.0 || *f == 1.0 => Value::Bool(*f == 1.0),
            Value::Str(text) => match text.to_lowercase().trim() {
                "yes" | "on" | "1" | "true" | "t" | "y" | "1.0" => Value::Bool(true),
                "no" | "off" | "0" | "false" | "f" | "n" | "0.0" => Value::Bool(false),
                _ => return Err(no(&value)),
            },
            _ => return Err(no(&value)),
        },
        ArgKind::Int => match &value {
            Value::Int(_) => value,
            Value::Float(f) if f.fract() == 0.0 && f.abs() < 1e30 => Value::Int(*f as i128),
            Value::Str(text) => Value::Int(text.trim().parse().map_err(|_| no(&value))?),
            _ => return Err(no(&value)),
        },
        ArgKind::Float => match &value {
            Value::Int(_) | Value::Float(_) => value,
            Value::Str(text) => Value::Float(text.trim().parse().map_err(|_| no(&value))?),
            _ => return Err(no(&value)),
        },
        ArgKind::List => match value {
            Value::List(_) => value,
            Value::Str(text) if text.is_empty() => Value::list(Vec::<Value>::new()),
            Value::Str(text) => Value::list(text.split(',').map(str::trim)),
            Value::Map(_) => return Err(no(&value)),
            other => Value::list([other]),
        },
        ArgKind::Dict => match &value {
            Value::Map(_) => value,
            Value::Str(text) => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(json @ serde_json::Value::Object(_)) => json.into(),
                _ => {
                    let pairs = split_key_value(&text.replace(',', " "));
                    if pairs.is_empty() || pairs.iter().any(|(key, _)| key.is_none()) {
                        return Err(no(&value));
                    }
                    Value::from(
                        pairs
                            .into_iter()
                            .map(|(k, v)| (Key::from(k.unwrap_or_default()), Value::from(v)))
                            .collect::<Map>(),
                    )
                }
            },
            _ => return Err(no(&value)),
        },
    };
    let allowed = |value: &Value| arg.choices.is_empty() || arg.choices.contains(&&*value.to_text());
    let bad = match &value {
        Value::List(items) => items.iter().find(|item| !allowed(item)),
        other => Some(other).filter(|other| !allowed(other)),
    };
    match bad {
        None => Ok(value),
        Some(bad) => Err(format!(
            "must be one of {}, not {}",
            arg.choices.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", "),
            shown(bad)
        )),
    }
}

fn kind_name(kind: ArgKind) -> &'static str {
    match kind {
        ArgKind::Str | ArgKind::Secret => "text",
        ArgKind::Path => "a path",
        ArgKind::Bool => "a boolean",
        ArgKind::Int => "a whole number",
        ArgKind::Float => "a number",
        ArgKind::List => "a list",
        ArgKind::Dict => "a dictionary",
        ArgKind::Raw | ArgKind::Expression => "a value",
    }
}

/// Returns a value as a message shows it: short text in backticks, anything else by its kind.
fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) if text.chars().count() <= 40 => format!("`{text}`"),
        Value::List(_) | Value::Map(_) | Value::Str(_) => format!("a {}", value.kind()),
        other => format!("`{}`", other.to_text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_what_the_argument_is() {
        let arg = |kind| Arg::new("x", kind, "");
        assert_eq!(coerce(&arg(ArgKind::Bool), "Yes".into()), Ok(Value::Bool(true)));
        assert_eq!(coerce(&arg(ArgKind::Int), "30".into()), Ok(Value::Int(30)));
        assert_eq!(coerce(&arg(ArgKind::List), "a, b".into()), Ok(vec!["a", "b"].into()));
        assert_eq!(
            coerce(&arg(ArgKind::Dict), "a=1, b=2".into()).map(|v| v.to_text()),
            Ok("{'a': '1', 'b': '2'}".into())
        );
        assert_eq!(coerce(&arg(ArgKind::Int), "x".into()), Err("must be a whole number, not `x`".into()));
        let choice = arg(ArgKind::Str).choices(&["a", "b"]);
        assert_eq!(coerce(&choice, "c".into()), Err("must be one of `a`, `b`, not `c`".into()));
    }
}
