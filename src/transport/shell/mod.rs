//! The driver of network CLIs: commands and configuration lines over a terminal.
//!
//! From the wire up: `clean` makes lines of bytes, `echo`, `prompt` and `hearing` tell what they are, `session` types a
//! line and hears its answer, `login`, `levels` and `work` do what takes several of them, [`connect`] puts a session
//! into a task of its own.
//! What differs between devices is data ([`crate::platform`]); there is no code for one of them.

mod ahead;
mod clean;
mod confirm;
mod connection;
mod detect;
mod echo;
mod hearing;
mod late;
mod levels;
mod log;
mod login;
mod prompt;
mod replay;
mod session;
mod slow;
#[cfg(test)]
mod tests;
mod together;
mod turns;
mod typed;
mod until;
mod work;

pub use connection::{connect, detect, dressed};
pub use log::SessionLog;
pub use replay::{lines, replay};
