//! The exit codes: one table.

use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything went well.
    Ok,
    /// A host failed.
    Failed,
    /// A host could not be reached.
    Unreachable,
    /// The command line is wrong.
    Usage,
    /// A playbook, an inventory or a file that they name is wrong; nothing was sent.
    Input,
    /// A fault in netplay.
    Internal,
    /// Ctrl-C or SIGTERM.
    Interrupted,
    /// What the events of a run say (one of the first three).
    Run(u8),
}

/// The table as `--help` shows it.
pub(super) const HELP: &str = "Exit codes:
  0    everything went well
  2    a host failed
  4    a host could not be reached
  64   the command line is wrong
  65   a playbook or an inventory is wrong; nothing was sent
  70   a fault in netplay itself
  130  interrupted";

impl Exit {
    /// Returns the number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Failed => 2,
            Exit::Unreachable => 4,
            // As in sysexits.h.
            Exit::Usage => 64,
            Exit::Input => 65,
            Exit::Internal => 70,
            Exit::Interrupted => 130,
            Exit::Run(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_code() {
        for exit in
            [Exit::Ok, Exit::Failed, Exit::Unreachable, Exit::Usage, Exit::Input, Exit::Internal, Exit::Interrupted]
        {
            assert!(HELP.contains(&format!("\n  {:<4} ", exit.code())), "{exit:?}");
        }
    }
}
