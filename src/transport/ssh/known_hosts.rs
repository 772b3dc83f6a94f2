//! The files of known hosts, as OpenSSH writes them (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
//!
//! Plain names, `*`/`?` patterns, negation, `[host]:port`, hashed names, `@revoked` and `@cert-authority` are understood.

use super::pattern;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A host's key as a server showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostKey {
    /// The name of its kind: `ssh-ed25519`.
    pub(super) kind: String,
    /// Its bytes, as they stand in base64 in a file of known hosts.
    pub(super) blob: Vec<u8>,
}

impl HostKey {
    /// Takes the bytes a server showed; the kind is the first field in them.
    pub(super) fn from_blob(blob: &[u8]) -> Option<HostKey> {
        let (length, rest) = blob.split_first_chunk::<4>()?;
        let kind = rest.get(..u32::from_be_bytes(*length) as usize)?;
        Some(HostKey { kind: String::from_utf8(kind.to_vec()).ok()?, blob: blob.to_vec() })
    }

    /// Returns the fingerprint as `ssh-keygen -l` prints it.
    pub(super) fn fingerprint(&self) -> String {
        fingerprint(&self.blob)
    }
}

fn fingerprint(blob: &[u8]) -> String {
    use sha2::Digest as _;
    format!("SHA256:{}", STANDARD_NO_PAD.encode(sha2::Sha256::digest(blob)))
}

/// A line of a file of known hosts.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    mark: Mark,
    names: Names,
    key: HostKey,
    line: usize,
}

/// What a line says of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// It is the host's.
    Plain,
    /// It is nobody's any more.
    Revoked,
    /// It signs the keys of hosts.
    Authority,
}

#[derive(Clone, Debug)]
enum Names {
    Patterns(Vec<String>),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

impl Entry {
    fn parse(text: &str, line: usize) -> Option<Entry> {
        let mut words = text.split_ascii_whitespace();
        let mut names = words.next().filter(|word| !word.starts_with('#'))?;
        let mut mark = Mark::Plain;
        if names.starts_with('@') {
            mark = match names {
                "@revoked" => Mark::Revoked,
                "@cert-authority" => Mark::Authority,
                _ => return None,
            };
            names = words.next()?;
        }
        let kind = words.next()?;
        let blob = STANDARD.decode(words.next()?).ok()?;
        let names = match names.strip_prefix("|1|") {
            Some(hashed) => {
                let (salt, hash) = hashed.split_once('|')?;
                Names::Hashed { salt: STANDARD.decode(salt).ok()?, hash: STANDARD.decode(hash).ok()? }
            }
            None => Names::Patterns(names.split(',').map(str::to_ascii_lowercase).collect()),
        };
        Some(Entry { mark, names, key: HostKey { kind: kind.to_owned(), blob }, line })
    }

    fn is_about(&self, name: &str) -> bool {
        match &self.names {
            Names::Patterns(patterns) => pattern::matches_list(patterns.iter().map(String::as_str), name),
            Names::Hashed { salt, hash } => Hmac::<Sha1>::new_from_slice(salt)
                .is_ok_and(|mac| mac.chain_update(name.as_bytes()).verify_slice(hash).is_ok()),
        }
    }
}

/// A file of known hosts, indexed by the names that are written out.
#[derive(Debug, Default)]
pub(super) struct KnownHosts {
    entries: Vec<Entry>,
    by_name: HashMap<String, Vec<usize>>,
    others: Vec<usize>,
}

impl KnownHosts {
    /// Reads the text of a file; lines that make no sense are passed over, as OpenSSH does.
    pub(super) fn parse(text: &str) -> KnownHosts {
        let mut known = KnownHosts::default();
        for entry in text.lines().enumerate().filter_map(|(i, line)| Entry::parse(line, i + 1)) {
            let number = known.entries.len();
            match &entry.names {
                Names::Patterns(patterns) if patterns.iter().all(|name| !name.contains(['*', '?', '!'])) => {
                    for name in patterns {
                        known.by_name.entry(name.clone()).or_default().push(number);
                    }
                }
                _ => known.others.push(number),
            }
            known.entries.push(entry);
        }
        known
    }

    fn about<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Entry> {
        let exact = self.by_name.get(name).into_iter().flatten().map(|number| &self.entries[*number]);
        exact.chain(self.others.iter().map(|number| &self.entries[*number]).filter(move |entry| entry.is_about(name)))
    }
}

/// What the files say about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the host's.
    Known,
    /// Nobody has written down a key of the host.
    Unknown,
    /// Another key is written down.
    Changed(Place),
    /// The key has been revoked.
    Revoked(Place),
}

/// Where a key is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) kind: String,
    pub(super) fingerprint: String,
}

/// The files of known hosts of a run, each read once and again when it has changed.
#[derive(Debug, Default)]
pub(super) struct KnownHostsCache(Mutex<HashMap<PathBuf, (Stamp, Arc<KnownHosts>)>>);

/// What tells one state of a file from another.
type Stamp = (u64, i64, i64);

impl KnownHostsCache {
    /// Returns the kinds of key that are written down for a host, in the order found.
    pub(super) fn kinds(&self, files: &[PathBuf], name: &str) -> Vec<String> {
        let mut kinds: Vec<String> = Vec::new();
        for file in files {
            for entry in self.read(file).about(name).filter(|entry| entry.mark == Mark::Plain) {
                if !kinds.contains(&entry.key.kind) {
                    kinds.push(entry.key.kind.clone());
                }
            }
        }
        kinds
    }

    /// Returns the keys of the authorities that may sign for a host, by either of its names.
    pub(super) fn authorities(&self, files: &[PathBuf], name: &str, fallback: Option<&str>) -> Vec<HostKey> {
        let mut found = Vec::new();
        for file in files {
            let hosts = self.read(file);
            for name in std::iter::once(name).chain(fallback) {
                let entries = hosts.about(name).filter(|entry| entry.mark == Mark::Authority);
                found.extend(entries.map(|entry| entry.key.clone()));
            }
        }
        found
    }

    /// Judges a key. A key that is written down under `fallback` (the name without its port) is known as well, as in
    /// OpenSSH; a different one there says nothing.
    pub(super) fn judge(&self, files: &[PathBuf], name: &str, fallback: Option<&str>, key: &HostKey) -> Verdict {
        let read: Vec<(&Path, Arc<KnownHosts>)> = files.iter().map(|file| (file.as_path(), self.read(file))).collect();
        judge(&read, name, fallback, key)
    }

    /// Writes a key down unless somebody else has by now. Safe against other threads and programs doing the same.
    pub(super) fn remember(&self, file: &Path, name: &str, key: &HostKey) -> io::Result<()> {
        if let Some(folder) = file.parent().filter(|folder| !folder.exists()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut open = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(file)?;
        open.lock()?;
        let written = append(&mut open, name, key);
        // Closing gives the lock back as well; an error here has no consequence.
        let _ = open.unlock();
        written
    }

    fn read(&self, file: &Path) -> Arc<KnownHosts> {
        let stamp = |file: &File| file.metadata().map(|meta| (meta.len(), meta.mtime(), meta.mtime_nsec()));
        let Ok(mut open) = File::open(file) else { return Arc::default() };
        let Ok(stamp) = stamp(&open) else { return Arc::default() };
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((seen, known)) = cache.get(file).filter(|(seen, _)| *seen == stamp) {
            debug_assert_eq!(*seen, stamp);
            return Arc::clone(known);
        }
        let mut bytes = Vec::new();
        if open.read_to_end(&mut bytes).is_err() {
            return Arc::default();
        }
        let known = Arc::new(KnownHosts::parse(&String::from_utf8_lossy(&bytes)));
        cache.insert(file.to_owned(), (stamp, Arc::clone(&known)));
        known
    }
}

/// Judges a key by files that are read.
pub(super) fn judge(files: &[(&Path, Arc<KnownHosts>)], name: &str, fallback: Option<&str>, key: &HostKey) -> Verdict {
    let mut known = false;
    let mut other: Option<Place> = None;
    for (file, hosts) in files {
        let entries = hosts.about(name).map(|entry| (entry, true));
        let looser = fallback.into_iter().flat_map(|name| hosts.about(name)).map(|entry| (entry, false));
        for (entry, exact) in entries.chain(looser) {
            let same = entry.key.blob == key.blob;
            let place = || Place {
                file: file.to_path_buf(),
                line: entry.line,
                kind: entry.key.kind.clone(),
                fingerprint: fingerprint(&entry.key.blob),
            };
            match (entry.mark, same) {
                (Mark::Revoked, true) => return Verdict::Revoked(place()),
                (Mark::Revoked, false) | (Mark::Authority, _) => {}
                (Mark::Plain, true) => known = true,
                // One of the same kind is the better witness of a change.
                (Mark::Plain, false) if exact && other.as_ref().is_none_or(|at| at.kind != key.kind) => {
                    other = Some(place());
                }
                (Mark::Plain, false) => {}
            }
        }
    }
    match other {
        _ if known => Verdict::Known,
        Some(place) => Verdict::Changed(place),
        None => Verdict::Unknown,
    }
}

fn append(file: &mut File, name: &str, key: &HostKey) -> io::Result<()> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    if KnownHosts::parse(&text).about(name).any(|entry| entry.mark == Mark::Plain && entry.key.blob == key.blob) {
        return Ok(());
    }
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    // One write, so that a reader never sees half a line.
    file.write_all(format!("{gap}{name} {} {}\n", key.kind, STANDARD.encode(&key.blob)).as_bytes())
}

/// Returns the name under which a host is written down: with the port when it is not the usual one.
pub(super) fn name_with_port(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(kind: &str, tail: &[u8]) -> HostKey {
        let mut blob = (kind.len() as u32).to_be_bytes().to_vec();
        blob.extend_from_slice(kind.as_bytes());
        blob.extend_from_slice(tail);
        HostKey::from_blob(&blob).unwrap()
    }

    fn line(names: &str, key: &HostKey) -> String {
        format!("{names} {} {}\n", key.kind, STANDARD.encode(&key.blob))
    }

    fn judge(text: &str, name: &str, fallback: Option<&str>, key: &HostKey) -> Verdict {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("known_hosts");
        std::fs::write(&file, text).unwrap();
        KnownHostsCache::default().judge(&[file], name, fallback, key)
    }

    #[test]
    fn names_are_found_in_every_form() {
        let ours = key("ssh-ed25519", b"ours");
        // `|1|` line made by `ssh-keygen -H` for the name `router1`.
        let salt = b"01234567890123456789";
        let mac = Hmac::<Sha1>::new_from_slice(salt).unwrap().chain_update(b"router1").finalize().into_bytes();
        let hashed = format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(mac));
        let cases = [
            ("router1", true),
            ("ROUTER1,10.0.0.1", true),
            ("router?", true),
            ("*,!router1", false),
            ("!router2,router*", true),
            ("[router1]:2222", false),
            ("router10", false),
            (&hashed, true),
        ];
        for (names, known) in cases {
            let expected = if known { Verdict::Known } else { Verdict::Unknown };
            assert_eq!(judge(&line(names, &ours), "router1", None, &ours), expected, "{names}");
        }
    }

    #[test]
    fn a_different_key_is_a_change_at_its_line() {
        let (ours, theirs) = (key("ssh-ed25519", b"ours"), key("ssh-ed25519", b"theirs"));
        let text = format!("# comment\n\n{}", line("h", &theirs));
        let Verdict::Changed(place) = judge(&text, "h", None, &ours) else { panic!("not seen as changed") };
        assert_eq!((place.line, place.fingerprint), (3, theirs.fingerprint()));
    }

    #[test]
    fn a_key_of_another_kind_is_a_change_too_unless_ours_is_there_as_well() {
        let (ours, other) = (key("ssh-ed25519", b"x"), key("ssh-rsa", b"x"));
        assert!(matches!(judge(&line("h", &other), "h", None, &ours), Verdict::Changed(_)));
        let both = line("h", &other) + &line("h", &ours);
        assert_eq!(judge(&both, "h", None, &ours), Verdict::Known);
    }

    #[test]
    fn a_revoked_key_is_refused_even_where_it_is_known() {
        let ours = key("ssh-ed25519", b"ours");
        let text = line("h", &ours) + &line("@revoked *", &ours);
        assert!(matches!(judge(&text, "h", None, &ours), Verdict::Revoked(_)));
    }

    #[test]
    fn without_its_port_a_name_can_only_vouch() {
        let (ours, theirs) = (key("ssh-ed25519", b"ours"), key("ssh-ed25519", b"theirs"));
        assert_eq!(judge(&line("h", &ours), "[h]:2222", Some("h"), &ours), Verdict::Known);
        assert_eq!(judge(&line("h", &theirs), "[h]:2222", Some("h"), &ours), Verdict::Unknown);
    }

    #[test]
    fn an_authority_is_no_host_key() {
        let ours = key("ssh-ed25519", b"ours");
        assert_eq!(judge(&line("@cert-authority *", &ours), "h", None, &ours), Verdict::Unknown);
    }

    #[test]
    fn a_key_is_written_once_on_a_line_of_its_own_in_a_private_folder() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(".ssh/known_hosts");
        let cache = KnownHostsCache::default();
        let ours = key("ssh-ed25519", b"ours");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| cache.remember(&file, "h", &ours).unwrap());
            }
        });
        assert_eq!(std::fs::read_to_string(&file).unwrap(), line("h", &ours));
        assert_eq!(std::fs::metadata(file.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
        assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        std::fs::write(&file, "no newline").unwrap();
        cache.remember(&file, "h", &ours).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("no newline\n{}", line("h", &ours)));
        assert_eq!(cache.judge(&[file], "h", None, &ours), Verdict::Known);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,300}", name in "[a-z.]{1,8}") {
            let _ = KnownHosts::parse(&text).about(&name).count();
        }
    }
}
