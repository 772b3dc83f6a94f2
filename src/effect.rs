//! What an action may do to the world.

use serde::Serialize;

/// What an action may do. The order is the order of power, so the effect of several is their maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing leaves the process.
    Pure,
    /// Something is asked; nothing is changed. Reads commute.
    Read,
    /// Something may change.
    Write,
}

impl Effect {
    /// Returns the word in messages and graphs.
    pub fn word(self) -> &'static str {
        match self {
            Effect::Pure => "pure",
            Effect::Read => "read",
            Effect::Write => "write",
        }
    }
}
