//! Password hashes in the form that `/etc/shadow` and devices keep them: `$1$`, `$5$`, `$6$`, `$2b$`.
//!
//! The settings are read as passlib reads them, because that is what Ansible hands them to: what it refuses is refused.

mod device;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use md5::{Digest as _, Md5};
use std::fmt::Write as _;

pub(crate) use device::is_of;

/// The letters of salts and hashes, in the order of their values.
const LETTERS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The most rounds: some seconds of work. More is a mistake, or an attack on the machine that renders.
const MAX_ROUNDS: u32 = 10_000_000;
/// The highest cost of bcrypt, whose work doubles with each step: some seconds too.
const MAX_COST: u32 = 16;

/// A way to hash passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Md5,
    Sha256,
    Sha512,
    Bcrypt,
}

/// How to hash; what is not given has the scheme's default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) salt: Option<String>,
    /// The length of a salt that is made up, in letters.
    pub(crate) salt_size: Option<usize>,
    pub(crate) rounds: Option<u32>,
    /// The version of bcrypt: `2`, `2a`, `2b`, `2y`.
    pub(crate) ident: Option<String>,
}

/// The longest password that is hashed, in bytes: passlib's bound, and so Ansible's. Work grows with its length times the
/// rounds, so that one of megabytes would take hours.
const LONGEST_PASSWORD: usize = 4096;

impl Scheme {
    /// Returns the scheme of one of its names.
    pub(crate) fn named(name: &str) -> Option<Scheme> {
        Some(match name {
            "md5" | "md5_crypt" => Scheme::Md5,
            "sha256" | "sha256_crypt" => Scheme::Sha256,
            "sha512" | "sha512_crypt" => Scheme::Sha512,
            "blowfish" | "bcrypt" => Scheme::Bcrypt,
            _ => return None,
        })
    }

    /// Returns the longest salt.
    pub(crate) fn salt_size(self) -> usize {
        match self {
            Scheme::Md5 => 8,
            Scheme::Sha256 | Scheme::Sha512 => 16,
            Scheme::Bcrypt => 22,
        }
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// Says which setting the scheme does not take.
    pub(crate) fn hash(self, password: &str, settings: &Settings) -> Result<String, String> {
        if password.contains('\0') {
            return Err("the password has a NUL character".into());
        }
        if password.len() > LONGEST_PASSWORD {
            return Err(format!("the password is longer than {LONGEST_PASSWORD} bytes"));
        }
        let salt = self.salt(settings)?;
        match self {
            Scheme::Md5 => {
                if settings.rounds.is_some() {
                    return Err("MD5 hashes have no `rounds`".into());
                }
                Ok(md5_crypt(password.as_bytes(), &salt))
            }
            Scheme::Sha256 => sha(password, &salt, settings.rounds.unwrap_or(535_000), '5'),
            Scheme::Sha512 => sha(password, &salt, settings.rounds.unwrap_or(656_000), '6'),
            Scheme::Bcrypt => bcrypt(password, &salt, settings),
        }
    }

    fn salt(self, settings: &Settings) -> Result<String, String> {
        let most = self.salt_size();
        let is_exact = self == Scheme::Bcrypt;
        let fits = |size: usize| if is_exact { size == most } else { size <= most };
        if let Some(salt) = settings.salt.as_ref().filter(|salt| !salt.is_empty()) {
            if !salt.bytes().all(|b| LETTERS.contains(&b)) {
                return Err("the salt has other characters than letters, digits, `.` and `/`".into());
            }
            let wanted = if is_exact { "exactly" } else { "at most" };
            return match fits(salt.len()) {
                true => Ok(salt.clone()),
                false => Err(format!("the salt has {} characters; it takes {wanted} {most}", salt.len())),
            };
        }
        let size = settings.salt_size.unwrap_or(most);
        if !fits(size) {
            return Err(format!("`salt_size` is {size}, which this hash does not take"));
        }
        // Version 4 UUIDs come from the system's random numbers: 122 bits each, of which 16 bytes are hashed to letters.
        let mut salt = String::new();
        while salt.len() < size {
            let seed = Md5::digest(uuid::Uuid::new_v4().as_bytes());
            salt.extend(seed.iter().map(|byte| char::from(LETTERS[usize::from(byte & 63)])));
        }
        salt.truncate(size);
        Ok(salt)
    }
}

fn sha(password: &str, salt: &str, rounds: u32, id: char) -> Result<String, String> {
    if rounds > MAX_ROUNDS {
        return Err(format!("`rounds` is {rounds}, which is more than {MAX_ROUNDS}"));
    }
    let params = sha_crypt::Params::new(rounds).map_err(|_| format!("`rounds` is {rounds}; it wants at least 1000"))?;
    let mut out = format!("${id}$");
    // The number that every implementation takes when none stands there.
    if rounds != 5000 {
        let _ = write!(out, "rounds={rounds}$");
    }
    out.push_str(salt);
    out.push('$');
    let (password, salt) = (password.as_bytes(), salt.as_bytes());
    match id {
        '5' => {
            let hash = sha_crypt::sha256_crypt(password, salt, params);
            for [a, b, c] in rotated(10, [0, 10, 20], 21) {
                letters(&mut out, [hash[a], hash[b], hash[c]], 4);
            }
            letters(&mut out, [0, hash[31], hash[30]], 3);
        }
        _ => {
            let hash = sha_crypt::sha512_crypt(password, salt, params);
            for [a, b, c] in rotated(21, [0, 21, 42], 22) {
                letters(&mut out, [hash[a], hash[b], hash[c]], 4);
            }
            letters(&mut out, [0, 0, hash[63]], 2);
        }
    }
    Ok(out)
}

/// Returns the triples of bytes in which the SHA hashes are written: each is the one before, rotated and one further.
fn rotated(count: usize, first: [usize; 3], step: usize) -> impl Iterator<Item = [usize; 3]> {
    let size = count * 3;
    (0..count).map(move |n| first.map(|at| (at + n * step) % size))
}

/// Writes up to 24 bits as letters, the lowest six first.
fn letters(out: &mut String, [high, middle, low]: [u8; 3], count: usize) {
    let mut bits = u32::from(high) << 16 | u32::from(middle) << 8 | u32::from(low);
    for _ in 0..count {
        out.push(char::from(LETTERS[(bits & 63) as usize]));
        bits >>= 6;
    }
}

/// The hash of FreeBSD that IOS calls type 5.
fn md5_crypt(password: &[u8], salt: &str) -> String {
    let salt_bytes = salt.as_bytes();
    let inner = Md5::new().chain_update(password).chain_update(salt_bytes).chain_update(password).finalize();
    let mut hash = Md5::new().chain_update(password).chain_update(b"$1$").chain_update(salt_bytes);
    for at in (0..password.len()).step_by(16) {
        hash.update(&inner[..16.min(password.len() - at)]);
    }
    let mut length = password.len();
    while length > 0 {
        hash.update(if length & 1 == 1 { &[0][..] } else { &password[..1] });
        length >>= 1;
    }
    let mut digest = hash.finalize();
    for round in 0..1000 {
        let mut hash = Md5::new();
        let odd = round % 2 == 1;
        hash.update(if odd { password } else { &digest[..] });
        if round % 3 != 0 {
            hash.update(salt_bytes);
        }
        if round % 7 != 0 {
            hash.update(password);
        }
        hash.update(if odd { &digest[..] } else { password });
        digest = hash.finalize();
    }
    let mut out = format!("$1${salt}$");
    for [a, b, c] in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        letters(&mut out, [digest[a], digest[b], digest[c]], 4);
    }
    letters(&mut out, [0, 0, digest[11]], 2);
    out
}

fn bcrypt(password: &str, salt: &str, settings: &Settings) -> Result<String, String> {
    let cost = settings.rounds.unwrap_or(12);
    if !(4..=MAX_COST).contains(&cost) {
        return Err(format!("`rounds` of bcrypt is its cost, from 4 to {MAX_COST}, not {cost}"));
    }
    let ident = settings.ident.as_deref().unwrap_or("2b").trim_matches('$');
    if !matches!(ident, "2" | "2a" | "2b" | "2y") {
        return Err(format!("`ident` is `2`, `2a`, `2b` or `2y`, not `{ident}`"));
    }
    if settings.salt_size.is_some_and(|size| size != Scheme::Bcrypt.salt_size()) {
        return Err("`salt_size` of bcrypt is 22".into());
    }
    let config = GeneralPurposeConfig::new().with_encode_padding(false).with_decode_allow_trailing_bits(true);
    let config = config.with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone);
    let codec = GeneralPurpose::new(&alphabet::BCRYPT, config);
    // 22 letters have four bits more than 16 bytes; they count for nothing and are written as none.
    let bytes = codec.decode(salt).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    let bytes = bytes.ok_or("the salt is no bcrypt salt")?;
    let mut key = password.as_bytes().to_vec();
    // The first version has no NUL between the repetitions of the password.
    if ident != "2" {
        key.push(0);
    }
    if key.is_empty() {
        return Err("the first version of bcrypt takes no empty password".into());
    }
    key.truncate(72);
    let hash = bcrypt::bcrypt(cost, bytes, &key);
    Ok(format!("${ident}${cost:02}${}{}", codec.encode(bytes), codec.encode(&hash[..23])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(scheme: Scheme, password: &str, salt: &str, rounds: Option<u32>) -> String {
        let settings = Settings { salt: Some(salt.into()), rounds, ..Settings::default() };
        scheme.hash(password, &settings).unwrap()
    }

    #[test]
    fn hashes_are_those_of_other_implementations() {
        // What `openssl passwd` and OpenBSD's own vectors give.
        let cases = [
            (
                Scheme::Sha512,
                "Hello world!",
                "saltstring",
                Some(5000),
                "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
            ),
            (
                Scheme::Sha256,
                "Hello world!",
                "saltstring",
                Some(5000),
                "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
            ),
            (Scheme::Md5, "password", "saltsalt", None, "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/"),
            (
                Scheme::Bcrypt,
                "abc",
                "If6bvum7DFjUnE9p2uDeDu",
                Some(6),
                "$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
            ),
        ];
        for (scheme, password, salt, rounds, wanted) in cases {
            assert_eq!(hashed(scheme, password, salt, rounds), wanted, "{scheme:?}");
        }
    }

    #[test]
    fn made_up_salts_differ_and_fit() {
        for scheme in [Scheme::Md5, Scheme::Bcrypt] {
            let settings = Settings { rounds: (scheme == Scheme::Bcrypt).then_some(4), ..Settings::default() };
            let (one, other) = (scheme.hash("x", &settings).unwrap(), scheme.hash("x", &settings).unwrap());
            assert_ne!(one, other);
            assert_eq!(scheme.salt(&settings).unwrap().len(), scheme.salt_size());
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let refused = [
            (Scheme::Sha512, Settings { rounds: Some(999), ..Settings::default() }),
            (Scheme::Sha512, Settings { rounds: Some(u32::MAX), ..Settings::default() }),
            (Scheme::Sha512, Settings { salt: Some("a$b".into()), ..Settings::default() }),
            (Scheme::Sha512, Settings { salt: Some("x".repeat(17)), ..Settings::default() }),
            (Scheme::Sha256, Settings { salt_size: Some(17), ..Settings::default() }),
            (Scheme::Md5, Settings { rounds: Some(5000), ..Settings::default() }),
            (Scheme::Bcrypt, Settings { rounds: Some(31), ..Settings::default() }),
            (Scheme::Bcrypt, Settings { salt: Some("short".into()), ..Settings::default() }),
            (Scheme::Bcrypt, Settings { ident: Some("2x".into()), ..Settings::default() }),
        ];
        for (scheme, settings) in refused {
            assert!(scheme.hash("x", &settings).is_err(), "{scheme:?} {settings:?}");
        }
        assert!(Scheme::Sha512.hash("a\0b", &Settings::default()).is_err());
        let settings = Settings { rounds: Some(1000), ..Settings::default() };
        assert!(Scheme::Sha512.hash(&"a".repeat(4096), &settings).is_ok());
        let refused = Scheme::Sha512.hash(&"a".repeat(4097), &settings);
        assert_eq!(refused, Err("the password is longer than 4096 bytes".into()));
    }
}
