//! One command line, and what came of it.

use crate::sshd::wait_until;
use serde_json::Value as Json;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a command may take before the test fails: far more than any needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A command line that is being put together.
pub(crate) struct Call {
    command: Command,
    dir: PathBuf,
    shown: String,
    scratch: tempfile::TempDir,
}

impl Call {
    /// Begins `netplay` in a folder, with a home and nothing of the tester's environment that could matter.
    pub(crate) fn netplay(dir: &Path, home: &Path) -> Call {
        Call::of(Command::new(env!("CARGO_BIN_EXE_netplay")), dir, home)
    }

    /// The same under limits that a shell sets: `ulimit -n 60`.
    pub(crate) fn limited(limits: &str, dir: &Path, home: &Path) -> Call {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{limits}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_netplay")]);
        Call::of(command, dir, home)
    }

    fn of(mut command: Command, dir: &Path, home: &Path) -> Call {
        command.current_dir(dir).env_clear().env("HOME", home).env("LANG", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null());
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        Call { command, dir: dir.to_owned(), shown: "netplay".into(), scratch }
    }

    /// Adds arguments, as words with blanks between them.
    pub(crate) fn with(mut self, words: &str) -> Call {
        for word in words.split_whitespace() {
            self = self.arg(word);
        }
        self
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Call {
        self.shown = format!("{} {}", self.shown, argument.as_ref().to_string_lossy());
        self.command.arg(argument);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Call {
        self.command.env(name, value);
        self
    }

    /// Gives it a text on standard input.
    pub(crate) fn stdin(mut self, text: &str) -> Call {
        let path = self.scratch.path().join("stdin");
        fs::write(&path, text).expect("the folder is ours");
        self.command.stdin(File::open(path).expect("it was just written"));
        self
    }

    /// Starts it; its output goes to files, so that nobody has to read while it runs. The project must outlive it.
    pub(crate) fn start(mut self) -> Running {
        let file = |name: &str| File::create(self.scratch.path().join(name)).expect("the folder is ours");
        self.command.stdout(file("stdout")).stderr(file("stderr"));
        let child = self.command.spawn().expect("netplay can be run");
        Running { child, shown: self.shown, scratch: self.scratch, dir: self.dir, started: Instant::now() }
    }

    /// Starts it with standard output into a pipe of the test's.
    pub(crate) fn start_into(mut self, output: impl Into<Stdio>) -> Running {
        let file = File::create(self.scratch.path().join("stderr")).expect("the folder is ours");
        File::create(self.scratch.path().join("stdout")).expect("the folder is ours");
        self.command.stdout(output).stderr(file);
        let child = self.command.spawn().expect("netplay can be run");
        Running { child, shown: self.shown, scratch: self.scratch, dir: self.dir, started: Instant::now() }
    }

    /// Runs it to its end.
    pub(crate) fn done(self) -> Ended {
        self.start().ended()
    }

    /// Runs it to its end and checks how it exits.
    pub(crate) fn exits(self, code: i32) -> Ended {
        self.done().exits(code)
    }
}

/// A command that runs; it is killed when the test ends before it.
pub(crate) struct Running {
    child: Child,
    shown: String,
    scratch: tempfile::TempDir,
    dir: PathBuf,
    started: Instant,
}

impl Running {
    /// Returns its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns what it has written so far.
    pub(crate) fn stdout(&self) -> String {
        text(&self.scratch.path().join("stdout"))
    }

    /// Returns what it has complained about so far.
    pub(crate) fn stderr(&self) -> String {
        text(&self.scratch.path().join("stderr"))
    }

    /// Waits until its output has a text.
    pub(crate) fn until_it_shows(self, phrase: &str) -> Running {
        wait_until(&format!("`{}` shows {phrase:?}:\n{}", self.shown, self.stdout()), || {
            self.stdout().contains(phrase)
        });
        self
    }

    /// Sends it a signal.
    pub(crate) fn signal(self, name: &str) -> Running {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").arg(format!("-{name}")).arg(pid).status();
        assert!(sent.is_ok_and(|status| status.success()), "it ended before it was sent {name}:\n{}", self.stdout());
        self
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Ended {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                break status;
            }
            let read = |name| text(&self.scratch.path().join(name));
            assert!(
                self.started.elapsed() < PATIENCE,
                "`{}` does not end:\n{}\n{}",
                self.shown,
                read("stdout"),
                read("stderr")
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        Ended {
            status,
            took: self.started.elapsed(),
            stdout: self.stdout(),
            stderr: text(&self.scratch.path().join("stderr")),
            shown: std::mem::take(&mut self.shown),
            dir: self.dir.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

/// What came of a command.
#[derive(Clone)]
pub(crate) struct Ended {
    status: ExitStatus,
    pub(crate) took: Duration,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    shown: String,
    dir: PathBuf,
}

impl Ended {
    /// Checks the exit code, and that nothing inside went wrong.
    pub(crate) fn exits(self, code: i32) -> Ended {
        assert_eq!(self.status.code(), Some(code), "{self}");
        self.without_fault()
    }

    /// Checks that nothing inside went wrong.
    pub(crate) fn without_fault(self) -> Ended {
        for sign in ["internal error", "panicked", "RUST_BACKTRACE"] {
            assert!(!self.stderr.contains(sign) && !self.stdout.contains(sign), "{self}");
        }
        self
    }

    /// Checks that standard output has a text.
    pub(crate) fn shows(self, phrase: &str) -> Ended {
        assert!(self.stdout.contains(phrase), "no {phrase:?} in standard output:\n{self}");
        self
    }

    /// Checks that standard error has a text.
    pub(crate) fn complains(self, phrase: &str) -> Ended {
        assert!(self.stderr.contains(phrase), "no {phrase:?} in standard error:\n{self}");
        self
    }

    /// Checks that a text is in neither output.
    pub(crate) fn never_says(self, phrase: &str) -> Ended {
        assert!(!self.stdout.contains(phrase) && !self.stderr.contains(phrase), "{phrase:?} is shown:\n{self}");
        self
    }

    /// Returns the events of `--output jsonl`.
    pub(crate) fn events(&self) -> Vec<Json> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{self}"));
        self.stdout.lines().map(parse).collect()
    }

    /// Returns the events of a kind.
    pub(crate) fn events_of(&self, kind: &str) -> Vec<Json> {
        self.events().into_iter().filter(|event| event["event"] == kind).collect()
    }

    /// Returns the end of the step that a task was on a host.
    pub(crate) fn step(&self, task: &str, host: &str) -> Json {
        let mut steps = self.events_of("step_done").into_iter();
        let found = steps.find(|step| step["name"] == task && step["host"] == host);
        found.unwrap_or_else(|| panic!("no step {task:?} on {host}:\n{self}"))
    }

    /// Reads a file that was written.
    pub(crate) fn file(&self, name: &str) -> String {
        let path = self.dir.join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}\n{self}", path.display()))
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (status, took) = (self.status, self.took);
        writeln!(
            f,
            "$ {}\n{}\n--- standard error\n{}\n--- {status} after {took:?}",
            self.shown, self.stdout, self.stderr
        )
    }
}
