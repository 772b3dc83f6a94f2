//! `ufw`: the packet filter by its simple front end: rules, policies, logging, on and off.

pub(super) mod dry;
pub(super) mod place;

use super::remote::{exec_output, quote};
use super::tool::{act, ask, command, failed, on_host, reading};
use super::{Arg, ArgKind, Args, Change, Context, ExecOutput, Finished, Module, Output, Rule};
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

/// Where ufw keeps the rules of its users, by version.
const FILES: &str = "/lib/ufw/user.rules /lib/ufw/user6.rules /etc/ufw/user.rules /etc/ufw/user6.rules \
                     /var/lib/ufw/user.rules /var/lib/ufw/user6.rules";

/// `ufw`
pub static MODULE: Module = Module {
    rules: &[
        Rule::OneOf(&["state", "default", "rule", "logging"]),
        Rule::Exclusive(&["name", "proto", "logging"]),
        Rule::Exclusive(&["direction", "interface_in"]),
        Rule::Exclusive(&["direction", "interface_out"]),
    ],
    ..on_host(
        "ufw",
        &["community.general"],
        "Sets rules and policies of the packet filter with ufw.",
        &[
            Arg::new(
                "state",
                ArgKind::Str,
                "On or off, now and at every start; read again; or as after the installation.",
            )
            .choices(&["enabled", "disabled", "reloaded", "reset"]),
            Arg::new("default", ArgKind::Str, "What becomes of packets that no rule is about.")
                .aliases(&["policy"])
                .choices(&["allow", "deny", "reject"]),
            Arg::new("logging", ArgKind::Str, "Whether, and how much, is logged.")
                .choices(&["full", "high", "low", "medium", "off", "on"]),
            Arg::new(
                "direction",
                ArgKind::Str,
                "Of a rule `in` or `out`; of a policy `incoming`, `outgoing` or `routed`.",
            )
            .choices(&["in", "incoming", "out", "outgoing", "routed"]),
            Arg::new("delete", ArgKind::Bool, "The rule is not to be there.").default("false"),
            Arg::new("route", ArgKind::Bool, "The rule is about packets on their way through the host.")
                .default("false"),
            Arg::new("insert", ArgKind::Int, "The number that a new rule gets."),
            Arg::new("insert_relative_to", ArgKind::Str, "From where that number counts.")
                .choices(&["zero", "first-ipv4", "last-ipv4", "first-ipv6", "last-ipv6"])
                .default("zero"),
            Arg::new("rule", ArgKind::Str, "What becomes of packets.").choices(&["allow", "deny", "limit", "reject"]),
            Arg::new("interface", ArgKind::Str, "The interface; needs a direction.").aliases(&["if"]),
            Arg::new("interface_in", ArgKind::Str, "The interface on which packets come in.").aliases(&["if_in"]),
            Arg::new("interface_out", ArgKind::Str, "The interface on which packets go out.").aliases(&["if_out"]),
            Arg::new("log", ArgKind::Bool, "New connections of the rule are logged.").default("false"),
            Arg::new("from_ip", ArgKind::Str, "Where packets come from.").aliases(&["from", "src"]).default("any"),
            Arg::new("from_port", ArgKind::Str, "The port that they come from."),
            Arg::new("to_ip", ArgKind::Str, "Where packets go.").aliases(&["dest", "to"]).default("any"),
            Arg::new("to_port", ArgKind::Str, "The port that they go to.").aliases(&["port"]),
            Arg::new("proto", ArgKind::Str, "The protocol.")
                .aliases(&["protocol"])
                .choices(&["ah", "any", "esp", "ipv6", "tcp", "udp", "gre", "igmp", "vrrp"]),
            Arg::new("name", ArgKind::Str, "A profile of ufw's in place of ports and protocol.").aliases(&["app"]),
            Arg::new("comment", ArgKind::Str, "A comment in the rule."),
        ],
        |context| Box::pin(plan(context)),
    )
};

/// How ufw stands.
#[derive(Clone, PartialEq, Eq)]
struct Standing {
    /// What `ufw status verbose` says.
    status: String,
    /// The lines of its files that name rules.
    rules: String,
}

impl Standing {
    fn question() -> String {
        format!("ufw status verbose; printf 'np-mark\\n'; grep -h '^### tuple' {FILES} || :")
    }

    fn of(said: &str) -> Standing {
        let (status, rules) = said.split_once("np-mark\n").unwrap_or((said, ""));
        Standing { status: status.trim_end().to_owned(), rules: rules.to_owned() }
    }

    /// Claims that ufw is on.
    fn is_active(&self) -> bool {
        self.status.contains(" active")
    }

    /// Claims that its logging would change. While it is off, ufw does not say how it logs.
    fn logs_otherwise(&self, wanted: &str) -> bool {
        let Some(said) = self.status.lines().find_map(|line| line.strip_prefix("Logging: ")) else { return true };
        let level = said.split_once('(').map(|(_, level)| level.trim_end_matches(')'));
        match (wanted, said.starts_with("off")) {
            ("off", is_off) => !is_off,
            (_, true) => true,
            ("on", false) => false,
            (wanted, false) => level != Some(wanted),
        }
    }

    /// Claims that a policy would change. While it is off, ufw does not say its policies.
    fn has_other_policy(&self, wanted: &str, direction: Option<&str>) -> bool {
        let Some(said) = self.status.lines().find_map(|line| line.strip_prefix("Default: ")) else { return true };
        let direction = format!("({})", direction.unwrap_or("incoming"));
        let policy = said.split(", ").find_map(|policy| policy.strip_suffix(&*direction)).map(str::trim);
        policy.is_some_and(|policy| policy != wanted && policy != "disabled")
    }
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    check(args)?;
    let questions = ["command -v ufw".into(), Standing::question(), "ufw status numbered".into()];
    let [found, said, numbered] = ask(context.probe, questions).await?;
    if found.trim().is_empty() {
        return Err(Failure::new(FailureKind::Command, "the host has no `ufw`").help("the package is `ufw`"));
    }
    let before = Standing::of(&said);
    let mut change = Change::nothing(Map::new());
    let (mut commands, mut is_sure) = (Vec::new(), false);
    if let Some(state) = args.text("state") {
        is_sure |= matches!(state, "reloaded" | "reset");
        change.changed |= is_sure || (state == "enabled") != before.is_active();
        let verb = [("enabled", "enable"), ("disabled", "disable"), ("reloaded", "reload"), ("reset", "reset")];
        let verb = verb.iter().find(|(name, _)| *name == state).map_or(state, |(_, verb)| verb);
        commands.push(words(&["ufw", "-f", verb]));
    }
    if let Some(policy) = args.text("default") {
        let direction = args.text("direction");
        change.changed |= before.has_other_policy(policy, direction);
        commands.push(words(&["ufw", "default", policy]).into_iter().chain(direction.map(str::to_owned)).collect());
    }
    if args.text("rule").is_some() {
        let rule = rule(args, &numbered);
        let tried: Vec<String> = words(&["ufw", "--dry-run"]).into_iter().chain(rule.iter().cloned()).collect();
        let dry = said_by(context.probe.read(reading(&line(&tried))).await?)?;
        change.changed |= dry::would_change(&dry, &before.rules, args);
        commands.push(words(&["ufw"]).into_iter().chain(rule).collect());
    }
    if let Some(level) = args.text("logging") {
        let differs = before.logs_otherwise(level);
        is_sure |= differs;
        change.changed |= differs;
        commands.push(words(&["ufw", "logging", level]));
    }
    let told = commands.iter().map(|words| Value::from(command(words)));
    change.result.insert("commands", Value::list(told.collect::<Vec<_>>()));
    change.actions.extend(commands.iter().map(|words| act(&line(words))));
    change.actions.push(reading(&format!("export LC_ALL=C LANG=C; {}", Standing::question())));
    change.finish = Some(Box::new(move |outputs, result| finish(outputs, result, &before, is_sure)));
    Ok(change)
}

/// Refuses arguments that do not go together.
fn check(args: &Args) -> Result<(), Failure> {
    let direction = args.text("direction");
    let wrong = |message: &str| Err(Failure::new(FailureKind::Argument, message));
    if args.text("interface").is_some() && direction.is_none() {
        return wrong("missing parameter(s) required by 'interface': direction");
    }
    if args.text("default").is_some() && matches!(direction, Some("in" | "out")) {
        return wrong(
            "For default, direction must be one of \"outgoing\", \"incoming\" and \"routed\", or direction must not be specified.",
        );
    }
    if args.text("rule").is_none() {
        return Ok(());
    }
    if matches!(direction, Some("incoming" | "outgoing" | "routed")) {
        return wrong("For rules, direction must be one of \"in\" and \"out\", or direction must not be specified.");
    }
    if !args.flag("route") && args.text("interface_in").is_some() && args.text("interface_out").is_some() {
        return wrong("Only route rules can combine interface_in and interface_out");
    }
    Ok(())
}

/// Returns the words of a rule, in the order of ufw's long form.
fn rule(args: &Args, numbered: &str) -> Vec<String> {
    let mut rule = Vec::new();
    let mut add = |all: &[&str]| rule.extend(all.iter().map(|word| (*word).to_owned()));
    let text = |name: &str| args.text(name).filter(|text| !text.is_empty());
    for name in ["route", "delete"] {
        if args.flag(name) {
            add(&[name]);
        }
    }
    let place = args.int("insert").filter(|_| !args.flag("delete"));
    if let Some(place) = place.and_then(|place| place::of(place, args.text("insert_relative_to"), numbered)) {
        add(&["insert", &place.to_string()]);
    }
    add(&[text("rule").unwrap_or_default()]);
    if let Some(direction) = text("direction") {
        add(&[direction]);
    }
    for (name, before) in
        [("interface", &["on"][..]), ("interface_in", &["in", "on"]), ("interface_out", &["out", "on"])]
    {
        if let Some(interface) = text(name) {
            add(before);
            add(&[interface]);
        }
    }
    if args.flag("log") {
        add(&["log"]);
    }
    for (name, word) in [
        ("from_ip", "from"),
        ("from_port", "port"),
        ("to_ip", "to"),
        ("to_port", "port"),
        ("proto", "proto"),
        ("name", "app"),
        ("comment", "comment"),
    ] {
        if let Some(value) = text(name) {
            add(&[word, value]);
        }
    }
    rule
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|word| (*word).to_owned()).collect()
}

/// Returns words as a line of sh that speaks the language that is understood here.
fn line(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
    format!("export LC_ALL=C LANG=C; {}", words.join(" "))
}

/// Returns what ufw says; its failure where it refuses something.
fn said_by(output: Output) -> Result<String, Failure> {
    let output = exec_output(output)?;
    let ExecOutput { status, stdout, .. } = &output;
    match status {
        0 => Ok(String::from_utf8_lossy(stdout).into_owned()),
        _ => Err(failed(&output, str::to_owned)),
    }
}

fn finish(outputs: Vec<Output>, mut result: Map, before: &Standing, is_sure: bool) -> Result<Finished, Failure> {
    let mut after = String::new();
    for output in outputs {
        after = said_by(output)?;
    }
    let after = Standing::of(&after);
    result.insert("msg", after.status.as_str());
    let changed = is_sure || after != *before;
    Ok(Finished::new(result, changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVE: &str = "Status: active\nLogging: on (low)\nDefault: deny (incoming), allow (outgoing), disabled (routed)\n\
                          New profiles: skip\nnp-mark\n### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n";

    #[test]
    fn what_would_change_is_known_from_what_ufw_says() {
        let active = Standing::of(ACTIVE);
        assert!(active.is_active() && active.rules.starts_with("### tuple"));
        assert!(!active.logs_otherwise("on") && !active.logs_otherwise("low"));
        assert!(active.logs_otherwise("off") && active.logs_otherwise("full"));
        assert!(!active.has_other_policy("deny", None) && active.has_other_policy("reject", Some("incoming")));
        assert!(active.has_other_policy("deny", Some("outgoing")) && !active.has_other_policy("deny", Some("routed")));
        let inactive = Standing::of("Status: inactive\nnp-mark\n");
        assert!(!inactive.is_active() && inactive.logs_otherwise("off") && inactive.has_other_policy("deny", None));
    }

    #[test]
    fn a_rule_is_said_in_ufws_long_form() {
        let args = [
            ("rule", Value::from("allow")),
            ("route", Value::Bool(true)),
            ("interface_in", "eth0".into()),
            ("interface_out", "eth1".into()),
            ("from_ip", "any".into()),
            ("to_ip", "10.0.0.1".into()),
            ("to_port", "80".into()),
            ("comment", "it's on".into()),
            ("insert", Value::from(1)),
        ];
        let words = rule(&Args::of(args.into_iter().collect()), "");
        assert_eq!(
            words.join(" "),
            "route insert 1 allow in on eth0 out on eth1 from any to 10.0.0.1 port 80 comment it's on"
        );
    }
}
