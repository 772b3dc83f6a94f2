//! The beginning of a session: the first prompt, the level in which commands run, the terminal.

use super::hearing::Hearing;
use super::prompt::{MAX_PROMPT, Prompt};
use super::session::Session;
use super::typed::{Reply, Typed};
use super::until::{Patience, Until};
use crate::failure::{Failure, FailureKind};
use crate::platform::Platform;
use crate::redact::Secret;
use crate::transport::Wire;

/// How many questions are answered before the first prompt. Arbitrary; those that come again and again are answered
/// wrongly.
const MAX_QUESTIONS: usize = 8;

/// What the session may type when it is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Logins {
    /// The user's name.
    pub(super) user: Option<String>,
    /// The login password.
    pub(super) password: Option<Secret>,
    /// Rights are to be taken by `enable`.
    pub(super) enable: bool,
    /// The enable password.
    pub(super) enable_password: Option<Secret>,
}

impl Session {
    /// Waits for the first prompt, goes to where commands run, and prepares the terminal.
    pub(super) async fn open(
        wire: Box<dyn Wire>,
        platform: &'static Platform,
        logins: Logins,
        patience: Patience,
        until: &Until,
    ) -> Result<Session, Failure> {
        let mut session = Session::new(wire, platform, logins, patience);
        match session.begin(until).await {
            Ok(()) => Ok(session),
            Err(failure) => {
                session.close().await;
                Err(failure)
            }
        }
    }

    async fn begin(&mut self, until: &Until) -> Result<(), Failure> {
        self.prompt = self.first_prompt(until).await?;
        self.prompts.learn(&self.prompt);
        // The first prompt may be a line of the greeting. The answers to the setup tell, and correct name and level; so
        // rights are taken after it, and only from a shell is the device's CLI started before.
        if self.is_elsewhere(self.prompt.level) {
            self.settle(until).await?;
            return self.set_up(until).await;
        }
        self.set_up(until).await?;
        self.settle(until).await
    }

    async fn set_up(&mut self, until: &Until) -> Result<(), Failure> {
        for command in &self.platform.setup {
            let answer = self.exchange(Typed::line(command), until).await?;
            let Some(error) = self.platform.error_in(&answer.output) else { continue };
            // The pager may still be on, and would take what is typed ahead for answers.
            self.types_ahead = false;
            if !self.platform.setup_ignore_errors {
                let message = format!("the device refuses `{command}`: {error}");
                return Err(Failure::new(FailureKind::Command, message));
            }
        }
        Ok(())
    }

    /// Waits for the first prompt; answers what is asked before it, and wakes up a device that says nothing.
    async fn first_prompt(&mut self, until: &Until) -> Result<Prompt, Failure> {
        let waiting = "the first prompt";
        let mut hearing = Hearing::new("", "");
        let mut woken = false;
        let mut asked = 0;
        loop {
            hearing.take(&mut self.cleaner);
            let partial = self.cleaner.partial(MAX_PROMPT).unwrap_or_default();
            if let Some(keys) = self.pager_keys(&partial) {
                self.cleaner.forget_partial();
                self.send(keys.as_bytes(), until).await?;
            } else if let Some(prompt) = self.prompts.find(&partial, || hearing.last_line()) {
                let is_sure = !self.is_elsewhere(prompt.level);
                if is_sure || !self.receive(Some(self.patience.confirm), until, waiting).await? {
                    return Ok(prompt);
                }
                continue;
            } else if let Some((reply, newline)) = self.login_reply(&partial) {
                asked += 1;
                if asked > MAX_QUESTIONS {
                    return Err(self.lost(FailureKind::Authentication, "the device asks the same again", waiting));
                }
                let reply = reply.map_err(|missing| self.missing(missing))?;
                self.cleaner.forget_partial();
                let end = if newline { self.platform.newline.as_str() } else { "" };
                self.send(format!("{}{end}", reply.expose()).as_bytes(), until).await?;
            }
            let pause = (!woken).then_some(self.patience.wake);
            if !self.receive(pause, until, waiting).await.map_err(|failure| self.not_begun(failure))? {
                woken = true;
                self.send(self.platform.newline.as_bytes(), until).await?;
            }
        }
    }

    /// Tells a host that says nothing from one whose prompt is not the platform's.
    fn not_begun(&self, mut failure: Failure) -> Failure {
        if failure.kind == FailureKind::Timeout {
            if self.last.is_empty() {
                failure.kind = FailureKind::Unreachable;
            }
            let platform = &self.platform.name;
            failure = failure.help(format!("is the host a `{platform}`? `ansible_network_os` says so"));
        }
        failure
    }

    /// Returns the answer to a question before the first prompt, and whether a line end follows it.
    fn login_reply(&self, partial: &str) -> Option<(Result<Secret, &'static str>, bool)> {
        let expect = self.platform.login.iter().find(|expect| expect.question.is_match(partial))?;
        let reply = match self.reply(&expect.answer) {
            Reply::Type(text) | Reply::Password(text) => Ok(text),
            Reply::Missing(what) => Err(what),
        };
        Some((reply, expect.newline))
    }

    /// Returns what to type at a question of the platform's definition.
    pub(super) fn reply(&self, answer: &crate::platform::Answer) -> Reply {
        use crate::platform::Answer;
        let password = |secret: &Option<Secret>, what| match secret {
            Some(secret) => Reply::Password(secret.clone()),
            None => Reply::Missing(what),
        };
        match answer {
            Answer::Text(text) => Reply::Type(Secret::new(text.clone())),
            Answer::EnablePassword => password(&self.logins.enable_password, "enable password"),
            Answer::Password => password(&self.logins.password, "password"),
            Answer::Username => match &self.logins.user {
                Some(user) => Reply::Type(Secret::new(user.clone())),
                None => Reply::Missing("user name"),
            },
        }
    }

    pub(super) fn missing(&mut self, what: &str) -> Failure {
        self.is_open = false;
        Failure::new(FailureKind::Authentication, format!("the device asks for the {what} and none is given"))
            .help("set `ansible_become: true`, `ansible_become_method: enable` and `ansible_become_password`")
    }
}
