//! Facts that outlive a run: one JSON file a host, as Ansible's `jsonfile` cache has them.
//!
//! Files are replaced as a whole, so that a run beside this one, or Ansible itself, never reads half of one. A file that
//! cannot be read is as good as none; one that cannot be written is told once.

use crate::value::{Map, Value};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A folder of facts.
#[derive(Clone, Debug)]
pub struct FactCache {
    /// The folder.
    pub folder: PathBuf,
    /// What stands before the host in a file's name.
    pub prefix: String,
    /// How long facts count; `None` is for ever.
    pub timeout: Option<Duration>,
}

impl FactCache {
    /// Returns the file of a host. A host's name that is no name of a file has none.
    fn file(&self, host: &str) -> Option<PathBuf> {
        let name = format!("{}{host}", self.prefix);
        let is_plain = !name.contains(['/', '\0']) && !matches!(&*name, "" | "." | "..");
        is_plain.then(|| self.folder.join(name))
    }

    /// Returns the facts of a host that still count.
    pub fn get(&self, host: &str) -> Option<Map> {
        let file = self.file(host)?;
        let written = std::fs::metadata(&file).and_then(|about| about.modified()).ok()?;
        let age = SystemTime::now().duration_since(written).unwrap_or_default();
        if self.timeout.is_some_and(|timeout| age > timeout) {
            return None;
        }
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
        match Value::from(json) {
            Value::Map(map) => Some((*map).clone()),
            _ => None,
        }
    }

    /// Keeps the facts of a host in place of those that it had.
    pub fn put(&self, host: &str, facts: &Map) -> std::io::Result<()> {
        let Some(file) = self.file(host) else { return Ok(()) };
        std::fs::create_dir_all(&self.folder)?;
        let text = serde_json::to_vec(&Value::from(facts.clone()).to_json())?;
        replace(&self.folder, &file, &text)
    }

    /// Forgets a host.
    pub fn forget(&self, host: &str) -> std::io::Result<()> {
        match self.file(host).map(std::fs::remove_file) {
            Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Writes a file under a name of its own and moves it into place. Facts may be secret: nobody else may read them.
fn replace(folder: &Path, file: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut new = tempfile::Builder::new().prefix(".netplay-").tempfile_in(folder)?;
    new.write_all(text)?;
    new.persist(file).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(folder: &Path) -> FactCache {
        FactCache { folder: folder.join("facts"), prefix: "p_".into(), timeout: Some(Duration::from_secs(100)) }
    }

    #[test]
    fn facts_are_kept_until_they_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path());
        assert!(cache.get("h1").is_none());
        let facts: Map = [("ansible_x", 1)].into_iter().collect();
        cache.put("h1", &facts).unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join("facts/p_h1")).unwrap(), r#"{"ansible_x":1}"#);
        assert_eq!(Value::from(cache.get("h1").unwrap()), Value::from(facts));
        cache.forget("h1").unwrap();
        cache.forget("h1").unwrap();
        assert!(cache.get("h1").is_none());
    }

    #[test]
    fn old_facts_and_rubbish_do_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path());
        cache.put("h1", &Map::new()).unwrap();
        let file = std::fs::File::options().write(true).open(cache.file("h1").unwrap()).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(101)).unwrap();
        assert!(cache.get("h1").is_none());
        let endless = FactCache { timeout: None, ..cache.clone() };
        assert!(endless.get("h1").is_some());
        std::fs::write(cache.file("h1").unwrap(), "{\"half").unwrap();
        assert!(endless.get("h1").is_none());
    }

    #[test]
    fn a_host_cannot_name_a_file_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let cache = FactCache { prefix: String::new(), ..cache(dir.path()) };
        for host in ["../h1", "/etc/h1", "..", "a/b"] {
            cache.put(host, &Map::new()).unwrap();
            assert!(cache.get(host).is_none());
        }
        assert!(!dir.path().join("h1").exists());
    }
}
