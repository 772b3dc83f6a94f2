//! The recorded playbooks once more, on hosts that are reached by a real SSH server: what they mean does not depend on how
//! hosts are reached.

use super::{differences, sshd};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Kinds of cases of which every so-manieth runs, as far as they have the hosts of all.
const KINDS: &[(&str, usize)] = &[
    ("blocks-", 4),
    ("handlers-", 4),
    ("includes-", 4),
    ("loops-", 4),
    ("random-", 5),
    ("roles-", 2),
    ("run-once", 2),
];

#[test]
fn playbooks_mean_the_same_over_ssh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    let server = sshd::Sshd::start();
    let mut options: Vec<String> = ["--host-key-checking", "off"].map(str::to_owned).to_vec();
    let vars = [
        ("connection", "ssh".to_owned()),
        ("host", server.address.to_string()),
        ("port", server.port.to_string()),
        ("user", sshd::user()),
        ("ssh_private_key_file", server.key().display().to_string()),
    ];
    for (name, value) in vars {
        options.extend(["-e".to_owned(), format!("ansible_{name}={value}")]);
    }
    let cases = chosen(&folder);
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    let next = AtomicUsize::new(0);
    let wrong: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = differences(&folder, case, &options, false);
                    if !found.is_empty() {
                        wrong.lock().unwrap().push(format!("{}:\n  {}", case.display(), found.join("\n  ")));
                    }
                }
            });
        }
    });
    assert!(!server.log().is_empty(), "nobody came to the server");
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} cases differ\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn chosen(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the cases are there");
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    all.retain(|case| case.join("playbook.yml").is_file() && !case.join("hosts.ini").exists());
    all.sort();
    let mut chosen = Vec::new();
    for (kind, every) in KINDS {
        let of_kind =
            all.iter().filter(|case| case.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind)));
        chosen.extend(of_kind.step_by(*every).cloned());
    }
    chosen
}
