//! `dnf` and `yum`: packages of Fedora, Red Hat and their relatives, by the host's dnf.
//!
//! Two round trips plan: which of the packages are there, and what dnf would do (`--assumeno`). What a transaction then
//! changed is told by comparing the packages before and after it. Seen with dnf 4.14.

use super::tool::{act, ask, command, failed, on_host};
use super::{Alias, Arg, ArgKind, Args, Change, Context, Finished, Module, Output};
use crate::failure::{Failure, FailureKind};
use crate::module::remote::{exec_output, quote};
use crate::value::{Map, Value};

const LIST: &str = "what is there can be asked with `package_facts`, and what could be with `command: dnf list`";

/// `dnf`
pub static MODULE: Module = Module {
    aliases: &[
        Alias { name: "yum", platform: None },
        Alias { name: "dnf5", platform: None },
        Alias { name: "ansible.builtin.yum", platform: None },
        Alias { name: "ansible.builtin.dnf5", platform: None },
        Alias { name: "ansible.legacy.yum", platform: None },
        Alias { name: "ansible.legacy.dnf5", platform: None },
    ],
    ..on_host(
        "dnf",
        &["ansible.builtin"],
        "Installs, upgrades and removes packages of Fedora, Red Hat and their relatives.",
        &[
            Arg::new(
                "name",
                ArgKind::List,
                "The packages: names, versions (`NAME-1.0`), `@group`, files, URLs, or `*`.",
            )
            .aliases(&["pkg"]),
            Arg::new("state", ArgKind::Str, "How they should be; `present` unless `autoremove` is asked for.")
                .choices(&["absent", "installed", "latest", "present", "removed"]),
            Arg::new("update_only", ArgKind::Bool, "Upgrade what is installed, install nothing.").default("false"),
            Arg::new("update_cache", ArgKind::Bool, "Fetch the lists of packages first.")
                .aliases(&["expire-cache"])
                .default("false"),
            Arg::new("autoremove", ArgKind::Bool, "Remove packages that nothing needs any more.").default("false"),
            Arg::new("allow_downgrade", ArgKind::Bool, "Go back to an older version where one is asked for.")
                .default("false"),
            Arg::new("allowerasing", ArgKind::Bool, "Packages that are in the way may be removed.").default("false"),
            Arg::new("best", ArgKind::Bool, "Only the newest version will do."),
            Arg::new("nobest", ArgKind::Bool, "An older version will do where the newest cannot be installed."),
            Arg::new("skip_broken", ArgKind::Bool, "Leave out what cannot be installed.").default("false"),
            Arg::new("install_weak_deps", ArgKind::Bool, "Install what packages recommend, too.").default("true"),
            Arg::new("security", ArgKind::Bool, "With `latest`: only what mends a weakness.").default("false"),
            Arg::new("bugfix", ArgKind::Bool, "With `latest`: only what mends a fault.").default("false"),
            Arg::new("enablerepo", ArgKind::List, "Repositories to use besides."),
            Arg::new("disablerepo", ArgKind::List, "Repositories not to use."),
            Arg::new("exclude", ArgKind::List, "Packages to leave out."),
            Arg::new(
                "disable_excludes",
                ArgKind::Str,
                "Whose list of packages to leave out does not count: `all`, `main`, or a repository.",
            ),
            Arg::new("enable_plugin", ArgKind::List, "Plugins of dnf to use."),
            Arg::new("disable_plugin", ArgKind::List, "Plugins of dnf not to use."),
            Arg::new("disable_gpg_check", ArgKind::Bool, "Take packages that are not signed.").default("false"),
            Arg::new("sslverify", ArgKind::Bool, "Check the certificates of repositories.").default("true"),
            Arg::new("validate_certs", ArgKind::Bool, "Check the certificate where a package is a URL.")
                .default("true"),
            Arg::new("conf_file", ArgKind::Path, "The settings of dnf."),
            Arg::new("installroot", ArgKind::Path, "The folder below which the packages are.").default("/"),
            Arg::new("releasever", ArgKind::Str, "The release that the packages are of."),
            Arg::new("cacheonly", ArgKind::Bool, "Fetch nothing.").default("false"),
            Arg::new("download_only", ArgKind::Bool, "Fetch the packages and install nothing.").default("false"),
            Arg::new("download_dir", ArgKind::Path, "Where they go then."),
            Arg::new(
                "lock_timeout",
                ArgKind::Int,
                "How long to wait for dnf's lock, in seconds; dnf itself waits for it.",
            )
            .default("30"),
            Arg::new("use_backend", ArgKind::Str, "The generation of dnf; the host's is used.")
                .aliases(&["use"])
                .choices(&["auto", "dnf", "dnf4", "dnf5", "yum", "yum4"])
                .default("auto"),
            Arg::new("install_repoquery", ArgKind::Bool, "Does nothing, as with the dnf of today.").default("true"),
            Arg::new("list", ArgKind::Str, "Only list packages.").refused(LIST),
        ],
        |context| Box::pin(plan(context)),
    )
};

/// Plans for a host that has dnf; also for `package`, of whose arguments it uses `name` and `state`.
pub(super) async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let names: Vec<String> =
        args.texts("name").iter().flat_map(|name| name.split(',')).map(|name| name.trim().to_owned()).collect();
    let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
    let state = match args.text("state") {
        Some("removed" | "absent") => "absent",
        Some("latest") => "latest",
        Some(_) => "present",
        None if args.flag("autoremove") => "absent",
        None => "present",
    };
    if args.flag("autoremove") && state != "absent" {
        let message = "Autoremove should be used alone or with state=absent";
        return Err(Failure::new(FailureKind::Argument, message));
    }
    let dnf = dnf(args);
    let [tool, said] = ask(context.probe, ["command -v dnf".into(), look_program(&names, &dnf, args)]).await?;
    if tool.trim().is_empty() {
        return Err(Failure::new(FailureKind::Command, "the host has no `dnf`").help("`apt` is for Debian and Ubuntu"));
    }
    let mut there = Vec::new();
    let mut left_out = Vec::new();
    for (name, word) in names.iter().zip(said.lines()) {
        match word {
            "there" => there.push(name.as_str()),
            "newer" => left_out.push(name.as_str()),
            _ => {}
        }
    }
    let missing: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !there.contains(name) && !left_out.contains(name)).collect();
    let mut results = Vec::new();
    let steps = steps(args, state, &names, &there, &missing, &mut results);
    if steps.is_empty() {
        let only_lists = args.flag("update_cache") && names.is_empty();
        if only_lists {
            let fetch = format!("{dnf} makecache --refresh 2>&1");
            let mut change = Change::act(act(&fetch), |output, _| {
                let output = exec_output(output)?;
                if output.status != 0 {
                    return Err(failed(&output, str::to_owned));
                }
                Ok(Finished::new(ended("Cache updated", Vec::new()), false))
            });
            change.result = ended("Cache updated", Vec::new());
            return Ok(change);
        }
        return Ok(Change::nothing(ended("Nothing to do", results)));
    }
    let refresh = if args.flag("update_cache") { " --refresh" } else { "" };
    let asked = |step: &String| format!("{dnf}{refresh} --assumeno {step} 2>&1; echo \"= $?\"\n");
    let asked: String = steps.iter().map(asked).collect();
    let [would] = ask(context.probe, [asked]).await?;
    let mut would_change = Vec::new();
    for (step, answer) in steps.iter().zip(answers(&would)) {
        if answer.changes(state, &mut results)? {
            would_change.push(step.clone());
        }
    }
    if would_change.is_empty() {
        return Ok(Change::nothing(ended("Nothing to do", results)));
    }
    let mut change = Change::act(act(&program(&dnf, &would_change, args)), {
        let results = results.clone();
        move |output, _| finish(output, results)
    });
    change.changed = true;
    change.result = ended("Check mode: No changes made, but would have if not in check mode", results);
    Ok(change)
}

/// Returns the words that every call of dnf has.
fn dnf(args: &Args) -> String {
    let mut words: Vec<String> = ["dnf", "-y", "--setopt=color=never"].map(str::to_owned).to_vec();
    let lists = [
        ("disablerepo", "--disablerepo"),
        ("enablerepo", "--enablerepo"),
        ("exclude", "--exclude"),
        ("disable_plugin", "--disableplugin"),
        ("enable_plugin", "--enableplugin"),
    ];
    for (name, option) in lists {
        words
            .extend(args.texts(name).iter().filter(|value| !value.is_empty()).map(|value| format!("{option}={value}")));
    }
    let texts = [
        ("conf_file", "--config"),
        ("releasever", "--releasever"),
        ("disable_excludes", "--disableexcludes"),
        ("download_dir", "--downloaddir"),
    ];
    for (name, option) in texts {
        words.extend(args.text(name).filter(|value| !value.is_empty()).map(|value| format!("{option}={value}")));
    }
    words.extend(args.text("installroot").filter(|root| *root != "/").map(|root| format!("--installroot={root}")));
    let flags = [
        ("disable_gpg_check", "--nogpgcheck"),
        ("allowerasing", "--allowerasing"),
        ("cacheonly", "--cacheonly"),
        ("security", "--security"),
        ("bugfix", "--bugfix"),
        ("download_only", "--downloadonly"),
        ("skip_broken", "--setopt=strict=0"),
    ];
    words.extend(flags.iter().filter(|(name, _)| args.flag(name)).map(|(_, option)| (*option).to_owned()));
    let best = match (args.get("nobest"), args.get("best")) {
        (Some(Value::Bool(nobest)), _) => Some(!nobest),
        (_, Some(Value::Bool(best))) => Some(*best),
        _ => None,
    };
    words.extend(best.map(|best| format!("--setopt=best={best}")));
    let off = [("install_weak_deps", "install_weak_deps"), ("sslverify", "sslverify"), ("validate_certs", "sslverify")];
    let off = off.iter().filter(|(name, _)| args.get(name) == Some(&Value::Bool(false)));
    words.extend(off.map(|(_, setting)| format!("--setopt={setting}=0")));
    words.push(format!("--setopt=clean_requirements_on_remove={}", u8::from(args.flag("autoremove"))));
    command(&words)
}

/// Returns a program that says of each package whether it is `there`, whether a `newer` one is, or neither.
fn look_program(names: &[String], dnf: &str, args: &Args) -> String {
    let root = match args.text("installroot") {
        Some(root) if root != "/" => format!(" --root {}", quote(root)),
        _ => String::new(),
    };
    let mut text = format!(
        "look() {{ if rpm{root} -q \"$1\" || rpm{root} -q --whatprovides \"$1\"; then w=there; else w=missing; fi >/dev/null\n\
         if [ $w = missing ]; then case $1 in *-[0-9]*) {dnf} --assumeno install \"$1\" 2>&1 | grep -q '^Downgrading' && w=newer;; esac; fi\n\
         echo $w; }}\n"
    );
    for name in names {
        // What is no name of one package is dnf's to judge.
        let is_plain = !name.contains(['*', '?', '[']) && !name.starts_with('@') && !name.ends_with(".rpm");
        text.push_str(&if is_plain { format!("look {}\n", quote(name)) } else { "echo missing\n".to_owned() });
    }
    if args.flag("allow_downgrade") { text.replace("w=newer", ":") } else { text }
}

/// Returns what dnf is to do, in words behind its own; what is left undone is told by `results`.
fn steps(
    args: &Args,
    state: &str,
    names: &[String],
    there: &[&str],
    missing: &[&str],
    results: &mut Vec<String>,
) -> Vec<String> {
    let words = |verb: &str, names: &[&str]| format!("{verb} {}", command(names));
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    if state == "absent" {
        if all.is_empty() {
            return args.flag("autoremove").then(|| "autoremove".to_owned()).into_iter().collect();
        }
        return vec![words("remove", &all)];
    }
    if state == "latest" && all == ["*"] {
        return vec!["upgrade".to_owned()];
    }
    let mut steps = Vec::new();
    if args.flag("update_only") {
        let told = |name: &&str| format!("Packages providing {name} not installed due to update_only specified");
        results.extend(missing.iter().map(told));
    } else if !missing.is_empty() {
        steps.push(words("install", missing));
    }
    if !there.is_empty() && (state == "latest" || args.flag("update_only")) {
        steps.push(words("upgrade", there));
    }
    steps
}

/// What dnf said when it was asked what it would do.
pub(super) struct Answer<'a> {
    pub(super) text: &'a str,
    status: i32,
}

/// Reads what dnf said of each step; a line of its own with the status ends an answer.
pub(super) fn answers(said: &str) -> Vec<Answer<'_>> {
    let (mut answers, mut start, mut at) = (Vec::new(), 0, 0);
    for line in said.split_inclusive('\n') {
        if let Some(status) = line.strip_prefix("= ").and_then(|status| status.trim_end().parse().ok()) {
            answers.push(Answer { text: &said[start..at], status });
            start = at + line.len();
        }
        at += line.len();
    }
    answers
}

impl Answer<'_> {
    /// Claims that dnf would change something, and tells what; its failure when it cannot do what is asked for.
    pub(super) fn changes(&self, state: &str, results: &mut Vec<String>) -> Result<bool, Failure> {
        const NO_MATCH: &str = "No match for argument: ";
        let mut lines = self.text.lines();
        let would = self.text.contains("Transaction Summary");
        if state == "absent" {
            results.extend(
                self.text.lines().filter(|line| line.starts_with(NO_MATCH)).map(|line| line.trim_end().to_owned()),
            );
        }
        if would {
            results.extend(table(self.text));
            return Ok(true);
        }
        let failure = lines.find_map(|line| line.strip_prefix("Error: "));
        if self.status == 0 || failure.is_some_and(|why| why.starts_with("No packages marked for upgrade")) {
            return Ok(false);
        }
        let filtered = "All matches were filtered out by exclude filtering for argument: ";
        let failures: Vec<String> = self
            .text
            .lines()
            .filter_map(|line| match (line.strip_prefix(NO_MATCH), line.strip_prefix(filtered)) {
                (Some(name), _) => Some(format!("No package {} available.", name.trim_end())),
                (_, Some(name)) => Some(format!("{} {}", name.trim_end(), line.trim_end())),
                _ => None,
            })
            .collect();
        let result: Map = [("rc", Value::from(1)), ("results", Value::list(Vec::<Value>::new()))].into_iter().collect();
        if !failures.is_empty() {
            let result = result.into_iter().chain([("failures".into(), Value::list(failures))]).collect();
            let message = "Failed to install some of the specified packages";
            return Err(Failure::new(FailureKind::Command, message).with_result(result));
        }
        let said = failure.unwrap_or(self.text).trim();
        Err(Failure::new(FailureKind::Command, format!("dnf cannot do it: {said}")).with_result(result))
    }
}

/// Reads the packages of a transaction, as dnf lists them: under a heading a row of name, architecture, version,
/// repository and size, which is broken where it is long.
pub(super) fn table(said: &str) -> Vec<String> {
    const INSTALLS: [&str; 6] = [
        "Installing",
        "Upgrading",
        "Downgrading",
        "Reinstalling",
        "Installing dependencies",
        "Installing weak dependencies",
    ];
    let mut rows: Vec<(bool, Vec<&str>)> = Vec::new();
    let body = said.split("Transaction Summary").next().unwrap_or_default();
    let mut installs = None;
    for line in body.lines() {
        if let Some(heading) = line.strip_suffix(':').filter(|line| !line.starts_with(' ')) {
            let removes = heading.starts_with("Removing");
            installs = INSTALLS.contains(&heading).then_some(true).or(removes.then_some(false));
        } else if let (Some(installs), true) = (installs, line.starts_with(' ')) {
            // A row of its own has one blank before it, the rest of a broken one has many.
            match rows.last_mut().filter(|_| line.starts_with("  ")) {
                Some((_, words)) => words.extend(line.split_whitespace()),
                None => rows.push((installs, line.split_whitespace().collect())),
            }
        }
    }
    let told = rows.iter().filter_map(|(installs, words)| match words[..] {
        [name, arch, version, ..] => {
            let what = if *installs { "Installed" } else { "Removed" };
            Some(format!("{what}: {name}-{version}.{arch}"))
        }
        _ => None,
    });
    told.collect()
}

/// Returns the program that lets dnf do its steps, with the packages before and after them.
fn program(dnf: &str, steps: &[String], args: &Args) -> String {
    let root = match args.text("installroot") {
        Some(root) if root != "/" => format!(" --root {}", quote(root)),
        _ => String::new(),
    };
    let list = format!(
        "rpm{root} -qa --qf '%{{NAME}}-%|EPOCH?{{%{{EPOCH}}:}}:{{}}|%{{VERSION}}-%{{RELEASE}}.%{{ARCH}}\\n' | grep -v ^gpg-pubkey | sort"
    );
    let steps: Vec<String> = steps.iter().map(|step| format!("{dnf} {step} >&2")).collect();
    format!("export LC_ALL=C\n{list}\necho ==\n{{ {}; }} || exit $?\n{list}\n", steps.join(" && "))
}

fn finish(output: Output, told: Vec<String>) -> Result<Finished, Failure> {
    let output = exec_output(output)?;
    if output.status != 0 {
        return Err(failed(&output, |said| format!("dnf failed: {said}")));
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (before, after) = said.split_once("==\n").unwrap_or((&said, ""));
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let is_word = |line: &String| !["Installed: ", "Removed: "].iter().any(|start| line.starts_with(start));
    let mut results: Vec<String> = told.iter().filter(|line| is_word(line)).cloned().collect();
    let less = |from: &[&str], without: &[&str]| -> Vec<String> {
        from.iter().filter(|name| !without.contains(name)).map(|name| (*name).to_owned()).collect()
    };
    results.extend(less(&after, &before).iter().map(|name| format!("Installed: {name}")));
    results.extend(less(&before, &after).iter().map(|name| format!("Removed: {name}")));
    // What is fetched only is told as it was foreseen.
    if results.is_empty() {
        results = told.iter().map(|line| line.replacen("Installed: ", "Downloaded: ", 1)).collect();
    }
    Ok(Finished::new(ended("", results), true))
}

fn ended(message: &str, results: Vec<String>) -> Map {
    [("msg", Value::from(message)), ("rc", Value::from(0)), ("results", Value::list(results))].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_dnf_is_read_also_where_rows_are_broken() {
        let said = "Dependencies resolved.\n====\n Package   Architecture  Version  Repository  Size\n====\nInstalling:\n \
             np-two   noarch   1.0-3   np   5.4 k\nInstalling dependencies:\n a-name-that-is-very-long-indeed\n          x86_64   2:1.2-1   np   5.4 k\n\
             Removing dependent packages:\n old   noarch   1-1   @np   0\n\nTransaction Summary\n====\nInstall  2 Packages\n";
        assert_eq!(
            table(said),
            [
                "Installed: np-two-1.0-3.noarch",
                "Installed: a-name-that-is-very-long-indeed-2:1.2-1.x86_64",
                "Removed: old-1-1.noarch"
            ]
        );
    }

    #[test]
    fn answers_end_with_their_status() {
        let said = "x = 1\nNothing to do.\n= 0\nError: a\n= 1\n";
        let read: Vec<(i32, &str)> = answers(said).iter().map(|answer| (answer.status, answer.text)).collect();
        assert_eq!(read, [(0, "x = 1\nNothing to do.\n"), (1, "Error: a\n")]);
    }
}
