//! The beginning of a session: the first prompt, the level in which commands run, the terminal.

use super::hearing::Hearing;
use super::prompt::{MAX_PROMPT, Prompt};
use super::session::Session;
use super::typed::{Reply, Typed};
use super::until::{Patience, Until};
use crate::failure::{Failure, FailureKind};
use crate::platform::{Answer, Platform};
use crate::redact::Secret;
use crate::transport::{Dialogue, Wire};
use regex::Regex;
use std::sync::LazyLock;

/// How many questions are answered before the first prompt. Arbitrary; those that come again and again are answered
/// wrongly.
const MAX_QUESTIONS: usize = 8;

/// The question for the user's name, of a device or a terminal server: `Username: `, `r1 login: `.
static ASKS_USER: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?i)^(?:\S+ )?(?:user ?name|login|user|login as): ?$"));

/// The question for the password.
static ASKS_PASSWORD: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?i)^(?:\S+ )?pass(?:word|code)(?: for \S+)?: ?$"));

/// The question for another password than the one that was given: it has expired, or is that of the factory.
static ASKS_NEW_PASSWORD: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?i)^(?:\S+ ){0,4}\(?(?:new|old|current|retype|re-?enter|repeat|confirm|verify)\b.{0,40}\bpass(?:word|code)\b.{0,40}: ?$",
    )
});

fn expression(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a test asks for it")
}

/// What is typed at a question before the first prompt.
struct LoginTurn {
    reply: Reply,
    newline: bool,
    asks_user: bool,
}

/// What was asked before the first prompt.
#[derive(Default)]
struct Asked {
    count: usize,
    user: bool,
    password: bool,
}

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
    /// Questions before the first prompt that the host's variables answer.
    pub(super) dialogue: Vec<Dialogue>,
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
        self.prepare(until).await
    }

    /// Goes to where commands run, and prepares the terminal.
    pub(super) async fn prepare(&mut self, until: &Until) -> Result<(), Failure> {
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
    pub(super) async fn first_prompt(&mut self, until: &Until) -> Result<Prompt, Failure> {
        let waiting = "the first prompt";
        let mut hearing = Hearing::new("", "");
        let mut woken = false;
        let mut asked = Asked::default();
        loop {
            hearing.take(&mut self.cleaner);
            let partial = self.cleaner.partial(MAX_PROMPT).unwrap_or_default();
            if let Some(keys) = self.pager_keys(&partial) {
                self.cleaner.forget_partial();
                self.send(keys.as_bytes(), until).await?;
            } else if self.asks_new_password(&partial) {
                if self.receive(Some(self.patience.confirm), until, waiting).await? {
                    continue;
                }
                let message = format!("the device wants another password first: it asks `{}`", partial.trim());
                return Err(self
                    .lost(FailureKind::Authentication, &message, waiting)
                    .help("log in by hand and change it, or answer its questions by `netplay_login_dialogue`"));
            } else if let Some(turn) = self.login_turn(&partial) {
                // It is believed when nothing follows: a greeting may hold the same words (`Last login: …`), of which a part
                // has come.
                if self.receive(Some(self.patience.confirm), until, waiting).await? {
                    continue;
                }
                self.answer_login(turn, &mut asked, until, waiting).await?;
            } else if let Some(prompt) = self.prompts.find(&partial, || hearing.last_line()) {
                let is_sure = !self.is_elsewhere(prompt.level);
                if is_sure || !self.receive(Some(self.patience.confirm), until, waiting).await? {
                    return Ok(prompt);
                }
                continue;
            }
            let pause = (!woken).then_some(self.patience.wake);
            if !self.receive(pause, until, waiting).await.map_err(|failure| self.not_begun(failure))? {
                woken = true;
                let since = self.typed_at;
                self.send(self.platform.newline.as_bytes(), until).await?;
                // Nothing that it has to answer: the first prompt is waited for since the beginning.
                self.typed_at = since;
            }
        }
    }

    async fn answer_login(
        &mut self,
        turn: LoginTurn,
        asked: &mut Asked,
        until: &Until,
        waiting: &str,
    ) -> Result<(), Failure> {
        asked.count += 1;
        if asked.count > MAX_QUESTIONS {
            return Err(self.lost(FailureKind::Authentication, "the device asks the same again", waiting));
        }
        let reply = match turn.reply {
            // A second attempt with the same words may lock the account.
            Reply::Password(_) if asked.password => {
                return Err(self.lost(FailureKind::Authentication, "the device refuses the login", waiting));
            }
            Reply::Missing(what) => return Err(self.missing(what)),
            Reply::Password(secret) => {
                asked.password = true;
                secret
            }
            Reply::Type(text) => text,
        };
        if turn.asks_user && std::mem::replace(&mut asked.user, true) {
            return Err(self.lost(FailureKind::Authentication, "the device refuses the login", waiting));
        }
        self.cleaner.forget_partial();
        let end = if turn.newline { self.platform.newline.as_str() } else { "" };
        let bytes = zeroize::Zeroizing::new(format!("{}{end}", reply.expose()));
        self.send(bytes.as_bytes(), until).await
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

    /// Claims that the device asks for a new password, or for the old one to change it, and that nobody has an answer.
    fn asks_new_password(&self, partial: &str) -> bool {
        let has_answer = || {
            self.logins.dialogue.iter().any(|turn| turn.question.is_match(partial))
                || self.platform.login.iter().any(|expect| expect.question.is_match(partial))
        };
        partial.trim_end().ends_with(':') && ASKS_NEW_PASSWORD.is_match(partial) && !has_answer()
    }

    /// Returns what is to be typed at a question before the first prompt: one that the host's variables know, one of the
    /// platform, or that for the user's name and password, which old devices ask after SSH as well.
    fn login_turn(&self, partial: &str) -> Option<LoginTurn> {
        // Of a question that ends like `): ` only a part may have come.
        let plain = |reply, newline| LoginTurn { reply, newline, asks_user: false };
        if let Some(turn) = self.logins.dialogue.iter().find(|turn| turn.question.is_match(partial)) {
            return Some(plain(Reply::Type(turn.answer.clone()), turn.newline));
        }
        if let Some(expect) = self.platform.login.iter().find(|expect| expect.question.is_match(partial)) {
            return Some(plain(self.reply(&expect.answer), expect.newline));
        }
        // Compiling these takes longer than the rest of a login.
        if !partial.trim_end().ends_with(':') {
            return None;
        }
        let asks_user = ASKS_USER.is_match(partial);
        if !asks_user && !ASKS_PASSWORD.is_match(partial) {
            return None;
        }
        let answer = if asks_user { Answer::Username } else { Answer::Password };
        Some(LoginTurn { reply: self.reply(&answer), newline: true, asks_user })
    }

    /// Returns what to type at a question of the platform's definition.
    pub(super) fn reply(&self, answer: &Answer) -> Reply {
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
        let help = match what {
            "enable password" => {
                "set `ansible_become: true`, `ansible_become_method: enable` and `ansible_become_password`"
            }
            _ => "set `ansible_user` and `ansible_password`",
        };
        Failure::new(FailureKind::Authentication, format!("the device asks for the {what} and none is given"))
            .help(help)
    }
}
