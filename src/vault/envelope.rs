use super::{DEFAULT_ID, HEADER, VaultError};
use std::fmt::Write as _;

/// How many characters stand in a line of an encrypted text.
const LINE: usize = 80;

/// What stands in an encrypted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The name of the password, where the text (format 1.2) says one.
    pub id: Option<String>,
    /// What the key is derived from beside the password.
    pub salt: Vec<u8>,
    /// The HMAC-SHA256 of the ciphertext.
    pub digest: Vec<u8>,
    /// The encrypted bytes.
    pub ciphertext: Vec<u8>,
}

impl Envelope {
    /// Reads an encrypted text of format 1.1 or 1.2.
    pub fn parse(text: &[u8]) -> Result<Envelope, VaultError> {
        let bad = |why: &str| VaultError::Malformed(why.into());
        let text = std::str::from_utf8(text).map_err(|_| bad("it holds bytes that are no text"))?;
        let mut lines = text.lines();
        let mut header = lines.next().unwrap_or_default().trim().split(';').map(str::trim);
        if header.next() != Some(HEADER) {
            return Err(bad("it does not begin with `$ANSIBLE_VAULT`"));
        }
        let (Some(_version), Some(cipher)) = (header.next(), header.next()) else {
            return Err(bad("its first line must read `$ANSIBLE_VAULT;1.1;AES256`, or 1.2 with an id behind"));
        };
        if cipher != "AES256" {
            return Err(VaultError::Malformed(format!("it says cipher `{cipher}`, and there is `AES256` alone")));
        }
        let id = header.next().filter(|id| !id.is_empty()).map(str::to_owned);
        let body = unhex(lines.flat_map(str::bytes))?;
        let mut parts = body.splitn(3, |byte| *byte == b'\n');
        let (Some(salt), Some(digest), Some(ciphertext)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("it ends too early"));
        };
        Ok(Envelope {
            id,
            salt: unhex(salt.iter().copied())?,
            digest: unhex(digest.iter().copied())?,
            ciphertext: unhex(ciphertext.iter().copied())?,
        })
    }

    /// Returns the text as it stands in a file: format 1.2 where the password has a name, 1.1 where it has none.
    pub fn to_text(&self) -> String {
        let body = [hex(&self.salt), hex(&self.digest), hex(&self.ciphertext)].join("\n");
        let body = hex(body.as_bytes());
        let mut text = match self.id.as_deref().filter(|id| *id != DEFAULT_ID) {
            Some(id) => format!("{HEADER};1.2;AES256;{id}\n"),
            None => format!("{HEADER};1.1;AES256\n"),
        };
        // The digits are ASCII, so that every byte ends a character.
        for start in (0..body.len()).step_by(LINE) {
            text.push_str(&body[start..(start + LINE).min(body.len())]);
            text.push('\n');
        }
        text
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(digits: impl Iterator<Item = u8>) -> Result<Vec<u8>, VaultError> {
    let mut bytes = Vec::new();
    let mut high = None;
    for digit in digits {
        let value = (digit as char).to_digit(16).ok_or_else(|| {
            VaultError::Malformed(format!("`{}` is no hexadecimal digit", (digit as char).escape_default()))
        })? as u8;
        match high.take() {
            None => high = Some(value),
            Some(high) => bytes.push((high << 4) | value),
        }
    }
    match high {
        None => Ok(bytes),
        Some(_) => Err(VaultError::Malformed("it has an odd number of digits".into())),
    }
}
