//! Whom the run waits for: the hosts at work, by task.

use super::lines::Lines;
use super::text::printable;
use crate::event::TaskNumber;
use crate::redact::Clean;
use std::collections::BTreeSet;

/// How many hosts of a task are named.
const MOST_HOSTS: usize = 5;

/// Returns a line for each task that hosts are at work on.
pub(super) fn waits_for<'a>(running: impl Iterator<Item = (TaskNumber, &'a Clean)>, lines: &Lines) -> Vec<String> {
    let all: BTreeSet<(TaskNumber, &Clean)> = running.collect();
    let mut rest: Vec<(TaskNumber, &Clean)> = all.into_iter().collect();
    let mut out = Vec::new();
    while let Some((task, _)) = rest.first().copied() {
        let (of_task, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(other, _)| *other == task);
        let names: Vec<&str> = of_task.iter().take(MOST_HOSTS).map(|(_, host)| host.as_str()).collect();
        let more = of_task.len().saturating_sub(MOST_HOSTS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let name = printable(lines.task_name(task));
        out.push(format!("waiting for {}{more} (task {name})", printable(&names.join(", "))));
        rest = others;
    }
    out
}
