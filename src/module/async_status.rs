//! `async_status`: asks how a task is that runs in the background (`async`, `poll: 0`).

use super::background::{FOLDER, Job};
use super::remote::exec_output;
use super::{Arg, ArgKind, Change, Context, Finished, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;

/// `async_status`
pub static MODULE: Module = Module {
    name: "async_status",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Tells how a task is that runs in the background.",
    args: &[
        Arg::new("jid", ArgKind::Str, "The task's `ansible_job_id`.").required(),
        Arg::new("mode", ArgKind::Str, "Ask, or remove what tells of it.")
            .choices(&["status", "cleanup"])
            .default("status"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |call| if call.args.get("mode").is_none() { Effect::Read } else { Effect::Write },
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let id = args.text("jid").unwrap_or_default();
    if id.is_empty() || id.contains('/') {
        return Err(Failure::new(FailureKind::Argument, format!("`{id}` is no ID of a job")));
    }
    let folder = context.templar.var("ansible_async_dir")?.map_or_else(|| FOLDER.to_owned(), |value| value.to_text());
    let job = Job { id: id.to_owned(), folder };
    let state = job.state(&exec_output(context.probe.read(job.ask()).await?)?)?;
    if args.text("mode") == Some("cleanup") {
        let mut result = Map::new();
        result.insert("ansible_job_id", id);
        result.insert("erased", state.results_file.as_str());
        result.insert("started", false);
        result.insert("finished", false);
        super::program::add_text(&mut result, "stdout", "");
        super::program::add_text(&mut result, "stderr", "");
        let mut change =
            Change::act(job.remove(&state.results_file), move |_, result| Ok(Finished::new(result, false)));
        change.result = result;
        return Ok(change);
    }
    let (result, failed) = state.into_result(id);
    if failed {
        let message = result.get("msg").map(|message| message.to_text()).unwrap_or_default();
        return Err(Failure::new(FailureKind::Command, message).with_result(result));
    }
    let changed = result.get("changed").is_some_and(|changed| changed.is_truthy());
    Ok(Change { changed, ..Change::nothing(result) })
}
