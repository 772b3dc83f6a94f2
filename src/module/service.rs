//! `service` and `systemd`: starts, stops and enables services.
//!
//! `service` takes what the host has: systemd where it runs, else the scripts of OpenRC or of System V's init.

mod init;
pub(super) mod unit;

use super::tool::ask;
use super::{Arg, ArgKind, Args, Change, Context, Module, Needs, Rule};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};

const STATES: &[&str] = &["reloaded", "restarted", "started", "stopped"];

/// `service`
pub static MODULE: Module = Module {
    name: "service",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Starts, stops and enables services, with what the host has for it.",
    args: &[
        Arg::new("name", ArgKind::Str, "The service.").required(),
        Arg::new("state", ArgKind::Str, "How it should be; `restarted` and `reloaded` always do something.")
            .choices(STATES),
        Arg::new("enabled", ArgKind::Bool, "Whether it starts with the host."),
        Arg::new("sleep", ArgKind::Int, "With init scripts: seconds between stop and start of a restart."),
        Arg::new("pattern", ArgKind::Str, "With init scripts that tell no status: what a running one has in `ps`."),
        Arg::new("runlevel", ArgKind::Str, "With OpenRC: the run level.").default("default"),
        Arg::new("arguments", ArgKind::Str, "With init scripts: more words for them.").aliases(&["args"]).default(""),
        Arg::new("use", ArgKind::Str, "The service manager.")
            .choices(&["auto", "openrc", "service", "systemd", "sysvinit"])
            .default("auto"),
    ],
    rules: &[Rule::OneOf(&["state", "enabled"])],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan_service(context)),
};

/// `systemd`
pub static SYSTEMD: Module = Module {
    name: "systemd_service",
    collections: &["ansible.builtin"],
    aliases: &[
        super::Alias { name: "systemd", platform: None },
        super::Alias { name: "ansible.builtin.systemd", platform: None },
        super::Alias { name: "ansible.legacy.systemd", platform: None },
    ],
    summary: "Starts, stops, enables and masks units of systemd.",
    args: &[
        Arg::new("name", ArgKind::Str, "The unit.").aliases(&["service", "unit"]),
        Arg::new("state", ArgKind::Str, "How it should be; `restarted` and `reloaded` always do something.")
            .choices(STATES),
        Arg::new("enabled", ArgKind::Bool, "Whether it starts with the host."),
        Arg::new("masked", ArgKind::Bool, "Whether it is made impossible to start."),
        Arg::new("force", ArgKind::Bool, "Replace links that are in the way."),
        Arg::new("daemon_reload", ArgKind::Bool, "Have systemd read its files again first.")
            .aliases(&["daemon-reload"])
            .default("false"),
        Arg::new("daemon_reexec", ArgKind::Bool, "Have systemd execute itself again first.")
            .aliases(&["daemon-reexec"])
            .default("false"),
        Arg::new("scope", ArgKind::Str, "Whose systemd.").choices(&["global", "system", "user"]).default("system"),
        Arg::new("no_block", ArgKind::Bool, "Do not wait until it is done.").default("false"),
    ],
    rules: &[Rule::OneOf(&["state", "enabled", "masked", "daemon_reload", "daemon_reexec"])],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan_systemd(context)),
};

/// What has the services of a host.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manager {
    Systemd,
    OpenRc,
    Init,
}

async fn plan_service(context: Context<'_>) -> Result<Change, Failure> {
    let manager = match context.args.text("use").unwrap_or("auto") {
        "systemd" => Manager::Systemd,
        "openrc" => Manager::OpenRc,
        "sysvinit" | "service" => Manager::Init,
        _ => {
            let question =
                "[ -d /run/systemd/system ] && echo systemd; command -v rc-service >/dev/null && echo openrc";
            let [said] = ask(context.probe, [question.into()]).await?;
            match said.lines().next() {
                Some("systemd") => Manager::Systemd,
                Some(_) => Manager::OpenRc,
                None => Manager::Init,
            }
        }
    };
    match manager {
        Manager::Systemd => unit::plan(&context).await,
        _ => init::plan(&context, manager == Manager::OpenRc).await,
    }
}

async fn plan_systemd(context: Context<'_>) -> Result<Change, Failure> {
    let needs_name = ["state", "enabled", "masked"].iter().find(|name| is_given(context.args, name));
    if let (Some(name), None) = (needs_name, context.args.text("name")) {
        let message = format!("missing parameter(s) required by '{name}': name");
        return Err(Failure::new(FailureKind::Argument, message));
    }
    unit::plan(&context).await
}

fn is_given(args: &Args, name: &str) -> bool {
    args.get(name).is_some_and(|value| *value != crate::value::Value::Null)
}

/// Returns the failure of a service that is not there.
fn missing(name: &str) -> Failure {
    Failure::new(FailureKind::Command, format!("Could not find the requested service {name}: host"))
}
