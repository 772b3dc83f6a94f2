//! Performs a [`Cli`] work in a session: lines in a level, then back to where commands run.
//!
//! A candidate configuration is committed when no line was refused, and thrown away otherwise. Then two answers follow
//! those of the lines: what the candidate changes (if the platform can say) and the commit's; a candidate that changes
//! nothing is thrown away without a commit.

use super::session::Session;
use super::typed::{Question, Reply, Typed};
use super::until::Until;
use crate::failure::{Failure, FailureKind};
use crate::module::{Cli, CliLine, CliResponse};
use crate::platform::Commit;
use regex::RegexBuilder;

impl Session {
    /// Sends the lines and returns the answers, fewer than lines when it stopped at an error.
    pub(super) async fn run(&mut self, cli: &Cli, until: &Until) -> Result<Vec<CliResponse>, Failure> {
        let level = self.target_level(cli)?;
        let line_timeout = cli.line_timeout.unwrap_or(self.platform.timeout);
        self.go(level, &until.within(line_timeout)).await?;
        let is_config = self.platform.config_level.as_deref() == Some(&self.platform.levels[level].name);
        let mut responses = Vec::with_capacity(cli.lines.len());
        let ran = self.lines(cli, level, is_config, until, &mut responses).await;
        let commit = self.platform.commit.as_ref().filter(|_| is_config && self.is_open());
        if let Some(commit) = commit {
            let clean = ran.is_ok() && responses.iter().all(|response| response.error.is_none());
            self.conclude(commit, clean, level, &until.within(line_timeout), &mut responses).await?;
        }
        // Home also after an error that left the session usable, so that the next work finds it as this one did.
        if self.is_open() {
            self.go(self.home, &until.within(line_timeout)).await?;
        }
        ran.map(|()| responses)
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
        for (number, line) in cli.lines.iter().enumerate() {
            let until = until.within(cli.line_timeout.unwrap_or(self.platform.timeout));
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
        let error = self.platform.error_in(&answer.output);
        Ok(CliResponse { line: line.text.clone(), output: answer.output, error, prompt: answer.prompt })
    }

    /// Ends the editing of a candidate.
    async fn conclude(
        &mut self,
        commit: &Commit,
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
        if keep {
            let mut response = self.line(&CliLine::new(&commit.send), until).await?;
            let failed = response.output.lines().find(|line| commit.fail.iter().any(|fail| fail.is_match(line)));
            response.error = response.error.take().or_else(|| failed.map(|line| line.trim().to_owned()));
            keep = response.error.is_none();
            responses.push(response);
        }
        match (&commit.abort, keep) {
            (Some(abort), false) => self.exchange(Typed::line(abort), until).await.map(|_| ()),
            _ => Ok(()),
        }
    }
}

/// Says in which of several lines it happened.
fn in_line(mut failure: Failure, number: usize, count: usize) -> Failure {
    if count > 1 {
        failure.message = format!("line {} of {count}: {}", number + 1, failure.message.expose()).into();
    }
    failure
}
