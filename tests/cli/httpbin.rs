//! A real web service: httpbin under gunicorn, from the folder that `tests/run` fills.

use crate::sshd::{left_out, wait_until};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running service; it ends when it is dropped.
pub(crate) struct Httpbin {
    /// Where it is, without a slash at the end.
    pub(crate) url: String,
    child: Child,
    _dir: tempfile::TempDir,
}

impl Httpbin {
    /// Starts it; `None`, said loudly, where it is not installed.
    pub(crate) fn start() -> Option<Httpbin> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/venv/bin/gunicorn");
        if !program.exists() {
            left_out("a real web service", "no gunicorn with httpbin; `./tests/run` installs it");
            return None;
        }
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let log = dir.path().join("log");
        let mut child = Command::new(program)
            .args(["--bind", "127.0.0.1:0", "--threads", "8", "httpbin:app"])
            .current_dir(dir.path())
            // Newer ones put a socket there by which they are controlled.
            .env("HOME", dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("the folder is ours"))
            .spawn()
            .expect("gunicorn can be run");
        let said = || fs::read_to_string(&log).unwrap_or_default();
        wait_until("gunicorn listens and has a worker", || {
            let ended = child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "gunicorn does not start:\n{}", said());
            said().contains("Booting worker")
        });
        let said = said();
        let url = said.split("Listening at: ").nth(1).and_then(|rest| rest.split(' ').next()).expect("it says where");
        Some(Httpbin { url: url.to_owned(), child, _dir: dir })
    }
}

impl Drop for Httpbin {
    fn drop(&mut self) {
        // QUIT takes its workers along, and does not wait for answers that are under way.
        let _ = Command::new("kill").arg("-QUIT").arg(self.child.id().to_string()).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}
