//! Something that went wrong at run time. It keeps its kind to the end: exit code and rescue follow from it.

use crate::redact::Raw;
use crate::source::Span;
use crate::value::Map;
use serde::{Deserialize, Serialize};

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The host could not be reached: name lookup, refused, no route, lost connection, no answer while connecting.
    Unreachable,
    /// The host refused the credentials.
    Authentication,
    /// The host's key is unknown or has changed.
    HostKey,
    /// A deadline passed.
    Timeout,
    /// The device answered with an error text, or the command with an exit status other than 0.
    Command,
    /// The module says that its work failed: an assertion, a `fail`, a status code that was not expected.
    Module,
    /// A variable is undefined.
    Undefined,
    /// A variable is not known in check mode, because the task that sets it was withheld.
    Unknown,
    /// A template failed: a type, a recursion, a limit.
    Template,
    /// An argument has a value that the module cannot take.
    Argument,
    /// A file here or there could not be read or written.
    File,
    /// HTTP: no answer, invalid TLS, an answer that is not HTTP.
    Http,
    /// The run was interrupted.
    Cancelled,
    /// A fault in netplay itself.
    Internal,
}

impl FailureKind {
    /// Claims that the host counts as unreachable: no rescue catches it, and the run is over for the host.
    pub fn is_unreachable(self) -> bool {
        matches!(self, FailureKind::Unreachable | FailureKind::Authentication | FailureKind::HostKey)
    }
}

/// Something that went wrong at run time.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The kind, from which exit code and rescue follow.
    pub kind: FailureKind,
    /// What went wrong: a fragment that fits after "failed: ".
    pub message: Raw,
    /// The place in what the author wrote, when it is narrower than the task (inside a template, say).
    pub place: Option<Span>,
    /// One hint on what to do.
    pub help: Option<Raw>,
    /// Result fields that the task has in spite of the failure: `rc`, `stdout`, `status`, …
    pub result: Map,
}

impl Failure {
    /// Makes a failure.
    pub fn new(kind: FailureKind, message: impl Into<Raw>) -> Failure {
        Failure { kind, message: message.into(), place: None, help: None, result: Map::new() }
    }

    /// Says where.
    pub fn at(mut self, span: Span) -> Failure {
        self.place = Some(span);
        self
    }

    /// Says what to do.
    pub fn help(mut self, text: impl Into<Raw>) -> Failure {
        self.help = Some(text.into());
        self
    }

    /// Adds the result fields that are known in spite of it.
    pub fn with_result(mut self, result: Map) -> Failure {
        self.result = result;
        self
    }
}
