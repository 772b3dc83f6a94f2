//! NETCONF over SSH (RFC 6241, RFC 6242): operations of a server in a session of its own.
//!
//! From the wire up: `framing` makes messages of bytes, `message` reads and writes them, `session` says hello and calls
//! one operation after the other, [`connect`] hands a session to those who want it, one at a time. `junos` does the
//! work of a network CLI by operations of Junos, so that every module for devices works over both.
//!
//! Traps: a session whose answer was not waited for cannot be used again, as the answer may still come; the end of
//! `hello` is always the old mark, whatever framing follows; a lock is the session's, so it is given back in every case.

mod connection;
mod framing;
mod junos;
mod message;
mod session;
#[cfg(test)]
mod tests;

pub(super) use connection::connect;
pub use framing::{Framer, Framing};
pub use junos::is_spoken_by as speaks_cli_of;
pub use message::read as read_message;
