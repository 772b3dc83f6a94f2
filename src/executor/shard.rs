//! Shards: parts of the hosts for runs that are spread over several machines, and what a playbook asks for that parts
//! cannot give.

use super::Planned;
use crate::event::Shard;
use crate::graph::{Graph, Node as GraphNode};
use crate::playbook::{Action, Meta};
use crate::source::{Diagnostic, Diagnostics, Span};
use crate::yaml::Node;
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::sync::Arc;

/// Claims that a host is in a shard: the first eight bytes of its name's SHA-256, as a number (big endian), modulo the
/// number of shards, say in which. So a host that is added moves no other.
pub(super) fn holds(shard: Shard, host: &str) -> bool {
    let hash = Sha256::digest(host);
    let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    number % u64::from(shard.total) == u64::from(shard.index) - 1
}

/// Variables that hold the hosts of the play.
const HOSTS_OF_PLAY: [&str; 4] = ["ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all", "play_hosts"];

/// Finds everything in plays that would mean something else on a part of their hosts.
pub fn check_shards(plays: &[Planned], graphs: &[Graph], found: &mut Diagnostics) {
    let mut check = Check { found, said: HashSet::new() };
    for (index, (planned, graph)) in plays.iter().zip(graphs).enumerate() {
        let play = &planned.play;
        for node in &play.serial {
            check.refuse(node.span, "`serial` would make batches of a shard's hosts only");
        }
        if let Some((_, span)) = &play.max_fail_percentage {
            check.refuse(*span, "`max_fail_percentage` would count a shard's hosts only");
        }
        if let Some(node) = play.any_errors_fatal.as_ref().filter(|node| is_meant(node)) {
            check.refuse(node.span, "`any_errors_fatal` would end the play on the hosts of a shard only");
        }
        let before = index.checked_sub(1).map(|before| &plays[before]);
        if let Some(before) = before.filter(|before| waits_for(planned) && !same(&before.unsharded, &planned.unsharded))
        {
            let text = "this play has other hosts than the one before it, and would not wait for those on other shards";
            check.refuse_beside(play.hosts.span, text, before.play.hosts.span);
        }
        graph.nodes.iter().for_each(|node| check.node(node));
    }
}

/// Claims that a play comes after the one before it because nothing else is said.
fn waits_for(planned: &Planned) -> bool {
    planned.play.needs.as_ref().is_none_or(|needs| !needs.is_empty())
}

fn same(a: &[Arc<str>], b: &[Arc<str>]) -> bool {
    let set = |hosts: &[Arc<str>]| hosts.iter().cloned().collect::<HashSet<_>>();
    a == b || set(a) == set(b)
}

/// Claims that a switch is on, or may be.
fn is_meant(node: &Node) -> bool {
    !node.is_static() || node.to_value().is_truthy()
}

struct Check<'d> {
    found: &'d mut Diagnostics,
    /// A keyword of a block stands at all of its tasks.
    said: HashSet<(Span, &'static str)>,
}

impl Check<'_> {
    fn refuse(&mut self, span: Span, what: &'static str) {
        if self.said.insert((span, what)) {
            self.found.push(refusal(what).at(span));
        }
    }

    fn refuse_beside(&mut self, span: Span, what: &'static str, other: Span) {
        if self.said.insert((span, what)) {
            self.found.push(refusal(what).at(span).also(other, "these are those of the play before"));
        }
    }

    fn node(&mut self, node: &GraphNode) {
        let Some(task) = node.task() else { return };
        let settings = &task.settings;
        let switches = [
            (&settings.run_once, "`run_once` would run once on each shard"),
            (&settings.any_errors_fatal, "`any_errors_fatal` would end the play on the hosts of a shard only"),
            (&settings.delegate_facts, "facts that are given to another host are not seen on other shards"),
        ];
        for (node, what) in switches {
            if let Some(node) = node.as_ref().filter(|node| is_meant(node)) {
                self.refuse(node.span, what);
            }
        }
        if let Some(node) = &settings.throttle {
            self.refuse(node.span, "`throttle` would let so many run at once on each shard");
        }
        match task.action {
            Action::Meta(Meta::EndPlay | Meta::EndBatch) => {
                self.refuse(task.span, "this would end the play on the hosts of a shard only");
            }
            Action::Module { module, .. } if module.name == "add_host" => {
                self.refuse(task.span, "a host that is added is known to one shard, and may belong to another");
            }
            Action::IncludeRole | Action::IncludeTasks => {
                let message = "what is included while the run goes on is not checked for what shards would change";
                if self.said.insert((task.span, message)) {
                    self.found.push(Diagnostic::warning("W0520", message).at(task.span));
                }
            }
            _ => {}
        }
        if node.names.uses.other_hosts {
            self.refuse(task.span, "`hostvars` does not have what hosts on other shards have found out or set");
        }
        if HOSTS_OF_PLAY.iter().any(|name| node.names.uses.own.contains(*name)) {
            self.refuse(task.span, "the hosts of the play (`ansible_play_hosts` and the like) would be a shard's only");
        }
    }
}

fn refusal(what: &'static str) -> Diagnostic {
    Diagnostic::error("E0520", format!("not the same in shards: {what}"))
        .help("run it without `--shard`, or with `--shard-anyway` if this is what you want")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_host_is_in_exactly_one_shard_whatever_other_hosts_there_are(
            hosts in proptest::collection::hash_set("[a-z0-9.:-]{1,20}", 0..50), total in 1_u32..20,
        ) {
            for host in &hosts {
                let holding = (1..=total).filter(|index| holds(Shard { index: *index, total }, host)).count();
                prop_assert_eq!(holding, 1);
            }
        }
    }

    #[test]
    fn the_hash_is_the_documented_one() {
        // python3 -c "import hashlib; print(int(hashlib.sha256(b'r1').hexdigest()[:16], 16) % 4 + 1)"
        let shard_of = |host: &str| (1..=4).find(|index| holds(Shard { index: *index, total: 4 }, host));
        let found = ["r1", "r3", "r4", "r5", "spine1", "leaf2"].map(shard_of);
        assert_eq!(found, [2, 1, 1, 3, 3, 3].map(Some));
    }

    #[test]
    fn shards_of_many_hosts_are_about_as_large() {
        let hosts: Vec<String> = (0..10_000).map(|n| format!("router{n}.example")).collect();
        for index in 1..=8 {
            let count = hosts.iter().filter(|host| holds(Shard { index, total: 8 }, host)).count();
            assert!((1_150..1_350).contains(&count), "{count}");
        }
    }
}
