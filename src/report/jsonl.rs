//! One event a line, for machines; `docs/events.md` is its schema.

use super::{Output, Reporter};
use crate::event::Event;

/// Writes every event as one line of JSON.
pub struct Jsonl {
    output: Output,
}

impl Jsonl {
    /// Makes a reporter of JSON lines.
    pub fn new(output: Output) -> Jsonl {
        Jsonl { output }
    }
}

impl Reporter for Jsonl {
    fn handle(&mut self, event: &Event) {
        let mut line = serde_json::to_string(event).expect("an event is plain data with text keys");
        line.push('\n');
        self.output.write(&line);
    }

    fn finish(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Recap, Status, What};
    use crate::report::samples::*;
    use crate::value::Value;
    use serde_json::Value as Json;
    use std::collections::{BTreeMap, BTreeSet};

    /// One event of every kind, each with all its parts.
    fn every_event() -> Vec<Event> {
        let result = || Value::map([("rc", 0)]);
        let events = vec![
            started_shard(),
            play("p", &["r1"]),
            event(What::StepsAdded { steps: 1 }),
            event(What::StepsPassed { steps: 1 }),
            event(What::ErrorsCleared { hosts: vec![clean("r1")] }),
            task(1, "t", "command"),
            event(What::StepStarted { task: 1, host: clean("r1"), after: Some(after(0, "r1")) }),
            ran(1, "r1"),
            item(1, "r1", "a", Status::Ok, result()),
            event(What::Retry { task: 1, host: clean("r1"), left: 1 }),
            done_with(1, "r1", Status::Failed, |done| {
                done.result = Some(value(result()));
                done.phases = all_phases();
                done.diff = vec![diff("a", "b")];
                done.failure = Some(failure("no"));
            }),
            event(What::Warning { message: clean("w"), place: None }),
            event(What::PlayEnded { play: clean("p"), number: 1 }),
            event(What::Interrupted { how: "drain".into() }),
            ended(vec![Recap::default()]),
        ];
        // A new kind of event does not compile here until it is in the list above, and so in the document.
        let kinds: BTreeSet<u8> = events
            .iter()
            .map(|event| match event.what {
                What::RunStarted { .. } => 0,
                What::PlayStarted { .. } => 1,
                What::StepsAdded { .. } => 2,
                What::TaskStarted { .. } => 3,
                What::StepStarted { .. } => 4,
                What::ItemDone { .. } => 5,
                What::Retry { .. } => 6,
                What::StepDone(_) => 7,
                What::Warning { .. } => 8,
                What::PlayEnded { .. } => 9,
                What::Interrupted { .. } => 10,
                What::RunEnded { .. } => 11,
                What::StepsPassed { .. } => 12,
                What::StepRan { .. } => 13,
                What::ErrorsCleared { .. } => 14,
            })
            .collect();
        assert_eq!(kinds.len(), 15, "every kind is there");
        events
    }

    /// Adds the field names of an object, and of the objects in it, under their headings.
    fn fields(heading: &str, json: &Json, found: &mut BTreeMap<String, BTreeSet<String>>) {
        for (name, value) in json.as_object().into_iter().flatten() {
            if !matches!(name.as_str(), "t_ms" | "event") {
                found.entry(heading.to_owned()).or_default().insert(name.clone());
            }
            match (name.as_str(), value) {
                ("diff" | "recap", Json::Array(items)) => items.iter().for_each(|item| fields(name, item, found)),
                ("failure" | "shard" | "after" | "phases", value) => fields(name, value, found),
                _ => {}
            }
        }
    }

    #[test]
    fn the_document_names_every_event_and_field_and_no_other() {
        let mut serialised = BTreeMap::new();
        for event in every_event() {
            let json = serde_json::to_value(&event).expect("an event is plain data");
            fields(json["event"].as_str().expect("a name"), &json, &mut serialised);
        }
        let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut heading = None;
        for line in include_str!("../../docs/events.md").lines() {
            if let Some(name) = ["### `", "A *", "An *", "The *"].iter().find_map(|start| line.strip_prefix(start)) {
                heading = name.split(['`', '*']).next().map(str::to_owned);
            } else if let (Some(field), Some(heading)) = (line.strip_prefix("| `"), &heading) {
                let field = field.split('`').next().unwrap_or_default();
                documented.entry(heading.clone()).or_default().insert(field.to_owned());
            }
        }
        assert_eq!(documented, serialised);
    }

    #[test]
    fn the_document_names_every_kind_of_failure() {
        use crate::failure::FailureKind::*;
        let kinds = [
            Unreachable,
            Authentication,
            HostKey,
            Timeout,
            Command,
            Module,
            Undefined,
            Unknown,
            Template,
            Argument,
            File,
            Http,
            Cancelled,
            Internal,
        ];
        let documented = include_str!("../../docs/events.md").lines().find(|line| line.starts_with("| `kind` |"));
        let documented = documented.expect("a row for `kind`");
        for kind in kinds {
            let name = serde_json::to_string(&kind).expect("a name").replace('"', "`");
            assert!(documented.contains(&name), "{name} is missing");
        }
        assert_eq!(documented.matches(", `").count() + 1, kinds.len(), "and no other is there");
    }

    #[test]
    fn an_event_is_one_line() {
        let (output, written) = Output::memory();
        let mut reporter = Jsonl::new(output);
        reporter.handle(&done_with(7, "r1", Status::Ok, |done| {
            done.result = Some(value(Value::map([("stdout", "a\nb")])));
        }));
        let text = String::from_utf8(written.lock().expect("not poisoned").clone()).expect("text");
        let expected = "{\"t_ms\":1,\"event\":\"step_done\",\"task\":7,\"name\":\"task 7\",\"host\":\"r1\",\
            \"delegated_to\":null,\"status\":\"ok\",\"elapsed_ms\":1234,\"phases\":{},\"result\":{\"stdout\":\"a\\nb\"},\"diff\":[],\
            \"failure\":null,\"skip_reason\":null}\n";
        assert_eq!(text, expected);
    }
}
