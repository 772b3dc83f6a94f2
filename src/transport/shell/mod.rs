//! The driver of network CLIs: commands and configuration lines over a terminal.
//!
//! From the wire up: `clean` makes lines of bytes, `echo`, `prompt` and `hearing` tell what they are, `session` types a
//! line and hears its answer, `levels` and `work` do whole works, [`connect`] puts a session into a task of its own.
//! What differs between devices is data ([`crate::platform`]); there is no code for one of them.

mod clean;
mod connection;
mod echo;
mod hearing;
mod levels;
mod prompt;
mod session;
#[cfg(test)]
mod tests;
mod work;

pub use connection::connect;
