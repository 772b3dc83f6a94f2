use super::agent;
use super::certificate;
use super::keys::{KeyCache, KeyProblem};
use super::link::Link;
use super::route::Hop;
use super::watch::Watch;
use crate::failure::{Failure, FailureKind};
use crate::redact::Secret;
use crate::transport::sys;
use ssh2::{ErrorCode, KeyboardInteractivePrompt, Prompt, Session};
use std::path::Path;

/// What is being done, in the message of a server that does not answer.
const DOING: &str = "logging in";

/// Logs the user in: keys (a named one alone, or the agent's and the usual files), then the password, as an answer to
/// questions and as such. What a server offers is not asked beforehand, which would cost a round trip; only a login
/// that fails asks, for its message.
pub(super) fn authenticate(
    hop: &Hop,
    session: &Session,
    link: &Link,
    keys: &KeyCache,
    watch: &Watch,
) -> Result<(), Failure> {
    let mut login = Login { hop, session, link, keys, watch, tried: Vec::new() };
    if login.try_all()? {
        return Ok(());
    }
    let user = &hop.user;
    // Some devices ask for nothing, and this question logs in there.
    let offered = match watch.drive(session, link, DOING, || session.auth_methods(user).map(str::to_owned))? {
        Ok(offered) => offered,
        Err(_) if session.authenticated() => return Ok(()),
        Err(error) => return Err(login.dropped(&error)),
    };
    Err(login.refused(Some(&offered)))
}

struct Login<'a> {
    hop: &'a Hop,
    session: &'a Session,
    link: &'a Link,
    keys: &'a KeyCache,
    watch: &'a Watch,
    tried: Vec<String>,
}

impl Login<'_> {
    fn try_all(&mut self) -> Result<bool, Failure> {
        if let Some(socket) = &self.hop.agent
            && self.try_agent(socket)?
        {
            return Ok(true);
        }
        for path in &self.hop.certificates {
            if let Some(why) = certificate::problem(path) {
                self.tried.push(format!("the certificate `{}` (which {why})", path.display()));
            }
        }
        for path in &self.hop.keys {
            if self.try_key(path)? {
                return Ok(true);
            }
        }
        match &self.hop.password {
            Some(password) => Ok(self.try_questions(password)? || self.try_password(password)?),
            None => Ok(false),
        }
    }

    fn try_agent(&mut self, socket: &Path) -> Result<bool, Failure> {
        let mut agent = match agent::open(self.session, socket, self.watch) {
            Ok(agent) => agent,
            Err(problem) => {
                self.tried.push(format!("the agent ({problem})"));
                return Ok(false);
            }
        };
        let only = self.hop.identities_only.then_some(self.hop.keys.as_slice());
        for identity in agent.identities(only) {
            let attempt = self.attempt(format!("the agent's key `{}`", identity.comment()), |_, user| {
                agent.sign_in(user, &identity)
            })?;
            if attempt {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn try_key(&mut self, path: &Path) -> Result<bool, Failure> {
        let shown = path.display();
        let key = match self.keys.load(path, self.hop.passphrase.as_ref()) {
            Ok(key) => key,
            Err(KeyProblem::Missing) if !self.hop.key_is_explicit => return Ok(false),
            Err(problem) => {
                let why = match problem {
                    KeyProblem::Missing => "does not exist".to_owned(),
                    KeyProblem::Unusable(why) => why,
                };
                self.tried.push(format!("`{shown}` (which {why})"));
                return Ok(false);
            }
        };
        let passphrase = key.passphrase.as_ref().map(Secret::expose);
        for certificate in certificate::of_key(path, &key, &self.hop.certificates) {
            let what = format!("`{shown}` with the certificate `{}`", certificate.path.display());
            let sign_in = |session: &Session, user: &str| {
                session.userauth_pubkey_memory(user, Some(&certificate.text), key.text.expose(), passphrase)
            };
            if self.attempt(what, sign_in)? {
                return Ok(true);
            }
        }
        if let Some(signer) = &key.signer {
            let sign = |data: &[u8]| signer.sign(data);
            return self.attempt(format!("`{shown}`"), |session, user| {
                sys::log_in_signed(session, user, &signer.public, &sign)
            });
        }
        let public = key.public.as_ref().map(|public| public.line.as_str());
        self.attempt(format!("`{shown}`"), |session, user| {
            session.userauth_pubkey_memory(user, public, key.text.expose(), passphrase)
        })
    }

    fn try_questions(&mut self, password: &Secret) -> Result<bool, Failure> {
        let mut answers = Answers { user: &self.hop.user, password, rounds: 0 };
        self.attempt("the password (keyboard-interactive)".into(), |session, user| {
            session.userauth_keyboard_interactive(user, &mut answers)
        })
    }

    fn try_password(&mut self, password: &Secret) -> Result<bool, Failure> {
        self.attempt("the password".into(), |session, user| session.userauth_password(user, password.expose()))
    }

    /// Makes one attempt. `Ok(false)` means that the server said no and the next may be made.
    fn attempt(
        &mut self,
        what: String,
        mut call: impl FnMut(&Session, &str) -> Result<(), ssh2::Error>,
    ) -> Result<bool, Failure> {
        let (session, user) = (self.session, self.hop.user.as_str());
        let result = self.watch.drive(session, self.link, DOING, || call(session, user))?;
        match result {
            // A server that wants several proofs answers one of them with success of libssh2, but not of the login.
            Ok(()) if session.authenticated() => return Ok(true),
            Ok(()) => self.tried.push(what),
            Err(error) => match error.code() {
                // Sending, disconnect, receiving.
                ErrorCode::Session(-7 | -13 | -43) => {
                    self.tried.push(what);
                    return Err(self.dropped(&error));
                }
                // Refused, in the words of the several methods.
                ErrorCode::Session(-18 | -19) => self.tried.push(what),
                ErrorCode::Session(-15) => self.tried.push(format!("{what} (which has expired)")),
                _ => self.tried.push(format!("{what} ({})", error.message().to_lowercase())),
            },
        }
        Ok(false)
    }

    fn refused(&self, offered: Option<&str>) -> Failure {
        let tried = match self.tried.as_slice() {
            [] => "nothing could be tried: no key and no password".to_owned(),
            tried => format!("tried {}", tried.join(", ")),
        };
        let offered = match offered {
            Some("") | None => String::new(),
            Some(offered) => format!("; the server offers {}", offered.replace(',', ", ")),
        };
        let message = format!("`{}` refused the login: {tried}{offered}", self.hop.label());
        let help = if self.tried.is_empty() {
            "give `ansible_ssh_private_key_file` or `ansible_password`, or start an agent"
        } else {
            "check `ansible_user`, and the key or password"
        };
        Failure::new(FailureKind::Authentication, message).help(help)
    }

    /// The server hung up. After attempts that is its way to refuse more of them.
    fn dropped(&self, error: &ssh2::Error) -> Failure {
        if self.tried.is_empty() {
            let message = format!("lost `{}` while logging in: {}", self.hop.label(), error.message().to_lowercase());
            return Failure::new(FailureKind::Unreachable, message);
        }
        let mut failure = self.refused(None);
        failure.message = format!("{}; then the server hung up", failure.message.expose()).into();
        failure.help("it may allow fewer attempts (`MaxAuthTries`): name the key with `ansible_ssh_private_key_file`")
    }
}

/// Answers what a server asks under keyboard-interactive: the password where the answer is hidden, the user elsewhere.
struct Answers<'a> {
    user: &'a str,
    password: &'a Secret,
    rounds: usize,
}

/// After so many rounds of questions the answers stay empty: a server may ask for ever.
const MOST_ROUNDS: usize = 3;

impl KeyboardInteractivePrompt for Answers<'_> {
    fn prompt(&mut self, _username: &str, _instructions: &str, prompts: &[Prompt<'_>]) -> Vec<String> {
        self.rounds += usize::from(!prompts.is_empty());
        let answer = |prompt: &Prompt<'_>| match prompt.echo {
            _ if self.rounds > MOST_ROUNDS => String::new(),
            true => self.user.to_owned(),
            false => self.password.expose().to_owned(),
        };
        prompts.iter().map(answer).collect()
    }
}
