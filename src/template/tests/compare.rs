//! Tests that compare values and tell their kinds.

use super::Test;
use crate::template::convert::defined;
use crate::template::filters::args::{Args, add_test};
use crate::template::filters::data;
use crate::template::filters::python::{equal, order, text};
use crate::template::operate::type_name;
use crate::template::sequence::Sequence;
use crate::value::Value as Data;
use minijinja::Error;
use minijinja::value::{Value, ValueKind};
use std::cmp::Ordering;

pub(super) static TESTS: &[Test] = &[
    Test {
        name: "eq",
        aliases: &["==", "equalto"],
        doc: "Claims that the values are equal.",
        add: |env, name| add_test(env, name, &["other"], |_, args| equals(args)),
    },
    Test {
        name: "ne",
        aliases: &["!="],
        doc: "Claims that the values differ.",
        add: |env, name| add_test(env, name, &["other"], |_, args| Ok(!equals(args)?)),
    },
    Test {
        name: "lt",
        aliases: &["<", "lessthan"],
        doc: "Claims that the value is less than the other.",
        add: |env, name| add_test(env, name, &["other"], |_, args| Ok(compare(args)?.is_lt())),
    },
    Test {
        name: "le",
        aliases: &["<="],
        doc: "Claims that the value is less than or equal to the other.",
        add: |env, name| add_test(env, name, &["other"], |_, args| Ok(compare(args)?.is_le())),
    },
    Test {
        name: "gt",
        aliases: &[">", "greaterthan"],
        doc: "Claims that the value is greater than the other.",
        add: |env, name| add_test(env, name, &["other"], |_, args| Ok(compare(args)?.is_gt())),
    },
    Test {
        name: "ge",
        aliases: &[">="],
        doc: "Claims that the value is greater than or equal to the other.",
        add: |env, name| add_test(env, name, &["other"], |_, args| Ok(compare(args)?.is_ge())),
    },
    Test {
        name: "sameas",
        aliases: &[],
        doc: "Claims that the values are of one type and equal: what is left of Python's identity for plain data.",
        add: |env, name| {
            add_test(env, name, &["other"], |_, args| {
                let (a, b) = (data(args.input())?, data(args.need("other")?)?);
                Ok(std::mem::discriminant(&a) == std::mem::discriminant(&b) && a == b)
            })
        },
    },
    Test {
        name: "odd",
        aliases: &[],
        doc: "Claims that the number is odd.",
        add: |env, name| add_test(env, name, &[], |_, args| Ok(remainder(args, 2)? == 1)),
    },
    Test {
        name: "even",
        aliases: &[],
        doc: "Claims that the number is even.",
        add: |env, name| add_test(env, name, &[], |_, args| Ok(remainder(args, 2)? == 0)),
    },
    Test {
        name: "divisibleby",
        aliases: &[],
        doc: "Claims that the number can be divided by `num`.",
        add: |env, name| {
            add_test(env, name, &["num"], |_, args| match args.int("num")? {
                Some(0) | None => Err(args.error("wants a number other than 0 as `num`")),
                Some(by) => Ok(remainder(args, by)? == 0),
            })
        },
    },
    Test {
        name: "none",
        aliases: &[],
        doc: "Claims that the value is none.",
        add: |env, name| add_test(env, name, &[], |_, args| of_kind(args, |value| *value == Data::Null)),
    },
    Test {
        name: "boolean",
        aliases: &[],
        doc: "Claims that the value is true or false.",
        add: |env, name| add_test(env, name, &[], |_, args| of_kind(args, |value| matches!(value, Data::Bool(_)))),
    },
    Test {
        name: "true",
        aliases: &[],
        doc: "Claims that the value is the boolean true.",
        add: |env, name| add_test(env, name, &[], |_, args| of_kind(args, |value| *value == Data::Bool(true))),
    },
    Test {
        name: "false",
        aliases: &[],
        doc: "Claims that the value is the boolean false.",
        add: |env, name| add_test(env, name, &[], |_, args| of_kind(args, |value| *value == Data::Bool(false))),
    },
    Test {
        name: "integer",
        aliases: &[],
        doc: "Claims that the value is a whole number.",
        add: |env, name| add_test(env, name, &[], |_, args| of_kind(args, |value| matches!(value, Data::Int(_)))),
    },
    Test {
        name: "float",
        aliases: &[],
        doc: "Claims that the value is a number with a fraction.",
        add: |env, name| add_test(env, name, &[], |_, args| of_kind(args, |value| matches!(value, Data::Float(_)))),
    },
    Test {
        name: "number",
        aliases: &[],
        doc: "Claims that the value is a number (a boolean is one, as in Python).",
        add: |env, name| {
            add_test(env, name, &[], |_, args| {
                of_kind(args, |value| matches!(value, Data::Int(_) | Data::Float(_) | Data::Bool(_)))
            })
        },
    },
    Test {
        name: "nan",
        aliases: &["isnan"],
        doc: "Claims that the value is the float that is no number.",
        add: |env, name| {
            add_test(env, name, &[], |_, args| of_kind(args, |value| matches!(value, Data::Float(f) if f.is_nan())))
        },
    },
    Test {
        name: "string",
        aliases: &[],
        doc: "Claims that the value is text.",
        add: |env, name| add_test(env, name, &[], |_, args| shaped(args, &[ValueKind::String])),
    },
    Test {
        name: "mapping",
        aliases: &[],
        doc: "Claims that the value is a dictionary.",
        add: |env, name| add_test(env, name, &[], |_, args| shaped(args, &[ValueKind::Map])),
    },
    Test {
        name: "sequence",
        aliases: &[],
        doc: "Claims that the value has a length and items: a list, text or dictionary.",
        add: |env, name| {
            add_test(env, name, &[], |_, args| {
                let ranged = args.input().kind() == ValueKind::Iterable && args.input().len().is_some();
                Ok(ranged || shaped(args, &[ValueKind::Seq, ValueKind::String, ValueKind::Map])?)
            })
        },
    },
    Test {
        name: "iterable",
        aliases: &[],
        doc: "Claims that the value can be looped over: a list, text or dictionary.",
        add: |env, name| {
            add_test(env, name, &[], |_, args| {
                shaped(args, &[ValueKind::Seq, ValueKind::String, ValueKind::Map, ValueKind::Iterable])
            })
        },
    },
    Test {
        name: "lower",
        aliases: &[],
        doc: "Claims that the text has letters and all are in lower case.",
        add: |env, name| add_test(env, name, &[], |_, args| cased(args, char::is_lowercase, char::is_uppercase)),
    },
    Test {
        name: "upper",
        aliases: &[],
        doc: "Claims that the text has letters and all are in upper case.",
        add: |env, name| add_test(env, name, &[], |_, args| cased(args, char::is_uppercase, char::is_lowercase)),
    },
    Test {
        name: "escaped",
        aliases: &[],
        doc: "Claims that the text is marked as safe HTML.",
        add: |env, name| add_test(env, name, &[], |_, args| Ok(args.input().is_safe())),
    },
    Test {
        name: "callable",
        aliases: &[],
        doc: "Claims that the value is a function or macro.",
        add: |env, name| {
            add_test(env, name, &[], |_, args| {
                let is_bare = args.input().kind() == ValueKind::Plain
                    && ["object", "builtin_function_or_method"].contains(&type_name(args.input()));
                Ok(defined(args.input()).is_ok() && (is_macro(args.input()) || is_bare && data(args.input()).is_err()))
            })
        },
    },
    Test {
        name: "filter",
        aliases: &[],
        doc: "Claims that there is a filter of that name.",
        add: |env, name| {
            add_test(env, name, &[], |_, args| {
                let rows = crate::template::filters::TABLE.iter().copied().flatten();
                known(args, &["default", "d", "mandatory"], rows.map(|row| (row.name, row.aliases)))
            })
        },
    },
    Test {
        name: "test",
        aliases: &[],
        doc: "Claims that there is a test of that name.",
        add: |env, name| {
            add_test(env, name, &[], |_, args| {
                let rows = super::TABLE.iter().copied().flatten();
                known(args, &["defined", "undefined"], rows.map(|row| (row.name, row.aliases)))
            })
        },
    },
];

fn equals(args: &Args) -> Result<bool, Error> {
    Ok(equal(&data(args.input())?, &data(args.need("other")?)?))
}

fn compare(args: &Args) -> Result<Ordering, Error> {
    let (a, b) = (data(args.input())?, data(args.need("other")?)?);
    order(&a, &b).ok_or_else(|| args.error(format!("cannot compare {} and {}", a.kind(), b.kind())))
}

fn remainder(args: &Args, by: i128) -> Result<i128, Error> {
    match data(args.input())? {
        Data::Int(n) => Ok(n.rem_euclid(by)),
        Data::Bool(b) => Ok(i128::from(b).rem_euclid(by)),
        // A fraction is neither even nor odd.
        Data::Float(f) if f.is_finite() && f.fract() == 0.0 => Ok((f as i128).rem_euclid(by)),
        Data::Float(_) => Ok(-1),
        _ => Err(args.wrong("a number", args.input())),
    }
}

fn of_kind(args: &Args, is: fn(&Data) -> bool) -> Result<bool, Error> {
    let input = args.input();
    // Lists and dictionaries are of none of these kinds; they are not computed to say so.
    match input.kind() {
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => Ok(false),
        // Nor are methods, dates and spans of time.
        ValueKind::Plain if type_name(input) != "object" => Ok(false),
        _ => Ok(is(&data(input)?)),
    }
}

fn shaped(args: &Args, kinds: &[ValueKind]) -> Result<bool, Error> {
    defined(args.input())?;
    Ok(kinds.contains(&args.input().kind()))
}

fn cased(args: &Args, wanted: fn(char) -> bool, unwanted: fn(char) -> bool) -> Result<bool, Error> {
    let text = text(args.input())?;
    Ok(text.chars().any(wanted) && !text.chars().any(unwanted))
}

/// Claims that a value is a macro, which the engine shows as a dictionary of its name and arguments.
fn is_macro(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.type_name().ends_with("::Macro"))
}

fn known<'a>(
    args: &Args,
    elsewhere: &[&str],
    mut rows: impl Iterator<Item = (&'a str, &'a [&'a str])>,
) -> Result<bool, Error> {
    let Some(name) = args.input().as_str() else {
        // As in Ansible, whose tables of plugins are asked for text only: what else could be a key is taken for known.
        return match args.input().kind() {
            ValueKind::None | ValueKind::Bool | ValueKind::Number => Ok(true),
            _ if matches!(Sequence::of(args.input()), Some(Sequence::Tuple | Sequence::Range)) => Ok(true),
            _ => Err(args.wrong("text", args.input())),
        };
    };
    let name = name.strip_prefix("ansible.builtin.").unwrap_or(name);
    Ok(elsewhere.contains(&name) || rows.any(|(known, aliases)| known == name || aliases.contains(&name)))
}
