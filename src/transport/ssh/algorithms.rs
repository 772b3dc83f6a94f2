//! Which algorithms a host is offered.
//!
//! libssh2 is compiled with those of old gear (see `.cargo/config.toml`), and would offer them to everybody. So each
//! session gets explicit lists, in libssh2's own order, and the old ones are on them only for hosts that ask for them.

use ssh2::{MethodType, Session};

/// Sets the lists of a session. Kinds of host key that are written down for the host come first, as in OpenSSH: a
/// server with several keys would otherwise show one that nobody has written down. Certificates come before them all
/// where somebody may sign for the host.
pub(super) fn offer(
    session: &Session,
    legacy: bool,
    known_kinds: &[String],
    certified: bool,
) -> Result<(), ssh2::Error> {
    let both_ways = [
        (MethodType::Kex, MethodType::Kex),
        (MethodType::CryptCs, MethodType::CryptSc),
        (MethodType::MacCs, MethodType::MacSc),
    ];
    for (there, back) in both_ways {
        let list = session.supported_algs(there)?.into_iter().filter(|name| legacy || !is_old(name));
        let list = list.collect::<Vec<_>>().join(",");
        session.method_pref(there, &list)?;
        session.method_pref(back, &list)?;
    }
    let list = session.supported_algs(MethodType::HostKey)?;
    session.method_pref(MethodType::HostKey, &host_key_list(&list, legacy, known_kinds, certified).join(","))?;
    // Signatures with an RSA key of the user's.
    let signatures = if legacy { "rsa-sha2-512,rsa-sha2-256,ssh-rsa" } else { "rsa-sha2-512,rsa-sha2-256" };
    session.method_pref(MethodType::SignAlgo, signatures)
}

/// Claims that only old gear needs an algorithm: SHA-1, MD5, CBC, RC4, DSA.
fn is_old(name: &str) -> bool {
    name == "ssh-rsa"
        || name == "ssh-rsa-cert-v01@openssh.com"
        || name == "ssh-dss"
        || ["sha1", "md5", "cbc", "arcfour", "ripemd"].iter().any(|part| name.contains(part))
}

fn host_key_list<'a>(supported: &[&'a str], legacy: bool, known_kinds: &[String], certified: bool) -> Vec<&'a str> {
    let (certificates, keys): (Vec<&str>, Vec<&str>) =
        supported.iter().copied().filter(|name| legacy || !is_old(name)).partition(|name| name.contains("-cert-"));
    let (known, others): (Vec<&str>, Vec<&str>) =
        keys.into_iter().partition(|name| known_kinds.iter().any(|kind| kind == key_kind(name)));
    // Where nobody may sign, a certificate would only hide the key that is known.
    let certificates = certificates.into_iter().filter(|_| certified);
    certificates.chain(known).chain(others).collect()
}

/// Returns the kind of key that an algorithm signs with.
fn key_kind(algorithm: &str) -> &str {
    if algorithm.starts_with("rsa-sha2-") { "ssh-rsa" } else { algorithm }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libssh2_is_built_with_the_algorithms_of_old_gear() {
        let session = Session::new().unwrap();
        let supported = |kind| session.supported_algs(kind).unwrap();
        for name in ["diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1"] {
            assert!(supported(MethodType::Kex).contains(&name), "{name}: are the flags of .cargo/config.toml in use?");
        }
        assert!(supported(MethodType::HostKey).contains(&"ssh-rsa"));
        assert!(supported(MethodType::CryptCs).contains(&"3des-cbc"));
        assert!(supported(MethodType::MacCs).contains(&"hmac-sha1"));
    }

    #[test]
    fn only_what_is_not_old_is_offered_to_everybody() {
        let cases = [
            ("curve25519-sha256", false),
            ("diffie-hellman-group14-sha256", false),
            ("diffie-hellman-group14-sha1", true),
            ("aes128-ctr", false),
            ("aes128-cbc", true),
            ("hmac-sha2-256-etm@openssh.com", false),
            ("hmac-sha1-96", true),
            ("hmac-md5", true),
            ("rsa-sha2-256", false),
            ("ssh-rsa", true),
        ];
        for (name, old) in cases {
            assert_eq!(is_old(name), old, "{name}");
        }
    }

    #[test]
    fn known_kinds_come_first() {
        let supported = ["ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"];
        let list = |legacy, kind: &str| host_key_list(&supported, legacy, &[kind.to_owned()], false);
        assert_eq!(list(false, "ssh-rsa"), ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
        assert_eq!(list(true, "ssh-rsa"), ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa", "ssh-ed25519"]);
        assert_eq!(list(false, "none"), ["ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"]);
        let certified = host_key_list(&supported, false, &["rsa-sha2-512".into()], true);
        assert_eq!(certified[..2], ["ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519"]);
    }
}
