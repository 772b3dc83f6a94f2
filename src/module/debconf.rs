//! `debconf`: answers to the questions that packages of Debian ask when they are configured.

use super::remote::exec_output;
use super::tool::{act, command, on_host, reading, well_ended};
use super::{Arg, ArgKind, Args, Change, Context, ExecOutput, Finished, Module, Rule, TextDiff, Work};
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use indexmap::IndexMap;

/// What stands for a password in results.
const HIDDEN: &str = "********";

/// `debconf`
pub static MODULE: Module = Module {
    rules: &[Rule::Together(&["question", "vtype", "value"])],
    ..on_host(
        "debconf",
        &["ansible.builtin"],
        "Answers questions of packages before they are asked, and tells what was answered.",
        &[
            Arg::new("name", ArgKind::Str, "The package.").aliases(&["pkg"]).required(),
            Arg::new("question", ArgKind::Str, "The question: `locales/default_environment_locale`.")
                .aliases(&["selection", "setting"]),
            Arg::new("vtype", ArgKind::Str, "The kind of its answer.").choices(&[
                "boolean",
                "error",
                "multiselect",
                "note",
                "password",
                "seen",
                "select",
                "string",
                "text",
                "title",
            ]),
            Arg::new("value", ArgKind::Raw, "The answer; of several choices a list.").aliases(&["answer"]),
            Arg::new("unseen", ArgKind::Bool, "The question is asked all the same.").default("false"),
        ],
        |context| Box::pin(plan(context)),
    )
};

/// An answer as a task gives it.
struct Answer {
    question: String,
    kind: String,
    value: Value,
}

impl Answer {
    fn of(args: &Args) -> Option<Answer> {
        let (question, kind) = (args.text("question")?.to_owned(), args.text("vtype")?.to_owned());
        let value = match args.get("value")? {
            Value::List(items) if kind == "multiselect" => Value::List(items.clone()),
            value if kind == "boolean" => value.to_text().to_lowercase().into(),
            value => value.to_text().into(),
        };
        Some(Answer { question, kind, value })
    }

    /// Has several choices in their order: as in Ansible, where they take the place of others.
    fn sort(&mut self) {
        if let Value::List(items) = &self.value {
            let mut items: Vec<String> = items.iter().map(Value::to_text).collect();
            items.sort_unstable();
            self.value = Value::list(items.into_iter().map(Value::from));
        }
    }

    /// Returns it as debconf keeps it.
    fn text(&self) -> String {
        match &self.value {
            Value::List(items) => items.iter().map(Value::to_text).collect::<Vec<_>>().join(", "),
            value => value.to_text(),
        }
    }

    /// Claims that debconf has the answer already.
    fn is(&self, known: &str) -> bool {
        match &self.value {
            Value::List(items) => {
                let mut known: Vec<&str> = known.split(',').map(str::trim).collect();
                let mut items: Vec<String> = items.iter().map(Value::to_text).collect();
                known.sort_unstable();
                items.sort_unstable();
                items == known
            }
            value if self.kind == "boolean" => value.to_text() == known.to_lowercase(),
            value => value.to_text() == known,
        }
    }

    /// Returns what results show of it.
    fn shown(&self) -> String {
        if self.kind == "password" { HIDDEN.into() } else { self.text() }
    }
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let package = args.text("name").unwrap_or_default();
    let said = asked(&context, &["debconf-show", package]).await?;
    let known = selections(&said);
    let Some(mut answer) = Answer::of(args) else {
        return Ok(Change::nothing(Map::new()).field("msg", "").field("current", map(&known)));
    };
    let is_known = match known.get(&answer.question) {
        None => false,
        Some(_) if answer.kind == "password" => {
            let all = asked(&context, &["debconf-get-selections"]).await?;
            password(&all, package, &answer.question).is_some_and(|known| answer.is(known))
        }
        Some(known) => answer.is(known),
    };
    if is_known {
        return Ok(Change::nothing(Map::new()).field("msg", "").field("current", map(&known)));
    }
    let mut before = known.clone();
    match known.get(&answer.question) {
        Some(value) => {
            answer.sort();
            before = IndexMap::from([(answer.question.clone(), value.clone())]);
        }
        None => drop(before.insert(answer.question.clone(), String::new())),
    }
    let after = IndexMap::from([(answer.question.clone(), answer.shown())]);
    let mut change = Change::nothing(Map::new()).field("msg", "");
    change = change.field("current", map(&after)).field("previous", map(&before));
    change.changed = true;
    change.diff.push(difference(&before, &after));
    change.actions.push(setting(package, &answer, args.flag("unseen")));
    change.finish = Some(Box::new(|mut outputs, result| {
        well_ended(outputs.remove(0))?;
        Ok(Finished::new(result, true))
    }));
    Ok(change)
}

/// Returns what a program of debconf's says.
async fn asked(context: &Context<'_>, words: &[&str]) -> Result<String, Failure> {
    let ExecOutput { status, stdout, stderr, .. } =
        exec_output(context.probe.read(reading(&format!("export LC_ALL=C; {}", command(words)))).await?)?;
    match status {
        0 => Ok(String::from_utf8_lossy(&stdout).into_owned()),
        127 => {
            let message = format!("the host has no `{}`", words[0]);
            Err(Failure::new(FailureKind::Command, message).help("the packages are `debconf` and `debconf-utils`"))
        }
        _ => Err(Failure::new(FailureKind::Command, String::from_utf8_lossy(&stderr).trim().to_owned())),
    }
}

/// Returns the action that answers. The answer goes to the program's input: command lines can be read by others.
fn setting(package: &str, answer: &Answer, unseen: bool) -> super::Action {
    let mut action = act(if unseen { "debconf-set-selections -u" } else { "debconf-set-selections" });
    let line = format!("{package} {} {} {}\n", answer.question, answer.kind, answer.text());
    if let Work::Exec(exec) = &mut action.work {
        exec.stdin = Some(line.into_bytes());
    }
    action
}

/// Returns the answers that `debconf-show` lists; those that have been seen have a star before them.
pub(super) fn selections(said: &str) -> IndexMap<String, String> {
    let lines = said.lines().filter_map(|line| line.split_once(':'));
    lines.map(|(key, value)| (key.trim_matches('*').trim().to_owned(), value.trim().to_owned())).collect()
}

/// Returns the password that `debconf-get-selections` lists.
pub(super) fn password<'a>(said: &'a str, package: &str, question: &str) -> Option<&'a str> {
    said.lines().filter(|line| line.starts_with(package)).find_map(|line| {
        let mut fields = line.split('\t').skip(1);
        let is_it = fields.next() == Some(question) && fields.next() == Some("password");
        is_it.then(|| fields.next().unwrap_or_default())
    })
}

fn map(selections: &IndexMap<String, String>) -> Map {
    selections.iter().map(|(question, answer)| (question.as_str(), answer.as_str())).collect()
}

fn difference(before: &IndexMap<String, String>, after: &IndexMap<String, String>) -> TextDiff {
    let lines = |all: &IndexMap<String, String>| all.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
    let header = String::from("debconf");
    let mut whole = before.clone();
    whole.extend(after.iter().map(|(key, value)| (key.clone(), value.clone())));
    TextDiff { before_header: header.clone(), after_header: header, before: lines(before), after: lines(&whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_from_what_debconf_shows() {
        let known = selections("* tzdata/Areas: Etc\n  tzdata/Zones/Etc: UTC\n* a/b: x: y\n\n");
        let known: Vec<(&str, &str)> = known.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(known, [("tzdata/Areas", "Etc"), ("tzdata/Zones/Etc", "UTC"), ("a/b", "x: y")]);
        let listed =
            "# a comment\nother\tq\tpassword\tno\nnp\tq\tstring\tno\nnp\tq\tpassword\tsecret\nnp\tr\tpassword\n";
        assert_eq!(password(listed, "np", "q"), Some("secret"));
        assert_eq!(password(listed, "np", "r"), Some(""));
        assert_eq!(password(listed, "np", "s"), None);
    }

    #[test]
    fn an_answer_is_the_same_in_other_words() {
        let answer = |kind: &str, value: Value| {
            let args = [("question", Value::from("q")), ("vtype", kind.into()), ("value", value)];
            Answer::of(&Args::of(args.into_iter().collect())).unwrap()
        };
        assert!(answer("boolean", Value::Bool(true)).is("true"));
        assert!(!answer("boolean", Value::Bool(true)).is("false"));
        let several = answer("multiselect", Value::list(["b", "a"].map(Value::from)));
        assert!(several.is("a, b") && several.text() == "b, a" && !several.is("a"));
        assert_eq!(answer("password", "secret".into()).shown(), HIDDEN);
    }
}
