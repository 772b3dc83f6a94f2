//! Arguments of modules: declared in tables, checked before the run as far as they are literal, rendered and coerced
//! in the run.

use super::{Module, Needs};
use crate::failure::{Failure, FailureKind};
use crate::platform::{self, Platform};
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean, nearest};
use crate::value::{Key, Map, Value};
use crate::yaml::{Mapping, Node};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// An argument that a module takes.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What it is.
    pub kind: ArgKind,
    /// Whether it must be given.
    pub required: bool,
    /// The value when it is not given, written as in YAML.
    pub default: Option<&'static str>,
    /// The only values it may have; empty when any.
    pub choices: &'static [&'static str],
    /// Why it can only have a value that asks for nothing (`false`, empty, its default): Ansible knows it, netplay does
    /// not do it.
    pub refused: Option<&'static str>,
    /// What it means, in one sentence.
    pub doc: &'static str,
    /// What is inside of a list or a dictionary, where that is known.
    pub shape: Option<&'static dyn Shape>,
}

/// What is inside of an argument that is a list or a dictionary.
pub trait Shape: Sync + std::fmt::Debug {
    /// Finds what is wrong with a value as written.
    fn check(&self, called: &str, node: &Node, found: &mut Diagnostics);

    /// Returns the secrets in a value.
    fn secrets(&self, value: &Value) -> Vec<String>;

    /// Writes what is inside, indented so many times by two, for `netplay doc`.
    fn describe(&self, depth: usize, out: &mut String);
}

/// What an argument is. Coercion follows Ansible's: `"5"` is an integer where one is asked for, `yes` a boolean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// Text; numbers and booleans become text.
    Str,
    /// A path on the host or here; like text.
    Path,
    /// A boolean.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// A list; text is split at commas, anything else becomes a list of one.
    List,
    /// A dictionary; `key=value` text and JSON text are read.
    Dict,
    /// Anything.
    Raw,
    /// A bare Jinja expression or a list of them: not rendered before the module gets it.
    Expression,
    /// A secret: text that is masked wherever it appears.
    Secret,
}

/// How arguments depend on each other.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// At most one of them.
    Exclusive(&'static [&'static str]),
    /// At least one of them.
    OneOf(&'static [&'static str]),
    /// All or none of them.
    Together(&'static [&'static str]),
    /// If the first is given, or has the value, so must the others be.
    RequiredIf(&'static str, &'static str, &'static [&'static str]),
    /// What is written of the argument passes the check, as far as it can be told before the run.
    Passes(&'static str, fn(&Node) -> Option<Diagnostic>),
    /// The platform that the module's name says can follow the arguments as written.
    OnPlatform(fn(&Mapping, &Platform) -> Diagnostics),
}

impl Arg {
    /// Makes an optional argument.
    pub const fn new(name: &'static str, kind: ArgKind, doc: &'static str) -> Arg {
        Arg { name, aliases: &[], kind, required: false, default: None, choices: &[], refused: None, doc, shape: None }
    }

    /// Makes it required.
    pub const fn required(mut self) -> Arg {
        self.required = true;
        self
    }

    /// Gives it other names.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Arg {
        self.aliases = aliases;
        self
    }

    /// Gives it a default, written as in YAML.
    pub const fn default(mut self, default: &'static str) -> Arg {
        self.default = Some(default);
        self
    }

    /// Limits its values.
    pub const fn choices(mut self, choices: &'static [&'static str]) -> Arg {
        self.choices = choices;
        self
    }

    /// Says that netplay does not do what it asks for, and why.
    pub const fn refused(mut self, why: &'static str) -> Arg {
        self.refused = Some(why);
        self
    }

    /// Returns why a value cannot be had, if it asks for something that netplay does not do.
    fn refuses(&self, value: &Value) -> Option<&'static str> {
        let asks = match value {
            Value::Null | Value::Bool(false) => false,
            Value::Str(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            _ => true,
        };
        let is_default = self.default.is_some_and(|default| default_value(default) == *value);
        self.refused.filter(|_| asks && !is_default)
    }

    fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// Joins two lists of arguments; `args_with!` calls it.
pub(super) const fn joined<const N: usize>(own: &[Arg], shared: &[Arg]) -> [Arg; N] {
    let mut all = [Arg::new("", ArgKind::Raw, ""); N];
    let mut at = 0;
    while at < N {
        all[at] = if at < own.len() { own[at] } else { shared[at - own.len()] };
        at += 1;
    }
    all
}

/// Makes the arguments of a module of a shared list and its own: `args_with![FILE; Arg::new(…), …]`.
macro_rules! args_with {
    ($shared:expr; $($own:expr),* $(,)?) => {{
        const OWN: &[$crate::module::Arg] = &[$($own),*];
        const ALL: [$crate::module::Arg; OWN.len() + $shared.len()] = $crate::module::args::joined(OWN, $shared);
        &ALL
    }};
}
pub(super) use args_with;

/// A step's arguments: rendered, checked, with defaults. Keys are the declared names, never aliases.
#[derive(Clone, Debug, Default)]
pub struct Args {
    map: Map,
    spans: Vec<(Arc<str>, Span)>,
    expressions: Vec<(Arc<str>, Node)>,
}

impl Args {
    /// Makes arguments of a map; for tests and for modules that call each other.
    pub fn of(map: Map) -> Args {
        Args { map, ..Args::default() }
    }

    /// Returns an argument's value; `None` when it is not given and has no default.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.map.get(name).filter(|value| !matches!(value, Value::Null))
    }

    /// Returns an argument's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Returns a boolean argument; false when it is not given.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Bool(true)))
    }

    /// Returns a whole number.
    pub fn int(&self, name: &str) -> Option<i128> {
        self.get(name).and_then(Value::as_int)
    }

    /// Returns a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::Int(n) => Some(*n as f64),
            Value::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// Returns a list's items; empty when it is not given.
    pub fn list(&self, name: &str) -> &[Value] {
        self.get(name).and_then(Value::as_list).unwrap_or_default()
    }

    /// Returns a list's items as text.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.list(name).iter().map(Value::to_text).collect()
    }

    /// Returns a dictionary.
    pub fn dict(&self, name: &str) -> Option<&Map> {
        self.get(name).and_then(Value::as_map)
    }

    /// Returns an [`ArgKind::Expression`] argument as written.
    pub fn expression(&self, name: &str) -> Option<&Node> {
        self.expressions.iter().find(|(n, _)| **n == *name).map(|(_, node)| node)
    }

    /// Returns where an argument was written.
    pub fn span(&self, name: &str) -> Option<Span> {
        self.spans.iter().find(|(n, _)| **n == *name).map(|(_, span)| *span)
    }

    /// Returns all arguments, defaults included, for `invocation` and for modules that take any.
    pub fn all(&self) -> &Map {
        &self.map
    }
}

/// `provider` of old playbooks: how a device is reached, said in the task (`executor/target.rs` reads it).
static PROVIDER: Arg = Arg::new("provider", ArgKind::Dict, "How the device is reached, as old playbooks say it.");

/// Returns the argument of that name; modules of devices take `provider` besides their own.
fn argument(module: &Module, name: &str) -> Option<&'static Arg> {
    let of_device = matches!(module.needs, Needs::Cli | Needs::DeviceFiles);
    module.args.iter().find(|arg| arg.answers_to(name)).or((of_device && name == PROVIDER.name).then_some(&PROVIDER))
}

/// Finds what is wrong with arguments as written: unknown names, missing ones, literals of the wrong type.
pub fn check_args(module: &Module, called: &str, args: &Mapping, whole: Span) -> Diagnostics {
    let mut found = Diagnostics::new();
    for (key, key_node, value) in args.iter() {
        let name = key.to_string();
        let Some(arg) = argument(module, &name) else {
            if !module.any_args {
                let known = module.args.iter().map(|arg| arg.name);
                let help = did_you_mean(&name, known.clone()).unwrap_or_else(|| {
                    format!("`{called}` takes {}", known.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", "))
                });
                found.push(
                    Diagnostic::error("E0302", format!("`{called}` has no argument `{name}`"))
                        .at(key_node.span)
                        .help(help),
                );
            }
            continue;
        };
        if let Some(shape) = arg.shape {
            shape.check(called, value, &mut found);
        }
        if !value.is_static() || arg.kind == ArgKind::Expression || value.is_null() {
            continue;
        }
        if let Err(why) = coerce(arg, value.to_value()) {
            let mut wrong = Diagnostic::error("E0304", format!("argument `{name}` of `{called}` {why}")).at(value.span);
            if let (false, Some(text)) = (arg.choices.is_empty(), value.as_str()) {
                wrong = wrong
                    .maybe_help(nearest(text, arg.choices.iter().copied()).map(|n| format!("did you mean `{n}`?")));
            }
            found.push(wrong);
        } else if let Some(why) = coerce(arg, value.to_value()).ok().and_then(|value| arg.refuses(&value)) {
            found.push(
                Diagnostic::error("E0307", format!("argument `{name}` of `{called}` is not supported: {why}"))
                    .at(value.span),
            );
        }
    }
    let given = |name: &str| {
        module.args.iter().find(|arg| arg.answers_to(name)).is_some_and(|arg| {
            std::iter::once(arg.name).chain(arg.aliases.iter().copied()).any(|n| args.get(n).is_some())
        })
    };
    for arg in module.args.iter().filter(|arg| arg.required && !given(arg.name)) {
        found.push(
            Diagnostic::error("E0303", format!("`{called}` needs the argument `{}`", arg.name))
                .at(whole)
                .help(format!("{}: {}", arg.name, arg.doc)),
        );
    }
    let listed = |names: &[&str]| names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    for rule in module.rules {
        let wrong = match rule {
            Rule::Passes(name, check) => {
                if let Some(wrong) = args.get(name).and_then(check) {
                    found.push(wrong);
                }
                continue;
            }
            Rule::Exclusive(names) if names.iter().filter(|n| given(n)).count() > 1 => {
                format!("arguments {} of `{called}` exclude each other", listed(names))
            }
            Rule::OneOf(names) if !names.iter().any(|n| given(n)) => {
                format!("`{called}` needs one of the arguments {}", listed(names))
            }
            Rule::Together(names) if names.iter().any(|n| given(n)) && !names.iter().all(|n| given(n)) => {
                format!("`{called}` needs the arguments {} together", listed(names))
            }
            Rule::RequiredIf(name, value, needed) => {
                let is = args.get(name).is_some_and(|node| node.is_static() && node.to_value().to_text() == *value);
                if !is || needed.iter().all(|n| given(n)) {
                    continue;
                }
                format!("`{called}` with `{name}: {value}` needs {}", listed(needed))
            }
            _ => continue,
        };
        found.push(Diagnostic::error("E0305", wrong).at(whole));
    }
    found
}

/// Finds arguments as written that a platform cannot follow.
pub fn check_on_platform(module: &Module, platform: &str, args: &Mapping) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(platform) = platform::find(platform) else { return found };
    for rule in module.rules {
        if let Rule::OnPlatform(check) = rule {
            found.extend(check(args, platform));
        }
    }
    found
}

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
fn default_value(text: &str) -> Value {
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
fn coerce(arg: &Arg, value: Value) -> Result<Value, String> {
    let no = |value: &Value| format!("must be {}, not {}", kind_name(arg.kind), shown(value));
    let value = match arg.kind {
        ArgKind::Raw | ArgKind::Expression => value,
        ArgKind::Str | ArgKind::Path | ArgKind::Secret => match value {
            Value::Str(_) => value,
            Value::List(_) | Value::Map(_) if arg.kind == ArgKind::Path => return Err(no(&value)),
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

/// Splits `a=1 b="x y" rest` as Ansible splits free-form arguments: at blanks outside quotes and outside `{{ }}`.
/// A word without `=` has no key; quotes around a value are taken off.
pub fn split_key_value(text: &str) -> Vec<(Option<String>, String)> {
    word_ranges(text).into_iter().map(|range| key_and_value(&text[range])).collect()
}

/// Takes the arguments out of a free-form text (`command: ls chdir=/tmp`) and returns what is left, just as it is
/// written, and them. To be done before anything is rendered: what a variable holds is no argument.
///
/// Commands give up only what Ansible's do; everything else with a `=` in it is theirs.
pub fn split_free_form(module: &Module, text: &str) -> (String, Vec<(String, String)>) {
    const OF_COMMANDS: &[&str] =
        &["creates", "removes", "chdir", "executable", "stdin", "stdin_add_newline", "strip_empty_ends"];
    let is_command = matches!(module.name, "command" | "shell" | "script" | "raw");
    let is_argument = |name: &str| {
        let declared = module.args.iter().any(|arg| arg.answers_to(name) && Some(arg.name) != module.free_form);
        declared && (!is_command || OF_COMMANDS.contains(&name))
    };
    let mut rest = String::new();
    let mut found = Vec::new();
    let mut from = 0;
    for range in word_ranges(text) {
        let (Some(key), value) = key_and_value(&text[range.clone()]) else { continue };
        if !is_argument(&key) {
            continue;
        }
        rest.push_str(&text[from..range.start]);
        let after = &text[range.end..];
        from = text.len() - after.trim_start_matches([' ', '\t']).len();
        found.push((key, value));
    }
    rest.push_str(&text[from..]);
    (rest.trim_end().to_owned(), found)
}

/// Returns where the words of a text are.
fn word_ranges(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    let mut start: Option<usize> = None;
    let mut quote: Option<char> = None;
    let mut depth = 0usize;
    let mut escaped = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() && quote.is_none() && depth == 0 {
            ranges.extend(start.take().map(|start| start..at));
            continue;
        }
        start.get_or_insert(at);
        let next = chars.peek().map(|(_, next)| *next);
        match c {
            _ if escaped => escaped = false,
            '\\' if quote.is_some() => escaped = true,
            '\'' | '"' if depth == 0 && quote.is_none() => quote = Some(c),
            c if depth == 0 && quote == Some(c) => quote = None,
            '{' if matches!(next, Some('{' | '%' | '#')) => {
                depth += 1;
                chars.next();
            }
            '}' | '%' | '#' if depth > 0 && next == Some('}') => {
                depth -= 1;
                chars.next();
            }
            _ => {}
        }
    }
    ranges.extend(start.map(|start| start..text.len()));
    ranges
}

fn key_and_value(word: &str) -> (Option<String>, String) {
    let Some((key, value)) = word.split_once('=') else {
        return (None, word.to_owned());
    };
    let is_name =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if !is_name(key) {
        return (None, word.to_owned());
    }
    let inside = ['"', '\''].iter().find_map(|q| value.strip_prefix(*q).and_then(|v| v.strip_suffix(*q)));
    (Some(key.to_owned()), unescaped(inside.unwrap_or(value)))
}

/// Returns the value of a `name=value` argument with its escapes resolved, as Python reads them.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (letter, used) = match after.chars().next() {
            Some('n') => (Some('\n'), 1),
            Some('t') => (Some('\t'), 1),
            Some('r') => (Some('\r'), 1),
            Some('a') => (Some('\x07'), 1),
            Some('b') => (Some('\x08'), 1),
            Some('f') => (Some('\x0c'), 1),
            Some('v') => (Some('\x0b'), 1),
            Some(c @ ('\\' | '\'' | '"')) => (Some(c), 1),
            Some('x') => (coded(after, 2), 3),
            Some('u') => (coded(after, 4), 5),
            Some('U') => (coded(after, 8), 9),
            _ => (None, 0),
        };
        match letter {
            Some(letter) => {
                out.push(letter);
                rest = &after[used..];
            }
            None => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out + rest
}

/// Returns the letter whose number stands behind the first letter in so many hexadecimal digits.
fn coded(text: &str, digits: usize) -> Option<char> {
    let number = text.get(1..=digits).filter(|number| number.chars().all(|c| c.is_ascii_hexdigit()))?;
    char::from_u32(u32::from_str_radix(number, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_form_text_is_split_outside_quotes_and_templates() {
        let pairs = split_key_value(r#"src={{ a | default('x y') }} dest="/tmp/a b" mode=0644 word"#);
        let expected = [
            (Some("src"), "{{ a | default('x y') }}"),
            (Some("dest"), "/tmp/a b"),
            (Some("mode"), "0644"),
            (None, "word"),
        ];
        let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_deref(), v.as_str())).collect();
        assert_eq!(pairs, expected);
    }

    #[test]
    fn a_command_keeps_all_that_is_no_argument_of_its_own() {
        let (command, shell) = (&crate::module::command::MODULE, &crate::module::shell::MODULE);
        let include = &crate::module::include_vars::MODULE;
        type Case = (&'static Module, &'static str, &'static str, &'static [(&'static str, &'static str)]);
        let cases: [Case; 6] = [
            (command, "ls  -l chdir=/tmp a=b", "ls  -l a=b", &[("chdir", "/tmp")]),
            (command, "creates='/a b' touch x=1 cmd=2", "touch x=1 cmd=2", &[("creates", "/a b")]),
            (shell, "a=1\nb=2  'x  y'\n", "a=1\nb=2  'x  y'", &[]),
            (
                shell,
                "echo {{ a | default('chdir=/x y') }} executable=/bin/bash",
                "echo {{ a | default('chdir=/x y') }}",
                &[("executable", "/bin/bash")],
            ),
            (command, "echo 'chdir=/tmp'", "echo 'chdir=/tmp'", &[]),
            (include, "x.yml name=all", "x.yml", &[("name", "all")]),
        ];
        for (module, text, rest, args) in cases {
            let (left, found) = split_free_form(module, text);
            let found: Vec<_> = found.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            assert_eq!((left.as_str(), &found[..]), (rest, args), "{text}");
        }
    }

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
