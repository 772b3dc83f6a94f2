//! `cron`: the jobs and variables of a user's crontab, or of a file in `/etc/cron.d`.

pub(super) mod table;

use super::edit::{Opened, open_at};
use super::remote::{exec_output, quote};
use super::tool::{act, ask, on_host};
use super::{Arg, ArgKind, Args, Change, Context, ExecOutput, Finished, Module, Output, Rule, TextDiff};
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use table::Table;

/// `cron`
pub static MODULE: Module = Module {
    rules: &[Rule::Exclusive(&["insertafter", "insertbefore"])],
    ..on_host(
        "cron",
        &["ansible.builtin"],
        "Adds and removes jobs and variables of crontabs.",
        &[
            Arg::new("name", ArgKind::Str, "What the job is called, in a comment before it; or the variable.")
                .required(),
            Arg::new(
                "user",
                ArgKind::Str,
                "Whose crontab, or who runs the job of a `cron_file`; who logs in, when not given.",
            ),
            Arg::new("job", ArgKind::Str, "The command, or the variable's value.").aliases(&["value"]),
            Arg::new("state", ArgKind::Str, "Whether it is there.").choices(&["absent", "present"]).default("present"),
            Arg::new("cron_file", ArgKind::Path, "A file in `/etc/cron.d`, or one by its path, in place of a crontab."),
            Arg::new("backup", ArgKind::Bool, "Keep a copy of the crontab as it was.").default("false"),
            Arg::new("minute", ArgKind::Str, "When: minutes.").default("*"),
            Arg::new("hour", ArgKind::Str, "When: hours.").default("*"),
            Arg::new("day", ArgKind::Str, "When: days of the month.").aliases(&["dom"]).default("*"),
            Arg::new("month", ArgKind::Str, "When: months.").default("*"),
            Arg::new("weekday", ArgKind::Str, "When: days of the week, 0 is Sunday.").aliases(&["dow"]).default("*"),
            Arg::new("special_time", ArgKind::Str, "When, by a word.")
                .choices(&["annually", "daily", "hourly", "monthly", "reboot", "weekly", "yearly"]),
            Arg::new("disabled", ArgKind::Bool, "The job is there, as a comment.").default("false"),
            Arg::new("env", ArgKind::Bool, "It is a variable, not a job.").default("false"),
            Arg::new("insertafter", ArgKind::Str, "The variable stands behind that one."),
            Arg::new("insertbefore", ArgKind::Str, "The variable stands before that one."),
        ],
        |context| Box::pin(plan(context)),
    )
};

fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Argument, message.into())
}

/// Fails where arguments do not go together.
fn check(args: &Args) -> Result<(), Failure> {
    let times = ["minute", "hour", "day", "month", "weekday"];
    let present = args.text("state") != Some("absent");
    if args.text("cron_file") == Some("/etc/crontab") {
        return Err(wrong("Will not manage /etc/crontab via cron_file, see documentation."));
    }
    if args.text("special_time").is_some() && times.iter().any(|time| args.text(time) != Some("*")) {
        return Err(wrong("You cannot combine special_time with any of the time or day/date parameters."));
    }
    if present && args.text("cron_file").is_some() && args.text("user").is_none() {
        return Err(wrong("To use cron_file=... parameter you must specify user=... as well"));
    }
    if present && args.text("job").is_none() {
        return Err(wrong("You must specify 'job' to install a new cron job or variable"));
    }
    let places = args.text("insertafter").or(args.text("insertbefore"));
    if present && places.is_some() && !args.flag("env") {
        return Err(wrong("Insertafter and insertbefore parameters are valid only with env=yes"));
    }
    if args.flag("env") && args.text("name").unwrap_or_default().contains(' ') {
        return Err(wrong("Invalid name for environment variable"));
    }
    Ok(())
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let crontab = Crontab::open(&context).await?;
    check(args)?;
    let before = crontab.text().to_owned();
    let mut table = Table::read(&before, args.text("cron_file").is_none());
    let done = apply(&mut table, args)?;
    let mut result = Map::new();
    if let Some(file) = args.text("cron_file") {
        result.insert("cron_file", file);
    }
    if done.removes_file {
        result.insert("state", "absent");
        return Ok(crontab.removed(result, done.changed));
    }
    result.insert("jobs", Value::list(table.jobs()));
    result.insert("envs", Value::list(table.variables()));
    let is_unended = !table.was.is_empty() && !table.was.ends_with(['\r', '\n']);
    let mut change = match done.changed || is_unended {
        true => crontab.written(&context, table.text(), result)?,
        false => Change::nothing(result),
    };
    warn(args, &mut change);
    Ok(change)
}

fn warn(args: &Args, change: &mut Change) {
    if let Some(file) = args.text("cron_file") {
        let name = file.rsplit('/').next().unwrap_or_default();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
            change.warnings.push(format!(
                "Filename portion of cron_file (\"{name}\") should consist solely of upper- and lower-case letters, digits, underscores, and hyphens"
            ));
        }
    }
    let job = args.text("job").unwrap_or_default().trim_matches(['\r', '\n']);
    if !args.flag("env") && args.text("state") != Some("absent") && job.contains(['\r', '\n']) {
        change.warnings.push("Job should not contain line breaks".into());
    }
}

/// What came of a change of the table.
struct Done {
    changed: bool,
    /// Nothing is left in the file.
    removes_file: bool,
}

fn apply(table: &mut Table, args: &Args) -> Result<Done, Failure> {
    let name = args.text("name").unwrap_or_default();
    let job = args.text("job").unwrap_or_default();
    let present = args.text("state") != Some("absent");
    let mut removes_file = false;
    let changed = match (args.flag("env"), present) {
        (true, true) => {
            let place = match (args.text("insertafter"), args.text("insertbefore")) {
                (Some(other), _) => Some((other, 1)),
                (None, Some(other)) => Some((other, 0)),
                (None, None) => None,
            };
            let line = format!("{name}=\"{job}\"");
            table
                .set_variable(name, &line, place)
                .map_err(|other| wrong(format!("Variable named '{other}' not found.")))?
        }
        (true, false) => table.remove_variable(name),
        (false, true) => table.set_job(name, &line(args, job)),
        (false, false) => {
            let changed = table.remove_job(name);
            removes_file = changed && args.text("cron_file").is_some() && table.is_empty();
            changed
        }
    };
    Ok(Done { changed, removes_file })
}

/// Returns the line of a job.
fn line(args: &Args, job: &str) -> String {
    let text = |name: &str| args.text(name).unwrap_or("*").to_owned();
    let mut words = match args.text("special_time") {
        Some(word) => vec![format!("@{word}")],
        None => ["minute", "hour", "day", "month", "weekday"].map(text).to_vec(),
    };
    words.extend(args.text("cron_file").and(args.text("user")).map(str::to_owned));
    words.push(job.trim_matches(['\r', '\n']).to_owned());
    format!("{}{}", if args.flag("disabled") { "#" } else { "" }, words.join(" "))
}

/// A table as it is on the host.
enum Crontab {
    /// A user's: the option that names the user, and the text.
    OfUser(String, String),
    /// A file's.
    File(Box<Opened>),
}

impl Crontab {
    async fn open(context: &Context<'_>) -> Result<Crontab, Failure> {
        let [tool, me] = ask(context.probe, ["command -v crontab".into(), "id -un".into()]).await?;
        if tool.trim().is_empty() {
            return Err(Failure::new(FailureKind::Command, "the host has no `crontab`").help("the package is `cron`"));
        }
        if let Some(file) = context.args.text("cron_file") {
            let path = if file.starts_with('/') { file.to_owned() } else { format!("/etc/cron.d/{file}") };
            return Ok(Crontab::File(Box::new(open_at(context, &path).await?)));
        }
        let user = context.args.text("user").filter(|user| *user != me.trim());
        let option = user.map_or(String::new(), |user| format!("-u {}", quote(user)));
        let program = format!("crontab {option} -l; s=$?; [ $s -le 1 ] && echo .");
        let [said] = ask(context.probe, [program]).await?;
        let Some(text) = said.strip_suffix(".\n") else {
            return Err(Failure::new(FailureKind::Command, "Unable to read crontab"));
        };
        Ok(Crontab::OfUser(option, text.to_owned()))
    }

    fn text(&self) -> &str {
        match self {
            Crontab::OfUser(_, text) => text,
            Crontab::File(opened) => &opened.text,
        }
    }

    /// Plans that the table has this text.
    fn written(self, context: &Context<'_>, text: String, mut result: Map) -> Result<Change, Failure> {
        let backup = context.args.flag("backup").then(|| format!("/tmp/crontab{}", uuid::Uuid::new_v4().simple()));
        if let Some(backup) = &backup {
            result.insert("backup_file", backup.as_str());
        }
        let mut change = match self {
            Crontab::File(opened) => {
                let keep = backup.map(|to| format!("[ ! -e {0} ] || cp {0} {to}", quote(&opened.target.path)));
                let mut change = opened.save(context, Some(text), "")?;
                change.actions.splice(0..0, keep.iter().map(|keep| act(keep)));
                change
            }
            Crontab::OfUser(option, before) => {
                let keep = backup.map_or(String::new(), |to| format!("crontab {option} -l >{to}\n"));
                let mut change = Change::nothing(Map::new());
                // From the standard input, as a list of processes shows arguments.
                let mut action = act(&format!("{keep}crontab {option} -"));
                if let super::Work::Exec(exec) = &mut action.work {
                    exec.stdin = Some(text.clone().into_bytes());
                }
                change.changed = true;
                change.actions.push(action);
                let of =
                    context.args.text("user").map_or("crontab".into(), |user| format!("crontab for user \"{user}\""));
                change.diff.push(TextDiff { before_header: of.clone(), after_header: of, before, after: text });
                change.finish = Some(Box::new(installed));
                change
            }
        };
        change.result = result;
        Ok(change)
    }

    /// Plans that the file of the table goes.
    fn removed(self, result: Map, changed: bool) -> Change {
        let Crontab::File(opened) = self else { return Change::nothing(result) };
        let path = opened.target.path.clone();
        let mut change = Change::nothing(result);
        change.changed = changed;
        change.diff.push(TextDiff {
            before_header: path.clone(),
            after_header: "/dev/null".into(),
            before: opened.text,
            after: String::new(),
        });
        change.actions.push(act(&format!("rm -f {}", quote(&path))));
        change.finish = Some(Box::new(installed));
        change
    }
}

fn installed(outputs: Vec<Output>, result: Map) -> Result<Finished, Failure> {
    let output: ExecOutput = outputs.into_iter().next().map(exec_output).transpose()?.unwrap_or_default();
    if output.status != 0 {
        return Err(super::tool::failed(&output, |said| format!("Failed to install new cronfile: {said}")));
    }
    Ok(Finished::new(result, true))
}
