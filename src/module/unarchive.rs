//! `unarchive`: unpacks an archive of this machine, or of the host, into a folder of the host.
//!
//! The host's own tools unpack: GNU tar (with gzip, bzip2, xz or zstd) and Info-ZIP's unzip. One program finds out which
//! archive it is, compares it with the folder, unpacks it where they differ, and sees to mode, owner and group. What it
//! did comes back in parts with a mark between them.

use super::args::args_with;
use super::attributes::{Attributes, FILE, Mode, add_fields, chmod_bits};
use super::local::{LocalFile, find};
use super::program::{Guard, guard};
use super::remote::{
    Look, Stat, exec_output, expanded, look, look_action, path_word, path_word_literal, quote, seen_after,
};
use super::tool::{act, command, on_host};
use super::{
    Action, Arg, ArgKind, Args, Change, Content, Context, Finished, Module, Output, Put, Rule, Withheld, Work,
};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

/// `unarchive`
pub static MODULE: Module = Module {
    rules: &[Rule::Exclusive(&["include", "exclude"]), Rule::Exclusive(&["copy", "remote_src"])],
    ..on_host(
        "unarchive",
        &["ansible.builtin"],
        "Unpacks an archive into a folder of the host.",
        args_with![FILE;
            Arg::new("src", ArgKind::Path, "The archive: tar (also compressed) or zip; a URL with `remote_src`.").required(),
            Arg::new("dest", ArgKind::Path, "The folder.").required(),
            Arg::new("remote_src", ArgKind::Bool, "The archive is on the host, or the host fetches it.").default("false"),
            Arg::new("copy", ArgKind::Bool, "The archive is on this machine; the contrary of `remote_src`."),
            Arg::new("creates", ArgKind::Path, "Do nothing when this is there."),
            Arg::new("list_files", ArgKind::Bool, "Return what is in the archive.").default("false"),
            Arg::new("keep_newer", ArgKind::Bool, "Leave files that are newer than those in the archive.").default("false"),
            Arg::new("exclude", ArgKind::List, "What is not unpacked.").default("[]"),
            Arg::new("include", ArgKind::List, "What alone is unpacked.").default("[]"),
            Arg::new("extra_opts", ArgKind::List, "Options for tar or unzip.").default("[]"),
            Arg::new("decrypt", ArgKind::Bool, "Open an archive that is in a vault.").default("true"),
            Arg::new("validate_certs", ArgKind::Bool, "Check the certificate of the server that has it.").default("true"),
            Arg::new("io_buffer_size", ArgKind::Int, "How much Ansible reads at once, in bytes; without a meaning here.")
                .default("65536"),
        ],
        |context| Box::pin(plan(context)),
    )
};

/// What check mode says: whether something would change is known only where the archive is.
const NOT_CHECKED: &str = "remote module (ansible.legacy.unarchive) does not support check mode when using gtar";

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    if let Some(Guard::Exists(path)) = guard(&context).await? {
        return Ok(Change::skip(format!("skipped, since {path} exists")));
    }
    let wrong = |message: String| Failure::new(FailureKind::File, message);
    let is_there = args.get("copy").map_or(args.flag("remote_src"), |_| !args.flag("copy"));
    let (src, dest) = (args.text("src").unwrap_or_default(), args.text("dest").unwrap_or_default());
    let follow = Look { follow: true, ..Look::default() };
    let (folder, _) = look(context.probe, &[path_word(dest)], follow).await?.one()?;
    if !folder.is_dir() {
        return Err(wrong(format!("dest '{dest}' must be an existing dir")));
    }
    let mut actions = Vec::new();
    let archive = match (is_there, src.contains("://")) {
        (false, true) => {
            let message = format!("Unsupported option, an URI src ({src}) is only supported when remote_src is True");
            return Err(wrong(message));
        }
        (false, false) => {
            let path = find(context.files, "files", src)?;
            let file = LocalFile::read(&path, args.flag("decrypt"), context.run).await?;
            let content = file.bytes.map_or_else(|| Content::File(path), |bytes| Content::Bytes(bytes.into()));
            let temporary = format!("/tmp/.netplay-{}", uuid::Uuid::new_v4().simple());
            let put = Put {
                path: temporary.clone(),
                content,
                mode: Some("0600".into()),
                owner: None,
                group: None,
                backup: None,
            };
            actions.push(Action::on_host(Effect::Write, Work::Put(put)));
            Archive { path: temporary, fetched_from: None, is_temporary: true }
        }
        (true, true) => {
            let temporary = format!("/tmp/.netplay-{}", uuid::Uuid::new_v4().simple());
            Archive { path: temporary, fetched_from: Some(src.to_owned()), is_temporary: true }
        }
        (true, false) => {
            let path = expanded(context.probe, src).await?;
            let (stat, _) = look(context.probe, &[path_word_literal(&path)], follow).await?.one()?;
            check_source(&stat, src)?;
            Archive { path, fetched_from: None, is_temporary: false }
        }
    };
    let mut result = Map::new();
    result.insert("dest", dest);
    result.insert("src", archive.path.as_str());
    add_fields(&mut result, &folder);
    actions.push(act(&archive.program(args, &Attributes::of(args)?, &folder.path)));
    actions.push(look_action(&folder.path));
    let mut change = Change::nothing(result);
    change.changed = true;
    change.actions = actions;
    change.withheld = Withheld::Skipped(NOT_CHECKED);
    let lists = args.flag("list_files");
    change.finish = Some(Box::new(move |outputs, result| finish(outputs, result, &archive.path, lists)));
    Ok(change)
}

fn check_source(stat: &Stat, src: &str) -> Result<(), Failure> {
    let wrong = |message: String| Err(Failure::new(FailureKind::File, message));
    if !stat.exists() {
        wrong(format!("Source '{src}' does not exist"))
    } else if !stat.readable {
        wrong(format!("Source '{src}' not readable"))
    } else if stat.size == 0 {
        wrong(format!("Invalid archive '{}', the file is 0 bytes", stat.path))
    } else {
        Ok(())
    }
}

/// An archive on the host.
struct Archive {
    path: String,
    /// Where the host fetches it from.
    fetched_from: Option<String>,
    is_temporary: bool,
}

/// What stands between the parts of the program's answer.
const MARK: char = '\u{1}';

impl Archive {
    /// Returns the program that does it all. It says the handler, the command, its status, output and complaints, the
    /// names in the archive, and whether an attribute changed.
    fn program(&self, args: &Args, attributes: &Attributes, folder: &str) -> String {
        let mut text = String::from("export LC_ALL=C\n");
        text.push_str(&format!("s={}\nd={}\n", path_word_literal(&self.path), path_word_literal(folder)));
        text.push_str("w=$(mktemp -d) || exit 1\n");
        let own = if self.is_temporary { "; rm -f \"$s\"" } else { "" };
        text.push_str(&format!(
            "trap 'rm -rf \"$w\"{own}' EXIT\ntrap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM\n"
        ));
        if let Some(url) = &self.fetched_from {
            let (curl, wget) = if args.flag("validate_certs") { ("", "") } else { (" -k", " --no-check-certificate") };
            text.push_str(&format!(
                "if command -v curl >/dev/null 2>&1; then curl{curl} -sSfL -o \"$s\" {0}; else wget{wget} -qO \"$s\" {0}; fi || exit 1\n",
                quote(url)
            ));
        }
        text.push_str("[ -s \"$s\" ] || { echo \"Invalid archive '$s', the file is 0 bytes\" >&2; exit 1; }\n");
        text.push_str(&zip_program(args));
        text.push_str(&tar_program(args, attributes));
        text.push_str("[ -n \"$h\" ] || { echo \"Failed to find handler for \\\"$s\\\". Make sure the required command to extract the file is installed.\" >&2; exit 1; }\n");
        text.push_str(&attributes_program(args, attributes));
        text.push_str("printf '%s\\001%s\\001%s\\001' \"$h\" \"$x\" \"$r\"; cat \"$w/out\"; printf '\\001'; cat \"$w/err\"; printf '\\001'; cat \"$w/list\"; printf '\\001%s' \"$a\"");
        text
    }
}

/// Returns what lists, compares and unpacks with unzip. A file is as in the archive when its bytes are.
fn zip_program(args: &Args) -> String {
    let exclude = args.texts("exclude");
    let (include, options) = (command(&args.texts("include")), command(&args.texts("extra_opts")));
    let without = if exclude.is_empty() { String::new() } else { format!(" -x {}", command(&exclude)) };
    let newer = if args.flag("keep_newer") { "-u" } else { "-o" };
    format!(
        "h=; x=; r=; a=; : >\"$w/out\"; : >\"$w/err\"\n\
         if command -v unzip >/dev/null 2>&1 && unzip -Z1 \"$s\" {include}{without} >\"$w/list\" 2>/dev/null && [ -s \"$w/list\" ]; then\n\
         h=ZipArchive\n\
         while IFS= read -r f; do case $f in */) [ -d \"$d/$f\" ] || x=differs;; *) unzip -p \"$s\" \"$f\" 2>/dev/null | cmp -s - \"$d/$f\" || x=differs;; esac; done <\"$w/list\"\n\
         if [ -n \"$x\" ]; then\n\
         x=\"$(command -v unzip)\n{newer}{shown}\n$s{shown_include}{shown_without}\n-d\n$d\"\n\
         unzip {newer} {options} \"$s\" {include}{without} -d \"$d\" >\"$w/out\" 2>\"$w/err\"; r=$?; fi\nfi\n",
        shown = shown(&args.texts("extra_opts")),
        shown_include = shown(&args.texts("include")),
        shown_without = if exclude.is_empty() { String::new() } else { format!("\n-x{}", shown(&exclude)) },
    )
}

/// Returns words for the text of a shell's double quotes, a line each.
fn shown(words: &[String]) -> String {
    let escaped =
        |word: &String| word.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`");
    words.iter().map(|word| format!("\n{}", escaped(word))).collect()
}

/// Returns what lists, compares and unpacks with tar, trying one kind of compression after the other.
fn tar_program(args: &Args, attributes: &Attributes) -> String {
    let mut words: Vec<String> = Vec::new();
    let options = args.texts("extra_opts");
    if !options.is_empty() {
        words.push("--show-transformed-names".into());
        words.extend(options);
    }
    let of_list = words.clone();
    words.extend(attributes.owner.iter().map(|owner| format!("--owner={owner}")));
    words.extend(attributes.group.iter().map(|group| format!("--group={group}")));
    words.extend(args.flag("keep_newer").then(|| "--keep-newer-files".into()));
    let excluded: Vec<String> =
        args.texts("exclude").iter().map(|path| format!("--exclude={}", path.trim_end_matches('/'))).collect();
    let with = |words: &[String]| command(&words.iter().chain(&excluded).cloned().collect::<Vec<_>>());
    let include = args.texts("include");
    // What is set besides is seen to afterwards, and is no reason to unpack.
    let mut reasons = vec![
        "Mod time differs$",
        "Warning: Cannot stat: No such file or directory$",
        "Invalid owner",
        "Invalid group",
        "Symlink differs$",
        "Contents differ$",
        "Size differs$",
    ];
    reasons.extend(attributes.mode.is_none().then_some("Mode differs$"));
    let mut of_root = Vec::new();
    of_root.extend(attributes.owner.is_none().then_some("Uid differs$"));
    of_root.extend(attributes.group.is_none().then_some("Gid differs$"));
    let pattern = |reasons: &[&str]| quote(&format!(": ({})", reasons.join("|")));
    let all: Vec<&str> = reasons.iter().chain(&of_root).copied().collect();
    format!(
        "t=$(command -v gtar || command -v tar)\n\
         if [ -z \"$h\" ] && \"$t\" --version 2>/dev/null | head -n 1 | grep -q GNU; then\n\
         for k in TgzArchive,-z TarArchive, TarBzipArchive,-j TarXzArchive,-J TarZstdArchive,--use-compress-program=zstd; do\n\
         z=${{k#*,}}\n\
         \"$t\" --list -C \"$d\" ${{z:+\"$z\"}} {list} -f \"$s\" {include} >\"$w/list\" 2>/dev/null && [ -s \"$w/list\" ] || continue\n\
         h=${{k%%,*}}\n\
         p={plain}; [ \"$(id -u)\" = 0 ] && p={root}\n\
         if \"$t\" --diff -C \"$d\" ${{z:+\"$z\"}} {words} -f \"$s\" {include} 2>&1 | grep -v ': : Warning: Cannot stat' | grep -Eq \"$p\"; then\n\
         x=\"$t\n--extract\n-C\n$d${{z:+\n$z}}{shown_words}\n-f\n$s{shown_include}\"\n\
         \"$t\" --extract -C \"$d\" ${{z:+\"$z\"}} {words} -f \"$s\" {include} >\"$w/out\" 2>\"$w/err\"; r=$?\nfi\n\
         break\ndone\nfi\n",
        list = with(&of_list),
        words = with(&words),
        plain = pattern(&reasons),
        root = pattern(&all),
        shown_words = shown(&words.iter().chain(&excluded).cloned().collect::<Vec<_>>()),
        shown_include = shown(&include),
        include = command(&include),
    )
}

/// Returns what gives everything in the archive its mode, owner and group, and sets `$a` where that changed something.
fn attributes_program(args: &Args, attributes: &Attributes) -> String {
    let mut each = Vec::new();
    for (tool, wanted) in [("chown -hc", &attributes.owner), ("chgrp -hc", &attributes.group)] {
        each.extend(wanted.iter().map(|wanted| format!("{tool} {} \"$1\"", quote(wanted))));
    }
    let mode = match &attributes.mode {
        Some(Mode::Bits(bits)) => Some(chmod_bits(*bits)),
        // What `chmod` understands is what an author writes.
        Some(_) => args.text("mode").map(str::to_owned),
        None => None,
    };
    each.extend(mode.iter().map(|mode| format!("[ -L \"$1\" ] || chmod -c {} \"$1\"", quote(mode))));
    if each.is_empty() {
        return String::new();
    }
    format!(
        "if [ \"${{r:-0}}\" = 0 ]; then\nset_all() {{ {{ {}; }} || exit 1; }}\n\
         a=$(while IFS= read -r f; do f=${{f#/}}; set_all \"$d/${{f%/}}\"; case $f in */*) set_all \"$d/${{f%%/*}}\";; esac; done <\"$w/list\") || exit 1\nfi\n",
        each.join("; } && { ")
    )
}

fn finish(outputs: Vec<Output>, mut result: Map, src: &str, lists: bool) -> Result<Finished, Failure> {
    let mut outputs = outputs.into_iter().filter(|output| matches!(output, Output::Exec(_)));
    let done = outputs.next().map(exec_output).transpose()?.unwrap_or_default();
    super::place::check_status(&done)?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let parts: Vec<&str> = said.split(MARK).collect();
    let [handler, run, status, out, err, names, changed] = parts[..] else {
        return Err(Failure::new(FailureKind::Internal, "the program that unpacks said something else"));
    };
    result.insert("handler", handler);
    let has_run = !status.is_empty();
    if has_run {
        let rc: i128 = status.parse().unwrap_or(1);
        let mut results = Map::new();
        results.insert("cmd", Value::list(run.split('\n')));
        results.insert("rc", rc);
        results.insert("out", out);
        results.insert("err", err);
        result.insert("extract_results", Value::from(results));
        if rc != 0 {
            let dest = result.get("dest").and_then(Value::as_str).unwrap_or_default().to_owned();
            let failure = Failure::new(FailureKind::Command, format!("failed to unpack {src} to {dest}"));
            return Err(failure.with_result(result));
        }
    }
    if lists {
        result.insert("files", Value::list(names.lines().map(|name| name.trim_start_matches('/'))));
    }
    if let Some(now) = outputs.next().as_ref().and_then(seen_after).filter(Stat::exists) {
        add_fields(&mut result, &now);
    }
    Ok(Finished::new(result, has_run || !changed.is_empty()))
}
