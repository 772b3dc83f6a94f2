//! `setup`: facts of a Unix host, asked for in one round trip and without Python there.

use super::remote::sh;
use super::{Arg, ArgKind, Change, Context, KeepFacts, Module, Needs};
use crate::effect::Effect;
use crate::facts::{self, Gathering};
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

/// `setup`
pub static MODULE: Module = Module {
    name: "setup",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Gathers facts of the host.",
    args: ARGS,
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(async move { gather(&context).await }),
};

/// What `setup` and `gather_facts` take.
pub(super) const ARGS: &[Arg] = &[
    Arg::new("fact_path", ArgKind::Path, "Where local facts (`*.fact`) are kept on the host.")
        .default("/etc/ansible/facts.d"),
    Arg::new("filter", ArgKind::List, "Only facts whose names match one of these patterns.").default("[]"),
    Arg::new("gather_subset", ArgKind::List, "Which facts: all, min, network, hardware, virtual, …; `!` takes out.")
        .default("[all]"),
    Arg::new("gather_timeout", ArgKind::Int, "Seconds that asking for the size of one network file system may take.")
        .default("10"),
];

/// Asks the host, and makes facts of what it says.
pub(super) async fn gather(context: &Context<'_>) -> Result<Change, Failure> {
    let subset = texts(context, "gather_subset");
    let wanted = facts::wanted(&subset).map_err(|bad| Failure::new(FailureKind::Argument, bad.0))?;
    let timeout = context.args.int("gather_timeout").and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(10);
    let how =
        Gathering { fact_path: context.args.text("fact_path").unwrap_or_default(), timeout_seconds: timeout.max(1) };
    let output = sh(context.probe, facts::program(&wanted, how)).await?;
    let gathered = facts::read(&wanted, &output.stdout).ok_or_else(|| {
        Failure::new(FailureKind::Module, "the host did not answer all questions about itself")
            .help("the host needs a POSIX shell with `printf`, `grep`, `ls` and `id`")
    })?;
    let mut found = gathered.facts;
    found.insert("gather_subset", Value::list(subset.iter().map(String::as_str)));
    found.insert("module_setup", true);
    let found = facts::filter(found, &texts(context, "filter"));
    let mut result = Map::new();
    result.insert("ansible_facts", found.clone());
    let mut change = Change::nothing(result);
    change.facts = found;
    change.keep = KeepFacts::AsFacts;
    change.warnings = gathered.warnings;
    Ok(change)
}

fn texts(context: &Context<'_>, name: &str) -> Vec<String> {
    match context.args.get(name) {
        Some(Value::List(items)) => items.iter().map(Value::to_text).filter(|text| !text.is_empty()).collect(),
        _ => Vec::new(),
    }
}
