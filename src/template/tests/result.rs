//! Tests on what a task registered.

use super::Test;
use crate::template::convert::is_undefined;
use crate::template::filters::args::{Args, add_test};
use minijinja::value::ValueKind;
use minijinja::{Error, Value};

pub(super) static TESTS: &[Test] = &[
    Test {
        name: "failed",
        aliases: &["failure"],
        doc: "Claims that the task failed.",
        add: |env, name| add_test(env, name, &[], |_, args| is_set(args, "failed")),
    },
    Test {
        name: "succeeded",
        aliases: &["success", "successful"],
        doc: "Claims that the task did not fail.",
        add: |env, name| add_test(env, name, &[], |_, args| Ok(!is_set(args, "failed")?)),
    },
    Test {
        name: "changed",
        aliases: &["change"],
        doc: "Claims that the task, or an item of its loop, changed something.",
        add: |env, name| add_test(env, name, &[], |_, args| changed(args)),
    },
    Test {
        name: "skipped",
        aliases: &["skip"],
        doc: "Claims that the task was skipped.",
        add: |env, name| add_test(env, name, &[], |_, args| is_set(args, "skipped")),
    },
    Test {
        name: "unreachable",
        aliases: &[],
        doc: "Claims that the task's host was unreachable.",
        add: |env, name| add_test(env, name, &[], |_, args| is_set(args, "unreachable")),
    },
    Test {
        name: "reachable",
        aliases: &[],
        doc: "Claims that the task's host was reached.",
        add: |env, name| add_test(env, name, &[], |_, args| Ok(!is_set(args, "unreachable")?)),
    },
    Test {
        name: "finished",
        aliases: &[],
        doc: "Claims that an asynchronous task has ended; others always have.",
        add: |env, name| add_test(env, name, &[], |_, args| Ok(!has(args, "finished")? || is_set(args, "finished")?)),
    },
    Test {
        name: "started",
        aliases: &[],
        doc: "Claims that an asynchronous task has begun; others always have.",
        add: |env, name| add_test(env, name, &[], |_, args| Ok(!has(args, "started")? || is_set(args, "started")?)),
    },
    Test {
        name: "timedout",
        aliases: &[],
        doc: "Claims that the task ran into its timeout.",
        add: |env, name| {
            add_test(env, name, &[], |_, args| {
                let timedout = field(args, "timedout")?;
                Ok(truthy(&timedout) && truthy(&timedout.get_attr("period")?))
            })
        },
    },
];

/// Returns a field of the result; undefined when it is not there.
fn field(args: &Args, name: &str) -> Result<Value, Error> {
    match args.input().kind() {
        ValueKind::Map => args.input().get_attr(name),
        _ => Err(args.wrong("the result of a task", args.input())),
    }
}

fn truthy(value: &Value) -> bool {
    !is_undefined(value) && value.is_true()
}

fn has(args: &Args, name: &str) -> Result<bool, Error> {
    Ok(!is_undefined(&field(args, name)?))
}

fn is_set(args: &Args, name: &str) -> Result<bool, Error> {
    Ok(truthy(&field(args, name)?))
}

fn changed(args: &Args) -> Result<bool, Error> {
    if has(args, "changed")? {
        return is_set(args, "changed");
    }
    let results = field(args, "results")?;
    if results.kind() != ValueKind::Seq {
        return Ok(false);
    }
    for item in args.items_of(&results)? {
        if item.kind() == ValueKind::Map && truthy(&item.get_attr("changed")?) {
            return Ok(true);
        }
    }
    Ok(false)
}
