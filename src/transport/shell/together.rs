//! Reads of several tasks, typed ahead together: what the tasks of a host that begin at the same time cost is about one
//! round trip and the device's own time, as for several commands of one task.

use super::ahead::Broken;
use super::session::{Answer, Session};
use super::until::Until;
use super::work::in_line;
use crate::failure::{Failure, FailureKind};
use crate::module::{Cli, CliLine, CliResponse};

/// Takes what came of one work.
pub(super) type Give<'a> = dyn FnMut(&Session, Result<Vec<CliResponse>, Failure>) + Send + 'a;

impl Session {
    /// Claims that all lines of the works may be typed at once: they only read, where commands run.
    pub(super) fn fit_together(&self, works: &[&Cli]) -> bool {
        let time = works.first().map(|cli| cli.line_timeout);
        let is_plain = |cli: &&Cli| cli.level.is_none() && !cli.lines.is_empty() && Some(cli.line_timeout) == time;
        let lines: Vec<CliLine> = works.iter().flat_map(|cli| cli.lines.iter().cloned()).collect();
        works.iter().all(is_plain) && self.ahead(&lines) == lines.len()
    }

    /// Types the lines of all works and gives what comes of each, in their order, as soon as it is known. Returns how many
    /// were given: after those, nobody knows whose answer is whose, and they are to be asked one by one.
    pub(super) async fn run_together(&mut self, works: &[&Cli], until: &Until, give: &mut Give<'_>) -> usize {
        let texts: Vec<&str> = works.iter().flat_map(|cli| cli.lines.iter().map(|line| line.text.as_str())).collect();
        let time = works.first().and_then(|cli| cli.line_timeout).unwrap_or(self.platform.timeout);
        let mut sorter = Sorter { works, given: 0, own: Vec::new(), give };
        let heard =
            self.exchange_ahead(&texts, time, until, &mut |session, answer| sorter.answer(session, answer)).await;
        if let Err(broken) = heard {
            sorter.broken(self, &broken);
        }
        sorter.given
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

/// Sorts answers by the works they belong to.
struct Sorter<'a, 'b> {
    works: &'a [&'a Cli],
    /// How many works have got what came of them.
    given: usize,
    /// The answers to the next one, so far.
    own: Vec<Answer>,
    give: &'a mut Give<'b>,
}

impl Sorter<'_, '_> {
    fn answer(&mut self, session: &Session, answer: Answer) {
        self.own.push(answer);
        let Some(cli) = self.works.get(self.given).filter(|cli| cli.lines.len() == self.own.len()) else { return };
        self.given += 1;
        (self.give)(session, Ok(session.responses(cli, std::mem::take(&mut self.own))));
    }

    fn broken(&mut self, session: &Session, broken: &Broken) {
        let mut begin = self.works[..self.given].iter().map(|cli| cli.lines.len()).sum();
        for cli in &self.works[self.given..] {
            (self.give)(session, Err(broken_work(&broken.failure, broken.at, begin, cli)));
            begin += cli.lines.len();
        }
        self.given = self.works.len();
    }
}

/// Says what became of a work whose answers did not all come, when the answer to line `at` of all did not.
fn broken_work(failure: &Failure, at: usize, begin: usize, cli: &Cli) -> Failure {
    match at.checked_sub(begin).filter(|line| *line < cli.lines.len()) {
        Some(line) => in_line(failure.clone(), line, cli.lines.len()),
        None => Failure::new(FailureKind::Unreachable, "the session with the device is closed"),
    }
}
