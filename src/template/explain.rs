//! Says which name of an expression is undefined, and what was probably meant.

use super::lazy::Core;
use super::operate::type_name;
use super::syntax::{Arg, Expr, ExprKind, expression};
use crate::failure::{Failure, FailureKind};
use crate::source::did_you_mean;
use minijinja::value::{Value, ValueKind};
use std::ops::Range;
use std::sync::Arc;

/// The most keys that a message lists.
const MAX_KEYS: usize = 8;

/// What is undefined in an expression, and the bytes of the expression where it stands.
type Explained = (Failure, Range<usize>);

/// Returns the failure for an expression that is undefined, and the part of it that is to blame. `locals` are names that
/// the template itself sets: what they hold is not known any more.
pub(crate) fn undefined(core: &Arc<Core>, text: &str, locals: &[String]) -> Explained {
    let whole = || (plain(text), 0..text.len());
    let Ok(expr) = expression(text, true) else { return whole() };
    explain(core, text, &expr, locals).unwrap_or_else(whole)
}

fn plain(text: &str) -> Failure {
    Failure::new(FailureKind::Undefined, format!("`{}` is undefined", short(text)))
}

/// Returns text that fits into a message.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 60 { line } else { format!("{}…", line.chars().take(57).collect::<String>()) }
}

fn explain(core: &Arc<Core>, text: &str, expr: &Expr, locals: &[String]) -> Option<Explained> {
    let source = text.get(expr.at.clone())?;
    let (base, wanted) = match &expr.kind {
        ExprKind::Name(name) => {
            if locals.contains(name) {
                return None;
            }
            return Some((unknown_name(core, name), expr.at.clone()));
        }
        ExprKind::Attr(base, name) => (base, Some(name.clone())),
        ExprKind::Item(base, index) => {
            let wanted = match &index.kind {
                ExprKind::Str(text) => Some(text.clone()),
                // What the text sets itself has no value here, and a variable of that name another.
                ExprKind::Name(_) | ExprKind::Attr(..) if !uses(index, locals) => {
                    let place = text.get(index.at.clone())?;
                    match core.try_expression(place) {
                        None => return explain(core, text, index, locals),
                        found => found.and_then(|value| value.as_str().map(str::to_owned)),
                    }
                }
                _ => None,
            };
            (base, wanted)
        }
        ExprKind::Filter(base, called) | ExprKind::Test(base, called, _) => {
            let fails = |expr: &Expr| text.get(expr.at.clone()).is_some_and(|text| core.try_expression(text).is_none());
            let culprit = called.args.iter().map(Arg::expr).find(|arg| !uses(arg, locals) && fails(arg));
            if culprit.is_none() && !uses(base, locals) && !fails(base) {
                return None;
            }
            let culprit = culprit.unwrap_or(base);
            return explain(core, text, culprit, locals)
                .or_else(|| Some((plain(text.get(culprit.at.clone())?), culprit.at.clone())));
        }
        ExprKind::Call(base, _) => {
            let inner = text.get(base.at.clone())?;
            if uses(base, locals) || core.try_expression(inner).is_some() {
                return None;
            }
            return explain(core, text, base, locals);
        }
        ExprKind::Binary(..) | ExprKind::Compare(..) | ExprKind::Negative(_) | ExprKind::Positive(_) => {
            let mut parts = Vec::new();
            expr.children(&mut |child| parts.push(child));
            let culprit = parts.into_iter().find(|part| {
                !uses(part, locals) && text.get(part.at.clone()).is_some_and(|text| core.try_expression(text).is_none())
            })?;
            return explain(core, text, culprit, locals);
        }
        _ => return None,
    };
    if uses(base, locals) {
        return None;
    }
    let inner = text.get(base.at.clone())?;
    let Some(value) = core.try_expression(inner) else { return explain(core, text, base, locals) };
    let failure = plain(source);
    let failure = match what_there_is(&value, &short(inner), wanted.as_deref()) {
        Some(help) => failure.help(help),
        None => failure,
    };
    Some((failure, expr.at.clone()))
}

fn uses(expr: &Expr, locals: &[String]) -> bool {
    if let ExprKind::Name(name) = &expr.kind {
        return locals.contains(name);
    }
    let mut found = false;
    expr.children(&mut |child| found = found || uses(child, locals));
    found
}

pub(crate) fn unknown_name(core: &Arc<Core>, name: &str) -> Failure {
    let failure = Failure::new(FailureKind::Undefined, format!("`{name}` is undefined"));
    let mut names = core.scope.names();
    names.extend(core.extra.iter().flat_map(|extra| extra.iter()).filter_map(|(key, _)| key.as_str().map(Arc::from)));
    match did_you_mean(name, names.iter().map(|name| &**name)) {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// Says what a value has instead of the wanted entry.
fn what_there_is(value: &Value, shown: &str, wanted: Option<&str>) -> Option<String> {
    match value.kind() {
        ValueKind::Map => {
            let keys: Vec<String> = value.try_iter().ok()?.map(|key| key.to_string()).collect();
            if let Some(help) = wanted.and_then(|wanted| did_you_mean(wanted, keys.iter().map(String::as_str))) {
                return Some(help);
            }
            Some(match keys.len() {
                0 => format!("`{shown}` is empty"),
                1..=MAX_KEYS => format!("`{shown}` has {}", quoted(&keys)),
                more => format!("`{shown}` has {} and {} more", quoted(&keys[..MAX_KEYS]), more - MAX_KEYS),
            })
        }
        ValueKind::Seq | ValueKind::Iterable => {
            Some(format!("`{shown}` is a list of {} items, counted from 0", value.len()?))
        }
        _ => Some(format!("`{shown}` is a {}", type_name(value))),
    }
}

fn quoted(keys: &[String]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}
