//! The files of a simulated host, in memory.

use std::collections::{BTreeMap, BTreeSet};

/// The most bytes that the files of one host hold. Arbitrary; a lab is no store.
const MOST_BYTES: usize = 16 << 20;

/// Files in memory.
#[derive(Default)]
pub(super) struct Files {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) folders: BTreeSet<String>,
}

impl Files {
    /// Makes the folders that a host has.
    pub(super) fn new(user: &str) -> Files {
        let folders = ["/", "/etc", "/home", "/tmp", "/var", "/root"].map(String::from);
        let mut files = Files { folders: folders.into(), ..Files::default() };
        files.folders.insert(format!("/home/{user}"));
        files
    }

    /// Writes a file, with its folders. Returns false when the host is full or a folder is in the way.
    pub(super) fn write(&mut self, path: &str, bytes: Vec<u8>) -> bool {
        let held: usize = self.files.iter().filter(|(p, _)| *p != path).map(|(_, bytes)| bytes.len()).sum();
        if held + bytes.len() > MOST_BYTES || self.folders.contains(path) {
            return false;
        }
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.make_folder(folder);
        }
        self.files.insert(path.to_owned(), bytes);
        true
    }

    pub(super) fn make_folder(&mut self, path: &str) {
        let mut whole = String::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            whole = format!("{whole}/{part}");
            self.folders.insert(whole.clone());
        }
    }

    pub(super) fn is_folder(&self, path: &str) -> bool {
        self.folders.contains(path)
    }
}
