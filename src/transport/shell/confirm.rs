//! Changes that the device takes back by itself unless they are confirmed in time.
//!
//! Where only the session that made a change may keep it, the session stays where it is: it is held until somebody
//! concludes the change, and hung up when the time is over.

use super::session::Session;
use super::until::Until;
use super::work::{answers, with_error};
use crate::failure::{Failure, FailureKind};
use crate::module::CliLine;
use std::time::Duration;

impl Session {
    /// Enters the configuration so that the device takes back what follows unless it is confirmed in time. Where that is
    /// said when the candidate is committed, entering is as always.
    pub(super) async fn enter_within(&mut self, within: Duration, level: usize, until: &Until) -> Result<(), Failure> {
        let Some(confirm) = &self.platform.confirm_within else {
            let message = format!("platform `{}` takes no change back by itself", self.platform.name);
            return Err(Failure::new(FailureKind::Argument, message));
        };
        if confirm.enter.is_empty() {
            return self.go(level, until).await;
        }
        self.go(self.home, until).await?;
        let mut said = (String::new(), String::new());
        for line in &confirm.enter {
            let line = CliLine { expect: answers(&confirm.expect), ..CliLine::new(with_time(line, within)) };
            let response = self.line(&line, until).await?;
            let response = with_error(response, &confirm.fail);
            if let Some(said) = response.error {
                return Err(refused_to_enter(&line.text, &said));
            }
            said = (line.text, response.output);
        }
        // Whoever stays outside was refused, in whatever words; another way in would not be safe.
        if self.prompt.level != level {
            return Err(refused_to_enter(&said.0, said.1.trim()));
        }
        self.hold(Some(within));
        Ok(())
    }

    /// Keeps the session for as long as a change in it may wait, where the change lasts as long as the session.
    pub(super) fn hold(&mut self, within: Option<Duration>) {
        let is_bound = self.platform.confirm_within.as_ref().is_some_and(|confirm| confirm.holds_session);
        if let (Some(within), true) = (within, is_bound) {
            self.holds_until = tokio::time::Instant::now().checked_add(within);
        }
    }

    /// Where only the session that made a change may conclude it: refuses to do it in another one.
    pub(super) fn check_hold(&self) -> Result<(), Failure> {
        let is_bound = self.platform.confirm_within.as_ref().is_some_and(|confirm| confirm.holds_session);
        match is_bound && self.holds_until.is_none() {
            false => Ok(()),
            true => Err(Failure::new(
                FailureKind::Command,
                "the session that made the change has ended, and the device has taken the change back with it",
            )),
        }
    }
}

fn refused_to_enter(line: &str, said: &str) -> Failure {
    Failure::new(FailureKind::Command, format!("the device refuses `{line}`: {said}; nothing was sent"))
}

/// Fills in the time, rounded up to the unit that the device takes.
pub(super) fn with_time(line: &str, within: Duration) -> String {
    let seconds = within.as_secs().max(1);
    let hms = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    line.replace("{minutes}", &seconds.div_ceil(60).to_string())
        .replace("{seconds}", &seconds.to_string())
        .replace("{hms}", &hms)
}
