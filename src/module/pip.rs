//! `pip`: installs and removes Python packages, on the host or in a virtual environment.

use super::program::words as split_words;
use super::remote::{exec_output, expanded, path_word_literal, quote};
use super::tool::{act, add_said, ask, command, failed};
use super::{Arg, ArgKind, Args, Change, Context, Finished, Module, Needs, Output, Rule};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

/// `pip`
pub static MODULE: Module = Module {
    name: "pip",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Installs and removes Python packages.",
    args: &[
        Arg::new("name", ArgKind::List, "The packages: `NAME`, `NAME>=1.2`, or a URL."),
        Arg::new("version", ArgKind::Str, "The version of the one package."),
        Arg::new("requirements", ArgKind::Str, "A file of packages, on the host."),
        Arg::new("state", ArgKind::Str, "How they should be.")
            .choices(&["absent", "forcereinstall", "latest", "present"])
            .default("present"),
        Arg::new("virtualenv", ArgKind::Path, "The virtual environment; it is made when it is not there."),
        Arg::new("virtualenv_command", ArgKind::Path, "What makes it: `python3 -m venv`.").default("virtualenv"),
        Arg::new("virtualenv_python", ArgKind::Str, "The Python for a new one, for `virtualenv`."),
        Arg::new("virtualenv_site_packages", ArgKind::Bool, "A new one sees the host's packages.").default("false"),
        Arg::new("executable", ArgKind::Path, "The pip to run: `pip3`."),
        Arg::new("extra_args", ArgKind::Str, "More arguments for pip."),
        Arg::new("editable", ArgKind::Bool, "Install for development (`-e`).").default("false"),
        Arg::new("chdir", ArgKind::Path, "The folder to run in."),
        Arg::new("umask", ArgKind::Str, "The umask to run with, octal."),
        Arg::new("break_system_packages", ArgKind::Bool, "Install where the host's own package manager does.")
            .default("false"),
    ],
    rules: &[
        Rule::OneOf(&["name", "requirements"]),
        Rule::Exclusive(&["name", "requirements"]),
        Rule::Exclusive(&["executable", "virtualenv"]),
    ],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Argument, message.into())
}

/// Returns the packages as pip takes them; `version` belongs to the only one.
fn packages(args: &Args) -> Result<Vec<String>, Failure> {
    let mut names = joined(args.texts("name"));
    let Some(version) = args.text("version") else { return Ok(names) };
    if args.text("state") == Some("latest") {
        return Err(wrong("version is incompatible with state=latest"));
    }
    if names.len() > 1 {
        return Err(wrong(
            "'version' argument is ambiguous when installing multiple package distributions. \
             Please specify version restrictions next to each package in 'name' argument.",
        ));
    }
    if let Some(name) = names.first_mut() {
        if name.contains(['=', '<', '>', '!', '~']) {
            return Err(wrong(
                "The 'version' argument conflicts with any version specifier provided along with a package name. \
                 Please keep the version specifier, but remove the 'version' argument.",
            ));
        }
        let sign = if version.starts_with(['=', '<', '>', '!', '~']) { "" } else { "==" };
        name.push_str(&format!("{sign}{version}"));
    }
    Ok(names)
}

/// Puts together what was split at the commas inside of one requirement: `a>=1,<2`.
fn joined(parts: Vec<String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for part in parts {
        match names.last_mut() {
            Some(last) if part.trim_start().starts_with(['<', '>', '=', '!', '~']) => {
                last.push(',');
                last.push_str(part.trim());
            }
            _ => names.push(part),
        }
    }
    names
}

/// Returns a package's name as the index compares names (PEP 503), without version and extras.
fn bare(requirement: &str) -> String {
    let name = requirement.split(['=', '<', '>', '!', '~', '[', ';', ' ', '@']).next().unwrap_or_default();
    let mut out = String::new();
    for c in name.trim().to_lowercase().chars() {
        let c = if matches!(c, '_' | '.') { '-' } else { c };
        if c != '-' || !out.ends_with('-') {
            out.push(c);
        }
    }
    out
}

/// What is run, from which folder.
struct Way {
    /// Ends with a newline: the environment, and `cd`.
    start: String,
    /// The words of pip.
    pip: String,
    /// The program that makes the virtual environment, where it is not there.
    make: Option<String>,
    virtualenv: Option<String>,
}

async fn way(context: &Context<'_>) -> Result<Way, Failure> {
    let args = context.args;
    let chdir = match args.text("chdir") {
        Some(folder) => Some(expanded(context.probe, folder).await?),
        None => None,
    };
    let mut start =
        format!("cd {} || exit 1\n", chdir.as_deref().map_or("\"${TMPDIR:-/tmp}\"".into(), path_word_literal));
    if let Some(umask) = args.text("umask") {
        if u32::from_str_radix(umask, 8).is_err() {
            return Err(wrong("umask must be an octal integer"));
        }
        start.push_str(&format!("umask {umask}\n"));
    }
    if args.flag("break_system_packages") {
        start.push_str("PIP_BREAK_SYSTEM_PACKAGES=1; export PIP_BREAK_SYSTEM_PACKAGES\n");
    }
    let virtualenv = match args.text("virtualenv") {
        Some(folder) => {
            let folder = expanded(context.probe, folder).await?;
            let absolute = folder.starts_with('/');
            Some(match &chdir {
                Some(chdir) if !absolute => format!("{}/{folder}", chdir.trim_end_matches('/')),
                _ => folder,
            })
        }
        None => None,
    };
    let Some(folder) = &virtualenv else {
        let pip = match args.text("executable") {
            Some(path) => path_word_literal(path),
            None => "$P".into(),
        };
        start.push_str(
            "P=; for p in pip3 pip; do command -v $p >/dev/null 2>&1 && { P=$p; break; }; done\n\
             [ -n \"$P\" ] || { python3 -m pip --version >/dev/null 2>&1 && P='python3 -m pip'; }\n",
        );
        if args.text("executable").is_none() {
            start.push_str("[ -n \"$P\" ] || { echo 'Unable to find any of pip3, pip to use.  pip needs to be installed.' >&2; exit 97; }\n");
        }
        return Ok(Way { start, pip, make: None, virtualenv });
    };
    start.push_str(&format!("PATH={}:$PATH; export PATH\n", quote(&format!("{folder}/bin"))));
    let [there] =
        ask(context.probe, [format!("[ -e {} ] && echo yes", quote(&format!("{folder}/bin/activate")))]).await?;
    let make = (there.trim() != "yes").then(|| make_program(args, folder)).transpose()?;
    Ok(Way { start, pip: quote(&format!("{folder}/bin/pip")), make, virtualenv })
}

fn make_program(args: &Args, folder: &str) -> Result<String, Failure> {
    let mut words = split_words(args.text("virtualenv_command").unwrap_or("virtualenv"))?;
    let is_venv = words.iter().any(|word| word == "venv" || word.ends_with("pyvenv"));
    if args.flag("virtualenv_site_packages") {
        words.push("--system-site-packages".into());
    }
    if let Some(python) = args.text("virtualenv_python") {
        if is_venv {
            return Err(wrong(
                "virtualenv_python should not be used when using the venv module or pyvenv as virtualenv_command",
            ));
        }
        words.push(format!("-p{python}"));
    }
    words.push(folder.to_owned());
    Ok(command(&words))
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let names = packages(args)?;
    let way = way(&context).await?;
    let state = args.text("state").unwrap_or("present");
    let mut words: Vec<String> = match state {
        "absent" => vec!["uninstall".into(), "-y".into()],
        "latest" => vec!["install".into(), "-U".into()],
        "forcereinstall" => vec!["install".into(), "-U".into(), "--force-reinstall".into()],
        _ => vec!["install".into()],
    };
    let extra = split_words(args.text("extra_args").unwrap_or_default())?;
    let is_editable = args.flag("editable") && !extra.iter().any(|word| word == "-e");
    words.extend(extra);
    words.extend(is_editable.then(|| "-e".into()));
    words.extend(names.iter().cloned());
    if let Some(file) = args.text("requirements") {
        words.extend(["-r".into(), file.to_owned()]);
    }
    let is_url = |name: &String| ["git+", "svn+", "hg+", "bzr+"].iter().any(|scheme| name.starts_with(scheme));
    let compares = args.text("requirements").is_some() || names.iter().any(is_url);
    let freeze = format!("{} freeze 2>/dev/null", way.pip);
    let mut text = way.start.clone();
    if let Some(make) = &way.make {
        text.push_str(&format!("{make} || exit 1\n"));
    }
    if compares {
        text.push_str(&format!("b=$({freeze})\n"));
    }
    text.push_str(&format!("LC_ALL=C {} {}; s=$?\n", way.pip, command(&words)));
    if compares {
        text.push_str(&format!("[ \"$b\" = \"$({freeze})\" ] || echo netplay-differs\n"));
    }
    text.push_str("exit $s");
    let mut result = Map::new();
    let cmd = [way.pip.trim_matches('\'').to_owned()].into_iter().chain(words);
    result.insert("cmd", Value::list(cmd));
    let given = |name: &str| args.get(name).cloned().unwrap_or(Value::Null);
    result.insert("name", given("name"));
    result.insert("requirements", given("requirements"));
    result.insert("state", state);
    result.insert("version", given("version"));
    result.insert("virtualenv", way.virtualenv.clone().map_or(Value::Null, Value::from));
    let makes = way.make.is_some();
    let mut change = Change::act(act(&text), move |output, result| finish(output, result, makes, compares));
    change.changed = makes || is_foreseen(&context, &way, &names, state).await?;
    change.result = result;
    Ok(change)
}

/// Claims, for check mode, that pip would change something.
async fn is_foreseen(context: &Context<'_>, way: &Way, names: &[String], state: &str) -> Result<bool, Failure> {
    if way.make.is_some() || names.is_empty() || state == "latest" || context.args.text("extra_args").is_some() {
        return Ok(true);
    }
    let [said] = ask(context.probe, [format!("{}{} freeze --all", way.start, way.pip)]).await?;
    let there: Vec<(String, &str)> =
        said.lines().filter_map(|line| line.split_once("==")).map(|(n, v)| (bare(n), v)).collect();
    let is_there = |name: &String| {
        let exact = name.split_once("==").map(|(_, version)| version);
        there.iter().any(|(found, version)| *found == bare(name) && exact.is_none_or(|exact| exact == *version))
    };
    Ok(match state {
        "absent" => names.iter().any(is_there),
        "forcereinstall" => true,
        _ => !names.iter().all(is_there),
    })
}

fn finish(output: Output, mut result: Map, makes: bool, compares: bool) -> Result<Finished, Failure> {
    let mut output = exec_output(output)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_absent = result.get("state").and_then(Value::as_str) == Some("absent");
    let whole = format!("{said}{}", String::from_utf8_lossy(&output.stderr));
    let was_missing = is_absent && output.status == 1 && whole.contains("not installed");
    if output.status != 0 && !was_missing {
        return Err(failed(&output, |said| said.to_owned()));
    }
    let changed = match (is_absent, compares) {
        (true, _) => said.contains("Successfully uninstalled"),
        (false, true) => said.lines().any(|line| line == "netplay-differs"),
        (false, false) => said.contains("Successfully installed"),
    };
    output.stdout = said.replace("netplay-differs\n", "").into_bytes();
    for name in ["stdout", "stderr"] {
        super::program::add_text(&mut result, name, "");
    }
    add_said(&mut result, &output);
    Ok(Finished::new(result, changed || makes))
}
