//! `edit` and `create`: an editor on the plain text, which stands on disk only while the editor runs.

use super::file::{Output, read, write};
use super::{Said, opened, sealed};
use crate::cli::config::{Config, table};
use crate::cli::event_loop;
use crate::source::plain_io_error;
use crate::vault::{Envelope, Keyring, Password};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

/// Changes encrypted files; each keeps its password and the name of it.
pub(super) fn edit(files: &[PathBuf], keyring: &Keyring, config: &Config) -> Said<()> {
    for path in files {
        let text = read(path)?;
        let (plain, password) = opened(keyring, path, &text)?;
        let changed = edited(path, &plain, config)?;
        if *changed == *plain {
            continue;
        }
        let id = Envelope::parse(&text).map_err(|error| error.to_string())?.id;
        let password = Password::new(id.unwrap_or_default(), password.bytes());
        let text = sealed(&changed, &password, config).map_err(|why| format!("`{}`: {why}", path.display()))?;
        write(Output::of(path), text.as_bytes())?;
    }
    Ok(())
}

/// Makes an encrypted file.
pub(super) fn create(path: &Path, password: &Password, config: &Config) -> Said<()> {
    if path.exists() {
        return Err(format!("`{}` is there already: use `netplay vault edit`", path.display()));
    }
    let plain = edited(path, b"", config)?;
    write(Output::of(path), sealed(&plain, password, config)?.as_bytes())
}

/// Plain text in a file that only its owner can read; overwritten and removed when dropped.
struct Plain {
    file: tempfile::NamedTempFile,
}

impl Plain {
    fn new(path: &Path, text: &[u8]) -> std::io::Result<Plain> {
        // Editors choose colours by the ending.
        let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
        let mut file = tempfile::Builder::new().prefix("netplay-vault-").suffix(&ending).tempfile()?;
        file.write_all(text)?;
        file.flush()?;
        Ok(Plain { file })
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        // The editor may have put another file in its place: what is there now is overwritten, and the one we made.
        let length = std::fs::metadata(self.file.path()).map_or(0, |about| about.len());
        let _ = std::fs::write(self.file.path(), vec![0; usize::try_from(length).unwrap_or(0)]);
        let own = self.file.as_file();
        let length = own.metadata().map_or(0, |about| about.len());
        let _ = own.set_len(0).and_then(|()| own.set_len(length)).and_then(|()| own.sync_all());
    }
}

/// Lets the user change a text in an editor.
fn edited(path: &Path, plain: &[u8], config: &Config) -> Said<Zeroizing<Vec<u8>>> {
    let cannot = |error: std::io::Error| format!("cannot write a file for the editor: {}", plain_io_error(&error));
    let file = Plain::new(path, plain).map_err(cannot)?;
    let editor = config.text(&table::EDITOR).unwrap_or_else(|| table::EDITOR.default.into());
    let words = shlex::split(&editor).filter(|words| !words.is_empty());
    let words = words.ok_or_else(|| format!("$EDITOR (`{editor}`) is no command"))?;
    let runtime = event_loop().map_err(|_| "cannot start threads".to_owned())?;
    runtime.block_on(watched(&words, file.file.path()))?;
    read(file.file.path())
}

/// Runs the editor. Ctrl-C is the editor's own; a signal that ends us ends it too, so that the plain text is removed.
async fn watched(words: &[String], file: &Path) -> Said<()> {
    let listen = |kind| signal(kind).map_err(|error| format!("cannot listen to signals: {error}"));
    let (mut hangup, mut terminate) = (listen(SignalKind::hangup())?, listen(SignalKind::terminate())?);
    let (_interrupt, _quit) = (listen(SignalKind::interrupt())?, listen(SignalKind::quit())?);
    let [program, arguments @ ..] = words else { return Err("there is no editor".into()) };
    let mut editor = tokio::process::Command::new(program)
        .args(arguments)
        .arg(file)
        .spawn()
        .map_err(|error| format!("cannot run the editor `{program}`: {}", plain_io_error(&error)))?;
    let ended = tokio::select! {
        status = editor.wait() => Some(status),
        _ = hangup.recv() => None,
        _ = terminate.recv() => None,
    };
    match ended {
        Some(Ok(status)) if status.success() => Ok(()),
        Some(Ok(status)) => Err(format!("the editor `{program}` failed ({status}); nothing was changed")),
        Some(Err(error)) => Err(format!("cannot wait for the editor: {error}")),
        None => {
            // It is gone or will be; what counts is that the file goes.
            let _ = editor.kill().await;
            Err("interrupted; nothing was changed".into())
        }
    }
}
