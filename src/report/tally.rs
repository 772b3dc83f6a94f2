//! Counts per host, and the exit code that follows from them.

use crate::event::{Event, Recap, Status, StepDone, What};
use crate::redact::Clean;
use crate::value::Value;
use indexmap::IndexMap;

/// Counts what came of the steps, per host, as Ansible counts: an ignored failure is `ok` and `ignored`, a changed step is
/// `ok` and `changed`.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    hosts: IndexMap<Clean, Recap>,
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
                let changed = done.result.as_ref().and_then(|result| result.value().get("changed"));
                row.changed += u32::from(changed.is_some_and(Value::is_truthy));
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
    pub fn exit_code(&self) -> u8 {
        if self.hosts.values().any(|row| row.unreachable > 0) {
            4
        } else if self.hosts.values().any(|row| row.failed > 0) {
            2
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{done, play};

    fn tally(steps: &[(&str, Status)]) -> Tally {
        let mut tally = Tally::new();
        for (host, status) in steps {
            tally.add(&done(1, host, *status));
        }
        tally
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
