//! `apt_repository`: the sources of packages of Debian and Ubuntu, as lines of `/etc/apt/sources.list` and the files beside it.

pub(super) mod sources;

use super::attributes::{Attributes, MODE, chmod_bits};
use super::remote::{Stat, exec_output, path_word_literal, quote};
use super::tool::{act, ask, on_host};
use super::{Arg, ArgKind, Args, Change, Context, Finished, Module, Output, Rule, TextDiff};
use crate::failure::{Failure, FailureKind};
use crate::source::Diagnostic;
use crate::value::{Map, Value};
use crate::yaml::Node;
use sources::Sources;

/// `apt_repository`
pub static MODULE: Module = Module {
    rules: &[Rule::Passes("repo", is_line)],
    ..on_host(
        "apt_repository",
        &["ansible.builtin"],
        "Adds and removes sources of packages of Debian and Ubuntu.",
        &[
            Arg::new("repo", ArgKind::Str, "The source: `deb [signed-by=…] URL SUITE COMPONENT`.").required(),
            Arg::new("state", ArgKind::Str, "Whether it is there.").choices(&["absent", "present"]).default("present"),
            Arg::new("filename", ArgKind::Str, "The file in `sources.list.d` for a new source, without `.list`."),
            MODE,
            Arg::new("update_cache", ArgKind::Bool, "Fetch the lists of packages when something changed.")
                .aliases(&["update-cache"])
                .default("true"),
            Arg::new("update_cache_retries", ArgKind::Int, "How often to try that.").default("5"),
            Arg::new("update_cache_retry_max_delay", ArgKind::Int, "The longest pause before another try, in seconds.")
                .default("12"),
            Arg::new("codename", ArgKind::Str, "The release for a `ppa:`.").refused(PPA),
            Arg::new("install_python_apt", ArgKind::Bool, "Install python3-apt where it is missing; nothing needs it.")
                .default("true"),
            Arg::new("validate_certs", ArgKind::Bool, "Check the certificate of Launchpad, which nobody asks here.")
                .default("true"),
        ],
        |context| Box::pin(plan(context)),
    )
};

const PPA: &str = "what a `ppa:` stands for only Launchpad knows; write the line that it comes to";

fn is_line(node: &Node) -> Option<Diagnostic> {
    let is_ppa = node.as_str().is_some_and(|text| text.starts_with("ppa:"));
    is_ppa.then(|| Diagnostic::error("E0307", format!("not supported: {PPA}")).at(node.span))
}

/// Tells all files of sources, each with its path before it.
const LOOK: &str = "for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do \
    [ -f \"$f\" ] && { printf '\\001%s\\002' \"$f\"; cat \"$f\"; }; done";

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let repo = args.text("repo").unwrap_or_default();
    let wrong = |message: String| Failure::new(FailureKind::Argument, message);
    if repo.is_empty() {
        return Err(wrong("Please set argument 'repo' to a non-empty value".into()));
    }
    if repo.starts_with("ppa:") {
        return Err(wrong(format!("`repo`: {PPA}")));
    }
    let [tool, said] = ask(context.probe, ["command -v apt-get".into(), LOOK.into()]).await?;
    if tool.trim().is_empty() {
        return Err(Failure::new(FailureKind::Command, "Module apt_repository is not supported on target."));
    }
    let before = Sources::read(&said);
    let mut after = before.clone();
    let invalid = |line: String| wrong(format!("Invalid repository string: {line}"));
    match args.text("state") {
        Some("absent") => after.remove(repo).map_err(invalid)?,
        _ => after.add(repo, args.text("filename")).map_err(invalid)?,
    }
    let (before, after) = (before.texts(), after.texts());
    let missing = |from: &[(String, String)], others: &[(String, String)]| {
        let is_new = |(path, _): &&(String, String)| !others.iter().any(|(other, _)| other == path);
        Value::list(from.iter().filter(is_new).map(|(path, _)| path.as_str()).collect::<Vec<_>>())
    };
    let mut result = Map::new();
    result.insert("repo", repo);
    result.insert("state", args.text("state").unwrap_or_default());
    result.insert("sources_added", missing(&after, &before));
    result.insert("sources_removed", missing(&before, &after));
    let mut change = Change::nothing(result);
    if before == after {
        return Ok(change);
    }
    change.changed = true;
    let edits = edits(&before, &after);
    change.diff = edits.iter().map(Edit::diff).collect();
    let mode = Attributes::of(args)?.mode_for(&Stat::default(), 0o644, 0o022);
    change.actions.push(act(&program(args, &edits, mode)));
    change.finish = Some(Box::new(finish));
    Ok(change)
}

/// A file that becomes another one; `None` where there is none.
struct Edit {
    path: String,
    before: Option<String>,
    after: Option<String>,
}

fn edits(before: &[(String, String)], after: &[(String, String)]) -> Vec<Edit> {
    let of = |files: &[(String, String)], path: &str| {
        files.iter().find(|(known, _)| known == path).map(|(_, text)| text.clone())
    };
    let mut paths: Vec<&String> = before.iter().chain(after).map(|(path, _)| path).collect();
    paths.sort();
    paths.dedup();
    let edits =
        paths.into_iter().map(|path| Edit { path: path.clone(), before: of(before, path), after: of(after, path) });
    edits.filter(|edit| edit.before != edit.after).collect()
}

impl Edit {
    fn diff(&self) -> TextDiff {
        let header = |text: &Option<String>| if text.is_some() { self.path.clone() } else { "/dev/null".into() };
        TextDiff {
            before_header: header(&self.before),
            after_header: header(&self.after),
            before: self.before.clone().unwrap_or_default(),
            after: self.after.clone().unwrap_or_default(),
        }
    }

    /// Returns the command that gives the file a text. A symbolic link stays one.
    fn write(&self, text: &Option<String>, mode: u32) -> String {
        let path = path_word_literal(&self.path);
        match text {
            None => format!("rm -f {path}"),
            Some(text) => {
                let mode = if self.before.is_none() {
                    format!("chmod {} \"$f.new\"", chmod_bits(mode))
                } else {
                    "cp -p \"$f\" \"$f.new\"".into()
                };
                let (first, second) = match self.before.is_none() {
                    true => (format!("printf %s {} >\"$f.new\"", quote(text)), mode),
                    false => (mode, format!("printf %s {} >\"$f.new\"", quote(text))),
                };
                format!("f=$(readlink -f {path} || echo {path}); {first} && {second} && mv -f \"$f.new\" \"$f\"")
            }
        }
    }
}

/// Returns the program that writes the files and fetches the lists; where that fails, the files are as they were.
fn program(args: &Args, edits: &[Edit], mode: u32) -> String {
    let mut text = String::from("mkdir -p /etc/apt/sources.list.d\n");
    for edit in edits {
        text.push_str(&format!("{{ {}; }} || exit 1\n", edit.write(&edit.after, mode)));
    }
    if !args.flag("update_cache") {
        return text;
    }
    let back: String = edits.iter().map(|edit| format!("{{ {}; }}\n", edit.write(&edit.before, mode))).collect();
    let tries = args.int("update_cache_retries").unwrap_or(5).max(1);
    let most = args.int("update_cache_retry_max_delay").unwrap_or(12).max(0);
    text.push_str(&format!(
        "n=1; p=1\nuntil m=$(LC_ALL=C apt-get -q -y update 2>&1) && case $m in *'Failed to fetch'*) false;; esac; do\n\
         if [ $n -ge {tries} ]; then {{\n{back}}}\nprintf 'Failed to update apt cache after {tries} retries: %s\\n' \"$m\" >&2; exit 100; fi\n\
         n=$((n + 1)); [ $p -gt {most} ] && p={most}; sleep $p; p=$((p * 2))\ndone\n"
    ));
    text
}

fn finish(outputs: Vec<Output>, result: Map) -> Result<Finished, Failure> {
    let output = outputs.into_iter().next().map(exec_output).transpose()?.unwrap_or_default();
    super::place::check_status(&output)?;
    Ok(Finished::new(result, true))
}
