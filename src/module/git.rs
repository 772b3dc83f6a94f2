//! `git`: a copy of a repository on the host, at the version that is asked for.
//!
//! One round trip tells what is there and what the other side has; one program clones or fetches, and checks out.

use super::remote::{exec_output, path_word, quote};
use super::tool::{act, ask, command, failed};
use super::{Arg, ArgKind, Args, Change, Context, Finished, Module, Needs, Output};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

/// `git`
pub static MODULE: Module = Module {
    name: "git",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Clones and updates a git repository on the host.",
    args: &[
        Arg::new("repo", ArgKind::Str, "The repository: a URL, or a path on the host.").aliases(&["name"]).required(),
        Arg::new("dest", ArgKind::Path, "The folder on the host.").required(),
        Arg::new("version", ArgKind::Str, "A branch, a tag, or a commit's number.").default("HEAD"),
        Arg::new("remote", ArgKind::Str, "What the repository is called in the copy.").default("origin"),
        Arg::new("update", ArgKind::Bool, "Fetch what is new in the repository.").default("true"),
        Arg::new("clone", ArgKind::Bool, "Make the copy if there is none.").default("true"),
        Arg::new("force", ArgKind::Bool, "Throw away what was changed in the copy.").default("false"),
        Arg::new("depth", ArgKind::Int, "Only so many of the last commits."),
        Arg::new("single_branch", ArgKind::Bool, "Only the history of the branch or tag.").default("false"),
        Arg::new("bare", ArgKind::Bool, "Without a working tree.").default("false"),
        Arg::new("recursive", ArgKind::Bool, "Submodules too.").default("true"),
        Arg::new("track_submodules", ArgKind::Bool, "Submodules at the newest commit of their branch.")
            .default("false"),
        Arg::new("refspec", ArgKind::Str, "What else is fetched: `refs/pull/*:refs/heads/*`."),
        Arg::new("reference", ArgKind::Str, "A repository on the host to take what it has from."),
        Arg::new("separate_git_dir", ArgKind::Path, "Where the repository itself goes, apart from the working tree.")
            .refused("run `git init --separate-git-dir` with `command`"),
        Arg::new("key_file", ArgKind::Path, "The private key on the host for SSH."),
        Arg::new("ssh_opts", ArgKind::Str, "More options for ssh."),
        Arg::new("accept_hostkey", ArgKind::Bool, "Take any host key.").default("false"),
        Arg::new("accept_newhostkey", ArgKind::Bool, "Take the host key of a server that is not known yet.")
            .default("false"),
        Arg::new("executable", ArgKind::Path, "The git to run."),
        Arg::new("umask", ArgKind::Raw, "The umask to run with, octal as text."),
        Arg::new(
            "archive",
            ArgKind::Path,
            "Make an archive of the version: a path that ends with .zip, .tar.gz, .tar or .tgz.",
        )
        .refused("run `git archive` with `command`"),
        Arg::new("archive_prefix", ArgKind::Str, "What stands before the paths in the archive.")
            .refused("run `git archive` with `command`"),
        Arg::new("verify_commit", ArgKind::Bool, "Check the signature of the commit or tag.").default("false"),
        Arg::new("gpg_allowlist", ArgKind::List, "Fingerprints of keys that may have signed it.")
            .aliases(&["gpg_whitelist"])
            .default("[]")
            .refused("the host's own keyring says which keys are trusted"),
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

/// The words that all programs here begin with: the environment, and names for what is asked for.
fn start(args: &Args) -> Result<String, Failure> {
    let mut text = String::from("export LC_ALL=C GIT_TERMINAL_PROMPT=0\n");
    match args.get("umask") {
        None | Some(Value::Null) => {}
        Some(Value::Str(umask)) if u32::from_str_radix(umask, 8).is_ok() => {
            text.push_str(&format!("umask {umask}\n"));
        }
        Some(_) => return Err(Failure::new(FailureKind::Argument, "umask must be defined as a quoted octal integer")),
    }
    let ssh = ssh(args);
    if !ssh.is_empty() {
        text.push_str(&format!("GIT_SSH_COMMAND={}; export GIT_SSH_COMMAND\n", quote(&format!("ssh{ssh}"))));
    }
    let repo = args.text("repo").unwrap_or_default();
    // Paths know no depth; the same path as a URL does.
    let repo = if repo.starts_with('/') { format!("file://{repo}") } else { repo.to_owned() };
    let git = args.text("executable").map_or("git".into(), path_word);
    text.push_str(&format!(
        "g={git} u={} d={} v={} r={}\n",
        quote(&repo),
        path_word(args.text("dest").unwrap_or_default()),
        quote(args.text("version").unwrap_or("HEAD")),
        quote(args.text("remote").unwrap_or("origin")),
    ));
    Ok(text)
}

/// Returns the options of ssh.
fn ssh(args: &Args) -> String {
    let mut options = args.text("ssh_opts").map(|options| format!(" {options}")).unwrap_or_default();
    let says = options.contains("StrictHostKeyChecking=");
    if args.flag("accept_hostkey") && !says {
        options.push_str(" -o StrictHostKeyChecking=no");
    } else if args.flag("accept_newhostkey") && !says {
        options.push_str(" -o StrictHostKeyChecking=accept-new");
    }
    if let Some(key) = args.text("key_file") {
        options.push_str(&format!(" -i {} -o IdentitiesOnly=yes", quote(key)));
    }
    options
}

/// What there is of a copy.
struct Seen {
    has_git: bool,
    is_there: bool,
    head: Option<String>,
    is_modified: bool,
    url_differs: bool,
    /// The commit that the version means on the other side.
    remote_head: Option<String>,
}

async fn look(context: &Context<'_>, start: &str) -> Result<Seen, Failure> {
    let bare = context.args.flag("bare");
    let config = if bare { "$d/config" } else { "$d/.git/config" };
    let program = format!(
        "{start}command -v \"$g\" >/dev/null && echo git\n\
         [ -e \"{config}\" ] || exit 0\n\
         echo there; cd \"$d\" || exit 0\n\
         printf 'head %s\\n' \"$(\"$g\" rev-parse HEAD)\"\n{}\
         [ \"$(\"$g\" config --get \"remote.$r.url\")\" = \"$u\" ] || echo url\n",
        if bare { "" } else { "\"$g\" status --porcelain -uno | grep -q . && echo modified\n" }
    );
    let remote =
        format!("{start}\"$g\" ls-remote \"$u\" \"$v\" \"refs/heads/$v\" \"refs/tags/$v\" \"refs/tags/$v^{{}}\"");
    let [said, listed] = ask(context.probe, [format!("({program})"), format!("({remote})")]).await?;
    let has = |what: &str| said.lines().any(|line| line == what);
    let head = said.lines().find_map(|line| line.strip_prefix("head ")).filter(|head| !head.is_empty());
    Ok(Seen {
        has_git: has("git"),
        is_there: has("there"),
        head: head.map(str::to_owned),
        is_modified: has("modified"),
        url_differs: has("url"),
        remote_head: remote_head(&listed, context.args.text("version").unwrap_or("HEAD")),
    })
}

/// Returns the commit that a version means: a branch's, or else a tag's, or itself.
fn remote_head(listed: &str, version: &str) -> Option<String> {
    let rows: Vec<(&str, &str)> = listed.lines().filter_map(|line| line.split_once('\t')).collect();
    let of = |name: String| rows.iter().find(|(_, there)| *there == name).map(|(commit, _)| (*commit).to_owned());
    let is_commit = version.len() >= 7 && version.chars().all(|c| c.is_ascii_hexdigit());
    of(format!("refs/heads/{version}"))
        .or_else(|| of(format!("refs/tags/{version}^{{}}")))
        .or_else(|| of(format!("refs/tags/{version}")))
        .or_else(|| of(version.to_owned()))
        .or_else(|| is_commit.then(|| version.to_owned()))
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let start = start(args)?;
    let seen = look(&context, &start).await?;
    if !seen.has_git {
        return Err(Failure::new(FailureKind::Command, "Failed to find required executable \"git\" on the host"));
    }
    let text = |commit: &Option<String>| commit.as_deref().map_or(Value::Null, Value::from);
    let mut result = Map::new();
    result.insert("before", text(&seen.head));
    if !seen.is_there {
        result.insert("after", text(&seen.remote_head));
        if !args.flag("clone") {
            let mut change = Change::nothing(result);
            change.changed = true;
            return Ok(change);
        }
        return Ok(change(result, format!("{start}{}{}", clone(args), finish_program(args)), true));
    }
    if !args.flag("update") {
        return Ok(Change::nothing(result).field("after", text(&seen.head)));
    }
    if seen.is_modified && !args.flag("force") {
        let dest = args.text("dest").unwrap_or_default();
        let message = format!("Local modifications exist in the destination: {dest} (force=no).");
        return Err(Failure::new(FailureKind::Command, message).with_result(result));
    }
    result.insert("remote_url_changed", seen.url_differs);
    result.insert("after", text(&seen.remote_head));
    let foreseen = seen.head != seen.remote_head || seen.url_differs || seen.is_modified;
    Ok(change(result, format!("{start}{}{}", fetch(args, &seen), finish_program(args)), foreseen))
}

fn depth(args: &Args) -> String {
    args.int("depth").map(|depth| format!(" --depth {depth}")).unwrap_or_default()
}

/// Returns the program that makes the copy.
fn clone(args: &Args) -> String {
    let mut options = vec!["--origin"];
    let remote = args.text("remote").unwrap_or("origin");
    options.push(remote);
    options.extend(args.flag("bare").then_some("--bare"));
    options.extend(args.text("reference").into_iter().flat_map(|reference| ["--reference", reference]));
    let single = if args.flag("single_branch") { " --single-branch" } else { "" };
    let depth = depth(args);
    format!(
        "mkdir -p \"${{d%/*}}\" 2>/dev/null\n\
         b=$(\"$g\" ls-remote \"$u\" \"refs/heads/$v\" \"refs/tags/$v\" 2>/dev/null)\n\
         if [ \"$v\" = HEAD ]; then set -- {depth}{single}\n\
         elif [ -n \"$b\" ]; then set -- {depth}{single} --branch \"$v\"\nelse set --; fi\n\
         \"$g\" clone -q {} \"$@\" -- \"$u\" \"$d\" || exit 1\ncd \"$d\" || exit 1\n{}",
        command(&options),
        refspec(args)
    )
}

fn refspec(args: &Args) -> String {
    let Some(refspec) = args.text("refspec") else { return String::new() };
    let force = if args.flag("force") { " --force" } else { "" };
    format!("\"$g\" fetch -q{force}{} \"$r\" {} || exit 1\n", depth(args), quote(refspec))
}

/// Returns the program that brings the copy up to date.
fn fetch(args: &Args, seen: &Seen) -> String {
    let mut text = String::from("cd \"$d\" || exit 1\n");
    if seen.is_modified {
        text.push_str("\"$g\" reset -q --hard HEAD || exit 1\necho modified\n");
    }
    if seen.url_differs {
        text.push_str(
            "if \"$g\" config --get \"remote.$r.url\" >/dev/null; then \"$g\" remote set-url \"$r\" \"$u\"; \
             else \"$g\" remote add \"$r\" \"$u\"; fi || exit 1\n",
        );
    }
    let force = if args.flag("force") { " --force" } else { "" };
    let what = if args.flag("bare") { " '+refs/heads/*:refs/heads/*'" } else { "" };
    text.push_str(&format!("\"$g\" fetch -q --tags{force}{} \"$r\"{what} || exit 1\n", depth(args)));
    text.push_str(&refspec(args));
    text
}

/// Returns the program that checks out the version, and says where the copy is then.
fn finish_program(args: &Args) -> String {
    let mut text = String::new();
    if !args.flag("bare") {
        text.push_str(
            "if [ \"$v\" = HEAD ]; then\n\
             \"$g\" symbolic-ref -q \"refs/remotes/$r/HEAD\" >/dev/null || \"$g\" remote set-head \"$r\" -a >/dev/null\n\
             b=$(\"$g\" symbolic-ref -q \"refs/remotes/$r/HEAD\"); v=${b#refs/remotes/\"$r\"/}; fi\n\
             if \"$g\" show-ref --verify -q \"refs/remotes/$r/$v\"; then\n\
             if \"$g\" show-ref --verify -q \"refs/heads/$v\"; then \"$g\" checkout -q --force \"$v\" -- && \"$g\" reset -q --hard \"$r/$v\" --\n\
             else \"$g\" checkout -q --force --track -b \"$v\" \"$r/$v\"; fi\n\
             else \"$g\" checkout -q --force \"$v\" -- 2>/dev/null; fi || { echo \"Failed to checkout $v\" >&2; exit 1; }\n",
        );
        if args.flag("verify_commit") {
            text.push_str(
                "if \"$g\" show-ref --verify -q \"refs/tags/$v\"; then \"$g\" verify-tag \"$v\"; \
                 else \"$g\" verify-commit HEAD; fi || { echo 'Failed to verify GPG signature' >&2; exit 1; }\n",
            );
        }
        if args.flag("recursive") {
            let remote = if args.flag("track_submodules") { " --remote" } else { "" };
            let force = if args.flag("force") { " --force" } else { "" };
            text.push_str(&format!(
                "if [ -e .gitmodules ]; then s=$(\"$g\" submodule status --recursive)\n\
                 \"$g\" submodule -q sync && \"$g\" submodule -q update --init --recursive{remote}{force} || exit 1\n\
                 [ \"$s\" = \"$(\"$g\" submodule status --recursive)\" ] || echo submodules\nfi\n"
            ));
        }
    }
    text.push_str("printf 'after %s\\n' \"$(\"$g\" rev-parse HEAD)\"");
    text
}

fn change(result: Map, program: String, foreseen: bool) -> Change {
    let mut change = Change::act(act(&program), finish);
    change.result = result;
    change.changed = foreseen;
    change
}

fn finish(output: Output, mut result: Map) -> Result<Finished, Failure> {
    let output = exec_output(output)?;
    if output.status != 0 {
        return Err(failed(&output, str::to_owned));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let has = |what: &str| said.lines().any(|line| line == what);
    let after = said.lines().find_map(|line| line.strip_prefix("after ")).unwrap_or_default();
    let mut changed = result.get("before").and_then(Value::as_str) != Some(after) || has("modified");
    changed |= matches!(result.get("remote_url_changed"), Some(Value::Bool(true)));
    if has("submodules") {
        result.insert("submodules_changed", true);
        changed = true;
    }
    result.insert("after", after);
    Ok(Finished::new(result, changed))
}

#[cfg(test)]
mod tests {
    use super::remote_head;

    #[test]
    fn versions_are_looked_up_as_branches_before_tags() {
        let listed = "1111111\trefs/heads/v1\n2222222\trefs/tags/v1\n3333333\trefs/tags/v1^{}\n4444444\tHEAD\n";
        assert_eq!(remote_head(listed, "v1").as_deref(), Some("1111111"));
        assert_eq!(remote_head(&listed.replace("heads/v1", "heads/x"), "v1").as_deref(), Some("3333333"));
        assert_eq!(remote_head(listed, "HEAD").as_deref(), Some("4444444"));
        assert_eq!(remote_head(listed, "0123456789").as_deref(), Some("0123456789"));
        assert_eq!(remote_head("", "nothing"), None);
    }
}
