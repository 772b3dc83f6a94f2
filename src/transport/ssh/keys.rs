//! Private keys. An encrypted key is decrypted once a run: OpenSSH's key derivation is made to be slow (some 0.3 s), and
//! libssh2 would go through it again for every connection. An Ed25519 key, the usual one, signs here: libssh2 reads its text
//! anew for every connection, in every way that OpenSSL knows before its own, and derives its public part, which is a third
//! of the work of a login.

use crate::redact::Secret;
use ed25519_dalek::{Signer as _, SigningKey};
use ssh_key::{Algorithm, LineEnding, PrivateKey, PublicKey};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// The largest file that is taken for a private key.
const LARGEST_KEY_BYTES: u64 = 64 * 1024;

/// A private key that libssh2 can read.
#[derive(Debug)]
pub(super) struct Key {
    /// The text, decrypted where that could be done here.
    pub(super) text: KeyText,
    /// The passphrase that libssh2 still needs: of a PEM or PKCS#8 file, which it decrypts quickly by itself.
    pub(super) passphrase: Option<Secret>,
    /// Its public part, where the file is in OpenSSH's own form: libssh2 would derive it anew for every connection.
    pub(super) public: Option<Public>,
    /// What signs, where that is not left to libssh2.
    pub(super) signer: Option<KeySigner>,
}

/// An Ed25519 key. What it prints for debugging has no private part, and its memory is overwritten.
#[derive(Debug)]
pub(super) struct KeySigner {
    key: SigningKey,
    /// The public part as SSH has it on the wire.
    pub(super) public: Vec<u8>,
}

impl KeySigner {
    fn of(key: &PrivateKey) -> Option<KeySigner> {
        let pair = key.key_data().ed25519()?;
        // A file may name another public part than its own.
        let signer = SigningKey::try_from(pair).ok()?;
        Some(KeySigner { key: signer, public: key.public_key().to_bytes().ok()? })
    }

    /// Signs as RFC 8709 has it: the 64 bytes of the signature alone.
    pub(super) fn sign(&self, data: &[u8]) -> Vec<u8> {
        self.key.sign(data).to_vec()
    }
}

/// The public part of a private key.
#[derive(Debug)]
pub(super) struct Public {
    pub(super) key: PublicKey,
    /// Its line, as libssh2 takes it.
    pub(super) line: String,
}

impl Public {
    /// Returns the public part of a key whose signatures libssh2 makes by itself: no key of a token's.
    fn of(key: &PrivateKey) -> Option<Public> {
        if !matches!(key.algorithm(), Algorithm::Ed25519 | Algorithm::Ecdsa { .. } | Algorithm::Rsa { .. }) {
            return None;
        }
        let key = PublicKey::from(key.public_key().key_data().clone());
        let line = key.to_openssh().ok()?;
        Some(Public { key, line })
    }
}

/// The text of a private key. Its `Debug` keeps it to itself, and its memory is overwritten.
pub(super) struct KeyText(Zeroizing<String>);

impl KeyText {
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyText(********)")
    }
}

/// Why a private key cannot be used: a fragment that fits after the name of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyProblem {
    /// There is no such file.
    Missing,
    /// Something else.
    Unusable(String),
}

type Loaded = Result<Arc<Key>, KeyProblem>;

/// The private keys of a run.
#[derive(Debug, Default)]
pub(super) struct KeyCache(Mutex<HashMap<PathBuf, Arc<Mutex<Slots>>>>);

/// What came of a file, for each passphrase it was tried with.
type Slots = Vec<(Option<Secret>, Loaded)>;

impl KeyCache {
    /// Loads a key. Threads that want the same one wait for the first of them.
    pub(super) fn load(&self, path: &Path, passphrase: Option<&Secret>) -> Loaded {
        let slots = {
            let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(files.entry(path.to_owned()).or_default())
        };
        let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, loaded)) = slots.iter().find(|(tried, _)| tried.as_ref() == passphrase) {
            return loaded.clone();
        }
        let loaded = read_key(path, passphrase).map(Arc::new);
        slots.push((passphrase.cloned(), loaded.clone()));
        loaded
    }
}

fn read_key(path: &Path, passphrase: Option<&Secret>) -> Result<Key, KeyProblem> {
    let unusable = |why: &str| KeyProblem::Unusable(why.to_owned());
    let size = match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => meta.len(),
        Ok(_) => return Err(unusable("is not a file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(KeyProblem::Missing),
        Err(error) => return Err(KeyProblem::Unusable(format!("cannot be read: {}", super::link::plain(&error)))),
    };
    if size > LARGEST_KEY_BYTES {
        return Err(unusable("is too large for a private key"));
    }
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => unusable("is not a private key in text form"),
        _ => KeyProblem::Unusable(format!("cannot be read: {}", super::link::plain(&error))),
    })?;
    let passphrase = passphrase.filter(|passphrase| !passphrase.expose().is_empty());
    if !text.contains("PRIVATE KEY-----") {
        return Err(unusable(if text.starts_with("ssh-") || text.starts_with("ecdsa-") {
            "is a public key"
        } else {
            "is not a private key"
        }));
    }
    if !text.contains("BEGIN OPENSSH PRIVATE KEY") {
        let encrypted = text.contains("ENCRYPTED");
        if encrypted && passphrase.is_none() {
            return Err(unusable("is encrypted, and there is no passphrase"));
        }
        let passphrase = passphrase.filter(|_| encrypted).cloned();
        return Ok(Key { text: KeyText(text), passphrase, public: None, signer: None });
    }
    match PrivateKey::from_openssh(text.as_bytes()) {
        Ok(key) if key.is_encrypted() => {
            let passphrase = passphrase.ok_or_else(|| unusable("is encrypted, and there is no passphrase"))?;
            let key =
                key.decrypt(passphrase.expose()).map_err(|_| unusable("cannot be decrypted with the passphrase"))?;
            let text = key.to_openssh(LineEnding::LF).map_err(|error| KeyProblem::Unusable(error.to_string()))?;
            Ok(Key { text: KeyText(text), passphrase: None, public: Public::of(&key), signer: KeySigner::of(&key) })
        }
        Ok(key) => {
            Ok(Key { text: KeyText(text), passphrase: None, public: Public::of(&key), signer: KeySigner::of(&key) })
        }
        // libssh2 knows kinds of key that this reader does not.
        Err(_) => Ok(Key { text: KeyText(text), passphrase: passphrase.cloned(), public: None, signer: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssh_key::{Algorithm, rand_core::OsRng};

    #[test]
    fn a_key_is_decrypted_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("id");
        let key = PrivateKey::random(&mut OsRng, Algorithm::Ed25519).unwrap();
        let encrypted = key.encrypt(&mut OsRng, "correct horse").unwrap();
        std::fs::write(&path, encrypted.to_openssh(LineEnding::LF).unwrap()).unwrap();
        let cache = KeyCache::default();
        let secret = Secret::new("correct horse");
        let loaded = cache.load(&path, Some(&secret)).unwrap();
        assert!(!PrivateKey::from_openssh(loaded.text.expose()).unwrap().is_encrypted());
        assert!(loaded.passphrase.is_none());
        assert_eq!(
            loaded.public.as_ref().map(|public| &public.key),
            Some(&PublicKey::from(key.public_key().key_data().clone()))
        );
        // The file is not even read again.
        std::fs::remove_file(&path).unwrap();
        assert!(Arc::ptr_eq(&loaded, &cache.load(&path, Some(&secret)).unwrap()));
    }

    #[test]
    fn an_ed25519_key_signs_here_and_shows_nothing_of_itself() {
        let key = PrivateKey::random(&mut OsRng, Algorithm::Ed25519).unwrap();
        let signer = KeySigner::of(&key).expect("an Ed25519 key");
        let signature = ed25519_dalek::Signature::from_slice(&signer.sign(b"data")).expect("64 bytes");
        let public = key.public_key().key_data().ed25519().expect("an Ed25519 key").0;
        let public = ed25519_dalek::VerifyingKey::from_bytes(&public).expect("a point");
        assert!(
            public.verify_strict(b"data", &signature).is_ok() && public.verify_strict(b"date", &signature).is_err()
        );
        let private = key.key_data().ed25519().expect("an Ed25519 key").private.to_bytes();
        let shown = format!("{signer:?}");
        let as_list = format!("{:?}", &private[..8]);
        assert!(!shown.contains(as_list.trim_matches(['[', ']'])), "{shown}");
        let other = PrivateKey::random(&mut OsRng, Algorithm::Ecdsa { curve: ssh_key::EcdsaCurve::NistP256 }).unwrap();
        assert!(KeySigner::of(&other).is_none());
    }

    #[test]
    fn a_key_that_cannot_be_used_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let key = PrivateKey::random(&mut OsRng, Algorithm::Ed25519).unwrap();
        let encrypted = key.encrypt(&mut OsRng, "right").unwrap().to_openssh(LineEnding::LF).unwrap();
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n";
        let cases: [(&str, &[u8], Option<&str>, &str); 6] = [
            ("locked", encrypted.as_bytes(), None, "is encrypted, and there is no passphrase"),
            ("wrong", encrypted.as_bytes(), Some("left"), "cannot be decrypted with the passphrase"),
            ("pem", pem.as_bytes(), None, "is encrypted, and there is no passphrase"),
            ("public", b"ssh-ed25519 AAAA x", None, "is a public key"),
            ("text", b"hello", None, "is not a private key"),
            ("binary", b"\xff\xfe\x00", None, "is not a private key in text form"),
        ];
        for (name, content, passphrase, why) in cases {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            let problem = KeyCache::default().load(&path, passphrase.map(Secret::new).as_ref()).unwrap_err();
            assert_eq!(problem, KeyProblem::Unusable(why.to_owned()), "{name}");
        }
        assert_eq!(KeyCache::default().load(&dir.path().join("none"), None).unwrap_err(), KeyProblem::Missing);
    }
}
