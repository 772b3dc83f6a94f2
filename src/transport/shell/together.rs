//! Reads of several tasks, typed ahead together: what the tasks of a host that begin at the same time cost is about one
//! round trip and the device's own time, as for several commands of one task.

use super::ahead::{Ahead, Broken};
use super::session::{Answer, Session};
use super::until::Until;
use super::work::in_line;
use crate::failure::{Failure, FailureKind};
use crate::module::{Cli, CliLine, CliResponse};

/// What came of one work.
type Done = Result<Vec<CliResponse>, Failure>;

impl Session {
    /// Claims that all lines of the works may be typed at once: they only read, where commands run.
    pub(super) fn fit_together(&self, works: &[&Cli]) -> bool {
        let time = works.first().map(|cli| cli.line_timeout);
        let is_plain = |cli: &&Cli| cli.level.is_none() && !cli.lines.is_empty() && Some(cli.line_timeout) == time;
        let lines: Vec<CliLine> = works.iter().flat_map(|cli| cli.lines.iter().cloned()).collect();
        works.iter().all(is_plain) && self.ahead(&lines) == lines.len()
    }

    /// Types the lines of all works and returns what came of each; `None` where nobody knows whose answer is whose, and
    /// they are to be asked one by one.
    pub(super) async fn run_together(&mut self, works: &[&Cli], until: &Until) -> Option<Vec<Done>> {
        let texts: Vec<&str> = works.iter().flat_map(|cli| cli.lines.iter().map(|line| line.text.as_str())).collect();
        let line_timeout = works.first()?.line_timeout.unwrap_or(self.platform.timeout);
        let (answers, broken) = match self.exchange_ahead(&texts, line_timeout, until).await {
            Ok(Ahead::Answers(answers)) => (answers, None),
            Ok(Ahead::Doubt) => return None,
            Err(Broken { answers, at, failure }) => (answers, Some((at, failure))),
        };
        let mut answers = answers.into_iter();
        let mut first = 0;
        let done = works.iter().map(|cli| {
            let begin = first;
            first += cli.lines.len();
            let own: Vec<Answer> = answers.by_ref().take(cli.lines.len()).collect();
            match &broken {
                Some((at, failure)) if own.len() < cli.lines.len() => Err(broken_work(failure, *at, begin, cli)),
                _ => Ok(self.responses(cli, own)),
            }
        });
        Some(done.collect())
    }

    /// Makes responses of answers, up to the first refusal where the work stops at one.
    fn responses(&self, cli: &Cli, answers: Vec<Answer>) -> Vec<CliResponse> {
        let mut responses = Vec::with_capacity(answers.len());
        for (line, answer) in cli.lines.iter().zip(answers) {
            let response = self.response(&line.text, answer);
            let refused = response.error.is_some();
            responses.push(response);
            if refused && cli.stop_on_error {
                break;
            }
        }
        responses
    }
}

/// Says what became of a work whose answers did not all come, when the answer to line `at` of all did not.
fn broken_work(failure: &Failure, at: usize, begin: usize, cli: &Cli) -> Failure {
    match at.checked_sub(begin).filter(|line| *line < cli.lines.len()) {
        Some(line) => in_line(failure.clone(), line, cli.lines.len()),
        None => Failure::new(FailureKind::Unreachable, "the session with the device is closed"),
    }
}
