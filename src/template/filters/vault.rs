//! `vault` and `unvault`: texts encrypted with a password that the template gives.

use super::Filter;
use super::args::{Args, add_filter};
use crate::template::lazy::Core;
use crate::vault::{Keyring, MAX_SALT_BYTES, Password, encrypt, is_vault};
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "vault",
        aliases: &[],
        doc: "Encrypts text with a `secret`, as `netplay vault encrypt` does, with an optional `salt` and `vault_id`.",
        add: |env, name| add_filter(env, name, &["secret", "salt", "vault_id", "wrap_object"], vault),
    },
    Filter {
        name: "unvault",
        aliases: &[],
        doc: "Decrypts text with a `secret`; text that is not encrypted stays as it is.",
        add: |env, name| add_filter(env, name, &["secret", "vault_id"], unvault),
    },
];

/// The name that the filters give to a password, as Ansible has it.
const FILTER_ID: &str = "filter_default";

fn vault(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let plain = args.input_text()?;
    if is_vault(plain.as_bytes()) {
        return Err(args.error("the text is encrypted already"));
    }
    if args.flag("wrap_object", false) {
        return Err(args.error("`wrap_object` is not supported: write `!vault` before the text it gives"));
    }
    let password = password(args)?;
    let salt = match args.shown("salt")?.filter(|salt| !salt.is_empty()) {
        Some(salt) if salt.len() > MAX_SALT_BYTES => return Err(args.error("the salt is too long")),
        Some(salt) => salt.into_bytes(),
        None => {
            let mut salt = vec![0; 32];
            getrandom::fill(&mut salt).map_err(|error| args.error(format!("no random numbers: {error}")))?;
            salt
        }
    };
    Ok(Value::from(encrypt(plain.as_bytes(), &password, &salt).to_text()))
}

fn unvault(state: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let text = args.input_text()?;
    if !is_vault(text.as_bytes()) {
        return Ok(Value::from(text));
    }
    let redactor = Core::of(state).map(|core| core.sources.keyring().redactor().clone()).unwrap_or_default();
    let keyring = Keyring::new(vec![password(args)?], redactor);
    let plain = keyring.open_value(text.trim_end()).map_err(|error| args.error(error))?;
    Ok(Value::from(plain))
}

fn password(args: &Args) -> Result<Password, Error> {
    let id = args.text("vault_id")?.unwrap_or_else(|| FILTER_ID.into());
    if id.contains([';', '\n']) {
        return Err(args.error("a vault id holds no `;`"));
    }
    Ok(Password::new(id, args.need_text("secret")?))
}
