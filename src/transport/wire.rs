use crate::failure::Failure;
use crate::module::Boxed;

/// A two-way stream of bytes with a terminal at its end: an SSH shell channel, or a recording in tests.
pub trait Wire: Send {
    /// Sends bytes.
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Boxed<'a, Result<(), Failure>>;

    /// Waits for bytes; an empty answer is the end of the stream.
    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>>;

    /// Closes it; bounded in time.
    fn close(&mut self) -> Boxed<'_, ()>;
}
