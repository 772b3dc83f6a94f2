//! Counts per host, and the exit code that follows from them.

use crate::event::{Event, Recap, Status, StepDone, What};
use crate::redact::Clean;
use crate::value::Value;
use indexmap::IndexMap;
use std::collections::HashMap;

/// Counts what came of the steps, per host, as Ansible counts: an ignored failure is `ok` and `ignored`, a changed step is
/// `ok` and `changed`.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    hosts: IndexMap<Clean, Recap>,
    /// Rows as they were when what went wrong on their hosts was cleared.
    cleared: HashMap<Clean, Recap>,
}

impl Tally {
    /// Makes an empty tally.
    pub fn new() -> Tally {
        Tally::default()
    }

    /// Counts an event.
    pub fn add(&mut self, event: &Event) {
        match &event.what {
            What::PlayStarted { hosts, .. } => {
                for host in hosts {
                    self.row(host);
                }
            }
            What::StepDone(done) => self.count(done),
            What::ErrorsCleared { hosts } => {
                for host in hosts {
                    let row = self.row(host).clone();
                    self.cleared.insert(host.clone(), row);
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, done: &StepDone) {
        let row = self.row(&done.host);
        match done.status {
            Status::Ok => row.ok += 1,
            Status::Changed => {
                row.ok += 1;
                row.changed += 1;
            }
            Status::Failed => row.failed += 1,
            Status::Unreachable => row.unreachable = 1,
            Status::Skipped => row.skipped += 1,
            Status::Rescued => row.rescued += 1,
            Status::Ignored => {
                row.ok += 1;
                row.ignored += 1;
                let says = |name: &str| {
                    done.result.as_ref().and_then(|result| result.value().get(name)).is_some_and(Value::is_truthy)
                };
                // What of a loop did not reach its host changed nothing, whatever other items did.
                row.changed += u32::from(says("changed") && (says("failed") || !says("unreachable")));
            }
            Status::NotReached => {}
        }
    }

    fn row(&mut self, host: &Clean) -> &mut Recap {
        if !self.hosts.contains_key(host) {
            self.hosts.insert(host.clone(), Recap { host: host.clone(), ..Recap::default() });
        }
        &mut self.hosts[host]
    }

    /// Returns a row per host, in the order in which plays named them.
    pub fn rows(&self) -> Vec<Recap> {
        self.hosts.values().cloned().collect()
    }

    /// Returns the exit code: 4 when a host was unreachable (whether or not another failed), 2 when one failed, else 0.
    /// What was cleared does not count.
    pub fn exit_code(&self) -> u8 {
        let counts = |count: fn(&Recap) -> u32| {
            let cleared = |row: &Recap| self.cleared.get(&row.host).map_or(0, count);
            self.hosts.values().any(|row| count(row) > cleared(row))
        };
        if counts(|row| row.unreachable) {
            4
        } else if counts(|row| row.failed) {
            2
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{clean, done, event, play};

    fn tally(steps: &[(&str, Status)]) -> Tally {
        let mut tally = Tally::new();
        for (host, status) in steps {
            tally.add(&done(1, host, *status));
        }
        tally
    }

    #[test]
    fn what_was_cleared_is_no_matter_of_the_exit_code() {
        let clear = |tally: &mut Tally| tally.add(&event(What::ErrorsCleared { hosts: vec![clean("r1")] }));
        let mut cleared = tally(&[("r1", Status::Failed), ("r1", Status::Unreachable)]);
        assert_eq!(cleared.exit_code(), 4);
        clear(&mut cleared);
        assert_eq!((cleared.exit_code(), cleared.rows()[0].failed), (0, 1));
        cleared.add(&done(2, "r1", Status::Failed));
        assert_eq!(cleared.exit_code(), 2);
        let mut other = tally(&[("r2", Status::Failed)]);
        clear(&mut other);
        assert_eq!(other.exit_code(), 2);
    }

    #[test]
    fn statuses_are_counted_as_ansible_counts_them() {
        use Status::*;
        let all =
            [Ok, Changed, Failed, Unreachable, Unreachable, Skipped, Rescued, Ignored, NotReached].map(|s| ("r1", s));
        let rows = tally(&all).rows();
        let expected = Recap {
            host: Clean::literal("r1"),
            ok: 3,
            changed: 2,
            unreachable: 1,
            failed: 1,
            skipped: 1,
            rescued: 1,
            ignored: 1,
        };
        assert_eq!(rows, [expected], "an ignored step whose result says so has changed something");
    }

    #[test]
    fn the_exit_code_follows_from_the_worst_that_happened() {
        use Status::*;
        let cases: [(&[(&str, Status)], u8); 6] = [
            (&[], 0),
            (&[("a", Ok), ("b", Changed), ("c", Skipped)], 0),
            (&[("a", Ignored), ("b", Rescued), ("c", NotReached)], 0),
            (&[("a", Ok), ("b", Failed)], 2),
            (&[("a", Unreachable)], 4),
            (&[("a", Unreachable), ("b", Failed)], 4),
        ];
        for (steps, code) in cases {
            assert_eq!(tally(steps).exit_code(), code, "{steps:?}");
        }
    }

    #[test]
    fn hosts_that_did_nothing_have_a_row() {
        let mut tally = Tally::new();
        tally.add(&play("p", &["b", "a"]));
        tally.add(&done(1, "a", Status::Ok));
        let hosts: Vec<_> = tally.rows().iter().map(|row| row.host.to_string()).collect();
        assert_eq!(hosts, ["b", "a"]);
    }
}
