//! Tests on what a list, dictionary or text contains, and on truth.

use super::Test;
use crate::template::convert::defined;
use crate::template::filters::args::{Args, add_test};
use crate::template::filters::data;
use crate::template::filters::number::read_bool;
use crate::template::filters::python::{equal, hashed};
use minijinja::value::ValueKind;
use minijinja::{Error, Value};
use std::collections::HashSet;

pub(super) static TESTS: &[Test] = &[
    Test {
        name: "in",
        aliases: &[],
        doc: "Claims that the value is an item of the list, a key of the dictionary or a part of the text.",
        add: |env, name| add_test(env, name, &["seq"], |_, args| is_in(args, args.input(), args.need("seq")?)),
    },
    Test {
        name: "contains",
        aliases: &[],
        doc: "Claims that the list, dictionary or text contains the value.",
        add: |env, name| add_test(env, name, &["value"], |_, args| is_in(args, args.need("value")?, args.input())),
    },
    Test {
        name: "subset",
        aliases: &["issubset"],
        doc: "Claims that every item is in the other list too.",
        add: |env, name| add_test(env, name, &["b"], |_, args| within(args, args.input(), args.need("b")?)),
    },
    Test {
        name: "superset",
        aliases: &["issuperset"],
        doc: "Claims that every item of the other list is in this one.",
        add: |env, name| add_test(env, name, &["b"], |_, args| within(args, args.need("b")?, args.input())),
    },
    Test {
        name: "all",
        aliases: &[],
        doc: "Claims that every item is true.",
        add: |env, name| add_test(env, name, &[], |_, args| Ok(truths(args)?.into_iter().all(|truth| truth))),
    },
    Test {
        name: "any",
        aliases: &[],
        doc: "Claims that an item is true.",
        add: |env, name| add_test(env, name, &[], |_, args| Ok(truths(args)?.into_iter().any(|truth| truth))),
    },
    Test {
        name: "truthy",
        aliases: &[],
        doc: "Claims that the value is true as Python sees it, or as a boolean word with `convert_bool`.",
        add: |env, name| add_test(env, name, &["convert_bool"], |_, args| truthy(args)),
    },
    Test {
        name: "falsy",
        aliases: &[],
        doc: "Claims that the value is false as Python sees it, or as a boolean word with `convert_bool`.",
        add: |env, name| add_test(env, name, &["convert_bool"], |_, args| Ok(!truthy(args)?)),
    },
];

fn is_in(args: &Args, item: &Value, list: &Value) -> Result<bool, Error> {
    let wanted = data(item)?;
    if list.kind() == ValueKind::String {
        return match (wanted.as_str(), list.as_str()) {
            (Some(part), Some(text)) => Ok(text.contains(part)),
            _ => Err(args.wrong("text to look for in text", item)),
        };
    }
    for item in args.items_of(list)? {
        if equal(&data(&item)?, &wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn within(args: &Args, part: &Value, whole: &Value) -> Result<bool, Error> {
    let keys = |list: &Value| {
        let key = |item: &Value| match data(item)? {
            crate::value::Value::List(_) | crate::value::Value::Map(_) => {
                Err(args.error("wants lists of single values, not of lists or dictionaries"))
            }
            item => Ok(hashed(&item)),
        };
        args.items_of(list)?.iter().map(key).collect::<Result<HashSet<_>, Error>>()
    };
    Ok(keys(part)?.is_subset(&keys(whole)?))
}

fn truths(args: &Args) -> Result<Vec<bool>, Error> {
    args.items()?.iter().map(|item| defined(item).map(|()| item.is_true())).collect()
}

fn truthy(args: &Args) -> Result<bool, Error> {
    defined(args.input())?;
    if args.flag("convert_bool", false)
        && let Some(read) = read_bool(&data(args.input())?)
    {
        return Ok(read);
    }
    Ok(args.input().is_true())
}
