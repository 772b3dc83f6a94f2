//! `uri`: calls a web service, with every option and result field of Ansible's.
//!
//! A call that only reads is an action of effect `Read` and happens in check mode too. With `dest` such a call is made
//! while planning, so that the writing of the file is an action of its own which the gate can withhold; a call that
//! writes is made by the executor and the file follows by [`Change::then`].
//!
//! Two fields are our own: `elapsed_ms`, and `json_error` where the answer claims to be JSON and is not. `content` is
//! given for a failed call even when `return_content` is not set: it says why.

mod answer;
mod request;
#[cfg(test)]
mod tests;

use super::args::args_with;
use super::attributes::FILE;
use super::{
    Action, Arg, ArgKind, Args, Call, Change, Content, Context, Exec, ExecOutput, Finished, HttpAnswer, Module, Needs,
    Output, Place, Probe, Program, Put, Rule, Withheld, Work,
};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::source::SearchPath;
use crate::value::Map;
use answer::Expected;

/// The module.
pub static MODULE: Module = Module {
    name: "uri",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Calls a web service over HTTP or HTTPS.",
    args: ARGS,
    rules: &[Rule::Exclusive(&["body", "src"])],
    free_form: None,
    any_args: false,
    needs: Needs::Http,
    changes_run: false,
    once: false,
    effect,
    plan: |context| Box::pin(async move { plan(&Ground::of(&context)).await }),
};

const ARGS: &[Arg] = args_with![FILE;
    Arg::new("url", ArgKind::Str, "The URL, with `http://` or `https://`.").required(),
    Arg::new("method", ArgKind::Str, "The method.").default("GET"),
    Arg::new("headers", ArgKind::Dict, "Header fields.").default("{}"),
    Arg::new("body", ArgKind::Raw, "The body: text, or data that `body_format` writes."),
    Arg::new("body_format", ArgKind::Str, "How data in `body` is written.").default("raw").choices(&[
        "raw",
        "json",
        "form-urlencoded",
        "form-multipart",
    ]),
    Arg::new("src", ArgKind::Path, "A file to send as the body."),
    Arg::new("remote_src", ArgKind::Bool, "Files to send are on the host, not here.").default("false"),
    Arg::new("status_code", ArgKind::List, "Status codes that are right: `200`, `2xx`, `200-299`.").default("200"),
    Arg::new("return_content", ArgKind::Bool, "Return the body as `content`.").default("false"),
    Arg::new("timeout", ArgKind::Float, "Seconds that the whole call may take.").default("30"),
    Arg::new("follow_redirects", ArgKind::Str, "Which redirects are followed.")
        .default("safe")
        .choices(&["safe", "all", "none", "urllib2", "yes", "no", "True", "False"]),
    Arg::new("url_username", ArgKind::Str, "User name for basic or digest authentication.").aliases(&["user"]),
    Arg::new("url_password", ArgKind::Secret, "Password for basic or digest authentication.").aliases(&["password"]),
    Arg::new("force_basic_auth", ArgKind::Bool, "Send basic authentication without being asked.").default("false"),
    Arg::new("use_netrc", ArgKind::Bool, "Look user and password up in `~/.netrc`.").default("true"),
    Arg::new("use_gssapi", ArgKind::Bool, "Kerberos; not supported.").default("false"),
    Arg::new("validate_certs", ArgKind::Bool, "Check the server's certificate.").default("true"),
    Arg::new("ca_path", ArgKind::Path, "A PEM file of authorities to trust, instead of the system's."),
    Arg::new("client_cert", ArgKind::Path, "A PEM file of the client's certificate, and its key if in the same file."),
    Arg::new("client_key", ArgKind::Path, "A PEM file of the client certificate's key."),
    Arg::new("ciphers", ArgKind::List, "Cipher names; not supported."),
    Arg::new("http_agent", ArgKind::Str, "The `User-Agent` field.").default("netplay"),
    Arg::new("use_proxy", ArgKind::Bool, "Use the proxies that the environment names.").default("true"),
    Arg::new("unix_socket", ArgKind::Path, "A Unix socket to connect to."),
    Arg::new("unredirected_headers", ArgKind::List, "Header fields that are not sent on after a redirect."),
    Arg::new("decompress", ArgKind::Bool, "Undo gzip.").default("true"),
    Arg::new("force", ArgKind::Bool, "Ask for an answer past every cache.").aliases(&["thirsty"]).default("false"),
    Arg::new("creates", ArgKind::Path, "A path on the host; when it exists, nothing is called."),
    Arg::new("removes", ArgKind::Path, "A path on the host; when it does not exist, nothing is called."),
    Arg::new("dest", ArgKind::Path, "A file or folder on the host that the body is written to."),
];

/// Claims that a method only reads.
fn reads(method: &str) -> bool {
    ["GET", "HEAD", "OPTIONS"].iter().any(|read| method.eq_ignore_ascii_case(read))
}

fn effect(call: &Call<'_>) -> Effect {
    let method = match call.args.get("method") {
        None => Some("GET"),
        Some(_) => call.literal("method"),
    };
    let to_file = call.args.get("dest").is_some_and(|dest| !dest.is_null());
    if method.is_some_and(reads) && !to_file { Effect::Read } else { Effect::Write }
}

/// The part of a step's context that matters here.
struct Ground<'a> {
    args: &'a Args,
    probe: &'a dyn Probe,
    files: &'a SearchPath,
    /// Where files are: on the host, or on this machine for a device that has none (as in Ansible).
    place: Place,
}

impl<'a> Ground<'a> {
    fn of(context: &Context<'a>) -> Ground<'a> {
        let place = match context.platform {
            Some(platform) if !platform.is_host => Place::Controller,
            _ => Place::Host,
        };
        Ground { args: context.args, probe: context.probe, files: context.files, place }
    }
}

async fn plan(ground: &Ground<'_>) -> Result<Change, Failure> {
    let args = ground.args;
    if args.flag("use_gssapi") {
        return Err(Failure::new(FailureKind::Argument, "`use_gssapi` is not supported: there is no Kerberos here")
            .help("use `url_username` with `force_basic_auth`, or a token among `headers`"));
    }
    let expected = Expected::of(args)?;
    if let Some(why) = not_needed(ground).await? {
        let mut result = Map::new();
        result.insert("stdout", why);
        return Ok(Change::nothing(result));
    }
    let mut call = request::call(ground).await?;
    let effect = if reads(&call.method) { Effect::Read } else { Effect::Write };
    let content_wanted = args.flag("return_content");
    let Some(dest) = args.text("dest") else {
        let work = Work::Http(Box::new(call));
        let mut change = Change::act(Action::here(effect, work), move |output, _| {
            answer::result(answer_of(output)?, &expected, content_wanted).map(|result| Finished::new(result, false))
        });
        change.withheld = Withheld::Skipped("what a server would answer is not known without calling it");
        return Ok(change);
    };
    let found = look(ground, dest).await?;
    if let (Found::File { modified }, false) = (&found, args.flag("force"))
        && !call.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("if-modified-since"))
        && let Some(date) = answer::http_date(*modified)
    {
        call.headers.push(("If-Modified-Since".into(), date));
    }
    let file = Dest {
        path: dest.to_owned(),
        is_dir: matches!(found, Found::Folder),
        place: ground.place,
        attributes: attributes(args),
    };
    let action = Action::here(effect, Work::Http(Box::new(call)));
    if effect == Effect::Read {
        let answer = answer_of(ground.probe.read(action).await?)?;
        let put = file.put(&answer, &expected);
        let mut result = answer::result(answer, &expected, content_wanted)?;
        result.insert("path", file.path_for(&result));
        let mut change = Change::nothing(result);
        change.changed = put.is_some();
        change.actions.extend(put);
        return Ok(change);
    }
    let wanted = expected.clone();
    let kept = file.clone();
    let mut change = Change::nothing(Map::new());
    change.actions.push(action);
    change.then = Some(Box::new(move |outputs| match outputs.first() {
        Some(Output::Http(answer)) => Ok(kept.put(answer, &wanted).into_iter().collect()),
        _ => Ok(Vec::new()),
    }));
    change.finish = Some(Box::new(move |outputs, _| {
        let written = outputs.len() > 1;
        let answer = answer_of(outputs.into_iter().next().unwrap_or(Output::Done))?;
        let mut result = answer::result(answer, &expected, content_wanted)?;
        result.insert("path", file.path_for(&result));
        Ok(Finished::new(result, written))
    }));
    change.withheld = Withheld::Skipped("what a server would answer is not known without calling it");
    Ok(change)
}

fn answer_of(output: Output) -> Result<HttpAnswer, Failure> {
    match output {
        Output::Http(answer) => Ok(*answer),
        _ => Err(Failure::new(FailureKind::Internal, "an HTTP call brought something else than an HTTP answer")),
    }
}

/// The file that an answer is written to.
#[derive(Clone)]
struct Dest {
    path: String,
    is_dir: bool,
    place: Place,
    attributes: Attributes,
}

#[derive(Clone, Default)]
struct Attributes {
    mode: Option<String>,
    owner: Option<String>,
    group: Option<String>,
}

fn attributes(args: &Args) -> Attributes {
    let text = |name: &str| args.text(name).map(str::to_owned);
    // YAML's `0644` is the number 420; a mode is written in octal digits.
    let mode = args.get("mode").map(|mode| match mode.as_int() {
        Some(number) => format!("{number:04o}"),
        None => mode.to_text(),
    });
    Attributes { mode, owner: text("owner"), group: text("group") }
}

impl Dest {
    /// Returns the writing of an answer's body; nothing when the answer is wrong or says "not modified".
    fn put(&self, answer: &HttpAnswer, expected: &Expected) -> Option<Action> {
        if !expected.holds(answer.status) || answer.status == 304 {
            return None;
        }
        let Attributes { mode, owner, group } = self.attributes.clone();
        let disposition = answer.headers.iter().find(|(name, _)| name == "content-disposition");
        let path = self.named(disposition.map(|(_, value)| value.as_str()), &answer.url);
        let content = Content::Bytes(answer.body.as_slice().into());
        let work = Work::Put(Put { path, content, mode, owner, group, backup: None });
        Some(Action { effect: Effect::Write, place: self.place, work })
    }

    /// Returns the path of the file from a result's fields.
    fn path_for(&self, result: &Map) -> String {
        let text = |name: &str| result.get(name).and_then(|value| value.as_str());
        self.named(text("content_disposition"), text("url").unwrap_or_default())
    }

    fn named(&self, disposition: Option<&str>, url: &str) -> String {
        if !self.is_dir {
            return self.path.clone();
        }
        let name = answer::file_name(disposition, url);
        format!("{}/{name}", self.path.trim_end_matches('/'))
    }
}

/// Returns why nothing is called, by `creates` and `removes`.
async fn not_needed(ground: &Ground<'_>) -> Result<Option<String>, Failure> {
    for (name, wanted, says) in [("creates", true, "exists"), ("removes", false, "does not exist")] {
        if let Some(path) = ground.args.text(name)
            && !matches!(look(ground, path).await?, Found::Nothing) == wanted
        {
            return Ok(Some(format!("skipped, since '{path}' {says}")));
        }
    }
    Ok(None)
}

/// What stands at a path on the host.
enum Found {
    Nothing,
    Folder,
    /// Seconds since 1970.
    File {
        modified: i64,
    },
    Other,
}

async fn look(ground: &Ground<'_>, path: &str) -> Result<Found, Failure> {
    const LOOK: &str = "p=$1; case $p in '~/'*) p=$HOME/${p#'~/'};; esac; \
         if [ -d \"$p\" ]; then echo folder; elif [ -f \"$p\" ]; then \
         stat -L -c 'file %Y' \"$p\" 2>/dev/null || stat -L -f 'file %m' \"$p\"; \
         elif [ -e \"$p\" ]; then echo other; else echo nothing; fi";
    let argv = ["/bin/sh", "-c", LOOK, "sh", path].map(String::from).into();
    let exec = Exec { program: Program::Argv(argv), elevate: true, ..Exec::default() };
    let action = Action { effect: Effect::Read, place: ground.place, work: Work::Exec(exec) };
    let Output::Exec(ExecOutput { status: 0, stdout, .. }) = ground.probe.read(action).await? else {
        return Err(Failure::new(FailureKind::File, format!("cannot look at `{path}` on the host")));
    };
    let text = String::from_utf8_lossy(&stdout);
    Ok(match text.trim().split_once(' ') {
        Some(("file", modified)) => Found::File { modified: modified.trim().parse().unwrap_or(0) },
        _ => match text.trim() {
            "folder" => Found::Folder,
            "nothing" => Found::Nothing,
            _ => Found::Other,
        },
    })
}
