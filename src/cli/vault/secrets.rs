//! Where vault passwords come from: files, scripts, questions.

use crate::cli::ask;
use crate::cli::config::{Config, full_path, table};
use crate::source::{Diagnostic, Diagnostics, absolute, expand_home, plain_io_error};
use crate::vault::{DEFAULT_ID, Keyring, Password, is_vault};
use clap::Args;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Options that name vault passwords.
#[derive(Args, Clone, Debug, Default)]
pub(in crate::cli) struct VaultOptions {
    /// A vault password and its name: NAME@FILE, NAME@prompt or FILE; may be given several times
    #[arg(long, value_name = "ID")]
    vault_id: Vec<String>,

    /// A file with the vault password, or a script that prints it
    #[arg(long, visible_alias = "vault-pass-file", value_name = "FILE")]
    vault_password_file: Vec<PathBuf>,

    /// Ask for the vault password
    #[arg(short = 'J', long, visible_alias = "ask-vault-password")]
    ask_vault_pass: bool,
}

/// What settings say about vault passwords.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct VaultDefaults {
    /// `vault_identity_list`.
    pub(in crate::cli) ids: Vec<String>,
    /// The folder that paths in it start from.
    dir: PathBuf,
    /// `vault_password_file`.
    password_file: Option<PathBuf>,
    /// `ask_vault_pass`.
    ask: bool,
}

impl VaultDefaults {
    /// Takes them from the settings.
    pub(in crate::cli) fn of(config: &Config) -> VaultDefaults {
        VaultDefaults {
            ids: config.list(&table::VAULT_IDENTITY_LIST),
            dir: config.dir(&table::VAULT_IDENTITY_LIST),
            password_file: config.path(&table::VAULT_PASSWORD_FILE),
            ask: config.flag(&table::ASK_VAULT_PASS).unwrap_or(false),
        }
    }
}

impl VaultDefaults {
    /// Returns the passwords of `vault_identity_list`.
    pub(super) fn wanted(&self) -> Result<Vec<Wanted>, String> {
        self.ids.iter().map(|id| Wanted::parse(id, &self.dir)).collect()
    }
}

/// Where one password comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    Prompt,
    /// As `--ask-vault-pass` asks.
    PlainPrompt,
    File(PathBuf),
}

/// A password that was named and is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    id: String,
    /// Whether the name was said; a script is told only then.
    is_named: bool,
    from: From,
}

impl Wanted {
    /// Reads `NAME@SOURCE` or `SOURCE`; paths start from `dir`.
    pub(super) fn parse(text: &str, dir: &Path) -> Result<Wanted, String> {
        if text.contains(';') {
            return Err(format!("`{text}` is no vault id: `;` is not allowed in one"));
        }
        let (id, source) = match text.split_once('@') {
            Some((id, source)) => (Some(id).filter(|id| !id.is_empty()), source),
            None => (None, text),
        };
        let from = match source {
            "" => return Err(format!("`{text}` names no source of a password; write NAME@FILE or NAME@prompt")),
            "prompt" => From::Prompt,
            "prompt_ask_vault_pass" => From::PlainPrompt,
            path => From::File(full_path(path, dir)),
        };
        Ok(Wanted { id: id.unwrap_or(DEFAULT_ID).into(), is_named: id.is_some(), from })
    }

    /// Names the password in a file.
    pub(super) fn file(path: &Path) -> Wanted {
        Wanted { id: DEFAULT_ID.into(), is_named: true, from: From::File(expand_home(&path.to_string_lossy())) }
    }

    /// Names the password that is asked for without a name.
    pub(super) fn prompt() -> Wanted {
        Wanted { id: DEFAULT_ID.into(), is_named: true, from: From::PlainPrompt }
    }

    /// Gets the password; a new one is asked for twice. `known` opens a file that is itself encrypted.
    pub(super) fn get(&self, is_new: bool, known: &[Password]) -> Result<Password, String> {
        let prompts: &[String] = &match (&self.from, is_new) {
            (From::File(path), _) => return self.of_file(path, known),
            (From::Prompt, false) => vec![format!("Vault password ({}): ", self.id)],
            (From::Prompt, true) => {
                vec![
                    format!("New vault password ({}): ", self.id),
                    format!("Confirm new vault password ({}): ", self.id),
                ]
            }
            (From::PlainPrompt, false) => vec!["Vault password: ".into()],
            (From::PlainPrompt, true) => vec!["New Vault password: ".into(), "Confirm New Vault password: ".into()],
        };
        let mut first: Option<Zeroizing<String>> = None;
        for prompt in prompts {
            let answer = ask::secret(prompt).map_err(|error| format!("cannot ask for the vault password: {error}"))?;
            if answer.trim().is_empty() {
                return Err("the vault password is empty".into());
            }
            match &first {
                Some(first) if first.trim() != answer.trim() => return Err("the two passwords differ".into()),
                Some(_) => {}
                None => first = Some(answer),
            }
        }
        Ok(Password::new(self.id.as_str(), first.unwrap_or_default().trim().as_bytes()))
    }

    fn of_file(&self, path: &Path, known: &[Password]) -> Result<Password, String> {
        let shown = path.display();
        let cannot = |error: std::io::Error| format!("cannot read password file `{shown}`: {}", plain_io_error(&error));
        let about = std::fs::metadata(path).map_err(cannot)?;
        if about.is_dir() {
            return Err(format!("password file `{shown}` is a folder"));
        }
        let bytes = if about.permissions().mode() & 0o111 != 0 {
            self.of_script(path)?
        } else {
            let bytes = Zeroizing::new(std::fs::read(path).map_err(cannot)?);
            let bytes = Zeroizing::new(bytes.trim_ascii().to_vec());
            if is_vault(&bytes) {
                let opened = Keyring::new(known.to_vec(), Arc::default()).open(&bytes);
                opened.map_err(|error| format!("cannot read password file `{shown}`: {error}"))?.to_vec().into()
            } else {
                bytes
            }
        };
        let bytes = trim_newlines(&bytes);
        if bytes.is_empty() {
            return Err(format!("password file `{shown}` gives an empty password"));
        }
        Ok(Password::new(self.id.as_str(), bytes))
    }

    fn of_script(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
        let shown = path.display();
        let mut command = Command::new(absolute(path));
        let is_client = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("-client"));
        if is_client && self.is_named {
            command.args(["--vault-id", &self.id]);
        }
        // The script may want to ask: it keeps the terminal.
        let out = command.stdin(Stdio::inherit()).stderr(Stdio::inherit()).output().map_err(|error| {
            format!(
                "cannot run password script `{shown}`: {}; if it is no script, take its executable bit away",
                plain_io_error(&error)
            )
        })?;
        match out.status.code() {
            Some(0) => Ok(Zeroizing::new(out.stdout)),
            Some(2) if is_client => {
                Err(format!("password script `{shown}` knows no password for vault id `{}`", self.id))
            }
            _ => Err(format!("password script `{shown}` failed ({})", out.status)),
        }
    }
}

fn trim_newlines(bytes: &[u8]) -> &[u8] {
    let is_newline = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let start = bytes.iter().position(|byte| !is_newline(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_newline(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

impl VaultOptions {
    /// Returns what is named, the best first, in Ansible's order: settings, `--vault-id`, files, the question.
    pub(super) fn wanted(&self, defaults: &VaultDefaults) -> Result<Vec<Wanted>, String> {
        let mut wanted = defaults.wanted()?;
        for id in &self.vault_id {
            wanted.push(Wanted::parse(id, Path::new("."))?);
        }
        let files = self.vault_password_file.iter().chain(&defaults.password_file);
        wanted.extend(files.map(|path| Wanted::file(path)));
        wanted.extend((self.ask_vault_pass || defaults.ask).then(Wanted::prompt));
        Ok(wanted)
    }

    /// Gets every password that is named. One that cannot be had is a warning while there are others.
    pub(in crate::cli) fn passwords(&self, defaults: &VaultDefaults, found: &mut Diagnostics) -> Vec<Password> {
        let wanted = match self.wanted(defaults) {
            Ok(wanted) => wanted,
            Err(message) => {
                found.push(Diagnostic::error("E0801", message));
                return Vec::new();
            }
        };
        let (passwords, failed) = get_all(&wanted, false);
        for message in failed {
            found.push(match passwords.is_empty() {
                true => Diagnostic::error("E0801", message),
                false => Diagnostic::warning("W0801", message),
            });
        }
        passwords
    }
}

/// Gets the password of a file, or of the script that it is.
pub(in crate::cli) fn password_of_file(path: &Path) -> Result<Password, String> {
    Wanted { is_named: false, ..Wanted::file(path) }.get(false, &[])
}

/// Gets passwords; returns them and what went wrong with the others.
pub(super) fn get_all(wanted: &[Wanted], is_new: bool) -> (Vec<Password>, Vec<String>) {
    let (mut passwords, mut failed) = (Vec::new(), Vec::new());
    for wanted in wanted {
        match wanted.get(is_new, &passwords) {
            Ok(password) => passwords.push(password),
            Err(message) => failed.push(message),
        }
    }
    (passwords, failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_id_has_a_name_and_a_source() {
        let wanted =
            |text: &str| Wanted::parse(text, Path::new(".")).map(|wanted| (wanted.id, wanted.is_named, wanted.from));
        assert_eq!(wanted("prod@pw"), Ok(("prod".into(), true, From::File("pw".into()))));
        assert_eq!(wanted("a@b@c"), Ok(("a".into(), true, From::File("b@c".into()))));
        assert_eq!(wanted("pw"), Ok(("default".into(), false, From::File("pw".into()))));
        assert_eq!(wanted("dev@prompt"), Ok(("dev".into(), true, From::Prompt)));
        assert_eq!(wanted("@prompt"), Ok(("default".into(), false, From::Prompt)));
        assert!(wanted("a;b@pw").is_err() && wanted("a@").is_err() && wanted("").is_err());
    }

    #[test]
    fn a_password_loses_its_newlines_only() {
        assert_eq!(trim_newlines(b"\r\n a b \n\n"), b" a b ");
        assert_eq!(trim_newlines(b"\n\r"), b"");
    }
}
