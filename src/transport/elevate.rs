//! `become`: the command that takes other rights, and the dialogue with it.
//!
//! The command that is really wanted comes after a marker on standard error. Until the marker is seen the program that
//! takes the rights (`sudo`) is speaking: its prompt gets the password, once; after it everything belongs to the
//! command. So a password never reaches the command's input, and a lecture never its output.

use super::Elevate;
use super::posix::quote;
use crate::failure::{Failure, FailureKind};
use crate::redact::Secret;

/// More than any lecture; what speaks on without the marker is not a program that takes rights.
const MOST_BYTES_BEFORE: usize = 64 * 1024;

/// A way to take rights.
struct Method {
    name: &'static str,
    /// Its flags when nobody says.
    flags: &'static str,
    /// Writes the command line for a shell: program and flags, user, prompt (when there is a password), quoted command.
    line: fn(&str, &str, Option<&str>, &str) -> String,
    /// Its prompt can be chosen; else it is known by "assword".
    prompt_is_ours: bool,
    /// It asks on a terminal only.
    needs_terminal: bool,
}

static METHODS: [Method; 3] = [
    Method {
        name: "sudo",
        flags: "-H",
        line: |sudo, user, prompt, command| match prompt {
            Some(prompt) => format!("{sudo} -S -p {} -u {user} /bin/sh -c {command}", quote(prompt)),
            None => format!("{sudo} -n -u {user} /bin/sh -c {command}"),
        },
        prompt_is_ours: true,
        needs_terminal: false,
    },
    Method {
        name: "su",
        flags: "",
        // The user's shell reads the text after `-c`, so it is quoted once more.
        line: |su, user, _, command| {
            format!("LC_ALL=C {su} {user} -c {}", quote(&format!("exec /bin/sh -c {command}")))
        },
        prompt_is_ours: false,
        needs_terminal: false,
    },
    Method {
        name: "doas",
        flags: "",
        line: |doas, user, prompt, command| match prompt {
            Some(_) => format!("{doas} -u {user} /bin/sh -c {command}"),
            None => format!("{doas} -n -u {user} /bin/sh -c {command}"),
        },
        prompt_is_ours: false,
        needs_terminal: true,
    },
];

/// A command wrapped to run with other rights.
#[derive(Debug)]
pub(super) struct Elevated {
    /// The command for a POSIX shell.
    pub(super) command: String,
    /// The dialogue that comes before its output.
    pub(super) gate: Gate,
    /// It has to run on a terminal.
    pub(super) needs_terminal: bool,
}

/// Wraps the text of a script for `/bin/sh`.
pub(super) fn wrap(elevate: &Elevate, script: &str) -> Result<Elevated, Failure> {
    let Some(method) = METHODS.iter().find(|method| method.name == elevate.method) else {
        let known: Vec<_> = METHODS.iter().map(|method| format!("`{}`", method.name)).collect();
        let message = format!("`become_method: {}` cannot be used on a host that runs programs", elevate.method);
        let help = format!("use one of {}", known.join(", "));
        return Err(Failure::new(FailureKind::Argument, message).help(help));
    };
    let tag = uuid::Uuid::new_v4().simple().to_string();
    let marker = format!("netplay-rights-{tag}\n");
    let prompt = format!("netplay-password-{tag}:");
    let marked = format!("printf '%s\\n' netplay-rights-{tag} >&2; {script}");
    let with_password = elevate.password.is_some();
    let program = program(method, elevate, with_password)?;
    let given = with_password.then_some(prompt.as_str());
    let command = (method.line)(&program, &quote(&elevate.user), given, &quote(&marked));
    let gate = Gate {
        method: method.name,
        user: elevate.user.clone(),
        marker: marker.into_bytes(),
        prompt: if method.prompt_is_ours { prompt } else { "assword".into() },
        password: elevate.password.clone(),
        asked: 0,
    };
    Ok(Elevated { command, gate, needs_terminal: method.needs_terminal && with_password })
}

/// Returns the program that gives the rights with its flags, each word quoted for a shell.
fn program(method: &Method, elevate: &Elevate, with_password: bool) -> Result<String, Failure> {
    let words = |what: &str, text: &str| {
        shlex::split(text).ok_or_else(|| {
            let message = format!("`{what}` is not well quoted: `{text}`");
            Failure::new(FailureKind::Argument, message).help("it is split into words as a shell does")
        })
    };
    let mut all = words("become_exe", elevate.exe.as_deref().unwrap_or(method.name))?;
    let mut flags = words("become_flags", elevate.flags.as_deref().unwrap_or(method.flags))?;
    if method.prompt_is_ours && with_password {
        // With `-n` it would ask nobody for the password that there is.
        flags.retain_mut(|flag| match flag.strip_prefix('-') {
            Some("-non-interactive") => false,
            Some(letters) if !letters.starts_with('-') => {
                let left = letters.replace('n', "");
                *flag = format!("-{left}");
                !left.is_empty()
            }
            _ => true,
        });
    }
    all.append(&mut flags);
    Ok(all.iter().map(|word| if is_plain(word) { word.clone() } else { quote(word) }).collect::<Vec<_>>().join(" "))
}

/// Claims that a word means the same to a shell without quotes.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=+,@".contains(c))
}

/// The dialogue before the command's own output.
#[derive(Debug)]
pub(super) struct Gate {
    method: &'static str,
    user: String,
    marker: Vec<u8>,
    prompt: String,
    password: Option<Secret>,
    asked: usize,
}

/// What to do after more output has come.
#[derive(Debug)]
pub(super) enum GateStep {
    /// Wait for more.
    Wait,
    /// Send this line.
    Answer(Secret),
    /// The command runs; what is left of the text is its own.
    Open,
    /// It will not run.
    Refused(Failure),
}

impl Gate {
    /// Looks at what has been said so far, and takes from it what has been understood.
    pub(super) fn look(&mut self, said: &mut Vec<u8>) -> GateStep {
        if let Some(at) = find(said, &self.marker) {
            said.drain(..at + self.marker.len());
            return GateStep::Open;
        }
        if let Some(at) = find(said, self.prompt.as_bytes()) {
            // A prompt that is not ours goes on to its colon.
            let end = at + self.prompt.len();
            let end = match said[end..].iter().position(|byte| *byte == b':') {
                Some(colon) if !self.prompt.ends_with(':') => end + colon + 1,
                None if !self.prompt.ends_with(':') => return GateStep::Wait,
                _ => end,
            };
            said.drain(..end);
            self.asked += 1;
            return match &self.password {
                Some(password) if self.asked == 1 => GateStep::Answer(Secret::new(format!("{}\n", password.expose()))),
                Some(_) => GateStep::Refused(self.failure("the password is wrong")),
                None => GateStep::Refused(self.failure("a password is required")),
            };
        }
        if said.len() > MOST_BYTES_BEFORE {
            return GateStep::Refused(self.failure("it says too much before the command runs"));
        }
        GateStep::Wait
    }

    /// Returns the failure of a dialogue that has ended before the command ran.
    pub(super) fn ended(&self, said: &[u8]) -> Failure {
        let text = String::from_utf8_lossy(said);
        let lines = text.lines().map(str::trim);
        let last = lines.rev().find(|line| !line.is_empty() && !line.contains("netplay-"));
        match last.map(|line| line.strip_prefix(&format!("{}: ", self.method)).unwrap_or(line)) {
            Some(_) if self.asked > 0 && text.contains("incorrect password") => self.failure("the password is wrong"),
            Some(why) => self.failure(why),
            None if self.asked > 0 => self.failure("the password is wrong"),
            None => self.failure("it ended without a word"),
        }
    }

    fn failure(&self, why: &str) -> Failure {
        let message = format!("cannot become `{}`: {}: {why}", self.user, self.method);
        let failure = Failure::new(FailureKind::Command, message);
        match (&self.password, why.contains("password")) {
            (None, true) => failure.help("give `ansible_become_password`"),
            (Some(_), true) => failure.help("check `ansible_become_password`"),
            _ => failure,
        }
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elevated(method: &str, password: Option<&str>) -> Elevated {
        wrap(&of(method, password), "id").unwrap()
    }

    fn of(method: &str, password: Option<&str>) -> Elevate {
        let password = password.map(Secret::new);
        Elevate { method: method.into(), user: "root".into(), exe: None, flags: None, password }
    }

    #[test]
    fn program_and_flags_are_those_that_are_asked_for() {
        let cases = [
            ("sudo", None, None, false, "sudo -H -n -u"),
            ("sudo", None, None, true, "sudo -H -S -p"),
            ("sudo", Some("/opt/bin/sudo"), Some("-E -n"), true, "/opt/bin/sudo -E -S -p"),
            ("sudo", None, Some("-HSn --non-interactive"), true, "sudo -HS -S -p"),
            ("sudo", None, Some("-i; rm"), false, "sudo '-i;' rm -n -u"),
            ("su", Some("sudo su"), Some("-"), false, "LC_ALL=C sudo su - "),
            ("doas", None, Some("-C '/etc/my doas.conf'"), false, "doas -C '/etc/my doas.conf' -n -u"),
        ];
        for (method, exe, flags, with_password, start) in cases {
            let elevate = Elevate {
                exe: exe.map(str::to_owned),
                flags: flags.map(str::to_owned),
                ..of(method, with_password.then_some("hunter22"))
            };
            let command = wrap(&elevate, "id").unwrap().command;
            assert!(command.starts_with(start), "{command}");
        }
        let open = Elevate { flags: Some("-p 'open".into()), ..of("sudo", None) };
        assert!(wrap(&open, "id").unwrap_err().message.expose().contains("`become_flags` is not well quoted"));
    }

    #[test]
    fn the_password_is_given_once_and_only_when_asked() {
        let mut gate = elevated("sudo", Some("hunter22")).gate;
        let mut said = b"We trust you have received the usual lecture\n".to_vec();
        assert!(matches!(gate.look(&mut said), GateStep::Wait));
        said.extend_from_slice(gate.prompt.as_bytes());
        let GateStep::Answer(line) = gate.look(&mut said) else { panic!("not asked") };
        assert_eq!((line.expose(), said.as_slice()), ("hunter22\n", &b""[..]));
        said.extend_from_slice(b"Sorry, try again.\n");
        said.extend_from_slice(gate.prompt.as_bytes());
        let GateStep::Refused(failure) = gate.look(&mut said) else { panic!("asked again") };
        assert_eq!(failure.message.expose(), "cannot become `root`: sudo: the password is wrong");
    }

    #[test]
    fn what_comes_after_the_marker_is_the_commands_own() {
        let mut gate = elevated("sudo", None).gate;
        let mut said = [b"sudo: unable to resolve host x\n", gate.marker.as_slice(), b"own"].concat();
        assert!(matches!(gate.look(&mut said), GateStep::Open));
        assert_eq!(said, b"own");
    }

    #[test]
    fn an_early_end_gives_the_last_words_of_the_method() {
        let cases: [(&[u8], &str); 3] = [
            (b"sudo: a password is required\n", "sudo: a password is required"),
            (b"x is not in the sudoers file.\n", "sudo: x is not in the sudoers file."),
            (b"", "sudo: it ended without a word"),
        ];
        for (said, why) in cases {
            let failure = elevated("sudo", None).gate.ended(said);
            assert_eq!(failure.message.expose(), format!("cannot become `root`: {why}"));
        }
    }

    #[test]
    fn a_foreign_prompt_is_known_by_its_word() {
        let mut gate = elevated("su", Some("hunter22")).gate;
        let mut said = b"Passwor".to_vec();
        assert!(matches!(gate.look(&mut said), GateStep::Wait));
        said.extend_from_slice(b"d");
        assert!(matches!(gate.look(&mut said), GateStep::Wait));
        said.extend_from_slice(b": ");
        assert!(matches!(gate.look(&mut said), GateStep::Answer(_)));
    }

    #[test]
    fn a_method_of_network_devices_is_refused() {
        assert!(wrap(&of("enable", None), "id").unwrap_err().message.expose().contains("`become_method: enable`"));
    }
}
