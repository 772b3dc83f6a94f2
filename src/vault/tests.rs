use super::*;
use crate::redact::Redactor;
use proptest::prelude::*;
use std::sync::Arc;

fn keyring(passwords: &[(&str, &str)]) -> Keyring {
    let passwords = passwords.iter().map(|(id, text)| Password::new(*id, *text)).collect();
    Keyring::new(passwords, Arc::default())
}

/// A case as `tests/vault/record.py` wrote it.
#[derive(serde::Deserialize)]
struct Case {
    id: String,
    password: String,
    /// In base64: it may be no text.
    plain: String,
    salt: String,
    text: String,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../tests/vault/recorded.json")).expect("the recording is JSON")
}

fn bytes(case: &Case) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(&case.plain).expect("the recording is base64")
}

#[test]
fn what_ansible_has_encrypted_opens() {
    let cases = cases();
    assert!(cases.len() >= 10);
    for case in cases {
        let keyring = keyring(&[("other", "wrong"), (&case.id, &case.password)]);
        assert_eq!(keyring.open_file(case.text.as_bytes()).unwrap().to_vec(), bytes(&case), "{}", case.text);
        let crlf = case.text.replace('\n', "\r\n");
        assert_eq!(keyring.open_file(crlf.as_bytes()).unwrap().to_vec(), bytes(&case));
    }
}

#[test]
fn the_same_salt_gives_the_text_that_ansible_writes() {
    for case in cases() {
        let password = Password::new(case.id.as_str(), case.password.as_str());
        assert_eq!(encrypt(&bytes(&case), &password, case.salt.as_bytes()).to_text(), case.text);
    }
}

#[test]
fn the_named_password_is_tried_first_and_the_others_too() {
    let text = encrypt(b"plain", &Password::new("prod", "p1"), b"salt").to_text();
    assert!(text.starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n"));
    assert_eq!(keyring(&[("dev", "p2"), ("prod", "p1")]).find(text.as_bytes()).unwrap().1.id, "prod");
    assert_eq!(keyring(&[("dev", "p1")]).find(text.as_bytes()).unwrap().1.id, "dev");
}

#[test]
fn only_the_named_password_is_tried_where_names_must_match() {
    let text = encrypt(b"plain", &Password::new("prod", "p1"), b"salt").to_text();
    let strict = |passwords| {
        let keyring = keyring(passwords);
        keyring.match_names(true);
        keyring
    };
    assert_eq!(strict(&[("dev", "p2"), ("prod", "p1")]).find(text.as_bytes()).unwrap().1.id, "prod");
    assert!(matches!(strict(&[("dev", "p1")]).open_file(text.as_bytes()), Err(VaultError::NoneFits { .. })));
}

#[test]
fn a_text_that_cannot_be_opened_says_why() {
    let text = encrypt(b"plain", &Password::new("prod", "p1"), b"salt").to_text();
    let why = |keyring: Keyring, text: &str| keyring.open_file(text.as_bytes()).unwrap_err();
    assert_eq!(why(keyring(&[]), &text), VaultError::NoPassword);
    let wrong = why(keyring(&[("dev", "x")]), &text);
    assert_eq!(wrong, VaultError::NoneFits { wanted: Some("prod".into()), tried: vec!["dev".into()] });
    assert_eq!(wrong.help(), "it was encrypted with the password `prod`; known are: dev");
    // A digit of the ciphertext changed; it stays a digit.
    let mut tampered = text.clone().into_bytes();
    let at = tampered.len() - 2;
    tampered[at] = if tampered[at] == b'1' { b'2' } else { b'1' };
    let tampered = String::from_utf8(tampered).unwrap();
    assert!(matches!(why(keyring(&[("prod", "p1")]), &tampered), VaultError::NoneFits { .. }), "{tampered}");
    for damaged in [
        "",
        "$ANSIBLE_VAULT",
        "$ANSIBLE_VAULT;1.1;AES\n31\n",
        "$ANSIBLE_VAULT;1.1;AES256\n3\n",
        "$ANSIBLE_VAULT;1.1;AES256\nzz\n",
        "$ANSIBLE_VAULT;1.1;AES256\n31\n",
        "$ANSIBLE_VAULT;1.1;AES256\n310a310a\n",
        "é",
    ] {
        assert!(matches!(why(keyring(&[("a", "b")]), damaged), VaultError::Malformed(_)), "{damaged:?}");
    }
}

#[test]
fn what_was_opened_is_masked() {
    let redactor = Arc::new(Redactor::new());
    let password = Password::new("default", "vaultpassword");
    let text = encrypt(b"hunter22 and\nanother line", &password, b"salt").to_text();
    let keyring = Keyring::new(vec![password], Arc::clone(&redactor));
    assert_eq!(redactor.clean_text("vaultpassword").as_str(), "********");
    assert_eq!(redactor.clean_text("another line").as_str(), "another line");
    keyring.open_value(&text).unwrap();
    assert_eq!(redactor.clean_text("another line").as_str(), "********");
    assert!(keyring.is_opened_value("hunter22 and\nanother line") && !keyring.is_opened_value("hunter22"));
}

#[test]
fn literal_parts_of_templates_are_masked() {
    let keyring = keyring(&[]);
    keyring.learn_template("first-{{ a }}-second {% if b %}third{# x #}four {{ unclosed");
    let clean = keyring.redactor().clean_text("first- x -second y third z four a unclosed").as_str().to_owned();
    assert_eq!(clean, "******** x ******** y ******** z ******** a unclosed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_text_comes_back(plain in proptest::collection::vec(any::<u8>(), 0..200), password in ".{1,20}", salt in ".{1,40}") {
        let password = Password::new("id", password.as_str());
        let text = encrypt(&plain, &password, salt.as_bytes()).to_text();
        let envelope = Envelope::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(decrypt(&envelope, &password).unwrap().unwrap().to_vec(), plain);
    }

    #[test]
    fn any_bytes_are_read_without_a_fault(body in "[0-9a-f\\n ;]{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = Envelope::parse(format!("$ANSIBLE_VAULT;1.1;AES256\n{body}").as_bytes());
        let _ = Envelope::parse(&bytes);
    }
}
