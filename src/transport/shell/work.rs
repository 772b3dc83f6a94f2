//! Performs a [`Cli`] work in a session: lines in a level, then back to where commands run.
//!
//! A candidate configuration is committed when no line was refused, and thrown away otherwise. Then two answers follow
//! those of the lines: what the candidate changes (if the platform can say) and the commit's; a candidate that changes
//! nothing is thrown away without a commit.

use super::ahead::Ahead;
use super::session::{Answer, Session};
use super::typed::{Question, Reply, Typed};
use super::until::Until;
use crate::failure::{Failure, FailureKind};
use crate::module::{Cli, CliLine, CliResponse};
use crate::platform::Commit;
use regex::RegexBuilder;
use std::time::Duration;

impl Session {
    /// Sends the lines and returns the answers, fewer than lines when it stopped at an error.
    pub(super) async fn run(&mut self, cli: &Cli, until: &Until) -> Result<Vec<CliResponse>, Failure> {
        let level = self.target_level(cli)?;
        let line_timeout = cli.line_timeout.unwrap_or(self.platform.timeout);
        let is_config = self.platform.config_level.as_deref() == Some(&self.platform.levels[level].name);
        self.config_session = cli.commit.session.clone().unwrap_or_else(crate::module::Commit::new_session);
        match cli.commit.within.filter(|_| is_config) {
            Some(within) => self.enter_within(within, level, &until.within(line_timeout)).await?,
            None => self.go(level, &until.within(line_timeout)).await?,
        }
        let mut responses = Vec::with_capacity(cli.lines.len());
        let ran = self.lines(cli, level, is_config, until, &mut responses).await;
        let commit = self.platform.commit.as_ref().filter(|_| is_config && self.is_open());
        if let Some(commit) = commit {
            let clean = ran.is_ok() && responses.iter().all(|response| response.error.is_none());
            let send = self.commit_line(commit, cli)?;
            self.conclude(commit, &send, clean, level, &until.within(line_timeout), &mut responses).await?;
        }
        // Home also after an error that left the session usable, so that the next work finds it as this one did.
        if self.is_open() {
            self.go(self.home, &until.within(line_timeout)).await?;
        }
        ran.map(|()| responses)
    }

    /// Enters the configuration so that the device takes back what follows unless it is confirmed in time. Where that is
    /// said when the candidate is committed, entering is as always.
    async fn enter_within(&mut self, within: Duration, level: usize, until: &Until) -> Result<(), Failure> {
        let Some(confirm) = &self.platform.confirm_within else {
            let message = format!("platform `{}` takes no change back by itself", self.platform.name);
            return Err(Failure::new(FailureKind::Argument, message));
        };
        let Some(enter) = &confirm.enter else { return self.go(level, until).await };
        self.go(self.home, until).await?;
        let enter = with_time(enter, within);
        let answer = self.exchange(Typed::line(&enter), until).await?;
        match (self.prompt.level == level, self.platform.error_in(&answer.output)) {
            (true, None) => Ok(()),
            (_, error) => {
                let said = error.unwrap_or_else(|| answer.output.trim().to_owned());
                Err(Failure::new(
                    FailureKind::Command,
                    format!("the device refuses `{enter}`: {said}; nothing was sent"),
                ))
            }
        }
    }

    /// Returns the line that commits; empty when the candidate is thrown away.
    fn commit_line(&self, commit: &Commit, cli: &Cli) -> Result<String, Failure> {
        let how = &cli.commit;
        let within = self.platform.confirm_within.as_ref().and_then(|confirm| confirm.commit.as_ref());
        match (how.discard, &how.within, &how.comment) {
            (true, ..) => Ok(String::new()),
            (_, Some(time), _) => Ok(within.map(|line| with_time(line, *time)).unwrap_or_else(|| commit.send.clone())),
            (_, None, Some(comment)) => match &commit.comment {
                Some(line) => Ok(line.replace("{comment}", &comment.replace(['"', '\n', '\r'], " "))),
                None => Err(Failure::new(
                    FailureKind::Argument,
                    format!("platform `{}` keeps no comment with a commit", self.platform.name),
                )),
            },
            _ => Ok(commit.send.clone()),
        }
    }

    fn target_level(&self, cli: &Cli) -> Result<usize, Failure> {
        let Some(name) = &cli.level else { return Ok(self.home) };
        let named = match name.as_str() {
            "config" => self.platform.config_level.as_deref().unwrap_or(name),
            other => other,
        };
        self.platform.level(named).ok_or_else(|| {
            Failure::new(FailureKind::Argument, format!("platform `{}` has no level `{name}`", self.platform.name))
        })
    }

    async fn lines(
        &mut self,
        cli: &Cli,
        level: usize,
        is_config: bool,
        until: &Until,
        responses: &mut Vec<CliResponse>,
    ) -> Result<(), Failure> {
        let count = cli.lines.len();
        let line_timeout = cli.line_timeout.unwrap_or(self.platform.timeout);
        while responses.len() < count {
            let number = responses.len();
            let line = &cli.lines[number];
            let ahead = if is_config { 0 } else { self.ahead(&cli.lines[number..]) };
            if ahead > 1 {
                let texts: Vec<&str> =
                    cli.lines[number..number + ahead].iter().map(|line| line.text.as_str()).collect();
                let heard = self.exchange_ahead(&texts, line_timeout, until).await;
                let heard = heard.map_err(|broken| in_line(broken.failure, number + broken.at, count))?;
                let Ahead::Answers(answers) = heard else { continue };
                for (text, answer) in texts.into_iter().zip(answers) {
                    let response = self.response(text, answer);
                    let refused = response.error.is_some();
                    responses.push(response);
                    // One by one, what follows would not have been asked.
                    if refused && cli.stop_on_error {
                        return Ok(());
                    }
                }
                continue;
            }
            let until = until.within(line_timeout);
            // An `end` or one `exit` too many among configuration lines must not let the next one run as a command.
            if is_config && self.prompt.level != level {
                self.go(level, &until).await?;
            }
            let response = self.line(line, &until).await.map_err(|failure| in_line(failure, number, count))?;
            let refused = response.error.is_some();
            responses.push(response);
            if refused && cli.stop_on_error {
                break;
            }
        }
        Ok(())
    }

    async fn line(&mut self, line: &CliLine, until: &Until) -> Result<CliResponse, Failure> {
        if line.send_only {
            self.type_only(&line.text, line.newline, until).await?;
            return Ok(CliResponse { line: line.text.clone(), ..CliResponse::default() });
        }
        let questions = line.expect.iter().map(|ask| {
            let question = RegexBuilder::new(&ask.question).multi_line(true).build().map_err(|error| {
                Failure::new(FailureKind::Argument, format!("question `{}` is no expression: {error}", ask.question))
            })?;
            Ok(Question { question, answer: Reply::Type(ask.answer.clone()), newline: line.newline })
        });
        let questions = questions.collect::<Result<Vec<_>, Failure>>()?;
        let answer = self.exchange(Typed { text: &line.text, questions, in_order: line.check_all }, until).await?;
        Ok(self.response(&line.text, answer))
    }

    pub(super) fn response(&self, line: &str, answer: Answer) -> CliResponse {
        let error = self.platform.error_in(&answer.output);
        CliResponse { line: line.to_owned(), output: answer.output, error, prompt: answer.prompt }
    }

    /// Ends the editing of a candidate.
    async fn conclude(
        &mut self,
        commit: &Commit,
        send: &str,
        clean: bool,
        level: usize,
        until: &Until,
        responses: &mut Vec<CliResponse>,
    ) -> Result<(), Failure> {
        self.go(level, until).await?;
        let mut keep = clean;
        if let (true, Some(diff)) = (clean, &commit.diff) {
            let mut response = self.line(&CliLine::new(diff), until).await?;
            // A text of the configuration, whatever it looks like.
            response.error = None;
            keep = !response.output.trim().is_empty();
            responses.push(response);
        }
        let discards = send.is_empty();
        if discards {
            keep = false;
        }
        if keep {
            let mut response = self.line(&CliLine::new(send), until).await?;
            let failed = response.output.lines().find(|line| commit.fail.iter().any(|fail| fail.is_match(line)));
            response.error = response.error.take().or_else(|| failed.map(|line| line.trim().to_owned()));
            keep = response.error.is_none();
            responses.push(response);
        }
        // A commit that went wrong may have left the level already; there is nothing to throw away then.
        match (&commit.abort, keep) {
            (Some(abort), false) if self.prompt.level == level => {
                self.exchange(Typed::line(abort), until).await.map(|_| ())
            }
            _ => Ok(()),
        }
    }
}

/// Fills in the time, rounded up to the unit that the device takes.
fn with_time(line: &str, within: Duration) -> String {
    let seconds = within.as_secs().max(1);
    let hms = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    line.replace("{minutes}", &seconds.div_ceil(60).to_string())
        .replace("{seconds}", &seconds.to_string())
        .replace("{hms}", &hms)
}

/// Says in which of several lines it happened.
pub(super) fn in_line(mut failure: Failure, number: usize, count: usize) -> Failure {
    if count > 1 {
        failure.message = format!("line {} of {count}: {}", number + 1, failure.message.expose()).into();
    }
    failure
}
