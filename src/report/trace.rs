//! A trace in the format of Chrome and Perfetto: a process a play, a thread a host, a slice a step with its phases in it,
//! and an arrow to each step from the one that it came after.
//!
//! Written as events come, so that it costs no memory and a run that is cut off leaves a trace up to then: viewers do not
//! mind that its end is missing.

use super::Reporter;
use crate::event::{Event, StepDone, TaskNumber, What};
use crate::phase::Phase;
use crate::redact::Clean;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::io::Write;

/// Writes a trace.
pub struct Trace<W: Write + Send> {
    writer: W,
    /// Nothing more can be written.
    broken: bool,
    begun: bool,
    tasks: HashMap<TaskNumber, Task>,
    /// Per play and host, which lanes are taken: a host does several things at once, and slices of one thread must nest.
    lanes: HashMap<(u32, Clean), Vec<bool>>,
    threads: HashMap<(u32, Clean, usize), u64>,
    running: HashMap<(TaskNumber, Clean), Running>,
    ended: HashMap<(TaskNumber, Clean), Place>,
    flows: u64,
}

struct Task {
    play: u32,
    name: Clean,
    module: String,
    place: Clean,
}

struct Running {
    place: Place,
    lane: usize,
}

/// Where a step is in the trace.
#[derive(Clone, Copy)]
struct Place {
    play: u32,
    thread: u64,
    us: u64,
}

impl<W: Write + Send> Trace<W> {
    /// Makes a reporter that writes a trace.
    pub fn new(writer: W) -> Trace<W> {
        Trace {
            writer,
            broken: false,
            begun: false,
            tasks: HashMap::new(),
            lanes: HashMap::new(),
            threads: HashMap::new(),
            running: HashMap::new(),
            ended: HashMap::new(),
            flows: 0,
        }
    }

    fn write(&mut self, event: &Json) {
        if self.broken {
            return;
        }
        let before = if self.begun { ",\n" } else { "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" };
        self.begun = true;
        self.broken = write!(self.writer, "{before}{event}").is_err();
    }

    fn begin(&mut self, t_ms: u64, task: TaskNumber, host: &Clean) -> Place {
        let play = self.tasks.get(&task).map_or(0, |task| task.play);
        let lanes = self.lanes.entry((play, host.clone())).or_default();
        let lane = lanes.iter().position(|taken| !taken).unwrap_or(lanes.len());
        match lanes.get_mut(lane) {
            Some(taken) => *taken = true,
            None => lanes.push(true),
        }
        let count = self.threads.len() as u64;
        let key = (play, host.clone(), lane);
        let known = self.threads.contains_key(&key);
        let thread = *self.threads.entry(key).or_insert(count + 1);
        if !known {
            let name = if lane == 0 { host.to_string() } else { format!("{host} ({})", lane + 1) };
            self.write(&json!({
                "ph": "M", "name": "thread_name", "pid": play, "tid": thread, "args": { "name": name }
            }));
        }
        let place = Place { play, thread, us: t_ms.saturating_mul(1000) };
        self.running.insert((task, host.clone()), Running { place, lane });
        place
    }

    /// Draws an arrow from the step that another came after.
    fn arrow(&mut self, from: Place, to: Place, why: &Clean) {
        self.flows += 1;
        for (kind, place) in [("s", from), ("f", to)] {
            let mut event = json!({
                "ph": kind, "name": "after", "cat": "order", "id": self.flows,
                "pid": place.play, "tid": place.thread, "ts": place.us, "args": { "why": why.as_str() }
            });
            if kind == "f" {
                // To the slice around it, not to the next one.
                event["bp"] = "e".into();
            }
            self.write(&event);
        }
    }

    fn end(&mut self, t_ms: u64, done: &StepDone) {
        let key = (done.task, done.host.clone());
        let Running { place, lane } = match self.running.remove(&key) {
            Some(running) => running,
            // Several includes in one loop are several steps that ended at once.
            None if self.ended.contains_key(&key) => return,
            None => {
                self.begin(t_ms.saturating_sub(done.elapsed_ms), done.task, &done.host);
                let Some(running) = self.running.remove(&key) else { return };
                running
            }
        };
        if let Some(taken) = self.lanes.get_mut(&(place.play, done.host.clone())).and_then(|lanes| lanes.get_mut(lane))
        {
            *taken = false;
        }
        let took_us = (done.elapsed_ms.saturating_mul(1000)).min((t_ms.saturating_mul(1000)).saturating_sub(place.us));
        let (module, written) = match self.tasks.get(&done.task) {
            Some(task) => (task.module.clone(), task.place.to_string()),
            None => (String::new(), String::new()),
        };
        let mut args = json!({ "status": done.status.word(), "module": module, "place": written });
        if let Some(failure) = &done.failure {
            args["failure"] = failure.message.as_str().into();
        }
        if done.phases.queue_ms > 0.0 {
            args["queue_ms"] = done.phases.queue_ms.into();
        }
        self.write(&json!({
            "ph": "X", "name": done.name.as_str(), "cat": done.status.word(), "pid": place.play, "tid": place.thread,
            "ts": place.us, "dur": took_us, "args": args
        }));
        let mut from = place.us;
        let end = place.us.saturating_add(took_us);
        // Its place in the queue came before its work.
        for phase in Phase::ALL.into_iter().filter(|phase| *phase != Phase::Queue) {
            let us = ((done.phases.ms(phase) * 1000.0) as u64).min(end - from);
            if us > 0 {
                self.write(&json!({
                    "ph": "X", "name": phase.word(), "cat": "phase", "pid": place.play, "tid": place.thread,
                    "ts": from, "dur": us
                }));
            }
            from += us;
        }
        self.ended.insert(key, Place { us: end.saturating_sub(1).max(place.us), ..place });
    }
}

impl<W: Write + Send> Reporter for Trace<W> {
    fn handle(&mut self, event: &Event) {
        match &event.what {
            What::PlayStarted { play, number, batch: 1, .. } => {
                for (name, value) in [
                    ("process_name", json!({ "name": play.as_str() })),
                    ("process_sort_index", json!({ "sort_index": number })),
                ] {
                    self.write(&json!({ "ph": "M", "name": name, "pid": number, "tid": 0, "args": value }));
                }
            }
            What::TaskStarted { task, play, name, module, place, .. } => {
                let (name, module, place) = (name.clone(), module.to_string(), place.clone());
                self.tasks.insert(*task, Task { play: *play, name, module, place });
            }
            What::StepStarted { task, host, after } => {
                let to = self.begin(event.t_ms, *task, host);
                if let Some(after) = after {
                    let key = (after.task, after.host.clone());
                    let from = self.ended.get(&key).copied().or_else(|| self.running.get(&key).map(|r| r.place));
                    if let Some(from) = from {
                        self.arrow(from, to, &after.why);
                    }
                }
            }
            What::Retry { task, host, left } => {
                if let Some(Running { place, .. }) = self.running.get(&(*task, host.clone())) {
                    let (play, thread) = (place.play, place.thread);
                    let name = self.tasks.get(task).map(|task| task.name.to_string()).unwrap_or_default();
                    self.write(&json!({
                        "ph": "i", "name": format!("retry: {name}"), "s": "t", "pid": play, "tid": thread,
                        "ts": event.t_ms.saturating_mul(1000), "args": { "left": left }
                    }));
                }
            }
            What::StepDone(done) => self.end(event.t_ms, done),
            _ => {}
        }
    }

    fn finish(&mut self) {
        let end = if self.begun { "\n]}\n" } else { "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[]}\n" };
        if !self.broken {
            // There is nobody left to tell; what is missing is seen in the file.
            let _ = self.writer.write_all(end.as_bytes()).and_then(|()| self.writer.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Status;
    use crate::report::samples::*;
    use std::collections::BTreeMap;
    use std::io;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn trace(events: &[Event]) -> Vec<Json> {
        let memory = Memory::default();
        let mut reporter = Trace::new(memory.clone());
        events.iter().for_each(|event| reporter.handle(event));
        reporter.finish();
        let bytes = memory.0.lock().expect("not poisoned").clone();
        let json: Json = serde_json::from_slice(&bytes).expect("JSON");
        json["traceEvents"].as_array().expect("a list").clone()
    }

    fn begins(t_ms: u64, task: u32, host: &str, after: Option<crate::event::After>) -> Event {
        Event { t_ms, what: What::StepStarted { task, host: clean(host), after } }
    }

    fn ends(t_ms: u64, task: u32, host: &str, took_ms: u64) -> Event {
        let done = done_with(task, host, Status::Ok, |done| {
            done.elapsed_ms = took_ms;
            for (phase, ms) in [(Phase::Queue, 9), (Phase::Template, 1), (Phase::Connect, 2), (Phase::Wait, 50)] {
                done.phases.add(phase, Duration::from_millis(ms));
            }
        });
        Event { t_ms, ..done }
    }

    #[test]
    fn every_event_is_as_the_format_wants_it_and_slices_nest() {
        let events = [
            started(),
            play("core", &["r1", "r2"]),
            task(1, "show", "cli_command"),
            task(2, "ask", "uri"),
            begins(0, 1, "r1", None),
            begins(0, 2, "r1", None),
            begins(5, 1, "r2", None),
            ends(30, 2, "r1", 30),
            ends(60, 1, "r1", 60),
            ends(80, 1, "r2", 75),
            task(3, "write", "cli_config"),
            begins(80, 3, "r1", Some(after(1, "r2"))),
            ends(140, 3, "r1", 60),
            ended(vec![]),
        ];
        let found = trace(&events);
        let mut slices: BTreeMap<(u64, u64), Vec<(u64, u64)>> = BTreeMap::new();
        let number = |event: &Json, name: &str| event[name].as_u64().unwrap_or_else(|| panic!("{name}: {event}"));
        for event in &found {
            let kind = event["ph"].as_str().expect("a kind");
            let (process, thread) = (number(event, "pid"), number(event, "tid"));
            assert!(event["name"].is_string(), "{event}");
            match kind {
                "M" => assert!(event["args"].is_object(), "{event}"),
                "X" => {
                    let at = number(event, "ts");
                    slices.entry((process, thread)).or_default().push((at, at + number(event, "dur")));
                }
                "s" | "f" => {
                    number(event, "ts");
                    assert_eq!(number(event, "id"), 1);
                }
                other => panic!("an unexpected kind `{other}`"),
            }
        }
        for slices in slices.values() {
            for (a, b) in slices.iter().flat_map(|a| slices.iter().map(move |b| (a, b))) {
                let (first, second) = if (a.0, b.1) <= (b.0, a.1) { (a, b) } else { (b, a) };
                assert!(second.0 >= first.1 || second.1 <= first.1, "{a:?} and {b:?} neither nest nor follow");
            }
        }
        let named = |kind: &str, name: &str| {
            let same = |event: &&Json| event["ph"] == kind && event["args"]["name"] == name;
            found.iter().filter(same).count()
        };
        assert_eq!((named("M", "core"), named("M", "r1"), named("M", "r1 (2)"), named("M", "r2")), (1, 1, 1, 1));
        let flow: Vec<&Json> = found.iter().filter(|event| event["name"] == "after").collect();
        assert_eq!(flow.len(), 2);
        for event in &flow {
            let place = (number(event, "pid"), number(event, "tid"));
            let at = number(event, "ts");
            assert!(slices[&place].iter().any(|(from, to)| (*from..*to).contains(&at)), "an arrow binds to a slice");
        }
    }

    #[test]
    fn a_run_of_nothing_is_a_trace_of_nothing() {
        assert_eq!(trace(&[started(), ended(vec![])]), Vec::<Json>::new());
    }
}
