//! What a task gives as values of options: whether they may be, and the values as what the options are.

use super::options::{Kind, Opt, Options};
use super::{interface, ports, ranges};
use crate::value::{Map, Value};

impl Options {
    /// Returns the values as what the options are; `with_defaults` fills in what is not given.
    ///
    /// # Errors
    /// Says which option is wrong, as a fragment: "`config[0].mtu` must be …".
    pub fn coerce(&self, platform: &str, at: &str, given: &Map, with_defaults: bool) -> Result<Map, String> {
        let path = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        let mut out = Map::new();
        for (key, value) in given.iter().filter(|(_, value)| !matches!(value, Value::Null | Value::Omit)) {
            let name = key.to_string();
            let option = self.find(&name).ok_or_else(|| self.unknown(&path(&name), &name))?;
            out.insert(name.as_str(), option.coerce(platform, &path(&name), value, with_defaults)?);
        }
        self.check_exclusive(&out, &path)?;
        for option in self.all.iter().filter(|option| !out.contains(&option.name)).collect::<Vec<_>>() {
            if option.required {
                return Err(format!("`{}` is missing", path(&option.name)));
            }
            if let (Some(default), true) = (&option.default, with_defaults || self.key.contains(&option.name)) {
                out.insert(
                    option.name.as_str(),
                    option.scalar(platform, &path(&option.name), &default.as_str().into())?,
                );
            }
        }
        Ok(out)
    }

    /// Returns values as those of the options, in their order.
    fn in_order(&self, at: &str, values: &[Value]) -> Result<Map, String> {
        if values.len() > self.all.len() {
            let names: Vec<&str> = self.all.iter().map(|option| option.name.as_str()).collect();
            return Err(format!("`{at}` has more values than {}", names.join(", ")));
        }
        Ok(self.all.iter().zip(values).map(|(option, value)| (option.name.as_str(), value.clone())).collect())
    }

    fn check_exclusive(&self, given: &Map, path: &impl Fn(&str) -> String) -> Result<(), String> {
        let is_given = |name: &&String| match given.get(name) {
            None | Some(Value::Bool(false)) => false,
            Some(value) => value.as_map().is_none_or(|map| !map.is_empty()),
        };
        for names in &self.exclusive {
            let mut there = names.iter().filter(is_given);
            if let (Some(first), Some(second)) = (there.next(), there.next()) {
                return Err(format!("`{}` and `{}` exclude each other", path(first), path(second)));
            }
        }
        Ok(())
    }

    /// Says which item is one too many.
    fn check_alone(&self, at: &str, items: &[Value]) -> Result<(), String> {
        let Some(name) = &self.one_without else { return Ok(()) };
        let is_without = |item: &Value| {
            let map = item.as_map();
            map.is_some_and(|map| {
                let has_name = self.key.iter().all(|key| map.contains(key));
                has_name && matches!(map.get(name), None | Some(Value::Bool(false)))
            })
        };
        let mut without = items.iter().enumerate().filter(|(_, item)| is_without(item));
        match (without.next(), without.next()) {
            (Some(_), Some((number, _))) => Err(format!("`{at}[{number}]` needs `{name}`: only one may be without")),
            _ => Ok(()),
        }
    }
}

impl Opt {
    fn coerce(&self, platform: &str, at: &str, value: &Value, with_defaults: bool) -> Result<Value, String> {
        match (&self.kind, value) {
            (Kind::Dict(inside), Value::Map(map)) => Ok(inside.coerce(platform, at, map, with_defaults)?.into()),
            (Kind::Dict(_), other) => Err(format!("`{at}` must be a dictionary, not {}", shown(other))),
            (Kind::List(inside), Value::List(items)) => {
                let item = |(number, item): (usize, &Value)| match item {
                    Value::Map(map) => {
                        Ok(Value::from(inside.coerce(platform, &format!("{at}[{number}]"), map, with_defaults)?))
                    }
                    Value::List(values) if inside.positional => {
                        let map = inside.in_order(&format!("{at}[{number}]"), values)?;
                        Ok(Value::from(inside.coerce(platform, &format!("{at}[{number}]"), &map, with_defaults)?))
                    }
                    other => Err(format!("`{at}[{number}]` must be a dictionary, not {}", shown(other))),
                };
                let items = items.iter().enumerate().map(item).collect::<Result<Vec<_>, _>>()?;
                inside.check_alone(at, &items)?;
                Ok(Value::list(items))
            }
            (Kind::List(_), other) => Err(format!("`{at}` must be a list, not {}", shown(other))),
            (Kind::Texts | Kind::Ints | Kind::Interfaces | Kind::Ranges, value) => self.several(platform, at, value),
            _ => self.scalar(platform, at, value),
        }
    }

    /// Returns a list of plain values; text is split at commas, as Ansible does.
    fn several(&self, platform: &str, at: &str, value: &Value) -> Result<Value, String> {
        let given: Vec<Value> = match value {
            Value::List(items) => items.to_vec(),
            Value::Str(text) => text.split(',').map(|part| Value::from(part.trim())).collect(),
            other => vec![other.clone()],
        };
        let items = given.iter().map(|item| self.scalar(platform, at, item)).collect::<Result<Vec<_>, _>>()?;
        if matches!(self.kind, Kind::Ranges) {
            let text = items.iter().map(Value::to_text).collect::<Vec<_>>().join(",");
            // Words (`all`, `none`) stay what they are.
            return Ok(match ranges::read(&text) {
                Some(numbers) => Value::list(ranges::parts(&numbers)),
                None => Value::list(items),
            });
        }
        Ok(Value::list(items))
    }

    fn scalar(&self, platform: &str, at: &str, value: &Value) -> Result<Value, String> {
        let no = |what: &str| Err(format!("`{at}` must be {what}, not {}", shown(value)));
        let out = match (&self.kind, value) {
            (_, Value::List(_) | Value::Map(_)) => return no("a single value"),
            (Kind::Int | Kind::Ints, value) => match value {
                Value::Int(_) => value.clone(),
                other => match other.to_text().trim().parse::<i128>() {
                    Ok(number) => Value::Int(number),
                    Err(_) => return no("a whole number"),
                },
            },
            (Kind::Bool, Value::Bool(_)) => value.clone(),
            (Kind::Bool, other) => match other.to_text().to_lowercase().as_str() {
                "yes" | "on" | "1" | "true" | "t" | "y" => Value::Bool(true),
                "no" | "off" | "0" | "false" | "f" | "n" => Value::Bool(false),
                _ => return no("a boolean"),
            },
            (Kind::Interface | Kind::Interfaces, other) => {
                Value::from(interface::whole_name(platform, &other.to_text()))
            }
            (Kind::Port, other) => Value::from(ports::number(platform, &other.to_text())),
            (_, other) => Value::from(other.to_text()),
        };
        let text = out.to_text();
        // What is typed is a line: a control character in it would be a command of its own.
        let may_break = matches!(self.kind, Kind::Block);
        if text.contains(|c: char| c.is_control() && !(may_break && c == '\n')) {
            return no("one line of text without control characters");
        }
        if !self.choices.is_empty() && !self.choices.contains(&text) {
            return Err(format!("`{at}` must be one of {}, not {}", self.choices.join(", "), shown(value)));
        }
        Ok(out)
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) if text.chars().count() <= 40 => format!("`{text}`"),
        Value::List(_) | Value::Map(_) | Value::Str(_) => format!("a {}", value.kind()),
        other => format!("`{}`", other.to_text()),
    }
}
