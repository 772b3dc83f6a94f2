//! What variables of a host say about its CLI.

use super::Vars;
use crate::executor::item::boolean;
use crate::failure::{Failure, FailureKind};
use crate::transport::Terminal;

/// Returns how the CLI of the host is used.
pub(super) fn terminal(vars: &Vars, host: &str) -> Result<Terminal, Failure> {
    let mut terminal = Terminal::default();
    if let Some(said) = vars.flag("netplay_typed_ahead", host)? {
        terminal.types_ahead = said;
    }
    Ok(terminal)
}

impl Vars {
    /// Returns a variable that must be true or false.
    pub(super) fn flag(&self, name: &str, host: &str) -> Result<Option<bool>, Failure> {
        let Some(said) = self.value(name)? else { return Ok(None) };
        let flag = boolean(&said).ok_or_else(|| {
            Failure::new(FailureKind::Argument, format!("`{name}` of `{host}` must be true or false"))
        })?;
        Ok(Some(flag))
    }
}
