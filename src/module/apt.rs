//! `apt`: packages of Debian and Ubuntu.
//!
//! One round trip tells what is installed and what could be. Where the lists of packages have to be fetched first, the
//! same question is asked again after that, and what is to be done is decided by the new answer.

pub(super) mod packages;

use super::tool::{ask, failed};
use super::{Action, Arg, ArgKind, Args, Change, Context, Finished, Module, Needs, Output, Rule};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::module::remote::{exec_output, quote};
use crate::module::tool::{act, add_said, command};
use crate::value::{Map, Value};
use packages::{Known, look_program, wanted};

/// `apt`
pub static MODULE: Module = Module {
    name: "apt",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Installs, upgrades and removes packages of Debian and Ubuntu.",
    args: &[
        Arg::new("name", ArgKind::List, "The packages: `NAME`, `NAME=VERSION`, `NAME/RELEASE`; names may be patterns.")
            .aliases(&["package", "pkg"]),
        Arg::new("state", ArgKind::Str, "How they should be; `build-dep` is about what is needed to build them.")
            .choices(&["absent", "build-dep", "fixed", "latest", "present"])
            .default("present"),
        Arg::new("deb", ArgKind::Path, "A package file of the host to install."),
        Arg::new("update_cache", ArgKind::Bool, "Fetch the lists of packages first.").aliases(&["update-cache"]),
        Arg::new("cache_valid_time", ArgKind::Int, "Fetch them if they are older than so many seconds.").default("0"),
        Arg::new("update_cache_retries", ArgKind::Int, "How often to try that.").default("5"),
        Arg::new("update_cache_retry_max_delay", ArgKind::Int, "The longest pause before another try, in seconds.")
            .default("12"),
        Arg::new("upgrade", ArgKind::Str, "Upgrade all packages: `yes` and `safe` remove none, `full` and `dist` may.")
            .choices(&["dist", "full", "no", "safe", "yes"])
            .default("no"),
        Arg::new("autoremove", ArgKind::Bool, "Remove packages that nothing needs any more.").default("false"),
        Arg::new("autoclean", ArgKind::Bool, "Remove package files that cannot be fetched any more.").default("false"),
        Arg::new("clean", ArgKind::Bool, "Remove all package files that were fetched.").default("false"),
        Arg::new("purge", ArgKind::Bool, "With `state: absent`: configuration files too.").default("false"),
        Arg::new("default_release", ArgKind::Str, "The release to take packages from.").aliases(&["default-release"]),
        Arg::new(
            "install_recommends",
            ArgKind::Bool,
            "Whether recommended packages are installed too; apt's own choice when not given.",
        )
        .aliases(&["install-recommends"]),
        Arg::new("only_upgrade", ArgKind::Bool, "Upgrade what is installed, install nothing.").default("false"),
        Arg::new("dpkg_options", ArgKind::Str, "Options for dpkg, with commas between them.")
            .default("force-confdef,force-confold"),
        Arg::new(
            "force",
            ArgKind::Bool,
            "Go on where apt would ask: downgrades, changes of held packages, unsigned ones.",
        )
        .default("false"),
        Arg::new("allow_unauthenticated", ArgKind::Bool, "Take packages that are not signed.")
            .aliases(&["allow-unauthenticated"])
            .default("false"),
        Arg::new("allow_downgrade", ArgKind::Bool, "Go back to an older version where one is asked for.")
            .aliases(&["allow-downgrade", "allow_downgrades", "allow-downgrades"])
            .default("false"),
        Arg::new("allow_change_held_packages", ArgKind::Bool, "Change packages that are held.").default("false"),
        Arg::new("fail_on_autoremove", ArgKind::Bool, "Fail where packages would have to be removed.").default("false"),
        Arg::new("lock_timeout", ArgKind::Int, "How long to wait for dpkg's lock, in seconds.").default("60"),
        Arg::new("force_apt_get", ArgKind::Bool, "Use apt-get for upgrades; netplay always does.").default("false"),
        Arg::new(
            "auto_install_module_deps",
            ArgKind::Bool,
            "Install python3-apt where it is missing; nothing needs it.",
        )
        .default("true"),
        Arg::new("policy_rc_d", ArgKind::Int, "What /usr/sbin/policy-rc.d is to answer meanwhile.")
            .refused("write the file with `copy` before and remove it after"),
    ],
    rules: &[Rule::Exclusive(&["deb", "name"])],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

/// Where apt keeps when its lists were fetched.
const LISTS_TIME: &str = "stat -c %Y /var/lib/apt/periodic/update-success-stamp || stat -c %Y /var/lib/apt/lists";

/// Returns `apt-get` with the options that concern every call.
fn apt_get(args: &Args) -> String {
    let mut words: Vec<String> = ["apt-get", "-q", "-y"].map(str::to_owned).to_vec();
    for option in args.text("dpkg_options").unwrap_or("force-confdef,force-confold").split(',') {
        words.extend(["-o".into(), format!("Dpkg::Options::=--{}", option.trim())]);
    }
    words.extend(["-o".into(), format!("DPkg::Lock::Timeout={}", args.int("lock_timeout").unwrap_or(60))]);
    if let Some(release) = args.text("default_release") {
        words.extend(["-t".into(), release.to_owned()]);
    }
    if let Some(Value::Bool(recommends)) = args.get("install_recommends") {
        let word = if *recommends { "yes" } else { "no" };
        words.extend(["-o".into(), format!("APT::Install-Recommends={word}")]);
    }
    let force = args.flag("force");
    let options = [
        ("allow_unauthenticated", "--allow-unauthenticated"),
        ("allow_downgrade", "--allow-downgrades"),
        ("allow_change_held_packages", "--allow-change-held-packages"),
    ];
    words.extend(options.iter().filter(|(name, _)| force || args.flag(name)).map(|(_, option)| (*option).to_owned()));
    words.extend(args.flag("fail_on_autoremove").then(|| "--no-remove".into()));
    format!("DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical {}", command(&words))
}

/// Plans for a host that has apt; also for `package`, of whose arguments it uses `name` and `state`.
pub(super) async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let names: Vec<String> = args.texts("name").iter().map(|name| name.trim().to_owned()).collect();
    if let Some(wrong) = names.iter().find(|name| name.matches('=').count() > 1) {
        return Err(Failure::new(FailureKind::Argument, format!("invalid package spec: {wrong}")));
    }
    let deb = match args.text("deb") {
        Some(url) if url.contains("://") => {
            return Err(Failure::new(FailureKind::Argument, "`deb` takes a file of the host")
                .help("fetch it with `get_url` first"));
        }
        deb => deb.map(str::to_owned),
    };
    let look = look_program(&names, deb.as_deref());
    let [tool, time, now, said] =
        ask(context.probe, ["command -v apt-get".into(), LISTS_TIME.into(), "date +%s".into(), look.clone()]).await?;
    if tool.trim().is_empty() {
        return Err(Failure::new(FailureKind::Command, "the host has no `apt-get`")
            .help("`dnf` is for Fedora, Red Hat and their relatives; other package managers are run with `command`"));
    }
    let (time, now): (i64, i64) = (time.trim().parse().unwrap_or(0), now.trim().parse().unwrap_or(0));
    let valid_for = args.int("cache_valid_time").unwrap_or(0);
    let fetch = (args.flag("update_cache") || valid_for > 0) && i128::from(time) + valid_for < i128::from(now);
    let work = Work { args: args.clone(), names, deb, lists_from: time };
    if !fetch {
        let commands = work.commands(&Known::read(&said))?;
        return Ok(work.change(commands, None));
    }
    let commands = work.commands(&Known::read(&said)).unwrap_or_default();
    Ok(work.change(commands, Some(look)))
}

/// What a task asks for.
struct Work {
    args: Args,
    names: Vec<String>,
    deb: Option<String>,
    /// When the lists were fetched last, in seconds since 1970.
    lists_from: i64,
}

/// A command, and the words in its output that say that it changed nothing.
#[derive(Clone)]
struct Step {
    command: String,
    nothing: Option<&'static str>,
    something: Option<&'static str>,
}

impl Step {
    fn new(command: String) -> Step {
        Step { command, nothing: None, something: None }
    }
}

impl Work {
    /// Returns what is to be done.
    fn commands(&self, known: &Known) -> Result<Vec<Step>, Failure> {
        let args = &self.args;
        let apt = apt_get(args);
        let mut steps = Vec::new();
        if args.flag("clean") {
            steps.push(Step::new(format!("{apt} clean")));
        }
        let nothing = Some("0 upgraded, 0 newly installed, 0 to remove");
        let is_star = self.names.iter().any(|name| name == "*");
        match args.text("upgrade") {
            Some("full" | "dist") => {
                steps.push(Step { nothing, ..Step::new(format!("{apt} dist-upgrade")) });
            }
            Some("yes" | "safe") => {
                steps.push(Step { nothing, ..Step::new(format!("{apt} upgrade --with-new-pkgs")) });
            }
            _ if is_star && args.text("state") == Some("latest") => {
                steps.push(Step { nothing, ..Step::new(format!("{apt} upgrade --with-new-pkgs")) });
            }
            _ => {}
        }
        if let Some(deb) = &self.deb
            && !known.has_deb()
        {
            let path = if deb.contains('/') { deb.clone() } else { format!("./{deb}") };
            steps.push(Step::new(format!("{apt} install {}", quote(&path))));
        }
        if self.names.iter().all(|name| name == "*") {
            let removed = Some("The following packages will be REMOVED");
            if args.flag("autoclean") {
                steps.push(Step { something: Some("Del "), ..Step::new(format!("{apt} autoclean")) });
            }
            if args.flag("autoremove") {
                let purge = if args.flag("purge") { " --purge" } else { "" };
                steps.push(Step { something: removed, ..Step::new(format!("{apt} autoremove{purge}")) });
            }
            return Ok(steps);
        }
        steps.extend(wanted(args, &self.names, known, &apt)?.map(Step::new));
        Ok(steps)
    }

    /// Makes the change of what is to be done; with `look`, after the lists of packages have been fetched.
    fn change(self, steps: Vec<Step>, look: Option<String>) -> Change {
        let certain = steps.iter().any(|step| step.nothing.is_none() && step.something.is_none());
        let mut change = Change::nothing(Map::new());
        change.changed = certain || (steps.is_empty() && look.is_some() && self.is_all_about_lists());
        if self.tells_of_lists() {
            change.result.insert("cache_update_time", i128::from(self.lists_from));
            change.result.insert("cache_updated", look.is_some());
        }
        match look {
            None if steps.is_empty() => return change,
            None => change.actions = steps.iter().map(|step| act(&step.command)).collect(),
            Some(look) => {
                change.actions.push(act(&self.fetch(&look)));
                let work = Work { args: self.args.clone(), names: self.names.clone(), deb: self.deb.clone(), ..self };
                change.then = Some(Box::new(move |outputs| work.after_fetch(outputs)));
            }
        }
        let (fetches, lists_from) = (change.then.is_some(), self.lists_from);
        let only_lists = self.is_all_about_lists();
        change.finish =
            Some(Box::new(move |outputs, result| finish(outputs, result, &steps, fetches, lists_from, only_lists)));
        change
    }

    /// Claims that the result has a word on the lists of packages, as Ansible's has.
    fn tells_of_lists(&self) -> bool {
        let installs = !self.names.is_empty() && self.args.text("state") != Some("absent");
        installs || self.is_all_about_lists()
    }

    fn is_all_about_lists(&self) -> bool {
        let is_upgrade = !matches!(self.args.text("upgrade"), None | Some("no"));
        self.names.is_empty() && self.deb.is_none() && !is_upgrade
    }

    /// Returns the program that fetches the lists, and then tells what there is.
    fn fetch(&self, look: &str) -> String {
        let tries = self.args.int("update_cache_retries").unwrap_or(5).max(1);
        let most = self.args.int("update_cache_retry_max_delay").unwrap_or(12).max(0);
        format!(
            "n=1; p=1\nuntil m=$(LC_ALL=C {} update 2>&1) && case $m in *'Failed to fetch'*) false;; esac; do\n\
             [ $n -ge {tries} ] && {{ printf '%s\\n' \"$m\" >&2; exit 100; }}\n\
             n=$((n + 1)); p=$((p * 2)); [ $p -gt {most} ] && p={most}; sleep $p\ndone\n\
             {{ {LISTS_TIME}; }} 2>/dev/null\nexport LC_ALL=C\n{{ {look}\n}} 2>/dev/null\nexit 0",
            apt_get(&self.args)
        )
    }

    fn after_fetch(&self, outputs: &[Output]) -> Result<Vec<Action>, Failure> {
        let output = exec_output(outputs.first().cloned().unwrap_or(Output::Done))?;
        if output.status != 0 {
            return Err(failed(&output, |said| format!("Failed to update apt cache: {said}")));
        }
        let steps = self.commands(&Known::read(&String::from_utf8_lossy(&output.stdout)))?;
        Ok(steps.iter().map(|step| act(&step.command)).collect())
    }
}

fn finish(
    outputs: Vec<Output>,
    mut result: Map,
    steps: &[Step],
    fetches: bool,
    lists_from: i64,
    only_lists: bool,
) -> Result<Finished, Failure> {
    let mut outputs = outputs.into_iter();
    let mut changed = false;
    if fetches {
        let fetched = outputs.next().map(exec_output).transpose()?.unwrap_or_default();
        let said = String::from_utf8_lossy(&fetched.stdout).into_owned();
        let time: i64 = said.lines().next().and_then(|line| line.trim().parse().ok()).unwrap_or(lists_from);
        if result.contains("cache_updated") {
            result.insert("cache_update_time", i128::from(time));
            result.insert("cache_updated", time != lists_from);
        }
        changed = only_lists && time != lists_from;
    }
    let mut steps = steps.iter();
    let mut last = None;
    for output in outputs {
        let output = exec_output(output)?;
        // After a fetch there may be other steps than were foreseen; those are certain to change something.
        let step = steps.next().filter(|_| !fetches);
        if output.status != 0 {
            return Err(failed(&output, |said| format!("apt-get failed: {said}")));
        }
        let said = String::from_utf8_lossy(&output.stdout);
        changed |= match step {
            Some(Step { nothing: Some(words), .. }) => !said.contains(words),
            Some(Step { something: Some(words), .. }) => said.contains(words),
            _ => !said.contains("0 upgraded, 0 newly installed, 0 to remove"),
        };
        last = Some(output);
    }
    if let Some(last) = last {
        add_said(&mut result, &last);
    }
    Ok(Finished::new(result, changed))
}
