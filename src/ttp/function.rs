//! What may be done with a match: changed, or refused.

use super::call::Call;
use crate::python_regex::{Anchor, Flags, Replacement, compile};
use crate::source::did_you_mean;
use crate::value::{Map, Value};
use std::net::IpAddr;

/// What a function came to.
pub(super) enum Outcome {
    /// The match goes on with this value.
    Value(Value),
    /// It counts, or not.
    Counts(bool),
    /// Something else is known too.
    Also(String, Value),
}

/// A function: its name, and the least and the most arguments.
const KNOWN: &[(&str, usize, usize)] = &[
    ("append", 1, 1),
    ("capitalize", 0, 0),
    ("contains", 1, 99),
    ("contains_re", 1, 1),
    ("copy", 1, 1),
    ("endswith", 1, 1),
    ("endswith_re", 1, 1),
    ("equal", 1, 1),
    ("exclude", 1, 1),
    ("exclude_re", 1, 1),
    ("greaterthan", 1, 1),
    ("is_ip", 0, 1),
    ("isdigit", 0, 0),
    ("item", 1, 1),
    ("join", 1, 1),
    ("joinmatches", 0, 1),
    ("lessthan", 1, 1),
    ("let", 1, 2),
    ("lower", 0, 0),
    ("lstrip", 0, 1),
    ("mac_eui", 0, 0),
    ("notdigit", 0, 0),
    ("notendswith_re", 1, 1),
    ("notequal", 1, 1),
    ("notstartswith_re", 1, 1),
    ("prepend", 1, 1),
    ("record", 1, 1),
    ("replace", 2, 2),
    ("replaceall", 1, 99),
    ("resub", 2, 3),
    ("resuball", 1, 99),
    ("rstrip", 0, 1),
    ("set", 1, 1),
    ("sformat", 1, 1),
    ("split", 0, 1),
    ("startswith", 1, 1),
    ("startswith_re", 1, 1),
    ("strip", 0, 1),
    ("swapcase", 0, 0),
    ("title", 0, 0),
    ("to_cidr", 0, 0),
    ("to_float", 0, 0),
    ("to_int", 0, 0),
    ("to_list", 0, 0),
    ("to_str", 0, 0),
    ("truncate", 1, 1),
    ("unrange", 2, 2),
    ("upper", 0, 0),
    ("void", 0, 0),
    ("zfill", 1, 1),
];

/// Functions that there are in Python's ttp only, and what to do instead.
const REFUSED: &[(&str, &str)] = &[
    ("macro", "code in Python is not run"),
    ("chain", "write the functions one behind the other"),
    ("lookup", "use a template on the result"),
    ("rlookup", "use a template on the result"),
    ("gpvlookup", "use a template on the result"),
    ("geoip_lookup", "use a template on the result"),
    ("dns", "no name server is asked"),
    ("rdns", "no name server is asked"),
    ("count", "use `length` on the result"),
    ("print", "use `debug` on the result"),
    ("to_ip", "use the filter `ansible.utils.ipaddr` on the result"),
    ("to_net", "use the filter `ansible.utils.ipaddr` on the result"),
    ("ip_info", "use the filter `ansible.utils.ipaddr` on the result"),
    ("cidr_match", "use `ansible.utils.in_network` on the result"),
    ("raise", "use `assert` on the result"),
    ("uptimeparse", "use the columns of an expression"),
    ("to_unicode", "all text is Unicode"),
];

/// Checks that there is a function, and that it gets what it wants.
pub(super) fn check(call: &Call) -> Result<(), String> {
    let name = call.name.as_str();
    let Some((_, least, most)) = KNOWN.iter().find(|(known, _, _)| *known == name) else {
        if let Some((_, why)) = REFUSED.iter().find(|(known, _)| *known == name) {
            return Err(format!("uses `{name}`, which is not supported: {why}"));
        }
        let help = did_you_mean(name, KNOWN.iter().map(|(known, _, _)| *known));
        let help = help.map_or_else(String::new, |help| format!("; {help}"));
        return Err(format!("uses `{name}`, which is no function or pattern{help}"));
    };
    let given = call.args.len() + call.named.len();
    if given < *least || given > *most {
        return Err(format!("gives `{name}` {given} arguments"));
    }
    Ok(())
}

/// Runs a function on a match. `settings` are the template's variables, which `record` changes.
pub(super) fn run(call: &Call, value: Value, settings: &mut Map, whole_line: Option<&str>) -> Result<Outcome, String> {
    use Outcome::{Also, Counts};
    let arg =
        |at: usize| call.args.get(at).cloned().or_else(|| call.named.iter().nth(at).map(|(_, value)| value.clone()));
    let text_arg = |at: usize| arg(at).map(|value| value.to_text()).unwrap_or_default();
    let text = value.to_text();
    let same = |text: String| Ok(Outcome::Value(text.into()));
    let number = |text: &str| text.trim().parse::<i128>().ok().filter(|_| !text.trim().starts_with(['-', '+']));
    let is_number = !text.trim().is_empty() && text.trim().chars().all(|c| c.is_ascii_digit());
    let found = |pattern: String| -> Result<bool, String> {
        compile(&pattern, Flags::default(), Anchor::Anywhere)?.is_match(&text)
    };
    Ok(match call.name.as_str() {
        "exclude" => Counts(!text.contains(&text_arg(0))),
        "contains" => Counts(call.texts().iter().any(|part| text.contains(part.as_str()))),
        "equal" => Counts(arg(0).as_ref() == Some(&value)),
        "notequal" => Counts(arg(0).as_ref() != Some(&value)),
        "isdigit" => Counts(is_number),
        "notdigit" => Counts(!is_number),
        "greaterthan" => Counts(matches!((number(&text), number(&text_arg(0))), (Some(a), Some(b)) if a > b)),
        "lessthan" => Counts(matches!((number(&text), number(&text_arg(0))), (Some(a), Some(b)) if a < b)),
        "startswith" => Counts(text.starts_with(&text_arg(0))),
        "endswith" => Counts(text.ends_with(&text_arg(0))),
        "startswith_re" => Counts(found(format!("^{}", text_arg(0)))?),
        "endswith_re" => Counts(found(format!("{}$", text_arg(0)))?),
        "contains_re" => Counts(found(text_arg(0))?),
        "notstartswith_re" => Counts(!found(format!("^{}", text_arg(0)))?),
        "notendswith_re" => Counts(!found(format!("{}$", text_arg(0)))?),
        "exclude_re" => Counts(!found(text_arg(0))?),
        "is_ip" => Counts(is_ip(&text, &text_arg(0))),
        "void" => Counts(false),
        "set" if whole_line.is_some_and(|line| text.trim_end() != line) => Counts(false),
        "set" => {
            let value = arg(0).unwrap_or_default();
            Outcome::Value(value.as_str().and_then(|name| settings.get(name)).cloned().unwrap_or(value))
        }
        "let" => match (arg(0), arg(1)) {
            (Some(name), Some(value)) => Also(name.to_text(), value),
            (value, _) => Outcome::Value(value.unwrap_or_default()),
        },
        "copy" => Also(text_arg(0), value),
        "record" => {
            settings.insert(text_arg(0), value.clone());
            Outcome::Value(value)
        }
        "to_list" => Outcome::Value(Value::list([value])),
        "to_int" => Outcome::Value(whole(&text).unwrap_or(value)),
        "to_float" => Outcome::Value(text.trim().parse::<f64>().map_or(value, Value::from)),
        "to_cidr" => {
            let bits = text.split('.').map(|part| part.trim().parse::<u32>().ok()).collect::<Option<Vec<_>>>();
            Outcome::Value(
                bits.map_or(value, |bits| {
                    Value::from(bits.iter().map(|part| i64::from(part.count_ones())).sum::<i64>())
                }),
            )
        }
        "item" => return item(&value, &text_arg(0)).map(Outcome::Value),
        "join" => match value.as_list() {
            Some(items) => {
                return same(items.iter().map(Value::to_text).collect::<Vec<_>>().join(&text_arg(0)));
            }
            None => Outcome::Value(value),
        },
        "append" | "prepend" => Outcome::Value(added(&value, setting(arg(0), settings), call.name == "append")),
        "joinmatches" | "to_str" if value.as_str().is_some() => Outcome::Value(value),
        "joinmatches" => Outcome::Value(value),
        "split" => Outcome::Value(match arg(0) {
            Some(by) => Value::list(text.split(&by.to_text()).map(Value::from)),
            None => Value::list(text.split_whitespace().map(Value::from)),
        }),
        _ => return changed(call, text, settings),
    })
}

/// Runs a function that makes another text.
fn changed(call: &Call, text: String, settings: &Map) -> Result<Outcome, String> {
    let arg = |at: usize| {
        call.args.get(at).map(Value::to_text).or_else(|| call.named.iter().nth(at).map(|(_, value)| value.to_text()))
    };
    let first = arg(0).unwrap_or_default();
    let set: Vec<char> = first.chars().collect();
    let within = |c: char| if set.is_empty() { c.is_whitespace() } else { set.contains(&c) };
    Ok(Outcome::Value(Value::from(match call.name.as_str() {
        "upper" => text.to_uppercase(),
        "lower" => text.to_lowercase(),
        "swapcase" => text
            .chars()
            .flat_map(
                |c| if c.is_uppercase() { c.to_lowercase().collect::<Vec<_>>() } else { c.to_uppercase().collect() },
            )
            .collect(),
        "capitalize" => {
            let mut chars = text.chars();
            let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
            first + &chars.as_str().to_lowercase()
        }
        "title" => {
            let mut after_letter = false;
            text.chars()
                .flat_map(|c| {
                    let changed: Vec<char> =
                        if after_letter { c.to_lowercase().collect() } else { c.to_uppercase().collect() };
                    after_letter = c.is_alphabetic();
                    changed
                })
                .collect()
        }
        "strip" => text.trim_matches(within).to_owned(),
        "lstrip" => text.trim_start_matches(within).to_owned(),
        "rstrip" => text.trim_end_matches(within).to_owned(),
        "replace" => text.replace(&first, &arg(1).unwrap_or_default()),
        "zfill" => {
            let width = first.parse::<usize>().unwrap_or(0).min(1000);
            let (sign, digits) = text.strip_prefix(['-', '+']).map_or(("", text.as_str()), |rest| (&text[..1], rest));
            format!("{sign}{}{digits}", "0".repeat(width.saturating_sub(text.chars().count())))
        }
        "truncate" => {
            let words: Vec<&str> = text.split(' ').collect();
            words[..words.len().min(first.parse::<usize>().unwrap_or(words.len()))].join(" ")
        }
        "sformat" => first.replace("{}", &text).replace("{0}", &text),
        "mac_eui" => mac(&text),
        "unrange" => unranged(&text, &first, &arg(1).unwrap_or_default()),
        "replaceall" | "resuball" => {
            let all = call.texts();
            let (new, olds) = if all.len() > 1 { (all[0].clone(), &all[1..]) } else { (String::new(), &all[..]) };
            let by_expression = call.name == "resuball";
            return pairs(olds, &new, settings)
                .into_iter()
                .try_fold(text, |text, (old, new, is_plain)| {
                    if !by_expression || is_plain {
                        return Ok(text.replace(&old, &new));
                    }
                    substituted(&text, &old, &new, 0)
                })
                .map(|text| Outcome::Value(text.into()));
        }
        "resub" => {
            let count =
                call.arg(2, "count").and_then(Value::as_int).map_or(1, |count| usize::try_from(count).unwrap_or(0));
            let old = settings.get(&first).map(|value| regex_escaped(&value.to_text()));
            substituted(&text, &old.unwrap_or(first), &arg(1).unwrap_or_default(), count)?
        }
        _ => text,
    })))
}

/// Returns what is to be replaced by what; texts that a variable holds are plain.
fn pairs(olds: &[String], new: &str, settings: &Map) -> Vec<(String, String, bool)> {
    let mut found = Vec::new();
    for old in olds {
        match settings.get(old) {
            Some(Value::List(items)) => {
                found.extend(
                    items.iter().filter_map(Value::as_str).map(|item| (item.to_owned(), new.to_owned(), false)),
                );
            }
            Some(Value::Map(map)) => {
                for (new, old) in map.iter() {
                    let olds = old.as_list().unwrap_or(std::slice::from_ref(old));
                    found.extend(
                        olds.iter().filter_map(Value::as_str).map(|old| (old.to_owned(), new.to_string(), false)),
                    );
                }
            }
            Some(Value::Str(text)) => found.push((text.to_string(), new.to_owned(), true)),
            _ => found.push((old.clone(), new.to_owned(), false)),
        }
    }
    found
}

fn regex_escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_' { vec!['\\', c] } else { vec![c] })
        .collect()
}

fn substituted(text: &str, old: &str, new: &str, count: usize) -> Result<String, String> {
    let regex = compile(old, Flags::default(), Anchor::Anywhere)?;
    Ok(regex.replace(text, &Replacement::parse(new, &regex)?, count)?.0)
}

fn setting(value: Option<Value>, settings: &Map) -> Value {
    let value = value.unwrap_or_default();
    value.as_str().and_then(|name| settings.get(name)).cloned().unwrap_or(value)
}

fn added(value: &Value, more: Value, behind: bool) -> Value {
    match value {
        Value::List(items) => {
            let mut items = items.to_vec();
            items.insert(if behind { items.len() } else { 0 }, more);
            items.into()
        }
        Value::Str(text) if behind => format!("{text}{}", more.to_text()).into(),
        Value::Str(text) => format!("{}{text}", more.to_text()).into(),
        other => other.clone(),
    }
}

/// Returns an item of a list or a letter of a text; beyond the ends the last or the first.
fn item(value: &Value, index: &str) -> Result<Value, String> {
    let index: i64 = index.trim().parse().map_err(|_| format!("`item` wants a number, not `{index}`"))?;
    let letters: Vec<Value>;
    let items = match value {
        Value::List(items) => &items[..],
        other => {
            letters = other.to_text().chars().map(|c| Value::from(c.to_string())).collect();
            &letters
        }
    };
    let last = i64::try_from(items.len()).unwrap_or(i64::MAX) - 1;
    let at = if index >= 0 { index.min(last) } else { (last + 1 + index).max(0) };
    Ok(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned().unwrap_or_default())
}

/// Reads a whole number as Python does.
pub(super) fn whole(text: &str) -> Option<Value> {
    let digits = text.trim().replace('_', "");
    digits.parse::<i128>().ok().map(Value::Int)
}

fn is_ip(text: &str, kind: &str) -> bool {
    let fits = |ip: IpAddr| match kind {
        "ipv4" => ip.is_ipv4(),
        "ipv6" => ip.is_ipv6(),
        _ => true,
    };
    let (address, mask) = match text.split_once(['/', ' ']) {
        Some((address, mask)) => (address, Some(mask)),
        None => (text, None),
    };
    let Ok(ip) = address.parse::<IpAddr>() else { return false };
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let mask_is_good = mask.is_none_or(|mask| {
        let is_length = mask.parse::<u8>().is_ok_and(|long| long <= most);
        is_length || (ip.is_ipv4() && mask.parse::<std::net::Ipv4Addr>().is_ok())
    });
    fits(ip) && mask_is_good
}

fn mac(text: &str) -> String {
    let digits: String = text.chars().filter(|c| !".:-".contains(*c)).flat_map(char::to_lowercase).collect();
    if digits.is_empty() || !digits.chars().all(char::is_alphanumeric) {
        return text.to_owned();
    }
    let digits: Vec<char> = format!("{digits:0<12}").chars().collect();
    digits.chunks(2).map(|pair| pair.iter().collect::<String>()).collect::<Vec<_>>().join(":")
}

/// The longest range that is written out: all VLANs there are, many times over.
const MAX_RANGE: i64 = 100_000;

fn unranged(text: &str, range: &str, join: &str) -> String {
    if range.is_empty() || join.is_empty() || !text.contains(range) {
        return text.to_owned();
    }
    let mut all: Vec<String> = Vec::new();
    for part in text.split(range) {
        let items: Vec<String> = part.split(join).filter(|item| !item.is_empty()).map(str::to_owned).collect();
        if all.is_empty() {
            all = items;
            continue;
        }
        let number = |text: Option<&String>| text.and_then(|text| text.trim().parse::<i64>().ok());
        let (Some(from), Some(to)) = (number(all.last()), number(items.first())) else { return text.to_owned() };
        if to.saturating_sub(from) > MAX_RANGE {
            return text.to_owned();
        }
        all.extend((from + 1..to).map(|number| number.to_string()));
        all.extend(items);
    }
    all.join(join)
}
