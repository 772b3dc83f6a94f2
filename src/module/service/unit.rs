//! Units of systemd, by `systemctl`.

use super::{is_given, missing};
use crate::failure::{Failure, FailureKind};
use crate::module::remote::exec_output;
use crate::module::remote::quote;
use crate::module::tool::{act, ask, failed};
use crate::module::{Args, Change, Context, Finished};
use crate::value::{Map, Value};

/// A unit as `systemctl` tells of it.
struct Unit {
    status: Map,
    is_known: bool,
    is_enabled: bool,
    is_masked: bool,
}

/// Returns `systemctl` with the options that concern every call.
fn systemctl(args: &Args) -> String {
    let mut line = String::from("systemctl");
    match args.text("scope") {
        Some("user") => line.insert_str(0, "XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)} "),
        Some("global") => line.push_str(" --global"),
        _ => {}
    }
    if args.text("scope") == Some("user") {
        line.push_str(" --user");
    }
    for (name, option) in [("no_block", " --no-block"), ("force", " --force")] {
        if args.flag(name) {
            line.push_str(option);
        }
    }
    line
}

async fn look(context: &Context<'_>, name: &str) -> Result<Unit, Failure> {
    let (systemctl, word) = (systemctl(context.args), quote(name));
    let base = name.trim_end_matches(".service");
    let [tool, shown, enabled, listed, script] = ask(
        context.probe,
        [
            "command -v systemctl".into(),
            format!("{systemctl} show {word}"),
            format!("{systemctl} is-enabled {word} -l; echo $?"),
            format!("{systemctl} list-unit-files {word} >/dev/null && echo yes"),
            format!("[ -e /etc/init.d/{} ] && echo yes", quote(base)),
        ],
    )
    .await?;
    if tool.trim().is_empty() {
        return Err(Failure::new(FailureKind::Command, "the host has no `systemctl`")
            .help("`service` works with the init scripts of hosts without systemd"));
    }
    let status = status(&shown);
    let load = |name: &str| status.get(name).and_then(Value::as_str).map(str::to_owned);
    let state = load("LoadState");
    if state.as_deref() != Some("masked")
        && state.as_deref() != Some("not-found")
        && let Some(error) = load("LoadError")
    {
        return Err(Failure::new(FailureKind::Command, format!("Error loading unit file '{name}': {error}")));
    }
    let (said, code) = enabled.trim_end().rsplit_once('\n').unwrap_or((enabled.trim_end(), "1"));
    let said = said.trim();
    // A unit that is enabled until the next start only, or by way of another, is not enabled for good.
    let is_enabled = code.trim() == "0" && !["enabled-runtime", "indirect", "alias"].contains(&said);
    let is_shown = state.as_deref().is_some_and(|state| state != "not-found");
    Ok(Unit {
        is_known: is_shown || (state.is_none() && listed.trim() == "yes") || script.trim() == "yes",
        is_enabled,
        is_masked: said == "masked",
        status,
    })
}

/// Reads what `systemctl show` says: `NAME=VALUE`, where values of `Exec…` in braces may have several lines.
pub(in crate::module) fn status(shown: &str) -> Map {
    let mut status = Map::new();
    let mut lines = shown.lines();
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let mut value = value.to_owned();
        if name.starts_with("Exec") && value.starts_with('{') {
            while !value.ends_with('}') {
                let Some(more) = lines.next() else { break };
                value.push('\n');
                value.push_str(more);
            }
        }
        status.insert(name, value.trim());
    }
    status
}

/// A step of the change: what is run and what its failure says.
struct Step {
    command: String,
    message: String,
}

/// Plans what brings a unit to the state that is asked for.
pub(super) async fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let systemctl = systemctl(args);
    let mut steps = Vec::new();
    let mut change = Change::nothing(Map::new());
    for (name, verb) in [("daemon_reload", "daemon-reload"), ("daemon_reexec", "daemon-reexec")] {
        if args.flag(name) {
            let message = format!("failure during {verb}");
            steps.push(Step { command: format!("{systemctl} {verb}"), message });
        }
    }
    change.result.insert("name", args.text("name").map_or(Value::Null, Value::from));
    change.result.insert("status", Map::new());
    if let Some(name) = args.text("name") {
        let unit = look(context, name).await?;
        change.result.insert("status", unit.status.clone());
        change.changed = add_steps(args, name, &unit, &mut steps, &mut change.result)?;
    }
    let messages: Vec<String> = steps.iter().map(|step| step.message.clone()).collect();
    change.actions = steps.into_iter().map(|step| act(&step.command)).collect();
    let changed = change.changed;
    if !change.actions.is_empty() {
        change.finish = Some(Box::new(move |outputs, result| {
            for (output, message) in outputs.into_iter().zip(messages) {
                let output = exec_output(output)?;
                if output.status != 0 {
                    return Err(failed(&output, |said| format!("{message}: {said}")));
                }
            }
            Ok(Finished::new(result, changed))
        }));
    }
    Ok(change)
}

/// Adds what is to be done; returns whether that changes anything.
fn add_steps(args: &Args, name: &str, unit: &Unit, steps: &mut Vec<Step>, result: &mut Map) -> Result<bool, Failure> {
    let (systemctl, word) = (systemctl(args), quote(name));
    let before = steps.len();
    let mut add =
        |verb: &str, message: String| steps.push(Step { command: format!("{systemctl} {verb} {word}"), message });
    if is_given(args, "masked") && args.flag("masked") != unit.is_masked {
        let verb = if args.flag("masked") { "mask" } else { "unmask" };
        add(verb, format!("Failed to {verb} the service ({name})"));
    }
    let checks = ["enabled", "state"].iter().any(|name| is_given(args, name));
    if checks && !unit.is_known {
        return Err(missing(name));
    }
    if is_given(args, "enabled") {
        let wanted = args.flag("enabled");
        result.insert("enabled", wanted);
        if wanted != unit.is_enabled {
            let verb = if wanted { "enable" } else { "disable" };
            add(verb, format!("Unable to {verb} service {name}"));
        }
    }
    if let Some(wanted) = args.text("state") {
        let active = unit.status.get("ActiveState").and_then(Value::as_str);
        let Some(active) = active else {
            return Err(Failure::new(FailureKind::Command, "Service is in unknown state")
                .with_result([("status", unit.status.clone())].into_iter().collect())
                .help("systemd does not run on this host"));
        };
        let runs = ["active", "activating"].contains(&active);
        let verb = match wanted {
            "started" => (!runs).then_some("start"),
            "stopped" => (runs || active == "deactivating").then_some("stop"),
            _ if !runs => Some("start"),
            "restarted" => Some("restart"),
            _ => Some("reload"),
        };
        result.insert("state", if wanted == "stopped" { "stopped" } else { "started" });
        if let Some(verb) = verb {
            add(verb, format!("Unable to {verb} service {name}"));
        }
    }
    Ok(steps.len() > before)
}
