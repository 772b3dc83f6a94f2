//! `include_vars`: gives the host the variables of files, rendered when they are used.

use super::local::{cannot_read, find};
use super::set_fact::check_name;
use super::{Arg, ArgKind, Args, Change, Context, Module, Needs, Rule};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{Anchor, Flags, Regex, compile};
use crate::value::{Key, Map, Value};
use crate::vars::{Var, Vars};
use crate::yaml::{Kind, Mapping, Node};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `include_vars`
pub static MODULE: Module = Module {
    name: "include_vars",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Gives the host the variables of a file or of all files of a folder.",
    args: &[
        Arg::new("file", ArgKind::Path, "The file, looked for in `vars` folders.").aliases(&["_raw_params"]),
        Arg::new("dir", ArgKind::Path, "The folder whose files are read, in the order of their names."),
        Arg::new("depth", ArgKind::Int, "How many folders deep; 0 is all.").default("0"),
        Arg::new("files_matching", ArgKind::Str, "A regular expression that names of files must match."),
        Arg::new("ignore_files", ArgKind::List, "Regular expressions of names of files to leave out.").default("[]"),
        Arg::new("extensions", ArgKind::List, "Extensions of files that are read.").default("[yaml, yml, json]"),
        Arg::new("ignore_unknown_extensions", ArgKind::Bool, "Leave files with other extensions out.").default("false"),
        Arg::new("name", ArgKind::Str, "One variable that holds all of them."),
        Arg::new("hash_behaviour", ArgKind::Str, "Replace or merge dictionaries of the same name.")
            .choices(&["replace", "merge"])
            .default("replace"),
    ],
    rules: &[Rule::OneOf(&["file", "dir"]), Rule::Exclusive(&["file", "dir"])],
    free_form: Some("file"),
    any_args: false,
    needs: Needs::Nothing,
    changes_run: false,
    once: false,
    effect: |_| Effect::Pure,
    plan: |context| Box::pin(plan(context)),
};

/// The deepest folder and the most files that are read. Arbitrary; links may lead around in circles.
const DEPTH: i128 = 64;
const FILES: usize = 10_000;

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let files = match args.text("dir") {
        Some(dir) => in_folder(&context, dir)?,
        None => vec![find(context.files, "vars", args.text("file").unwrap_or_default().trim_end_matches('\n'))?],
    };
    let mut vars = Vars::default();
    for path in &files {
        vars.extend(context.run.load_vars(path)?);
    }
    if let Some(name) = args.text("name") {
        check_name(&Key::from(name))?;
        vars = Vars::from_iter([(Arc::from(name), gathered(vars))]);
    }
    if args.text("hash_behaviour") == Some("merge") {
        for (name, var) in &mut vars {
            if let Some(before) = context.templar.scope().var(name) {
                *var = Var::Data(merged(value_of(&context, &before)?, value_of(&context, var)?));
            }
        }
    }
    let shown: Map = vars.iter().map(|(name, var)| (Key::from(Arc::clone(name)), as_written(var))).collect();
    let mut change = Change::nothing(Map::new())
        .field("ansible_facts", shown)
        .field("ansible_included_var_files", Value::list(files.iter().map(|path| path.display().to_string())));
    change.vars = vars;
    Ok(change)
}

/// Returns a variable as it was written.
fn as_written(var: &Var) -> Value {
    match var {
        Var::Author(node) => node.to_value(),
        Var::Data(value) => value.clone(),
    }
}

fn value_of(context: &Context<'_>, var: &Var) -> Result<Value, Failure> {
    match var {
        Var::Author(node) => context.templar.node(node),
        Var::Data(value) => Ok(value.clone()),
    }
}

/// Merges dictionaries, of anything else the later one counts.
fn merged(before: Value, after: Value) -> Value {
    let (Value::Map(old), Value::Map(new)) = (&before, &after) else { return after };
    let mut all = (**old).clone();
    for (key, value) in new.iter() {
        let value = match old.get_key(key) {
            Some(was) => merged(was.clone(), value.clone()),
            None => value.clone(),
        };
        all.insert(key.clone(), value);
    }
    all.into()
}

/// Makes one variable of many.
fn gathered(vars: Vars) -> Var {
    let span = vars.values().find_map(|var| match var {
        Var::Author(node) => Some(node.span),
        Var::Data(_) => None,
    });
    let Some(span) = span else {
        return Var::Data(
            vars.iter().map(|(name, var)| (Key::from(Arc::clone(name)), as_written(var))).collect::<Map>().into(),
        );
    };
    let mut map = Mapping::default();
    for (name, var) in vars {
        let key = Node::new(Kind::Str(Arc::clone(&name)), span);
        let value = match var {
            Var::Author(node) => node,
            // A loader gives what authors wrote; data stays data.
            Var::Data(value) => Node::new(Kind::Unsafe(value.to_text().into()), span),
        };
        map.insert(Key::from(name), key, value);
    }
    Var::Author(Node::new(Kind::Map(Arc::new(map)), span))
}

/// Returns the files of a folder that are to be read, in order.
fn in_folder(context: &Context<'_>, dir: &str) -> Result<Vec<PathBuf>, Failure> {
    let args = context.args;
    let wrong = |why: String| {
        let mut result = Map::new();
        result.insert("message", why.as_str());
        Failure::new(FailureKind::File, why).with_result(result)
    };
    let root = folder(context, dir);
    if !root.is_dir() {
        let why = if root.exists() { "is not a directory" } else { "directory does not exist" };
        return Err(wrong(format!("{} {why}", root.display())));
    }
    let matching = args.text("files_matching").map(|text| regex(text, "files_matching")).transpose()?;
    let ignored = args.texts("ignore_files");
    let ignored: Vec<Arc<Regex>> =
        ignored.iter().map(|text| regex(&format!("(?:{text})$"), "ignore_files")).collect::<Result<_, _>>()?;
    let extensions = args.texts("extensions");
    let mut files = Vec::new();
    for path in walk(&root, depth(args))? {
        let name = super::copy::file_name(&path);
        if matching.as_ref().is_some_and(|regex| !matches(regex, &name)) || ignored.iter().any(|r| matches(r, &name)) {
            continue;
        }
        let known = path.extension().is_some_and(|is| extensions.iter().any(|e| e.as_str() == is.to_string_lossy()));
        if known {
            files.push(path);
        } else if !args.flag("ignore_unknown_extensions") {
            let valid = extensions.join(", ");
            return Err(wrong(format!("{} does not have a valid extension: {valid}", path.display()))
                .help("`ignore_unknown_extensions: true` leaves such files out"));
        }
    }
    Ok(files)
}

fn depth(args: &Args) -> i128 {
    match args.int("depth").unwrap_or(0) {
        n if n > 0 => n.min(DEPTH),
        _ => DEPTH,
    }
}

/// Returns the folder that is meant: in a role its `vars`, elsewhere beside the task's file.
fn folder(context: &Context<'_>, dir: &str) -> PathBuf {
    let dir = crate::source::expand_home(dir);
    match &context.files.role {
        Some(role) if dir.starts_with("vars") && role.join(&dir).exists() => role.join(dir),
        Some(role) if !dir.starts_with("vars") => role.join("vars").join(dir),
        _ => context.files.task_dir.join(dir),
    }
}

fn regex(text: &str, name: &str) -> Result<Arc<Regex>, Failure> {
    compile(text, Flags::default(), Anchor::Anywhere)
        .map_err(|why| Failure::new(FailureKind::Argument, format!("the pattern `{text}` of `{name}` {why}")))
}

/// Claims that a name matches; a pattern that runs away matches nothing.
fn matches(regex: &Regex, name: &str) -> bool {
    regex.is_match(name).unwrap_or(false)
}

/// Returns the files below a folder: folders by path, in each the files by name.
fn walk(root: &Path, depth: i128) -> Result<Vec<PathBuf>, Failure> {
    let mut folders = vec![(root.to_owned(), 1)];
    let mut files: Vec<(PathBuf, PathBuf)> = Vec::new();
    while let Some((folder, level)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| cannot_read(&folder, &error))? {
            let path = entry.map_err(|error| cannot_read(&folder, &error))?.path();
            if !path.is_dir() {
                files.push((folder.clone(), path));
            } else if level < depth {
                folders.push((path, level + 1));
            }
            if files.len() + folders.len() > FILES {
                return Err(Failure::new(
                    FailureKind::File,
                    format!("`{}` holds more than {FILES} files", root.display()),
                ));
            }
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}
