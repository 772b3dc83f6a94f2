use super::super::{Limits, posix, ssh};
use crate::failure::{Failure, FailureKind};
use crate::module::{Content, Get, Put};
use crate::source::expand_home;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio_util::sync::CancellationToken;

/// The most that is read into memory.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Makes the failure of a file here.
pub(super) fn failure(doing: &str, path: &str, error: &io::Error) -> Failure {
    let why = match error.kind() {
        // Rust's own words for it are others than the system's.
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => ssh::plain(error),
    };
    let failure = Failure::new(FailureKind::File, format!("cannot {doing} `{path}`: {why}"));
    match (error.kind(), doing) {
        (io::ErrorKind::PermissionDenied, _) => failure.help("check the rights of file and folder, or use `become`"),
        (io::ErrorKind::NotFound, "write") => failure.help("the folder does not exist"),
        _ => failure,
    }
}

/// Writes a file beside its target and moves it into place.
pub(super) async fn put(put: Put, limits: &Limits) -> Result<(), Failure> {
    on_a_thread(limits, move |cancel| write(&put, cancel)).await
}

/// Reads a whole file.
pub(super) async fn get(get: Get, limits: &Limits) -> Result<Vec<u8>, Failure> {
    on_a_thread(limits, move |cancel| read(&get, cancel)).await
}

/// Does blocking work on a thread for it; cancel and timeout are looked at between chunks.
async fn on_a_thread<T: Send + 'static>(
    limits: &Limits,
    work: impl FnOnce(&CancellationToken) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let cancel = limits.cancel.child_token();
    let guard = cancel.clone().drop_guard();
    let done = tokio::task::spawn_blocking(move || work(&cancel));
    let done = match limits.timeout {
        None => done.await,
        Some(timeout) => tokio::time::timeout(timeout, done).await.map_err(|_| {
            let message = format!("no end of the work on a file within {}", ssh::in_words(timeout));
            Failure::new(FailureKind::Timeout, message)
        })?,
    };
    drop(guard);
    done.unwrap_or_else(|error| Err(Failure::new(FailureKind::Internal, format!("the work on a file failed: {error}"))))
}

fn interrupted(cancel: &CancellationToken) -> Result<(), Failure> {
    if cancel.is_cancelled() { Err(Failure::new(FailureKind::Cancelled, "interrupted")) } else { Ok(()) }
}

fn read(get: &Get, cancel: &CancellationToken) -> Result<Vec<u8>, Failure> {
    let failed = |error: io::Error| failure("read", &get.path, &error);
    let mut file = File::open(expand_home(&get.path)).map_err(failed)?;
    let limit = get.limit_bytes.unwrap_or(MOST_BYTES).min(MOST_BYTES);
    let mut bytes = Vec::new();
    loop {
        interrupted(cancel)?;
        let read = (&mut file).take(1024 * 1024).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > limit {
            let message = format!("cannot read `{}`: it is larger than {limit} bytes", get.path);
            return Err(Failure::new(FailureKind::File, message));
        }
        if read == 0 {
            return Ok(bytes);
        }
    }
}

fn write(put: &Put, cancel: &CancellationToken) -> Result<(), Failure> {
    let failed = |error: io::Error| failure("write", &put.path, &error);
    let path = expand_home(&put.path);
    let old = std::fs::metadata(&path).ok();
    if old.as_ref().is_some_and(std::fs::Metadata::is_dir) {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    let temporary = Temporary::beside(&path).map_err(failed)?;
    let mut file = &temporary.file;
    match &put.content {
        Content::Bytes(bytes) => file.write_all(bytes).map_err(failed)?,
        Content::File(source) => {
            let unreadable = |error: io::Error| failure("read", &source.display().to_string(), &error);
            let mut source = File::open(source).map_err(unreadable)?;
            let mut chunk = vec![0; 256 * 1024];
            loop {
                interrupted(cancel)?;
                match source.read(&mut chunk).map_err(unreadable)? {
                    0 => break,
                    n => file.write_all(&chunk[..n]).map_err(failed)?,
                }
            }
        }
    }
    match &old {
        Some(old) => {
            // That only root can give a file away is no error where nobody asked for an owner.
            let _ = chown(&temporary.path, Some(old.uid()), Some(old.gid()));
            file.set_permissions(Permissions::from_mode(old.mode() & 0o7777)).map_err(failed)?;
        }
        // As it would have been without the detour: nobody named means that the umask counts.
        None => change(&["chmod", "=rw"], &temporary.path, put)?,
    }
    set_owner_and_mode(put, &temporary.path)?;
    if let (Some(backup), true) = (&put.backup, old.is_some()) {
        change(&["cp", "-p", &path.to_string_lossy()], &expand_home(backup), put)?;
    }
    interrupted(cancel)?;
    std::fs::rename(&temporary.path, &path).map_err(failed)?;
    temporary.keep();
    Ok(())
}

fn set_owner_and_mode(put: &Put, path: &Path) -> Result<(), Failure> {
    match (&put.owner, &put.group) {
        (None, None) => {}
        (Some(owner), None) => change(&["chown", "--", owner], path, put)?,
        (owner, Some(group)) => {
            change(&["chown", "--", &format!("{}:{group}", owner.as_deref().unwrap_or(""))], path, put)?;
        }
    }
    match &put.mode {
        None => Ok(()),
        Some(mode) => match u32::from_str_radix(mode, 8) {
            Ok(bits) if bits <= 0o7777 => std::fs::set_permissions(path, Permissions::from_mode(bits))
                .map_err(|error| failure("write", &put.path, &error)),
            // `chmod` knows the symbolic forms, and says what is wrong with others.
            _ => change(&["chmod", "--", mode], path, put),
        },
    }
}

/// Runs one of the system's own tools: they know names of users and groups, and symbolic modes.
fn change(words: &[&str], path: &Path, put: &Put) -> Result<(), Failure> {
    let output = Command::new(words[0]).args(&words[1..]).arg(path).env("LC_ALL", "C").output();
    let output = output.map_err(|error| failure("write", &put.path, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(FailureKind::File, format!("cannot write `{}`: {}", put.path, posix::reason(&said))))
}

/// A file beside the target, removed unless it is kept.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn beside(path: &Path) -> io::Result<Temporary> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let stem: String = name.chars().take(40).collect();
        let tag = uuid::Uuid::new_v4().simple().to_string();
        let path = path.with_file_name(format!(".{stem}.netplay-{}", &tag[..12]));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Temporary { path, file })
    }

    fn keep(mut self) {
        self.path.clear();
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
