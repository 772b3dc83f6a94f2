//! The filters and tests against what Ansible answers (`tests/filters/*.json`, made by `record.py` there).

use crate::template::convert::{from_engine, to_engine};
use crate::template::recorded::{Fixed, templar};
use crate::value::Value as Data;
use crate::vars::Var;
use minijinja::Environment;
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Arc;

/// Where an answer differs on purpose: the expression and the reason.
const DIFFERENCES: &[(&str, &str)] = &[
    ("ifs | groupby('mtu', default=0) | map('first') | list", "Jinja documents `default`; Ansible's wrapper breaks it"),
    ("range(3) | batch(0) | list", "a batch of 0 items is a mistake, not everything in one"),
    ("'~root/x' | expanduser", "other users' homes are not looked up"),
    ("'::/0' | ansible.utils.ipaddr('size')", "one more than the largest number is an error, not a rounded one"),
    ("'2024-02-29 10:20:60' | to_datetime", "a leap second is the one before it"),
    ("'10.0.0.1' | ansible.utils.ipaddr('v6')", "the collection's own alias is broken; `ipv6` works in both"),
    (
        r#"facts | community.general.json_query("`{\"b\": 1, \"a\": 2}`")"#,
        "the entries of a literal dictionary in a query come sorted",
    ),
];

/// Where answers for odd values (`wide.json`) differ on purpose: what the expression has, and the reason. Besides, a value
/// of a kind that a filter is not for may be refused where Ansible makes something of it.
const WIDE_DIFFERENCES: &[(&str, &str)] = &[
    ("0 | ansible.utils.macaddr", "a number is no hardware address"),
    ("0 | ansible.utils.hwaddr", "a number is no hardware address"),
    ("nth_usable(", "what is no address gives false, whatever it is"),
    ("ansible.utils.reduce_on_network(", "what is no network is refused, and nothing is a list but a list"),
    ("ansible.utils.network_in_network('x')", "what is no network holds nothing"),
    ("ansible.utils.ipwrap('host')", "a network of hosts is no host"),
    ("ansible.utils.replace_keys(target=", "nothing to replace is a mistake"),
    ("path='[0]'", "a path begins with a name"),
    ("none | ansible.netcommon.type5_pw", "no password is an empty one"),
    ("{'': {'a': 1}} | community.general.to_ini", "a section must have a name"),
    ("list_merge='nope'", "an option that there is not is refused, also where it has no use"),
    ("'::ffff:1.2.3.4' is ansible.utils.p", "whether such an address is private changes with Python's releases"),
    ("'2002:c000:204::' is ansible.utils.p", "whether such an address is private changes with Python's releases"),
];

/// Claims that an odd value is refused for its kind.
fn is_stricter(got: &Result<Data, String>) -> bool {
    let phrases = ["wants ", "is no path", "is no network"];
    got.as_ref().is_err_and(|message| phrases.iter().any(|phrase| message.contains(phrase)))
}

/// Returns the engine with every row of both tables.
pub(super) fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    for row in super::TABLE.iter().copied().flatten() {
        for name in std::iter::once(&row.name).chain(row.aliases) {
            (row.add)(&mut env, name);
        }
    }
    for row in crate::template::tests::TABLE.iter().copied().flatten() {
        for name in std::iter::once(&row.name).chain(row.aliases) {
            (row.add)(&mut env, name);
        }
    }
    env
}

/// Returns an answer with floats that JSON cannot say as the recording has them.
fn answer(value: &Data) -> Json {
    match value {
        Data::Float(f) if !f.is_finite() => serde_json::json!({"float": crate::value::python_float(*f)}),
        Data::Moment(moment) => moment.to_string().into(),
        Data::List(items) => items.iter().map(answer).collect(),
        Data::Map(map) => Json::Object(
            map.iter()
                .map(|(key, value)| {
                    (key.as_str().map_or_else(|| key.to_value().to_json().to_string(), Into::into), answer(value))
                })
                .collect(),
        ),
        other => other.to_json(),
    }
}

fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => {
            // Whole numbers and floats stay apart; the last bit of a logarithm may differ.
            let close = |a: f64, b: f64| a == b || (a - b).abs() <= 1e-15 * a.abs().max(b.abs());
            a.is_f64() == b.is_f64() && a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| close(a, b))
        }
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && same(a, b))
        }
        (a, b) => a == b,
    }
}

#[test]
fn answers_are_ansibles() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filters");
    let variables: Json = serde_json::from_str(&std::fs::read_to_string(folder.join("vars.json")).unwrap()).unwrap();
    let context = to_engine(&Data::from(variables.clone()));
    let env = environment();
    let Data::Map(variables) = Data::from(variables) else { panic!("the variables are no dictionary") };
    let text = |key: &crate::value::Key| Arc::from(key.as_str().unwrap_or_default());
    let vars = variables.iter().map(|(key, value)| (text(key), Var::Data(value.clone()))).collect();
    let templar = templar(Arc::new(Fixed { vars, hosts: Default::default() }));
    let (mut wrong, mut total) = (Vec::new(), 0);
    let (mut differing, mut used) = (Vec::new(), vec![0; WIDE_DIFFERENCES.len()]);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ext| ext == "txt")) {
        let recorded = file.with_extension("json");
        let rows: Vec<Vec<Json>> = serde_json::from_str(&std::fs::read_to_string(&recorded).unwrap()).unwrap();
        for row in rows {
            total += 1;
            let expression = row[0].as_str().unwrap();
            // Backslashes reach the filters as the recording has them only past the author's layer.
            let got = match expression.contains('\\') {
                true => env
                    .compile_expression(expression)
                    .and_then(|expression| expression.eval(&context))
                    .and_then(|value| from_engine(&value))
                    .map_err(|error| error.to_string()),
                false => templar.expression_text(expression, None).map_err(|error| error.message.expose().to_owned()),
            };
            let differs = DIFFERENCES.iter().any(|(known, _)| *known == expression);
            let is_wide = file.file_stem().is_some_and(|stem| stem == "wide");
            let agrees = match (&got, row.get(1)) {
                (Ok(got), Some(want)) => same(&answer(got), want),
                (Err(_), None) => true,
                _ => false,
            };
            let known = WIDE_DIFFERENCES.iter().position(|(part, _)| expression.contains(part));
            if !agrees && is_wide && (known.is_some() || is_stricter(&got)) {
                if let Some(at) = known {
                    used[at] += 1;
                }
                differing.push(expression.to_owned());
                continue;
            }
            if agrees == differs {
                let got = got.map_or_else(|e| format!("error: {e}"), |got| answer(&got).to_string());
                let want = row.get(1).map_or("an error".into(), Json::to_string);
                let stem = file.file_stem().unwrap_or_default().to_string_lossy();
                wrong.push(format!("{stem}: {expression}\n    want {want}\n    got  {got}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {total} differ:\n{}", wrong.len(), wrong.join("\n"));
    crate::template::differences::hold("filters", &differing);
    let idle: Vec<_> = WIDE_DIFFERENCES.iter().zip(&used).filter(|(_, used)| **used == 0).collect();
    assert!(idle.is_empty(), "differences that are none: {idle:?}");
    assert!(total >= 5_000, "only {total} rows: is a recording missing?");
}
