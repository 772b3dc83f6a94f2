//! Definitions of platforms are YAML, for people. What the program reads of them when it starts is the same as JSON: reading
//! that takes a tenth of the time, and a short run has no more to do than that.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// One file a platform.
const FOLDER: &str = "src/platform/definitions";

fn main() {
    println!("cargo:rerun-if-changed={FOLDER}");
    println!("cargo:rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR").expect("cargo says where");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo says where");
    let mut names: Vec<String> = fs::read_dir(FOLDER)
        .expect("the folder of definitions")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8"))
        .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    names.sort();
    let mut table = String::from("&[\n");
    for name in names {
        let written = Path::new(&root).join(FOLDER).join(format!("{name}.yaml"));
        let text = fs::read_to_string(&written).expect("a readable definition");
        let value: serde_yaml::Value =
            serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", written.display()));
        let json = Path::new(&out).join(format!("{name}.json"));
        fs::write(&json, serde_json::to_string(&value).expect("plain values")).expect("a writable folder");
        writeln!(table, "    ({name:?}, include_str!({written:?}), include_str!({json:?})),").expect("a text");
    }
    table.push_str("]\n");
    fs::write(Path::new(&out).join("platforms.rs"), table).expect("a writable folder");
}
