//! The events of several shards as those of one run.
//!
//! Each part is read twice: a [`Survey`] says what is in it, and whether the parts belong together; then their events are
//! joined in the order of the clock, with tasks numbered anew, so that memory does not grow with what runs have told.

use super::Tally;
use crate::event::{Event, Shard, TaskNumber, What};
use crate::redact::Clean;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The schema of events that is known here.
const SCHEMA: u32 = 1;

/// The exit code of what was cut off, as of a run that was interrupted.
const CUT: u8 = 130;

/// What is in a part.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    start: Option<Start>,
    /// The hosts and the steps of each play's batches.
    batches: BTreeMap<(u32, usize), (Vec<Clean>, usize)>,
    ended_plays: HashSet<u32>,
    exit_code: Option<u8>,
}

#[derive(Clone, Debug)]
struct Start {
    schema: u32,
    digest: Clean,
    shard: Option<Shard>,
    /// When it began, in milliseconds of the clock that all parts share.
    at_ms: i64,
}

impl Survey {
    /// Looks at an event. `clock` turns a time of day into milliseconds.
    pub fn add(&mut self, event: &Event, clock: impl Fn(&str) -> i64) {
        match &event.what {
            What::RunStarted { schema, digest, shard, started_at, .. } if self.start.is_none() => {
                let at_ms = clock(started_at.as_str());
                self.start = Some(Start { schema: *schema, digest: digest.clone(), shard: *shard, at_ms });
            }
            What::PlayStarted { number, batch, hosts, steps, .. } => {
                let known = self.batches.entry((*number, *batch)).or_default();
                known.0.extend(hosts.iter().cloned());
                known.1 = known.1.saturating_add(*steps);
            }
            What::PlayEnded { number, .. } => {
                self.ended_plays.insert(*number);
            }
            What::RunEnded { exit_code, .. } => self.exit_code = Some(*exit_code),
            _ => {}
        }
    }

    /// Claims that the run came to its end.
    pub fn has_end(&self) -> bool {
        self.exit_code.is_some()
    }
}

/// Finds what keeps parts from being the shards of one run: each reason with the names of the parts it is about.
pub fn disagreements(parts: &[(String, Survey)]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut shards: BTreeMap<u32, &String> = BTreeMap::new();
    let mut first: Option<(&String, &Start, Shard)> = None;
    for (name, survey) in parts {
        let Some(start) = &survey.start else {
            wrong.push(format!("`{name}` does not begin as a run does"));
            continue;
        };
        if start.schema != SCHEMA {
            wrong.push(format!("`{name}` has events of schema {}; known is {SCHEMA}", start.schema));
            continue;
        }
        let Some(shard) = start.shard else {
            wrong.push(format!("`{name}` is no shard: it ran on all hosts (without `--shard`)"));
            continue;
        };
        match first {
            None => first = Some((name, start, shard)),
            Some((other, _, its)) if its.total != shard.total => {
                wrong.push(format!("`{other}` is shard {its}, and `{name}` is shard {shard}"));
            }
            Some((other, its, _)) if its.digest != start.digest => {
                wrong.push(format!(
                    "`{other}` and `{name}` ran other playbooks, or on other hosts, or with other options"
                ));
            }
            Some(_) => {}
        }
        if let Some(twin) = shards.insert(shard.index, name) {
            wrong.push(format!("`{twin}` and `{name}` are both shard {shard}"));
        }
    }
    wrong
}

/// Returns the shards that are missing among parts, and of how many.
pub fn missing_shards(parts: &[(String, Survey)]) -> Vec<Shard> {
    let shards: Vec<Shard> =
        parts.iter().filter_map(|(_, survey)| survey.start.as_ref().and_then(|start| start.shard)).collect();
    let Some(total) = shards.first().map(|shard| shard.total) else { return Vec::new() };
    let there: HashSet<u32> = shards.iter().map(|shard| shard.index).collect();
    (1..=total).filter(|index| !there.contains(index)).map(|index| Shard { index, total }).collect()
}

/// Joins the events of parts that belong together.
pub struct Merge<I> {
    parts: Vec<Part<I>>,
    plays: Plays,
    tasks: HashMap<TaskKey, TaskNumber>,
    tally: Tally,
    exit_code: u8,
    begun: bool,
    ended: bool,
    last_t_ms: u64,
}

struct Part<I> {
    events: I,
    next: Option<Event>,
    /// How much later than the first it began.
    late_ms: u64,
    /// The numbers of its tasks in the whole.
    tasks: HashMap<TaskNumber, TaskNumber>,
    /// How many tasks alike it had so far: a file may be included twice.
    alike: HashMap<TaskKey, u32>,
}

/// What tells tasks apart that shards number each in their own way: play, place, name, and how many alike came before.
type TaskKey = (u32, Clean, Clean, u32);

#[derive(Default)]
struct Plays {
    batches: BTreeMap<(u32, usize), (Vec<Clean>, usize)>,
    begun: HashSet<(u32, usize)>,
    /// How many parts have still to end each play.
    unended: HashMap<u32, usize>,
}

impl<I: Iterator<Item = Event>> Merge<I> {
    /// Begins to join parts; each again from its beginning. `complete` says that no shard is missing.
    pub fn new(parts: Vec<(Survey, I)>, complete: bool) -> Merge<I> {
        let starts = || parts.iter().filter_map(|(survey, _)| survey.start.as_ref().map(|start| start.at_ms));
        let first_ms = starts().min().unwrap_or_default();
        let codes = parts.iter().map(|(survey, _)| survey.exit_code.unwrap_or(CUT));
        let exit_code = worst(codes.chain((!complete).then_some(CUT)));
        let mut plays = Plays::default();
        for (survey, _) in &parts {
            for (key, (hosts, steps)) in &survey.batches {
                let known = plays.batches.entry(*key).or_default();
                known.0.extend(hosts.iter().cloned());
                known.1 = known.1.saturating_add(*steps);
            }
            survey.ended_plays.iter().for_each(|play| *plays.unended.entry(*play).or_default() += 1);
        }
        let parts = parts.into_iter().map(|(survey, events)| Part {
            events,
            next: None,
            late_ms: survey.start.map_or(0, |start| u64::try_from(start.at_ms - first_ms).unwrap_or_default()),
            tasks: HashMap::new(),
            alike: HashMap::new(),
        });
        let mut merge = Merge {
            parts: parts.collect(),
            plays,
            tasks: HashMap::new(),
            tally: Tally::new(),
            exit_code,
            begun: false,
            ended: false,
            last_t_ms: 0,
        };
        merge.parts.iter_mut().for_each(Part::fetch);
        merge
    }

    /// Returns the exit code of the whole: the worst of all parts, and not 0 where one was cut off or is missing.
    pub fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// Makes an event of a part one of the whole; `None` for those that only one of the parts may say.
    fn joined(&mut self, index: usize, mut event: Event) -> Option<Event> {
        let part = &mut self.parts[index];
        match &mut event.what {
            What::RunStarted { shard, .. } => {
                *shard = None;
                if std::mem::replace(&mut self.begun, true) {
                    return None;
                }
            }
            What::PlayStarted { number, batch, hosts, steps, .. } => {
                if !self.plays.begun.insert((*number, *batch)) {
                    return None;
                }
                if let Some((all, count)) = self.plays.batches.get(&(*number, *batch)) {
                    hosts.clone_from(all);
                    *steps = *count;
                }
            }
            What::PlayEnded { number, .. } => {
                let left = self.plays.unended.entry(*number).or_insert(1);
                *left = left.saturating_sub(1);
                if *left > 0 {
                    return None;
                }
            }
            What::TaskStarted { task, play, name, place, .. } => {
                let mut key = (*play, place.clone(), name.clone(), 0);
                let alike = part.alike.entry(key.clone()).or_default();
                key.3 = *alike;
                *alike += 1;
                let fresh = self.tasks.len() as TaskNumber;
                let number = *self.tasks.entry(key).or_insert(fresh);
                part.tasks.insert(*task, number);
                *task = number;
                if number != fresh {
                    return None;
                }
            }
            What::StepStarted { task, after, .. } => {
                *task = part.number(*task);
                if let Some(after) = after {
                    after.task = part.number(after.task);
                }
            }
            What::StepRan { task, .. } | What::ItemDone { task, .. } | What::Retry { task, .. } => {
                *task = part.number(*task)
            }
            What::StepDone(done) => done.task = part.number(done.task),
            What::RunEnded { .. } => return None,
            _ => {}
        }
        Some(event)
    }

    fn end(&mut self) -> Event {
        self.ended = true;
        let what = What::RunEnded { recap: self.tally.rows(), exit_code: self.exit_code, elapsed_ms: self.last_t_ms };
        Event { t_ms: self.last_t_ms, what }
    }
}

impl<I: Iterator<Item = Event>> Iterator for Merge<I> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            let waiting = self.parts.iter().enumerate();
            let next = waiting.filter_map(|(index, part)| part.next.as_ref().map(|event| (event.t_ms, index))).min();
            let Some((t_ms, index)) = next else {
                return (!self.ended).then(|| self.end());
            };
            self.last_t_ms = self.last_t_ms.max(t_ms);
            let Some(event) = self.parts[index].next.take() else { continue };
            self.parts[index].fetch();
            if let Some(event) = self.joined(index, event) {
                self.tally.add(&event);
                return Some(event);
            }
        }
    }
}

impl<I: Iterator<Item = Event>> Part<I> {
    fn fetch(&mut self) {
        self.next = self.events.next().map(|event| Event { t_ms: event.t_ms.saturating_add(self.late_ms), ..event });
    }
}

impl<I> Part<I> {
    fn number(&self, task: TaskNumber) -> TaskNumber {
        // A task that never began has no number in the whole, and no step of it does.
        self.tasks.get(&task).copied().unwrap_or(TaskNumber::MAX)
    }
}

/// Returns the worst of exit codes: faults of netplay and of what it was given first, then interruptions, then hosts.
fn worst(codes: impl Iterator<Item = u8>) -> u8 {
    let weight = |code: &u8| match code {
        0 => 0,
        2 => 1,
        4 => 2,
        130 => 3,
        _ => 4,
    };
    codes.max_by_key(weight).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Recap, Status};
    use crate::report::samples::*;

    fn at(t_ms: u64, event: Event) -> Event {
        Event { t_ms, ..event }
    }

    /// The events of a shard, whose task numbers depend on what it included before.
    fn shard(index: u32, host: &str, shift: u32, status: Status, code: Option<u8>) -> Vec<Event> {
        let mut start = started_shard();
        if let What::RunStarted { shard, started_at, .. } = &mut start.what {
            *shard = Some(Shard { index, total: 2 });
            *started_at = clean(&format!("{}", index * 10));
        }
        let mut events = vec![
            at(0, start),
            at(1, play("p", &[host])),
            at(2, task(shift, "one", "command")),
            at(2, event(What::StepStarted { task: shift, host: clean(host), after: None })),
            at(3, done(shift, host, Status::Ok)),
            at(4, task(shift + 1, "two", "command")),
            at(4, event(What::StepStarted { task: shift + 1, host: clean(host), after: Some(after(shift, host)) })),
            at(6, done(shift + 1, host, status)),
        ];
        if let Some(exit_code) = code {
            events.push(at(7, event(What::PlayEnded { play: clean("p"), number: 1 })));
            events.push(at(8, event(What::RunEnded { recap: vec![], exit_code, elapsed_ms: 8 })));
        }
        events
    }

    fn survey(events: &[Event]) -> Survey {
        let mut survey = Survey::default();
        events.iter().for_each(|event| survey.add(event, |text| text.parse().unwrap_or_default()));
        survey
    }

    fn merged(parts: Vec<Vec<Event>>, complete: bool) -> (Vec<Event>, u8) {
        let parts = parts.into_iter().map(|events| (survey(&events), events.into_iter())).collect();
        let merge = Merge::new(parts, complete);
        let code = merge.exit_code();
        (merge.collect(), code)
    }

    fn rows(events: &[Event]) -> Vec<Recap> {
        match events.last().map(|event| &event.what) {
            Some(What::RunEnded { recap, .. }) => recap.clone(),
            other => panic!("no end: {other:?}"),
        }
    }

    #[test]
    fn shards_become_one_run_with_one_recap_and_one_exit_code() {
        let parts = vec![shard(1, "a", 0, Status::Ok, Some(0)), shard(2, "b", 7, Status::Failed, Some(2))];
        let (events, code) = merged(parts, true);
        assert_eq!(code, 2);
        let times: Vec<u64> = events.iter().map(|event| event.t_ms).collect();
        assert!(times.is_sorted(), "{times:?}");
        assert_eq!(times.last(), Some(&18), "the second began 10 ms later");
        let count = |of: fn(&What) -> bool| events.iter().filter(|event| of(&event.what)).count();
        assert_eq!(count(|what| matches!(what, What::RunStarted { shard: None, .. })), 1);
        assert_eq!(count(|what| matches!(what, What::PlayStarted { hosts, .. } if hosts.len() == 2)), 1);
        assert_eq!(count(|what| matches!(what, What::TaskStarted { .. })), 2, "the same tasks, whatever their numbers");
        assert_eq!(count(|what| matches!(what, What::PlayEnded { .. })), 1);
        assert_eq!(count(|what| matches!(what, What::RunEnded { exit_code: 2, .. })), 1);
        let tasks = events.iter().filter_map(|event| match &event.what {
            What::StepDone(done) => Some((done.host.to_string(), done.task)),
            _ => None,
        });
        let pairs: Vec<(String, u32)> = tasks.collect();
        assert_eq!(pairs, [("a", 0), ("a", 1), ("b", 0), ("b", 1)].map(|(host, task)| (host.to_owned(), task)));
        let rows = rows(&events);
        assert_eq!(rows.iter().map(|row| (row.ok, row.failed)).collect::<Vec<_>>(), [(2, 0), (1, 1)]);
    }

    #[test]
    fn a_shard_that_was_cut_off_or_is_missing_makes_the_whole_fail() {
        let whole = shard(1, "a", 0, Status::Ok, Some(0));
        let (events, code) = merged(vec![whole.clone(), shard(2, "b", 0, Status::Ok, None)], true);
        assert_eq!((code, rows(&events).len()), (130, 2));
        assert_eq!(merged(vec![whole.clone()], false).1, 130);
        let parts = [("one".to_owned(), survey(&whole))];
        assert_eq!(missing_shards(&parts), [Shard { index: 2, total: 2 }]);
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let named = |name: &str, events: &[Event]| (name.to_owned(), survey(events));
        let one = shard(1, "a", 0, Status::Ok, Some(0));
        let two = shard(2, "b", 0, Status::Ok, Some(0));
        assert!(disagreements(&[named("1", &one), named("2", &two)]).is_empty());
        let change = |change: fn(&mut What)| {
            let mut events = two.clone();
            change(&mut events[0].what);
            disagreements(&[named("1", &one), named("2", &events)]).join(", ")
        };
        type Case = (fn(&mut What), &'static str);
        let cases: [Case; 5] = [
            (
                |what| {
                    if let What::RunStarted { digest, .. } = what {
                        *digest = clean("other")
                    }
                },
                "other playbooks",
            ),
            (
                |what| {
                    if let What::RunStarted { schema, .. } = what {
                        *schema = 2
                    }
                },
                "schema 2",
            ),
            (
                |what| {
                    if let What::RunStarted { shard, .. } = what {
                        *shard = None
                    }
                },
                "no shard",
            ),
            (
                |what| {
                    if let What::RunStarted { shard, .. } = what {
                        *shard = Some(Shard { index: 1, total: 2 })
                    }
                },
                "both shard 1/2",
            ),
            (
                |what| {
                    if let What::RunStarted { shard, .. } = what {
                        *shard = Some(Shard { index: 2, total: 3 })
                    }
                },
                "is shard 2/3",
            ),
        ];
        for (case, expected) in cases {
            assert!(change(case).contains(expected), "{expected}: {}", change(case));
        }
        assert!(disagreements(&[named("1", &one), named("2", &two[1..])])[0].contains("does not begin"));
    }
}
