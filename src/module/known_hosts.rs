//! `known_hosts`: the keys of SSH servers that the host's users know. OpenSSH's `ssh-keygen` on the host finds them, as
//! their names may be hashed.

use super::attributes::add_fields;
use super::edit::open_at;
use super::place::finish_with_attributes;
use super::remote::{Look, expanded, look, look_action, path_word_literal, quote, sh, write_action};
use super::tool::{TOOLS, on_host};
use super::{Arg, ArgKind, Change, Context, Finished, Module, Output};
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac as _};
use sha1::Sha1;

/// `known_hosts`
pub static MODULE: Module = on_host(
    "known_hosts",
    &["ansible.builtin"],
    "Adds and removes keys of SSH servers that the host's users know.",
    &[
        Arg::new("name", ArgKind::Str, "The server.").aliases(&["host"]).required(),
        Arg::new("key", ArgKind::Str, "Its line: name, kind and key."),
        Arg::new("path", ArgKind::Path, "The file.").default("~/.ssh/known_hosts"),
        Arg::new("hash_host", ArgKind::Bool, "Write the name so that nobody can read it.").default("false"),
        Arg::new("state", ArgKind::Str, "Whether it is known.").choices(&["absent", "present"]).default("present"),
    ],
    |context| Box::pin(plan(context)),
);

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let host = args.text("name").unwrap_or_default().to_lowercase();
    let present = args.text("state") != Some("absent");
    let key = args.text("key").filter(|key| !key.is_empty());
    let wrong = |message: &str| Failure::new(FailureKind::Argument, message);
    if key.is_none() && present {
        return Err(wrong("No key specified when adding a host"));
    }
    let mut result = Map::new();
    for arg in MODULE.args {
        result.insert(arg.name, args.get(arg.name).cloned().unwrap_or(Value::Null));
    }
    let path = expanded(context.probe, args.text("path").unwrap_or_default()).await?;
    result.insert("path", path.as_str());
    let key = match key {
        Some(key) => Some(checked(&context, key, &host).await?),
        None => None,
    };
    let (file, _) = look(context.probe, &[path_word_literal(&path)], Look::default()).await?.one()?;
    if file.exists() {
        add_fields(&mut result, &file);
    }
    let found = search(&context, &host, key.as_deref(), &path).await?;
    let mut change = Change::nothing(result.clone());
    if !present && key.is_some() && found.line.is_none() {
        return Ok(change);
    }
    if !(found.replace || found.is_there != present) {
        return Ok(change);
    }
    let Some(key) = key else {
        let remove = format!("ssh-keygen -R {} -f {}", quote(&host), path_word_literal(&path));
        change.changed = true;
        change.actions.push(write_action(format!("{TOOLS}{remove}")));
        change.actions.push(look_action(&path));
        change.finish = Some(Box::new(finish));
        return Ok(change);
    };
    let opened = open_at(&context, &path).await?;
    let gone = found.line.filter(|_| found.replace || !present);
    let mut text: String = opened
        .text
        .split_inclusive('\n')
        .enumerate()
        .filter(|(at, _)| Some(at + 1) != gone)
        .map(|(_, line)| line)
        .collect();
    if present {
        text.push_str(&key);
    }
    let mut change = opened.save(&context, Some(text), "")?;
    change.result = result;
    change.actions.push(look_action(&path));
    change.finish = Some(Box::new(finish));
    Ok(change)
}

/// Returns the line as it is written: with its end, and its name hashed where that is wanted. OpenSSH must find the
/// server in it.
async fn checked(context: &Context<'_>, key: &str, host: &str) -> Result<String, Failure> {
    let wrong = |message: &str| Failure::new(FailureKind::Argument, message);
    let mut key = if context.args.flag("hash_host") { hashed(key, host) } else { key.to_owned() };
    if !key.ends_with('\n') {
        key.push('\n');
    }
    // A list of names, as it stands in a file, is no name to look for.
    if host.split_once(',').is_some_and(|(first, _)| !first.trim().is_empty()) {
        let message = "Comma separated list of names is not supported. Please pass a single name to lookup in the known_hosts file.";
        return Err(wrong(message));
    }
    let program = format!("printf %s {} | ssh-keygen -F {} -f /dev/stdin 2>&1; exit 0", quote(&key), quote(host));
    if sh(context.probe, format!("{TOOLS}{program}")).await?.stdout.is_empty() {
        return Err(wrong("Host parameter does not match hashed host field in supplied key"));
    }
    Ok(key)
}

/// Returns the line with its name hashed with a salt of its own.
fn hashed(line: &str, host: &str) -> String {
    let salt: Vec<u8> =
        [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].iter().flat_map(|id| *id.as_bytes()).take(20).collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(&salt).expect("any length is a key");
    mac.update(host.as_bytes());
    let name = format!("|1|{}|{}", BASE64.encode(&salt), BASE64.encode(mac.finalize().into_bytes()));
    let mut words: Vec<&str> = line.split_whitespace().collect();
    // A mark (`@cert-authority`) stands before the name.
    let at = usize::from(words.first().is_some_and(|word| word.starts_with('@')));
    if let Some(word) = words.get_mut(at) {
        *word = &name;
    }
    words.join(" ")
}

/// What there is of a server.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    is_there: bool,
    /// Its key is another one, or one of this kind is missing.
    replace: bool,
    /// The line with the key of that kind, the first is 1.
    line: Option<usize>,
}

async fn search(context: &Context<'_>, host: &str, key: Option<&str>, path: &str) -> Result<Found, Failure> {
    let word = path_word_literal(path);
    let program = format!(
        "{TOOLS}[ -e {word} ] || {{ echo; exit 0; }}\nssh-keygen -F {} -f {word} 2>&1; echo \"rc $?\"",
        quote(host)
    );
    let output = sh(context.probe, program).await?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (said, status) = said.rsplit_once("rc ").unwrap_or(("", "0"));
    let status: i32 = status.trim().parse().unwrap_or(0);
    if said.is_empty() && status <= 1 {
        return Ok(Found::default());
    }
    if status != 0 {
        return Err(Failure::new(FailureKind::Command, format!("ssh-keygen failed (rc={status}): {}", said.trim()))
            .help("the host needs OpenSSH's `ssh-keygen`"));
    }
    Ok(found(said, key))
}

/// The parts of a line that tell keys apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts<'a> {
    mark: Option<&'a str>,
    name: &'a str,
    kind: &'a str,
    key: &'a str,
}

fn parts(line: &str) -> Option<Parts<'_>> {
    let mut words = line.split_whitespace().peekable();
    let mark = words.next_if(|word| word.starts_with('@'));
    Some(Parts { mark, name: words.next()?, kind: words.next()?, key: words.next()? })
}

/// Reads what `ssh-keygen -F` says.
pub(super) fn found(said: &str, key: Option<&str>) -> Found {
    let Some(mut wanted) = key.and_then(parts) else { return Found { is_there: true, ..Found::default() } };
    let mut line = None;
    for text in said.lines() {
        if text.starts_with('#') {
            let number = text.rsplit_once("found: line ").and_then(|(_, rest)| rest.split_whitespace().next());
            line = number.and_then(|number| number.parse().ok());
            continue;
        }
        let Some(there) = parts(text) else { continue };
        if there.mark.is_none() && wanted.name.starts_with("|1|") && there.name.starts_with("|1|") {
            wanted.name = there.name;
        }
        if wanted == there {
            return Found { is_there: true, replace: false, line };
        }
        if there.mark.is_none() && wanted.kind == there.kind {
            return Found { is_there: true, replace: true, line };
        }
    }
    Found { is_there: true, replace: true, line: None }
}

/// Makes the result of what was done, with what the file is now.
fn finish(outputs: Vec<Output>, result: Map) -> Result<Finished, Failure> {
    finish_with_attributes(outputs, result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_the_same_kind_is_replaced() {
        let said = "# Host h found: line 3 \nh ssh-rsa AAA\n# Host h found: line 5\nh ssh-ed25519 BBB comment\n";
        let of = |key| found(said, Some(key));
        assert_eq!(of("h ssh-ed25519 BBB"), Found { is_there: true, replace: false, line: Some(5) });
        assert_eq!(of("h ssh-ed25519 CCC"), Found { is_there: true, replace: true, line: Some(5) });
        assert_eq!(of("h ecdsa-sha2-nistp256 CCC"), Found { is_there: true, replace: true, line: None });
        assert_eq!(found(said, None), Found { is_there: true, replace: false, line: None });
    }
}
