//! `netplay vault`: encrypts and decrypts as ansible-vault does.

mod edit;
mod file;
mod secrets;
mod string;

pub(super) use secrets::{VaultDefaults, VaultOptions, password_of_file};

use super::config::{Config, table};
use super::{Exit, say_error};
use crate::source::{Diagnostics, SourceMap, Style, render};
use crate::vault::{Keyring, Password, VaultError, encrypt, is_vault};
use clap::{Args, Subcommand};
use file::{Output, read, write};
use secrets::{Wanted, get_all};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Options of `netplay vault`.
#[derive(Args)]
pub(super) struct VaultArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Encrypt files
    Encrypt {
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        with: EncryptWith,
    },
    /// Decrypt files
    Decrypt {
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        vault: VaultOptions,
    },
    /// Show what files hold
    View {
        /// The files; `-` is standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        vault: VaultOptions,
    },
    /// Change files with $EDITOR
    Edit {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        vault: VaultOptions,
    },
    /// Make an encrypted file with $EDITOR
    Create {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        with: EncryptWith,
    },
    /// Encrypt files with another password
    Rekey(RekeyArgs),
    /// Encrypt values for pasting into YAML
    #[command(visible_alias = "encrypt_string")]
    EncryptString(string::StringArgs),
}

/// Files to take, and where to put the result.
#[derive(Args)]
struct Files {
    /// The files; none or `-` is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Where to write the result of one file; `-` is standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The password to encrypt with.
#[derive(Args)]
struct EncryptWith {
    #[command(flatten)]
    vault: VaultOptions,

    /// Which of several passwords to encrypt with
    #[arg(long, value_name = "ID")]
    encrypt_vault_id: Option<String>,
}

#[derive(Args)]
struct RekeyArgs {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    with: EncryptWith,

    /// The new password: NAME@FILE, NAME@prompt or FILE
    #[arg(long, value_name = "ID", conflicts_with = "new_vault_password_file")]
    new_vault_id: Option<String>,

    /// A file with the new password, or a script that prints it
    #[arg(long, value_name = "FILE")]
    new_vault_password_file: Option<PathBuf>,
}

/// What went wrong, for the user.
type Said<T> = Result<T, String>;

pub(super) fn main(args: VaultArgs) -> Exit {
    let mut found = Diagnostics::new();
    let sources = SourceMap::new();
    let config = Config::load(&sources, &mut found);
    for diagnostic in found.iter() {
        say_error(&format!("{}\n\n", render(diagnostic, &sources, Style::Plain)));
    }
    if found.has_errors() {
        return Exit::Input;
    }
    let done = match args.action {
        Action::Encrypt { files, with } => encrypt_files(&files, &with, &config),
        Action::Decrypt { files, vault } => decrypt_files(&files, &vault, &config),
        Action::View { files, vault } => view(&files, &vault, &config),
        Action::Edit { files, vault } => {
            known(&vault, &config).and_then(|keyring| edit::edit(&files, &keyring, &config))
        }
        Action::Create { file, with } => {
            with.password(&config).and_then(|password| edit::create(&file, &password, &config))
        }
        Action::Rekey(args) => rekey(&args, &config),
        Action::EncryptString(args) => string::main(args, &config),
    };
    match done {
        Ok(()) => Exit::Ok,
        Err(message) => {
            say_error(&format!("netplay vault: {message}\n"));
            Exit::Input
        }
    }
}

impl EncryptWith {
    /// Gets the one password to encrypt with; without any it is asked for.
    fn password(&self, config: &Config) -> Said<Password> {
        let mut wanted = self.vault.wanted(&VaultDefaults::of(config))?;
        if wanted.is_empty() {
            wanted.push(Wanted::prompt());
        }
        choose(all(&wanted, true)?, self.id(config).as_deref())
    }

    fn id(&self, config: &Config) -> Option<String> {
        self.encrypt_vault_id.clone().or_else(|| config.text(&table::VAULT_ENCRYPT_IDENTITY))
    }
}

fn all(wanted: &[Wanted], is_new: bool) -> Said<Vec<Password>> {
    let (passwords, failed) = get_all(wanted, is_new);
    match failed.into_iter().next() {
        Some(message) => Err(message),
        None => Ok(passwords),
    }
}

/// Chooses the password to encrypt with: the one that is named, or the only one.
fn choose(passwords: Vec<Password>, id: Option<&str>) -> Said<Password> {
    let names = passwords.iter().map(|password| password.id.as_str()).collect::<Vec<_>>().join(", ");
    match id {
        Some(id) => {
            let found = passwords.iter().find(|password| password.id == id).cloned();
            found.ok_or_else(|| format!("no vault password is called `{id}`; known are: {names}"))
        }
        None if passwords.len() > 1 => {
            Err(format!("there are several vault passwords ({names}): say which to encrypt with by --encrypt-vault-id"))
        }
        None => passwords.into_iter().next().ok_or_else(|| "there is no vault password".into()),
    }
}

/// Gets the passwords to decrypt with; without any one is asked for.
fn known(options: &VaultOptions, config: &Config) -> Said<Keyring> {
    let mut wanted = options.wanted(&VaultDefaults::of(config))?;
    if wanted.is_empty() {
        wanted.push(Wanted::prompt());
    }
    Ok(Keyring::new(all(&wanted, false)?, Arc::default()))
}

/// Returns bytes as an encrypted text, under a salt of its own.
fn sealed(plain: &[u8], password: &Password, config: &Config) -> Said<String> {
    if is_vault(plain) {
        return Err("the input is encrypted already".into());
    }
    let salt = match config.text(&table::VAULT_ENCRYPT_SALT).filter(|salt| !salt.is_empty()) {
        Some(salt) => salt.into_bytes(),
        None => {
            let mut salt = vec![0; 32];
            getrandom::fill(&mut salt).map_err(|error| format!("no random numbers: {error}"))?;
            salt
        }
    };
    Ok(encrypt(plain, password, &salt).to_text())
}

fn opened<'a>(keyring: &'a Keyring, path: &Path, text: &[u8]) -> Said<(Zeroizing<Vec<u8>>, &'a Password)> {
    if !is_vault(text) {
        return Err(format!("`{}` is not encrypted", path.display()));
    }
    keyring.find(text).map_err(|error: VaultError| format!("`{}`: {error}; {}", path.display(), error.help()))
}

impl Files {
    /// Turns every file over and writes what comes out; nothing is written before all of them went well.
    fn turn(&self, mut turn: impl FnMut(&Path, &[u8]) -> Said<Zeroizing<Vec<u8>>>) -> Said<()> {
        if self.output.is_some() && self.files.len() > 1 {
            return Err("--output takes one file at most".into());
        }
        let stdin = [PathBuf::from("-")];
        let files = if self.files.is_empty() { &stdin[..] } else { &self.files[..] };
        let mut turned = Vec::new();
        for path in files {
            let bytes = read(path)?;
            turned.push((path, turn(path, &bytes)?));
        }
        for (path, bytes) in turned {
            write(Output::of(self.output.as_deref().unwrap_or(path)), &bytes)?;
        }
        Ok(())
    }
}

fn encrypt_files(files: &Files, with: &EncryptWith, config: &Config) -> Said<()> {
    let password = with.password(config)?;
    files.turn(|path, bytes| {
        let text = sealed(bytes, &password, config).map_err(|why| format!("`{}`: {why}", path.display()))?;
        Ok(Zeroizing::new(text.into_bytes()))
    })?;
    finished("Encryption successful\n");
    Ok(())
}

fn decrypt_files(files: &Files, vault: &VaultOptions, config: &Config) -> Said<()> {
    let keyring = known(vault, config)?;
    files.turn(|path, bytes| opened(&keyring, path, bytes).map(|(plain, _)| plain))?;
    finished("Decryption successful\n");
    Ok(())
}

fn view(files: &[PathBuf], vault: &VaultOptions, config: &Config) -> Said<()> {
    let keyring = known(vault, config)?;
    for path in files {
        let (plain, _) = opened(&keyring, path, &read(path)?)?;
        write(Output::Stdout, &plain)?;
    }
    Ok(())
}

fn rekey(args: &RekeyArgs, config: &Config) -> Said<()> {
    let keyring = known(&args.with.vault, config)?;
    let id = args.with.id(config);
    let mut wanted = match id {
        Some(_) => VaultDefaults::of(config).wanted()?,
        None => Vec::new(),
    };
    if let Some(id) = &args.new_vault_id {
        wanted.push(Wanted::parse(id, Path::new("."))?);
    }
    wanted.extend(args.new_vault_password_file.as_deref().map(Wanted::file));
    if wanted.is_empty() {
        wanted.push(Wanted::prompt());
    }
    let new = choose(all(&wanted, true)?, id.as_deref())?;
    let mut turned = Vec::new();
    for path in &args.files {
        let (plain, _) = opened(&keyring, path, &read(path)?)?;
        turned.push((path, sealed(&plain, &new, config).map_err(|why| format!("`{}`: {why}", path.display()))?));
    }
    for (path, text) in turned {
        write(Output::of(path), text.as_bytes())?;
    }
    finished("Rekey successful\n");
    Ok(())
}

/// Tells a person that it is done; a pipe gets the result alone.
fn finished(text: &str) {
    if std::io::stdout().is_terminal() {
        say_error(text);
    }
}
