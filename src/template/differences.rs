//! Lists of the recorded cases whose answers differ on purpose (`tests/template/differences/*.txt`): every case by itself,
//! so that no other hides behind a reason, and none stays listed that is equal by now.

use std::collections::BTreeSet;
use std::path::Path;

/// The longest case that a list shows whole; of longer ones it has the start and a checksum.
const SHOWN: usize = 100;

fn line(case: &str) -> String {
    let plain = case.replace('\n', "⏎").replace('\r', "␍");
    if plain.chars().count() <= SHOWN {
        return plain;
    }
    let start: String = plain.chars().take(SHOWN).collect();
    format!("{start}… {:08x}", crc32fast::hash(case.as_bytes()))
}

/// Fails unless the cases that differ are those of the list, all of them and no others.
///
/// With `DIFFERENCES=write` it writes the list instead: look at what changed in it before it is kept.
pub(super) fn hold(list: &str, differing: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/template/differences/{list}.txt"));
    let found: BTreeSet<String> = differing.iter().map(|case| line(case)).collect();
    if std::env::var_os("DIFFERENCES").is_some_and(|what| what == "write") {
        let text: String = found.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let listed: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    let new: Vec<_> = found.difference(&listed).take(20).collect();
    let equal: Vec<_> = listed.difference(&found).take(20).collect();
    assert!(
        new.is_empty() && equal.is_empty(),
        "{list}: these differ and are not listed: {new:#?}\nthese are listed and do not differ: {equal:#?}"
    );
}
