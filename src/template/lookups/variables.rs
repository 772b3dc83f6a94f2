//! Lookups that read variables: of templates, of the environment, of the inventory.

use super::files::wildcard;
use super::{Call, Lookup, argument};
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{Anchor, Flags, compile};
use crate::template::convert::from_engine;
use crate::template::engine::plain_failure;
use crate::template::explain::unknown_name;
use crate::value::Value;
use std::sync::Arc;

pub(super) static LOOKUPS: &[Lookup] = &[
    Lookup { name: "vars", doc: "Gives the values of variables by name.", options: &["default"], run: vars },
    Lookup {
        name: "varnames",
        doc: "Gives the names of the variables that match regular expressions.",
        options: &[],
        run: varnames,
    },
    Lookup {
        name: "env",
        doc: "Gives variables of the environment that netplay runs in.",
        options: &["default"],
        run: env,
    },
    Lookup {
        name: "inventory_hostnames",
        doc: "Gives the names of the hosts that match a pattern.",
        options: &[],
        run: inventory_hostnames,
    },
];

/// Returns the text that a term must be.
fn text<'a>(lookup: &str, term: &'a Value) -> Result<&'a str, Failure> {
    term.as_str().ok_or_else(|| argument(format!("lookup `{lookup}` wants text, not a {}", term.kind())))
}

fn env(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let default = call.option("default").cloned().unwrap_or_else(|| "".into());
    let one = |term: &Value| {
        let Some(name) = text("env", term)?.split_whitespace().next() else {
            return Err(argument("lookup `env` wants the name of a variable"));
        };
        Ok(match std::env::var_os(name) {
            Some(value) => Value::from(value.to_string_lossy().into_owned()),
            None => default.clone(),
        })
    };
    call.terms.iter().map(one).collect()
}

fn vars(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    for term in &call.terms {
        let Value::Str(name) = term else {
            return Err(argument(format!("lookup `vars` wants names, not a {}", term.kind())));
        };
        let default = call.option("default");
        let value = match call.core.variable(name) {
            None => match default {
                Some(default) => default.clone(),
                None => return Err(unknown_name(call.core, name)),
            },
            Some(value) => match (from_engine(&value), default) {
                (Ok(value), _) => value,
                (Err(error), Some(default)) if error.kind() == minijinja::ErrorKind::UndefinedError => default.clone(),
                (Err(error), _) => {
                    return Err(crate::template::convert::carried(&error)
                        .cloned()
                        .unwrap_or_else(|| plain_failure(&error)));
                }
            },
        };
        found.push(value);
    }
    Ok(found)
}

fn varnames(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let mut names = call.core.scope.names();
    names.sort();
    let mut found: Vec<Value> = Vec::new();
    for term in &call.terms {
        let pattern = text("varnames", term)?;
        let wrong = |why: String| argument(format!("`{pattern}` is no regular expression: {why}"));
        let regex = compile(pattern, Flags::default(), Anchor::Anywhere).map_err(wrong)?;
        for name in &names {
            if regex.is_match(name).map_err(wrong)? {
                found.push(Value::Str(Arc::clone(name)));
            }
        }
    }
    Ok(found)
}

fn inventory_hostnames(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let groups = match call.core.variable("groups").map(|groups| from_engine(&groups)) {
        Some(Ok(groups)) => groups,
        Some(Err(_)) | None => Value::Null,
    };
    let hosts = call.core.scope.hosts();
    let members = |pattern: &str| -> Vec<Arc<str>> {
        let mut found = Vec::new();
        if pattern == "all" || pattern == "*" {
            return hosts.clone();
        }
        if let Some(groups) = groups.as_map() {
            for (name, members) in groups.iter().filter(|(name, _)| wildcard(pattern, &name.to_string())) {
                let _ = name;
                for member in members.as_list().unwrap_or_default() {
                    found.extend(member.as_str().map(Arc::from));
                }
            }
        }
        found.extend(hosts.iter().filter(|host| wildcard(pattern, host)).cloned());
        found
    };
    let mut chosen: Vec<Arc<str>> = Vec::new();
    for term in &call.terms {
        let text = term.to_text();
        if text.starts_with('~') {
            return Err(Failure::new(
                FailureKind::Argument,
                "lookup `inventory_hostnames` takes no regular expressions",
            ));
        }
        for part in text.split([':', ',']).map(str::trim).filter(|part| !part.is_empty()) {
            if let Some(part) = part.strip_prefix('!') {
                let out = members(part);
                chosen.retain(|host| !out.contains(host));
            } else if let Some(part) = part.strip_prefix('&') {
                let kept = members(part);
                chosen.retain(|host| kept.contains(host));
            } else {
                for host in members(part) {
                    if !chosen.contains(&host) {
                        chosen.push(host);
                    }
                }
            }
        }
    }
    Ok(chosen.into_iter().map(Value::Str).collect())
}
