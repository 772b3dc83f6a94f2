//! Mode, owner and group of files: what an author wants, what is there, and how to get from one to the other.
//!
//! A mode is octal (`0644`, `"644"`, the YAML integer 420) or symbolic (`u=rw,go-x`); both come to permission bits once
//! the file's own mode is known, so that a change is seen before it is made.

use super::remote::{FileKind, Stat, path_word_literal, quote};
use super::{Arg, ArgKind, Args};
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

pub(super) const MODE: Arg =
    Arg::new("mode", ArgKind::Raw, "Permissions: octal as text (`\"0644\"`) or symbolic (`u=rw,go=r`).");
pub(super) const OWNER: Arg = Arg::new("owner", ArgKind::Str, "The user who owns the file.");
pub(super) const GROUP: Arg = Arg::new("group", ArgKind::Str, "The group that owns the file.");
pub(super) const BACKUP: Arg = Arg::new("backup", ArgKind::Bool, "Keep a copy of the file as it was.").default("false");
pub(super) const VALIDATE: Arg =
    Arg::new("validate", ArgKind::Str, "A command that must succeed before the file is put in place; `%s` is it.");

const SELINUX: &str = "labels of SELinux are not set; run `chcon` or `semanage` with `command`";

/// What every module that writes files takes besides its own arguments.
pub(super) const FILE: &[Arg] = &[
    MODE,
    OWNER,
    GROUP,
    Arg::new("attributes", ArgKind::Str, "Flags of the file as `chattr` takes them.")
        .aliases(&["attr"])
        .refused("flags of the file system are not set; run `chattr` with `command`"),
    Arg::new("seuser", ArgKind::Str, "The user part of the file's SELinux label.").refused(SELINUX),
    Arg::new("serole", ArgKind::Str, "The role part of the file's SELinux label.").refused(SELINUX),
    Arg::new("setype", ArgKind::Str, "The type part of the file's SELinux label.").refused(SELINUX),
    Arg::new("selevel", ArgKind::Str, "The level part of the file's SELinux label.").refused(SELINUX),
    Arg::new("unsafe_writes", ArgKind::Bool, "Write into the file itself where it cannot be replaced.")
        .default("false")
        .refused("a file is always replaced as a whole, by a rename"),
];

/// A mode as an author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// These bits.
    Bits(u32),
    /// These changes to the bits that are there.
    Symbolic(Vec<Clause>),
    /// The bits of the source file (`preserve`).
    Preserve,
}

/// `u=rw` or one of its relatives, with one operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    /// Shifts of those concerned: 6 user, 3 group, 0 other.
    who: Vec<u32>,
    /// Nobody was named: all, less what the umask takes.
    by_umask: bool,
    operator: char,
    permissions: String,
}

impl Mode {
    /// Reads a mode argument.
    pub(super) fn parse(value: &Value) -> Result<Mode, String> {
        let wrong = |text: &str| format!("must be in octal or symbolic form, not `{text}`");
        match value {
            // A YAML integer is taken for what its digits meant to YAML: `0644` is 420 and right, `644` is not.
            Value::Int(bits) => u32::try_from(*bits)
                .ok()
                .filter(|bits| *bits <= 0o7777)
                .map(Mode::Bits)
                .ok_or_else(|| format!("must have permission bits only, not `{bits}`")),
            Value::Str(text) => {
                let text = text.trim();
                if text == "preserve" {
                    return Ok(Mode::Preserve);
                }
                let digits = text.strip_prefix("0o").unwrap_or(text);
                if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
                    return u32::from_str_radix(digits, 8)
                        .ok()
                        .filter(|bits| *bits <= 0o7777)
                        .map(Mode::Bits)
                        .ok_or_else(|| wrong(text));
                }
                let mut clauses = Vec::new();
                for part in text.split(',') {
                    clauses.extend(clauses_of(part).ok_or_else(|| wrong(text))?);
                }
                Ok(Mode::Symbolic(clauses))
            }
            other => Err(wrong(&other.to_text())),
        }
    }

    /// Returns the bits that a file with the bits `current` gets. `Preserve` must have been replaced before.
    pub(super) fn applied_to(&self, current: u32, is_dir: bool, umask: u32) -> u32 {
        match self {
            Mode::Bits(bits) => *bits,
            Mode::Preserve => current,
            Mode::Symbolic(clauses) => {
                clauses.iter().fold(current, |bits, clause| clause.applied_to(bits, current, is_dir, umask))
            }
        }
    }
}

fn clauses_of(part: &str) -> Option<Vec<Clause>> {
    let operator_at = part.find(['+', '-', '='])?;
    let (users, mut rest) = part.split_at(operator_at);
    let mut who = Vec::new();
    for user in users.chars() {
        match user {
            'u' => who.push(6),
            'g' => who.push(3),
            'o' => who.push(0),
            'a' => who.extend([6, 3, 0]),
            _ => return None,
        }
    }
    let by_umask = who.is_empty();
    if by_umask {
        who.extend([6, 3, 0]);
    }
    let mut clauses = Vec::new();
    while let Some(operator) = rest.chars().next() {
        let after = &rest[1..];
        let end = after.find(['+', '-', '=']).unwrap_or(after.len());
        let permissions = &after[..end];
        if !permissions.chars().all(|c| "rwxXstugo".contains(c)) {
            return None;
        }
        clauses.push(Clause { who: who.clone(), by_umask, operator, permissions: permissions.to_owned() });
        rest = &after[end..];
    }
    Some(clauses)
}

impl Clause {
    fn applied_to(&self, bits: u32, before: u32, is_dir: bool, umask: u32) -> u32 {
        self.who.iter().fold(bits, |bits, shift| {
            let mut wanted = 0;
            for permission in self.permissions.chars() {
                wanted |= match permission {
                    'r' => 4 << shift,
                    'w' => 2 << shift,
                    'x' => 1 << shift,
                    'X' if is_dir || before & 0o111 != 0 => 1 << shift,
                    's' if *shift == 6 => 0o4000,
                    's' if *shift == 3 => 0o2000,
                    't' if *shift == 0 => 0o1000,
                    'u' => (bits >> 6 & 7) << shift,
                    'g' => (bits >> 3 & 7) << shift,
                    'o' => (bits & 7) << shift,
                    _ => 0,
                };
            }
            if self.by_umask {
                wanted &= !umask;
            }
            match self.operator {
                '+' => bits | wanted,
                '-' => bits & !wanted,
                _ => {
                    let special = [0o1000, 0, 0, 0o2000, 0, 0, 0o4000][*shift as usize];
                    bits & !(7 << shift | special) | wanted
                }
            }
        })
    }
}

/// What an author wants of a file's mode, owner and group.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes {
    pub(super) mode: Option<Mode>,
    pub(super) owner: Option<String>,
    pub(super) group: Option<String>,
}

impl Attributes {
    /// Takes them from the arguments `mode`, `owner` and `group`.
    pub(super) fn of(args: &Args) -> Result<Attributes, Failure> {
        Ok(Attributes {
            mode: mode_arg(args, "mode")?,
            owner: args.text("owner").map(str::to_owned),
            group: args.text("group").map(str::to_owned),
        })
    }

    /// Returns the bits that the file gets: what is wanted, else what it has; for a new file `fresh`.
    pub(super) fn mode_for(&self, now: &Stat, fresh: u32, umask: u32) -> u32 {
        let current = if now.exists() { now.mode } else { fresh };
        match &self.mode {
            Some(mode) => mode.applied_to(current, now.is_dir(), umask),
            None => current,
        }
    }

    fn mode_differs(&self, now: &Stat, umask: u32) -> bool {
        // A symbolic link's own mode means nothing, and Linux cannot set it.
        now.kind != FileKind::Link && self.mode.is_some() && self.mode_for(now, now.mode, umask) != now.mode
    }

    fn owner_differs(&self, now: &Stat) -> bool {
        self.owner.as_deref().is_some_and(|wanted| !names(wanted, now.owner.as_deref(), now.uid))
    }

    fn group_differs(&self, now: &Stat) -> bool {
        self.group.as_deref().is_some_and(|wanted| !names(wanted, now.group.as_deref(), now.gid))
    }

    /// Returns the commands that make what is there what is wanted; none when it is.
    pub(super) fn commands(&self, now: &Stat, umask: u32) -> Vec<String> {
        let path = path_word_literal(&now.path);
        let mut commands = Vec::new();
        let (owner, group) = (self.owner_differs(now), self.group_differs(now));
        if owner {
            commands.push(format!("chown -h {} {path}", quote(self.owner.as_deref().unwrap_or_default())));
        }
        if group {
            commands.push(format!("chgrp -h {} {path}", quote(self.group.as_deref().unwrap_or_default())));
        }
        let mode = self.mode_for(now, now.mode, umask);
        // A change of owner takes setuid and setgid away, so they are set again.
        let lost = (owner || group) && mode & 0o6000 != 0 && self.mode.is_some() && now.kind != FileKind::Link;
        if lost || self.mode_differs(now, umask) {
            commands.push(format!("chmod {} {path}", chmod_bits(mode)));
        }
        commands
    }
}

/// Returns bits as `chmod` takes them. Five digits, as GNU's keeps a directory's setgid bit with four.
pub(super) fn chmod_bits(bits: u32) -> String {
    format!("{bits:05o}")
}

/// Reads an argument that is a mode.
pub(super) fn mode_arg(args: &Args, name: &str) -> Result<Option<Mode>, Failure> {
    let Some(value) = args.get(name) else { return Ok(None) };
    Mode::parse(value).map(Some).map_err(|why| {
        let failure = Failure::new(FailureKind::Argument, format!("argument `{name}` {why}"))
            .help("write it in quotes: `mode: \"0644\"`");
        match args.span(name) {
            Some(span) => failure.at(span),
            None => failure,
        }
    })
}

fn names(wanted: &str, name: Option<&str>, number: i128) -> bool {
    name == Some(wanted) || wanted.parse::<i128>().is_ok_and(|wanted| wanted == number)
}

/// Adds the fields that every module which handles a file returns.
pub(super) fn add_fields(result: &mut Map, now: &Stat) {
    result.insert("uid", now.uid);
    result.insert("gid", now.gid);
    result.insert("owner", now.owner.clone().unwrap_or_else(|| now.uid.to_string()));
    result.insert("group", now.group.clone().unwrap_or_else(|| now.gid.to_string()));
    result.insert("mode", format!("{:04o}", now.mode));
    result.insert("state", now.state());
    result.insert("size", now.size);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn applied(text: &str, current: u32, is_dir: bool) -> u32 {
        Mode::parse(&text.into()).unwrap().applied_to(current, is_dir, 0o022)
    }

    #[test]
    fn modes_are_read_as_chmod_reads_them() {
        let cases = [
            ("0644", 0, false, 0o644),
            ("755", 0, false, 0o755),
            ("0o600", 0, false, 0o600),
            ("u=rw,g=r,o=", 0o777, false, 0o640),
            ("a+x", 0o644, false, 0o755),
            ("+x", 0o644, false, 0o755),
            ("+w", 0o444, false, 0o644),
            ("ug=rwX", 0o600, false, 0o660),
            ("a=rX", 0o600, true, 0o555),
            ("u+s,g+s,o+t", 0o755, false, 0o7755),
            ("u=rw-x+X", 0o700, false, 0o700),
            ("g=u", 0o740, false, 0o770),
            ("u=", 0o4755, false, 0o055),
            ("preserve", 0o4711, false, 0o4711),
        ];
        for (text, current, is_dir, expected) in cases {
            let got = applied(text, current, is_dir);
            assert_eq!(got, expected, "{text} on {current:o} gave {got:o}");
        }
        assert_eq!(Mode::parse(&Value::Int(420)), Ok(Mode::Bits(0o644)));
        for wrong in ["", "rw", "u=q", "k+x", "0888", "77777", "u"] {
            assert!(Mode::parse(&wrong.into()).is_err(), "`{wrong}` was taken");
        }
    }

    #[test]
    fn a_file_as_wanted_needs_no_command() {
        let wanted = Attributes { mode: Some(Mode::Bits(0o640)), owner: Some("bob".into()), group: Some("50".into()) };
        let mut now = Stat {
            path: "/a b".into(),
            kind: FileKind::File,
            mode: 0o640,
            uid: 7,
            gid: 50,
            owner: Some("bob".into()),
            group: Some("staff".into()),
            ..Stat::default()
        };
        assert!(wanted.commands(&now, 0o022).is_empty());
        now.mode = 0o600;
        now.owner = None;
        assert_eq!(wanted.commands(&now, 0o022), ["chown -h bob '/a b'", "chmod 00640 '/a b'"]);
    }

    proptest! {
        #[test]
        fn a_symbolic_mode_reads_and_settles(
            text in "[ugoa]{0,3}[-+=][rwxXst]{0,4}(,[ugoa]{0,3}[-+=][rwxXst]{0,4}){0,2}",
            current in 0u32..0o10000,
            is_dir: bool,
        ) {
            let mode = Mode::parse(&text.as_str().into()).unwrap();
            let once = mode.applied_to(current, is_dir, 0o022);
            prop_assert!(once <= 0o7777);
            // `X` looks at the bits before; without it a second time changes nothing.
            if !text.contains('X') {
                prop_assert_eq!(mode.applied_to(once, is_dir, 0o022), once);
            }
        }

        #[test]
        fn octal_text_and_bits_agree(bits in 0u32..0o10000) {
            prop_assert_eq!(Mode::parse(&format!("{bits:o}").into()), Ok(Mode::Bits(bits)));
            prop_assert_eq!(Mode::parse(&Value::Int(bits.into())), Ok(Mode::Bits(bits)));
        }

        #[test]
        fn any_text_is_a_mode_or_an_error(text in "\\PC{0,12}") {
            let _ = Mode::parse(&text.as_str().into());
        }
    }
}
