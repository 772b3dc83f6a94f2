//! A command on a terminal of 80 by 24, by way of script(1).

use crate::project::Project;
use std::process::{Command, Stdio};

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
