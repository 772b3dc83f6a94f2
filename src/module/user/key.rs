//! The SSH key that an account gets.

use super::facts::Account;
use crate::module::Args;
use crate::module::remote::quote;
use crate::value::Map;

const FINGERPRINT: &str = "netplay-fingerprint ";
const FILE: &str = "netplay-file ";
const PUBLIC: &str = "netplay-public ";

/// Returns the key's file, from the home directory.
pub(super) fn file(args: &Args) -> String {
    let kind = args.text("ssh_key_type").unwrap_or("rsa");
    args.text("ssh_key_file").map_or_else(|| format!(".ssh/id_{kind}"), str::to_owned)
}

/// Returns the beginning of a program: `$k` is the key's file.
fn at_key(args: &Args) -> String {
    let name = quote(args.text("name").unwrap_or_default());
    format!("h=$(eval echo ~{name}); k={}; case $k in /*) ;; *) k=$h/$k;; esac; d=${{k%/*}}\n", quote(&file(args)))
}

/// Returns the program that makes the key, if one is wanted and there is none.
pub(super) fn generate(args: &Args, account: &Account) -> Option<String> {
    if !args.flag("generate_ssh_key") || account.has_key {
        return None;
    }
    let name = quote(args.text("name").unwrap_or_default());
    let kind = quote(args.text("ssh_key_type").unwrap_or("rsa"));
    let bits = args.int("ssh_key_bits").filter(|bits| *bits > 0).map_or(String::new(), |bits| format!(" -b {bits}"));
    let comment = match args.text("ssh_key_comment") {
        Some(comment) => quote(comment),
        None => "\"ansible-generated on $(hostname)\"".into(),
    };
    let make = format!("ssh-keygen -q -t {kind}{bits} -C {comment} -f \"$k\" -N ''");
    Some(format!(
        "{}o=\"$(id -u {name}):$(id -g {name})\"\n\
         if [ ! -d \"$d\" ]; then mkdir -p \"$d\" && chmod 0700 \"$d\" && chown \"$o\" \"$d\" || exit 1; fi\n\
         {make} </dev/null && chown \"$o\" \"$k\" \"$k.pub\"",
        at_key(args)
    ))
}

/// Returns the program that tells of the key.
pub(super) fn look(args: &Args) -> String {
    format!(
        "{}printf '{FINGERPRINT}%s\\n' \"$(ssh-keygen -l -f \"$k\" 2>&1)\"; printf '{FILE}%s\\n' \"$k\"\n\
         printf '{PUBLIC}%s\\n' \"$(cat \"$k.pub\" 2>/dev/null)\"",
        at_key(args)
    )
}

/// Adds what that program said.
pub(super) fn add(result: &mut Map, said: &str) {
    for (prefix, field) in [(FINGERPRINT, "ssh_fingerprint"), (FILE, "ssh_key_file"), (PUBLIC, "ssh_public_key")] {
        if let Some(text) = said.lines().find_map(|line| line.strip_prefix(prefix)) {
            result.insert(field, text);
        }
    }
}
