//! `iptables`: rules, chains and policies of the packet filter in the running kernel.

mod rule;

use super::tool::{act, ask, command, on_host, well_ended};
use super::{Arg, ArgKind, Args, Change, Context, Finished, Module, Rule};
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use rule::rule;

/// `iptables`
pub static MODULE: Module = Module {
    rules: &[
        Rule::Exclusive(&["set_dscp_mark", "set_dscp_mark_class"]),
        Rule::Exclusive(&["flush", "policy"]),
        Rule::RequiredIf("jump", "TEE", &["gateway"]),
        Rule::RequiredIf("jump", "tee", &["gateway"]),
    ],
    ..on_host(
        "iptables",
        &["ansible.builtin"],
        "Adds and removes rules and chains of the packet filter, and sets policies.",
        &[
            Arg::new("table", ArgKind::Str, "The table.")
                .choices(&["filter", "nat", "mangle", "raw", "security"])
                .default("filter"),
            Arg::new("state", ArgKind::Str, "Whether the rule, or the chain, is there.")
                .choices(&["absent", "present"])
                .default("present"),
            Arg::new("action", ArgKind::Str, "A new rule goes to the end of the chain, or to its beginning.")
                .choices(&["append", "insert"])
                .default("append"),
            Arg::new("ip_version", ArgKind::Str, "For IPv4, IPv6, or the same for both.")
                .choices(&["ipv4", "ipv6", "both"])
                .default("ipv4"),
            Arg::new("chain", ArgKind::Str, "The chain: `INPUT`, `FORWARD`, `OUTPUT`, or one of one's own."),
            Arg::new("rule_num", ArgKind::Str, "With `action: insert`, the number that the rule gets."),
            Arg::new("protocol", ArgKind::Str, "The protocol: `tcp`, `udp`, `icmp`, …, `all`."),
            Arg::new("wait", ArgKind::Str, "Seconds to wait while others change the rules."),
            Arg::new(
                "source",
                ArgKind::Str,
                "Where packets come from: an address, a network, a name; `!` before it for all others.",
            ),
            Arg::new("to_source", ArgKind::Str, "With `jump: SNAT`, the source that packets get."),
            Arg::new("destination", ArgKind::Str, "Where packets go."),
            Arg::new("to_destination", ArgKind::Str, "With `jump: DNAT`, the destination that packets get."),
            Arg::new("match", ArgKind::List, "Extensions that match packets.").default("[]"),
            Arg::new(
                "tcp_flags",
                ArgKind::Dict,
                "Which flags of TCP are looked at (`flags`), and which must be set (`flags_set`).",
            ),
            Arg::new("jump", ArgKind::Str, "What becomes of packets: `ACCEPT`, `DROP`, or another chain."),
            Arg::new("gateway", ArgKind::Str, "With `jump: TEE`, where the copy goes."),
            Arg::new("log_prefix", ArgKind::Str, "With `jump: LOG`, what log messages begin with."),
            Arg::new("log_level", ArgKind::Str, "With `jump: LOG`, their level.").choices(&[
                "0", "1", "2", "3", "4", "5", "6", "7", "emerg", "alert", "crit", "error", "warning", "notice", "info",
                "debug",
            ]),
            Arg::new("goto", ArgKind::Str, "The chain in which it goes on, without coming back here."),
            Arg::new("in_interface", ArgKind::Str, "The interface on which packets come in."),
            Arg::new("out_interface", ArgKind::Str, "The interface on which packets go out."),
            Arg::new("fragment", ArgKind::Str, "Only further fragments of packets."),
            Arg::new("set_counters", ArgKind::Str, "What the counters of the rule begin with."),
            Arg::new("source_port", ArgKind::Str, "The port, or the range of ports, that packets come from."),
            Arg::new("destination_port", ArgKind::Str, "The port, or the range of ports, that packets go to."),
            Arg::new("destination_ports", ArgKind::List, "Several of them.").default("[]"),
            Arg::new("to_ports", ArgKind::Str, "With `jump: REDIRECT` or `MASQUERADE`, the port that packets get."),
            Arg::new("set_dscp_mark", ArgKind::Str, "The DSCP value that packets get; needs `jump: DSCP`."),
            Arg::new("set_dscp_mark_class", ArgKind::Str, "The DSCP class that packets get; needs `jump: DSCP`."),
            Arg::new("comment", ArgKind::Str, "A comment in the rule."),
            Arg::new("ctstate", ArgKind::List, "The states of connections, such as `NEW` and `ESTABLISHED`.")
                .default("[]"),
            Arg::new("src_range", ArgKind::Str, "A range of addresses that packets come from."),
            Arg::new("dst_range", ArgKind::Str, "A range of addresses that packets go to."),
            Arg::new("match_set", ArgKind::Str, "The set (`ipset`) in which packets are looked for."),
            Arg::new("match_set_flags", ArgKind::Str, "Which of their addresses are looked for there.")
                .choices(&["src", "dst", "src,dst", "dst,src", "src,src", "dst,dst"]),
            Arg::new("limit", ArgKind::Str, "How many packets match on average: `2/second`."),
            Arg::new("limit_burst", ArgKind::Str, "How many match before that limit counts."),
            Arg::new("uid_owner", ArgKind::Str, "The user whose program made them."),
            Arg::new("gid_owner", ArgKind::Str, "The group whose program made them."),
            Arg::new("reject_with", ArgKind::Str, "With `jump: REJECT`, the error that is answered."),
            Arg::new("icmp_type", ArgKind::Str, "The type of ICMP packets."),
            Arg::new("syn", ArgKind::Str, "Packets that begin a connection, or all others.")
                .choices(&["ignore", "match", "negate"])
                .default("ignore"),
            Arg::new("flush", ArgKind::Bool, "Remove all rules of the chain, or of all chains of the table.")
                .default("false"),
            Arg::new("policy", ArgKind::Str, "What becomes of packets that no rule of the chain is about.")
                .choices(&["ACCEPT", "DROP", "QUEUE", "RETURN"]),
            Arg::new("chain_management", ArgKind::Bool, "Without a rule, make or remove the chain.").default("false"),
            Arg::new("numeric", ArgKind::Bool, "Look up no names where chains are listed.").default("false"),
        ],
        |context| Box::pin(plan(context)),
    )
};

/// What a task wants of the filter.
enum Aim {
    /// No rule is left in the chain, or in the table.
    Flush,
    /// The chain has this policy.
    Policy(String),
    /// The chain is there, or not.
    Chain,
    /// The rule is there, or not.
    Rule(Vec<String>),
}

/// Where a task works.
struct Place<'a> {
    args: &'a Args,
    tool: &'static str,
}

impl Place<'_> {
    /// Returns a command line: what is done to the chain, and what comes after.
    fn command(&self, action: &str, rest: &[String]) -> String {
        let text = |name: &str| self.args.text(name).map(str::to_owned);
        let mut words = vec![self.tool.to_owned(), "-t".into(), text("table").unwrap_or_default(), action.into()];
        words.extend(text("chain"));
        words.extend(text("rule_num").filter(|number| action == "-I" && !number.is_empty()));
        words.extend(text("wait").filter(|wait| !wait.is_empty()).into_iter().flat_map(|wait| ["-w".into(), wait]));
        words.extend(rest.iter().cloned());
        command(&words)
    }

    /// Returns the program that says how it stands: the policy, or `yes` where the rule or the chain is there.
    fn question(&self, aim: &Aim) -> String {
        let numeric: &[String] = if self.args.flag("numeric") { &["--numeric".to_owned()] } else { &[] };
        let asked = match aim {
            Aim::Flush => "true".into(),
            Aim::Policy(_) => return self.command("-L", numeric),
            Aim::Chain => self.command("-L", numeric),
            Aim::Rule(rule) => self.command("-C", rule),
        };
        format!("{asked} >/dev/null 2>&1 && echo yes")
    }

    /// Returns the command that is missing to what is wanted, if there is one; whether something changes at all.
    fn missing(&self, aim: &Aim, said: &str) -> Result<(bool, Option<String>), Failure> {
        let present = self.args.text("state") != Some("absent");
        let is_there = said.trim() == "yes";
        let differs = is_there != present;
        let rule = |action: &str, rule: &[String]| Some(self.command(action, rule)).filter(|_| differs);
        Ok(match aim {
            Aim::Flush => (true, Some(self.command("-F", &[]))),
            Aim::Policy(wanted) => {
                let differs = policy(said)? != wanted;
                (differs, differs.then(|| self.command("-P", std::slice::from_ref(wanted))))
            }
            // As in Ansible: that a chain is missing is told also where chains are not managed.
            Aim::Chain => {
                (differs, rule(if present { "-N" } else { "-X" }, &[]).filter(|_| self.args.flag("chain_management")))
            }
            Aim::Rule(words) if !present => (differs, rule("-D", words)),
            Aim::Rule(words) => {
                (differs, rule(if self.args.text("action") == Some("insert") { "-I" } else { "-A" }, words))
            }
        })
    }
}

/// Returns the policy of a chain from its list.
pub(super) fn policy(said: &str) -> Result<&str, Failure> {
    let header = said.lines().next().unwrap_or_default();
    let policy = header.split_once("(policy ").and_then(|(_, rest)| rest.split([')', ' ']).next());
    policy.ok_or_else(|| Failure::new(FailureKind::Command, "Can't detect current policy"))
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    check(args)?;
    let tools: &[&str] = match args.text("ip_version") {
        Some("both") => &["iptables", "ip6tables"],
        Some("ipv6") => &["ip6tables"],
        _ => &["iptables"],
    };
    let told = rule(args, args.text("jump"));
    // As in Ansible: what is said of logging is a rule that logs, and the result tells it without.
    let logs = args.text("log_prefix").or(args.text("log_level")).is_some();
    let words = if logs { rule(args, Some("LOG")) } else { told.clone() };
    let aim = match (args.flag("flush"), args.text("policy")) {
        (true, _) => Aim::Flush,
        (_, Some(policy)) => Aim::Policy(policy.to_owned()),
        _ if told.is_empty() => Aim::Chain,
        _ => Aim::Rule(words),
    };
    let mut change = Change::nothing(result(args, &told));
    for tool in tools {
        let place = Place { args, tool };
        let [found, said] = ask(context.probe, [format!("command -v {tool}"), place.question(&aim)]).await?;
        if found.trim().is_empty() {
            return Err(Failure::new(FailureKind::Command, format!("the host has no `{tool}`"))
                .help("the package is `iptables`"));
        }
        let (differs, missing) = place.missing(&aim, &said)?;
        change.changed |= differs;
        change.actions.extend(missing.map(|missing| act(&format!("export LC_ALL=C; {missing}"))));
    }
    let changed = change.changed;
    change.finish = (!change.actions.is_empty()).then(|| {
        let finish = move |outputs: Vec<super::Output>, result: Map| {
            outputs.into_iter().try_for_each(|output| well_ended(output).map(|_| ()))?;
            Ok(Finished::new(result, changed))
        };
        Box::new(finish) as super::change::Finish
    });
    Ok(change)
}

/// Refuses arguments that do not go together.
fn check(args: &Args) -> Result<(), Failure> {
    let wrong = |message: &str| Err(Failure::new(FailureKind::Argument, message));
    let marks = ["set_dscp_mark", "set_dscp_mark_class"];
    let jump = args.text("jump");
    if let (None, Some(mark)) = (jump, marks.into_iter().find(|mark| args.text(mark).is_some())) {
        return wrong(&format!("missing parameter(s) required by '{mark}': jump"));
    }
    if !args.flag("flush") && args.text("chain").is_none() {
        return wrong("flush is False but all of the following are missing: chain");
    }
    let logs = args.text("log_prefix").or(args.text("log_level")).is_some();
    if logs && jump.is_some_and(|jump| jump != "LOG") {
        return wrong("Logging options can only be used with the LOG jump target.");
    }
    Ok(())
}

fn result(args: &Args, rule: &[String]) -> Map {
    let mut result = Map::new();
    for name in ["ip_version", "table", "chain", "state", "wait"] {
        result.insert(name, args.text(name).map_or(Value::Null, Value::from));
    }
    for name in ["flush", "chain_management"] {
        result.insert(name, args.flag(name));
    }
    result.insert("rule", rule.join(" "));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_from_the_list_of_its_chain() {
        assert_eq!(policy("Chain INPUT (policy DROP 3 packets, 4 bytes)\ntarget\n").unwrap(), "DROP");
        assert_eq!(policy("Chain FORWARD (policy ACCEPT)\n").unwrap(), "ACCEPT");
        assert!(policy("Chain own (0 references)\n").is_err());
        assert!(policy("").is_err());
    }
}
