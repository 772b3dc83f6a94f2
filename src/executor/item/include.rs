//! What an include brings on one host.

use super::ItemOutcome;
use crate::event::Status;
use crate::executor::step::{Included, Inclusion, Job};
use crate::executor::world::StepScope;
use crate::failure::{Failure, FailureKind};
use crate::playbook::flag;
use crate::playbook::{Action, role_use};
use crate::template::Templar;
use crate::value::Map;
use crate::yaml::{Mapping, Node};

/// Works out what an include brings; it is read when all hosts have come so far.
pub(super) fn include(job: &Job, scope: &StepScope, templar: &Templar) -> Result<ItemOutcome, Failure> {
    let task = &job.task;
    let text = |name: &str| -> Result<Option<(String, &Node)>, Failure> {
        task.args.get(name).map(|node| Ok((templar.node(node)?.to_text(), node))).transpose()
    };
    let missing =
        |name: &str| Failure::new(FailureKind::Argument, format!("`{}` needs the argument `{name}`", task.called));
    let (what, node) = match task.action {
        Action::IncludeTasks => {
            let (name, node) = text("file")?.ok_or_else(|| missing("file"))?;
            let path = task.files.find("tasks", &name).ok_or_else(|| {
                let places: Vec<String> =
                    task.files.candidates("tasks", &name).iter().map(|path| format!("`{}`", path.display())).collect();
                Failure::new(FailureKind::File, format!("cannot read `{name}`: no such file"))
                    .at(node.span)
                    .help(format!("looked in {}", places.join(", ")))
            })?;
            (Included::File(path), node)
        }
        _ => {
            let (name, node) = text("name")?.ok_or_else(|| missing("name"))?;
            let args: &Mapping = &task.args;
            let how = role_use(args, |node| templar.node(node).ok().map(|value| value.to_text()));
            let public = match args.get("public") {
                Some(node) => flag(&templar.node(node)?).unwrap_or(false),
                None => false,
            };
            (Included::Role { name, how, public }, node)
        }
    };
    // What is applied is rendered where it is used. As in Ansible, what is not defined here is a mistake already.
    task.args.get("apply").map(|apply| templar.node(apply)).transpose()?;
    let mut result = Map::new();
    match &what {
        Included::File(path) => result.insert("include", path.display().to_string()),
        Included::Role { name, .. } => result.insert("include_role", name.as_str()),
    }
    let inclusion =
        Inclusion { what, vars: scope.overlay.clone(), apply: task.args.get("apply").cloned(), named_at: node.span };
    Ok(ItemOutcome { inclusion: Some(inclusion), ..ItemOutcome::new(Status::Ok, result) })
}
