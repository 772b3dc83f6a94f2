//! Files of network devices, by SCP or SFTP, as `protocol` says.

use super::{Action, Arg, ArgKind, Args, Output, Sftp, Work, scp};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};

/// What `net_put` and `net_get` take besides their paths.
pub(super) const PROTOCOL: Arg =
    Arg::new("protocol", ArgKind::Str, "How it is copied.").choices(&["scp", "sftp"]).default("scp");

/// A file of a device, and the way to it.
pub(super) struct DeviceFile<'a> {
    path: &'a str,
    is_sftp: bool,
}

impl<'a> DeviceFile<'a> {
    pub(super) fn new(path: &'a str, args: &Args) -> DeviceFile<'a> {
        DeviceFile { path, is_sftp: args.text("protocol") == Some("sftp") }
    }

    /// Makes the action that writes it.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<Action, Failure> {
        match self.is_sftp {
            true => self.sftp(Effect::Write, Some(bytes)),
            false => scp::put(self.path, bytes),
        }
    }

    /// Makes the action that reads it.
    pub(super) fn get(&self) -> Result<Action, Failure> {
        match self.is_sftp {
            true => self.sftp(Effect::Read, None),
            false => scp::get(self.path),
        }
    }

    fn sftp(&self, effect: Effect, bytes: Option<&[u8]>) -> Result<Action, Failure> {
        if self.path.is_empty() {
            return Err(Failure::new(FailureKind::Argument, "a file on a device needs a name"));
        }
        let file = Sftp { path: self.path.to_owned(), bytes: bytes.map(Into::into) };
        Ok(Action::on_host(effect, Work::Sftp(file)))
    }

    /// Reads what came of writing it.
    pub(super) fn was_put(&self, output: Option<&Output>) -> Result<(), Failure> {
        match output {
            Some(Output::Exec(output)) => scp::was_put(output, self.path),
            Some(Output::Done) if self.is_sftp => Ok(()),
            _ => Err(Failure::new(FailureKind::Internal, "a file was copied and something else answered")),
        }
    }

    /// Returns the bytes that came.
    pub(super) fn bytes(&self, output: Output) -> Result<Vec<u8>, Failure> {
        match output {
            Output::Exec(output) => scp::file(&output, self.path),
            Output::File(bytes) => Ok(bytes),
            _ => Err(Failure::new(FailureKind::Internal, "a file was asked for and something else answered")),
        }
    }
}
