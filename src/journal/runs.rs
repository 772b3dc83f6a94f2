//! The folder of runs: each has a folder of its own, named by when it began.

use super::{EVENTS, EventFile, Unreadable};
use crate::event::{Event, Recap, Shard, What};
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// A folder of runs.
#[derive(Clone, Debug)]
pub struct Runs {
    folder: PathBuf,
}

/// The folder of a run that has just begun. While `events` is open the run counts as running.
pub struct RunFolder {
    /// The name of the run.
    pub name: String,
    /// The file for its events.
    pub events: File,
}

/// A run that has left something.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name.
    pub name: String,
    /// Its file of events.
    pub events: PathBuf,
    /// Its playbooks.
    pub playbooks: Vec<String>,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// Whether writes were withheld.
    pub check: bool,
    /// Which part of the hosts it was.
    pub shard: Option<Shard>,
    /// How it ended.
    pub end: End,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub enum End {
    /// It runs.
    Running,
    /// Something ended it: a kill, a crash, a power cut.
    Cut,
    /// By itself.
    Done {
        /// Its exit code.
        exit_code: u8,
        /// How long it took.
        elapsed_ms: u64,
        /// Its recap.
        recap: Vec<Recap>,
    },
}

/// Returns where runs leave their journals when nobody says: `netplay/runs` below the user's folder for state. Neither the
/// working directory nor that of the playbook, because these are often repositories, and read-only where runs are
/// automatic; and because then `netplay runs` finds them from everywhere.
pub fn default_folder(state_home: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    // As the XDG specification says, a relative path counts for nothing.
    let state = state_home.filter(|path| path.is_absolute()).or_else(|| Some(home?.join(".local/state")))?;
    Some(state.join("netplay/runs"))
}

impl Runs {
    /// Makes it; nothing is touched yet.
    pub fn new(folder: PathBuf) -> Runs {
        Runs { folder }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder of a run. `now` is the time of day as `YYYYMMDD-HHMMSS-mmm`: names sort by it.
    pub fn begin(&self, now: &str) -> io::Result<RunFolder> {
        private().recursive(true).create(&self.folder)?;
        loop {
            let random = uuid::Uuid::new_v4().simple().to_string();
            let name = format!("{now}{}", &random[..3]);
            let folder = self.folder.join(&name);
            match private().create(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                created => created?,
            }
            // Wherever it is: results of devices do not belong into a repository.
            fs::write(folder.join(".gitignore"), "*\n")?;
            let events =
                File::options().read(true).write(true).create_new(true).mode(0o600).open(folder.join(EVENTS))?;
            // Where there are no locks, a run that is under way looks as if it had been cut off.
            let _ = events.try_lock();
            return Ok(RunFolder { name, events });
        }
    }

    /// Removes the oldest runs until so many are left; those under way stay, and so does whatever else is there.
    pub fn keep_newest(&self, count: usize) -> io::Result<()> {
        for name in self.folders()?.iter().rev().skip(count) {
            let folder = self.folder.join(name);
            // Without a file it may be one that another run has just made.
            if !folder.join(EVENTS).is_file() || is_running(&folder.join(EVENTS)) {
                continue;
            }
            for file in [EVENTS, ".gitignore"] {
                match fs::remove_file(folder.join(file)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            // Somebody may have put something else there; then it stays.
            let _ = fs::remove_dir(&folder);
        }
        Ok(())
    }

    /// Returns the runs, the oldest first. What cannot be read is left out.
    pub fn list(&self) -> io::Result<Vec<Run>> {
        Ok(self.names()?.iter().filter_map(|name| self.look_at(name)).collect())
    }

    /// Returns the names of the runs that a text means: `last`, a name, or the beginning of one.
    pub fn named(&self, text: &str) -> io::Result<Vec<String>> {
        let names = self.names()?;
        if text == "last" {
            return Ok(names.last().cloned().into_iter().collect());
        }
        Ok(names.into_iter().filter(|name| name.starts_with(text)).collect())
    }

    /// Returns the file of a run's events.
    pub fn events(&self, name: &str) -> PathBuf {
        self.folder.join(name).join(EVENTS)
    }

    /// Returns the names of the runs that have a file of events.
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = self.folders()?;
        names.retain(|name| self.events(name).is_file());
        Ok(names)
    }

    /// Returns the names of the folders that runs have made, the oldest first: also those that have no file of events yet.
    fn folders(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| is_name(name)).collect();
        names.sort();
        Ok(names)
    }

    fn look_at(&self, name: &str) -> Option<Run> {
        let path = self.events(name);
        let first = EventFile::open(&path).ok()?.next()?.ok()?;
        let What::RunStarted { playbooks, started_at, check, shard, .. } = first.what else { return None };
        let end = match last_event(&path) {
            Some(Event { what: What::RunEnded { recap, exit_code, elapsed_ms }, .. }) => {
                End::Done { exit_code, elapsed_ms, recap }
            }
            _ if is_running(&path) => End::Running,
            _ => End::Cut,
        };
        let playbooks = playbooks.iter().map(ToString::to_string).collect();
        Some(Run { name: name.into(), events: path, playbooks, started_at: started_at.to_string(), check, shard, end })
    }
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Claims that a name is one that [`Runs::begin`] gives: nothing else in the folder is ever touched.
fn is_name(name: &str) -> bool {
    let pattern = "dddddddd-dddddd-dddxxx";
    name.len() == pattern.len()
        && name.chars().zip(pattern.chars()).all(|(c, kind)| match kind {
            'd' => c.is_ascii_digit(),
            'x' => c.is_ascii_hexdigit(),
            other => c == other,
        })
}

/// Claims that a process holds the file of its run.
fn is_running(events: &Path) -> bool {
    let Ok(file) = File::open(events) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Returns the last event of a file, if its line is whole.
fn last_event(path: &Path) -> Option<Event> {
    /// How much is read at a time, backwards.
    const STEP_BYTES: u64 = 64 << 10;
    let mut file = File::open(path).ok()?;
    let end = file.metadata().ok()?.len();
    let mut tail: Vec<u8> = Vec::new();
    let mut start = end;
    loop {
        let step = STEP_BYTES.min(start);
        start -= step;
        file.seek(SeekFrom::Start(start)).ok()?;
        let mut chunk = vec![0; step as usize];
        file.read_exact(&mut chunk).ok()?;
        chunk.extend_from_slice(&tail);
        tail = chunk;
        let lines = tail.strip_suffix(b"\n")?;
        if let Some(at) = lines.iter().rposition(|byte| *byte == b'\n') {
            return serde_json::from_slice(&lines[at + 1..]).ok();
        }
        if start == 0 {
            return serde_json::from_slice(lines).ok();
        }
    }
}

impl Run {
    /// Returns the events.
    pub fn open(&self) -> Result<EventFile, Unreadable> {
        Ok(EventFile::open(&self.events)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const STARTED: &str = r#"{"t_ms":0,"event":"run_started","schema":1,"version":"0.1.0","playbooks":["site.yml"],"started_at":"2026-01-02T03:04:05Z","check":false}"#;
    const ENDED: &str = r#"{"t_ms":9,"event":"run_ended","recap":[],"exit_code":2,"elapsed_ms":9}"#;

    fn runs() -> (tempfile::TempDir, Runs) {
        let folder = tempfile::tempdir().expect("a folder");
        let runs = Runs::new(folder.path().join("state/runs"));
        (folder, runs)
    }

    fn run(runs: &Runs, second: u32, lines: &[&str]) -> RunFolder {
        let mut run = runs.begin(&format!("20260102-0304{second:02}-000")).expect("a run");
        lines.iter().for_each(|line| writeln!(run.events, "{line}").expect("written"));
        run
    }

    #[test]
    fn runs_are_listed_with_how_they_ended() {
        let (_folder, runs) = runs();
        assert!(runs.list().expect("nothing is no error").is_empty());
        drop(run(&runs, 1, &[STARTED, ENDED]));
        drop(run(&runs, 2, &[STARTED]));
        let under_way = run(&runs, 3, &[STARTED]);
        drop(run(&runs, 4, &["rubbish"]));
        let list = runs.list().expect("readable");
        assert!(matches!(list[0].end, End::Done { exit_code: 2, elapsed_ms: 9, .. }));
        assert!(matches!(list[1].end, End::Cut));
        assert!(matches!(list[2].end, End::Running));
        assert_eq!(list.len(), 3, "what has no beginning is no run");
        assert_eq!(list[2].name, under_way.name);
        assert_eq!(runs.named(&under_way.name[..15]).expect("readable"), std::slice::from_ref(&under_way.name));
        assert_eq!(runs.named("2026").expect("readable").len(), 4);
    }

    #[test]
    fn only_old_runs_that_are_over_are_removed_and_nothing_else() {
        let (_folder, runs) = runs();
        let under_way = run(&runs, 0, &[STARTED]);
        let ended: Vec<String> = (1..6).map(|second| run(&runs, second, &[STARTED, ENDED]).name).collect();
        fs::write(runs.folder().join("notes.txt"), "mine").expect("written");
        fs::create_dir(runs.folder().join("20260102-030400-mine")).expect("made");
        fs::write(runs.folder().join(&ended[0]).join("mine"), "mine").expect("written");
        let beginning = runs.folder().join("20260101-030400-000abc");
        fs::create_dir(&beginning).expect("made");
        runs.keep_newest(2).expect("removed");
        let left: Vec<String> = runs.list().expect("readable").into_iter().map(|run| run.name).collect();
        assert_eq!(left, [under_way.name.clone(), ended[3].clone(), ended[4].clone()]);
        assert!(runs.folder().join("notes.txt").exists());
        assert!(runs.folder().join("20260102-030400-mine").exists());
        assert!(runs.folder().join(&ended[0]).join("mine").exists());
        assert!(!runs.folder().join(&ended[1]).exists());
        assert!(beginning.exists());
    }

    #[test]
    fn only_the_owner_can_read_a_run() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, runs) = runs();
        let run = run(&runs, 1, &[]);
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(runs.folder()), 0o700);
        assert_eq!(mode(&runs.events(&run.name)), 0o600);
    }

    #[test]
    fn the_default_is_the_users_folder_for_state() {
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(default_folder(path("/s"), path("/h")), path("/s/netplay/runs"));
        assert_eq!(default_folder(path("s"), path("/h")), path("/h/.local/state/netplay/runs"));
        assert_eq!(default_folder(None, None), None);
    }

    #[test]
    fn the_last_event_is_found_however_long_it_is() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let long = format!(r#"{{"t_ms":7,"event":"play_ended","number":1,"play":"{}"}}"#, "x".repeat(200_000));
        for (text, t_ms) in [
            (format!("{STARTED}\n{long}\n"), Some(7)),
            (format!("{long}\n"), Some(7)),
            (format!("{STARTED}\n{ENDED}\n"), Some(9)),
            (format!("{STARTED}\n{{\"t_ms\":9,\"ev"), None),
            (String::new(), None),
        ] {
            fs::write(file.path(), text).expect("written");
            assert_eq!(last_event(file.path()).map(|event| event.t_ms), t_ms);
        }
    }
}
