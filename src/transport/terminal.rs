//! How the CLI of one device is reached and used, where that is not the business of its platform.

use super::shell::SessionLog;
use crate::redact::Secret;
use regex::Regex;

/// What variables of a host say about its CLI.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// By what its CLI is reached.
    pub over: Over,
    /// Reads may be typed ahead, where the platform allows it.
    pub types_ahead: bool,
    /// How many characters are typed a second; `None` is all at once.
    pub typing_rate: Option<f64>,
    /// Columns. Many, so that devices do not fold long lines.
    pub width: u16,
    /// Rows. Many, so that devices do not page.
    pub length: u16,
    /// Questions before the first prompt (of a terminal server, a menu) and what is typed then.
    pub dialogue: Vec<Dialogue>,
    /// The device takes one session at a time.
    pub is_single: bool,
    /// Where all that is said is written down.
    pub log: Option<SessionLog>,
}

/// By what a CLI is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Over {
    /// An SSH session with a terminal.
    #[default]
    Ssh,
    /// Telnet.
    Telnet,
}

/// A question before the first prompt, and what is typed then.
#[derive(Clone, Debug)]
pub struct Dialogue {
    /// What stands on the unfinished line.
    pub question: Regex,
    /// What is typed.
    pub answer: Secret,
    /// Whether a line end follows.
    pub newline: bool,
}

impl Default for Terminal {
    fn default() -> Terminal {
        Terminal {
            over: Over::Ssh,
            types_ahead: true,
            typing_rate: None,
            width: 511,
            length: 1000,
            dialogue: Vec::new(),
            is_single: false,
            log: None,
        }
    }
}
