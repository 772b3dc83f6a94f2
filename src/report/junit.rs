//! JUnit XML, as CI systems read it: a suite a play, a case a step.

use super::timeline::{Step, Timeline};
use crate::event::Status;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns a run as JUnit XML. What was rescued or ignored has not failed, as in the exit code; an unreachable host, and a
/// step that was cut off, is an error.
pub fn junit(timeline: &Timeline) -> String {
    let mut plays: Vec<(u32, String)> =
        timeline.plays.iter().map(|(number, play)| (*number, play.name.to_string())).collect();
    plays.sort();
    let mut suites = String::new();
    let mut all = Counts::default();
    for (number, name) in plays {
        let in_play = |step: &&Step| timeline.tasks.get(&step.task).is_some_and(|task| task.play == number);
        let steps: Vec<&Step> = timeline.steps.iter().filter(in_play).collect();
        let counts = Counts::of(&steps);
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            suites,
            "  <testsuite name=\"{}\" {} time=\"{}\" timestamp=\"{}\">",
            escaped(&name),
            counts.attributes(),
            seconds(steps.iter().map(|step| timeline.ended_ms(step) - step.started_ms).sum()),
            escaped(timeline.started_at.as_str()),
        );
        steps.iter().for_each(|step| case(timeline, step, &mut suites));
        suites.push_str("  </testsuite>\n");
        all.add(&counts);
    }
    let names: Vec<&str> = timeline.playbooks.iter().map(|name| name.as_str()).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {} time=\"{}\">\n{suites}</testsuites>\n",
        escaped(&names.join(" ")),
        all.attributes_of_all(),
        seconds(timeline.elapsed_ms)
    )
}

#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn of(steps: &[&Step]) -> Counts {
        let mut counts = Counts { tests: steps.len(), ..Counts::default() };
        for step in steps {
            match step.status {
                Some(Status::Failed) => counts.failures += 1,
                Some(Status::Unreachable) | None => counts.errors += 1,
                Some(Status::Skipped | Status::NotReached) => counts.skipped += 1,
                Some(Status::Ok | Status::Changed | Status::Rescued | Status::Ignored) => {}
            }
        }
        counts
    }

    fn add(&mut self, other: &Counts) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
    }

    fn attributes(&self) -> String {
        format!("{} skipped=\"{}\"", self.attributes_of_all(), self.skipped)
    }

    fn attributes_of_all(&self) -> String {
        format!("tests=\"{}\" failures=\"{}\" errors=\"{}\"", self.tests, self.failures, self.errors)
    }
}

fn case(timeline: &Timeline, step: &Step, out: &mut String) {
    let took_ms = timeline.ended_ms(step) - step.started_ms;
    let task = timeline.tasks.get(&step.task);
    let file = task.map(|task| task.place.as_str()).unwrap_or_default();
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\" file=\"{}\"",
        escaped(step.host.as_str()),
        escaped(timeline.task_name(step.task)),
        seconds(took_ms),
        escaped(file.split(':').next().unwrap_or_default()),
    );
    let element = match step.status {
        Some(Status::Failed) => "failure",
        Some(Status::Unreachable) | None => "error",
        Some(Status::Skipped | Status::NotReached) => {
            out.push_str("><skipped/></testcase>\n");
            return;
        }
        Some(Status::Ok | Status::Changed | Status::Rescued | Status::Ignored) => {
            out.push_str("/>\n");
            return;
        }
    };
    let (kind, message, text) = match &step.failure {
        Some(failure) => {
            let kind = serde_json::to_value(failure.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
            (kind.unwrap_or_default(), failure.message.as_str(), failure.drawn.as_str())
        }
        None if step.status.is_none() => ("cancelled".to_owned(), "the run was cut off", ""),
        None => (String::new(), "", ""),
    };
    let _ = writeln!(
        out,
        ">\n      <{element} type=\"{}\" message=\"{}\">{}</{element}>\n    </testcase>",
        escaped(&kind),
        escaped(message),
        escaped(text)
    );
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Returns text for XML: marks escaped, and what XML cannot hold replaced.
fn escaped(text: &str) -> Cow<'_, str> {
    let special = |c: char| matches!(c, '&' | '<' | '>' | '"' | '\'' | '\u{fffe}' | '\u{ffff}') || c.is_control();
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            c if special(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::*;

    #[test]
    fn plays_are_suites_and_steps_cases() {
        let mut timeline = Timeline::default();
        let events = [
            started(),
            play("core <1>", &["r1", "r2"]),
            task(1, "show \"all\"", "cli_command"),
            step(1, "r1"),
            step(1, "r2"),
            step(2, "r1"),
            done_with(1, "r1", Status::Failed, |done| done.failure = Some(failure("a\u{1b}[1m & b"))),
            done(1, "r2", Status::Unreachable),
            task(2, "then", "command"),
            done(2, "r1", Status::Skipped),
            task(3, "last", "command"),
            step(3, "r1"),
            step(3, "r2"),
            done(3, "r2", Status::Changed),
        ];
        events.iter().for_each(|event| timeline.add(event));
        let text = junit(&timeline);
        let expected = [
            "<testsuites name=\"site.yml\" tests=\"5\" failures=\"1\" errors=\"2\" time=\"0.001\">",
            "<testsuite name=\"core &lt;1&gt;\" tests=\"5\" failures=\"1\" errors=\"2\" skipped=\"1\"",
            "<testcase classname=\"r1\" name=\"show &quot;all&quot;\" time=\"0.000\" file=\"site.yml\">",
            "<failure type=\"command\" message=\"a\u{fffd}[1m &amp; b\"> --&gt; site.yml:4:7&#10;",
            "<error type=\"\" message=\"\"></error>",
            "<error type=\"cancelled\" message=\"the run was cut off\"></error>",
            "name=\"then\" time=\"0.000\" file=\"site.yml\"><skipped/></testcase>",
        ];
        for part in expected {
            assert!(text.contains(part), "no {part}:\n{text}");
        }
    }
}
