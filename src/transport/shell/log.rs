//! The session log: all that is said on a terminal, in both directions, as it comes, without secrets.
//!
//! A line of the log is a time, a direction and what was said: `>` is typed, `<` came. What a terminal does not show is
//! written as in source code (`\r`, `\n`, `\x1b`). Nothing is lost but secrets: a line is looked at when it has ended, and
//! where it has not, what may be the beginning of a secret is held back until the rest has come.

mod record;

use crate::failure::{Failure, FailureKind};
use crate::module::Boxed;
use crate::redact::Redactor;
use crate::transport::Wire;
use record::Record;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Where sessions are written down.
#[derive(Clone, Debug)]
pub struct SessionLog {
    /// The folder; it is made if it is not there.
    pub folder: PathBuf,
    /// What knows the secrets.
    pub redactor: Arc<Redactor>,
}

/// How many files of one host a folder holds. Arbitrary; far above what anybody keeps.
const MOST_FILES: usize = 100_000;

/// How long closing waits for the disk.
const GRACE: Duration = Duration::from_secs(2);

impl SessionLog {
    /// Writes down what is said on a wire from here on.
    ///
    /// # Errors
    /// When no file can be made.
    pub(in crate::transport) async fn listen(&self, host: &str, wire: Box<dyn Wire>) -> Result<Box<dyn Wire>, Failure> {
        let (folder, name) = (self.folder.clone(), file_name(host));
        let made = tokio::task::spawn_blocking(move || make_file(&folder, &name)).await;
        let file = made.map_err(io::Error::other).flatten().map_err(|error| cannot_write(&self.folder, &error))?;
        let (lines, queue) = mpsc::unbounded_channel();
        let broken = Arc::new(Mutex::new(None));
        let writer = tokio::spawn(write(tokio::fs::File::from_std(file), queue, Arc::clone(&broken)));
        let record = Record::new(Arc::clone(&self.redactor));
        let mut logged =
            Logged { wire, record, lines: Some(lines), writer: Some(writer), broken, folder: self.folder.clone() };
        logged.note(format!("{} = {host}\n", jiff::Timestamp::now()));
        Ok(Box::new(logged))
    }
}

fn cannot_write(folder: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot write the session log in `{}`: {error}", folder.display());
    Failure::new(FailureKind::File, message)
}

/// Returns a host's name as that of a file.
fn file_name(host: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+' | ':');
    let name: String = host.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    // `.` and `..` are folders, and a leading dot hides.
    name.strip_prefix('.').map(|rest| format!("_{rest}")).unwrap_or(name)
}

/// Makes a new file that only its owner can read. One that is there is left alone: the next gets a number.
fn make_file(folder: &Path, name: &str) -> io::Result<std::fs::File> {
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    for number in 1..MOST_FILES {
        let numbered = if number == 1 { format!("{name}.log") } else { format!("{name}.{number}.log") };
        match options.open(folder.join(numbered)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("too many logs of `{name}`")))
}

/// Writes lines as they come; keeps the first error for those who listen.
async fn write(
    mut file: tokio::fs::File,
    mut queue: mpsc::UnboundedReceiver<String>,
    broken: Arc<Mutex<Option<io::Error>>>,
) {
    while let Some(lines) = queue.recv().await {
        let written = match file.write_all(lines.as_bytes()).await {
            // What is said last before a crash is what the log is for.
            Ok(()) if queue.is_empty() => file.flush().await,
            other => other,
        };
        if let Err(error) = written {
            *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            return;
        }
    }
    if let Err(error) = file.flush().await {
        *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// A wire that is listened to.
struct Logged {
    wire: Box<dyn Wire>,
    record: Record,
    lines: Option<mpsc::UnboundedSender<String>>,
    writer: Option<JoinHandle<()>>,
    broken: Arc<Mutex<Option<io::Error>>>,
    folder: PathBuf,
}

impl Logged {
    fn note(&mut self, lines: String) {
        if let (Some(sender), false) = (&self.lines, lines.is_empty()) {
            // A writer that has ended has said why.
            let _ = sender.send(lines);
        }
    }

    /// A log that cannot be written ends the session: who asked for it must not believe that it is whole.
    fn check(&self) -> Result<(), Failure> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner).take();
        broken.map_or(Ok(()), |error| Err(cannot_write(&self.folder, &error)))
    }
}

impl Wire for Logged {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.check()?;
            let lines = self.record.typed(bytes);
            self.note(lines);
            self.wire.send(bytes).await
        })
    }

    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>> {
        Box::pin(async move {
            let received = self.wire.receive().await?;
            // Nothing is waited for from here on: what was taken off the wire must not be dropped.
            self.check()?;
            let lines = self.record.came(&received);
            self.note(lines);
            Ok(received)
        })
    }

    fn close(&mut self) -> Boxed<'_, ()> {
        Box::pin(async move {
            self.wire.close().await;
            let lines = self.record.end();
            self.note(lines);
            self.lines = None;
            if let Some(writer) = self.writer.take() {
                // A disk that does not answer does not hold the run up.
                let _ = tokio::time::timeout(GRACE, writer).await;
            }
        })
    }
}

#[cfg(test)]
mod tests;
