//! Moving between the levels (modes) of a device.

use super::session::Session;
use super::typed::{Question, Typed};
use super::until::Until;
use crate::failure::{Failure, FailureKind};
use crate::platform::{Answer, Expect, Move};

/// How often a way is looked for anew when a move led elsewhere. Arbitrary; the longest way known has two moves.
const MAX_MOVES: usize = 8;

impl Session {
    /// Goes from where the login led to where commands run, and remembers it as home.
    ///
    /// That is the platform's command level, unless only a password leads there and the user did not ask for rights:
    /// then commands run where the login led.
    pub(super) async fn settle(&mut self, until: &Until) -> Result<(), Failure> {
        let landed = self.prompt.level;
        self.home = match self.leads_home(landed) {
            _ if self.platform.levels[landed].is_home => landed,
            Some(is_free) if is_free || self.logins.enable => self.command_level(),
            _ => landed,
        };
        self.go(self.home, until).await
    }

    /// Claims that the login led to another program (a shell) or mode, from which commands are one free move away.
    pub(super) fn is_elsewhere(&self, level: usize) -> bool {
        let is_home = level == self.command_level() || self.platform.levels[level].is_home;
        !is_home && self.leads_home(level) == Some(true)
    }

    fn command_level(&self) -> usize {
        self.platform.level(&self.platform.command_level).expect("a definition names its levels")
    }

    /// Returns whether the way from a level to where commands run is free of passwords; `None` when there is no way.
    fn leads_home(&self, level: usize) -> Option<bool> {
        let way = self.platform.way(level, self.command_level())?;
        Some(way.iter().all(|number| !needs_password(&self.platform.moves[*number])))
    }

    /// Goes to a level by the shortest way.
    pub(super) async fn go(&mut self, target: usize, until: &Until) -> Result<(), Failure> {
        for _ in 0..MAX_MOVES {
            let at = self.prompt.level;
            if at == target {
                return Ok(());
            }
            let way = self.platform.way(at, target).unwrap_or_default();
            let Some(number) = way.first() else { break };
            self.step(*number, until).await?;
        }
        match self.prompt.level == target {
            true => Ok(()),
            false => Err(self.no_way(target)),
        }
    }

    async fn step(&mut self, number: usize, until: &Until) -> Result<(), Failure> {
        let step = &self.platform.moves[number];
        let other = step.without_password.as_ref().filter(|_| self.logins.enable_password.is_none());
        let (lines, expect) = match other {
            Some(other) => (std::slice::from_ref(&other.send), &other.expect),
            None => (step.send.as_slice(), &step.expect),
        };
        let kind = if needs_password(step) { FailureKind::Authentication } else { FailureKind::Command };
        let mut said = String::new();
        for line in lines {
            let questions = expect.iter().map(|expect| self.question(expect)).collect();
            let line = line.replace("{session}", &self.config_session);
            said = self.exchange(Typed { text: &line, questions, in_order: false }, until).await?.output;
            let refused = said.lines().find(|line| step.fail.iter().any(|fail| fail.is_match(line)));
            if let Some(refused) = refused {
                return Err(Failure::new(kind, format!("the device refuses `{line}`: {}", refused.trim())));
            }
        }
        let from = self.platform.level(&step.from).expect("a definition names its levels");
        if self.prompt.level == from {
            let (said, line) = (said.trim(), lines.last().map_or("", String::as_str));
            let said = if said.is_empty() { "nothing" } else { said };
            let message = format!(
                "`{line}` does not lead from level `{}` to level `{}`: the device says {said}",
                step.from, step.to
            );
            return Err(Failure::new(kind, message));
        }
        Ok(())
    }

    fn question(&self, expect: &Expect) -> Question {
        Question { question: expect.question.for_text(), answer: self.reply(&expect.answer), newline: expect.newline }
    }

    fn no_way(&self, target: usize) -> Failure {
        let levels = &self.platform.levels;
        let message =
            format!("no way from level `{}` to level `{}`", levels[self.prompt.level].name, levels[target].name);
        Failure::new(FailureKind::Command, message)
    }
}

fn needs_password(step: &Move) -> bool {
    step.expect.iter().any(|expect| matches!(expect.answer, Answer::EnablePassword | Answer::Password))
}
