//! What the modules that run a program share: guards (`creates`, `removes`), the result, the check of the exit status.

use super::remote::{any_exists, exec_output};
use super::{Action, Change, Context, Exec, ExecOutput, Finished, Withheld, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use jiff::Zoned;

/// Why a guard says that a program need not run.
pub(super) enum Guard {
    /// `creates` names something that is there.
    Exists(String),
    /// `removes` names something that is not there.
    Missing(String),
}

/// Asks whether `creates` or `removes` make a program unnecessary.
pub(super) async fn guard(context: &Context<'_>) -> Result<Option<Guard>, Failure> {
    let chdir = context.args.text("chdir");
    if let Some(creates) = context.args.text("creates")
        && any_exists(context.probe, creates, chdir).await?
    {
        return Ok(Some(Guard::Exists(creates.to_owned())));
    }
    if let Some(removes) = context.args.text("removes")
        && !any_exists(context.probe, removes, chdir).await?
    {
        return Ok(Some(Guard::Missing(removes.to_owned())));
    }
    Ok(None)
}

impl Guard {
    /// Returns the result of `command` and `shell` when they need not run.
    pub(super) fn change(self, cmd: Value) -> Change {
        let why = match self {
            Guard::Exists(path) => (format!("'{path}' exists"), format!("{path} exists")),
            Guard::Missing(path) => (format!("'{path}' does not exist"), format!("{path} does not exist")),
        };
        let mut result = Map::new();
        result.insert("cmd", cmd);
        result.insert("delta", Value::Null);
        result.insert("end", Value::Null);
        result.insert("msg", format!("Did not run command since {}", why.0));
        result.insert("rc", 0);
        result.insert("start", Value::Null);
        add_text(&mut result, "stderr", "");
        add_text(&mut result, "stdout", &format!("skipped, since {}", why.1));
        Change::nothing(result)
    }
}

/// A program that a task runs.
pub(super) struct Run {
    /// What is run.
    pub(super) exec: Exec,
    /// The `cmd` field of the result.
    pub(super) cmd: Value,
    /// Take newlines off the ends of the output.
    pub(super) strip: bool,
    /// Whether `creates` or `removes` were given, so that check mode knows that it would run.
    pub(super) guarded: bool,
}

impl Run {
    /// Returns the change that runs it.
    pub(super) fn change(self) -> Change {
        let Run { exec, cmd, strip, guarded } = self;
        let started = Zoned::now();
        let mut predicted = Map::new();
        predicted.insert("cmd", cmd.clone());
        predicted.insert("delta", Value::Null);
        predicted.insert("end", Value::Null);
        predicted.insert("msg", "Command would have run if not in check mode");
        predicted.insert("rc", 0);
        predicted.insert("start", Value::Null);
        add_text(&mut predicted, "stderr", "");
        add_text(&mut predicted, "stdout", "");
        let mut change = Change::act(Action::on_host(Effect::Write, Work::Exec(exec)), move |output, _| {
            let output = exec_output(output)?;
            let mut result = Map::new();
            result.insert("cmd", cmd);
            add_times(&mut result, &started);
            add_output(&mut result, &output, strip);
            checked(result, &output)
        });
        change.result = predicted;
        change.changed = true;
        if !guarded {
            change.withheld = Withheld::Skipped("Command would have run if not in check mode");
        }
        change
    }
}

/// Adds `start`, `end` and `delta`, by this machine's clock.
pub(super) fn add_times(result: &mut Map, started: &Zoned) {
    let ended = Zoned::now();
    let took = ended.timestamp().as_microsecond() - started.timestamp().as_microsecond();
    result.insert("start", clock(started));
    result.insert("end", clock(&ended));
    result.insert("delta", delta(took.max(0)));
}

/// Returns a moment as Python prints one: `2026-11-23 08:49:18.123456`.
pub(super) fn clock(moment: &Zoned) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

/// Returns a span of time as Python prints one: `0:00:01.500000`, `1 day, 0:00:00`.
fn delta(microseconds: i64) -> String {
    let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let days = match seconds / 86_400 {
        0 => String::new(),
        1 => "1 day, ".into(),
        n => format!("{n} days, "),
    };
    let (hours, minutes, rest) = (seconds % 86_400 / 3600, seconds % 3600 / 60, seconds % 60);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
    format!("{days}{hours}:{minutes:02}:{rest:02}{fraction}")
}

/// Adds `rc`, `stdout`, `stderr` and their lines.
pub(super) fn add_output(result: &mut Map, output: &ExecOutput, strip: bool) {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if strip { text.trim_end_matches(['\r', '\n']).to_owned() } else { text }
    };
    result.insert("rc", i128::from(output.status));
    add_text(result, "stderr", &text(&output.stderr));
    add_text(result, "stdout", &text(&output.stdout));
    if let Some(signal) = &output.signal {
        result.insert("signal", signal.clone());
    }
}

/// Returns the end of a step, or its failure when the exit status is not 0.
pub(super) fn checked(mut result: Map, output: &ExecOutput) -> Result<Finished, Failure> {
    if output.status == 0 && output.signal.is_none() {
        result.insert("msg", "");
        return Ok(Finished::new(result, true));
    }
    result.insert("msg", "non-zero return code");
    result.insert("changed", true);
    let mut failure = Failure::new(FailureKind::Command, "non-zero return code").with_result(result);
    if let Some(signal) = &output.signal {
        failure = failure.help(format!("a signal ended the command: {signal}"));
    }
    Err(failure)
}

/// Adds a text and its lines (`stdout` and `stdout_lines`).
pub(super) fn add_text(result: &mut Map, name: &str, text: &str) {
    result.insert(name, text);
    result.insert(format!("{name}_lines"), lines(text));
}

/// Returns lines as Python's `str.splitlines` does: more than newlines end one.
pub(super) fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if !matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            continue;
        }
        lines.push(&text[start..at]);
        start = at + c.len_utf8();
        if c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n') {
            chars.next();
            start += 1;
        }
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

/// Splits a command into words as Python's `shlex.split` does (no comments, no expansion).
pub(super) fn words(text: &str) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some((word, after)) = first_word(rest)? {
        words.push(word);
        rest = after;
    }
    Ok(words)
}

/// Returns the first word of a command without its quotes, and what comes after it.
pub(super) fn first_word(text: &str) -> Result<Option<(String, &str)>, Failure> {
    let text = text.trim_start_matches(BLANKS);
    let wrong = |what: &str| Failure::new(FailureKind::Argument, format!("cannot split the command: {what}"));
    let mut word: Option<String> = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let mut next = |what: &str| chars.next().map(|(_, c)| c).ok_or_else(|| wrong(what));
        let word = match c {
            c if BLANKS.contains(&c) => return Ok(word.map(|word| (word, &text[at..]))),
            _ => word.get_or_insert_default(),
        };
        match c {
            '\\' => word.push(next("no escaped character")?),
            '\'' => loop {
                match next("no closing quotation")? {
                    '\'' => break,
                    c => word.push(c),
                }
            },
            '"' => loop {
                match next("no closing quotation")? {
                    '"' => break,
                    '\\' => match next("no closing quotation")? {
                        c @ ('"' | '\\') => word.push(c),
                        c => word.extend(['\\', c]),
                    },
                    c => word.push(c),
                }
            },
            c => word.push(c),
        }
    }
    Ok(word.map(|word| (word, "")))
}

/// What stands between words.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_as_python_splits_them() {
        let cases: [(&str, &[&str]); 6] = [
            ("echo a  b", &["echo", "a", "b"]),
            (r#"echo "a b" 'c d'"#, &["echo", "a b", "c d"]),
            (r#"echo "a\"b\n" c\ d"#, &["echo", r#"a"b\n"#, "c d"]),
            ("echo # no comment", &["echo", "#", "no", "comment"]),
            ("a'b'\"c\"d ''", &["abcd", ""]),
            ("  ", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text).unwrap(), expected, "{text}");
        }
        for wrong in ["echo 'a", "echo \"a", "echo \\"] {
            assert!(words(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lines_end_where_python_ends_them() {
        let cases: [(&str, &[&str]); 5] = [
            ("", &[]),
            ("a\n", &["a"]),
            ("a\r\nb\rc", &["a", "b", "c"]),
            ("\n\n", &["", ""]),
            ("a\u{c}b\u{2028}", &["a", "b"]),
        ];
        for (text, expected) in cases {
            assert_eq!(lines(text), expected, "{text:?}");
        }
    }

    #[test]
    fn spans_of_time_look_like_pythons() {
        assert_eq!(delta(1_500_000), "0:00:01.500000");
        assert_eq!(delta(0), "0:00:00");
        assert_eq!(delta(90_061_000_001), "1 day, 1:01:01.000001");
    }
}
