//! What modules run on hosts for themselves: POSIX sh and nothing else.
//!
//! A host has no Python. It has dash, bash, busybox ash or a BSD sh, and GNU, busybox or BSD tools. [`look`] asks for
//! everything about some paths in one round trip; [`quote`], [`path_word`] and [`glob_word`] put foreign text into a
//! program. Traps: a single argument is limited to 128 KiB on Linux, so long lists are cut into several programs;
//! `$(…)` drops trailing newlines; BSD and GNU `stat` share no option.

mod stat;

pub(super) use stat::{FileKind, Stat};

use super::{Action, Exec, ExecOutput, Output, Probe, Program, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};

/// Returns text as one word of sh.
pub(super) fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Returns a path as one word of sh in which the host expands a leading `~` and variables, as Ansible's path
/// arguments do. A variable that is not set stays as written.
pub(super) fn path_word(path: &str) -> String {
    let mut word = String::new();
    let rest = match path.strip_prefix('~') {
        Some(after) => {
            let (user, rest) = after.split_at(after.find('/').unwrap_or(after.len()));
            let is_name = user.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
            match (user, is_name) {
                ("", _) => word.push_str("\"${HOME-~}\""),
                (user, true) => {
                    word.push('~');
                    word.push_str(user);
                }
                (user, false) => word.push_str(&quote(&format!("~{user}"))),
            }
            rest
        }
        // A leading dash would be read as an option.
        None if path.starts_with('-') => {
            word.push_str("./");
            path
        }
        None => path,
    };
    word.push_str(&variables_expanded(rest));
    if word.is_empty() { "''".into() } else { word }
}

/// Returns text as one word of sh in which the host expands `$NAME` and `${NAME}`; unset ones stay as written.
pub(super) fn variables_expanded(text: &str) -> String {
    let mut word = String::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        plain.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}')).map(|(name, _)| (name, 2));
        let bare = &after[..after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len())];
        let (name, extra) = braced.unwrap_or((bare, 0));
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            let length = name.len() + extra;
            if !plain.is_empty() {
                word.push_str(&quote(&plain));
                plain.clear();
            }
            let written = after[..length].replace('}', "\\}");
            word.push_str(&format!("\"${{{name}-\\${written}}}\""));
            rest = &after[length..];
        } else {
            plain.push('$');
            rest = after;
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        word.push_str(&quote(&plain));
    }
    word
}

/// Returns a pattern as one word of sh: `*`, `?` and `[…]` keep their meaning, everything else is itself.
pub(super) fn glob_word(pattern: &str) -> String {
    let mut word = String::new();
    let mut plain = String::new();
    let mut in_set = false;
    let home = pattern.starts_with('~');
    let (head, tail) = match (home, pattern.find('/')) {
        (true, Some(slash)) => pattern.split_at(slash),
        (true, None) => (pattern, ""),
        _ => ("", pattern),
    };
    if !head.is_empty() {
        word.push_str(&path_word(head));
    }
    for c in tail.chars() {
        let special = match c {
            '*' | '?' => true,
            '[' if tail.contains(']') => {
                in_set = true;
                true
            }
            ']' if in_set => {
                in_set = false;
                true
            }
            '-' | '!' if in_set => true,
            _ => false,
        };
        if !special {
            plain.push(c);
            continue;
        }
        if !plain.is_empty() {
            word.push_str(&variables_expanded(&plain));
            plain.clear();
        }
        word.push(c);
    }
    if !plain.is_empty() {
        word.push_str(&variables_expanded(&plain));
    }
    if word.is_empty() { "''".into() } else { word }
}

/// What is asked about a path besides the plain facts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look<'a> {
    /// Ask about what a symbolic link points to.
    pub(super) follow: bool,
    /// The algorithm of the checksum of regular files; `None` asks for none.
    pub(super) checksum: Option<&'a str>,
    /// Ask `file` for type and charset.
    pub(super) mime: bool,
    /// Ask `lsattr` for flags.
    pub(super) flags: bool,
}

impl Look<'_> {
    /// What writers of files ask: the path itself, with its SHA-1.
    pub(super) const FILE: Look<'static> = Look { follow: false, checksum: Some("sha1"), mime: false, flags: false };
}

/// A look at a host: the paths asked about, and who asks.
#[derive(Default)]
pub(super) struct Seen {
    /// One per path, in order.
    pub(super) stats: Vec<Stat>,
    /// Who asks.
    pub(super) me: Me,
}

impl Seen {
    /// Returns what was seen of the first path, and who asks.
    pub(super) fn one(self) -> Result<(Stat, Me), Failure> {
        let Seen { stats, me } = self;
        match stats.into_iter().next() {
            Some(stat) => Ok((stat, me)),
            None => Err(Failure::new(FailureKind::Internal, "nothing was seen of a path")),
        }
    }
}

/// The user that actions run as.
#[derive(Clone, Debug, Default)]
pub(super) struct Me {
    pub(super) uid: i128,
    pub(super) gid: i128,
    pub(super) user: String,
    pub(super) group: String,
    /// The file creation mask.
    pub(super) umask: u32,
}

/// The longest program sent as one argument: half of what Linux takes, as quoting by `sudo` and the login shell may
/// lengthen it.
const PROGRAM_BYTES: usize = 64 << 10;

/// Asks a host about paths, in one round trip unless there are very many. Paths are words made by [`path_word`].
pub(super) async fn look(probe: &dyn Probe, words: &[String], what: Look<'_>) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    let mut from = 0;
    while from < words.len() {
        let mut length = stat::PROGRAM.len();
        let mut to = from;
        while to < words.len() && (to == from || length + words[to].len() + 16 < PROGRAM_BYTES) {
            length += words[to].len() + 16;
            to += 1;
        }
        let output = sh(probe, stat::program(&words[from..to], what)).await?;
        stat::parse(&output.stdout, &mut seen)?;
        from = to;
    }
    Ok(seen)
}

/// Asks a host about one path as an author wrote it.
pub(super) async fn look_at(probe: &dyn Probe, path: &str, what: Look<'_>) -> Result<Stat, Failure> {
    let seen = look(probe, &[path_word(path)], what).await?;
    seen.stats.into_iter().next().ok_or_else(|| Failure::new(FailureKind::Internal, "nothing was seen of a path"))
}

/// Asks a host about a folder and everything in it, in one round trip. Links are told of, not followed.
pub(super) async fn look_below(probe: &dyn Probe, folder: &str) -> Result<Vec<Stat>, Failure> {
    let program = look_below_program(&path_word_literal(folder));
    stats_of(&sh(probe, program).await?.stdout)
}

/// Returns the program that tells of everything that `find` selects.
pub(super) fn look_below_program(selection: &str) -> String {
    let each = format!("{}for p do look \"$p\" 0 - 0 0; done", stat::PROGRAM);
    format!("find {selection} -exec sh -c {} sh {{}} +", quote(&each))
}

/// Reads what [`look_below_program`] says.
pub(super) fn stats_of(said: &[u8]) -> Result<Vec<Stat>, Failure> {
    let mut seen = Seen::default();
    stat::parse(said, &mut seen)?;
    Ok(seen.stats)
}

/// Returns the reading action that [`look`] makes for one path: for the end of a change, after the writing.
pub(super) fn look_action(path: &str) -> Action {
    read_action(stat::program(&[path_word_literal(path)], Look::FILE))
}

/// Makes what was seen of the output of [`look_action`].
pub(super) fn seen_after(output: &Output) -> Option<Stat> {
    let Output::Exec(output) = output else { return None };
    let mut seen = Seen::default();
    stat::parse(&output.stdout, &mut seen).ok()?;
    seen.stats.into_iter().next()
}

/// Returns a path that is already expanded as one word of sh.
pub(super) fn path_word_literal(path: &str) -> String {
    if path.starts_with('-') { format!("./{}", quote(path)) } else { quote(path) }
}

/// Returns a path with `~` and variables expanded by the host; asks it only where there are any.
pub(super) async fn expanded(probe: &dyn Probe, path: &str) -> Result<String, Failure> {
    if !path.starts_with('~') && !path.contains('$') {
        return Ok(path.to_owned());
    }
    let output = sh(probe, format!("printf %s {}", path_word(path))).await?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program that only reads.
pub(super) async fn sh(probe: &dyn Probe, program: String) -> Result<ExecOutput, Failure> {
    let output = exec_output(probe.read(read_action(program)).await?)?;
    if output.status != 0 {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(
            FailureKind::Command,
            format!("cannot look at the host's files: sh ended with status {}: {}", output.status, said.trim()),
        )
        .help("the host needs a POSIX shell at /bin/sh"));
    }
    Ok(output)
}

fn read_action(program: String) -> Action {
    Action::on_host(Effect::Read, shell_work(program))
}

/// Returns an action that runs a program which writes.
pub(super) fn write_action(program: String) -> Action {
    Action::on_host(Effect::Write, shell_work(program))
}

fn shell_work(program: String) -> Work {
    Work::Exec(Exec { program: Program::Shell { text: program, executable: None }, elevate: true, ..Exec::default() })
}

/// Returns what a program left, whatever its status.
pub(super) fn exec_output(output: Output) -> Result<ExecOutput, Failure> {
    match output {
        Output::Exec(output) => Ok(output),
        _ => Err(Failure::new(FailureKind::Internal, "the connection answered a command with something else")),
    }
}

/// Claims that at least one path matches a pattern, as Python's `glob.glob` would; relative to `chdir`.
pub(super) async fn any_exists(probe: &dyn Probe, pattern: &str, chdir: Option<&str>) -> Result<bool, Failure> {
    let cd = chdir.map(|dir| format!("cd {} || exit 0\n", path_word(dir))).unwrap_or_default();
    let program = format!(
        "{cd}for p in {}; do if [ -e \"$p\" ] || [ -L \"$p\" ]; then echo yes; exit 0; fi; done; exit 0",
        glob_word(pattern)
    );
    Ok(sh(probe, program).await?.stdout.starts_with(b"yes"))
}

#[cfg(test)]
mod tests;
