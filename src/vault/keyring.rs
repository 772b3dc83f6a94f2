use super::{DEFAULT_ID, Envelope, VaultError, decrypt};
use crate::redact::{Redactor, Secret};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use zeroize::Zeroizing;

/// A password and the name it goes by.
#[derive(Clone)]
pub struct Password {
    /// The name (the vault id).
    pub id: String,
    bytes: Arc<Zeroizing<Vec<u8>>>,
}

impl Password {
    /// Takes a password.
    pub fn new(id: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Password {
        Password { id: id.into(), bytes: Arc::new(Zeroizing::new(bytes.into())) }
    }

    /// Returns the password itself.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Password({})", self.id)
    }
}

/// What came of opening a text.
type Opened = Result<Arc<Zeroizing<Vec<u8>>>, VaultError>;

/// The passwords of a run, and what they have opened. Shared by all who read files or render variables.
#[derive(Debug, Default)]
pub struct Keyring {
    passwords: OnceLock<Vec<Password>>,
    /// Only the password whose name a text says is tried.
    matches_names: AtomicBool,
    redactor: Arc<Redactor>,
    /// By the hash of the encrypted text. Whoever asks while another opens the same text waits for it.
    opened: Mutex<HashMap<[u8; 32], Arc<OnceLock<Opened>>>>,
    /// Hashes of the values that were opened as single values (`!vault`).
    values: Mutex<HashSet<[u8; 32]>>,
}

impl Keyring {
    /// Makes a keyring; what it opens is made known to `redactor`.
    pub fn new(passwords: Vec<Password>, redactor: Arc<Redactor>) -> Keyring {
        let keyring = Keyring { redactor, ..Keyring::default() };
        keyring.give(passwords);
        keyring
    }

    /// Gives the passwords to a keyring that has none; they are in files whose names stand in files. Only the first time
    /// counts.
    pub fn give(&self, passwords: Vec<Password>) {
        for password in &passwords {
            if let Ok(text) = std::str::from_utf8(password.bytes()) {
                self.learn(text);
            }
        }
        self.passwords.get_or_init(|| passwords);
    }

    /// Says whether only the password is tried whose name a text says (`vault_id_match`).
    pub fn match_names(&self, only: bool) {
        self.matches_names.store(only, Ordering::Relaxed);
    }

    /// Returns the passwords, the best first.
    pub fn passwords(&self) -> &[Password] {
        self.passwords.get().map_or(&[], Vec::as_slice)
    }

    /// Returns who masks what was opened.
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.redactor
    }

    /// Makes a part of what was opened known as a secret.
    pub fn learn(&self, text: &str) {
        self.redactor.learn(&Secret::new(text));
    }

    /// Makes the literal parts of a template known: what they are put together with is known for itself.
    pub fn learn_template(&self, text: &str) {
        let mut rest = text;
        while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
            self.learn(rest[..start].trim());
            // The mark is two bytes long, and its counterpart has its second byte first.
            let close =
                if rest[start..].starts_with("{{") { "}}" } else { &format!("{}}}", &rest[start + 1..start + 2]) };
            rest = rest[start + 2..].find(close).map_or("", |end| &rest[start + 2 + end + 2..]);
        }
        self.learn(rest.trim());
    }

    /// Opens a text whose parts the caller learns, because as a whole it never shows up: a file of variables.
    pub fn open_file(&self, text: &[u8]) -> Opened {
        let slot = Arc::clone(lock(&self.opened).entry(Sha256::digest(text).into()).or_default());
        slot.get_or_init(|| self.find(text).map(|(plain, _)| Arc::new(plain))).clone()
    }

    /// Opens a text that is a secret as a whole, line by line, and between the marks of templates.
    pub fn open(&self, text: &[u8]) -> Opened {
        let plain = self.open_file(text)?;
        if let Ok(text) = std::str::from_utf8(&plain) {
            self.learn(text);
            self.learn_template(text);
        }
        Ok(plain)
    }

    /// Opens a single value.
    pub fn open_value(&self, text: &str) -> Result<Arc<str>, VaultError> {
        let plain = self.open(text.as_bytes())?;
        let plain = std::str::from_utf8(&plain).map_err(|_| VaultError::NotText)?;
        lock(&self.values).insert(Sha256::digest(plain).into());
        Ok(plain.into())
    }

    /// Claims that a text is a value that was opened by [`Keyring::open_value`].
    pub fn is_opened_value(&self, text: &str) -> bool {
        lock(&self.values).contains(&<[u8; 32]>::from(Sha256::digest(text)))
    }

    /// Opens a text without remembering it; says which password fits.
    pub fn find(&self, text: &[u8]) -> Result<(Zeroizing<Vec<u8>>, &Password), VaultError> {
        let envelope = Envelope::parse(text)?;
        let passwords = self.passwords();
        if passwords.is_empty() {
            return Err(VaultError::NoPassword);
        }
        let wanted = envelope.id.as_deref().unwrap_or(DEFAULT_ID);
        // The name in the text is a hint, not a claim: the others are tried too, as Ansible does.
        let (first, rest): (Vec<&Password>, Vec<&Password>) =
            passwords.iter().partition(|password| password.id == wanted);
        let rest = if self.matches_names.load(Ordering::Relaxed) { Vec::new() } else { rest };
        let mut tried = Vec::new();
        for password in first.into_iter().chain(rest) {
            if let Some(plain) = decrypt(&envelope, password)? {
                return Ok((plain, password));
            }
            tried.push(password.id.clone());
        }
        Err(VaultError::NoneFits { wanted: envelope.id, tried })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
