//! Finds out which platform a device is of, and goes on in the same session.

use super::prompt::{MAX_PROMPT, Prompt, Prompts};
use super::session::Session;
use super::typed::Typed;
use super::until::Until;
use crate::failure::{Failure, FailureKind};
use crate::platform::{self, Platform, Verdict};

/// How much of an answer a message shows.
const SHOWN: usize = 120;

impl Session {
    /// Returns the platform of the device. The session is one that was made for none.
    pub(super) async fn detect(&mut self, until: &Until) -> Result<&'static Platform, Failure> {
        let (before, prompt) = self.any_prompt(until).await?;
        let candidates = platform::candidates(&before, &prompt);
        let mut said = format!("its prompt is `{prompt}`");
        for command in platform::detecting_commands(&candidates) {
            let until = until.within(self.platform.timeout);
            let answer = self.exchange(Typed::line(command), &until).await?.output;
            match platform::judge(&candidates, command, &answer) {
                Verdict::One(platform) => return Ok(platform),
                Verdict::Several(names) => {
                    let message = format!("the device may be each of `{}`, by `{command}`", names.join("`, `"));
                    return Err(Failure::new(FailureKind::Command, message).help(SAY_WHICH));
                }
                Verdict::None => {
                    let first = answer.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing").trim();
                    let first: String = first.chars().take(SHOWN).collect();
                    said.push_str(&format!(", `{command}` says `{first}`"));
                }
            }
        }
        Err(Failure::new(FailureKind::Command, format!("no platform fits the device: {said}")).help(SAY_WHICH))
    }

    /// Waits for something like a prompt behind which nothing comes; returns the line before it as well.
    async fn any_prompt(&mut self, until: &Until) -> Result<(String, String), Failure> {
        let waiting = "the first prompt";
        let mut before = String::new();
        loop {
            self.first_prompt(until).await?;
            while self.receive(Some(self.patience.confirm), until, waiting).await? {}
            while let Some(line) = self.cleaner.next_line() {
                if !line.text.trim().is_empty() {
                    before = line.text.trim().to_owned();
                }
            }
            let partial = self.cleaner.partial(MAX_PROMPT).unwrap_or_default();
            // A question may have come after a line that ended like a prompt.
            if self.prompts.find(&partial, || before.clone()).is_some() {
                self.prompts.believe_only(&partial);
                self.prompt = Prompt { level: 0, host: None, text: partial.clone() };
                return Ok((before, partial.trim().to_owned()));
            }
        }
    }

    /// Goes on as a session of that platform.
    pub(super) async fn become_one_of(&mut self, platform: &'static Platform, until: &Until) -> Result<(), Failure> {
        self.platform = platform;
        self.prompts = Prompts::new(platform);
        // The prompt once more, to be read as the platform has it.
        self.exchange(Typed::line(""), until).await?;
        self.prepare(until).await
    }
}

const SAY_WHICH: &str = "set `ansible_network_os`; `netplay platforms` lists those that are known";
