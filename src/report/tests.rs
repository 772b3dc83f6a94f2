//! What people read, for runs as small as can be.

use super::samples::*;
use super::*;
use crate::event::{Recap, Status, What};
use crate::value::Value;
use indicatif::{InMemoryTerm, TermLike};
use std::sync::{Arc, Mutex};

fn look() -> Look {
    Look { width: 40, ..Look::default() }
}

/// Returns what plain output says of events.
fn plain(look: Look, events: &[Event]) -> String {
    let (output, written) = Output::memory();
    let mut reporter = Plain::new(look, output);
    events.iter().for_each(|event| reporter.handle(event));
    reporter.finish();
    let written = written.lock().expect("not poisoned").clone();
    String::from_utf8(written).expect("text")
}

#[track_caller]
fn assert_text(text: &str, expected: &str) {
    assert_eq!(text, expected, "\n--- is:\n{text}\n--- should be:\n{expected}");
}

fn recap(host: &str) -> Recap {
    Recap { host: clean(host), ok: 1, ..Recap::default() }
}

#[test]
fn after_a_long_silence_lines_say_whom_the_run_waits_for() {
    use std::time::Duration;
    let (output, written) = Output::memory();
    let mut reporter = Plain::patient(look(), output, Duration::ZERO);
    let hosts: Vec<String> = (1..=8).map(|number| format!("r{number}")).collect();
    let names: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let told = || String::from_utf8(written.lock().expect("not poisoned").clone()).expect("text");
    reporter.handle(&play("routers", &names));
    reporter.handle(&task(1, "upgrade", "cli"));
    reporter.handle(&task(2, "ask", "uri"));
    reporter.tick();
    assert!(!told().contains("waiting"), "nobody is at work");
    hosts.iter().for_each(|host| reporter.handle(&step(1, host)));
    reporter.handle(&step(2, "r9"));
    reporter.handle(&done(1, "r2", Status::Ok));
    reporter.handle(&step(2, "r3"));
    reporter.handle(&ran(2, "r3"));
    reporter.tick();
    let said = "waiting for r1, r3, r4, r5, r6 and 2 more (task upgrade)\nwaiting for r9 (task ask)\n";
    assert!(told().ends_with(said), "{}", told());
    let (output, written) = Output::memory();
    let mut reporter = Plain::patient(look(), output, Duration::from_secs(3600));
    reporter.handle(&task(1, "upgrade", "cli"));
    reporter.handle(&step(1, "r1"));
    reporter.tick();
    assert!(written.lock().expect("not poisoned").is_empty(), "an hour has not passed");
}

#[test]
fn a_result_stands_under_the_headline_of_its_task() {
    let events = [
        started(),
        play("routers", &["r1", "r2"]),
        task(1, "show", "cli_command"),
        task(2, "ask", "uri"),
        done(1, "r1", Status::Ok),
        done(2, "r1", Status::Changed),
        done(2, "r2", Status::Skipped),
        done(1, "r2", Status::Ok),
    ];
    let expected = "
PLAY [routers] *************************

TASK [show] ****************************
ok: [r1]

TASK [ask] *****************************
changed: [r1]
skipping: [r2]

TASK [show] ****************************
ok: [r2]
";
    assert_text(&plain(look(), &events), expected);
}

#[test]
fn debug_shows_its_message_and_others_show_results_when_asked() {
    let result = || value(Value::map([("msg", Value::from("a\nb")), ("changed", false.into())]));
    let events = [
        task(1, "say", "debug"),
        done_with(1, "r1", Status::Ok, |done| done.result = Some(result())),
        task(2, "run", "command"),
        done_with(2, "r1", Status::Changed, |done| done.result = Some(result())),
        done_with(2, "r2", Status::Skipped, |done| done.skip_reason = Some(clean("`when` is false"))),
    ];
    let quiet_part = "
TASK [say] *****************************
ok: [r1] =>
    msg: |
      a
      b

TASK [run] *****************************
changed: [r1]
skipping: [r2]
";
    assert_text(&plain(look(), &events), quiet_part);
    let verbose = "
TASK [say] *****************************
ok: [r1] =>
    msg: |
      a
      b

TASK [run] *****************************
changed: [r1] =>
    msg: |
      a
      b
    changed: false
skipping: [r2] => `when` is false
";
    assert_text(&plain(Look { verbosity: 1, ..look() }, &events), verbose);
}

#[test]
fn items_are_shown_and_their_step_is_not() {
    let none = Value::map([("changed", false)]);
    let events = [
        task(1, "each", "command"),
        item(1, "r1", "a", Status::Ok, none.clone()),
        item(1, "r1", "b", Status::Changed, none.clone()),
        done(1, "r1", Status::Changed),
        item(1, "r2", "a", Status::Failed, Value::map([("msg", "no such thing")])),
        done_with(1, "r2", Status::Ignored, |done| done.failure = Some(failure("1 of 1 items failed"))),
    ];
    let expected = "
TASK [each] ****************************
ok: [r1] => (item=a)
changed: [r1] => (item=b)
failed: [r2] => (item=a) => no such thing
failed: [r2] => 1 of 1 items failed (ignored)
";
    assert_text(&plain(look(), &events), expected);
}

#[test]
fn retries_delegation_diffs_warnings_and_interrupts_have_their_lines() {
    let events = [
        task(1, "motd", "copy"),
        event(What::Retry { task: 1, host: clean("r1"), left: 2 }),
        done_with(1, "r1", Status::Changed, |done| {
            done.delegated_to = Some(clean("r9"));
            done.diff = vec![diff("old\n", "new\n")];
        }),
        event(What::Warning { message: clean("take care"), place: Some(clean("site.yml:1:1")) }),
        event(What::Interrupted { how: "cut".into() }),
    ];
    let expected = "
TASK [motd] ****************************
retrying: [r1] (2 attempts left)
--- before: /etc/motd
+++ after: /etc/motd
@@ -1 +1 @@
-old
+new
changed: [r1 -> r9]
warning: take care
  --> site.yml:1:1
interrupted: steps that run are cut off
";
    assert_text(&plain(look(), &events), expected);
}

#[test]
fn failures_come_again_at_the_end_with_all_that_is_known() {
    let result = Value::map([
        ("cmd", Value::from(vec!["show", "version"])),
        ("rc", 3.into()),
        ("stdout", "one\ntwo\n".into()),
        ("stderr", "".into()),
        ("msg", "exit status 3".into()),
    ]);
    let failed = |host: &str| {
        done_with(1, host, Status::Failed, |done| {
            done.failure = Some(failure("exit status 3"));
            done.result = Some(value(result.clone()));
        })
    };
    let rows = vec![Recap { failed: 1, ..recap("r1") }, Recap { ok: 12, failed: 1, ..recap("router2") }];
    let events = [task(1, "show", "command"), failed("r1"), failed("router2"), ended(rows)];
    let expected = "
TASK [show] ****************************
failed: [r1] => exit status 3
failed: [router2] => exit status 3

FAILURES *******************************
TASK [task 1] on r1, router2: exit status 3
   --> site.yml:4:7
    |
  4 |     - name: show
    |       ^^^^
  command: show version
  rc: 3
  stdout: |
    one
    two
  help: look at the command


PLAY RECAP *****************************
r1      : ok=1  changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
router2 : ok=12 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
2 hosts, 13 ok, 0 changed, 2 failed in 5.4 s
";
    assert_text(&plain(look(), &events), expected);
}

#[test]
fn failed_items_and_the_end_of_long_output_are_shown() {
    let lines: String = (1..=40).map(|n| format!("line {n}\n")).collect();
    let events = [
        item(1, "r1", "x", Status::Failed, Value::map([("msg", Value::from("bad x")), ("rc", 1.into())])),
        done_with(1, "r1", Status::Failed, |done| {
            done.failure = Some(failure("1 of 1 items failed"));
            done.result = Some(value(Value::map([("stdout", lines.as_str())])));
        }),
        ended(vec![]),
    ];
    let text = plain(look(), &events);
    assert!(text.contains("  item x:\n    rc: 1\n    msg: bad x\n"), "{text}");
    assert!(text.contains("    … 10 lines above\n    line 11\n"), "{text}");
    assert!(text.contains("    line 40\n"), "{text}");
}

#[test]
fn settings_hide_hosts_that_were_skipped_or_unchanged() {
    let events = [done(1, "r1", Status::Ok), done(1, "r2", Status::Skipped), done(1, "r3", Status::Changed)];
    let text = plain(Look { skipped: false, unchanged: false, ..look() }, &events);
    assert!(text.contains("changed: [r3]") && !text.contains("r1") && !text.contains("r2"), "{text}");
    let text = plain(look(), &events);
    assert!(text.contains("ok: [r1]") && text.contains("skipping: [r2]"), "{text}");
}

#[test]
fn quiet_shows_failures_and_the_recap_alone() {
    let events = [
        started(),
        play("p", &["r1", "r2"]),
        task(1, "show", "debug"),
        done(1, "r1", Status::Ok),
        done(1, "r2", Status::Ignored),
        done_with(1, "r3", Status::Unreachable, |done| done.failure = Some(failure("no route"))),
        event(What::Warning { message: clean("take care"), place: None }),
        ended(vec![recap("r1")]),
    ];
    let text = plain(Look { quiet: true, ..look() }, &events);
    assert!(
        text.starts_with("\nTASK [show] ****************************\nunreachable: [r3] => no route\n\nFAILURES"),
        "{text}"
    );
    assert!(!text.contains("[r1]") && !text.contains("[r2]") && !text.contains("take care"), "{text}");
    assert!(text.ends_with("1 host, 1 ok, 0 changed in 5.4 s\n"), "{text}");
}

#[test]
fn a_recap_of_many_hosts_shows_those_with_something_to_tell() {
    let mut rows: Vec<Recap> = (0..200).map(|n| recap(&format!("r{n}"))).collect();
    rows[7].changed = 1;
    rows[9].failed = 1;
    let short = plain(look(), &[ended(rows.clone())]);
    let expected = "
PLAY RECAP *****************************
r7 : ok=1 changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
r9 : ok=1 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
… and 198 hosts without changes or problems (-v shows them)
200 hosts, 200 ok, 1 changed, 1 failed in 5.4 s
";
    assert_text(&short, expected);
    let all = plain(Look { verbosity: 1, ..look() }, &[ended(rows)]);
    assert_eq!(all.lines().filter(|line| line.contains(" : ok=")).count(), 200);
}

#[test]
fn colour_adds_nothing_but_colour() {
    let events = [
        started(),
        play("p", &["r1"]),
        task(1, "t", "copy"),
        done_with(1, "r1", Status::Changed, |done| done.diff = vec![diff("a\n", "b\n")]),
        done_with(1, "r2", Status::Failed, |done| done.failure = Some(failure("no"))),
        ended(vec![recap("r1"), Recap { failed: 1, ..recap("r2") }]),
    ];
    let coloured = plain(Look { colour: true, ..look() }, &events);
    assert!(coloured.contains("\x1b["));
    assert_text(&console::strip_ansi_codes(&coloured), &plain(look(), &events));
}

#[test]
fn what_a_device_sends_cannot_play_tricks_on_a_terminal() {
    let events = [
        task(1, "a\x1b[2J", "debug"),
        done_with(1, "r1", Status::Failed, |done| done.failure = Some(failure("x\x1b]0;title\x07y"))),
        item(1, "r1", "\x1b[A", Status::Ok, Value::map([("msg", "\x1b[31m")])),
        ended(vec![]),
    ];
    let text = plain(Look { verbosity: 4, ..look() }, &events);
    assert!(!text.contains('\x1b') && !text.contains('\x07'), "{text:?}");
}

/// Writes to a terminal as to a file: a line break goes to the first column too.
struct Lines(InMemoryTerm);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_str(&String::from_utf8_lossy(bytes).replace('\n', "\r\n"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn screen(terminal: &InMemoryTerm) -> String {
    terminal.contents()
}

fn progress(terminal: &InMemoryTerm) -> Progress {
    Progress::on_terminal(Look { width: 80, ..Look::default() }, Output::to(Lines(terminal.clone())), terminal.clone())
}

#[test]
fn bars_show_a_total_and_a_few_of_many_running_steps() {
    let terminal = InMemoryTerm::new(24, 80);
    let mut reporter = progress(&terminal);
    let hosts: Vec<String> = (1..=200).map(|n| format!("r{n}")).collect();
    let names: Vec<&str> = hosts.iter().map(String::as_str).collect();
    reporter.handle(&play("routers", &names));
    reporter.handle(&task(
        1,
        "show a configuration whose name is so long that no terminal of eighty columns holds it all",
        "cli",
    ));
    hosts.iter().for_each(|host| reporter.handle(&step(1, host)));
    reporter.handle(&done(1, "r1", Status::Ok));
    reporter.handle(&done(1, "r3", Status::Changed));
    reporter.tick();
    let text = screen(&terminal);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() <= 24 && lines.iter().all(|line| console::measure_text_width(line) <= 80), "{text}");
    assert!(text.contains("TASK [show a configuration") && lines.iter().any(|line| line.ends_with("… ***")), "{text}");
    assert!(text.contains("ok: [r1]") && text.contains("changed: [r3]"), "{text}");
    assert!(text.contains("[r2] show a configuration") && !text.contains("[r200]"), "{text}");
    assert!(text.contains("  … and 192 more"), "{text}");
    let total = lines.last().expect("a line");
    assert!(total.contains(" 2/400 ") && total.contains("1 ok 1 changed 0 failed"), "{text}");
}

#[test]
fn when_nothing_happens_bars_say_whom_the_run_waits_for() {
    use std::time::Duration;
    let shown = |quiet: Duration| {
        let terminal = InMemoryTerm::new(24, 80);
        let mut reporter = progress(&terminal).patient(quiet);
        let hosts: Vec<String> = (1..=9).map(|number| format!("r{number}")).collect();
        let names: Vec<&str> = hosts.iter().map(String::as_str).collect();
        reporter.handle(&play("routers", &names));
        reporter.handle(&task(1, "upgrade", "cli"));
        names.iter().for_each(|host| reporter.handle(&step(1, host)));
        reporter.handle(&done(1, "r2", Status::Ok));
        reporter.handle(&task(2, "ask", "uri"));
        reporter.handle(&step(2, "r1"));
        reporter.handle(&ran(2, "r1"));
        reporter.tick();
        screen(&terminal)
    };
    let quiet = shown(Duration::ZERO);
    assert!(quiet.contains("  waiting for r1, r3, r4, r5, r6 and 3 more (task upgrade)\n"), "{quiet}");
    assert!(!quiet.contains("… and") && !quiet.contains("task ask"), "{quiet}");
    let busy = shown(Duration::from_secs(3600));
    assert!(!busy.contains("waiting for") && busy.contains("and 2 more"), "{busy}");
}

#[test]
fn steps_that_never_come_are_not_counted_and_the_end_has_no_bars() {
    let terminal = InMemoryTerm::new(24, 80);
    let mut reporter = progress(&terminal);
    reporter.handle(&play("routers", &["r1", "r2"]));
    reporter.handle(&task(1, "show", "cli"));
    reporter.handle(&step(1, "r1"));
    reporter.tick();
    reporter.handle(&done(1, "r1", Status::Ok));
    reporter.handle(&event(What::PlayEnded { play: clean("routers"), number: 1 }));
    reporter.tick();
    assert!(screen(&terminal).lines().last().is_some_and(|line| line.contains(" 1/1 ")), "{}", screen(&terminal));
    reporter.handle(&ended(vec![recap("r1")]));
    reporter.finish();
    let text = screen(&terminal);
    assert!(!text.contains(" 1/1 ") && !text.contains(" s  [r1]"), "{text}");
    assert!(text.contains("TASK [show]") && text.ends_with("1 host, 1 ok, 0 changed in 5.4 s"), "{text}");
}

#[test]
fn the_end_of_one_play_leaves_the_steps_of_another_in_the_total() {
    let terminal = InMemoryTerm::new(24, 80);
    let mut reporter = progress(&terminal);
    reporter.handle(&play("routers", &["r1"]));
    let other = What::PlayStarted {
        play: clean("switches"),
        number: 2,
        place: clean("site.yml:9:3"),
        hosts: vec![clean("s1")],
        batch: 1,
        batches: 1,
        steps: 3,
    };
    reporter.handle(&event(other));
    reporter.handle(&event(What::StepsPassed { steps: 2 }));
    reporter.handle(&event(What::PlayEnded { play: clean("routers"), number: 1 }));
    reporter.tick();
    assert!(screen(&terminal).contains(" 0/3 "), "{}", screen(&terminal));
}

#[test]
fn a_low_terminal_has_room_left_for_results() {
    let terminal = InMemoryTerm::new(8, 60);
    let mut reporter = progress(&terminal);
    reporter.handle(&play("p", &["a", "b", "c", "d", "e"]));
    ["a", "b", "c", "d", "e"].iter().for_each(|host| reporter.handle(&step(1, host)));
    reporter.tick();
    let text = screen(&terminal);
    assert!(text.contains("[b]") && !text.contains("[c]") && text.contains("… and 3 more"), "{text}");
}

struct Recorder(Arc<Mutex<Vec<String>>>);

impl Reporter for Recorder {
    fn handle(&mut self, event: &Event) {
        self.0.lock().expect("not poisoned").push(format!("{} ms", event.t_ms));
    }

    fn finish(&mut self) {
        self.0.lock().expect("not poisoned").push("end".into());
    }
}

#[test]
fn every_reporter_sees_every_event_and_the_end() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let reporters: Vec<Box<dyn Reporter>> =
        vec![Box::new(Recorder(Arc::clone(&seen))), Box::new(Recorder(Arc::clone(&seen)))];
    let (sender, events) = std::sync::mpsc::channel();
    let thread = spawn(reporters, move |patience| events.recv_timeout(patience)).expect("a thread");
    for t_ms in [1, 2] {
        let event = Event { t_ms, what: What::Interrupted { how: "drain".into() } };
        sender.send(Arc::new(event)).expect("the thread listens");
    }
    drop(sender);
    thread.join().expect("no panic");
    assert_eq!(*seen.lock().expect("not poisoned"), ["1 ms", "1 ms", "2 ms", "2 ms", "end", "end"]);
}

#[test]
fn a_terminal_without_unicode_gets_none() {
    let look = Look { unicode: false, ..look() };
    let rows = (0..60).map(|n| recap(&format!("r{n}"))).collect();
    let long = "x\n".repeat(40);
    let events = [
        task(1, "t", "command"),
        done_with(1, "r1", Status::Failed, |done| {
            done.failure = Some(failure("one\ntwo"));
            done.result = Some(value(Value::map([("stdout", long.as_str())])));
        }),
        ended(rows),
    ];
    let text = plain(look, &events);
    assert!(text.is_ascii() && text.contains("=> one ...") && text.contains("... 10 lines above"), "{text}");
    let terminal = InMemoryTerm::new(12, 40);
    let mut reporter = Progress::on_terminal(look, Output::to(Lines(terminal.clone())), terminal.clone());
    reporter.handle(&play("p", &["a", "b", "c", "d", "e"]));
    ["a", "b", "c", "d", "e"].iter().for_each(|host| reporter.handle(&step(1, host)));
    reporter.handle(&done(1, "a", Status::Ok));
    reporter.tick();
    assert!(screen(&terminal).is_ascii() && screen(&terminal).contains("... and 1 more"), "{}", screen(&terminal));
}

#[test]
fn a_narrow_terminal_is_no_reason_to_panic() {
    for (height, width) in [(2, 10), (3, 20), (5, 12)] {
        let terminal = InMemoryTerm::new(height, width);
        let look = Look { width: usize::from(width), colour: true, ..Look::default() };
        let mut reporter = Progress::on_terminal(look, Output::to(Lines(terminal.clone())), terminal.clone());
        reporter.handle(&play("p", &["router1", "router2"]));
        reporter.handle(&task(1, "a task", "debug"));
        reporter.handle(&step(1, "router1"));
        reporter.tick();
        reporter.handle(&done(1, "router1", Status::Changed));
        reporter.tick();
        reporter.handle(&ended(vec![recap("router1")]));
        reporter.finish();
        assert!(!screen(&terminal).is_empty());
    }
}
