//! The page of differences (`docs/differences.md`) and the table of the tests say the same.

use super::DEVIATIONS;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/differences.md");

/// Returns the rows of the table below a heading: what stands in backquotes, and the reason.
fn rows(heading: &str) -> Vec<(String, String)> {
    let part = PAGE.split(&format!("\n## {heading}\n")).nth(1).unwrap_or_else(|| panic!("no part `{heading}`"));
    let part = part.split("\n## ").next().unwrap_or_default();
    let lines = part.lines().filter(|line| line.starts_with("| `"));
    let fields = lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>());
    fields.map(|fields| (fields[0].trim_matches('`').to_owned(), fields[fields.len() - 1].to_owned())).collect()
}

#[test]
fn the_page_has_every_difference_of_the_recorded_playbooks() {
    let page = rows("Playbooks");
    let mut table: Vec<(&str, &str)> = Vec::new();
    for (case, _, why) in DEVIATIONS {
        let reason = match *why {
            "as above" => table.last().expect("something stands above").1,
            why => why,
        };
        if !table.iter().any(|(known, _)| known == case) {
            table.push((case, reason));
        }
    }
    for (case, reason) in &table {
        let is_told = page.iter().any(|(name, why)| name == case && why == reason);
        assert!(is_told, "docs/differences.md lacks this row:\n| `{case}` | {reason} |");
    }
    for (name, why) in &page {
        assert!(table.iter().any(|(case, reason)| case == name && reason == why), "no test has `{name}`: {why}");
    }
}

#[test]
fn every_difference_in_general_is_shown_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    collect(&root.join("tests"), &mut sources);
    collect(&root.join("src"), &mut sources);
    let part = PAGE.split("\n## In general\n").nth(1).expect("there is such a part");
    let rows = part.split("\n## ").next().unwrap_or_default().lines().filter(|line| line.starts_with("| ")).skip(2);
    let mut count = 0;
    for row in rows {
        let name = row.trim_matches(['|', ' ']).rsplit(" | ").next().unwrap_or_default().trim_matches('`');
        let is_case = root.join("tests/language").join(name).join("expected.json").is_file();
        assert!(is_case || sources.contains(&format!("fn {name}()")), "no test `{name}`: {row}");
        count += 1;
    }
    assert!(count >= 9, "only {count} rows");
}

fn collect(folder: &Path, sources: &mut String) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            sources.push_str(&std::fs::read_to_string(&path).expect("it is text"));
        }
    }
}
