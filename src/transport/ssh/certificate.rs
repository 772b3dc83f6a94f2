//! Certificates: a host's key that an authority of the known hosts has signed, and certificates beside the user's keys.

use super::keys::Key;
use super::known_hosts::HostKey;
use ssh_key::certificate::{CertType, Certificate};
use ssh_key::{HashAlg, PublicKey};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The largest file that is taken for a certificate.
const LARGEST_BYTES: u64 = 64 * 1024;

/// Claims that what a server has shown is a certificate.
pub(super) fn is_certificate(kind: &str) -> bool {
    kind.contains("-cert-v")
}

/// A host's certificate that can be judged.
pub(super) struct HostCertificate(Certificate);

impl HostCertificate {
    /// Reads what a server has shown.
    pub(super) fn read(blob: &[u8]) -> Result<HostCertificate, String> {
        Certificate::from_bytes(blob).map(HostCertificate).map_err(|_| "cannot be read".into())
    }

    /// Returns the keys that it stands on, in the form of known hosts: the host's own and the authority's.
    pub(super) fn keys(&self) -> Vec<HostKey> {
        let blob = |key: &ssh_key::public::KeyData| PublicKey::from(key.clone()).to_bytes().ok();
        let blobs = [self.0.public_key(), self.0.signature_key()].into_iter().filter_map(blob);
        blobs.filter_map(|blob| HostKey::from_blob(&blob)).collect()
    }

    /// Judges it for a host's name: a fragment that fits after "the certificate".
    pub(super) fn check(&self, name: &str, authorities: &[HostKey], now: u64) -> Result<(), String> {
        if self.0.cert_type() != CertType::Host {
            return Err("is none of a host".into());
        }
        let signer = self.0.signature_key().fingerprint(HashAlg::Sha256);
        if !authorities.iter().any(|authority| authority.fingerprint() == signer.to_string()) {
            return Err(format!("is signed by {signer}, which no file of known hosts names as an authority for it"));
        }
        let principals = self.0.valid_principals();
        if !principals.is_empty() && !principals.iter().any(|principal| principal.eq_ignore_ascii_case(name)) {
            return Err(format!("is for {}, not for {name}", principals.join(", ")));
        }
        if let Some((option, _)) = self.0.critical_options().iter().next() {
            return Err(format!("has an option that nobody here knows: {option}"));
        }
        if now < self.0.valid_after() || now >= self.0.valid_before() {
            return Err("is not valid at this time".into());
        }
        self.0.validate_at(now, [&signer]).map_err(|_| "has a signature that is wrong".into())
    }
}

/// A certificate for a key of the user's.
pub(super) struct UserCertificate {
    pub(super) path: PathBuf,
    /// Its line, as libssh2 takes it for a public key.
    pub(super) text: String,
}

/// Returns the certificates for a key: the one beside it (`KEY-cert.pub`), and those that are named and made for it.
pub(super) fn of_key(path: &Path, key: &Key, named: &[PathBuf]) -> Vec<UserCertificate> {
    let mut beside = path.as_os_str().to_owned();
    beside.push("-cert.pub");
    let all = std::iter::once((PathBuf::from(beside), true)).chain(named.iter().map(|path| (path.clone(), false)));
    all.filter_map(|(path, is_beside)| {
        let (text, certificate) = read(&path).ok()?;
        let fits = match &key.public {
            Some(own) => own.key.key_data() == certificate.public_key(),
            // Of other forms of key the public part is not known here; its neighbour is taken at its word.
            None => is_beside,
        };
        (fits && certificate.cert_type() == CertType::User).then_some(UserCertificate { path, text })
    })
    .collect()
}

/// Returns why a named certificate cannot be used: a fragment that fits after its name.
pub(super) fn problem(path: &Path) -> Option<&'static str> {
    read(path).err()
}

fn read(path: &Path) -> Result<(String, Certificate), &'static str> {
    let size = std::fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "does not exist",
        _ => "cannot be read",
    })?;
    if size.len() > LARGEST_BYTES {
        return Err("is too large for a certificate");
    }
    let text = std::fs::read_to_string(path).map_err(|_| "cannot be read")?;
    let text = text.trim().to_owned();
    let certificate = Certificate::from_openssh(&text).map_err(|_| "is no certificate")?;
    Ok((text, certificate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssh_key::certificate::Builder;
    use ssh_key::{Algorithm, PrivateKey, rand_core::OsRng};

    fn random() -> PrivateKey {
        PrivateKey::random(&mut OsRng, Algorithm::Ed25519).unwrap()
    }

    fn host_key(key: &PrivateKey) -> HostKey {
        HostKey::from_blob(&key.public_key().to_bytes().unwrap()).unwrap()
    }

    /// A certificate of a host that is valid from 100 to 200, after a change to it.
    fn made(authority: &PrivateKey, change: impl FnOnce(&mut Builder)) -> HostCertificate {
        let key = random();
        let mut builder = Builder::new_with_random_nonce(&mut OsRng, key.public_key(), 100, 200).unwrap();
        change(&mut builder);
        HostCertificate(builder.sign(authority).unwrap())
    }

    #[test]
    fn a_host_certificate_is_judged_as_openssh_does() {
        let (ours, theirs) = (random(), random());
        let authorities = [host_key(&ours)];
        let host = |builder: &mut Builder| {
            builder.cert_type(CertType::Host).unwrap().valid_principal("h.example").unwrap();
        };
        let good = made(&ours, host);
        assert_eq!(good.check("H.example", &authorities, 150), Ok(()));
        for (name, now, why) in
            [("other", 150, "is for h.example, not for other"), ("h.example", 200, "not valid at this time")]
        {
            assert!(good.check(name, &authorities, now).unwrap_err().contains(why), "{why}");
        }
        assert!(made(&theirs, host).check("h.example", &authorities, 150).unwrap_err().contains("which no file"));
        let user = |builder: &mut Builder| {
            builder.cert_type(CertType::User).unwrap().valid_principal("h.example").unwrap();
        };
        assert!(made(&ours, user).check("h.example", &authorities, 150).unwrap_err().contains("none of a host"));
        let option = |builder: &mut Builder| {
            host(builder);
            builder.critical_option("verify-more", "x").unwrap();
        };
        assert!(made(&ours, option).check("h.example", &authorities, 150).unwrap_err().contains("verify-more"));
    }

    #[test]
    fn a_certificate_with_other_bytes_is_refused() {
        let ours = random();
        let good = made(&ours, |builder| {
            builder.cert_type(CertType::Host).unwrap().valid_principal("h").unwrap();
        });
        let mut blob = good.0.to_bytes().unwrap();
        assert_eq!(HostCertificate::read(&blob).unwrap().check("h", &[host_key(&ours)], 150), Ok(()));
        // The nonce is signed as well.
        let at = 4 + "ssh-ed25519-cert-v01@openssh.com".len() + 4;
        blob[at] ^= 1;
        let changed = HostCertificate::read(&blob).unwrap().check("h", &[host_key(&ours)], 150);
        assert!(changed.unwrap_err().contains("signature"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let mut blob = 32u32.to_be_bytes().to_vec();
            blob.extend_from_slice(b"ssh-ed25519-cert-v01@openssh.com");
            blob.extend_from_slice(&bytes);
            let _ = HostCertificate::read(&blob);
            let _ = HostCertificate::read(&bytes);
        }
    }
}
