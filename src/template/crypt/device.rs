//! Hashes, and scrambled texts, in which devices show secrets: Cisco's types 5, 7, 8 and 9, and those of `/etc/shadow`.

use super::{LETTERS, MAX_ROUNDS, Scheme, Settings};
use base64::Engine as _;
use base64::alphabet::Alphabet;
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

/// The rounds of SHA hashes in which no number stands.
const SHA_ROUNDS: u32 = 5000;
/// What Cisco's type 8 takes.
const TYPE_8_ROUNDS: u32 = 20_000;
/// What Cisco's type 9 takes: N is 2 to the power of this.
const TYPE_9_COST: u8 = 14;
/// With what Cisco's type 7 scrambles: no secret, it is the same on every device.
const TYPE_7: &[u8] = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87";

/// Claims that what a device shows, and the type that it says it is of, was made of this secret; `None` where that cannot
/// be told.
pub(crate) fn is_of(secret: &str, kind: &str, shown: &str) -> Option<bool> {
    if kind == "7" && !shown.contains('$') {
        return Some(unscrambled(shown)? == secret.as_bytes());
    }
    let parts: Vec<&str> = shown.split('$').collect();
    let hashed = match parts.as_slice() {
        ["", "1", salt, _] => crypt(Scheme::Md5, secret, salt, None)?,
        ["", "5", salt, _] => crypt(Scheme::Sha256, secret, salt, Some(SHA_ROUNDS))?,
        ["", "6", salt, _] => crypt(Scheme::Sha512, secret, salt, Some(SHA_ROUNDS))?,
        ["", "5", rounds, salt, _] => crypt(Scheme::Sha256, secret, salt, Some(rounds_of(rounds)?))?,
        ["", "6", rounds, salt, _] => crypt(Scheme::Sha512, secret, salt, Some(rounds_of(rounds)?))?,
        ["", "8", salt, _] => {
            let mut out = [0; 32];
            pbkdf2::pbkdf2_hmac::<sha2::Sha256>(secret.as_bytes(), salt.as_bytes(), TYPE_8_ROUNDS, &mut out);
            letters(&out)?
        }
        ["", "9", salt, _] => {
            let mut out = [0; 32];
            let params = scrypt::Params::new(TYPE_9_COST, 1, 1).ok()?;
            scrypt::scrypt(secret.as_bytes(), salt.as_bytes(), &params, &mut out).ok()?;
            letters(&out)?
        }
        _ => return None,
    };
    Some(hashed.rsplit('$').next() == parts.last().copied())
}

fn crypt(scheme: Scheme, secret: &str, salt: &str, rounds: Option<u32>) -> Option<String> {
    scheme.hash(secret, &Settings { salt: Some(salt.to_owned()), rounds, ..Settings::default() }).ok()
}

/// Returns the number of `rounds=N`; none that takes longer than anybody waits.
fn rounds_of(text: &str) -> Option<u32> {
    text.strip_prefix("rounds=")?.parse().ok().filter(|rounds| *rounds <= MAX_ROUNDS / 10)
}

fn letters(bytes: &[u8]) -> Option<String> {
    let alphabet = Alphabet::new(std::str::from_utf8(LETTERS).ok()?).ok()?;
    Some(GeneralPurpose::new(&alphabet, NO_PAD).encode(bytes))
}

/// Returns what a text of Cisco's type 7 stands for.
fn unscrambled(text: &str) -> Option<Vec<u8>> {
    let (seed, digits) = text.split_at_checked(2)?;
    let seed: usize = seed.parse().ok()?;
    let pairs = digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    pairs.enumerate().map(|(at, byte)| Some(byte? ^ TYPE_7[(seed + at) % TYPE_7.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_what_devices_show_of_it() {
        // Recorded from passlib 1.7 and hashlib of Python 3.11.
        let cases = [
            ("cisco", "7", "0822455D0A16"),
            ("hunter2-x", "7", "030C4E05120A331E0311"),
            ("hunter2", "5", "$1$abcd$3XZbaqgzuThI2m9mmOxyV1"),
            ("hunter2", "5", "$5$abcdefgh$XEPmEiAJvPG31m/DaIsyckkv.Sxd.8NrmElXxCKFQr/"),
            (
                "hunter2",
                "sha512",
                "$6$abcdefgh$M/eYsB4rVXAm3ZNc88J.UD9rCKAT6FB1rahiwJCHtEndQNORCub5qhjxn50qbqVVthkM.9HpEwtf0t.iV9uH0/",
            ),
            ("hashcat", "8", "$8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk"),
            ("hashcat", "9", "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6"),
        ];
        for (secret, kind, shown) in cases {
            assert_eq!(is_of(secret, kind, shown), Some(true), "{shown}");
            assert_eq!(is_of("another", kind, shown), Some(false), "{shown}");
        }
        for (kind, shown) in [("7", "08224"), ("7", "xy"), ("4", "abc"), ("5", "$5$rounds=99999999$a$b"), ("8", "$8$a")]
        {
            assert_ne!(is_of("cisco", kind, shown), Some(true), "{shown}");
        }
    }
}
