//! `get_url`: has the host download a file.
//!
//! The host itself fetches, with curl or else wget, as it is the host's network that counts. The file goes beside the
//! destination, is compared and checked there, and replaces the destination by a rename.

mod digest;
mod download;

use super::args::args_with;
use super::attributes::{Attributes, BACKUP, FILE, add_fields};
use super::place::check_folder;
use super::remote::{FileKind, Look, Me, Stat, exec_output, look, look_action, path_word, seen_after};
use super::tool::{act, ask};
use super::{Arg, ArgKind, Change, Context, ExecOutput, Finished, Module, Needs, Output, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use digest::{Digest, file_name, masked};
use download::{fetch_program, secrets};

/// `get_url`
pub static MODULE: Module = Module {
    name: "get_url",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Has the host download a file by HTTP, HTTPS or FTP.",
    args: args_with![FILE;
        Arg::new("url", ArgKind::Str, "What to download.").required(),
        Arg::new("dest", ArgKind::Path, "Where it goes: a file, or a folder, where it keeps its name.").required(),
        Arg::new("force", ArgKind::Bool, "Download it even if the destination is as new.").default("false"),
        Arg::new("checksum", ArgKind::Str, "What it must have: `sha256:DIGEST`, or `sha256:URL` of a list of digests."),
        Arg::new("timeout", ArgKind::Int, "How long the server may be silent, in seconds.").default("10"),
        Arg::new("headers", ArgKind::Dict, "Header fields to send."),
        Arg::new("http_agent", ArgKind::Str, "The program that is told to the server.").default("ansible-httpget"),
        Arg::new("url_username", ArgKind::Str, "The user.").aliases(&["username"]),
        Arg::new("url_password", ArgKind::Secret, "The password.").aliases(&["password"]),
        Arg::new("force_basic_auth", ArgKind::Bool, "Send user and password unasked.").default("false"),
        Arg::new("use_netrc", ArgKind::Bool, "Take user and password from the host's ~/.netrc.").default("true"),
        Arg::new("use_proxy", ArgKind::Bool, "Use the proxies of the host's environment.").default("true"),
        Arg::new("validate_certs", ArgKind::Bool, "Check the server's certificate.").default("true"),
        Arg::new("client_cert", ArgKind::Path, "A client certificate in PEM, on the host."),
        Arg::new("client_key", ArgKind::Path, "Its key, if that is in a file of its own."),
        Arg::new("ciphers", ArgKind::List, "OpenSSL cipher names."),
        Arg::new("tmp_dest", ArgKind::Path, "A folder for the file until it is complete; the destination's when not given."),
        Arg::new("decompress", ArgKind::Bool, "Undo a content encoding.").default("true"),
        Arg::new("unredirected_headers", ArgKind::List, "Header fields that are not sent on after a redirect.")
            .default("[]")
            .refused("curl sends the same header fields to all servers on the way"),
        Arg::new("use_gssapi", ArgKind::Bool, "Authenticate with Kerberos.").default("false")
            .refused("Kerberos is not supported"),
        BACKUP,
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let url = args.text("url").unwrap_or_default();
    let dest = args.text("dest").unwrap_or_default();
    let digest = Digest::of(args).map_err(|failure| {
        let mut result = Map::new();
        result.insert("checksum_dest", Value::Null);
        result.insert("checksum_src", Value::Null);
        result.insert("dest", dest);
        result.insert("elapsed", 0);
        result.insert("url", masked(url));
        failure.with_result(result)
    })?;
    let name = file_name(url);
    let inside = format!("{}/{name}", dest.trim_end_matches('/'));
    let mut look_for = Look::FILE;
    look_for.checksum = Some("sha1");
    let mut seen = look(context.probe, &[path_word(dest), path_word(&inside)], look_for).await?;
    let within = seen.stats.pop();
    let (outside, me) = seen.one()?;
    let target = match within {
        Some(within) if outside.leads_to_dir => within,
        _ => outside,
    };
    check_folder(&target).map_err(|mut failure| {
        for (name, value) in
            [("checksum_dest", Value::Null), ("dest", target.path.as_str().into()), ("url", masked(url).into())]
        {
            failure.result.insert(name, value);
        }
        failure
    })?;
    let attributes = Attributes::of(args)?;
    let mut result = Map::new();
    result.insert("checksum_dest", target.checksum.clone().map_or(Value::Null, Value::from));
    result.insert("dest", target.path.as_str());
    result.insert("elapsed", 0);
    result.insert("url", masked(url));
    if let Some(digest) = &digest
        && !args.flag("force")
        && !digest.wanted.contains("://")
        && target.kind == FileKind::File
        && has_digest(&context, &target.path, digest).await?
    {
        return Ok(there_already(&attributes, &target, &me, result));
    }
    let fetch = fetch_program(&context, &target, digest.as_ref(), &name).await?;
    let mut change = Change::nothing(result);
    change.changed = true;
    change.result.insert("checksum_src", Value::Null);
    let mut action = act(&fetch);
    if let Work::Exec(exec) = &mut action.work {
        exec.stdin = Some(secrets(args).into_bytes());
    }
    change.actions.push(action);
    let (wanted, now, umask) = (attributes, target.clone(), me.umask);
    change.then = Some(Box::new(move |outputs| Ok(after_fetch(outputs, &wanted, &now, umask))));
    change.finish = Some(Box::new(finish));
    Ok(change)
}

/// Returns the actions that follow a download: what is to be said about the file's attributes, and a look at it.
fn after_fetch(outputs: &[Output], wanted: &Attributes, before: &Stat, umask: u32) -> Vec<super::Action> {
    let Some(Output::Exec(output)) = outputs.first() else { return Vec::new() };
    if output.status != 0 {
        return Vec::new();
    }
    let said = Said::read(output);
    // What is as new is left alone altogether, as in Ansible.
    if said.status == Some(304) {
        return vec![act("true"), look_action(&before.path)];
    }
    // A new file has the attributes that the temporary one was made with.
    let now = if said.is_new && before.kind != FileKind::File {
        Stat { kind: FileKind::File, mode: 0o666 & !umask, ..before.clone() }
    } else {
        before.clone()
    };
    let mut commands = wanted.commands(&now, umask);
    if commands.is_empty() {
        commands.push("true".into());
    } else {
        commands.push("echo changed".into());
    }
    vec![act(&commands.join(" &&\n")), look_action(&before.path)]
}

async fn has_digest(context: &Context<'_>, path: &str, digest: &Digest) -> Result<bool, Failure> {
    let tool = format!("{}sum {} | cut -d' ' -f1", digest.algorithm, path_word(path));
    let [said] = ask(context.probe, [tool]).await?;
    Ok(said.trim().eq_ignore_ascii_case(&digest.wanted))
}

/// Returns the change of a file that is right already, but perhaps for its attributes.
fn there_already(attributes: &Attributes, target: &Stat, me: &Me, mut result: Map) -> Change {
    let commands = attributes.commands(target, me.umask);
    let message =
        if commands.is_empty() { "file already exists" } else { "file already exists but file attributes changed" };
    result.insert("checksum_src", Value::Null);
    result.insert("checksum_dest", Value::Null);
    result.insert("msg", message);
    add_fields(&mut result, target);
    let mut change = Change::nothing(result);
    if !commands.is_empty() {
        change.changed = true;
        change.actions = vec![act(&commands.join(" &&\n")), look_action(&target.path)];
        change.finish = Some(Box::new(super::place::finish_with_attributes));
    }
    change
}

/// What the program said of a download.
struct Said {
    status: Option<i128>,
    elapsed: i128,
    source: Option<String>,
    md5: Option<String>,
    backup: Option<String>,
    is_new: bool,
}

impl Said {
    fn read(output: &ExecOutput) -> Said {
        let text = String::from_utf8_lossy(&output.stdout);
        let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(|rest| rest.trim().to_owned());
        Said {
            status: of("status ").and_then(|text| text.parse().ok()).filter(|status| *status > 0),
            elapsed: of("elapsed ").and_then(|text| text.parse().ok()).unwrap_or(0),
            source: of("source "),
            md5: of("md5 "),
            backup: of("backup "),
            is_new: text.lines().any(|line| line == "replaced"),
        }
    }
}

fn finish(outputs: Vec<Output>, mut result: Map) -> Result<Finished, Failure> {
    let mut outputs = outputs.into_iter();
    let fetched = outputs.next().map(exec_output).transpose()?.unwrap_or_default();
    let said = Said::read(&fetched);
    result.insert("elapsed", said.elapsed);
    if let Some(status) = said.status {
        result.insert("status_code", status);
    }
    let complaint = String::from_utf8_lossy(&fetched.stderr).trim().to_owned();
    match fetched.status {
        0 => {}
        98 => {
            result.remove("checksum_src");
            result.remove("checksum_dest");
            result.insert("response", format!("HTTP Error {}", said.status.unwrap_or(0)));
            return Err(Failure::new(FailureKind::Http, "Request failed").with_result(result));
        }
        _ => {
            result.remove("status_code");
            result.insert("checksum_src", said.source.map_or(Value::Null, Value::from));
            let message = if complaint.is_empty() { "the download failed".into() } else { complaint };
            return Err(Failure::new(FailureKind::Command, message).with_result(result));
        }
    }
    if said.status == Some(304) {
        result.remove("checksum_src");
        result.remove("checksum_dest");
        result.insert("msg", "HTTP Error 304: Not Modified");
    } else {
        result.insert("checksum_src", said.source.map_or(Value::Null, Value::from));
        result.insert("md5sum", said.md5.map_or(Value::Null, Value::from));
        result.insert("msg", "OK");
    }
    if let Some(backup) = said.backup {
        result.insert("backup_file", backup);
    }
    let attributes = outputs.next().map(exec_output).transpose()?.unwrap_or_default();
    super::place::check_status(&attributes)?;
    if let Some(now) = outputs.next().as_ref().and_then(seen_after).filter(Stat::exists) {
        add_fields(&mut result, &now);
    }
    Ok(Finished::new(result, said.is_new || !attributes.stdout.is_empty()))
}
