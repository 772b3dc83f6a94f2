//! What a definition says of configurations: their text, how they take effect, and how they are taken back.

use super::super::pattern::Compile;
use crate::platform::{Commit, ConfigStyle, ConfigText, ConfirmWithin, Need, Save, Steps};
use serde::Deserialize;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCommit {
    send: String,
    #[serde(default)]
    fail: Vec<String>,
    abort: Option<String>,
    diff: Option<String>,
    comment: Option<String>,
    check: Option<String>,
    rollback: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSave {
    send: String,
    #[serde(default)]
    expect: Vec<WrittenSaveAnswer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSaveAnswer {
    question: String,
    answer: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenText {
    #[serde(default)]
    style: ConfigStyle,
    #[serde(default)]
    comments: Vec<String>,
    #[serde(default)]
    negate: String,
    #[serde(default)]
    section_end: Vec<String>,
    #[serde(default)]
    leave: String,
    #[serde(default)]
    volatile: Vec<String>,
    #[serde(default)]
    single: Vec<String>,
    #[serde(default)]
    keep: Vec<String>,
    #[serde(default)]
    permanent: Vec<String>,
    #[serde(default)]
    undo_as: Vec<WrittenUndo>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenUndo {
    line: String,
    send: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenConfirmWithin {
    enter: Option<String>,
    commit: Option<String>,
    confirm: WrittenSteps,
    cancel: WrittenSteps,
    #[serde(default)]
    needs: Vec<WrittenNeed>,
    min_seconds: u64,
    max_seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSteps {
    level: Option<String>,
    send: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenNeed {
    send: String,
    says: Option<String>,
    says_not: Option<String>,
    help: String,
}

impl WrittenConfirmWithin {
    pub(super) fn read(self, how: Compile) -> Result<ConfirmWithin, String> {
        let steps = |steps: WrittenSteps| Steps { level: steps.level, send: steps.send };
        let expression = |text: Option<String>| text.map(|text| how.line(&text)).transpose();
        let need = |need: WrittenNeed| {
            Ok(Need {
                send: need.send,
                says: expression(need.says)?,
                says_not: expression(need.says_not)?,
                help: need.help,
            })
        };
        if self.enter.is_some() == self.commit.is_some() {
            return Err("`confirm_within` needs one of `enter` and `commit`".into());
        }
        Ok(ConfirmWithin {
            enter: self.enter,
            commit: self.commit,
            confirm: steps(self.confirm),
            cancel: steps(self.cancel),
            needs: self.needs.into_iter().map(need).collect::<Result<_, String>>()?,
            range: Duration::from_secs(self.min_seconds)..=Duration::from_secs(self.max_seconds),
        })
    }
}

impl WrittenCommit {
    pub(super) fn read(self, how: Compile) -> Result<Commit, String> {
        Ok(Commit {
            send: self.send,
            fail: how.lines(&self.fail)?,
            abort: self.abort,
            diff: self.diff,
            comment: self.comment,
            check: self.check,
            rollback: self.rollback,
        })
    }
}

impl WrittenSave {
    pub(super) fn read(self) -> Save {
        Save { send: self.send, expect: self.expect.into_iter().map(|e| (e.question, e.answer)).collect() }
    }
}

impl WrittenText {
    pub(super) fn read(self, how: Compile) -> Result<ConfigText, String> {
        let undo = |undo: WrittenUndo| Ok((how.line(&undo.line)?, undo.send));
        Ok(ConfigText {
            style: self.style,
            comments: self.comments,
            negate: self.negate,
            section_end: self.section_end,
            leave: self.leave,
            volatile: how.lines(&self.volatile)?,
            single: how.lines(&self.single)?,
            keep: how.lines(&self.keep)?,
            permanent: how.lines(&self.permanent)?,
            undo_as: self.undo_as.into_iter().map(undo).collect::<Result<_, String>>()?,
        })
    }
}
