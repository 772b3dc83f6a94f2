//! What tells whether two runs were asked for the same.

use super::options::RunArgs;
use crate::executor::Planned;
use crate::playbook::Item;
use crate::source::SourceMap;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Returns a digest of the texts of all plays and tasks, of the options that choose what runs, and of the hosts (before
/// they are divided into shards). The shards of one run have the same.
pub(super) fn digest(args: &RunArgs, planned: &[Planned], sources: &SourceMap) -> String {
    let mut ids = BTreeSet::new();
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        // With its length, so that no two lists of texts look alike.
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    for play in planned {
        ids.insert(play.play.span.source);
        for item in play.sections.iter().flatten() {
            Item::each_task(item, &mut |task| {
                ids.insert(task.span.source);
            });
        }
        let mut hosts: Vec<&str> = play.unsharded.iter().map(|host| &**host).collect();
        // `order: shuffle` shuffles each shard in its own way.
        hosts.sort_unstable();
        hosts.iter().for_each(|host| add(host));
    }
    // By name, because the order in which files were read is nobody's business.
    let texts: BTreeMap<String, String> = ids
        .into_iter()
        .map(|id| {
            let source = sources.get(id);
            (source.name.clone(), source.text.to_string())
        })
        .collect();
    for (name, text) in &texts {
        add(name);
        add(text);
    }
    // Extra variables have no part in it: a password may be among them.
    let lists = [&args.tags, &args.skip_tags];
    lists.into_iter().for_each(|list| add(&list.join("\n")));
    add(args.hosts.limit.as_deref().unwrap_or_default());
    add(if args.check { "check" } else { "" });
    let bytes = hash.finalize();
    bytes[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
