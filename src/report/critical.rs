//! The critical path: the chain of steps that made a run as long as it was.
//!
//! It is followed from the step that was over last back to the first: from each to the one whose end let it start. Only what
//! is on it is worth making faster.

use super::text::printable;
use super::timeline::{Step, Timeline};
use crate::phase::{Phase, Phases};
use crate::redact::Clean;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

/// The chain, the first step first.
#[derive(Clone, Debug, Serialize)]
pub struct CriticalPath {
    /// How long the run took, in milliseconds.
    pub elapsed_ms: u64,
    /// How many steps there were.
    pub steps: usize,
    /// Those on the path.
    pub path: Vec<Link>,
}

/// A step on the path.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    /// Its host.
    pub host: Clean,
    /// The name of its task.
    pub name: Clean,
    /// Where that is written.
    pub place: Clean,
    /// Why it came after the step before it in the path; `None` for the first.
    pub why: Option<Clean>,
    /// When it began, in milliseconds since the run did.
    pub started_ms: u64,
    /// How long its work took.
    pub took_ms: u64,
    /// What it spent that on.
    pub phases: Phases,
}

impl CriticalPath {
    /// Finds it; nothing when there were no steps.
    pub fn of(timeline: &Timeline) -> Option<CriticalPath> {
        let mut at = timeline.steps.iter().max_by_key(|step| timeline.ended_ms(step))?;
        let mut path = Vec::new();
        let mut seen = HashSet::new();
        while seen.insert((at.task, at.host.clone())) {
            let before = before(timeline, at);
            path.push(link(timeline, at, before.as_ref().map(|(_, why)| why.clone())));
            match before {
                Some((step, _)) => at = step,
                None => break,
            }
        }
        path.reverse();
        Some(CriticalPath { elapsed_ms: timeline.elapsed_ms, steps: timeline.steps.len(), path })
    }

    /// Returns it as people read it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            out,
            "{} of {} steps made the run {} long:\n",
            self.path.len(),
            self.steps,
            seconds(self.elapsed_ms as f64)
        );
        let width = self.path.iter().map(|link| console::measure_text_width(link.host.as_str())).max().unwrap_or(0);
        for link in &self.path {
            if let Some(why) = &link.why {
                let _ = writeln!(out, "{:>21}{}", "", printable(why.as_str()));
            }
            let host = console::pad_str(link.host.as_str(), width, console::Alignment::Left, None);
            let (at, took) = (seconds(link.started_ms as f64), seconds(link.took_ms as f64));
            let _ = writeln!(out, "{at:>9} {took:>9}  {host}  {}", printable(link.name.as_str()));
            let phases = said(&link.phases);
            if !phases.is_empty() {
                let _ = writeln!(out, "{:>21}{:width$}  {phases}", "", "");
            }
        }
        let mut sums: Vec<(String, f64)> = Phase::ALL
            .iter()
            .map(|phase| (phase.word().to_owned(), self.path.iter().map(|link| link.phases.ms(*phase)).sum()))
            .collect();
        sums.push(("beside steps".into(), self.beside_ms()));
        self.write_sums("where the time went", sums, &mut out);
        let mut hosts: BTreeMap<&Clean, f64> = BTreeMap::new();
        self.path.iter().for_each(|link| *hosts.entry(&link.host).or_default() += link.took_ms as f64);
        let hosts = hosts.into_iter().map(|(host, ms)| (printable(host.as_str()).into_owned(), ms)).collect();
        self.write_sums("on which hosts", hosts, &mut out);
        out
    }

    /// Returns the part of the run in which no step of the path was at work, and none waited in a queue.
    fn beside_ms(&self) -> f64 {
        let of_steps: f64 = self.path.iter().map(|link| link.took_ms as f64 + link.phases.queue_ms).sum();
        (self.elapsed_ms as f64 - of_steps).max(0.0)
    }

    fn write_sums(&self, title: &str, mut sums: Vec<(String, f64)>, out: &mut String) {
        // What is below a thousandth of the run tells nobody anything.
        sums.retain(|(_, ms)| *ms >= 1.0 && *ms * 1000.0 >= self.elapsed_ms as f64);
        sums.sort_by(|a, b| b.1.total_cmp(&a.1));
        if sums.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{title}:");
        for (name, ms) in sums {
            let percent = ms * 100.0 / (self.elapsed_ms as f64).max(1.0);
            let _ = writeln!(out, "{:>9} {percent:>8.0}%  {name}", seconds(ms));
        }
    }
}

/// Returns the step before another in the path, and why it came before.
fn before<'t>(timeline: &'t Timeline, step: &Step) -> Option<(&'t Step, Clean)> {
    if let Some(after) = &step.after {
        return timeline.step(after.task, &after.host).map(|before| (before, after.why.clone()));
    }
    // The first steps of a play wait for what ran before it.
    let play = timeline.tasks.get(&step.task)?.play;
    let began = timeline.plays.get(&play)?.started_ms;
    let others = timeline.steps.iter().filter(|other| {
        timeline.tasks.get(&other.task).is_some_and(|task| task.play != play) && timeline.ended_ms(other) <= began
    });
    let last = others.max_by_key(|other| timeline.ended_ms(other))?;
    Some((last, Clean::literal("its play began when the plays before it were over")))
}

fn link(timeline: &Timeline, step: &Step, why: Option<Clean>) -> Link {
    let task = timeline.tasks.get(&step.task);
    Link {
        host: step.host.clone(),
        name: task.map(|task| task.name.clone()).unwrap_or_default(),
        place: task.map(|task| task.place.clone()).unwrap_or_default(),
        why,
        started_ms: step.started_ms,
        took_ms: timeline.ended_ms(step) - step.started_ms,
        phases: step.phases,
    }
}

fn said(phases: &Phases) -> String {
    let parts = Phase::ALL.iter().map(|phase| (phase, phases.ms(*phase))).filter(|(_, ms)| *ms >= 0.5);
    parts.map(|(phase, ms)| format!("{} {}", phase.word(), seconds(ms))).collect::<Vec<_>>().join(", ")
}

fn seconds(ms: f64) -> String {
    format!("{:.3} s", ms / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Status, What};
    use crate::report::samples::*;
    use std::time::Duration;

    fn at(t_ms: u64, event: Event) -> Event {
        Event { t_ms, ..event }
    }

    fn begins(t_ms: u64, task: u32, host: &str, after: Option<(u32, &str)>) -> Event {
        let after = after.map(|(task, host)| super::super::samples::after(task, host));
        at(t_ms, event(What::StepStarted { task, host: clean(host), after }))
    }

    fn ends(t_ms: u64, task: u32, host: &str, took_ms: u64) -> Event {
        let more = |done: &mut crate::event::StepDone| {
            done.elapsed_ms = took_ms;
            done.phases.add(Phase::Wait, Duration::from_millis(took_ms));
        };
        at(t_ms, done_with(task, host, Status::Ok, more))
    }

    /// Two hosts read, then each writes when both have read; r2 is the slower reader, r1 the slower writer.
    fn run() -> Timeline {
        let mut timeline = Timeline::default();
        let events = [
            started(),
            play("p", &["r1", "r2"]),
            task(0, "read", "command"),
            begins(0, 0, "r1", None),
            begins(0, 0, "r2", None),
            ends(500, 0, "r1", 500),
            ends(2000, 0, "r2", 2000),
            task(1, "write", "command"),
            begins(2000, 1, "r1", Some((0, "r2"))),
            begins(2000, 1, "r2", Some((0, "r2"))),
            ends(2100, 1, "r2", 100),
            ends(3000, 1, "r1", 1000),
            at(3001, event(What::RunEnded { recap: vec![], exit_code: 0, elapsed_ms: 3001 })),
        ];
        events.iter().for_each(|event| timeline.add(event));
        timeline
    }

    #[test]
    fn the_path_leads_through_those_that_were_waited_for() {
        let path = CriticalPath::of(&run()).expect("a path");
        let names: Vec<_> = path.path.iter().map(|link| format!("{} {}", link.host, link.name)).collect();
        assert_eq!(names, ["r2 read", "r1 write"]);
        let expected = "2 of 4 steps made the run 3.001 s long:

  0.000 s   2.000 s  r2  read
                         wait 2.000 s
                     the other writes and stands before it
  2.000 s   1.000 s  r1  write
                         wait 1.000 s

where the time went:
  3.000 s      100%  wait

on which hosts:
  2.000 s       67%  r2
  1.000 s       33%  r1
";
        assert_eq!(path.text(), expected);
    }

    #[test]
    fn a_step_that_never_ended_is_the_end_of_the_path() {
        let mut timeline = Timeline::default();
        let cut = [task(0, "read", "command"), begins(0, 0, "r1", None), begins(700, 0, "r2", None)];
        cut.iter().for_each(|event| timeline.add(event));
        let path = CriticalPath::of(&timeline).expect("a path");
        assert_eq!(path.path[0].took_ms + path.path[0].started_ms, 700);
        assert!(CriticalPath::of(&Timeline::default()).is_none());
    }
}
