//! Files that are replaced as a whole: a reader sees the old contents or the new, never a part.

use super::Said;
use crate::source::{MAX_SOURCE_BYTES, plain_io_error};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where a result goes.
pub(super) enum Output {
    /// Standard output.
    Stdout,
    /// A file; a link leads to the file itself.
    File(PathBuf),
}

impl Output {
    /// Returns what a path on the command line means.
    pub(super) fn of(path: &Path) -> Output {
        if path == Path::new("-") { Output::Stdout } else { Output::File(path.to_owned()) }
    }
}

/// Reads a file, or standard input for `-`.
pub(super) fn read(path: &Path) -> Said<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let done = match path == Path::new("-") {
        true => io::stdin().lock().take(MAX_SOURCE_BYTES).read_to_end(&mut bytes),
        false => std::fs::File::open(path).and_then(|file| file.take(MAX_SOURCE_BYTES + 1).read_to_end(&mut bytes)),
    };
    done.map_err(|error| format!("cannot read `{}`: {}", path.display(), plain_io_error(&error)))?;
    if bytes.len() as u64 > MAX_SOURCE_BYTES {
        return Err(format!("cannot read `{}`: it is larger than {} MiB", path.display(), MAX_SOURCE_BYTES >> 20));
    }
    Ok(bytes)
}

/// Writes a result.
pub(super) fn write(output: Output, bytes: &[u8]) -> Said<()> {
    match output {
        Output::Stdout => {
            let mut stdout = io::stdout().lock();
            let done = stdout.write_all(bytes).and_then(|()| stdout.flush());
            done.map_err(|error| format!("cannot write to standard output: {}", plain_io_error(&error)))
        }
        Output::File(path) => replace(&path, bytes)
            .map_err(|error| format!("cannot write `{}`: {}", path.display(), plain_io_error(&error))),
    }
}

/// Replaces a file, or makes it. Mode and owner of one that is there stay; a new one is for its owner alone.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let before = std::fs::metadata(path).ok();
    let path = if before.is_some() { path.canonicalize()? } else { path.to_owned() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Made with mode 0600: nobody else reads it before it has the mode that it should have.
    let mut file = tempfile::Builder::new().prefix(".netplay-vault-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(before) = before {
        let new = file.as_file().metadata()?;
        if (new.uid(), new.gid()) != (before.uid(), before.gid()) {
            std::os::unix::fs::chown(file.path(), Some(before.uid()), Some(before.gid()))?;
        }
        file.as_file().set_permissions(std::fs::Permissions::from_mode(before.mode() & 0o7777))?;
    }
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}
