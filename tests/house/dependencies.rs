//! Licences and advisories of everything that is compiled in, as far as they can be checked without a network.

use serde_json::Value;
use std::process::Command;

/// Licences under which a dependency may come.
const LICENCES: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that must not come in, and why.
const BANNED: [(&str, &str); 6] = [
    ("serde_yml", "unsound (RUSTSEC-2025-0068)"),
    ("libyml", "unsound (RUSTSEC-2025-0067)"),
    ("backoff", "unmaintained (RUSTSEC-2025-0012)"),
    ("instant", "unmaintained (RUSTSEC-2024-0384)"),
    ("paste", "unmaintained (RUSTSEC-2024-0436)"),
    ("atty", "unmaintained (RUSTSEC-2024-0375)"),
];

/// The oldest release of a crate that may come in, and why.
const AT_LEAST: [(&str, [u64; 3], &str); 1] =
    [("libssh2-sys", [0, 3, 4], "older ones carry a libssh2 with memory faults that a hostile server can reach")];

#[test]
fn dependencies_have_permissive_licences_and_no_known_fault() {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let used: Vec<&str> = metadata["resolve"]["nodes"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|node| node["id"].as_str())
        .collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for package in metadata["packages"].as_array().expect("a list") {
        let (name, version) = (package["name"].as_str().unwrap_or(""), package["version"].as_str().unwrap_or(""));
        if name == "netplay" || !used.contains(&package["id"].as_str().unwrap_or("")) {
            continue;
        }
        seen += 1;
        let licence = package["license"].as_str().unwrap_or("");
        if !is_permissive(licence) {
            wrong.push(format!("{name} {version}: licence `{licence}`"));
        }
        if let Some((_, why)) = BANNED.iter().find(|(banned, _)| *banned == name) {
            wrong.push(format!("{name} {version}: {why}"));
        }
        if let Some((_, least, why)) = AT_LEAST.iter().find(|(at_least, ..)| *at_least == name) {
            let numbers: Vec<u64> = version.split(['.', '-', '+']).take(3).filter_map(|n| n.parse().ok()).collect();
            if numbers.as_slice() < least.as_slice() {
                wrong.push(format!("{name} {version}: {why}"));
            }
        }
        if !package["source"].as_str().unwrap_or("").starts_with("registry+") {
            wrong.push(format!("{name} {version}: not from the registry"));
        }
    }
    assert!(seen > 100, "only {seen} packages were looked at");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Claims that an SPDX expression lets us choose licences that are all on the list.
fn is_permissive(expression: &str) -> bool {
    let flat = expression.replace(['(', ')'], " ").replace('/', " OR ");
    flat.split(" AND ").all(|part| part.split(" OR ").any(|licence| LICENCES.contains(&licence.trim())))
}

#[test]
fn a_licence_off_the_list_is_seen() {
    assert!(is_permissive("MIT OR GPL-3.0"));
    assert!(is_permissive("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!is_permissive("MPL-2.0"));
    assert!(!is_permissive("MIT AND GPL-2.0"));
    assert!(!is_permissive(""));
}
