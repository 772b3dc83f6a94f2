//! Lookups that do what filters do: `ansible.utils.get_path` and its kin.

use super::{Call, Lookup, argument};
use crate::failure::Failure;
use crate::template::Templar;
use crate::value::{Map, Value};
use std::sync::Arc;

pub(super) static LOOKUPS: &[Lookup] = &[
    Lookup {
        name: "ansible.utils.get_path",
        doc: "Gives what stands at a path in data, as the filter does.",
        options: &["path"],
        run: |call| by_filter(call, "ansible.utils.get_path", &["path"]),
    },
    Lookup {
        name: "ansible.utils.to_paths",
        doc: "Gives data as a dictionary of paths and values, as the filter does.",
        options: &["prepend"],
        run: |call| by_filter(call, "ansible.utils.to_paths", &["prepend"]),
    },
    Lookup {
        name: "ansible.utils.index_of",
        doc: "Gives the indices of the items that pass a test, as the filter does.",
        options: &["test", "value", "key", "fail_on_missing"],
        run: |call| by_filter(call, "ansible.utils.index_of", &["test", "value", "key", "fail_on_missing"]),
    },
];

/// Runs the filter on the first term; the other terms and the options are its arguments.
fn by_filter(call: &Call<'_>, filter: &str, params: &[&str]) -> Result<Vec<Value>, Failure> {
    let Some((input, rest)) = call.terms.split_first() else {
        return Err(argument(format!("lookup `{filter}` wants data")));
    };
    if rest.len() > params.len() {
        return Err(argument(format!("lookup `{filter}` takes at most {} terms", params.len() + 1)));
    }
    let mut variables = Map::new();
    variables.insert("input", input.clone());
    let mut arguments = Vec::new();
    for (at, param) in params.iter().enumerate() {
        if let Some(value) = rest.get(at).or_else(|| call.options.get(param)) {
            variables.insert(*param, value.clone());
            arguments.push(format!("{param}={param}"));
        }
    }
    let core = call.core;
    let templar = Templar::new(Arc::clone(&core.scope), core.files.clone(), Arc::clone(&core.sources));
    let text = format!("input | {filter}({})", arguments.join(", "));
    templar.with(variables).expression_text(&text, None).map(|found| vec![found])
}

#[cfg(test)]
mod tests {
    use crate::template::recorded::{recorded_vars, templar, text_node};
    use crate::value::Value;
    use std::sync::Arc;

    #[test]
    fn they_give_what_the_filters_give() {
        let templar = templar(Arc::new(recorded_vars()));
        for (text, wanted) in [
            ("{{ lookup('ansible.utils.get_path', d, 'deep.x[1]') }}", Value::Int(20)),
            ("{{ lookup('ansible.utils.to_paths', {'a': {'b': 1}}) }}", Value::map([("a.b", 1)])),
            ("{{ lookup('ansible.utils.to_paths', {'a': 1}, prepend='x') }}", Value::map([("x.a", 1)])),
            ("{{ lookup('ansible.utils.index_of', [5, 6], 'eq', 6) }}", Value::Int(1)),
        ] {
            match templar.node(&text_node(text)) {
                Ok(got) => assert_eq!(got, wanted, "{text}"),
                Err(failure) => panic!("{text}: {}", failure.message.expose()),
            }
        }
        assert!(templar.node(&text_node("{{ lookup('ansible.utils.get_path', d, 'nope') }}")).is_err());
    }
}
