//! What a whole inventory says, next to what Ansible says about the same files.
//!
//! `tests/inventory/` holds a folder for each case: the sources, `case.json` (what to load, which patterns to try) and
//! `expected.json`, recorded by `tests/inventory/record.sh`.

use super::*;
use crate::source::{Diagnostics, SourceMap, Style, render};
use crate::vars::Var;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Returns every folder with a case, by name.
fn cases() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventory");
    let mut cases: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    cases.sort();
    cases
}

fn json(path: PathBuf) -> Json {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Loads the inventory of a case.
fn load_case(dir: &Path, case: &Json) -> (Inventory, Arc<SourceMap>, Diagnostics) {
    let sources = Arc::new(SourceMap::new());
    let mut found = Diagnostics::new();
    let place = |name: &str| if name.contains(',') { name.to_string() } else { dir.join(name).display().to_string() };
    let specs: Vec<String> = case["sources"].as_array().unwrap().iter().map(|s| place(s.as_str().unwrap())).collect();
    let texts = |name: &str| -> Vec<String> {
        case[name].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let options = LoadOptions {
        playbook_dir: case["playbook_dir"].as_str().map(|name| dir.join(name)),
        extra: Some(Arc::new(extra_of(case))),
        enabled: texts("enabled"),
        ..LoadOptions::default()
    };
    let inventory = load_with(&specs, &options, &sources, &mut found);
    (inventory, sources, found)
}

/// Compares one answer; a list that has no order in Ansible is compared as a set.
fn differs(ours: &Json, theirs: &Json) -> bool {
    let Some(theirs) = theirs.get("unordered") else { return ours != theirs };
    let mut ours: Vec<&str> = ours.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    ours.sort();
    json!(ours) != *theirs
}

/// Returns the extra variables of a case.
fn extra_of(case: &Json) -> Layer {
    let mut extra = Layer::new(Origin::ExtraVars);
    for (name, value) in case["extra"].as_object().into_iter().flatten() {
        extra.vars.insert(name.as_str().into(), Var::Data(value.clone().into()));
    }
    extra
}

/// Takes the marks of unsafe texts off.
fn unmark(json: &mut Json) {
    if let Some(text) = json.get("__ansible_unsafe").cloned() {
        *json = text;
    }
    match json {
        Json::Array(items) => items.iter_mut().for_each(unmark),
        Json::Object(entries) => entries.values_mut().for_each(unmark),
        _ => {}
    }
}

/// Lists what is not as recorded.
fn differences(dir: &Path) -> Vec<String> {
    let (case, expected) = (json(dir.join("case.json")), json(dir.join("expected.json")));
    let (inventory, _, found) = load_case(dir, &case);
    let errors: Vec<&str> = found.iter().filter(|d| d.is_error()).map(|d| d.message.as_str()).collect();
    if expected.get("refused").is_some() {
        return if errors.is_empty() { vec!["is not refused".into()] } else { Vec::new() };
    }
    let mut ours: BTreeMap<String, Json> = BTreeMap::new();
    let mut theirs: BTreeMap<String, Json> = BTreeMap::new();
    ours.insert("errors".into(), json!(errors));
    theirs.insert("errors".into(), json!([]));
    let mut listing = Listing::of(&inventory);
    listing.extra = Some(Arc::new(extra_of(&case)));
    let list = listing.json();
    for part in ["list", "localhost", "graph", "graph_vars"] {
        theirs.extend(expected.get(part).map(|answer| (part.to_string(), answer.clone())));
    }
    ours.insert("list".into(), list);
    let localhost = inventory.select("localhost").unwrap();
    ours.insert("localhost".into(), json!(listing.host(&localhost[0])));
    ours.insert("graph".into(), json!(graph_text(&inventory, ALL, false)));
    if case.get("extra").is_some() {
        // The tree shows what the inventory says.
        theirs.remove("graph_vars");
    }
    if theirs.contains_key("graph_vars") {
        ours.insert("graph_vars".into(), json!(graph_text(&inventory, ALL, true)));
    }
    for (part, export) in [("toml", false), ("toml_export", true)] {
        let Some(answer) = expected.get(part) else { continue };
        listing.export = export;
        let text = listing.toml().unwrap();
        ours.insert(part.into(), json!(::toml::from_str::<::toml::Table>(&text).unwrap()));
        theirs.insert(part.into(), answer.clone());
    }
    listing.export = false;
    for (group, hosts) in inventory.groups_with_hosts() {
        ours.insert(format!("hosts of {group}"), json!(hosts));
    }
    for (group, hosts) in expected["groups"].as_object().unwrap() {
        theirs.insert(format!("hosts of {group}"), hosts.clone());
    }
    for (host, names) in expected["group_names"].as_object().unwrap() {
        theirs.insert(format!("groups of {host}"), names.clone());
        ours.insert(format!("groups of {host}"), json!(inventory.groups_of(host)));
    }
    for (host, vars) in expected["hosts"].as_object().unwrap() {
        theirs.insert(format!("variables of {host}"), vars.clone());
        ours.insert(format!("variables of {host}"), json!(listing.host(host)));
    }
    for (pattern, hosts) in expected["patterns"].as_object().unwrap() {
        theirs.insert(format!("pattern {pattern}"), hosts.clone());
        ours.insert(format!("pattern {pattern}"), json!(inventory.select(pattern).ok()));
    }
    if case["unmarked"] == true {
        // Which of a host's values an expression has only passed on is not known here.
        theirs.values_mut().for_each(unmark);
    }
    let keys: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let null = Json::Null;
    keys.into_iter()
        .map(|key| (key, ours.get(key).unwrap_or(&null), theirs.get(key).unwrap_or(&null)))
        .filter(|(_, ours, theirs)| differs(ours, theirs))
        .map(|(key, ours, theirs)| format!("{key}:\n    ours   {ours}\n    theirs {theirs}"))
        .collect()
}

/// A folder in `tests/inventory/` without a case is a case forgotten.
#[test]
fn every_folder_is_a_recorded_case() {
    for (name, dir) in cases() {
        assert!(dir.join("case.json").exists() && dir.join("expected.json").exists(), "{name}");
    }
    assert!(cases().len() > 60, "only {} cases", cases().len());
}

/// What is said about a case stands beside it as `found.snap`.
#[test]
fn mistakes_are_told_with_their_places() {
    for (name, dir) in cases() {
        let (_, sources, found) = load_case(&dir, &json(dir.join("case.json")));
        let shown: Vec<String> = found.iter().map(|d| render(d, &sources, Style::Plain)).collect();
        let shown = shown.join("\n\n").replace(&format!("{}/", dir.display()), "");
        if shown.is_empty() {
            assert!(!dir.join("found.snap").exists(), "{name}: nothing is found any more");
            continue;
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&dir);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("found", shown));
    }
}

#[test]
fn inventories_mean_what_they_mean_in_ansible() {
    let mut wrong = Vec::new();
    for (name, dir) in cases() {
        wrong.extend(differences(&dir).into_iter().map(|difference| format!("{name}: {difference}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Reads a text as an INI source.
fn read_ini(text: &str) -> (Inventory, Arc<SourceMap>, Diagnostics) {
    let sources = Arc::new(SourceMap::new());
    let options = LoadOptions::default();
    let mut found = Diagnostics::new();
    let id = sources.add(crate::source::Source::new("hosts", None, text));
    let mut builder = builder::Builder::new(&sources, &options, &mut found);
    ini::read(&mut builder, id);
    let inventory = builder.finish();
    (inventory, sources, found)
}

#[test]
fn values_know_where_they_stand() {
    let (inventory, sources, _) = read_ini("h1 a=1 b='x y' c=\"[1, 'é']\"\n[g]\n  [g:vars]\n  v = {{ x }}  \n");
    let place = |vars: &Vars, name: &str| match &vars[name] {
        Var::Author(node) => (sources.place(node.span), sources.get(node.span.source).slice(node.span).to_string()),
        Var::Data(_) => panic!("{name} is data"),
    };
    let host = &inventory.hosts["h1"].vars;
    assert_eq!(place(host, "a"), ("hosts:1:6".into(), "1".into()));
    assert_eq!(place(host, "b"), ("hosts:1:11".into(), "x y".into()));
    assert_eq!(place(host, "c"), ("hosts:1:19".into(), "[1, 'é']".into()));
    assert_eq!(place(&inventory.groups["g"].vars, "v"), ("hosts:4:7".into(), "{{ x }}".into()));
}

#[test]
fn a_file_full_of_mistakes_is_given_up() {
    let (_, _, found) = read_ini(&"h1 = x\n".repeat(1000));
    assert_eq!(found.iter().count(), 20);
}

#[test]
fn layers_of_a_group_are_shared_by_its_hosts() {
    let (inventory, _, _) = read_ini("[g]\nh[1:3]\n[g:vars]\na=1\n");
    let (first, last) = (inventory.layers_of("h1"), inventory.layers_of("h3"));
    assert!(Arc::ptr_eq(&first[0], &last[0]));
    assert_eq!(first[0].origin, Origin::InventoryGroup("g".into()));
}

#[test]
fn a_report_says_what_a_value_covers() {
    let (inventory, sources, _) = read_ini("[g]\nh1 a=host\n[g:vars]\na=group\n[all:vars]\na=all\nb=1\n");
    let report = host_report(&inventory, "h1", &sources).unwrap();
    let a = &report[0];
    assert_eq!((&*a.name, a.value.to_text(), &a.origin), ("a", "host".into(), &Origin::InventoryHost));
    assert_eq!(a.place.as_deref(), Some("hosts:2:6"));
    let covered: Vec<_> = a.shadowed.iter().map(|s| (s.origin.to_string(), s.place.clone().unwrap())).collect();
    let expected = [("inventory, group g", "hosts:4:3"), ("inventory, group all", "hosts:6:3")];
    assert_eq!(covered, expected.map(|(origin, place)| (origin.to_string(), place.to_string())));
    assert_eq!(report.len(), 2);
    assert_eq!(host_report(&inventory, "h2", &sources), None);
    assert_eq!(host_report(&inventory, "localhost", &sources).unwrap().len(), 3);
}

#[test]
fn hosts_added_later_follow_the_rules_of_the_inventory() {
    let (mut inventory, _, _) = read_ini("[g]\nh1\n[g:vars]\na=1\n");
    assert!(inventory.add_host("new", &["fresh", "g"], [(Arc::from("v"), Var::Data(1.into()))]));
    assert!(!inventory.add_host("new", &["g"], []), "nothing is new");
    assert!(inventory.add_host("lone", &[], []));
    assert_eq!(inventory.groups_of("new"), ["fresh".into(), "g".into()]);
    assert_eq!(inventory.groups_of("lone"), ["ungrouped".into()]);
    assert_eq!(inventory.hosts_of("g"), ["h1".into(), "new".into()]);
    assert_eq!(inventory.hosts_of(ALL), ["new".into(), "lone".into(), "h1".into()]);
    assert_eq!(inventory.layers_of("new").len(), 2);
    assert_eq!(inventory.depth_of("fresh"), Some(1));
}

#[test]
fn hosts_are_grouped_by_what_is_found_out() {
    let (mut inventory, _, _) = read_ini("h1\nh2\n");
    assert!(inventory.group_by("h1", "os_ios", &["os", "all"]));
    assert!(!inventory.group_by("h1", "os_ios", &["os"]));
    assert_eq!(inventory.groups_of("h1"), ["os".into(), "os_ios".into()]);
    assert_eq!(inventory.hosts_of(UNGROUPED), ["h2".into()]);
    inventory.group_by("h2", "os", &["os_ios"]);
    assert_eq!(inventory.hosts_of("os"), ["h2".into(), "h1".into()], "a cycle is not made");
    assert!(!inventory.group_by("nobody", "x", &[]));
}

#[test]
fn a_missing_folder_of_variables_and_a_wrong_one_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("hosts"), "h1\n").unwrap();
    std::fs::write(dir.path().join("group_vars"), "a: 1\n").unwrap();
    let sources = Arc::new(SourceMap::new());
    let mut found = Diagnostics::new();
    load(&[dir.path().join("hosts").display().to_string()], None, &sources, &mut found);
    let messages: Vec<&str> = found.iter().map(|d| d.code).collect();
    assert_eq!(messages, ["W0444"]);
}

#[test]
fn encrypted_binary_and_executable_sources_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let code = |name: &str, text: &[u8], mode: u32| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut found = Diagnostics::new();
        load(&[path.display().to_string()], None, &Arc::new(SourceMap::new()), &mut found);
        found.iter().map(|d| d.code).collect::<Vec<_>>()
    };
    assert_eq!(code("vault.yml", b"$ANSIBLE_VAULT;1.1;AES256\n31\n", 0o644), ["E0800"]);
    assert_eq!(code("binary", b"\x7fELF\0\x01", 0o644), ["E0401"]);
    assert_eq!(code("latin1", b"h\xe9\n", 0o644), ["E0001"]);
    assert_eq!(code("script.py", b"#!/bin/sh\necho {}\n", 0o755), Vec::<&str>::new());
    assert_eq!(code("hosts.toml", b"[all]\n", 0o644), Vec::<&str>::new());
    assert_eq!(code("half.toml", b"[all\n", 0o644), ["E0404"]);
    assert_eq!(code("marked", b"h1\n", 0o755), Vec::<&str>::new(), "executable, but no script");
}

proptest! {
    #[test]
    fn any_text_is_read_as_ini(text in "([\\[\\]:=#;'\"\\\\ \t\na-c0-2{},é]|\\[a:vars\\]\n|\\[b:children\\]\n|x=1|h\\[1:3\\]){0,40}") {
        let (inventory, sources, found) = read_ini(&text);
        for diagnostic in found.iter() {
            render(diagnostic, &sources, Style::Plain);
        }
        for host in inventory.hosts.keys() {
            inventory.layers_of(host);
            prop_assert!(!inventory.groups_of(host).is_empty(), "{host} is in no group");
        }
        prop_assert_eq!(inventory.hosts_of(ALL).len(), inventory.hosts.len());
        Listing::of(&inventory).json();
        graph_text(&inventory, ALL, true);
    }

    #[test]
    fn any_tree_is_read_as_yaml(text in "((  |    |      )?(hosts|children|vars|web|all|h\\[1:2\\]|10|~|ansible_group_priority): ?(x|1|\\[a\\]|\\{a: \\{b: 1\\}\\})?\n){0,14}") {
        let (sources, options) = (Arc::new(SourceMap::new()), LoadOptions::default());
        let mut found = Diagnostics::new();
        let id = sources.add(crate::source::Source::new("hosts.yml", None, text));
        let root = crate::yaml::parse(id, &sources, &mut found);
        let mut builder = builder::Builder::new(&sources, &options, &mut found);
        if let Some(map) = root.as_ref().and_then(|root| root.as_map()) {
            yaml::read(&mut builder, map);
        }
        let inventory = builder.finish();
        for diagnostic in found.iter() {
            render(diagnostic, &sources, Style::Plain);
        }
        for host in inventory.hosts.keys() {
            prop_assert!(!inventory.groups_of(host).is_empty(), "{host} is in no group");
        }
        prop_assert_eq!(inventory.hosts_of(ALL).len(), inventory.hosts.len());
    }

    /// Depth, ancestors and hosts of random groups, against walking every way.
    #[test]
    fn groups_agree_with_walking_every_way(links in proptest::collection::vec((0usize..7, 0usize..7), 0..14)) {
        let links: Vec<(usize, usize)> = links.into_iter().filter(|(parent, child)| parent < child).collect();
        let mut text = String::new();
        for group in 0..7 {
            text.push_str(&format!("[g{group}]\nh{group}\n"));
        }
        for (parent, child) in &links {
            text.push_str(&format!("[g{parent}:children]\ng{child}\n"));
        }
        let (inventory, _, found) = read_ini(&text);
        prop_assert!(found.is_empty());
        fn depth(links: &[(usize, usize)], group: usize) -> usize {
            links.iter().filter(|(_, child)| *child == group).map(|(parent, _)| depth(links, *parent)).max().unwrap_or(0) + 1
        }
        fn above(links: &[(usize, usize)], group: usize, names: &mut std::collections::BTreeSet<usize>) {
            names.insert(group);
            links.iter().filter(|(_, child)| *child == group).for_each(|(parent, _)| above(links, *parent, names));
        }
        for group in 0..7 {
            prop_assert_eq!(inventory.depth_of(&format!("g{group}")), Some(depth(&links, group)));
            let mut names = std::collections::BTreeSet::new();
            above(&links, group, &mut names);
            let names: Vec<Arc<str>> = names.into_iter().map(|n| format!("g{n}").into()).collect();
            prop_assert_eq!(&inventory.groups_of(&format!("h{group}")), &names);
            for name in names {
                let host: Arc<str> = format!("h{group}").into();
                prop_assert!(inventory.hosts_of(&name).contains(&host));
            }
        }
    }
}
