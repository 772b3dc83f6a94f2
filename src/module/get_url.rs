//! `get_url`: has the host download a file.
//!
//! The host itself fetches, with curl or else wget, as it is the host's network that counts. The file goes beside the
//! destination, is compared and checked there, and replaces the destination by a rename.

use super::args::args_with;
use super::attributes::{Attributes, BACKUP, FILE, add_fields};
use super::place::check_folder;
use super::remote::{FileKind, Look, Me, Stat, exec_output, expanded, look, look_action, path_word, quote, seen_after};
use super::tool::{act, ask};
use super::write::{backup_path, temporary_path};
use super::{Arg, ArgKind, Args, Change, Context, ExecOutput, Finished, Module, Needs, Output, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

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

/// A digest that is asked for: how it is computed, and what it is, or the list that has it.
struct Digest {
    algorithm: String,
    wanted: String,
}

impl Digest {
    fn of(args: &Args) -> Result<Option<Digest>, Failure> {
        let Some(text) = args.text("checksum").filter(|text| !text.is_empty()) else { return Ok(None) };
        let wrong = |why: &str| Failure::new(FailureKind::Argument, why);
        let (algorithm, wanted) = text
            .split_once(':')
            .ok_or_else(|| wrong("The checksum parameter has to be in format <algorithm>:<checksum>"))?;
        if !["md5", "sha1", "sha224", "sha256", "sha384", "sha512"].contains(&algorithm) {
            return Err(wrong(&format!("the checksum's algorithm `{algorithm}` is not known"))
                .help("md5, sha1, sha224, sha256, sha384 and sha512 are"));
        }
        let is_list = wanted.contains("://");
        let digits: String = wanted.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        if !is_list && (digits.is_empty() || !digits.chars().all(|c| c.is_ascii_hexdigit())) {
            return Err(wrong("The checksum format is invalid"));
        }
        let wanted = if is_list { wanted.to_owned() } else { digits };
        Ok(Some(Digest { algorithm: algorithm.to_owned(), wanted }))
    }

    /// Returns the program that sets `$w` to the digest that is wanted.
    fn program(&self, name: &str, fetch: impl Fn(&str, &str) -> String) -> String {
        if !self.wanted.contains("://") {
            return format!("w={}\n", quote(&self.wanted));
        }
        // A list of digests, as GNU's and BSD's tools write them, or a digest alone.
        format!(
            "l=$t.list; {}\n[ \"$c\" = 200 ] || [ \"$c\" = 000 ] && [ -s \"$l\" ] || {{ rm -f \"$l\"; echo 'cannot fetch the list of checksums' >&2; exit 97; }}\n\
             w=$(awk -v n={} 'NR == 1 && NF == 1 {{ one = $1 }}\n\
             {{ f = $2; sub(/^[*]/, \"\", f); sub(/^[.]\\//, \"\", f); if (f == n) {{ print $1; exit }}\n\
             if ($0 ~ /^[A-Za-z0-9]+ ?[(].*[)] ?= /) {{ p = $0; sub(/^[^(]*[(]/, \"\", p); d = p; sub(/[)] ?= .*/, \"\", p); sub(/.*= /, \"\", d); if (p == n) {{ print d; exit }} }} }}\n\
             END {{ if (NR == 1 && one != \"\") print one }}' \"$l\" | head -n 1); rm -f \"$l\"\n\
             [ -n \"$w\" ] || {{ printf 'Unable to find a checksum for file %s in %s\\n' {} {} >&2; exit 97; }}\n",
            fetch(&self.wanted, "\"$l\""),
            quote(name),
            quote(&format!("'{name}'")),
            quote(&format!("'{}'", masked(&self.wanted))),
        )
    }
}

/// Returns a URL without its password.
fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest[..host_end].rsplit_once('@') {
        Some((login, host)) if login.contains(':') => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:********@{host}{}", &rest[host_end..])
        }
        _ => url.to_owned(),
    }
}

/// Returns the last part of a URL's path.
fn file_name(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.is_empty() { "index.html".into() } else { name.to_owned() }
}

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

/// Returns the program that downloads, compares and replaces. It writes lines of what came of it.
async fn fetch_program(
    context: &Context<'_>,
    target: &Stat,
    digest: Option<&Digest>,
    name: &str,
) -> Result<String, Failure> {
    let args = context.args;
    let path = path_word(&target.path);
    let temporary = match args.text("tmp_dest") {
        Some(folder) => {
            let folder = expanded(context.probe, folder).await?;
            temporary_path(&format!("{}/{name}", folder.trim_end_matches('/')))
        }
        None => temporary_path(&target.path),
    };
    let newer = target.kind == FileKind::File && !args.flag("force") && digest.is_none();
    let get = |url: &str, to: &str| download(args, url, to, if newer { Some(path.as_str()) } else { None });
    let plain = |url: &str, to: &str| download(args, url, to, None);
    let backup = if args.flag("backup") && target.kind == FileKind::File {
        let to = quote(&backup_path(&target.path));
        format!("cp -p {path} {to} && printf 'backup %s\\n' {to}\n")
    } else {
        String::new()
    };
    let check = digest.map_or_else(String::new, |digest| {
        format!(
            "{}h=$({}sum \"$t\" | cut -d' ' -f1)\n\
             [ \"$h\" = \"$(printf %s \"$w\" | tr A-F a-f)\" ] || {{ rm -f \"$t\"; printf 'The checksum for %s did not match %s; it was %s.\\n' {} \"$w\" \"$h\" >&2; exit 97; }}\n",
            digest.program(name, plain),
            digest.algorithm,
            quote(name),
        )
    });
    Ok(format!(
        "k=; while IFS= read -r l && [ \"$l\" != . ]; do k=\"$k$l\n\"; done; r=$(cat)\n\
         t={t}; trap 'rm -f \"$t\" \"$t.err\" \"$t.rc\"' EXIT\ns=$(date +%s)\n{}\n\
         printf 'status %s\\nelapsed %s\\n' \"$c\" $(($(date +%s) - s))\n\
         [ \"$c\" = 304 ] && exit 0\n\
         case $c in 200|226|000) ;; *) exit 98;; esac\n\
         [ -e \"$t\" ] || : >\"$t\"\n\
         s1() {{ sha1sum \"$1\" | cut -d' ' -f1; }}\n\
         n=$(s1 \"$t\"); printf 'source %s\\nmd5 %s\\n' \"$n\" \"$(md5sum \"$t\" | cut -d' ' -f1)\"\n\
         {check}\
         if [ -e {path} ] && [ \"$n\" = \"$(s1 {path})\" ]; then exit 0; fi\n\
         {backup}\
         if [ -e {path} ]; then chmod \"$(stat -c %a {path})\" \"$t\"; chown \"$(stat -c %u:%g {path})\" \"$t\" 2>/dev/null; fi\n\
         mv -f \"$t\" {path} && echo replaced",
        get(args.text("url").unwrap_or_default(), "\"$t\""),
        t = quote(&temporary),
    ))
}

/// Returns the program that downloads `url` to a file and sets `$c` to the status of the answer.
fn download(args: &Args, url: &str, to: &str, newer_than: Option<&str>) -> String {
    let timeout = args.int("timeout").unwrap_or(10);
    let mut curl = format!(
        "curl -sSL --connect-timeout {timeout} --speed-limit 1 --speed-time {timeout} -o {to} -w '%{{http_code}}'"
    );
    let mut wget = format!("wget -q -S --tries=1 --timeout={timeout} -O {to}");
    let mut both = |c: String, w: String| {
        curl.push_str(&c);
        wget.push_str(&w);
    };
    if let Some(agent) = args.text("http_agent") {
        both(format!(" -A {}", quote(agent)), format!(" -U {}", quote(agent)));
    }
    if args.text("url_username").is_some() {
        let (scheme, unasked) = match args.flag("force_basic_auth") {
            true => (" --basic", " --auth-no-challenge"),
            false => (" --anyauth", ""),
        };
        both(scheme.into(), unasked.into());
    } else if args.flag("use_netrc") {
        both(" --netrc-optional".into(), String::new());
    }
    if !args.flag("use_proxy") {
        both(" --noproxy '*'".into(), " --no-proxy".into());
    }
    if !args.flag("validate_certs") {
        both(" -k".into(), " --no-check-certificate".into());
    }
    if args.flag("decompress") {
        both(" --compressed".into(), String::new());
    }
    for (name, c, w) in [("client_cert", "--cert", "--certificate"), ("client_key", "--key", "--private-key")] {
        if let Some(path) = args.text(name) {
            both(format!(" {c} {}", path_word(path)), format!(" {w}={}", path_word(path)));
        }
    }
    let ciphers = args.texts("ciphers").join(":");
    if !ciphers.is_empty() {
        both(format!(" --ciphers {}", quote(&ciphers)), format!(" --ciphers={}", quote(&ciphers)));
    }
    if let Some(path) = newer_than {
        curl.push_str(&format!(" -z {path}"));
    }
    let since = newer_than.map_or_else(String::new, |path| {
        format!(" --header=\"If-Modified-Since: $(LC_ALL=C date -u -r {path} '+%a, %d %b %Y %H:%M:%S GMT')\"")
    });
    let url = quote(url);
    format!(
        "if command -v curl >/dev/null 2>&1; then\n\
         c=$(printf %s \"$k\" | {curl} -K - {url} 2>\"$t.err\") || {{ cat \"$t.err\" >&2; rm -f \"$t.err\"; exit 96; }}; rm -f \"$t.err\"\n\
         elif command -v wget >/dev/null 2>&1; then\n\
         (umask 077; printf '%s\\n' \"$r\" >\"$t.rc\"); o=$(WGETRC=\"$t.rc\" {wget}{since} {url} 2>&1); rm -f \"$t.rc\"\n\
         c=$(printf '%s\\n' \"$o\" | sed -n 's/^ *HTTP[^ ]* \\([0-9]*\\).*/\\1/p' | tail -n 1)\n\
         [ -n \"$c\" ] || {{ printf '%s\\n' \"$o\" >&2; exit 96; }}\n\
         else echo 'the host has neither curl nor wget' >&2; exit 97; fi"
    )
}

/// Returns what goes by the standard input, where no other user of the host sees it: login and header fields, as curl's
/// configuration, a dot, and as wget's.
fn secrets(args: &Args) -> String {
    let (mut curl, mut wget) = (String::new(), String::new());
    for (name, value) in args.dict("headers").into_iter().flat_map(Map::iter) {
        let header = format!("{name}: {}", value.to_text()).replace(['\r', '\n'], " ");
        curl.push_str(&format!("header = \"{}\"\n", escaped(&header)));
        wget.push_str(&format!("header = {header}\n"));
    }
    if let Some(user) = args.text("url_username") {
        let password = args.text("url_password").unwrap_or_default();
        curl.push_str(&format!("user = \"{}:{}\"\n", escaped(user), escaped(password)));
        wget.push_str(&format!("user = {user}\npassword = {password}\n"));
    }
    format!("{curl}.\n{wget}")
}

/// Escapes text for a quoted value of curl's configuration.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r")
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
