//! `service` and `systemd_service`: sees to it that a service runs, or not, now and after the next start of the host.
//!
//! Hosts with systemd are asked and told by `systemctl`. Elsewhere `service NAME status|start|stop|…` does what there is;
//! what happens at the start of the host is then not known.

use super::remote::quote;
use super::system::{ask, make, said};
use super::{Alias, Arg, ArgKind, Args, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

const STATE: Arg = Arg::new("state", ArgKind::Str, "What it does; `restarted` and `reloaded` always act.").choices(&[
    "reloaded",
    "restarted",
    "started",
    "stopped",
]);
const ENABLED: Arg = Arg::new("enabled", ArgKind::Bool, "Whether it begins with the host.");

/// `service`
pub static MODULE: Module = SERVICE;

const SERVICE: Module = Module {
    name: "service",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Sees to it that a service runs, or that it does not.",
    args: &[
        Arg::new("name", ArgKind::Str, "The service.").required(),
        STATE,
        ENABLED,
        Arg::new("use", ArgKind::Str, "Which manager of services is asked.")
            .default("auto")
            .refused("the host's own is found"),
        Arg::new("pattern", ArgKind::Str, "What to look for among processes.").refused("the manager is asked"),
        Arg::new("sleep", ArgKind::Int, "Seconds between stop and start.").refused("the manager restarts by itself"),
        Arg::new("runlevel", ArgKind::Str, "The runlevel.").default("default").refused("there are no runlevels"),
        Arg::new("arguments", ArgKind::Str, "More arguments for the manager.")
            .aliases(&["args"])
            .default("")
            .refused("the manager is called without"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context, false)),
};

/// `systemd_service`
pub static SYSTEMD: Module = Module {
    name: "systemd_service",
    aliases: &[
        Alias { name: "systemd", platform: None },
        Alias { name: "ansible.builtin.systemd", platform: None },
        Alias { name: "ansible.legacy.systemd", platform: None },
    ],
    summary: "Sees to it that a unit of systemd runs, or that it does not.",
    args: &[
        Arg::new("name", ArgKind::Str, "The unit.").aliases(&["service", "unit"]),
        STATE,
        ENABLED,
        Arg::new("masked", ArgKind::Bool, "Whether it can be started at all."),
        Arg::new("force", ArgKind::Bool, "Take links of others away.").default("false"),
        Arg::new("daemon_reload", ArgKind::Bool, "Have systemd read its files again first.")
            .aliases(&["daemon-reload"])
            .default("false"),
        Arg::new("daemon_reexec", ArgKind::Bool, "Have systemd begin anew first.")
            .aliases(&["daemon-reexec"])
            .default("false"),
        Arg::new("scope", ArgKind::Str, "Whose units.").choices(&["system", "user", "global"]).default("system"),
        Arg::new("no_block", ArgKind::Bool, "Do not wait until it is done.").default("false"),
    ],
    plan: |context| Box::pin(plan(context, true)),
    ..SERVICE
};

async fn plan(context: Context<'_>, systemd: bool) -> Result<Change, Failure> {
    let args = context.args;
    let Some(name) = args.text("name").filter(|name| !name.is_empty()) else { return reload_only(args) };
    let scope = match args.text("scope") {
        None | Some("system") => String::new(),
        Some(scope) => format!(" --{scope}"),
    };
    let word = quote(name);
    let text = format!(
        "if command -v systemctl >/dev/null 2>&1 && {{ [ -d /run/systemd/system ] || [ -n \"$SYSTEMD_OFFLINE\" ]; }}; then\n\
         echo systemd; systemctl{scope} is-enabled {word} 2>/dev/null || :; echo --; systemctl{scope} show {word}\n\
         else echo none; service {word} status >/dev/null 2>&1; echo $?; fi"
    );
    let answer = said(&ask(&context, text).await?);
    let Some(rest) = answer.strip_prefix("systemd\n") else {
        let failure = |message: &str| Err(Failure::new(FailureKind::Module, message.to_owned()));
        if systemd {
            return failure("Could not find the program systemctl, or systemd does not run on this host");
        }
        return by_service(args, name, answer.strip_prefix("none\n").and_then(|status| status.trim().parse().ok()));
    };
    let unit = Unit::read(rest);
    unit.change(args, name, &scope)
}

/// `daemon_reload` without a unit.
fn reload_only(args: &Args) -> Result<Change, Failure> {
    if args.get("state").is_some() || args.get("enabled").is_some() || args.get("masked").is_some() {
        return Err(Failure::new(FailureKind::Argument, "`state`, `enabled` and `masked` need the argument `name`"));
    }
    let mut result = Map::new();
    for name in ["name", "state", "enabled"] {
        result.insert(name, Value::Null);
    }
    result.insert("status", Map::new());
    // As in Ansible, reading files again is no change.
    let mut change = make(reloads(args, ""), result);
    change.changed = false;
    change.finish = change.finish.map(|finish| -> super::Finish {
        Box::new(move |outputs, result| finish(outputs, result).map(|done| super::Finished { changed: false, ..done }))
    });
    Ok(change)
}

fn reloads(args: &Args, scope: &str) -> Vec<String> {
    let words = [("daemon_reload", "daemon-reload"), ("daemon_reexec", "daemon-reexec")];
    let asked = words.iter().filter(|(name, _)| args.flag(name));
    asked.map(|(_, word)| format!("systemctl{scope} {word}")).collect()
}

/// A unit as systemd tells of it.
struct Unit {
    enabled: String,
    status: Vec<(String, String)>,
}

impl Unit {
    fn read(answer: &str) -> Unit {
        let (enabled, shown) = answer.split_once("--").unwrap_or((answer, ""));
        let pairs = shown.lines().filter_map(|line| line.split_once('='));
        Unit {
            enabled: enabled.trim().to_owned(),
            status: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        }
    }

    fn says(&self, key: &str) -> &str {
        self.status.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value)
    }

    fn change(&self, args: &Args, name: &str, scope: &str) -> Result<Change, Failure> {
        let load = self.says("LoadState");
        let masked = load == "masked" || self.enabled.starts_with("masked");
        if load == "not-found" && !masked && self.enabled.is_empty() {
            let message = format!("Could not find the requested service {name}: host");
            return Err(Failure::new(FailureKind::Module, message));
        }
        let word = quote(name);
        let before = reloads(args, scope);
        let mut commands = Vec::new();
        let block = if args.flag("no_block") { " --no-block" } else { "" };
        let force = if args.flag("force") { " --force" } else { "" };
        let mut result = Map::new();
        result.insert("name", name);
        result.insert("status", Value::map(self.status.iter().map(|(key, value)| (key.as_str(), value.as_str()))));
        if let Some(Value::Bool(wanted)) = args.get("masked")
            && *wanted != masked
        {
            let action = if *wanted { "mask" } else { "unmask" };
            commands.push(format!("systemctl{scope}{force} {action} {word}"));
        }
        if let Some(Value::Bool(wanted)) = args.get("enabled") {
            let is = ["enabled", "enabled-runtime", "alias", "static", "indirect", "generated"]
                .contains(&self.enabled.lines().next().unwrap_or_default());
            if *wanted != is {
                let action = if *wanted { "enable" } else { "disable" };
                commands.push(format!("systemctl{scope}{force} {action} {word}"));
            }
            result.insert("enabled", *wanted);
        }
        if let Some(state) = args.text("state") {
            let active = matches!(self.says("ActiveState"), "active" | "activating");
            let action = match (state, active) {
                ("started", false) => Some("start"),
                ("stopped", _) if active || self.says("ActiveState") == "deactivating" => Some("stop"),
                ("restarted", true) => Some("restart"),
                ("reloaded", true) => Some("reload"),
                ("restarted" | "reloaded", false) => Some("start"),
                _ => None,
            };
            commands.extend(action.map(|action| format!("systemctl{scope}{block} {action} {word}")));
            result.insert("state", if matches!(state, "restarted" | "reloaded") { "started" } else { state });
        }
        let changes = !commands.is_empty();
        let mut change = make(before.into_iter().chain(commands).collect(), result);
        if !changes {
            change.changed = false;
            change.finish = change.finish.map(|finish| -> super::Finish {
                Box::new(move |outputs, result| {
                    finish(outputs, result).map(|done| super::Finished { changed: false, ..done })
                })
            });
        }
        Ok(change)
    }
}

/// A host without systemd.
fn by_service(args: &Args, name: &str, status: Option<i32>) -> Result<Change, Failure> {
    if args.get("enabled").is_some() {
        let message = "`enabled` needs systemd, and this host has none";
        return Err(Failure::new(FailureKind::Module, message).help("run what the host has for it with `command`"));
    }
    // What the LSB says of the status of init scripts: 0 runs, 1 to 3 do not, 4 is not known.
    let Some(running) = status.filter(|status| *status < 4).map(|status| status == 0) else {
        let message = format!("Could not find the requested service {name}: host");
        return Err(Failure::new(FailureKind::Module, message));
    };
    let action = match (args.text("state"), running) {
        (Some("started"), false) => Some("start"),
        (Some("stopped"), true) => Some("stop"),
        (Some("restarted"), _) => Some("restart"),
        (Some("reloaded"), _) => Some("reload"),
        _ => None,
    };
    let mut result = Map::new();
    result.insert("name", name);
    if let Some(state) = args.text("state") {
        result.insert("state", if matches!(state, "restarted" | "reloaded") { "started" } else { state });
    }
    Ok(make(action.map(|action| format!("service {} {action}", quote(name))).into_iter().collect(), result))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(answer: &str, args: &[(&str, Value)]) -> Result<String, Failure> {
        let args = Args::of(args.iter().map(|(name, value)| (*name, value.clone())).collect());
        let change = Unit::read(answer).change(&args, "ssh", "")?;
        let text = change.actions.first().map(|action| format!("{:?}", action.work)).unwrap_or_default();
        assert_eq!(change.changed, text.contains("ssh"));
        Ok(text)
    }

    #[test]
    fn a_unit_is_changed_only_where_it_differs() {
        let running = "enabled\n--\nLoadState=loaded\nActiveState=active\n";
        let stopped = "disabled\n--\nLoadState=loaded\nActiveState=inactive\n";
        let cases = [
            (running, "started", ""),
            (stopped, "started", "systemctl start ssh"),
            (running, "stopped", "systemctl stop ssh"),
            (stopped, "stopped", ""),
            (running, "restarted", "systemctl restart ssh"),
            (stopped, "reloaded", "systemctl start ssh"),
        ];
        for (answer, state, expected) in cases {
            let text = commands(answer, &[("state", state.into())]).unwrap();
            assert!(if expected.is_empty() { text.is_empty() } else { text.contains(expected) }, "{state}: {text}");
        }
        assert!(commands(running, &[("enabled", true.into())]).unwrap().is_empty());
        assert!(commands(stopped, &[("enabled", true.into())]).unwrap().contains("systemctl enable ssh"));
        assert!(commands(running, &[("masked", true.into())]).unwrap().contains("systemctl mask ssh"));
        let reload = commands(running, &[("daemon_reload", true.into())]).unwrap();
        assert!(reload.contains("systemctl daemon-reload"));
        let missing = commands("--\nLoadState=not-found\nActiveState=inactive\n", &[("state", "started".into())]);
        assert_eq!(missing.unwrap_err().message.expose(), "Could not find the requested service ssh: host");
    }
}
