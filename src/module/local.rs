//! Files on this machine that modules read: found where Ansible looks, opened when a vault holds them.

use super::remote::quote;
use super::{Action, Content, Exec, Program, Put, Run, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::source::{SearchPath, plain_io_error};
use md5::Md5;
use sha1::{Digest, Sha1};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::AsyncReadExt;

/// Files up to this size are kept in memory; larger ones are streamed.
const IN_MEMORY_BYTES: u64 = 8 << 20;

/// How a vault begins.
const VAULT_HEADER: &[u8] = b"$ANSIBLE_VAULT;";

/// Returns the file that a task names, or a failure that says where it was looked for.
pub(super) fn find(files: &SearchPath, kind: &str, name: &str) -> Result<PathBuf, Failure> {
    if let Some(path) = files.find(kind, name) {
        return Ok(path);
    }
    let searched: Vec<String> = files.candidates(kind, name).iter().map(|path| path.display().to_string()).collect();
    Err(Failure::new(FailureKind::File, format!("Could not find or access '{name}'"))
        .help(format!("searched in {}", searched.join(", "))))
}

/// Returns the failure of reading a file here.
pub(super) fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(FailureKind::File, format!("cannot read `{}`: {}", path.display(), plain_io_error(error)))
}

/// Returns what writes the file here, with the folders above it.
pub(super) fn writes_here(dest: &Path, came: LocalFile) -> Vec<Action> {
    let mut actions = Vec::new();
    if let Some(folder) = dest.parent().filter(|folder| !folder.exists()) {
        let program =
            Program::Shell { text: format!("mkdir -p {}", quote(&folder.display().to_string())), executable: None };
        actions.push(Action::here(Effect::Write, Work::Exec(Exec { program, ..Exec::default() })));
    }
    let put = Put {
        path: dest.display().to_string(),
        content: Content::Bytes(Arc::from(came.bytes.unwrap_or_default())),
        mode: None,
        owner: None,
        group: None,
        backup: None,
    };
    actions.push(Action::here(Effect::Write, Work::Put(put)));
    actions
}

/// A file here as far as it is known: digests, size, and the bytes where they are few.
pub(super) struct LocalFile {
    pub(super) sha1: String,
    pub(super) md5: String,
    pub(super) size: u64,
    /// `None` for a large file, which is streamed from its path.
    pub(super) bytes: Option<Vec<u8>>,
}

impl LocalFile {
    /// Describes bytes.
    pub(super) fn of(bytes: Vec<u8>) -> LocalFile {
        LocalFile {
            sha1: hex(&Sha1::digest(&bytes)),
            md5: hex(&Md5::digest(&bytes)),
            size: bytes.len() as u64,
            bytes: Some(bytes),
        }
    }

    /// Reads a file; a vault is opened when `decrypt` says so.
    pub(super) async fn read(path: &Path, decrypt: bool, run: &dyn Run) -> Result<LocalFile, Failure> {
        let cannot = |error: std::io::Error| cannot_read(path, &error);
        let mut file = tokio::fs::File::open(path).await.map_err(cannot)?;
        let about = file.metadata().await.map_err(cannot)?;
        if about.is_dir() {
            return Err(Failure::new(
                FailureKind::File,
                format!("cannot read `{}`: it is a directory", path.display()),
            ));
        }
        // The beginning tells an encrypted file, which is opened whole however large it is.
        let mut bytes = vec![0; VAULT_HEADER.len()];
        let mut n = 0;
        while n < bytes.len() {
            match file.read(&mut bytes[n..]).await.map_err(cannot)? {
                0 => break,
                more => n += more,
            }
        }
        bytes.truncate(n);
        let is_sealed = decrypt && bytes == VAULT_HEADER;
        if is_sealed || about.len() <= IN_MEMORY_BYTES {
            file.read_to_end(&mut bytes).await.map_err(cannot)?;
            if is_sealed {
                bytes = run.open_vault(&bytes)?;
            }
            return Ok(LocalFile::of(bytes));
        }
        let (mut sha1, mut md5) = (Sha1::new(), Md5::new());
        sha1.update(&bytes);
        md5.update(&bytes);
        let mut size = bytes.len() as u64;
        let mut chunk = vec![0; 1 << 20];
        loop {
            let n = file.read(&mut chunk).await.map_err(cannot)?;
            if n == 0 {
                break;
            }
            size += n as u64;
            sha1.update(&chunk[..n]);
            md5.update(&chunk[..n]);
        }
        Ok(LocalFile { sha1: hex(&sha1.finalize()), md5: hex(&md5.finalize()), size, bytes: None })
    }
}

/// Returns bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
