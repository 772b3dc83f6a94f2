//! What `--list-hosts`, `--list-tasks` and `--list-tags` show: in the shape of `ansible-playbook`, which scripts read.

use super::options::RunArgs;
use crate::cli::setup::Setup;
use crate::executor::{Planned, play_name};
use crate::playbook::Item;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

pub(super) fn listing(args: &RunArgs, setup: &Setup, planned: &[Planned]) -> String {
    let mut out = String::new();
    let mut plays = planned.iter();
    for (path, count) in args.playbooks.iter().zip(&setup.play_counts) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "\nplaybook: {}", path.display());
        for (number, play) in plays.by_ref().take(*count).enumerate() {
            play_lines(&mut out, args, number + 1, play);
        }
    }
    out
}

fn play_lines(out: &mut String, args: &RunArgs, number: usize, play: &Planned) {
    let pattern = play.play.hosts.to_value();
    let pattern: Vec<String> = match &pattern {
        crate::value::Value::List(items) => items.iter().map(|item| item.to_text()).collect(),
        other => vec![other.to_text()],
    };
    let name = play_name(&play.play);
    let _ = writeln!(out, "\n  play #{number} ({}): {name}\tTAGS: [{}]", pattern.join(","), joined(&play.play.tags));
    if args.list_hosts {
        let quoted: Vec<String> = pattern.iter().map(|part| format!("'{part}'")).collect();
        let _ = writeln!(out, "    pattern: [{}]\n    hosts ({}):", quoted.join(", "), play.hosts.len());
        play.hosts.iter().for_each(|host| {
            let _ = writeln!(out, "      {host}");
        });
    }
    let mut all = BTreeSet::new();
    let mut lines = String::new();
    for item in play.sections.iter().flatten() {
        Item::each_task(item, &mut |task| {
            // As in Ansible: what nobody has written is not listed.
            if play.play.gather.is(task) {
                return;
            }
            all.extend(task.tags.iter().cloned());
            let _ = writeln!(lines, "      {}\tTAGS: [{}]", task.title(), joined(&task.tags));
        });
    }
    if args.list_tasks {
        let _ = write!(out, "    tasks:\n{lines}");
    }
    if args.list_tags {
        let _ = writeln!(out, "      TASK TAGS: [{}]", joined(&all));
    }
}

fn joined(tags: &BTreeSet<Arc<str>>) -> String {
    tags.iter().map(|tag| &**tag).collect::<Vec<_>>().join(", ")
}
