//! What commands mean on a simulated host: a few programs over files in memory.
//!
//! It knows words and quotes, `;`, `&&`, `||`, `|`, `{ }`, `>`, `>>`, `>&2`, `VAR=value`, `sh -c` and the programs in
//! [`Linux::program`].
//! It has no variables, no globs, no `if`, no `$( )`, no SFTP: what needs a real host is tried on a real sshd.

use super::device::{Device, Said};
use super::words::{DEEPEST, Token, end_of_pipeline, tokens};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The longest `sleep`.
const LONGEST_SLEEP: f64 = 3600.0;

/// What a program left.
#[derive(Default)]
struct Left {
    stdout: Vec<u8>,
    stderr: String,
    status: u8,
}

impl Left {
    fn out(text: impl Into<Vec<u8>>) -> Left {
        Left { stdout: text.into(), ..Left::default() }
    }

    fn status(status: u8) -> Left {
        Left { status, ..Left::default() }
    }

    fn fail(status: u8, text: String) -> Left {
        Left { status, stderr: format!("{text}\n"), ..Left::default() }
    }
}

/// A session on a host.
pub(super) struct Linux {
    device: Arc<Device>,
    folder: String,
    took: Duration,
    ended: Option<u8>,
    /// The status of the last command, for `exit` without one.
    last: u8,
}

impl Linux {
    pub(super) fn new(device: Arc<Device>) -> Linux {
        let folder = format!("/home/{}", device.spec.user);
        Linux { device, folder, took: Duration::ZERO, ended: None, last: 0 }
    }

    pub(super) fn prompt(&self) -> String {
        let home = format!("/home/{}", self.device.spec.user);
        let folder = if self.folder == home { "~" } else { &self.folder };
        format!("{}@{}:{folder}$ ", self.device.spec.user, self.device.name())
    }

    /// Runs a line, or the text of a whole exec request.
    pub(super) fn run(&mut self, text: &str, stdin: &[u8]) -> Said {
        let left = self.script(text, stdin, 0);
        self.last = left.status;
        Said {
            output: String::from_utf8_lossy(&left.stdout).into_owned(),
            errors: left.stderr,
            status: left.status,
            end: self.ended.take(),
            took: std::mem::take(&mut self.took),
            question: None,
        }
    }

    fn script(&mut self, text: &str, stdin: &[u8], depth: usize) -> Left {
        match tokens(text) {
            Ok(tokens) => self.list_of(&tokens, stdin, depth),
            Err(why) => Left::fail(2, format!("sh: {why}")),
        }
    }

    /// Runs pipelines in turn, as `;`, `&&` and `||` say.
    fn list_of(&mut self, tokens: &[Token], stdin: &[u8], depth: usize) -> Left {
        let mut all = Left::default();
        let mut operator = ";";
        let mut rest = tokens;
        while !rest.is_empty() {
            let end = end_of_pipeline(rest);
            let (pipeline, next) = rest.split_at(end);
            let runs = match operator {
                "&&" => all.status == 0,
                "||" => all.status != 0,
                _ => true,
            };
            if runs && !pipeline.is_empty() {
                let left = self.pipeline(pipeline, stdin, depth);
                all.stdout.extend(left.stdout);
                all.stderr.push_str(&left.stderr);
                all.status = left.status;
                if self.ended.is_some() {
                    break;
                }
            }
            (operator, rest) = match next.split_first() {
                Some((Token::Operator(operator), rest)) => (operator, rest),
                _ => break,
            };
        }
        all
    }

    fn pipeline(&mut self, tokens: &[Token], stdin: &[u8], depth: usize) -> Left {
        let mut input = stdin.to_vec();
        let mut last = Left::default();
        let mut errors = String::new();
        for command in tokens.split(|t| *t == Token::Operator("|")) {
            last = self.command(command, &input, depth);
            errors.push_str(&std::mem::take(&mut last.stderr));
            input = std::mem::take(&mut last.stdout);
        }
        Left { stdout: input, stderr: errors, status: last.status }
    }

    fn command(&mut self, tokens: &[Token], stdin: &[u8], depth: usize) -> Left {
        if let [first, inner @ .., last] = tokens
            && *first == Token::Word("{".into())
            && *last == Token::Word("}".into())
        {
            return match depth {
                DEEPEST.. => Left::fail(2, "sh: nested too deep".into()),
                _ => self.list_of(inner, stdin, depth + 1),
            };
        }
        let mut words: Vec<&str> = Vec::new();
        let mut target: Option<(&str, bool)> = None;
        let mut input = stdin.to_vec();
        let mut quiet = false;
        let mut swapped = None;
        let mut tokens = tokens.iter();
        while let Some(token) = tokens.next() {
            let operator = match token {
                Token::Word(word) => {
                    words.push(word);
                    continue;
                }
                Token::Operator(operator) => *operator,
            };
            if matches!(operator, ">&2" | "2>&1") {
                swapped = Some(operator);
                continue;
            }
            let Some(Token::Word(path)) = tokens.next() else {
                return Left::fail(2, format!("sh: nothing after `{operator}`"));
            };
            match operator {
                ">" => target = Some((path, false)),
                ">>" => target = Some((path, true)),
                "2>" if path == "/dev/null" => quiet = true,
                "<" => match self.read(path) {
                    Ok(bytes) => input = bytes,
                    Err(left) => return left,
                },
                other => return Left::fail(2, format!("sh: `{other}` is not simulated")),
            }
        }
        // `LANG=C uname` sets a variable that nothing here reads.
        let is_assignment = |word: &str| {
            word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            })
        };
        let first = words.iter().position(|word| !is_assignment(word)).unwrap_or(words.len());
        let mut left = match words[first..].split_first() {
            Some((name, args)) => self.program(name, args, &input, depth),
            None => Left::default(),
        };
        match swapped {
            Some("2>&1") => left.stdout.extend(std::mem::take(&mut left.stderr).into_bytes()),
            Some(_) => left.stderr = String::from_utf8_lossy(&std::mem::take(&mut left.stdout)).into_owned(),
            None => {}
        }
        if quiet {
            left.stderr.clear();
        }
        if let Some((path, append)) = target {
            let written = std::mem::take(&mut left.stdout);
            if path != "/dev/null" && !self.save(path, written, append) {
                return Left::fail(1, format!("sh: cannot create {path}"));
            }
        }
        left
    }

    fn absolute(&self, path: &str) -> String {
        let whole = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.folder) };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        format!("/{}", parts.join("/"))
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, Left> {
        let state = self.device.state();
        match state.files.files.get(&self.absolute(path)) {
            Some(bytes) => Ok(bytes.clone()),
            None if path == "/dev/null" => Ok(Vec::new()),
            None => Err(Left::fail(1, format!("cat: {path}: No such file or directory"))),
        }
    }

    fn save(&self, path: &str, mut bytes: Vec<u8>, append: bool) -> bool {
        let path = self.absolute(path);
        let mut state = self.device.state();
        if append && let Some(before) = state.files.files.get(&path) {
            bytes = [before.as_slice(), &bytes].concat();
        }
        state.files.write(&path, bytes)
    }

    fn program(&mut self, name: &str, args: &[&str], stdin: &[u8], depth: usize) -> Left {
        let user = self.device.spec.user.clone();
        match name.rsplit('/').next().unwrap_or(name) {
            "true" | ":" | "export" | "umask" => Left::default(),
            "false" => Left::status(1),
            "exit" => {
                let status = args.first().map_or(self.last, |n| n.parse::<i64>().map_or(2, |n| (n & 0xff) as u8));
                self.ended = Some(status);
                Left::status(status)
            }
            "echo" => match args.split_first() {
                Some((&"-n", rest)) => Left::out(rest.join(" ")),
                _ => Left::out(args.join(" ") + "\n"),
            },
            "printf" => match args {
                ["%s", text] => Left::out(*text),
                ["%s\\n", text] => Left::out(format!("{text}\n")),
                [text] => Left::out(text.replace("\\n", "\n")),
                _ => Left::fail(1, "printf: only plain text is simulated".into()),
            },
            "hostname" => Left::out(format!("{}\n", self.device.name())),
            "whoami" => Left::out(format!("{user}\n")),
            "id" if args == ["-u"] => Left::out("1000\n"),
            "id" => Left::out(format!("uid=1000({user}) gid=1000({user}) groups=1000({user})\n")),
            "pwd" => Left::out(format!("{}\n", self.folder)),
            "uname" => self.uname(args),
            "sleep" => match args.first().and_then(|n| n.parse::<f64>().ok()) {
                Some(seconds) if (0.0..=LONGEST_SLEEP).contains(&seconds) => {
                    self.took += Duration::from_secs_f64(seconds);
                    Left::default()
                }
                _ => Left::fail(1, "sleep: invalid time interval".into()),
            },
            "cat" => self.cat(args, stdin),
            "ls" => self.list(args),
            "cd" => {
                let home = format!("/home/{user}");
                let path = self.absolute(args.first().unwrap_or(&home.as_str()));
                if !self.device.state().files.is_folder(&path) {
                    return Left::fail(2, format!("sh: cd: can't cd to {path}"));
                }
                self.folder = path;
                Left::default()
            }
            "test" => self.test(args),
            "[" => self.test(args.strip_suffix(&["]"]).unwrap_or(args)),
            "mkdir" | "touch" | "rm" => self.change(name, args),
            "sh" | "bash" if depth < DEEPEST => match args {
                ["-c", text, ..] => {
                    let left = self.script(text, stdin, depth + 1);
                    // `exit` ends the inner shell alone.
                    let status = self.ended.take().unwrap_or(left.status);
                    Left { status, ..left }
                }
                _ => Left::fail(2, "sh: only `-c` is simulated".into()),
            },
            "env" | "exec" | "nohup" if depth < DEEPEST => match args.iter().position(|arg| !arg.contains('=')) {
                Some(at) => self.program(args[at], &args[at + 1..], stdin, depth + 1),
                None => Left::default(),
            },
            _ => Left::fail(127, format!("sh: 1: {name}: not found")),
        }
    }

    fn uname(&self, args: &[&str]) -> Left {
        let host = self.device.name();
        Left::out(match args.first().copied().unwrap_or("-s") {
            "-s" => "Linux\n".to_owned(),
            "-n" => format!("{host}\n"),
            "-r" => "6.1.0-lab\n".into(),
            "-m" => "x86_64\n".into(),
            "-a" => format!("Linux {host} 6.1.0-lab #1 SMP netplay lab x86_64 GNU/Linux\n"),
            other => return Left::fail(1, format!("uname: invalid option {other}")),
        })
    }

    fn cat(&self, args: &[&str], stdin: &[u8]) -> Left {
        if args.is_empty() || args == ["-"] {
            return Left::out(stdin);
        }
        let mut all = Left::default();
        for path in args {
            match self.read(path) {
                Ok(bytes) => all.stdout.extend(bytes),
                Err(left) => {
                    all.stderr.push_str(&left.stderr);
                    all.status = 1;
                }
            }
        }
        all
    }

    fn list(&self, args: &[&str]) -> Left {
        let given = args.iter().find(|arg| !arg.starts_with('-')).copied().unwrap_or(".");
        let path = self.absolute(given);
        let state = self.device.state();
        if state.files.files.contains_key(&path) {
            return Left::out(format!("{given}\n"));
        }
        if !state.files.is_folder(&path) {
            return Left::fail(2, format!("ls: cannot access '{given}': No such file or directory"));
        }
        let prefix = format!("{}/", path.trim_end_matches('/'));
        let inside = state.files.files.keys().chain(&state.files.folders);
        let inside: BTreeSet<&str> = inside
            .filter_map(|p| p.strip_prefix(&prefix))
            .filter(|name| !name.is_empty() && !name.contains('/'))
            .collect();
        Left::out(inside.iter().map(|name| format!("{name}\n")).collect::<String>())
    }

    fn test(&self, args: &[&str]) -> Left {
        let negated = args.iter().take_while(|arg| **arg == "!").count();
        let args = &args[negated..];
        let state = self.device.state();
        let file = |path: &str| state.files.files.contains_key(&self.absolute(path));
        let folder = |path: &str| state.files.is_folder(&self.absolute(path));
        let holds = match args {
            ["-e", path] => file(path) || folder(path),
            ["-f" | "-r" | "-s", path] => file(path),
            ["-d", path] => folder(path),
            ["-n", text] | [text] => !text.is_empty(),
            ["-z", text] => text.is_empty(),
            [a, "=" | "==", b] => a == b,
            [a, "!=", b] => a != b,
            [] => false,
            _ => return Left::fail(2, "test: not simulated".into()),
        };
        Left::status(u8::from(holds == (negated % 2 == 1)))
    }

    fn change(&self, name: &str, args: &[&str]) -> Left {
        let options: String = args.iter().filter_map(|arg| arg.strip_prefix('-')).collect();
        let mut state = self.device.state();
        for given in args.iter().filter(|arg| !arg.starts_with('-')) {
            let path = self.absolute(given);
            let exists = state.files.files.contains_key(&path) || state.files.is_folder(&path);
            match name {
                "mkdir" if exists && !options.contains('p') => {
                    return Left::fail(1, format!("mkdir: cannot create directory '{given}': File exists"));
                }
                "mkdir" => state.files.make_folder(&path),
                "touch" if exists => {}
                "touch" => drop(state.files.write(&path, Vec::new())),
                _ if !exists && !options.contains('f') => {
                    return Left::fail(1, format!("rm: cannot remove '{given}': No such file or directory"));
                }
                _ if state.files.is_folder(&path) && !options.contains('r') => {
                    return Left::fail(1, format!("rm: cannot remove '{given}': Is a directory"));
                }
                _ => {
                    let under = format!("{path}/");
                    state.files.files.retain(|p, _| *p != path && !p.starts_with(&under));
                    state.files.folders.retain(|p| *p != path && !p.starts_with(&under) || p == "/");
                }
            }
        }
        Left::default()
    }
}
