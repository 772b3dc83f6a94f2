//! Ansible's vault: texts that are encrypted with a password.
//!
//! The flow: an [`Envelope`] is what stands in a file (header, salt, digest, ciphertext); `cipher` turns it into bytes
//! and back; a [`Keyring`] holds the passwords of a run and opens what it is given, each text once, and tells the
//! redactor what came out. Nothing here reads files, arguments or terminals.
//!
//! Deriving a key takes milliseconds by design (10,000 rounds): never ask for the same text twice, and never open what
//! nobody uses.

mod cipher;
mod envelope;
mod keyring;
#[cfg(test)]
mod tests;

pub use cipher::{MAX_SALT_BYTES, decrypt, encrypt};
pub use envelope::Envelope;
pub use keyring::{Keyring, Password};

use std::fmt;

/// The name of a password that has none.
pub const DEFAULT_ID: &str = "default";

/// How every encrypted text begins.
pub const HEADER: &str = "$ANSIBLE_VAULT";

/// Claims that bytes are an encrypted text, as far as their beginning shows it.
pub fn is_vault(bytes: &[u8]) -> bool {
    bytes.starts_with(HEADER.as_bytes())
}

/// Why a text cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultError {
    /// It is no vault, or a damaged one; says what is wrong with it.
    Malformed(String),
    /// There is no password.
    NoPassword,
    /// No password fits: they are the wrong ones, or the text was changed.
    NoneFits {
        /// The name of the password that the text asks for.
        wanted: Option<String>,
        /// The names of the passwords that were tried.
        tried: Vec<String>,
    },
    /// It holds bytes where text is needed.
    NotText,
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VaultError::Malformed(why) => write!(f, "vault text is damaged: {why}"),
            VaultError::NoPassword => f.write_str("it is encrypted, and there is no vault password"),
            VaultError::NoneFits { tried, .. } => {
                let (s, them) = if tried.len() == 1 { ("", "it does") } else { ("s", "none of them does") };
                write!(
                    f,
                    "cannot be decrypted with the vault password{s} given: {them} not fit, or the text was changed"
                )
            }
            VaultError::NotText => f.write_str("what is encrypted is not UTF-8 text"),
        }
    }
}

impl VaultError {
    /// Returns what to do about it.
    pub fn help(&self) -> String {
        match self {
            VaultError::Malformed(_) => "take it from where it was made, whole and unchanged".into(),
            VaultError::NoPassword => {
                "give one with `--vault-password-file FILE`, `--vault-id ID@FILE` or `--ask-vault-pass`".into()
            }
            VaultError::NoneFits { wanted: Some(id), tried } if !tried.contains(id) => {
                format!("it was encrypted with the password `{id}`; known are: {}", tried.join(", "))
            }
            VaultError::NoneFits { tried, .. } => format!("tried: {}", tried.join(", ")),
            VaultError::NotText => "only `copy`, `template` and the like take bytes that are no text".into(),
        }
    }
}

impl std::error::Error for VaultError {}
