//! What is made before the program is compiled: definitions of platforms as JSON, and what the linker is told.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// One file a platform.
const FOLDER: &str = "src/platform/definitions";

/// The functions that runs call; `benches/order` writes it.
const ORDER: &str = "src/order.txt";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    platforms();
    link();
}

/// Definitions of platforms are YAML, for people. What the program reads of them when it starts is the same as JSON: reading
/// that takes a tenth of the time, and a short run has no more to do than that.
fn platforms() {
    println!("cargo:rerun-if-changed={FOLDER}");
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

/// Has the linker place the functions that runs call side by side, so that a run has few pages of the program in memory, and
/// write the program's own addresses in the short form that newer systems understand. Only the linker that rustc brings along
/// is told: others know these options by other names, or not at all.
fn link() {
    println!("cargo:rerun-if-changed={ORDER}");
    for name in ["RUSTC_LINKER", "CARGO_ENCODED_RUSTFLAGS"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|is| is == value);
    let is_usual = is("PROFILE", "release")
        && is("TARGET", "x86_64-unknown-linux-gnu")
        && is("HOST", "x86_64-unknown-linux-gnu")
        && env::var_os("RUSTC_LINKER").is_none()
        && !env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("link"));
    // From 1.90 on rustc links this target with its own linker.
    let rustc = env::var("RUSTC").ok().and_then(|rustc| version(&rustc, &["--version"]));
    if !is_usual || rustc.is_none_or(|rustc| rustc < (1, 90)) {
        return;
    }
    let out = env::var("OUT_DIR").expect("cargo says where");
    if out.contains(',') {
        // It would end the option.
        return;
    }
    order(&fs::read_to_string(ORDER).expect("the list of functions"), &out);
    println!("cargo:rustc-link-arg-bins=-Wl,--symbol-ordering-file={out}/order.txt");
    println!("cargo:rustc-link-arg-bins=-Wl,--no-warn-symbol-ordering");
    println!("cargo:rustc-link-arg-bins=-Wl,-T,{out}/order.ld");
    // What is built on an older system is for older systems.
    if version("getconf", &["GNU_LIBC_VERSION"]).is_some_and(|glibc| glibc >= (2, 36)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Writes the list as the linker takes it: full names in one file, and in another the beginnings of names that end with a
/// number of the compilation, of which the sections are placed before all others.
fn order(list: &str, out: &str) {
    let (beginnings, names): (Vec<&str>, Vec<&str>) = list.lines().partition(|name| name.ends_with('*'));
    let sections: String = beginnings.iter().map(|name| format!("*(.text.{name})\n")).collect();
    let write = |file: &str, text: String| fs::write(Path::new(out).join(file), text).expect("a writable folder");
    write("order.txt", names.join("\n"));
    write("order.ld", format!("SECTIONS\n{{\n.text.called :\n{{\n{sections}}}\n}}\nINSERT BEFORE .text;\n"));
}

/// Returns the first two numbers of the version that a program says: `rustc 1.95.0 (…)`, `glibc 2.36`.
fn version(program: &str, arguments: &[&str]) -> Option<(u32, u32)> {
    let said = Command::new(program).args(arguments).output().ok().filter(|said| said.status.success())?;
    let said = String::from_utf8(said.stdout).ok()?;
    let mut numbers = said.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
