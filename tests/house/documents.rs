//! What the documents promise.

use std::fs;
use std::path::Path;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn the_map_names_every_folder() {
    let map = read("ARCHITECTURE.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(root).expect("src can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(map.contains(&format!("src/{name}")), "ARCHITECTURE.md does not name src/{name}");
    }
}

#[test]
fn the_readme_names_every_exit_code() {
    let readme = read("README.md");
    for code in ["| 0 ", "| 2 ", "| 4 ", "| 64 ", "| 65 ", "| 70 ", "| 130 "] {
        assert!(readme.contains(code), "README.md does not explain exit code{}", code.trim_start_matches('|'));
    }
}

#[test]
fn the_readme_names_every_module() {
    let readme = read("README.md").replace('\n', " ");
    for module in netplay::module::TABLE {
        let named = readme.split([' ', '`', ',']).any(|word| word == module.name);
        assert!(named, "README.md does not name the module {}", module.name);
    }
}

#[test]
fn the_page_about_resources_names_every_one() {
    let page = read("docs/resources.md");
    for row in netplay::resource::TABLE {
        assert!(page.contains(&format!("`{}`", row.name)), "docs/resources.md does not name {}", row.name);
    }
}

#[test]
fn links_inside_the_repository_lead_somewhere() {
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = read(name);
        for (at, _) in text.match_indices("](") {
            let target: String = text[at + 2..].chars().take_while(|c| *c != ')' && *c != '#').collect();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&target).exists(), "{name} links to {target}");
        }
    }
}

#[test]
fn what_the_page_about_shards_gives_to_ci_systems_is_yaml() {
    let page = read("docs/scale-out.md");
    let mut blocks = 0;
    for block in page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        let parsed: Result<serde_yaml::Value, _> = serde_yaml::from_str(block);
        let parsed = parsed.unwrap_or_else(|error| panic!("{error}:\n{block}"));
        assert!(parsed.is_mapping(), "{block}");
        assert!(block.contains("--shard"), "{block}");
        blocks += 1;
    }
    assert_eq!(blocks, 3, "GitLab, GitHub and Kubernetes");
}
