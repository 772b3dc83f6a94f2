//! The page of differences (`docs/differences.md`) and the table of the tests say the same.

use super::DEVIATIONS;

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
