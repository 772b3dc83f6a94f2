//! What the collections' modules document (`tests/resources/documented.json`, recorded) beside what is there:
//! `src/resource/refused.txt` lists what is not, and the documentation says how much it is.

use super::read;
use crate::resource::{Kind, Options, TABLE};
use std::collections::{BTreeMap, BTreeSet};

type Paths = Vec<String>;

/// Claims that there is such an option, or one in which any stand.
fn is_there(options: &Options, path: &str) -> bool {
    let (name, inner) = path.split_once('.').map_or((path, None), |(name, inner)| (name, Some(inner)));
    match (options.find(name).map(|option| &option.kind), inner) {
        (Some(Kind::Dict(inside) | Kind::List(inside)), Some(inner)) => is_there(inside, inner),
        (found, _) => found.is_some(),
    }
}

/// Returns paths, with what they are inside of in place of those that are all that is inside of it.
fn folded(refused: &BTreeSet<&str>, there: &BTreeSet<&str>) -> Vec<String> {
    let is_inside = |path: &str, outer: &str| path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    let outermost = |path: &str| {
        let ends = path.match_indices('.').map(|(end, _)| &path[..end]);
        let whole = ends.into_iter().find(|outer| !there.iter().any(|path| is_inside(path, outer)));
        whole.unwrap_or(path).to_owned()
    };
    let all: BTreeSet<String> = refused.iter().map(|path| outermost(path)).collect();
    all.into_iter().collect()
}

/// What a path gets that is new in the list: whoever adds it says why.
const UNKNOWN: &str = "?";

/// Returns the lines for a module's paths, one for each reason that the list gives now.
fn by_reason(name: &str, paths: Vec<String>, listed: &str) -> String {
    let lines = listed.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")?.split_once(": "));
    let listed: BTreeMap<&str, &str> =
        lines.flat_map(|(paths, why)| paths.split_whitespace().map(move |path| (path, why))).collect();
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for path in paths {
        by_reason.entry(listed.get(path.as_str()).unwrap_or(&UNKNOWN)).or_default().push(path);
    }
    by_reason.iter().map(|(why, paths)| format!("{name}: {}: {why}\n", paths.join(" "))).collect()
}

#[test]
fn what_is_refused_is_listed_and_counted() {
    let documented: BTreeMap<String, Paths> =
        read("documented.json", |text| serde_json::from_str(text).map_err(|error| error.to_string()));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/resource/refused.txt");
    let listed = std::fs::read_to_string(file).unwrap();
    let (mut lines, mut all, mut missing) = (String::new(), 0, 0);
    for row in TABLE {
        let Some(paths) = documented.get(row.name) else { continue };
        let (there, refused): (BTreeSet<&str>, BTreeSet<&str>) =
            paths.iter().map(String::as_str).partition(|path| is_there(&row.definition().options, path));
        (all, missing) = (all + paths.len(), missing + refused.len());
        lines += &by_reason(row.name, folded(&refused, &there), &listed);
    }
    if std::env::var_os("NETPLAY_TEST_WRITE").is_some() {
        std::fs::write(file, &lines).unwrap();
    }
    let count = format!("{} of {all}", all - missing);
    assert_eq!(std::fs::read_to_string(file).unwrap(), lines, "write it with NETPLAY_TEST_WRITE=1");
    assert!(!lines.contains(UNKNOWN), "say why these are refused");
    let docs = include_str!("../../../../docs/resources.md");
    assert!(docs.contains(&count), "docs/resources.md says another number than {count}");
    assert!(missing * 5 <= all, "{missing} of {all} are refused");
}

#[test]
fn a_refused_option_is_told_from_one_that_nobody_has() {
    use crate::source::{Diagnostics, Source, SourceMap};
    let (module, _) = crate::module::resource::make::find("ios_snmp_server").unwrap();
    let shape = module.args.iter().find(|arg| arg.name == "config").and_then(|arg| arg.shape).unwrap();
    let (sources, mut found) = (SourceMap::new(), Diagnostics::new());
    let text = "traps: {ospfv3: {rate_limit: 5}, envmon: {fan: {status: true}}, bgb: {enable: true}}\n";
    let id = sources.add(Source::new("task", None, text));
    let node = crate::yaml::parse(id, &sources, &mut found).unwrap();
    shape.check("ios_snmp_server", &node, &mut found);
    let said: Vec<(&str, &str)> =
        found.iter().map(|found| (found.message.as_str(), found.help.as_deref().unwrap_or_default())).collect();
    let refused = |why: &str| format!("the collection's module has it, this one does not: {why}");
    let no_line = refused("the collection's own module sends a line that no device takes");
    let not_built = refused("not built");
    let expected = [
        ("`ios_snmp_server` has no option `rate_limit` here", no_line.as_str()),
        ("`ios_snmp_server` has no option `fan` here", not_built.as_str()),
        ("`ios_snmp_server` has no option `bgb` here", "did you mean `bgp`?"),
    ];
    assert_eq!(said, expected);
    let mut shown = String::new();
    shape.describe(0, &mut shown);
    assert!(shown.contains("traps.ospfv3.rate_limit"), "{shown}");
}
