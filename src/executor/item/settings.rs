//! What templates yield for keywords, checked before the work of an item begins. What is written was checked before the run.

use crate::executor::step::Job;
use crate::failure::{Failure, FailureKind};
use crate::playbook::{Task, named_settings, takes};
use crate::template::Templar;
use crate::yaml::Node;

/// Refuses what a template yields for a keyword that takes something else.
pub(super) fn check_settings(job: &Job, templar: &Templar) -> Result<(), Failure> {
    let own = own_keywords(&job.task);
    for (keyword, node) in named_settings(&job.task.settings).chain(own).filter(|(_, node)| !node.is_static()) {
        let value = templar.node(node)?;
        let takes = takes(keyword);
        // Of anything a text can be made, as Ansible does.
        if !takes.is_text() && !takes.accepts(&value) {
            return Err(Failure::new(FailureKind::Argument, takes.complaint(keyword, &value)).at(node.span));
        }
    }
    Ok(())
}

/// Returns the keywords of a task that are one value each and are not inherited.
fn own_keywords(task: &Task) -> impl Iterator<Item = (&'static str, &Node)> {
    let until = task.until.as_ref();
    let background = task.background.as_ref();
    let own = [
        ("retries", until.and_then(|until| until.retries.as_ref())),
        ("delay", until.and_then(|until| until.delay.as_ref())),
        ("async", background.and_then(|background| background.limit.as_ref())),
        ("poll", background.and_then(|background| background.poll.as_ref())),
    ];
    own.into_iter().filter_map(|(keyword, node)| Some((keyword, node?)))
}
