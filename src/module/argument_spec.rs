//! Argument specifications of roles: whether variables are what a role's author asks for (`meta/argument_specs.yml`).
//!
//! The checks come in the order of Ansible's validator and say what it says: what excludes each other, what is missing,
//! types, choices, dependencies, then the same for the options of dictionaries, and at last what nobody asked for.

use crate::value::{Map, Value};

/// What a validation has found.
#[derive(Default)]
struct Found {
    errors: Vec<String>,
    /// Names that nobody asked for (with the options around them), and what there is instead.
    unsupported: Vec<(String, String)>,
}

/// Returns what is wrong with parameters.
pub(super) fn validate(spec: &Map, mut parameters: Map) -> Vec<String> {
    let mut found = Found::default();
    resolve_aliases(spec, &mut parameters);
    found.unsupported(spec, &parameters, &[]);
    found.missing(spec, &parameters, &[]);
    found.types(spec, &mut parameters, &[]);
    found.choices(spec, &parameters, &[]);
    set_defaults(spec, &mut parameters);
    found.options(spec, &mut parameters, &mut Vec::new());
    let Found { mut errors, mut unsupported } = found;
    unsupported.sort();
    if let Some((_, supported)) = unsupported.first() {
        let names: Vec<&str> = unsupported.iter().map(|(name, _)| name.as_str()).collect();
        errors.push(format!("{}. Supported parameters include: {supported}.", names.join(", ")));
    }
    errors
}

fn field<'a>(spec: &'a Value, name: &str) -> Option<&'a Value> {
    spec.as_map()?.get(name).filter(|value| !matches!(value, Value::Null))
}

fn flag(spec: &Value, name: &str) -> bool {
    field(spec, name).is_some_and(Value::is_truthy)
}

fn text<'a>(spec: &'a Value, name: &str) -> Option<&'a str> {
    field(spec, name).and_then(Value::as_str)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::List(items)) => items.iter().map(Value::to_text).collect(),
        Some(other) => vec![other.to_text()],
        None => Vec::new(),
    }
}

fn resolve_aliases(spec: &Map, parameters: &mut Map) {
    for (name, option) in spec.iter() {
        for alias in texts(field(option, "aliases")) {
            if let Some(value) = parameters.get(&alias).cloned() {
                parameters.insert(name.clone(), value);
            }
        }
    }
}

fn set_defaults(spec: &Map, parameters: &mut Map) {
    for (name, option) in spec.iter() {
        if parameters.get_key(name).is_none()
            && let Some(default) = field(option, "default")
        {
            parameters.insert(name.clone(), default.clone());
        }
    }
}

/// Returns a message with the options around what it is about.
fn inside(message: String, around: &[String]) -> String {
    if around.is_empty() { message } else { format!("{message} found in {}", around.join(" -> ")) }
}

fn is_given(parameters: &Map, name: &str) -> bool {
    parameters.get(name).is_some()
}

impl Found {
    fn unsupported(&mut self, spec: &Map, parameters: &Map, around: &[String]) {
        let mut legal: Vec<String> = spec.iter().map(|(name, _)| name.to_string()).collect();
        legal.sort();
        let aliases: Vec<String> = spec.iter().flat_map(|(_, option)| texts(field(option, "aliases"))).collect();
        for (name, _) in parameters.iter() {
            let name = name.to_string();
            if legal.contains(&name) || aliases.contains(&name) {
                continue;
            }
            let mut supported = legal.join(", ");
            if !aliases.is_empty() {
                let mut aliases = aliases.clone();
                aliases.sort();
                supported.push_str(&format!(" ({})", aliases.join(", ")));
            }
            let path: Vec<&str> = around.iter().map(String::as_str).chain([name.as_str()]).collect();
            self.unsupported.push((path.join("."), supported));
        }
    }

    fn missing(&mut self, spec: &Map, parameters: &Map, around: &[String]) {
        let required = spec.iter().filter(|(_, option)| flag(option, "required"));
        let mut missing: Vec<String> =
            required.filter(|(name, _)| parameters.get_key(name).is_none()).map(|(name, _)| name.to_string()).collect();
        missing.sort();
        if !missing.is_empty() {
            self.errors.push(inside(format!("missing required arguments: {}", missing.join(", ")), around));
        }
    }

    fn types(&mut self, spec: &Map, parameters: &mut Map, around: &[String]) {
        let place = if around.is_empty() { String::new() } else { format!(" found in '{}'", around.join(" -> ")) };
        for (name, option) in spec.iter() {
            let Some(value) = parameters.get_key(name).cloned() else { continue };
            if matches!(value, Value::Null) && !flag(option, "required") && field(option, "default").is_none() {
                continue;
            }
            let wanted = text(option, "type").unwrap_or("str");
            let converted = match convert(wanted, &value) {
                Ok(converted) => converted,
                Err(why) => {
                    let dot = if place.is_empty() { "" } else { "." };
                    self.errors.push(format!(
                        "argument '{name}' is of type {}{place}{dot} and we were unable to convert to {wanted}: {why}",
                        type_name(&value)
                    ));
                    continue;
                }
            };
            let converted = match (text(option, "elements"), converted) {
                (Some(wanted), Value::List(items)) => {
                    let mut kept = Vec::new();
                    for item in items.iter() {
                        match convert(wanted, item) {
                            Ok(item) => kept.push(item),
                            Err(why) => self.errors.push(format!(
                                "Elements value for option '{name}'{place} is of type {} and we were unable to \
                                 convert to {wanted}: {why}",
                                type_name(item)
                            )),
                        }
                    }
                    Value::list(kept)
                }
                (_, converted) => converted,
            };
            parameters.insert(name.clone(), converted);
        }
    }

    fn choices(&mut self, spec: &Map, parameters: &Map, around: &[String]) {
        for (name, option) in spec.iter() {
            let (Some(choices), Some(value)) =
                (field(option, "choices").and_then(Value::as_list), parameters.get_key(name))
            else {
                continue;
            };
            let all = choices.iter().map(Value::to_text).collect::<Vec<_>>().join(", ");
            let message = match value {
                Value::List(items) => {
                    let others: Vec<String> =
                        items.iter().filter(|item| !choices.contains(item)).map(Value::to_text).collect();
                    (!others.is_empty()).then(|| {
                        let others = others.join(", ");
                        format!("value of {name} must be one or more of: {all}. Got no match for: {others}")
                    })
                }
                value if choices.contains(value) => None,
                value => Some(format!("value of {name} must be one of: {all}, got: {}", value.to_text())),
            };
            self.errors.extend(message.map(|message| inside(message, around)));
        }
    }

    /// Checks the options of dictionaries, and of lists of them.
    fn options(&mut self, spec: &Map, parameters: &mut Map, around: &mut Vec<String>) {
        for (name, option) in spec.iter() {
            let of_dicts = match text(option, "type") {
                Some("dict") => true,
                Some("list") => text(option, "elements") == Some("dict"),
                _ => false,
            };
            let Some(options) = field(option, "options").and_then(Value::as_map).filter(|_| of_dicts) else { continue };
            if flag(option, "apply_defaults") && parameters.get_key(name).is_none() {
                parameters.insert(name.clone(), Value::from(Map::new()));
            }
            let given = match parameters.get_key(name) {
                None | Some(Value::Null) => continue,
                Some(Value::List(items)) => items.to_vec(),
                Some(other) => vec![other.clone()],
            };
            around.push(name.to_string());
            for value in given {
                match value {
                    Value::Map(inner) => self.dictionary(option, options, (*inner).clone(), around),
                    _ => self.errors.push(format!("value of '{name}' must be of type dict or list of dicts")),
                }
            }
            around.pop();
        }
    }

    fn dictionary(&mut self, option: &Value, spec: &Map, mut parameters: Map, around: &mut Vec<String>) {
        resolve_aliases(spec, &mut parameters);
        self.unsupported(spec, &parameters, around);
        self.exclusive(option, &parameters, around);
        self.missing(spec, &parameters, around);
        self.types(spec, &mut parameters, around);
        self.choices(spec, &parameters, around);
        self.dependencies(option, &parameters, around);
        set_defaults(spec, &mut parameters);
        self.options(spec, &mut parameters, around);
    }

    fn exclusive(&mut self, option: &Value, parameters: &Map, around: &[String]) {
        let groups = groups(field(option, "mutually_exclusive"));
        let wrong: Vec<String> = groups
            .iter()
            .filter(|group| group.iter().filter(|name| is_given(parameters, name)).count() > 1)
            .map(|group| group.join("|"))
            .collect();
        if !wrong.is_empty() {
            self.errors.push(inside(format!("parameters are mutually exclusive: {}", wrong.join(", ")), around));
        }
    }

    fn dependencies(&mut self, option: &Value, parameters: &Map, around: &[String]) {
        let mut first = |message: Option<String>| self.errors.extend(message.map(|message| inside(message, around)));
        first(groups(field(option, "required_together")).iter().find_map(|group| {
            let given = group.iter().filter(|name| is_given(parameters, name)).count();
            let wrong = given > 0 && given < group.len();
            wrong.then(|| format!("parameters are required together: {}", group.join(", ")))
        }));
        first(groups(field(option, "required_one_of")).iter().find_map(|group| {
            let none = !group.iter().any(|name| is_given(parameters, name));
            none.then(|| format!("one of the following is required: {}", group.join(", ")))
        }));
        let rules = field(option, "required_if").and_then(Value::as_list).unwrap_or_default();
        first(rules.iter().find_map(|rule| required_if(rule.as_list()?, parameters)));
        let by = field(option, "required_by").and_then(Value::as_map);
        first(by.and_then(|by| {
            by.iter().find_map(|(name, needed)| {
                parameters.get_key(name).filter(|value| !matches!(value, Value::Null))?;
                let absent = |needed: &String| matches!(parameters.get(needed), None | Some(Value::Null));
                let missing: Vec<String> = texts(Some(needed)).into_iter().filter(absent).collect();
                let wrong = !missing.is_empty();
                wrong.then(|| format!("missing parameter(s) required by '{name}': {}", missing.join(", ")))
            })
        }));
    }
}

/// Returns groups of names: a list of lists.
fn groups(value: Option<&Value>) -> Vec<Vec<String>> {
    let list = value.and_then(Value::as_list).unwrap_or_default();
    list.iter().map(|group| texts(Some(group))).collect()
}

/// Checks `[parameter, value, [needed…], any?]`.
fn required_if(rule: &[Value], parameters: &Map) -> Option<String> {
    let [name, value, needed, rest @ ..] = rule else { return None };
    let name = name.to_text();
    if parameters.get(&name) != Some(value) {
        return None;
    }
    let any = rest.first().is_some_and(Value::is_truthy);
    let needed = texts(Some(needed));
    let missing: Vec<&str> = needed.iter().map(String::as_str).filter(|name| !is_given(parameters, name)).collect();
    let most = if any { needed.len() } else { 1 };
    (!missing.is_empty() && missing.len() >= most).then(|| {
        let how = if any { "any" } else { "all" };
        format!("{name} is {} but {how} of the following are missing: {}", value.to_text(), missing.join(", "))
    })
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::List(_) => "list",
        Value::Map(_) => "dict",
        Value::Moment(moment) => moment.type_name(),
        Value::Str(_) | Value::Omit => "str",
    }
}

/// Returns a value as Python writes it in code.
fn repr(value: &Value) -> String {
    let listed = Value::list([value.clone()]).to_text();
    listed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&listed).to_owned()
}

/// Returns a value as one of the wanted type, or why it cannot be one.
fn convert(wanted: &str, value: &Value) -> Result<Value, String> {
    let no = |what: &str| Err(format!("<class '{}'> cannot be converted to a {what}", type_name(value)));
    match (wanted, value) {
        ("raw", _) => Ok(value.clone()),
        ("str" | "path", Value::Null) => Ok("".into()),
        ("str" | "path", _) => Ok(value.to_text().into()),
        ("list", Value::List(_)) | ("dict", Value::Map(_)) | ("bool", Value::Bool(_)) => Ok(value.clone()),
        ("list", Value::Str(text)) => Ok(Value::list(text.split(','))),
        ("list", Value::Int(_) | Value::Float(_) | Value::Bool(_)) => Ok(Value::list([value.to_text()])),
        ("list", _) => no("list"),
        ("dict", Value::Str(text)) => dictionary(text),
        ("dict", _) => no("dict"),
        ("bool", Value::Str(_) | Value::Int(_) | Value::Float(_)) => boolean(value),
        ("bool", _) => no("bool"),
        ("int", Value::Int(_)) => Ok(value.clone()),
        ("int", Value::Bool(on)) => Ok(Value::Int(i128::from(*on))),
        ("int", _) => whole(value).ok_or_else(|| format!("\"{}\" cannot be converted to an int", repr(value))),
        ("float", Value::Float(_)) => Ok(value.clone()),
        ("float", Value::Int(n)) => Ok(Value::Float(*n as f64)),
        ("float", Value::Str(text)) => text.trim().parse().map(Value::Float).or_else(|_| no("float")),
        ("float", _) => no("float"),
        ("json" | "jsonarg", Value::Str(text)) => Ok(text.trim().into()),
        ("json" | "jsonarg", Value::List(_) | Value::Map(_)) => Ok(value.to_json().to_string().into()),
        ("json" | "jsonarg", _) => no("json string"),
        ("bytes" | "bits", Value::Int(_)) => Ok(value.clone()),
        ("bytes" | "bits", Value::Str(text)) if text.starts_with(|c: char| c.is_ascii_digit()) => Ok(value.clone()),
        ("bytes", _) => no("Byte value"),
        ("bits", _) => no("Bit value"),
        (other, _) => Err(format!("`{other}` is no type of an argument")),
    }
}

fn whole(value: &Value) -> Option<Value> {
    match value {
        Value::Float(f) if f.fract() == 0.0 && f.abs() < 1e30 => Some(Value::Int(*f as i128)),
        Value::Str(text) => match text.trim().parse::<i128>() {
            Ok(n) => Some(Value::Int(n)),
            Err(_) => {
                let f: f64 = text.trim().parse().ok()?;
                (f.fract() == 0.0 && f.abs() < 1e30).then_some(Value::Int(f as i128))
            }
        },
        _ => None,
    }
}

fn boolean(value: &Value) -> Result<Value, String> {
    match value.to_text().to_lowercase().trim() {
        "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Ok(Value::Bool(true)),
        "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Ok(Value::Bool(false)),
        _ => Err(format!(
            "The value {} is not a valid boolean. Valid booleans include: '0', '1', 'f', 'false', 'n', 'no', 'off', \
             'on', 't', 'true', 'y', 'yes', 0, 1",
            repr(value)
        )),
    }
}

fn dictionary(text: &str) -> Result<Value, String> {
    if text.starts_with('{') {
        return match serde_json::from_str::<serde_json::Value>(text) {
            Ok(json) => Ok(json.into()),
            Err(_) => Err("unable to evaluate string as dictionary".into()),
        };
    }
    if !text.contains('=') {
        return Err("dictionary requested, could not parse JSON or key=value".into());
    }
    let pairs = super::split_key_value(&text.replace(',', " "));
    let entries: Option<Map> =
        pairs.into_iter().map(|(key, value)| Some((crate::value::Key::from(key?), Value::from(value)))).collect();
    entries
        .map(Value::from)
        .ok_or_else(|| "unable to evaluate string in the \"key=value\" format as dictionary".to_owned())
}
