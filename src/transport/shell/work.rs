//! Performs a [`Cli`] work in a session: lines in a level, then back to where commands run.
//!
//! A candidate configuration is committed when no line was refused, and thrown away otherwise. Then two answers follow
//! those of the lines: what the candidate changes (if the platform can say) and the commit's; a candidate that changes
//! nothing is thrown away without a commit.

use super::ahead::Ahead;
use super::confirm::with_time;
use super::session::{Answer, Session};
use super::typed::{Question, Reply, Typed};
use super::until::Until;
use crate::failure::{Failure, FailureKind};
use crate::module::{Cli, CliAnswer, CliLine, CliResponse, listed};
use crate::platform::{Commit, ConfirmWithin, Pattern};
use crate::redact::Secret;
use regex::RegexBuilder;

impl Session {
    /// Sends the lines and returns the answers, fewer than lines when it stopped at an error.
    pub(super) async fn run(&mut self, cli: &Cli, until: &Until) -> Result<Vec<CliResponse>, Failure> {
        let level = self.target_level(cli)?;
        let line_timeout = cli.line_timeout.unwrap_or(self.platform.timeout);
        // Where there is no configuration mode, commands and configuration lines are typed in the same level.
        let is_config =
            cli.level.is_some() && self.platform.config_level.as_deref() == Some(&self.platform.levels[level].name);
        self.config_session = cli.commit.session.clone().unwrap_or_else(crate::module::Commit::new_session);
        if cli.commit.concludes {
            self.check_hold()?;
            if cli.commit.hangs_up {
                self.give_up();
                return Ok(Vec::new());
            }
        }
        match cli.commit.within.filter(|_| is_config) {
            Some(within) => self.enter_within(within, level, &until.within(line_timeout)).await?,
            None => self.go(level, &until.within(line_timeout)).await.map_err(|failure| match is_config {
                true => nothing_sent(failure),
                false => failure,
            })?,
        }
        let mut responses = Vec::with_capacity(cli.lines.len());
        let ran = self.lines(cli, level, is_config, until, &mut responses).await;
        let is_clean = ran.is_ok() && responses.iter().all(|response| response.error.is_none());
        let commit = self.platform.commit.as_ref().filter(|_| is_config && self.is_open());
        // What keeps a change, or takes it back, says by itself all that is to be said.
        if let Some(commit) = commit.filter(|_| !(cli.commit.concludes && is_clean)) {
            let is_in = self.conclude(commit, cli, is_clean, level, until, &mut responses).await?;
            self.hold(cli.commit.within.filter(|_| is_in));
        }
        if cli.commit.concludes && is_clean {
            self.holds_until = None;
        }
        // Home also after an error that left the session usable, so that the next work finds it as this one did.
        if self.is_open() && !self.holds_change() {
            self.go(self.home, &until.within(line_timeout)).await?;
        }
        match ran {
            Err(failure) if is_config && !cli.commit.concludes => {
                Err(with_state(failure, cli, responses.len(), self.platform.commit.is_some()))
            }
            ran => ran.map(|()| responses),
        }
    }

    /// Returns the line that commits; `None` when the candidate is thrown away.
    fn commit_line(&self, commit: &Commit, cli: &Cli) -> Result<Option<CliLine>, Failure> {
        let how = &cli.commit;
        if how.discard || how.check || how.concludes {
            return Ok(None);
        }
        let within = how.within.zip(self.platform.confirm_within.as_ref());
        let (mut line, mut expect) = (commit.send.clone(), answers(&commit.expect));
        if let Some((time, ConfirmWithin { commit: Some(commit), expect: more, .. })) = within {
            line = with_time(commit, time).replace("{session}", &self.config_session);
            expect.extend(answers(more));
        }
        for (name, value, ending) in [
            ("label", &how.label, &commit.label),
            ("at", &how.at, &commit.at),
            ("comment", &how.comment, &commit.comment),
        ] {
            let Some(value) = value else { continue };
            let Some(ending) = ending else {
                let message = format!("platform `{}` takes no {name} with a commit", self.platform.name);
                return Err(Failure::new(FailureKind::Argument, message));
            };
            line.push_str(&ending.replace(&format!("{{{name}}}"), &value.replace(['"', '\n', '\r'], " ")));
        }
        Ok(Some(CliLine { expect, ..CliLine::new(line) }))
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
                let mut answers = Vec::with_capacity(ahead);
                let mut keep = |_: &Session, answer| answers.push(answer);
                let heard = self.exchange_ahead(&texts, line_timeout, until, &mut keep).await;
                let heard = heard.map_err(|broken| in_line(broken.failure, number + broken.at, count))?;
                if let Ahead::Doubt = heard {
                    continue;
                }
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
            let asked = (is_config && line.expect.is_empty()).then_some(self.platform.config_answers.as_slice());
            let response = self
                .answering(line, asked.unwrap_or_default(), &until)
                .await
                .map_err(|failure| in_line(failure, number, count))?;
            let refused = response.error.is_some();
            responses.push(response);
            if refused && cli.stop_on_error {
                break;
            }
        }
        Ok(())
    }

    pub(super) async fn line(&mut self, line: &CliLine, until: &Until) -> Result<CliResponse, Failure> {
        self.answering(line, &[], until).await
    }

    /// Types a line; what it asks is answered as the line says, and as `known` does.
    async fn answering(
        &mut self,
        line: &CliLine,
        known: &[(String, String)],
        until: &Until,
    ) -> Result<CliResponse, Failure> {
        if line.send_only {
            self.type_only(&line.text, line.newline, until).await?;
            return Ok(CliResponse { line: line.text.clone(), ..CliResponse::default() });
        }
        let known = answers(known);
        let questions = line.expect.iter().chain(&known).map(|ask| {
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

    /// Ends the editing of a candidate; claims that it took effect.
    async fn conclude(
        &mut self,
        commit: &Commit,
        cli: &Cli,
        clean: bool,
        level: usize,
        until: &Until,
        responses: &mut Vec<CliResponse>,
    ) -> Result<bool, Failure> {
        let line_timeout = cli.line_timeout.unwrap_or(self.platform.timeout);
        // Comparing and committing have the time of a command each.
        let each = || until.within(line_timeout);
        self.go(level, &each()).await?;
        let send = self.commit_line(commit, cli)?;
        let mut keep = clean;
        if let (true, Some(diff)) = (clean, &commit.diff) {
            let mut response = self.line(&CliLine::new(diff), &each()).await?;
            // A text of the configuration, whatever it looks like.
            response.error = None;
            let says_none = |line: &str| commit.diff_none.iter().any(|none| none.is_match(line.trim()));
            keep = response.output.lines().any(|line| !line.trim().is_empty() && !says_none(line));
            responses.push(response);
        }
        if let (true, true, Some(check)) = (keep, cli.commit.check, &commit.check) {
            responses.push(with_error(self.line(&CliLine::new(check), &each()).await?, &commit.fail));
        }
        if let (true, Some(send)) = (keep, &send) {
            let answer = self.line(send, &each()).await.map_err(|mut failure| {
                let message = format!("{}; whether the commit took effect is not known", failure.message.expose());
                failure.message = message.into();
                failure
            })?;
            let mut response = with_error(answer, &commit.fail);
            if let (Some(_), Some(confirm)) = (cli.commit.within, &self.platform.confirm_within) {
                response = with_error(response, &confirm.fail);
            }
            keep = response.error.is_none();
            responses.push(response);
        }
        let is_in = keep && send.is_some();
        // A commit that went wrong may have left the level already; there is nothing to throw away then.
        if let (Some(abort), false, true) = (&commit.abort, is_in, self.prompt.level == level) {
            self.exchange(Typed::line(abort), &each()).await?;
        }
        Ok(is_in)
    }
}

/// Returns the questions of a definition with their answers.
pub(super) fn answers(expect: &[(String, String)]) -> Vec<CliAnswer> {
    let answer = |(question, answer): &(String, String)| CliAnswer {
        question: question.clone(),
        answer: Secret::new(answer.clone()),
    };
    expect.iter().map(answer).collect()
}

/// Makes the first line that one of the expressions matches the error of a response that has none.
pub(super) fn with_error(mut response: CliResponse, fail: &[Pattern]) -> CliResponse {
    if response.error.is_none() {
        let failed = response.output.lines().find(|line| fail.iter().any(|fail| fail.is_match(line)));
        response.error = failed.map(|line| line.trim().to_owned());
    }
    response
}

/// Says what is in a configuration when the session broke at a line: nobody knows whether that line is in.
fn with_state(mut failure: Failure, cli: &Cli, taken: usize, has_candidate: bool) -> Failure {
    let lines: Vec<String> = cli.lines.iter().map(|line| line.text.clone()).collect();
    let (before, after) = (lines.get(..taken).unwrap_or(&lines), lines.get(taken + 1..).unwrap_or_default());
    let state = match (has_candidate, lines.get(taken)) {
        (true, _) => "nothing was committed".to_owned(),
        (false, Some(line)) => {
            format!("{} are in, whether `{line}` is in is not known, {} were not sent", listed(before), listed(after))
        }
        (false, None) => format!("{} are in", listed(before)),
    };
    let timer = cli.commit.within.filter(|_| !has_candidate);
    let timer = timer.map(|within| format!("; the device takes them back within {} s", within.as_secs()));
    failure.message = format!("{}; {state}{}", failure.message.expose(), timer.unwrap_or_default()).into();
    let mut result = failure.result.clone();
    result.insert("applied", if has_candidate { Vec::new() } else { before.to_vec() });
    result.insert("not_sent", after.to_vec());
    failure.with_result(result)
}

/// Says of a configuration whose mode was not come to that nothing of it is in.
fn nothing_sent(mut failure: Failure) -> Failure {
    failure.message = format!("{}; nothing of the configuration was sent", failure.message.expose()).into();
    failure
}

/// Says in which of several lines it happened.
pub(super) fn in_line(mut failure: Failure, number: usize, count: usize) -> Failure {
    if count > 1 {
        failure.message = format!("line {} of {count}: {}", number + 1, failure.message.expose()).into();
    }
    failure
}
