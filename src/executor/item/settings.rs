//! What templates yield for keywords, worked out once for an item, before its work begins. What is written was checked before
//! the run.

use crate::executor::chain::as_node;
use crate::executor::step::Job;
use crate::failure::{Failure, FailureKind};
use crate::playbook::{Task, named_settings, settings_mut, takes};
use crate::template::Templar;
use crate::value::Value;
use crate::yaml::Node;

/// Returns a job whose task has values in the place of the templates of its keywords; nothing when it has none. Refuses
/// what a template yields for a keyword that takes something else.
pub(super) fn settled(job: &Job, templar: &Templar) -> Result<Option<Box<Job>>, Failure> {
    let task = &job.task;
    if named_settings(&task.settings).chain(own_keywords(task)).all(|(_, node)| node.is_static()) {
        return Ok(None);
    }
    let mut task = Task::clone(task);
    let own = own_keywords_mut(&mut task);
    for (keyword, field) in own {
        let Some(node) = field.as_ref().filter(|node| !node.is_static()) else { continue };
        *field = checked(keyword, node, templar.node(node)?)?;
    }
    let around = std::mem::take(&mut task.settings.outer);
    for (keyword, field) in settings_mut(&mut task.settings) {
        let Some(node) = field.as_ref().filter(|node| !node.is_static()) else { continue };
        let said = job.said.iter().find(|(said, _)| *said == keyword).map(|(_, value)| value.clone());
        let value = match said {
            Some(value) => value,
            None => rendered(keyword, node, &around, |node| templar.node(node))?,
        };
        // What is no name of a host is refused where the name is asked for.
        let is_host =
            keyword != "delegate_to" || value == Value::Omit || matches!(&value, Value::Str(name) if !name.is_empty());
        if is_host {
            *field = checked(keyword, node, value)?;
        }
    }
    Ok(Some(Box::new(Job { task: task.into(), ..job.clone() })))
}

/// Returns what a keyword's template yields. As in Ansible, `omit` stands for what is said around it; but not of the host to
/// which a task is delegated.
pub(in crate::executor) fn rendered<E>(
    keyword: &str,
    node: &Node,
    around: &[(&'static str, Node)],
    render: impl Fn(&Node) -> Result<Value, E>,
) -> Result<Value, E> {
    let mut value = render(node)?;
    let around = around.iter().rev().filter(|(name, _)| *name == keyword && keyword != "delegate_to");
    for (_, node) in around {
        if value != Value::Omit {
            break;
        }
        value = render(node)?;
    }
    Ok(value)
}

/// Returns a value in the place of the template that yielded it; nothing when it is as if the keyword were not written.
fn checked(keyword: &str, node: &Node, value: Value) -> Result<Option<Node>, Failure> {
    let takes = takes(keyword);
    // Of anything a text can be made, as Ansible does.
    if !takes.is_text() && !takes.accepts(&value) {
        return Err(Failure::new(FailureKind::Argument, takes.complaint(keyword, &value)).at(node.span));
    }
    Ok((value != Value::Omit).then(|| as_node(&value, node)))
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

fn own_keywords_mut(task: &mut Task) -> impl Iterator<Item = (&'static str, &mut Option<Node>)> {
    let until = task.until.iter_mut().flat_map(|until| [("retries", &mut until.retries), ("delay", &mut until.delay)]);
    let background = task.background.iter_mut();
    until.chain(background.flat_map(|background| [("async", &mut background.limit), ("poll", &mut background.poll)]))
}
