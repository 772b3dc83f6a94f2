//! `netplay explain`: every place that says a variable of a host, which of them counts, and why.

use super::run::{context, plan_all};
use super::setup::{InventoryOptions, Setup};
use super::{Exit, event_loop, say, say_error};
use crate::executor::{Context, Planned, play_name, scope_of};
use crate::graph::TagFilter;
use crate::playbook::{Item, Task};
use crate::source::did_you_mean;
use crate::template::Templar;
use crate::value::Value;
use crate::vars::{Origin, Scope as _, Var};
use crate::yaml::{Kind, Node};
use clap::Args;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Options of `netplay explain`.
#[derive(Args)]
pub(super) struct ExplainArgs {
    /// The variable
    #[arg(value_name = "VARIABLE")]
    name: String,

    /// The playbook whose variables count as well
    #[arg(value_name = "PLAYBOOK")]
    playbook: Option<PathBuf>,

    /// The host
    #[arg(long, value_name = "HOST")]
    host: String,

    /// The task of the playbook that uses it; without one, the first play of the host as it begins
    #[arg(long, value_name = "NAME", requires = "playbook")]
    task: Option<String>,

    /// As JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    options: InventoryOptions,
}

/// A place that says the variable.
struct Row {
    origin: Origin,
    place: Option<String>,
    value: String,
}

pub(super) fn main(args: &ExplainArgs, colour: Option<bool>) -> Exit {
    let mut setup = Setup::new(&args.options, args.playbook.as_deref(), colour);
    let plays = setup.playbooks(args.playbook.as_slice());
    if let Err(exit) = setup.show_found() {
        return exit;
    }
    setup.learn_passwords();
    let Ok(runtime) = event_loop() else {
        say_error("netplay: cannot start threads\n");
        return Exit::Internal;
    };
    let _inside = runtime.enter();
    let context = context(&setup, TagFilter::default(), None, Arc::new(|_| {}));
    let planned = plan_all(&context, &plays, &mut setup);
    if let Err(exit) = setup.show_found() {
        return exit;
    }
    let host = match known_host(&context, &args.host) {
        Ok(host) => host,
        Err(message) => return wrong(&message),
    };
    let at = match standpoint(args, &planned, &host) {
        Ok(at) => at,
        Err(message) => return wrong(&message),
    };
    let (play, task) = at.as_ref().map_or((None, None), |(play, task)| (Some(*play), task.as_ref()));
    let scope = scope_of(&context, play, &host, task, &mut setup.found);
    if let Err(exit) = setup.show_found() {
        return exit;
    }
    let shown_as = |var: &Var| match var {
        Var::Author(node) => (Some(setup.sources.place(node.span)), written(node)),
        Var::Data(value) => (None, as_json(value)),
    };
    let chain = scope.chain(&args.name);
    let rows: Vec<Row> = chain
        .iter()
        .map(|(origin, var)| {
            let (place, value) = shown_as(var);
            Row { origin: origin.clone(), place, value }
        })
        .collect();
    let later = later(play, &args.name, &setup);
    let files = task.map_or_else(Default::default, |task| task.files.clone());
    let is_known = scope.var(&args.name).is_some();
    let value = Templar::new(Arc::new(scope), files, Arc::clone(&setup.sources)).var(&args.name);
    let value = match value {
        Ok(value) => Ok(value.as_ref().map(as_json)),
        Err(failure) => Err(failure.message.expose().to_owned()),
    };
    let redactor = setup.sources.keyring().redactor();
    let text = match args.json {
        true => json_text(&rows, &value, &later),
        false => text(
            args,
            &host,
            &at,
            &rows,
            &value,
            &later,
            setup.config.text(&super::config::table::HASH_BEHAVIOUR).as_deref() == Some("merge"),
        ),
    };
    say(redactor.clean_text(text).as_str());
    if is_known || !later.is_empty() {
        return Exit::Ok;
    }
    let names = StepNames(&context, play, &host, task).all();
    let help =
        did_you_mean(&args.name, names.iter().map(|name| &**name)).map(|help| format!("; {help}")).unwrap_or_default();
    wrong(&format!("nothing says `{}` for `{host}`{help}", args.name))
}

fn wrong(message: &str) -> Exit {
    say_error(&format!("netplay: {message}\n"));
    Exit::Input
}

/// What gives the names that a host knows, for suggestions.
struct StepNames<'a>(&'a Arc<Context>, Option<&'a Planned>, &'a Arc<str>, Option<&'a Arc<Task>>);

impl StepNames<'_> {
    fn all(&self) -> Vec<Arc<str>> {
        scope_of(self.0, self.1, self.2, self.3, &mut crate::source::Diagnostics::new()).names()
    }
}

fn known_host(context: &Context, name: &str) -> Result<Arc<str>, String> {
    let inventory = context.world.inventory();
    if let Some((name, _)) = inventory.hosts.get_key_value(name) {
        return Ok(Arc::clone(name));
    }
    if crate::executor::is_localhost(name) {
        return Ok(name.into());
    }
    let help = did_you_mean(name, inventory.hosts.keys().map(|name| &**name));
    Err(format!("no host `{name}` in the inventory{}", help.map(|help| format!("; {help}")).unwrap_or_default()))
}

/// A play, and a task of it where one was asked for.
type Standpoint<'a> = (&'a Planned, Option<Arc<Task>>);

/// Returns the play and the task from which the variable is looked at.
fn standpoint<'a>(
    args: &ExplainArgs,
    planned: &'a [Planned],
    host: &Arc<str>,
) -> Result<Option<Standpoint<'a>>, String> {
    let mut plays = planned.iter().filter(|play| play.hosts.contains(host));
    let Some(wanted) = &args.task else {
        return match (plays.next(), &args.playbook) {
            (None, Some(path)) => Err(format!("no play of `{}` is for `{host}`", path.display())),
            (play, _) => Ok(play.map(|play| (play, None))),
        };
    };
    let mut titles = Vec::new();
    for play in plays {
        let mut found = None;
        for item in play.sections.iter().flatten() {
            Item::each_task(item, &mut |task: &Arc<Task>| {
                let title = task.title();
                let is_it = title == *wanted || title.rsplit_once(" : ").is_some_and(|(_, short)| short == wanted);
                if is_it && found.is_none() {
                    found = Some(Arc::clone(task));
                }
                titles.push(title);
            });
        }
        if found.is_some() {
            return Ok(Some((play, found)));
        }
    }
    let help = did_you_mean(wanted, titles.iter().map(String::as_str));
    Err(format!(
        "no task for `{host}` is called `{wanted}`{}",
        help.map(|help| format!("; {help}")).unwrap_or_default()
    ))
}

/// Returns the tasks of a play that set the variable when they run, each with its place.
fn later(play: Option<&Planned>, name: &str, setup: &Setup) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for item in play.into_iter().flat_map(|play| play.sections.iter().flatten()) {
        Item::each_task(item, &mut |task: &Arc<Task>| {
            let action = task.action_name();
            let sets = match action {
                "set_fact" => task.args.get(name).is_some(),
                _ => false,
            };
            let how = match () {
                () if task.register.as_deref() == Some(name) => "register",
                () if sets => "set_fact",
                () if action == "include_vars" => "include_vars, if its file says it",
                () => return,
            };
            found.push((format!("{how} of `{}`", task.title()), setup.sources.place(task.span)));
        });
    }
    found
}

fn text(
    args: &ExplainArgs,
    host: &str,
    at: &Option<(&Planned, Option<Arc<Task>>)>,
    rows: &[Row],
    value: &Result<Option<String>, String>,
    later: &[(String, String)],
    merges: bool,
) -> String {
    let from = match at {
        None => String::new(),
        Some((play, None)) => format!(", as play `{}` begins", play_name(&play.play)),
        Some((_, Some(task))) => format!(", in task `{}`", task.title()),
    };
    // Writing to a `String` cannot fail.
    let mut out = String::new();
    match value {
        Ok(Some(value)) => drop(writeln!(out, "`{}` of `{host}`{from} is {value}", args.name)),
        Ok(None) => drop(writeln!(out, "`{}` of `{host}`{from} is not set", args.name)),
        Err(why) => drop(writeln!(out, "`{}` of `{host}`{from} cannot be rendered: {why}", args.name)),
    }
    for (number, row) in rows.iter().enumerate() {
        let place = row.place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
        let mark = if number == 0 { "counts" } else { "covered" };
        let _ = writeln!(
            out,
            "  {mark:<8} level {:>2}  {}{place}\n           {}",
            row.origin.level(),
            row.origin,
            row.value
        );
    }
    if let [first, second, ..] = rows {
        let _ = writeln!(out, "  why: {}", reason(first, second, merges));
    }
    for (what, place) in later {
        let _ = writeln!(out, "  later:   level {:>2}  {what}, {place}", Origin::SetFacts.level());
    }
    out
}

/// Says why the first place counts and not the second.
fn reason(first: &Row, second: &Row, merges: bool) -> String {
    if merges {
        return "`hash_behaviour` is `merge`: of dictionaries the entries of the stronger are put over the weaker"
            .into();
    }
    if first.origin.level() != second.origin.level() {
        return format!(
            "of {} levels the higher counts: {} is above {}",
            Origin::LEVELS,
            first.origin.level(),
            second.origin.level()
        );
    }
    match &first.origin {
        Origin::InventoryGroup(_) | Origin::InventoryGroupVars(_) | Origin::PlaybookGroupVars(_) => {
            "both are groups of the host: a child is above its parents, then the higher `ansible_group_priority` counts, then the later name".into()
        }
        Origin::RoleDefaults(_) | Origin::RoleVars(_) => "the task's own role is above the others of the play, then the later role counts".into(),
        Origin::BlockVars => "the inner block is above the outer".into(),
        _ => "of two on one level the later counts".into(),
    }
}

fn json_text(rows: &[Row], value: &Result<Option<String>, String>, later: &[(String, String)]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| {
        json!({"level": row.origin.level(), "origin": row.origin.to_string(), "place": row.place, "value": row.value})
    }).collect();
    let later: Vec<_> = later.iter().map(|(what, place)| json!({"what": what, "place": place})).collect();
    let (value, error) = match value {
        Ok(value) => (value.clone(), None),
        Err(why) => (None, Some(why.clone())),
    };
    format!("{:#}\n", json!({"value": value, "error": error, "chain": rows, "later": later}))
}

/// Returns what an author wrote, in a line.
fn written(node: &Node) -> String {
    match &node.kind {
        Kind::Vault(_) => "!vault (encrypted)".into(),
        _ => as_json(&node.to_value()),
    }
}

fn as_json(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| value.to_text())
}
