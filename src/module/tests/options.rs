//! Every option that Ansible's modules have, beside ours (`tests/module/options.py` records them): none is forgotten.

use crate::module::{Arg, TABLE};

/// Choices that Ansible has and netplay refuses before the run.
const REFUSED_CHOICES: &[(&str, &str, &str)] = &[
    ("wait_for", "state", "drained"),
    // Python's booleans, which are choices of a text there.
    ("uri", "follow_redirects", "true"),
    // Package managers that no host here has.
    ("package_facts", "manager", "openbsd_pkg"),
    ("package_facts", "manager", "pkg"),
    ("package_facts", "manager", "pkg5"),
    ("package_facts", "manager", "pkg_info"),
    ("package_facts", "manager", "pkgng"),
    ("package_facts", "manager", "portage"),
    // Systems whose names are kept elsewhere.
    ("hostname", "use", "darwin"),
    ("hostname", "use", "freebsd"),
    ("hostname", "use", "macos"),
    ("hostname", "use", "macosx"),
    ("hostname", "use", "openbsd"),
    ("hostname", "use", "openrc"),
    ("hostname", "use", "redhat"),
    ("hostname", "use", "solaris"),
];

fn recorded() -> serde_json::Map<String, serde_json::Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/module/options.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn texts(value: &serde_json::Value) -> Vec<String> {
    let text = |item: &serde_json::Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
    value.as_array().into_iter().flatten().map(text).collect()
}

fn find<'a>(args: &'a [Arg], name: &str) -> Option<&'a Arg> {
    args.iter().find(|arg| arg.name == name || arg.aliases.contains(&name))
}

#[test]
fn every_option_of_ansibles_modules_is_known() {
    let recorded = recorded();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for module in TABLE {
        let names = module.collections.iter().map(|collection| format!("{collection}.{}", module.name));
        let Some(options) = names.into_iter().find_map(|name| recorded.get(&name)?.as_object()) else { continue };
        // Modules that take any arguments name theirs by an example.
        let free = ["free_form", "key_value", "free-form"];
        for (name, option) in options.iter().filter(|(name, _)| !free.contains(&name.as_str())) {
            seen += 1;
            let Some(arg) = find(module.args, name) else {
                wrong.push(format!("{}: no `{name}`", module.name));
                continue;
            };
            for alias in texts(&option["aliases"]) {
                if find(module.args, &alias).map(|other| other.name) != Some(arg.name) {
                    wrong.push(format!("{}: `{name}` is not also `{alias}`", module.name));
                }
            }
            for choice in texts(&option["choices"]) {
                let refused = REFUSED_CHOICES.contains(&(module.name, name, &choice));
                let is_known = arg.choices.is_empty() || arg.choices.contains(&choice.as_str());
                if is_known == refused && !arg.choices.is_empty() {
                    wrong.push(format!("{}: `{name}: {choice}`", module.name));
                }
            }
            if option["required"] == true && !arg.required {
                wrong.push(format!("{}: `{name}` is required", module.name));
            }
        }
    }
    assert!(seen > 250, "only {seen} options were compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
