//! What a definition says of configurations: their text, how they take effect, and how they are taken back.

use super::super::pattern::Compile;
use crate::platform::{
    Commit, ConfigStyle, ConfigText, ConfirmWithin, DefaultLine, Need, Numbered, Ordered, Reset, Save, SingleLine,
    Spelling, Steps,
};
use serde::Deserialize;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCommit {
    send: String,
    #[serde(default)]
    expect: Vec<WrittenAnswer>,
    #[serde(default)]
    fail: Vec<String>,
    abort: Option<String>,
    diff: Option<String>,
    #[serde(default)]
    diff_none: Vec<String>,
    comment: Option<String>,
    label: Option<String>,
    at: Option<String>,
    check: Option<String>,
    rollback: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSave {
    send: String,
    #[serde(default)]
    expect: Vec<WrittenAnswer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenAnswer {
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
    set: Option<String>,
    #[serde(default)]
    negate: String,
    #[serde(default)]
    section_end: Vec<String>,
    #[serde(default)]
    leave: String,
    #[serde(default)]
    leave_as: Vec<WrittenUndo>,
    #[serde(default)]
    whole: Vec<String>,
    #[serde(default)]
    quotes_lines: bool,
    #[serde(default)]
    gathers: Vec<String>,
    #[serde(default)]
    texts: Vec<WrittenUntil>,
    #[serde(default)]
    joins_lines: bool,
    #[serde(default)]
    volatile: Vec<String>,
    #[serde(default)]
    single: Vec<WrittenSingle>,
    #[serde(default)]
    keep: Vec<String>,
    #[serde(default)]
    permanent: Vec<String>,
    #[serde(default)]
    undo_as: Vec<WrittenUndo>,
    #[serde(default)]
    interfaces: Vec<String>,
    #[serde(default)]
    lines: Vec<String>,
    #[serde(default)]
    lists: Vec<String>,
    #[serde(default)]
    grows: Vec<String>,
    #[serde(default)]
    numbered: Vec<WrittenNumbered>,
    #[serde(default)]
    ordered: Vec<WrittenSingle>,
    #[serde(default)]
    goes_first: Vec<String>,
    #[serde(default)]
    resets: Vec<WrittenReset>,
    #[serde(default)]
    prunes: bool,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    deletes_last: bool,
    #[serde(default)]
    defaults: Vec<WrittenDefault>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenReset {
    line: String,
    takes: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenUntil {
    line: String,
    end: String,
}

/// An expression alone, or with the sections in which it counts.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenSingle {
    Anywhere(String),
    Within(WrittenSingleWithin),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSingleWithin {
    line: String,
    within: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNumbered {
    within: Option<String>,
    line: String,
    without: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDefault {
    line: String,
    within: Option<String>,
    unless: Option<String>,
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
    #[serde(default)]
    enter: Vec<String>,
    commit: Option<String>,
    #[serde(default)]
    expect: Vec<WrittenAnswer>,
    #[serde(default)]
    fail: Vec<String>,
    confirm: WrittenSteps,
    cancel: Option<WrittenSteps>,
    #[serde(default)]
    holds_session: bool,
    #[serde(default)]
    needs: Vec<WrittenNeed>,
    min_seconds: u64,
    max_seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSteps {
    level: Option<String>,
    #[serde(default)]
    send: Vec<String>,
    #[serde(default)]
    hangs_up: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenNeed {
    send: String,
    says: Option<String>,
    says_not: Option<String>,
    help: String,
}

pub(super) fn answers(written: Vec<WrittenAnswer>) -> Vec<(String, String)> {
    written.into_iter().map(|written| (written.question, written.answer)).collect()
}

impl WrittenConfirmWithin {
    pub(super) fn read(self, how: Compile) -> Result<ConfirmWithin, String> {
        let steps = |steps: WrittenSteps| Steps { level: steps.level, send: steps.send, hangs_up: steps.hangs_up };
        let expression = |text: Option<String>| text.map(|text| how.line(&text)).transpose();
        let need = |need: WrittenNeed| {
            Ok(Need {
                send: need.send,
                says: expression(need.says)?,
                says_not: expression(need.says_not)?,
                help: need.help,
            })
        };
        if self.enter.is_empty() != self.commit.is_some() {
            return Err("`confirm_within` needs one of `enter` and `commit`".into());
        }
        Ok(ConfirmWithin {
            enter: self.enter,
            commit: self.commit,
            expect: answers(self.expect),
            fail: how.lines(&self.fail)?,
            confirm: steps(self.confirm),
            cancel: self.cancel.map(steps),
            holds_session: self.holds_session,
            needs: self.needs.into_iter().map(need).collect::<Result<_, String>>()?,
            range: Duration::from_secs(self.min_seconds)..=Duration::from_secs(self.max_seconds),
        })
    }
}

impl WrittenCommit {
    pub(super) fn read(self, how: Compile) -> Result<Commit, String> {
        Ok(Commit {
            send: self.send,
            expect: answers(self.expect),
            fail: how.lines(&self.fail)?,
            abort: self.abort,
            diff: self.diff,
            diff_none: how.lines(&self.diff_none)?,
            comment: self.comment,
            label: self.label,
            at: self.at,
            check: self.check,
            rollback: self.rollback,
        })
    }
}

impl WrittenSave {
    pub(super) fn read(self) -> Save {
        Save { send: self.send, expect: answers(self.expect) }
    }
}

impl WrittenText {
    pub(super) fn read(self, how: Compile) -> Result<ConfigText, String> {
        let undo = |undo: WrittenUndo| Ok((how.line(&undo.line)?, undo.send));
        let expression = |text: Option<String>| text.map(|text| how.line(&text)).transpose();
        let numbered = |written: WrittenNumbered| {
            let (within, line) = (expression(written.within)?, how.line(&written.line)?);
            Ok(Numbered { within, line, without: written.without })
        };
        let default = |written: WrittenDefault| {
            let (within, unless) = (expression(written.within)?, expression(written.unless)?);
            Ok(DefaultLine { line: how.line(&written.line)?, within, unless })
        };
        let placed = |written: WrittenSingle| {
            let (line, within) = match written {
                WrittenSingle::Anywhere(line) => (line, None),
                WrittenSingle::Within(written) => (written.line, Some(written.within)),
            };
            Ok::<_, String>((how.line(&line)?, expression(within)?))
        };
        let single = |written| placed(written).map(|(line, within)| SingleLine { line, within });
        let ordered = |written| placed(written).map(|(line, within)| Ordered { line, within });
        let reset = |reset: WrittenReset| Ok(Reset { line: how.line(&reset.line)?, takes: how.line(&reset.takes)? });
        let text = |text: WrittenUntil| Ok((how.line(&text.line)?, text.end));
        let spelling = Spelling::new(&self.interfaces, self.lines);
        if how == Compile::AtOnce {
            spelling.check()?;
        }
        Ok(ConfigText {
            style: self.style,
            comments: self.comments,
            set: self.set.unwrap_or_else(|| "set ".into()),
            negate: self.negate,
            section_end: self.section_end,
            leave: self.leave,
            leave_as: self.leave_as.into_iter().map(undo).collect::<Result<_, String>>()?,
            whole: how.lines(&self.whole)?,
            quotes_lines: self.quotes_lines,
            gathers: how.lines(&self.gathers)?,
            texts: self.texts.into_iter().map(text).collect::<Result<_, String>>()?,
            joins_lines: self.joins_lines,
            volatile: how.lines(&self.volatile)?,
            single: self.single.into_iter().map(single).collect::<Result<_, String>>()?,
            keep: how.lines(&self.keep)?,
            permanent: how.lines(&self.permanent)?,
            undo_as: self.undo_as.into_iter().map(undo).collect::<Result<_, String>>()?,
            spelling,
            lists: self.lists,
            grows: self.grows,
            numbered: self.numbered.into_iter().map(numbered).collect::<Result<_, String>>()?,
            ordered: self.ordered.into_iter().map(ordered).collect::<Result<_, _>>()?,
            goes_first: how.lines(&self.goes_first)?,
            resets: self.resets.into_iter().map(reset).collect::<Result<_, String>>()?,
            prunes: self.prunes,
            keys: self.keys,
            deletes_last: self.deletes_last,
            defaults: self.defaults.into_iter().map(default).collect::<Result<_, String>>()?,
        })
    }
}
