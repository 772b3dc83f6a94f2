//! Private keys in PEM. The TLS binding takes PKCS#8 alone; `openssl` and device exports also write the older forms
//! (`RSA PRIVATE KEY`, `EC PRIVATE KEY`), which become PKCS#8 by a wrapper of a few bytes (RFC 5958).

use crate::redact::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const RSA_ENCRYPTION: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const INTEGER_ZERO: &[u8] = &[0x02, 0x01, 0x00];

/// Returns the PEM blocks whose label is wanted, joined.
pub(super) fn blocks(pem: &str, wanted: impl Fn(&str) -> bool) -> String {
    let mut out = String::new();
    let mut inside = false;
    for line in pem.lines().map(str::trim) {
        if let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|l| l.strip_suffix("-----")) {
            inside = wanted(label);
        }
        if inside {
            out.push_str(line);
            out.push('\n');
        }
        if line.starts_with("-----END ") {
            inside = false;
        }
    }
    out
}

/// Returns the private key of a PEM text as PKCS#8.
pub(super) fn to_pkcs8(pem: &Secret) -> Result<Secret, &'static str> {
    let block = |name: &str| {
        let block = blocks(pem.expose(), |label| label == name);
        (!block.is_empty()).then_some(block)
    };
    if let Some(ready) = block("PRIVATE KEY") {
        return Ok(Secret::new(ready));
    }
    if block("ENCRYPTED PRIVATE KEY").is_some() || pem.expose().contains("Proc-Type: 4,ENCRYPTED") {
        return Err("it is encrypted, and there is nobody to ask for the passphrase");
    }
    if let Some(block) = block("RSA PRIVATE KEY") {
        return wrap(&decode(&block)?, &[RSA_ENCRYPTION]);
    }
    if let Some(block) = block("EC PRIVATE KEY") {
        let der = decode(&block)?;
        let curve = curve(&der).ok_or("it names no curve")?;
        return wrap(&der, &[EC_PUBLIC_KEY, curve]);
    }
    Err("there is no private key in it")
}

fn decode(block: &str) -> Result<Vec<u8>, &'static str> {
    let text: String = block.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(text).map_err(|_| "it is not valid base64")
}

fn wrap(key: &[u8], algorithm: &[&[u8]]) -> Result<Secret, &'static str> {
    let inner = [INTEGER_ZERO, &element(0x30, &algorithm.concat()), &element(0x04, key)].concat();
    let text = STANDARD.encode(element(0x30, &inner));
    Ok(Secret::new(format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")))
}

/// Returns a DER element.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
        out.push(0x80 | bytes.len() as u8);
        out.extend(bytes);
    }
    out.extend_from_slice(content);
    out
}

/// Takes a DER element off the front: its tag, its content, the rest.
fn take(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |sum, b| sum << 8 | usize::from(*b)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// Returns the curve's identifier of an RFC 5915 key: the element inside its `[0]`.
fn curve(der: &[u8]) -> Option<&[u8]> {
    let (_, mut fields, _) = take(der).filter(|(tag, _, _)| *tag == 0x30)?;
    while let Some((tag, content, rest)) = take(fields) {
        if tag == 0xa0 {
            return Some(content);
        }
        fields = rest;
    }
    None
}
