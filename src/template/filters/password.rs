//! Filters that hash passwords, for servers and for devices.

use super::Filter;
use super::args::{Args, add_filter};
use super::python::text;
use crate::template::crypt::{Scheme, Settings};
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "password_hash",
        aliases: &[],
        doc: "Hashes a password by `hashtype` (`sha512`, `sha256`, `md5`, `blowfish`), with a `salt` that is made up if not given.",
        add: |env, name| add_filter(env, name, &["hashtype", "salt", "salt_size", "rounds", "ident"], password_hash),
    },
    Filter {
        name: "ansible.netcommon.type5_pw",
        aliases: &["type5_pw"],
        doc: "Hashes a password as Cisco's type 5, with a `salt` of four letters that is made up if not given.",
        add: |env, name| add_filter(env, name, &["salt"], type5_pw),
    },
    Filter {
        name: "ansible.netcommon.hash_salt",
        aliases: &["hash_salt"],
        doc: "Returns the salt of a hashed password.",
        add: |env, name| add_filter(env, name, &[], |_, args| salt_of(args, &args.input_text()?).map(Value::from)),
    },
    Filter {
        name: "ansible.netcommon.comp_type5",
        aliases: &["comp_type5"],
        doc: "Claims that a type 5 hash is that of the password; gives the hash itself with `return_original`.",
        add: |env, name| add_filter(env, name, &["encrypted_password", "return_original"], comp_type5),
    },
];

fn password_hash(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let name = args.text("hashtype")?.unwrap_or_else(|| "sha512".into());
    let known = "it knows `sha512`, `sha256`, `md5`, `blowfish`";
    let scheme = Scheme::named(&name).ok_or_else(|| args.error(format!("knows no hash `{name}`; {known}")))?;
    let positive = |param: &str| -> Result<Option<u32>, Error> {
        match args.int(param)?.filter(|n| *n != 0) {
            None => Ok(None),
            Some(n) => u32::try_from(n).map(Some).map_err(|_| args.error(format!("`{param}` cannot be {n}"))),
        }
    };
    let settings = Settings {
        salt: args.shown("salt")?,
        salt_size: positive("salt_size")?.map(|size| size as usize),
        rounds: positive("rounds")?,
        ident: args.text("ident")?.filter(|ident| !ident.is_empty()),
    };
    scheme.hash(&args.input_text()?, &settings).map(Value::from).map_err(|why| args.error(why))
}

fn type5(args: &Args, password: &str, salt: Option<String>) -> Result<String, Error> {
    let settings = Settings { salt, salt_size: Some(4), ..Settings::default() };
    Scheme::Md5.hash(password, &settings).map_err(|why| args.error(why))
}

fn type5_pw(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    type5(args, &text(args.input())?, args.shown("salt")?).map(Value::from)
}

fn salt_of(args: &Args, hash: &str) -> Result<String, Error> {
    match hash.split('$').collect::<Vec<_>>()[..] {
        [_, _, salt, _] => Ok(salt.to_owned()),
        // What was given may be a password: it is not shown.
        _ => Err(args.error("wants a hash of the form `$1$salt$hash`")),
    }
}

fn comp_type5(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let hash = args.need_text("encrypted_password")?;
    let is_same = type5(args, &args.input_text()?, Some(salt_of(args, &hash)?))? == hash;
    Ok(if is_same && args.flag("return_original", false) { hash.into() } else { is_same.into() })
}
