//! What holds for every row of the tables of filters and tests.

use super::recorded::environment;
use crate::template::filters::TABLE as FILTERS;
use crate::template::tests::TABLE as TESTS;
use std::collections::HashSet;

/// Every name of every row, its aliases too.
fn names() -> Vec<(&'static str, &'static str)> {
    let filters = FILTERS.iter().copied().flatten().map(|row| ("filter", row.name, row.aliases));
    let tests = TESTS.iter().copied().flatten().map(|row| ("test", row.name, row.aliases));
    let with_aliases = |(what, name, aliases): (&'static str, &'static str, &'static [&'static str])| {
        std::iter::once(name).chain(aliases.iter().copied()).map(move |name| (what, name))
    };
    filters.chain(tests).flat_map(with_aliases).collect()
}

#[test]
fn no_name_is_used_twice() {
    let mut seen = HashSet::new();
    for name in names() {
        assert!(seen.insert(name), "{name:?} has two rows");
    }
}

#[test]
fn every_row_is_documented_in_one_sentence() {
    let filters = FILTERS.iter().copied().flatten().map(|row| (row.name, row.doc));
    let tests = TESTS.iter().copied().flatten().map(|row| (row.name, row.doc));
    for (name, doc) in filters.chain(tests) {
        assert!(doc.ends_with('.') && doc.starts_with(|c: char| c.is_uppercase()), "{name}: {doc}");
    }
}

#[test]
fn every_filter_and_test_of_jinja_and_ansible_is_there() {
    // Not here: `default`, `mandatory`, `type_debug`, `defined` and `undefined`, which the engine's core brings; `password_hash`,
    // `urlize`, `vaulted_file` and `unvault`, which are not supported.
    let filters = "abs attr batch capitalize center count dictsort e escape filesizeformat first float forceescape \
        format groupby indent int items join last length list lower map max min pprint random reject rejectattr \
        replace reverse round safe select selectattr slice sort string striptags sum title tojson trim truncate \
        unique upper urlencode wordcount wordwrap xmlattr b64decode b64encode basename bool checksum combinations \
        combine comment commonpath dict2items difference dirname expanduser expandvars extract fileglob flatten \
        from_json from_yaml from_yaml_all hash human_readable human_to_bytes intersect items2dict log md5 normpath \
        path_join permutations pow product quote realpath regex_escape regex_findall regex_replace regex_search \
        rekey_on_member relpath root sha1 shuffle split splitext strftime subelements symmetric_difference ternary \
        to_datetime to_json to_nice_json to_nice_yaml to_uuid to_yaml union urldecode urlsplit \
        win_basename win_dirname win_splitdrive zip zip_longest";
    let tests = "!= < <= == > >= boolean callable divisibleby eq equalto escaped even false filter float ge \
        greaterthan gt in integer iterable le lessthan lower lt mapping ne none number odd sameas sequence string \
        test true upper abs all any change changed contains directory exists failed failure falsy file finished \
        is_abs is_dir is_file is_link is_mount is_same_file isnan issubset issuperset link link_exists match mount \
        nan reachable regex same_file search skip skipped started subset succeeded success successful superset \
        timedout truthy unreachable uri url urn vault_encrypted version version_compare";
    let names = names();
    let wanted = filters.split_whitespace().map(|name| ("filter", name));
    for wanted in wanted.chain(tests.split_whitespace().map(|name| ("test", name))) {
        assert!(names.contains(&wanted), "{wanted:?} has no row");
    }
}

/// Odd values and arguments: nothing may panic or run away, whatever it is given.
#[test]
fn no_filter_or_test_panics_on_odd_input() {
    let env = environment();
    let inputs = [
        "none",
        "true",
        "-1",
        "0",
        "1.5",
        "1e308",
        "'inf' | float",
        "''",
        "'a b\\n'",
        "'ü😀'",
        "'10.0.0.1/24'",
        "[]",
        "[1, 'a', none, [2]]",
        "{}",
        "{'a': 1, 2: [3]}",
        "nope",
        "range(3)",
        "170141183460469231731687303715884105727",
    ];
    let arguments = [
        "",
        "none",
        "-1",
        "0",
        "3",
        "1e308",
        "170141183460469231731687303715884105727",
        "''",
        "'a'",
        "'('",
        "[]",
        "{}",
        "nope",
        "'a', 'b'",
        "1, 0",
        "-5, -5",
        "'%Y', true, 3",
        "[1], [2], [3]",
        "x=1",
        "'a', 'b', 'c', 'd', 'e'",
    ];
    for (what, name) in names() {
        // These are symbols in expressions.
        if name.contains(['=', '<', '>', '!']) || matches!(name, "in" | "true" | "false" | "none") {
            continue;
        }
        for input in inputs {
            for arguments in arguments {
                let word = if what == "filter" { "|" } else { "is" };
                let expression = format!("({input}) {word} {name}({arguments})");
                // An answer or an error, both are well.
                if let Ok(compiled) = env.compile_expression(&expression) {
                    let _ = compiled.eval(()).map(|value| crate::template::convert::from_engine(&value));
                }
            }
        }
    }
}
