//! Lookups that read variables: of templates, of the environment, of the inventory.

use super::files::wildcard;
use super::{Call, Lookup, argument};
use crate::failure::{Failure, FailureKind};
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
        run: |call| {
            let default = call.options.get("default").cloned().unwrap_or_else(|| "".into());
            let one =
                |term: &Value| match std::env::var_os(term.to_text().split_whitespace().next().unwrap_or_default()) {
                    Some(value) => Value::from(value.to_string_lossy().into_owned()),
                    None => default.clone(),
                };
            Ok(call.terms.iter().map(one).collect())
        },
    },
    Lookup {
        name: "inventory_hostnames",
        doc: "Gives the names of the hosts that match a pattern.",
        options: &[],
        run: inventory_hostnames,
    },
];

fn vars(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    for term in &call.terms {
        let Value::Str(name) = term else {
            return Err(argument(format!("lookup `vars` wants names, not a {}", term.kind())));
        };
        let default = call.options.get("default");
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
        let pattern = term.to_text();
        let regex =
            fancy_regex::Regex::new(&pattern).map_err(|_| argument(format!("`{pattern}` is no regular expression")))?;
        found.extend(
            names
                .iter()
                .filter(|name| regex.is_match::<str>(name).unwrap_or(false))
                .map(|name| Value::Str(Arc::clone(name))),
        );
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
