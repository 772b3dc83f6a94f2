//! `natural_sort`: the order in which people count (`Ethernet2` before `Ethernet10`).

use super::Filter;
use super::args::{Args, add_filter};
use super::python::{sort_by_keys, text};
use crate::template::convert::is_undefined;
use crate::value::Value as Data;
use minijinja::value::ValueKind;
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[Filter {
    name: "arista.avd.natural_sort",
    aliases: &["natural_sort"],
    doc: "Sorts by text and by the numbers in it, optionally by the key `sort_key` of dictionaries.",
    add: |env, name| add_filter(env, name, &["sort_key", "strict", "ignore_case", "default_value"], natural_sort),
}];

fn natural_sort(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    if args.input().is_none() || is_undefined(args.input()) {
        return Ok(Vec::<Value>::new().into());
    }
    let sort_key = args.text("sort_key")?.filter(|key| !key.is_empty());
    let ignore_case = args.flag("ignore_case", true);
    let mut keyed = Vec::new();
    for item in args.items()? {
        let by = match &sort_key {
            Some(key) if item.kind() == ValueKind::Map => {
                let found = item.get_attr(key)?;
                match args.given("default_value") {
                    _ if !is_undefined(&found) => text(&found)?,
                    Some(default) => text(default)?,
                    None if args.flag("strict", true) => {
                        return Err(args.error(format!("an item has no `{key}`; `strict=false` takes the whole item")));
                    }
                    None => text(&item)?,
                }
            }
            _ => text(&item)?,
        };
        keyed.push((natural_key(if ignore_case { by.to_lowercase() } else { by }), item));
    }
    let sorted = sort_by_keys(keyed, false).map_err(|why| args.error(why))?;
    Ok(sorted.into_iter().map(|(_, item)| item).collect::<Vec<_>>().into())
}

/// Returns text and numbers in turns, text first, so that the same places always hold the same kind.
fn natural_key(text: String) -> Data {
    let mut parts = Vec::new();
    let mut rest = &text[..];
    loop {
        let digits = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (words, numbers) = rest.split_at(digits);
        parts.push(Data::from(words));
        if numbers.is_empty() {
            return Data::from(parts);
        }
        let end = numbers.find(|c: char| !c.is_ascii_digit()).unwrap_or(numbers.len());
        let (number, after) = numbers.split_at(end);
        // A number too large for the type sorts behind all others.
        parts.push(Data::Int(number.parse().unwrap_or(i128::MAX)));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::filters::data;

    #[test]
    fn numbers_count_and_case_does_not() {
        let mut env = minijinja::Environment::new();
        FILTERS.iter().for_each(|row| row.aliases.iter().for_each(|name| (row.add)(&mut env, name)));
        let cases = [
            (
                "['Eth10', 'eth2', 'Eth1/10', 'Eth1/9', 'a'] | natural_sort",
                r#"["a","Eth1/9","Eth1/10","eth2","Eth10"]"#,
            ),
            ("['b', 'A'] | natural_sort(ignore_case=false)", r#"["A","b"]"#),
            ("[{'n': 'x10'}, {'n': 'x9'}] | natural_sort('n')", r#"[{"n":"x9"},{"n":"x10"}]"#),
            ("[{'n': 'x10'}, {'m': 1}] | natural_sort('n', default_value='x2')", r#"[{"m":1},{"n":"x10"}]"#),
            ("none | natural_sort", "[]"),
            ("[10, 9] | natural_sort", "[9,10]"),
        ];
        for (expression, want) in cases {
            let got = env.compile_expression(expression).unwrap().eval(()).unwrap();
            assert_eq!(data(&got).unwrap().to_json().to_string(), want, "{expression}");
        }
        assert!(env.compile_expression("[{'m': 1}] | natural_sort('n')").unwrap().eval(()).is_err());
    }
}
