//! `apt_key`: keys that apt trusts, by Debian's `apt-key`.

pub(super) mod key;

use super::remote::exec_output;
use super::tool::{act, ask, command, on_host, reading};
use super::{Action, Arg, ArgKind, Args, Change, Context, ExecOutput, Finished, Module, Output, Rule, Work};
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use key::{Key, listed};

/// How often a server of keys is asked: Ansible's number.
const TRIES: usize = 5;

/// `apt_key`
pub static MODULE: Module = Module {
    rules: &[Rule::Exclusive(&["data", "file", "keyserver", "url"])],
    ..on_host(
        "apt_key",
        &["ansible.builtin"],
        "Adds and removes keys that apt trusts.",
        &[
            Arg::new(
                "id",
                ArgKind::Str,
                "The key's number: 8, 16 or more hexadecimal digits; that of the key given when nobody says.",
            ),
            Arg::new("url", ArgKind::Str, "Where the host fetches the key."),
            Arg::new("data", ArgKind::Str, "The key itself."),
            Arg::new("file", ArgKind::Path, "A file on the host with the key."),
            Arg::new("keyring", ArgKind::Path, "The file to which it belongs, below `/etc/apt/trusted.gpg.d`."),
            Arg::new("validate_certs", ArgKind::Bool, "The certificate of the server must be a good one.")
                .default("true"),
            Arg::new("keyserver", ArgKind::Str, "A server that knows the key by its `id`."),
            Arg::new("state", ArgKind::Str, "Whether it is trusted.")
                .choices(&["absent", "present"])
                .default("present"),
        ],
        |context| Box::pin(plan(context)),
    )
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let [apt_key, gpg] = ask(context.probe, ["command -v apt-key".into(), "command -v gpg".into()]).await?;
    for (found, name) in [(apt_key, "apt-key"), (gpg, "gpg")] {
        if found.trim().is_empty() {
            return Err(Failure::new(FailureKind::Command, format!("the host has no `{name}`"))
                .help("keys are files, too: `copy` puts them into `/etc/apt/keyrings`"));
        }
    }
    let id = args.text("id").filter(|id| !id.is_empty()).map(str::to_owned);
    if id.is_none() && args.text("keyserver").is_some() {
        return Err(Failure::new(FailureKind::Argument, "Missing key_id, required with keyserver."));
    }
    let mut data = args.text("data").map(|data| data.as_bytes().to_vec());
    if let (None, Some(url)) = (&id, args.text("url")) {
        data = Some(fetched(&context, url).await?);
    }
    let id = match id {
        Some(id) => id,
        None => id_of(&context, data.as_deref()).await?,
    };
    let mut result: Map = [("id", id.as_str())].into_iter().collect();
    let Some(key) = Key::of(&id) else {
        return Err(Failure::new(FailureKind::Argument, "Invalid key_id").with_result(result));
    };
    for (name, value) in [("short_id", &key.short), ("fp", &key.print), ("key_id", &key.id)] {
        result.insert(name, value.as_str());
    }
    let list = format!("{} adv --list-public-keys --keyid-format=long", tool(args));
    let before = listed(&keys(context.probe.read(reading(&list)).await?)?, key.is_short());
    result.insert("before", Value::list(before.iter().map(|id| Value::from(id.as_str()))));
    let present = args.text("state") != Some("absent");
    let mut change = Change::nothing(result);
    change.changed = if present { !key.is_among(&before) } else { before.contains(&key.print) };
    if !change.changed {
        return Ok(change);
    }
    let action = match present {
        false => act(&format!("export LC_ALL=C; {} del {}", tool(args), key.short)),
        true => {
            if let (None, Some(url)) = (&data, args.text("url")) {
                data = Some(fetched(&context, url).await?);
            }
            adding(args, &key, data)?
        }
    };
    change.actions = vec![action, reading(&list)];
    change.finish = Some(Box::new(move |outputs, result| finish(outputs, result, &key, present)));
    Ok(change)
}

/// Returns the beginning of a line that works on the keyring.
fn tool(args: &Args) -> String {
    match args.text("keyring") {
        Some(keyring) => command(&["apt-key", "--keyring", keyring]),
        None => "apt-key".into(),
    }
}

/// Returns the action that adds a key. A key that is given goes to the program's input.
fn adding(args: &Args, key: &Key, data: Option<Vec<u8>>) -> Result<Action, Failure> {
    let tool = tool(args);
    if let Some(file) = args.text("file") {
        return Ok(act(&format!("export LC_ALL=C; {tool} add {}", command(&[file]))));
    }
    if let Some(server) = args.text("keyserver") {
        let ask = format!("{tool} adv --no-tty --keyserver {} --recv {}", command(&[server]), key.id);
        let tries = (0..TRIES).map(|_| ask.as_str()).collect::<Vec<_>>().join(" || ");
        return Ok(act(&format!("export LC_ALL=C; {tries}")));
    }
    let Some(data) = data else {
        return Err(Failure::new(FailureKind::Argument, "No key to add ... how did i get here?!?!"));
    };
    Ok(with_input(act(&format!("export LC_ALL=C; {tool} add -")), data))
}

fn with_input(mut action: Action, data: Vec<u8>) -> Action {
    if let Work::Exec(exec) = &mut action.work {
        exec.stdin = Some(data);
    }
    action
}

/// Has the host fetch a key.
async fn fetched(context: &Context<'_>, url: &str) -> Result<Vec<u8>, Failure> {
    let insecure = if context.args.flag("validate_certs") { "" } else { "-k " };
    let output = exec_output(context.probe.read(reading(&format!("curl -fsSL {insecure}{}", command(&[url])))).await?)?;
    match output.status {
        0 => Ok(output.stdout.clone()),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(Failure::new(FailureKind::Command, format!("Failed to download key at {url}: {said}")))
        }
    }
}

/// Returns the number of the first key in what is given.
async fn id_of(context: &Context<'_>, data: Option<&[u8]>) -> Result<String, Failure> {
    let file = context.args.text("file");
    let from = match (file, data) {
        (Some(file), _) => file,
        (None, Some(_)) => "-",
        (None, None) => return Err(Failure::new(FailureKind::Argument, "neither an `id` nor a key is given")),
    };
    let mut action = reading(&format!("export LC_ALL=C; {}", command(&["gpg", "--with-colons", from])));
    if let (None, Some(data)) = (file, data) {
        action = with_input(action, data.to_vec());
    }
    let output = exec_output(context.probe.read(action).await?)?;
    if output.status != 0 {
        let what = if file.is_some() { from } else { "inline data" };
        return Err(Failure::new(FailureKind::Command, format!("Unable to extract key from '{what}'")));
    }
    Ok(listed(&String::from_utf8_lossy(&output.stdout), false).into_iter().next().unwrap_or_default())
}

/// Returns the list of keys.
fn keys(output: Output) -> Result<String, Failure> {
    let ExecOutput { status, stdout, .. } = exec_output(output)?;
    match status {
        0 => Ok(String::from_utf8_lossy(&stdout).into_owned()),
        _ => Err(Failure::new(FailureKind::Command, "Unable to list public keys")),
    }
}

fn finish(mut outputs: Vec<Output>, mut result: Map, key: &Key, present: bool) -> Result<Finished, Failure> {
    let list = outputs.pop().unwrap_or(Output::Done);
    let wrong =
        |message: String, result: &Map| Err(Failure::new(FailureKind::Command, message).with_result(result.clone()));
    for output in outputs {
        let output = exec_output(output)?;
        if output.status != 0 {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            let what = if present { "Unable to add the key" } else { "Unable to remove the key" };
            return wrong(format!("{what} {}: {said}", key.id), &result);
        }
    }
    let after = listed(&keys(list)?, key.is_short());
    result.insert("after", Value::list(after.iter().map(|id| Value::from(id.as_str()))));
    result.insert("changed", true);
    let hint = "(check that the id is correct and *not* a subkey)";
    if present && !key.is_among(&after) {
        return wrong(format!("apt-key did not return an error, but failed to add the key {hint}"), &result);
    }
    if !present && after.contains(&key.print) {
        return wrong(format!("apt-key did not return an error, but the key was not removed {hint}"), &result);
    }
    Ok(Finished::new(result, true))
}
