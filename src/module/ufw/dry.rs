//! Whether a rule changes anything, from what ufw says in a dry run.

use crate::module::Args;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Claims that the rules would be others.
pub(in crate::module) fn would_change(dry: &str, known: &str, args: &Args) -> bool {
    let skipped = dry.lines().filter(|line| line.contains("Skipping")).count();
    if skipped > 0 && skipped == dry.lines().count() {
        return false;
    }
    let tuples = |text: &str, keep: fn(&str) -> bool| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("### tuple") && keep(line));
        lines.map(str::to_owned).collect()
    };
    let addresses = ["from_ip", "to_ip"].map(|name| args.text(name).unwrap_or_default());
    // A dry run shows the rules of one version only where the rule is about one.
    let keep: fn(&str) -> bool = if addresses.iter().any(|address| is_v4(address)) {
        |line| line.split_whitespace().any(is_v4)
    } else if addresses.iter().any(|address| is_v6(address)) {
        |line| line.split_whitespace().any(is_v6)
    } else {
        |_| true
    };
    tuples(known, keep) != tuples(dry, keep)
}

fn is_v4(word: &str) -> bool {
    word.split('/').next().unwrap_or_default().parse::<Ipv4Addr>().is_ok()
}

fn is_v6(word: &str) -> bool {
    word.split('/').next().unwrap_or_default().parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn a_dry_run_is_held_against_the_rules_of_its_version() {
        let known =
            "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n### tuple ### allow tcp 22 ::/0 any ::/0 in\n";
        let four = "*filter\n### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n### tuple ### deny any any 0.0.0.0/0 any 10.0.0.1 in\n";
        let args =
            |from: &str| Args::of([("from_ip", Value::from(from)), ("to_ip", "any".into())].into_iter().collect());
        assert!(would_change(four, known, &args("10.0.0.1")));
        let same = format!("*filter\n{}", known.lines().next().unwrap());
        assert!(!would_change(&same, known, &args("10.0.0.0/8")) && would_change(&same, known, &args("any")));
        assert!(!would_change(
            "Skipping adding existing rule\nSkipping adding existing rule (v6)\n",
            known,
            &args("any")
        ));
        assert!(would_change("", known, &args("2001:db8::1")));
    }
}
