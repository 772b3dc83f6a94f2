use crate::module::{Arg, ArgKind, TABLE, coerce_args, find, names};
use crate::value::Map;
use crate::yaml::Mapping;
use std::collections::HashSet;

#[test]
fn the_table_is_sorted_and_every_name_is_taken_once() {
    assert!(TABLE.is_sorted_by_key(|module| module.name));
    let mut seen = HashSet::new();
    for name in names() {
        assert!(seen.insert(name.clone()), "{name} is taken twice");
        assert!(find(&name).is_some(), "{name} is not found");
    }
}

#[test]
fn every_file_with_a_module_has_its_table_line() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/module");
    let mut missing = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let defines = |line: &str| line.starts_with("pub") && line.contains(" static MODULE: Module ");
        let is_module = path.is_file() && std::fs::read_to_string(&path).unwrap().lines().any(defines);
        if is_module && !TABLE.iter().any(|module| module.name == name) {
            missing.push(name.to_owned());
        }
    }
    assert!(missing.is_empty(), "without a line in TABLE: {missing:?}");
}

#[test]
fn every_argument_is_documented_and_every_default_is_of_its_kind() {
    for module in TABLE {
        assert!(module.summary.ends_with('.'), "{}: the summary is a sentence", module.name);
        let mut seen = HashSet::new();
        for arg in module.args {
            assert!(arg.doc.ends_with('.'), "{}.{}: the doc is a sentence", module.name, arg.name);
            for name in std::iter::once(&arg.name).chain(arg.aliases) {
                assert!(seen.insert(*name), "{}.{name} is declared twice", module.name);
            }
        }
        if let Some(free_form) = module.free_form {
            assert!(module.args.iter().any(|arg| arg.name == free_form), "{}: {free_form}", module.name);
        }
        // Required arguments get a value of their kind, so that only defaults are left to go wrong.
        let needed = |arg: &Arg| match arg.kind {
            ArgKind::Int | ArgKind::Float => "1",
            ArgKind::Bool => "true",
            ArgKind::Dict => "{}",
            _ => arg.choices.first().copied().unwrap_or("x"),
        };
        let given: Map = module.args.iter().filter(|arg| arg.required).map(|arg| (arg.name, needed(arg))).collect();
        coerce_args(module, module.name, &Mapping::default(), given).unwrap();
    }
}
