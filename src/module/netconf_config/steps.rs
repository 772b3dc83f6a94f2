//! The operations of one change, in order.

use super::Wanted;
use crate::module::netconf::{get_config, locking};
use crate::module::{Args, Rpc};
use crate::xml::{Element, escaped};

/// Returns the operations with their names, in order.
pub(super) fn steps(args: &Args, wanted: &Wanted) -> Vec<(&'static str, Rpc)> {
    let target = wanted.target;
    let is_candidate = target == "candidate";
    let mut steps = Vec::new();
    if wanted.locks {
        steps.push(("lock", locking(target)));
    }
    if let Some(source) = args.text("source_datastore") {
        let source = match ["running", "candidate", "startup"].contains(&source) {
            true => format!("<nc:{source}/>"),
            false => format!("<nc:url>{}</nc:url>", escaped(source)),
        };
        let xml = format!(
            "<nc:copy-config><nc:target><nc:{target}/></nc:target><nc:source>{source}</nc:source></nc:copy-config>"
        );
        steps.push(("copy-config", Rpc::new(xml)));
    } else if args.flag("delete") {
        let xml = format!("<nc:delete-config><nc:target><nc:{target}/></nc:target></nc:delete-config>");
        steps.push(("delete-config", Rpc::new(xml)));
    } else if args.flag("confirm_commit") {
        steps.push(("commit", Rpc::new("<nc:commit/>")));
    }
    let Some(edit) = &wanted.edit else { return steps };
    let read = |datastore: &str| ("get-config", get_config(datastore, wanted.filter.as_ref()));
    steps.push(read(target));
    let undo = is_candidate.then(|| "<nc:discard-changes/>".to_owned());
    steps.push(("edit-config", Rpc { undo, ..Rpc::new(edit_config(args, target, edit)) }));
    if args.flag("validate") {
        let xml = format!("<nc:validate><nc:source><nc:{target}/></nc:source></nc:validate>");
        steps.push(("validate", Rpc::new(xml)));
    }
    steps.push(read(target));
    if wanted.commits {
        let seconds = args.int("confirm").filter(|seconds| *seconds > 0);
        let xml = match (&wanted.within, seconds) {
            (Some(within), _) => within.commit(),
            (None, Some(seconds)) => {
                format!("<nc:commit><nc:confirmed/><nc:confirm-timeout>{seconds}</nc:confirm-timeout></nc:commit>")
            }
            (None, None) => "<nc:commit/>".to_owned(),
        };
        steps.push(("commit", Rpc::new(xml)));
        // There are servers that say yes and change nothing.
        steps.push(read("running"));
    }
    steps
}

fn edit_config(args: &Args, target: &str, edit: &Element) -> String {
    let operation = args.text("default_operation");
    let operation = operation.map(|o| format!("<nc:default-operation>{o}</nc:default-operation>")).unwrap_or_default();
    // What every server does when nobody says is not said: not all of them know the element.
    let on_error = args.text("error_option").filter(|option| *option != "stop-on-error");
    let on_error = on_error.map(|o| format!("<nc:error-option>{o}</nc:error-option>")).unwrap_or_default();
    format!("<nc:edit-config><nc:target><nc:{target}/></nc:target>{operation}{on_error}{edit}</nc:edit-config>")
}
