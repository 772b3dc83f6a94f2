//! What happens in a run, as data: one stream, of which every reporter, the exit code and the recap are functions.
//!
//! The JSON form (`--output jsonl`) is a stable schema: fields are added, never renamed or removed. All text is
//! [`Clean`]. Times are milliseconds since the run began. Events can be read back (from a journal), so what a later version
//! adds has a default.

use crate::failure::FailureKind;
use crate::phase::Phases;
use crate::redact::{Clean, CleanValue};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Done, nothing changed.
    Ok,
    /// Done, something changed.
    Changed,
    /// Failed.
    Failed,
    /// The host could not be reached.
    Unreachable,
    /// Not run because of `when`, tags of an include, or check mode.
    Skipped,
    /// Failed, and a rescue section took over.
    Rescued,
    /// Failed, and `ignore_errors` or `ignore_unreachable` let the host go on.
    Ignored,
    /// Never started, because the host was out of the play or the run was cut.
    NotReached,
}

impl Status {
    /// Returns the word in messages and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Changed => "changed",
            Status::Failed => "failed",
            Status::Unreachable => "unreachable",
            Status::Skipped => "skipped",
            Status::Rescued => "rescued",
            Status::Ignored => "ignored",
            Status::NotReached => "not-reached",
        }
    }
}

/// The number of a task in a run: the node of the graph, counted over all plays.
pub type TaskNumber = u32;

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Milliseconds since the run began.
    pub t_ms: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The first event.
    RunStarted {
        /// Version of the schema: 1.
        schema: u32,
        /// Version of netplay.
        version: Cow<'static, str>,
        /// The playbooks as named on the command line.
        playbooks: Vec<Clean>,
        /// Wall-clock time, RFC 3339.
        started_at: Clean,
        /// Whether writes are withheld.
        check: bool,
        /// The name of the run, as `netplay runs` lists it.
        #[serde(default)]
        run: Clean,
        /// A digest of what was asked for: the texts of the playbooks and the options that choose tasks. Shards of one
        /// run have the same.
        #[serde(default)]
        digest: Clean,
        /// Which part of the hosts this is.
        #[serde(default)]
        shard: Option<Shard>,
    },
    /// A play (or a batch of it under `serial`) begins.
    PlayStarted {
        /// Name, or the host pattern.
        play: Clean,
        /// Its number in the run, from 1. Plays that need nothing of each other run at the same time.
        number: u32,
        /// Where it is written.
        place: Clean,
        /// The hosts of this batch.
        hosts: Vec<Clean>,
        /// Number of the batch, from 1.
        batch: usize,
        /// Number of batches.
        batches: usize,
        /// Steps that this batch will have unless hosts fall out or includes add some.
        steps: usize,
    },
    /// Steps were added by a runtime include.
    StepsAdded {
        /// How many.
        steps: usize,
    },
    /// Steps came to nothing: their host is out, or the section of their block is not taken.
    StepsPassed {
        /// How many.
        steps: usize,
    },
    /// What went wrong on hosts so far counts no more (`meta: clear_host_errors`).
    ErrorsCleared {
        /// The hosts.
        hosts: Vec<Clean>,
    },
    /// A task starts on its first host.
    TaskStarted {
        /// Its number.
        task: TaskNumber,
        /// The number of its play.
        play: u32,
        /// Its name.
        name: Clean,
        /// Its module.
        module: Cow<'static, str>,
        /// Where it is written.
        place: Clean,
        /// Whether it is a handler.
        handler: bool,
    },
    /// A step starts.
    StepStarted {
        /// The task.
        task: TaskNumber,
        /// The host.
        host: Clean,
        /// The step whose end let this one start; `None` for those that nothing held up.
        #[serde(default)]
        after: Option<After>,
    },
    /// The work of a step that overlaps with earlier ones is over; what came of it counts when theirs does.
    StepRan {
        /// The task.
        task: TaskNumber,
        /// The host.
        host: Clean,
    },
    /// An item of a loop is done.
    ItemDone {
        /// The task.
        task: TaskNumber,
        /// The host.
        host: Clean,
        /// The label of the item.
        item: Clean,
        /// What came of it.
        status: Status,
        /// The result; `None` under `no_log`.
        result: Option<CleanValue>,
    },
    /// An attempt under `until` did not do; another follows.
    Retry {
        /// The task.
        task: TaskNumber,
        /// The host.
        host: Clean,
        /// Attempts left.
        left: u32,
    },
    /// A step is done.
    StepDone(Box<StepDone>),
    /// Something the user should know; the run goes on.
    Warning {
        /// The text.
        message: Clean,
        /// The place, if there is one.
        place: Option<Clean>,
    },
    /// A play ended.
    PlayEnded {
        /// Its name.
        play: Clean,
        /// Its number.
        number: u32,
    },
    /// The run was interrupted: `drain` lets running steps end, `cut` does not.
    Interrupted {
        /// `drain` or `cut`.
        how: Cow<'static, str>,
    },
    /// The last event.
    RunEnded {
        /// A row per host, in inventory order.
        recap: Vec<Recap>,
        /// The exit code.
        exit_code: u8,
        /// How long it took.
        elapsed_ms: u64,
    },
}

/// A part of the hosts, for runs that are spread over several machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 1.
    pub index: u32,
    /// Of how many.
    pub total: u32,
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.total)
    }
}

/// What a step came after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// The task.
    pub task: TaskNumber,
    /// The host.
    pub host: Clean,
    /// Why the step had to wait for it.
    pub why: Clean,
}

/// A step that is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepDone {
    /// The task.
    pub task: TaskNumber,
    /// Its name.
    pub name: Clean,
    /// The host.
    pub host: Clean,
    /// The host it was delegated to.
    pub delegated_to: Option<Clean>,
    /// What came of it.
    pub status: Status,
    /// How long its work took; what it waited before and after is not counted.
    pub elapsed_ms: u64,
    /// Where the time went, waiting for its turn included.
    #[serde(default)]
    pub phases: Phases,
    /// The result; `None` under `no_log` and for skipped steps.
    pub result: Option<CleanValue>,
    /// What changed, as text before and after.
    pub diff: Vec<Diff>,
    /// What went wrong.
    pub failure: Option<FailureReport>,
    /// Why it was skipped.
    pub skip_reason: Option<Clean>,
}

/// A change to show.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Diff {
    /// What the text before is of (a path, `running-config`).
    pub before_header: Clean,
    /// What the text after is of.
    pub after_header: Clean,
    /// The text before.
    pub before: Clean,
    /// The text after.
    pub after: Clean,
}

/// What went wrong, for people and machines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FailureReport {
    /// The kind.
    pub kind: FailureKind,
    /// The message.
    pub message: Clean,
    /// Where in what the author wrote.
    pub place: Clean,
    /// What to do.
    pub help: Option<Clean>,
    /// The source lines with the place marked, drawn without colour.
    pub drawn: Clean,
}

/// A host's row in the recap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recap {
    /// The host.
    pub host: Clean,
    /// Steps done, changed ones included.
    pub ok: u32,
    /// Steps that changed something.
    pub changed: u32,
    /// 1 when the host could not be reached.
    pub unreachable: u32,
    /// Steps failed and neither rescued nor ignored.
    pub failed: u32,
    /// Steps skipped.
    pub skipped: u32,
    /// Failures rescued.
    pub rescued: u32,
    /// Failures ignored.
    pub ignored: u32,
}
