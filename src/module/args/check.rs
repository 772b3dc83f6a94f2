//! The check of arguments before the run, as far as they are literal.

use super::coerce::coerce;
use super::{Arg, ArgKind, Rule};
use crate::module::{Module, Needs};
use crate::platform;
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean, nearest};
use crate::yaml::Mapping;

/// `provider` of old playbooks: how a device is reached, said in the task (`executor/target.rs` reads it).
static PROVIDER: Arg = Arg::new("provider", ArgKind::Dict, "How the device is reached, as old playbooks say it.");

/// Returns the argument of that name; modules of devices take `provider` besides their own.
pub(super) fn argument(module: &Module, name: &str) -> Option<&'static Arg> {
    let of_device = matches!(module.needs, Needs::Cli | Needs::DeviceFiles | Needs::Netconf);
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
