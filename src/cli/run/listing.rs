//! What `--list-hosts` and `--list-tasks` show.

use super::options::RunArgs;
use crate::executor::{Planned, play_name};
use crate::playbook::Item;
use std::fmt::Write as _;

pub(super) fn listing(args: &RunArgs, planned: &[Planned]) -> String {
    let mut out = String::new();
    for (number, play) in planned.iter().enumerate() {
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "play #{}: {}", number + 1, play_name(&play.play));
        if args.list_hosts {
            let _ = writeln!(out, "  hosts ({}):", play.hosts.len());
            play.hosts.iter().for_each(|host| {
                let _ = writeln!(out, "    {host}");
            });
        }
        if args.list_tasks {
            let _ = writeln!(out, "  tasks:");
            for item in play.sections.iter().flatten() {
                Item::each_task(item, &mut |task| {
                    // As in Ansible: what nobody has written is not listed.
                    if play.play.gather.is(task) {
                        return;
                    }
                    let tags: Vec<&str> = task.tags.iter().map(|tag| &**tag).collect();
                    let _ = writeln!(out, "    {}\tTAGS: [{}]", task.title(), tags.join(", "));
                });
            }
        }
    }
    out
}
