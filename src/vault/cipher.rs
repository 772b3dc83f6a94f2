//! AES-256 in counter mode, authenticated by HMAC-SHA256, with keys from PBKDF2: what Ansible calls `AES256`.

use super::{Envelope, Password, VaultError};
use aes::Aes256;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Rounds of key derivation, as the format has them.
const ROUNDS: u32 = 10_000;
/// Bytes of the cipher's key, and of the digest's.
const KEY: usize = 32;
/// Bytes of a block, and of the counter's first value.
const BLOCK: usize = 16;
/// The longest salt that is taken from a text: Ansible writes 32 bytes, and one as long as the text would make deriving
/// the key as expensive as an attacker likes.
pub const MAX_SALT_BYTES: usize = 64 << 10;

struct Keys {
    cipher: Zeroizing<[u8; KEY]>,
    digest: Zeroizing<[u8; KEY]>,
    counter: [u8; BLOCK],
}

impl Keys {
    fn derive(password: &Password, salt: &[u8]) -> Keys {
        let mut bytes = Zeroizing::new([0; 2 * KEY + BLOCK]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password.bytes(), salt, ROUNDS, &mut *bytes);
        let mut keys = Keys { cipher: Zeroizing::default(), digest: Zeroizing::default(), counter: [0; BLOCK] };
        keys.cipher.copy_from_slice(&bytes[..KEY]);
        keys.digest.copy_from_slice(&bytes[KEY..2 * KEY]);
        keys.counter.copy_from_slice(&bytes[2 * KEY..]);
        keys
    }

    fn apply(&self, bytes: &mut [u8]) {
        ctr::Ctr128BE::<Aes256>::new((&*self.cipher).into(), (&self.counter).into()).apply_keystream(bytes);
    }

    fn hmac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&*self.digest).expect("HMAC takes keys of any length")
    }
}

/// Encrypts bytes under the password and its name. The salt must be fresh and random: a salt that is used twice gives
/// the difference of the two texts away.
pub fn encrypt(plain: &[u8], password: &Password, salt: &[u8]) -> Envelope {
    let keys = Keys::derive(password, salt);
    let padding = BLOCK - plain.len() % BLOCK;
    let mut ciphertext = plain.to_vec();
    // At most a block: it fits a byte.
    ciphertext.resize(plain.len() + padding, padding as u8);
    keys.apply(&mut ciphertext);
    let digest = keys.hmac().chain_update(&ciphertext).finalize().into_bytes().to_vec();
    Envelope { id: Some(password.id.clone()), salt: salt.to_vec(), digest, ciphertext }
}

/// Decrypts an envelope; `None` when the password does not fit (or the text was changed).
pub fn decrypt(envelope: &Envelope, password: &Password) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
    if envelope.salt.len() > MAX_SALT_BYTES {
        return Err(VaultError::Malformed("its salt is longer than any vault's".into()));
    }
    let keys = Keys::derive(password, &envelope.salt);
    if keys.hmac().chain_update(&envelope.ciphertext).verify_slice(&envelope.digest).is_err() {
        return Ok(None);
    }
    let mut plain = Zeroizing::new(envelope.ciphertext.clone());
    keys.apply(&mut plain);
    let padding = plain.last().copied().map_or(0, usize::from);
    let is_padded = (1..=BLOCK).contains(&padding)
        && plain.len().is_multiple_of(BLOCK)
        && plain[plain.len() - padding..].iter().all(|byte| usize::from(*byte) == padding);
    if !is_padded {
        return Err(VaultError::Malformed("its padding is wrong".into()));
    }
    let length = plain.len() - padding;
    plain.truncate(length);
    Ok(Some(plain))
}
