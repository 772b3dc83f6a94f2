//! The words of a rule, in the order of Ansible's: rules are told apart by what they say, and told in the result.

use crate::module::Args;
use crate::value::Value;

/// Words that come to be one after the other.
struct Words<'a> {
    args: &'a Args,
    words: Vec<String>,
}

impl Words<'_> {
    /// Adds an option with what an argument says; `!` before it says that it must not be so.
    fn option(&mut self, argument: &str, option: &str) {
        if let Some(value) = self.args.text(argument).map(str::to_owned) {
            self.value(&value, option);
        }
    }

    fn value(&mut self, value: &str, option: &str) {
        match value.strip_prefix('!') {
            Some(value) => self.add(&["!", option, value]),
            None => self.add(&[option, value]),
        }
    }

    /// Adds an option with a list that an argument holds.
    fn list(&mut self, argument: &str, option: &str) {
        let all = self.args.texts(argument);
        if !all.is_empty() {
            self.add(&[option, &all.join(",")]);
        }
    }

    /// Adds an extension where one of the arguments needs it.
    fn extension(&mut self, arguments: &[&str], name: &str) {
        if arguments.iter().any(|argument| self.says(argument)) {
            self.add(&["-m", name]);
        }
    }

    /// Claims that an argument says something.
    fn says(&self, argument: &str) -> bool {
        self.args.text(argument).is_some_and(|text| !text.is_empty()) || !self.args.list(argument).is_empty()
    }

    /// Claims that the author names an extension.
    fn matches(&self, name: &str) -> bool {
        self.args.texts("match").iter().any(|known| known == name)
    }

    fn add(&mut self, words: &[&str]) {
        self.words.extend(words.iter().map(|word| (*word).to_owned()));
    }
}

/// Returns the words of the rule that a task describes, with this target.
pub(super) fn rule(args: &Args, jump: Option<&str>) -> Vec<String> {
    let mut rule = Words { args, words: Vec::new() };
    packets(&mut rule);
    target(&mut rule, jump);
    way(&mut rule);
    mark(&mut rule, jump);
    match args.text("syn") {
        Some("match") => rule.add(&["--syn"]),
        Some("negate") => rule.add(&["!", "--syn"]),
        _ => {}
    }
    connections(&mut rule);
    ranges_and_sets(&mut rule);
    limits_and_owners(&mut rule);
    if jump.is_none() && rule.says("reject_with") {
        rule.add(&["-j", "REJECT"]);
    }
    rule.option("reject_with", "--reject-with");
    // As in Ansible, where one rule of ICMP for both versions is none that can be made.
    let icmp = match args.text("ip_version") {
        Some("ipv6") => "--icmpv6-type",
        Some("both") => "--icmp-type --icmpv6-type",
        _ => "--icmp-type",
    };
    rule.option("icmp_type", icmp);
    rule.extension(&["comment"], "comment");
    rule.option("comment", "--comment");
    rule.words
}

fn packets(rule: &mut Words<'_>) {
    rule.option("protocol", "-p");
    rule.option("source", "-s");
    rule.option("destination", "-d");
    rule.args.texts("match").iter().for_each(|name| rule.value(name, "-m"));
    let flags = |name: &str| -> Option<String> {
        match rule.args.dict("tcp_flags")?.get(name)? {
            Value::List(all) => Some(all.iter().map(Value::to_text).collect::<Vec<_>>().join(",")),
            text => Some(text.to_text()),
        }
    };
    if let (Some(flags), Some(set)) = (flags("flags"), flags("flags_set")) {
        rule.add(&["--tcp-flags", &flags, &set]);
    }
}

fn target(rule: &mut Words<'_>, jump: Option<&str>) {
    if let Some(jump) = jump {
        rule.value(jump, "-j");
        if jump.eq_ignore_ascii_case("tee") {
            rule.option("gateway", "--gateway");
        }
    }
    rule.option("log_prefix", "--log-prefix");
    rule.option("log_level", "--log-level");
    rule.option("to_destination", "--to-destination");
    rule.extension(&["destination_ports"], "multiport");
    rule.list("destination_ports", "--dports");
    rule.option("to_source", "--to-source");
}

fn way(rule: &mut Words<'_>) {
    for (argument, option) in [
        ("goto", "-g"),
        ("in_interface", "-i"),
        ("out_interface", "-o"),
        ("fragment", "-f"),
        ("set_counters", "-c"),
        ("source_port", "--source-port"),
        ("destination_port", "--destination-port"),
        ("to_ports", "--to-ports"),
    ] {
        rule.option(argument, option);
    }
}

fn mark(rule: &mut Words<'_>, jump: Option<&str>) {
    for (argument, option) in [("set_dscp_mark", "--set-dscp"), ("set_dscp_mark_class", "--set-dscp-class")] {
        rule.option(argument, option);
        if rule.says(argument) && !jump.is_some_and(|jump| jump.eq_ignore_ascii_case("dscp")) {
            rule.add(&["-j", "DSCP"]);
        }
    }
}

fn connections(rule: &mut Words<'_>) {
    if rule.matches("conntrack") {
        rule.list("ctstate", "--ctstate");
    } else if rule.matches("state") {
        rule.list("ctstate", "--state");
    } else {
        rule.extension(&["ctstate"], "conntrack");
        rule.list("ctstate", "--ctstate");
    }
}

fn ranges_and_sets(rule: &mut Words<'_>) {
    if !rule.matches("iprange") {
        rule.extension(&["src_range", "dst_range"], "iprange");
    }
    rule.option("src_range", "--src-range");
    rule.option("dst_range", "--dst-range");
    if !rule.matches("set") {
        rule.extension(&["match_set"], "set");
    }
    rule.option("match_set", "--match-set");
    if let (true, Some(flags)) = (rule.says("match_set"), rule.args.text("match_set_flags").map(str::to_owned)) {
        rule.add(&[&flags]);
    }
}

fn limits_and_owners(rule: &mut Words<'_>) {
    rule.extension(&["limit", "limit_burst"], "limit");
    rule.option("limit", "--limit");
    rule.option("limit_burst", "--limit-burst");
    for (argument, option) in [("uid_owner", "--uid-owner"), ("gid_owner", "--gid-owner")] {
        rule.extension(&[argument], "owner");
        rule.option(argument, option);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Map;

    fn words(args: Value) -> String {
        let args = Args::of(args.as_map().cloned().unwrap_or_else(Map::new));
        let jump = args.text("jump").map(str::to_owned);
        rule(&args, jump.as_deref()).join(" ")
    }

    #[test]
    fn arguments_are_words_in_a_fixed_order() {
        let list = |items: &[&str]| Value::list(items.iter().map(|item| Value::from(*item)));
        let args = Value::map([
            ("comment", Value::from("no mail")),
            ("source", "!10.0.0.0/8".into()),
            ("protocol", "tcp".into()),
            ("jump", "REJECT".into()),
            ("destination_ports", list(&["25", "465:587"])),
            ("ctstate", list(&["NEW", "RELATED"])),
            ("reject_with", "tcp-reset".into()),
            ("syn", "negate".into()),
        ]);
        let expected = "-p tcp ! -s 10.0.0.0/8 -j REJECT -m multiport --dports 25,465:587 ! --syn -m conntrack --ctstate \
                        NEW,RELATED --reject-with tcp-reset -m comment --comment no mail";
        assert_eq!(words(args), expected);
        assert_eq!(words(Value::map([("chain", "INPUT")])), "");
        assert_eq!(
            words(Value::map([("reject_with", "icmp-port-unreachable")])),
            "-j REJECT --reject-with icmp-port-unreachable"
        );
    }
}
