//! The end of a session: given up where nobody knows where it stands, and else with a farewell.

use super::{Failure, MAX_PROMPT, Reply, Session};
use std::time::Duration;

impl Session {
    /// Claims that a change lasts as long as this session does.
    pub(in crate::transport::shell) fn holds_change(&self) -> bool {
        self.is_open && self.holds_until.is_some()
    }

    /// Claims that lines can be typed.
    pub(in crate::transport::shell) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Gives the session up: its place in the stream is not known any more.
    pub(in crate::transport::shell) fn give_up(&mut self) {
        self.is_open = false;
    }

    /// Types the farewell, and answers what the device asks then.
    async fn say_farewell(&mut self, farewell: &str) -> Result<(), Failure> {
        self.wire.send(farewell.as_bytes()).await?;
        let answers = &self.platform.close_answers;
        let mut left = answers.len();
        while left > 0 {
            let bytes = self.wire.receive().await?;
            if bytes.is_empty() {
                break;
            }
            self.cleaner.feed(&bytes);
            let partial = self.cleaner.partial(MAX_PROMPT).unwrap_or_default();
            let Some(asked) = answers.iter().find(|expect| expect.question.is_match(&partial)) else { continue };
            if let Reply::Type(text) | Reply::Password(text) = self.reply(&asked.answer) {
                let end = if asked.newline { &self.platform.newline } else { "" };
                self.cleaner.forget_partial();
                self.wire.send(format!("{}{end}", text.expose()).as_bytes()).await?;
            }
            left -= 1;
        }
        Ok(())
    }

    /// Takes leave where commands run, and closes the wire.
    pub(in crate::transport::shell) async fn close(&mut self) {
        // A farewell would keep a change that nobody has confirmed.
        let is_polite = self.is_open && self.prompt.level == self.home && self.holds_until.is_none();
        if let (true, Some(farewell)) = (is_polite, &self.platform.close) {
            let farewell = format!("{farewell}{}", self.platform.newline);
            // A device that takes no input any more is left without a word, and so is one that asks something else.
            let _ = tokio::time::timeout(Duration::from_secs(1), self.say_farewell(&farewell)).await;
        }
        self.is_open = false;
        self.wire.close().await;
    }
}
