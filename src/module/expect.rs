//! `expect`: runs a program on a terminal and answers what it asks.
//!
//! The terminal is made by the host's `script`; what the program says goes to a file, and what it is told comes through
//! a pipe with a name. Each look at the file is a command of its own, so that it works over whatever runs commands.
//! Answers go by way of standard input, so that no list of processes shows them.

use super::program::{Guard, add_text, add_times, guard, words};
use super::remote::{exec_output, expanded, path_word_literal};
use super::tool::{act, command, on_host};
use super::{Action, Actor, Arg, ArgKind, Change, Context, Finished, Module, Withheld, Work};
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{Anchor, Flags, Regex, compile};
use crate::value::{Map, Value};
use jiff::Zoned;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `expect`
pub static MODULE: Module = on_host(
    "expect",
    &["ansible.builtin"],
    "Runs a program on a terminal and answers what it asks.",
    &[
        Arg::new("command", ArgKind::Str, "The program and its words; no shell reads them.").required(),
        Arg::new(
            "responses",
            ArgKind::Dict,
            "For each pattern what to answer: a text each time, or a list of texts one after the other.",
        )
        .required(),
        Arg::new("timeout", ArgKind::Raw, "Seconds to wait for each question or the end; null is without end.")
            .default("30"),
        Arg::new("echo", ArgKind::Bool, "The terminal shows what is answered.").default("false"),
        Arg::new("chdir", ArgKind::Path, "The folder to run in."),
        Arg::new("creates", ArgKind::Path, "Do not run when this path exists."),
        Arg::new("removes", ArgKind::Path, "Do not run when this path does not exist."),
    ],
    |context| Box::pin(plan(context)),
);

/// How long one look waits for the program to say more. A look of its own can be cut off by an interrupt.
const LOOK: Duration = Duration::from_secs(3);

/// The most that a program may say.
const LIMIT_BYTES: usize = 16 << 20;

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let wrong = |message: String| Failure::new(FailureKind::Argument, message);
    let cmd = args.text("command").unwrap_or_default().to_owned();
    let words = words(&cmd)?;
    if words.is_empty() {
        let result: Map = [("rc", 256)].into_iter().collect();
        return Err(wrong("no command given".into()).with_result(result));
    }
    let timeout = match args.get("timeout") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let seconds = value.to_text().trim().parse::<u32>();
            let not = || wrong(format!("`timeout` must be a whole number of seconds, not `{}`", value.to_text()));
            Some(Duration::from_secs(seconds.map_err(|_| not())?.into()))
        }
    };
    let mut questions = Vec::new();
    for (pattern, answer) in args.dict("responses").iter().flat_map(|responses| responses.iter()) {
        questions.push(Question::new(&pattern.to_string(), answer)?);
    }
    if let Some(guard) = guard(&context).await? {
        return Ok(not_run(guard, cmd));
    }
    let folder = match args.text("chdir") {
        Some(folder) => Some(expanded(context.probe, folder).await?),
        None => None,
    };
    let start = start_program(&words, folder.as_deref(), args.flag("echo"));
    let mut change = Change::nothing(Map::new());
    change.changed = true;
    change.withheld = Withheld::Skipped("remote module (ansible.builtin.expect) does not support check mode");
    change.dialogue = Some(Box::new(move |actor| Box::pin(talk(actor, cmd, start, questions, timeout))));
    Ok(change)
}

/// Returns the result where the program need not run.
fn not_run(guard: Guard, cmd: String) -> Change {
    let why = match guard {
        Guard::Exists(path) => format!("skipped, since {path} exists"),
        Guard::Missing(path) => format!("skipped, since {path} does not exist"),
    };
    let mut change = Change::nothing(Map::new()).field("cmd", cmd).field("rc", 0);
    add_text(&mut change.result, "stdout", &why);
    change
}

/// A question that the program may ask.
struct Question {
    pattern: String,
    regex: Arc<Regex>,
    answers: Answers,
}

enum Answers {
    /// The same each time.
    Same(String),
    /// One after the other.
    List(std::vec::IntoIter<String>),
}

impl Question {
    fn new(pattern: &str, answer: &Value) -> Result<Question, Failure> {
        let flags = Flags { dot_all: true, ..Flags::default() };
        let regex = compile(pattern, flags, Anchor::Anywhere).map_err(|why| {
            Failure::new(FailureKind::Argument, format!("the pattern `{pattern}` of `responses` {why}"))
        })?;
        let answers = match answer {
            Value::List(answers) => Answers::List(answers.iter().map(Value::to_text).collect::<Vec<_>>().into_iter()),
            answer => Answers::Same(answer.to_text()),
        };
        Ok(Question { pattern: pattern.to_owned(), regex, answers })
    }

    fn answer(&mut self) -> Option<String> {
        let answer = match &mut self.answers {
            Answers::Same(answer) => Some(answer.clone()),
            Answers::List(answers) => answers.next(),
        };
        answer.map(|answer| format!("{}\n", answer.trim_end_matches('\n')))
    }
}

/// Returns the program that starts it all, and prints the folder of the dialogue.
fn start_program(words: &[String], folder: Option<&str>, echo: bool) -> String {
    let echo = if echo { "" } else { " -echo" };
    let run = format!("stty rows 24 cols 80{echo}; exec {}", command(words));
    let go = folder.map(|folder| format!("cd {} || exit 1\n", path_word_literal(folder))).unwrap_or_default();
    let run = super::remote::quote(&run);
    // The pipe is opened for both ways, so that it has no end before the program has.
    format!(
        "command -v script >/dev/null || {{ echo 'the host has no `script`' >&2; exit 127; }}\n{go}\
         umask 077; d=$(mktemp -d \"${{TMPDIR:-/tmp}}/netplay-expect-XXXXXX\") && mkfifo \"$d/in\" && : >\"$d/out\" || exit 1\n\
         ( umask 022; SHELL=/bin/sh script -qefc {run} /dev/null 0<>\"$d/in\" >\"$d/out\" 2>&1; echo $? >\"$d/rc.new\"; mv \"$d/rc.new\" \"$d/rc\" ) >/dev/null 2>&1 &\n\
         echo $! >\"$d/pid\"; printf %s \"$d\""
    )
}

/// A program that is talked to.
struct Talk<'a> {
    actor: &'a dyn Actor,
    /// Where its pipe and its words are, as one word of sh.
    folder: String,
    said: Vec<u8>,
    /// How much of that has been dealt with.
    heard: usize,
}

/// Talks to the program to its end.
async fn talk(
    actor: &dyn Actor,
    cmd: String,
    start: String,
    mut questions: Vec<Question>,
    timeout: Option<Duration>,
) -> Result<Finished, Failure> {
    let started = Zoned::now();
    let began = exec_output(actor.act(act(&start)).await?)?;
    if began.status != 0 {
        let said = String::from_utf8_lossy(&began.stderr).trim().to_owned();
        return Err(Failure::new(FailureKind::Command, format!("cannot begin the dialogue: {said}"))
            .help("`script` makes the terminal; its package is `bsdutils` or `util-linux`"));
    }
    let folder = path_word_literal(&String::from_utf8_lossy(&began.stdout));
    let mut talk = Talk { actor, folder, said: Vec::new(), heard: 0 };
    let ended = talk.answer_all(&mut questions, timeout).await;
    talk.clean_up().await?;
    let status = ended?;
    let stdout = String::from_utf8_lossy(&talk.said).trim_end_matches(['\r', '\n']).to_owned();
    let mut result: Map = [("cmd", Value::from(cmd)), ("changed", Value::from(true))].into_iter().collect();
    add_times(&mut result, &started);
    add_text(&mut result, "stdout", &stdout);
    result.insert("rc", status.map_or(Value::Null, Value::from));
    match status {
        Some(0) => Ok(Finished::new(result, true)),
        Some(_) => Err(Failure::new(FailureKind::Command, "non-zero return code").with_result(result)),
        None => Err(Failure::new(FailureKind::Timeout, "command exceeded timeout").with_result(result)),
    }
}

impl Talk<'_> {
    /// Answers until the program ends, and returns its status; `None` when it asked nothing that is known in time.
    async fn answer_all(
        &mut self,
        questions: &mut [Question],
        timeout: Option<Duration>,
    ) -> Result<Option<i128>, Failure> {
        let mut since = Instant::now();
        let mut answer = None;
        loop {
            let status = self.look(answer.take()).await?;
            if let Some((number, asked)) = self.question(questions)? {
                let question = &mut questions[number];
                let Some(text) = question.answer() else {
                    let message = format!("No remaining responses for '{}', output was '{asked}'", question.pattern);
                    return Err(Failure::new(FailureKind::Command, message));
                };
                answer = Some(text);
                since = Instant::now();
            } else if status.is_some() {
                return Ok(status);
            } else if timeout.is_some_and(|timeout| since.elapsed() >= timeout) {
                return Ok(None);
            }
            if self.said.len() > LIMIT_BYTES {
                return Err(Failure::new(
                    FailureKind::Command,
                    format!("the program said more than {LIMIT_BYTES} bytes"),
                ));
            }
        }
    }

    /// Gives an answer, waits a while for more to be said, and returns the status of a program that has ended.
    async fn look(&mut self, answer: Option<String>) -> Result<Option<i128>, Failure> {
        let (folder, seen, turns) = (&self.folder, self.said.len(), LOOK.as_millis() / 50);
        let tell = if answer.is_some() { "cat >\"$d/in\"; " } else { "" };
        let mut action = act(&format!(
            "d={folder}; {tell}n=0; while [ $n -lt {turns} ] && [ ! -e \"$d/rc\" ] && [ \"$(wc -c <\"$d/out\")\" -le {seen} ]; do\n\
             sleep 0.05 || sleep 1; n=$((n + 1)); done\n\
             s=-; [ -e \"$d/rc\" ] && s=$(cat \"$d/rc\"); echo \"$s\"; tail -c +{} \"$d/out\"",
            seen + 1
        ));
        if let (Work::Exec(exec), Some(answer)) = (&mut action.work, answer) {
            exec.stdin = Some(answer.into_bytes());
        }
        let output = exec_output(self.actor.act(action).await?)?;
        let Some(at) = output.stdout.iter().position(|byte| *byte == b'\n') else {
            return Err(Failure::new(FailureKind::Command, "the dialogue with the program was lost")
                .help("its folder below the host's folder for temporary files is gone"));
        };
        let (status, said) = output.stdout.split_at(at);
        self.said.extend(&said[1..]);
        Ok(String::from_utf8_lossy(status).trim().parse().ok())
    }

    /// Returns the question that is asked first in what has not been dealt with, and all that was said up to its end.
    fn question(&mut self, questions: &[Question]) -> Result<Option<(usize, String)>, Failure> {
        // What is no UTF-8 is looked at byte by byte.
        let rest = &self.said[self.heard..];
        let text = match std::str::from_utf8(rest) {
            Ok(text) => std::borrow::Cow::Borrowed(text),
            Err(_) => rest.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
        };
        let mut first: Option<(usize, (usize, usize))> = None;
        for (number, question) in questions.iter().enumerate() {
            let wrong =
                |why: String| Failure::new(FailureKind::Argument, format!("the pattern `{}` {why}", question.pattern));
            let Some(found) = question.regex.find(&text).map_err(wrong)? else { continue };
            if first.is_none_or(|(_, (start, _))| found.span().0 < start) {
                first = Some((number, found.span()));
            }
        }
        let Some((number, (_, end))) = first else { return Ok(None) };
        let asked = text[..end].to_owned();
        let dealt_with = if matches!(text, std::borrow::Cow::Borrowed(_)) { end } else { text[..end].chars().count() };
        self.heard += dealt_with;
        Ok(Some((number, asked)))
    }

    /// Ends what still runs, and removes the folder. `script` does not heed SIGHUP; on SIGTERM it ends its program, too.
    async fn clean_up(&self) -> Result<(), Failure> {
        let folder = &self.folder;
        let clean: Action = act(&format!(
            "d={folder}; if [ ! -e \"$d/rc\" ]; then p=$(cat \"$d/pid\"); for c in $(ps -o pid= --ppid \"$p\" 2>/dev/null || pgrep -P \"$p\"); do\n\
             kill -TERM \"$c\"; done; kill \"$p\"; fi 2>/dev/null; rm -rf \"$d\""
        ));
        self.actor.act(clean).await.map(|_| ())
    }
}
