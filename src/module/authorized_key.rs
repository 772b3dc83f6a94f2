//! `authorized_key`: the SSH keys with which a user may log in.

pub(super) mod keys;

use super::attributes::add_fields;
use super::remote::{
    FileKind, Look, Stat, exec_output, expanded, look, look_action, path_word_literal, quote, seen_after, sh,
};
use super::slurp::content;
use super::tool::{act, ask, entry, entry_program, on_host};
use super::{Action, Arg, ArgKind, Change, Content, Context, Finished, Module, Output, Put, TextDiff, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use keys::Keys;

/// `authorized_key`
pub static MODULE: Module = on_host(
    "authorized_key",
    &["ansible.posix"],
    "Adds and removes SSH keys with which a user may log in.",
    &[
        Arg::new("user", ArgKind::Str, "The user.").required(),
        Arg::new(
            "key",
            ArgKind::Str,
            "The public keys, a line each; or the URL of a list; or `file://PATH` on the host.",
        )
        .required(),
        Arg::new("path", ArgKind::Path, "The file; `.ssh/authorized_keys` in the user's home when not given."),
        Arg::new("manage_dir", ArgKind::Bool, "Make the folder, and give it to the user alone.").default("true"),
        Arg::new("state", ArgKind::Str, "Whether the keys are there.")
            .choices(&["absent", "present"])
            .default("present"),
        Arg::new("key_options", ArgKind::Str, "Options before the keys: `no-pty,from=\"10.0.0.1\"`."),
        Arg::new("exclusive", ArgKind::Bool, "Remove all other keys.").default("false"),
        Arg::new("validate_certs", ArgKind::Bool, "Check the certificate of the server that has the keys.")
            .default("true"),
        Arg::new("comment", ArgKind::Str, "The comment behind the keys, in place of their own."),
        Arg::new("follow", ArgKind::Bool, "Write the file that a symbolic link leads to.").default("false"),
    ],
    |context| Box::pin(plan(context)),
);

/// The largest file of keys; it goes through memory.
const LIMIT_BYTES: u64 = 16 << 20;

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let user = args.text("user").unwrap_or_default();
    let [answer] = ask(context.probe, [entry_program("passwd", user)]).await?;
    let Some(account) = entry(&answer, user).filter(|account| account.len() > 5) else {
        let message = format!("Failed to lookup user {user}: \"getpwnam(): name not found: '{user}'\"");
        return Err(Failure::new(FailureKind::Command, message));
    };
    let path = match args.text("path") {
        Some(path) => expanded(context.probe, path).await?,
        None => format!("{}/.ssh/authorized_keys", account[5].trim_end_matches('/')),
    };
    let (target, _) = look(context.probe, &[path_word_literal(&path)], Look::default()).await?.one()?;
    let before = match target.kind {
        FileKind::Absent => Vec::new(),
        _ if target.is_dir() => Vec::new(),
        _ => content(context.probe, &path, LIMIT_BYTES).await?,
    };
    let before = String::from_utf8_lossy(&before).into_owned();
    let source = source(&context, args.text("key").unwrap_or_default()).await?;
    let mut keys = Keys::read(&before);
    let wanted = keys::Wanted {
        options: args.text("key_options"),
        comment: args.text("comment"),
        present: args.text("state") != Some("absent"),
        exclusive: args.flag("exclusive"),
    };
    let changed = keys
        .apply(&source, &wanted)
        .map_err(|line| Failure::new(FailureKind::Argument, format!("invalid key specified: {line}")))?;
    let mut result = Map::new();
    for arg in MODULE.args {
        result.insert(arg.name, args.get(arg.name).cloned().unwrap_or(Value::Null));
    }
    let writes_to = match &target.source {
        Some(source) if args.flag("follow") => source.clone(),
        _ => path.clone(),
    };
    result.insert("keyfile", path.as_str());
    // Ansible tells what a file is where the result has its path.
    let tells = args.text("path").is_some();
    if tells && target.exists() {
        add_fields(&mut result, &target);
    }
    let mut change = Change::nothing(result);
    if changed {
        let after = keys.text();
        change.changed = true;
        change.diff.push(TextDiff {
            before_header: path,
            after_header: writes_to.clone(),
            before,
            after: after.clone(),
        });
        let (uid, gid) = (account[2].as_str(), account[3].as_str());
        change.actions.push(act(&folder_program(&writes_to, args.flag("manage_dir"), uid, gid)));
        change.actions.push(write(&writes_to, after, uid, gid));
        change.actions.extend(tells.then(|| look_action(&writes_to)));
        change.finish = Some(Box::new(move |outputs, result| finish(outputs, result, tells)));
    }
    Ok(change)
}

/// Returns the keys that are meant: the text itself, or what a URL or a file of the host holds.
async fn source(context: &Context<'_>, key: &str) -> Result<String, Failure> {
    let wrong = |message: String| Failure::new(FailureKind::Command, message);
    let (program, missing) = if key.starts_with("http") {
        let (curl, wget) =
            if context.args.flag("validate_certs") { ("", "") } else { (" -k", " --no-check-certificate") };
        let url = quote(key);
        let program = format!(
            "if command -v curl >/dev/null 2>&1; then curl{curl} -sSfL {url}; else wget{wget} -qO- {url}; fi && echo ."
        );
        (program, format!("Error getting key from: {key}"))
    } else if let Some(path) = key.strip_prefix("file:").map(|rest| rest.strip_prefix("//").unwrap_or(rest)) {
        let word = path_word_literal(path);
        let is_folder =
            Stat::is_dir(&look(context.probe, std::slice::from_ref(&word), Look::default()).await?.one()?.0);
        let message = match is_folder {
            true => format!("Path to a key is a directory and must be a file: {path}"),
            false => format!("Path to a key file not found: {path}"),
        };
        (format!("cat {word} && echo ."), message)
    } else {
        return Ok(key.to_owned());
    };
    let output = sh(context.probe, format!("{{ {program}; }} 2>/dev/null; exit 0")).await?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.strip_suffix(".\n").map(str::to_owned).ok_or_else(|| wrong(missing))
}

/// Returns the program that makes the folder of the file.
fn folder_program(path: &str, manage: bool, uid: &str, gid: &str) -> String {
    let folder = match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
        None => ".",
    };
    let word = path_word_literal(folder);
    match manage {
        true => {
            format!("[ -e {word} ] || mkdir -m 0700 {word} || exit 1\nchown {uid}:{gid} {word} && chmod 0700 {word}")
        }
        false => format!("[ -e {word} ] || mkdir -p {word}"),
    }
}

fn write(path: &str, text: String, uid: &str, gid: &str) -> Action {
    let put = Put {
        path: path.to_owned(),
        content: Content::Bytes(text.into_bytes().into()),
        mode: Some("0600".into()),
        owner: Some(uid.to_owned()),
        group: Some(gid.to_owned()),
        backup: None,
    };
    Action::on_host(Effect::Write, Work::Put(put))
}

fn finish(outputs: Vec<Output>, mut result: Map, tells: bool) -> Result<Finished, Failure> {
    if let Some(now) = outputs.last().filter(|_| tells).and_then(seen_after).filter(Stat::exists) {
        add_fields(&mut result, &now);
    }
    if let Some(output @ Output::Exec(_)) = outputs.into_iter().next() {
        super::place::check_status(&exec_output(output)?)?;
    }
    Ok(Finished::new(result, true))
}
