//! A command on a terminal of 80 by 24, by way of script(1).

use crate::project::Project;
use crate::sshd::wait_until;
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

/// Runs `netplay` with arguments in a project's folder on a terminal; returns everything that it wrote to it.
pub(crate) fn on_a_terminal(project: &Project, arguments: &str, environment: &[(&str, &str)]) -> String {
    let program = env!("CARGO_BIN_EXE_netplay");
    let command = format!("stty rows 24 cols 80; exec {program} {arguments}");
    let output = Command::new("script")
        .args(["-qefc", &command, "/dev/null"])
        .current_dir(project.dir())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", project.at("home"))
        .env("LANG", "C.UTF-8")
        .env("TERM", "xterm-256color")
        .env("SHELL", "/bin/sh")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("script is needed (bsdutils)");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Returns the lines as the terminal was told to draw them, redrawn ones too, without colours and movements.
pub(crate) fn drawn(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' if rest.next_if_eq(&'[').is_some() => {
                while rest.next_if(|c| !c.is_ascii_alphabetic()).is_some() {}
                // What moves to another line or column begins a new line; colours do not.
                if rest.next().is_some_and(|end| end != 'm') {
                    lines.push(String::new());
                }
            }
            '\r' | '\n' => lines.push(String::new()),
            c if c.is_control() => {}
            c => lines.last_mut().expect("there is always one").push(c),
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// A command on a terminal that asks and is answered.
pub(crate) struct Dialog {
    child: Child,
    stdin: ChildStdin,
    shown: Arc<Mutex<String>>,
    seen: usize,
}

impl Dialog {
    /// Starts `netplay` with arguments in a project's folder.
    pub(crate) fn start(project: &Project, arguments: &str) -> Dialog {
        Dialog::start_with(project, arguments, &[])
    }

    /// Starts it with more variables of the environment.
    pub(crate) fn start_with(project: &Project, arguments: &str, environment: &[(&str, &str)]) -> Dialog {
        let command = format!("stty rows 24 cols 200; exec {} {arguments}", env!("CARGO_BIN_EXE_netplay"));
        let mut child = Command::new("script")
            .args(["-qefc", &command, "/dev/null"])
            .current_dir(project.dir())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", project.at("home"))
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .env("SHELL", "/bin/sh")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script is needed (bsdutils)");
        let stdin = child.stdin.take().expect("it is a pipe");
        let mut stdout = child.stdout.take().expect("it is a pipe");
        let shown = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = stdout.read(&mut bytes) {
                sink.lock().expect("nobody panics with it").push_str(&String::from_utf8_lossy(&bytes[..n]));
            }
        });
        Dialog { child, stdin, shown, seen: 0 }
    }

    fn text(&self) -> String {
        self.shown.lock().expect("nobody panics with it").clone()
    }

    /// Waits until a text is shown, behind the one that was waited for before.
    pub(crate) fn waits_for(&mut self, phrase: &str) -> &mut Dialog {
        let found = |dialog: &Dialog| dialog.text()[dialog.seen..].find(phrase);
        wait_until(&format!("{phrase:?} is shown"), || found(self).is_some());
        self.seen += found(self).map_or(0, |at| at + phrase.len());
        self
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) -> &mut Dialog {
        self.stdin.write_all(format!("{line}\n").as_bytes()).expect("it reads");
        self
    }

    /// Waits for its end; returns all that it showed.
    pub(crate) fn ends(mut self) -> String {
        wait_until("it ends", || self.child.try_wait().is_ok_and(|status| status.is_some()));
        self.text()
    }
}

impl Drop for Dialog {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
