//! The program that downloads, with curl or else wget.

use super::digest::Digest;
use crate::failure::Failure;
use crate::module::remote::{FileKind, Stat, expanded, path_word, quote};
use crate::module::write::{backup_path, temporary_path};
use crate::module::{Args, Context};
use crate::value::Map;

/// Returns the program that downloads, compares and replaces. It writes lines of what came of it.
pub(super) async fn fetch_program(
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
    let mut wget = format!("wget -nv -S --tries=1 --timeout={timeout} -O {to}");
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
pub(super) fn secrets(args: &Args) -> String {
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
