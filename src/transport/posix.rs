//! Programs for a POSIX shell: what is sent to a host for a command, a file to write, a file to read.
//!
//! A file is written by one program: to a temporary file beside the target, counted, given its mode and owner, and moved
//! into place. The count is what makes it safe: to the program a lost connection looks like the end of the file.

use crate::failure::{Failure, FailureKind};
use crate::module::{Exec, ExecOutput, Get, Program, Put};

/// The exit status of our own programs when they have said why on standard error.
const OWN_STATUS: i32 = 97;

/// What stands before the reason.
const OWN_WORD: &str = "netplay: ";

/// Returns a word that a POSIX shell takes as it is.
pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@%+=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Returns a path as a word; a leading `~` or `~user` keeps its meaning.
pub(super) fn quote_path(path: &str) -> String {
    let (head, rest) = match path.find('/') {
        Some(slash) => path.split_at(slash),
        None => (path, ""),
    };
    let is_home = head.starts_with('~') && head[1..].chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if is_home {
        return if rest.is_empty() { head.to_owned() } else { format!("{head}{}", quote(rest)) };
    }
    // A name that begins with `-` would be an option.
    if path.starts_with('-') { quote(&format!("./{path}")) } else { quote(path) }
}

/// A command for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Script {
    /// The text.
    pub(super) text: String,
    /// Only a POSIX shell understands it; otherwise any login shell does.
    pub(super) is_posix: bool,
    /// It is meant for the login shell, whichever that is.
    pub(super) is_raw: bool,
}

impl Script {
    /// Makes a program for a POSIX shell.
    pub(super) fn posix(text: String) -> Script {
        Script { text, is_posix: true, is_raw: false }
    }

    /// Returns the words that run it in a POSIX shell; `None` when it is for the login shell.
    pub(super) fn words(&self) -> Option<String> {
        (self.is_posix || !self.is_raw).then(|| self.for_login_shell())
    }

    /// Returns the text for a login shell of any kind.
    pub(super) fn for_login_shell(&self) -> String {
        if self.is_posix { format!("/bin/sh -c {}", quote(&self.text)) } else { self.text.clone() }
    }
}

/// Returns the command that runs a program.
pub(super) fn exec_script(exec: &Exec) -> Result<Script, Failure> {
    let argument = |message: String| Failure::new(FailureKind::Argument, message);
    let command = match &exec.program {
        Program::Argv(words) if words.is_empty() => return Err(argument("there is no program to run".into())),
        Program::Argv(words) => words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "),
        Program::Shell { text, executable } => {
            format!("{} -c {}", quote(executable.as_deref().unwrap_or("/bin/sh")), quote(text))
        }
        Program::Raw(text) => text.clone(),
    };
    let mut before = String::new();
    if let Some(folder) = &exec.chdir {
        before = format!("cd {} || {{ echo '{OWN_WORD}chdir' >&2; exit {OWN_STATUS}; }}\n", quote_path(folder));
    }
    for (name, value) in &exec.env {
        let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !valid {
            return Err(argument(format!("`{name}` is not the name of an environment variable")));
        }
        before.push_str(&format!("export {name}={}\n", quote(value)));
    }
    let is_posix = !before.is_empty();
    let is_raw = matches!(exec.program, Program::Raw(_));
    let run = if is_posix && !is_raw { "exec " } else { "" };
    let text = format!("{before}{run}{command}");
    if text.contains('\0') {
        return Err(argument("a command cannot hold a NUL byte".into()));
    }
    Ok(Script { text, is_posix, is_raw })
}

/// Returns what a command left, or the failure when it was our own part of it that failed.
pub(super) fn exec_output(exec: &Exec, output: ExecOutput) -> Result<ExecOutput, Failure> {
    let (Some(folder), OWN_STATUS) = (&exec.chdir, output.status) else { return Ok(output) };
    let said = String::from_utf8_lossy(&output.stderr);
    let Some(said) = said.trim_end().strip_suffix(&format!("{OWN_WORD}chdir")) else { return Ok(output) };
    let message = format!("cannot change to the folder `{folder}`: {}", reason(said));
    Err(Failure::new(FailureKind::File, message))
}

/// Returns the program that writes a file of that many bytes from its standard input.
pub(super) fn put_script(put: &Put, size: u64) -> Result<String, Failure> {
    let (folder, name) = match put.path.trim_end_matches('/').rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some((folder, name)) => (folder, name),
        None => (".", put.path.as_str()),
    };
    if name.is_empty() || put.path.ends_with('/') || put.path.contains('\0') {
        return Err(Failure::new(FailureKind::Argument, format!("`{}` is not the path of a file", put.path)));
    }
    let tag = uuid::Uuid::new_v4().simple().to_string();
    // A name may be 255 bytes long; the temporary one has to fit too.
    let stem: String = name.chars().take(40).collect();
    let temporary = format!("{}/.{stem}.netplay-{}", folder.trim_end_matches('/'), &tag[..12]);
    let mut lines = vec![
        "LC_ALL=C; export LC_ALL".to_owned(),
        format!("p={}; t={}", quote_path(&put.path), quote_path(&temporary)),
        format!("fail() {{ echo \"{OWN_WORD}$1\" >&2; exit {OWN_STATUS}; }}"),
        "if [ -d \"$p\" ]; then fail 'is a directory'; fi".to_owned(),
        // The file belongs to nobody else from its first byte, and must be new: a link laid there beforehand is not followed.
        "u=$(umask); umask 077; set -C; : > \"$t\" || fail create; set +C".to_owned(),
        "trap 'rm -f \"$t\"' EXIT; trap 'exit 1' HUP INT TERM".to_owned(),
        "cat > \"$t\" || fail write".to_owned(),
        "n=$(wc -c < \"$t\") || fail count".to_owned(),
        format!("[ \"$n\" -eq {size} ] || fail \"incomplete: $((n)) of {size} bytes\""),
        // What the old file had is kept; that only root can give a file away is no error here.
        "if [ -e \"$p\" ]; then".to_owned(),
        "  o=$(stat -c %u:%g \"$p\" 2>/dev/null || stat -f %u:%g \"$p\") || fail stat".to_owned(),
        "  m=$(stat -c %a \"$p\" 2>/dev/null || stat -f %Lp \"$p\") || fail stat".to_owned(),
        "  chown \"$o\" \"$t\" 2>/dev/null; chmod \"$m\" \"$t\" || fail chmod".to_owned(),
        "else umask \"$u\"; chmod =rw \"$t\" || fail chmod; fi".to_owned(),
    ];
    let owner = match (&put.owner, &put.group) {
        (None, None) => None,
        (owner, group) => Some((owner.as_deref().unwrap_or(""), group.as_deref())),
    };
    match owner {
        Some((owner, Some(group))) => {
            lines.push(format!("chown {} \"$t\" || fail chown", quote(&format!("{owner}:{group}"))));
        }
        Some((owner, None)) => lines.push(format!("chown {} \"$t\" || fail chown", quote(owner))),
        None => {}
    }
    if let Some(mode) = &put.mode {
        lines.push(format!("chmod -- {} \"$t\" || fail chmod", quote(mode)));
    }
    if let Some(backup) = &put.backup {
        lines.push(format!("if [ -e \"$p\" ]; then cp -p \"$p\" {} || fail backup; fi", quote_path(backup)));
    }
    lines.push("mv -f \"$t\" \"$p\" || fail move".to_owned());
    lines.push("trap - EXIT".to_owned());
    Ok(lines.join("\n"))
}

/// Returns the program that writes a file to its standard output.
pub(super) fn get_script(get: &Get) -> Result<String, Failure> {
    if get.path.is_empty() || get.path.contains('\0') {
        return Err(Failure::new(FailureKind::Argument, format!("`{}` is not the path of a file", get.path)));
    }
    let mut lines = vec![
        "LC_ALL=C; export LC_ALL".to_owned(),
        format!("p={}", quote_path(&get.path)),
        format!("fail() {{ echo \"{OWN_WORD}$1\" >&2; exit {OWN_STATUS}; }}"),
        "if [ -d \"$p\" ]; then fail 'is a directory'; fi".to_owned(),
    ];
    if let Some(limit) = get.limit_bytes {
        // Of what is no regular file the size cannot be known beforehand; the reader counts as well.
        lines.push("if [ -f \"$p\" ]; then n=$(wc -c < \"$p\") || fail open".to_owned());
        lines.push(format!("[ \"$n\" -le {limit} ] || fail \"too large: $((n)) bytes\"; fi"));
    }
    lines.push("cat < \"$p\" || fail read".to_owned());
    Ok(lines.join("\n"))
}

/// Returns the failure of one of the two programs, if it has failed.
pub(super) fn file_failure(doing: &str, path: &str, output: &ExecOutput) -> Option<Failure> {
    if output.status == 0 && output.signal.is_none() {
        return None;
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let why = match &output.signal {
        Some(signal) => format!("the program was ended by signal {signal}"),
        None => reason(&said),
    };
    let failure = Failure::new(FailureKind::File, format!("cannot {doing} `{path}`: {why}"));
    Some(match why.as_str() {
        "permission denied" => failure.help("check the rights of file and folder, or use `become`"),
        "no such file or directory" if doing == "write" => failure.help("the folder does not exist"),
        _ => failure,
    })
}

/// Returns why something failed, from what the shell and its tools said, in the system's words for it.
pub(super) fn reason(said: &str) -> String {
    const REASONS: [&str; 9] = [
        "no space left on device",
        "disk quota exceeded",
        "read-only file system",
        "permission denied",
        "operation not permitted",
        "no such file or directory",
        "not a directory",
        "is a directory",
        "file name too long",
    ];
    let lower = said.to_lowercase();
    if let Some(reason) = REASONS.iter().find(|reason| lower.contains(**reason)) {
        return (*reason).to_owned();
    }
    // In the words of dash and of older shells.
    if lower.contains("directory nonexistent") || lower.contains("can't cd to") || lower.contains("no such file") {
        return "no such file or directory".to_owned();
    }
    let own = said.lines().rev().find_map(|line| line.strip_prefix(OWN_WORD)).unwrap_or("");
    if own.starts_with("incomplete") || own.starts_with("too large") {
        return own.to_owned();
    }
    // The tools of GNU send the reader on to their help in a last line.
    let is_said = |line: &&str| !line.is_empty() && !line.starts_with(OWN_WORD) && !line.contains(" --help'");
    let last = said.lines().map(str::trim).rfind(is_said);
    match (last, own) {
        (Some(line), _) => line.to_owned(),
        (None, "") => "the program failed without a word".to_owned(),
        (None, step) => format!("the step `{step}` failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    fn sh(text: &str) -> String {
        let output = Command::new("/bin/sh").args(["-c", text]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    #[test]
    fn a_home_keeps_its_meaning_and_nothing_else_does() {
        let cases = [
            ("~", "~"),
            ("~/a b", "~'/a b'"),
            ("~bob/x", "~bob/x"),
            ("~$(id)/x", "'~$(id)/x'"),
            ("-rf", "./-rf"),
            ("/etc/x", "/etc/x"),
            ("", "''"),
        ];
        for (path, word) in cases {
            assert_eq!(quote_path(path), word);
        }
    }

    #[test]
    fn a_command_without_extras_suits_any_login_shell() {
        let exec = |program| exec_script(&Exec { program, ..Exec::default() }).unwrap().for_login_shell();
        assert_eq!(exec(Program::Raw("show version".into())), "show version");
        assert_eq!(exec(Program::Argv(vec!["echo".into(), "it's".into()])), r"echo 'it'\''s'");
        let shell = Program::Shell { text: "a | b".into(), executable: Some("/bin/bash".into()) };
        assert_eq!(exec(shell), "/bin/bash -c 'a | b'");
    }

    #[test]
    fn folder_and_environment_come_first() {
        let exec = Exec {
            program: Program::Shell { text: "pwd; echo \"$A\"".into(), executable: None },
            env: vec![("A".into(), "it's \"so\"".into())],
            chdir: Some("/usr".into()),
            ..Exec::default()
        };
        assert_eq!(sh(&exec_script(&exec).unwrap().for_login_shell()), "/usr\nit's \"so\"\n");
    }

    #[test]
    fn what_a_shell_cannot_take_is_refused() {
        let cases = [
            Exec { program: Program::Argv(Vec::new()), ..Exec::default() },
            Exec { program: Program::Raw("a\0b".into()), ..Exec::default() },
            Exec { env: vec![("A-B".into(), String::new())], ..Exec::default() },
            Exec { env: vec![("A=$(id)".into(), String::new())], ..Exec::default() },
        ];
        for exec in cases {
            assert_eq!(exec_script(&exec).unwrap_err().kind, FailureKind::Argument, "{exec:?}");
        }
    }

    #[test]
    fn reasons_are_in_the_systems_words() {
        let cases = [
            ("sh: 6: cannot create /nope/.x: Directory nonexistent\nnetplay: create\n", "no such file or directory"),
            ("cat: write error: No space left on device\nnetplay: write\n", "no space left on device"),
            ("netplay: incomplete: 3 of 5 bytes\n", "incomplete: 3 of 5 bytes"),
            ("chown: invalid user: 'nobodyatall'\nnetplay: chown\n", "chown: invalid user: 'nobodyatall'"),
            ("chmod: invalid mode: 'x!'\nTry 'chmod --help' for more information.\n", "chmod: invalid mode: 'x!'"),
            ("netplay: count\n", "the step `count` failed"),
            ("", "the program failed without a word"),
        ];
        for (said, why) in cases {
            assert_eq!(reason(said), why);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_quoted_word_comes_back_as_it_was(word in "[^\0]{0,40}") {
            prop_assert_eq!(sh(&format!("printf %s {}", quote(&word))), word);
        }
    }
}
