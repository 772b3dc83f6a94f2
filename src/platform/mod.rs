//! Device types as data: prompts, levels and the way between them, paging, error texts, what only reads.
//!
//! A platform is one file `definitions/NAME.yaml`, which `build.rs` finds. Its prompts and short recordings are
//! kept in `tests/platforms/NAME/`; the tests hold them against this definition and against all others.
//!
//! Users add their own in folders of such files ([`read_folder`]).
//!
//! All expressions are searched with `^` and `$` at line boundaries. They see lines as the session cleaned them: no
//! escapes, no carriage returns; prompts without blanks at their end.

mod detect;
mod needed;
mod own;
mod pattern;
mod read;
mod spelling;
#[cfg(test)]
mod tests;

pub use detect::{AUTO, Verdict, candidates, commands as detecting_commands, judge};
pub use own::read_folder;
pub use pattern::Pattern;
pub use spelling::{Spelling, Value, Words};

use crate::effect::Effect;
use pattern::Compile;
use serde::Deserialize;
use std::sync::LazyLock;
use std::time::Duration;

/// Every definition, by name: as it is written, and the same as JSON, which `build.rs` makes of it. A test reads all of
/// them.
static DEFINITIONS: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/platforms.rs"));

/// A definition with the platform that is read from it when somebody first asks for it: one file has some fifty
/// expressions, and a run needs one or two platforms.
#[derive(Debug)]
struct Entry {
    name: &'static str,
    aliases: Vec<String>,
    is_host: bool,
    text: &'static str,
    /// The text as JSON, of one of ours.
    json: &'static str,
    /// The file of a user.
    file: Option<std::path::PathBuf>,
    platform: std::sync::OnceLock<Platform>,
}

impl Entry {
    fn platform(&'static self) -> &'static Platform {
        self.platform.get_or_init(|| read::read_ours(self.json).expect("a test reads every definition"))
    }
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let entry = |&(name, text, json): &(&'static str, &'static str, &'static str)| {
        let (aliases, is_host) = read::heading(text);
        Entry { name, aliases, is_host, text, json, file: None, platform: std::sync::OnceLock::new() }
    };
    DEFINITIONS.iter().map(entry).collect()
});

/// Returns the entries: those of users before ours, so that they may replace them.
fn entries() -> impl Iterator<Item = &'static Entry> {
    own::entries().into_iter().chain(ENTRIES.iter())
}

fn entry(name: &str) -> Option<&'static Entry> {
    entries().find(|entry| entry.name == name || entry.aliases.iter().any(|alias| alias == name))
}

/// Returns the platform of that name or alias.
pub fn find(name: &str) -> Option<&'static Platform> {
    entry(name).map(Entry::platform).or_else(|| (name == AUTO).then(detect::unknown))
}

/// Returns a platform's definition as it is written, and the file that it was read from when it is a user's.
pub fn definition(name: &str) -> Option<(&'static str, Option<&'static std::path::Path>)> {
    entry(name).map(|entry| (entry.text, entry.file.as_deref()))
}

/// Checks a definition without keeping it.
///
/// # Errors
/// Says what is wrong with it.
pub fn check(text: &str) -> Result<(), String> {
    read::read(text, Compile::AtOnce).map(drop).map_err(|wrong| wrong.message)
}

/// Returns every platform: users' own, then ours sorted by name.
pub fn all() -> impl Iterator<Item = &'static Platform> {
    let own: Vec<&str> = own::entries().iter().map(|entry| entry.name).collect();
    let ours = ENTRIES.iter().filter(move |entry| !own.contains(&entry.name));
    own::entries().into_iter().chain(ours).map(Entry::platform)
}

/// Returns every name and alias, for "did you mean".
pub fn names() -> impl Iterator<Item = &'static str> {
    entries().flat_map(|entry| std::iter::once(entry.name).chain(entry.aliases.iter().map(String::as_str)))
}

/// Returns every name and alias of what is a host and no network device, without reading the definitions whole.
pub fn host_names() -> impl Iterator<Item = &'static str> {
    names().filter(|name| entry(name).is_some_and(|entry| entry.is_host))
}

/// A device type.
#[derive(Debug)]
pub struct Platform {
    /// Its name: `cisco_ios`.
    pub name: String,
    /// Other names, among them those of `ansible_network_os`: `ios`, `cisco.ios.ios`.
    pub aliases: Vec<String>,
    /// The name under which ntc-templates knows it.
    pub textfsm: String,
    /// What tells that a device is of this type.
    pub detect: Option<Detect>,
    /// Programs run by exec channels and files exist (`linux`): it is no network CLI.
    pub is_host: bool,
    /// The level in which commands run.
    pub command_level: String,
    /// The level in which configuration lines are taken.
    pub config_level: Option<String>,
    /// The levels (modes).
    pub levels: Vec<Level>,
    /// Ways from one level to another.
    pub moves: Vec<Move>,
    /// What is added to the user's name at login.
    pub username_suffix: Option<String>,
    /// What ends a typed line.
    pub newline: String,
    /// Questions that may come before the first prompt: a licence, a banner to accept.
    pub login: Vec<Expect>,
    /// Commands to send after login: paging off, width.
    pub setup: Vec<String>,
    /// Errors of setup commands do not matter.
    pub setup_ignore_errors: bool,
    /// Lines of output that belong to the prompt (`{master:0}`, `[edit]`).
    pub context: Vec<Pattern>,
    /// The pager's prompt, what to type, and what it leaves in the output.
    pub pager: Option<Pager>,
    /// What says that a command was refused.
    pub errors: Vec<Pattern>,
    /// What looks like an error and is none.
    pub errors_not: Vec<Pattern>,
    /// What a device looks like that asks and waits. A question that nobody answers fails at once, not by timeout.
    pub questions: Vec<Pattern>,
    /// Commands that only read.
    pub reads: Vec<Pattern>,
    /// Commands that match `reads` and may write all the same (`| redirect`).
    pub reads_not: Vec<Pattern>,
    /// What may be typed before the answer to the line before has come.
    pub typed_ahead: Option<TypedAhead>,
    /// Questions (regular expressions) that lines of a configuration bring up, and answers: `no username` asks whether all
    /// of that name is meant.
    pub config_answers: Vec<(String, String)>,
    /// Configuration by candidate: sent after the lines.
    pub commit: Option<Commit>,
    /// How the running configuration is saved for the next start.
    pub save: Option<Save>,
    /// The command that shows the running configuration.
    pub show_running: Option<String>,
    /// The command that shows it with all defaults.
    pub show_all: Option<String>,
    /// How a change is made that the device takes back by itself unless it is confirmed in time.
    pub confirm_within: Option<ConfirmWithin>,
    /// Why there is no such way.
    pub no_confirm_within: Option<String>,
    /// The command that shows the configuration of the next start.
    pub show_startup: Option<String>,
    /// What a line of the configuration's text looks like.
    pub text: ConfigText,
    /// What ends a session politely.
    pub close: Option<String>,
    /// Questions that come then.
    pub close_answers: Vec<Expect>,
    /// How long to wait for a prompt when nobody says.
    pub timeout: Duration,
}

/// A level (mode) of a CLI.
#[derive(Debug)]
pub struct Level {
    /// Its name: `exec`, `enable`, `config`.
    pub name: String,
    /// The prompt: a whole last line, group `host` is the device's name.
    pub prompt: Pattern,
    /// Lines that match `prompt` and are none.
    pub not: Vec<Pattern>,
    /// Commands run here too when the login leads here: root's shell, from which the way to the user's is the way out.
    pub is_home: bool,
    /// What the line before must be, where only that line tells the level.
    pub before: Option<Pattern>,
}

/// What may be typed ahead: while answers still come, the device's line editor holds it and echoes it behind its prompt.
#[derive(Debug)]
pub struct TypedAhead {
    /// Commands that only read, ask nothing and take no input.
    pub commands: Vec<Pattern>,
    /// How many bytes the device holds.
    pub bytes: usize,
}

/// What tells a device type: a command that only reads, and what its answer has.
#[derive(Debug)]
pub struct Detect {
    /// The command.
    pub command: String,
    /// One of these is in the answer.
    pub shows: Vec<Pattern>,
    /// None of these is.
    pub shows_not: Vec<Pattern>,
}

/// A way from one level to another.
#[derive(Debug)]
pub struct Move {
    /// From this level.
    pub from: String,
    /// To that level.
    pub to: String,
    /// By sending these lines.
    pub send: Vec<String>,
    /// Questions that come and what to answer.
    pub expect: Vec<Expect>,
    /// What to do where nobody has given an enable password.
    pub without_password: Option<Instead>,
    /// What says that it did not work.
    pub fail: Vec<Pattern>,
}

/// Another way to the same level.
#[derive(Debug)]
pub struct Instead {
    /// By sending this.
    pub send: String,
    /// Questions that come and what to answer.
    pub expect: Vec<Expect>,
}

/// A question on the way.
#[derive(Debug)]
pub struct Expect {
    /// The question.
    pub question: Pattern,
    /// The answer.
    pub answer: Answer,
    /// Whether a line end follows the answer.
    pub newline: bool,
}

/// An answer on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This text.
    Text(String),
    /// The enable password.
    EnablePassword,
    /// The login password.
    Password,
    /// The user's name.
    Username,
}

/// How output is paged, in case the setup did not turn it off.
#[derive(Debug)]
pub struct Pager {
    /// The pager's prompt: a whole last line. It is taken out of the output, with what the pager types to wipe it.
    pub prompt: Pattern,
    /// What to type for the next page.
    pub answer: String,
    /// What the pager shows at the end when it waits there too.
    pub end: Option<Pattern>,
    /// What to type then.
    pub end_answer: String,
}

/// How a candidate configuration takes effect.
#[derive(Debug)]
pub struct Commit {
    /// The command.
    pub send: String,
    /// Questions (regular expressions) and answers.
    pub expect: Vec<(String, String)>,
    /// What says that it failed.
    pub fail: Vec<Pattern>,
    /// The command that throws the candidate away.
    pub abort: Option<String>,
    /// The command that shows what the candidate changes.
    pub diff: Option<String>,
    /// Lines of it that say that nothing changes.
    pub diff_none: Vec<Pattern>,
    /// What is added to the command for a comment: ` comment "{comment}"`.
    pub comment: Option<String>,
    /// What is added to it for a label: ` label {label}`.
    pub label: Option<String>,
    /// What is added to it for a time: ` at "{at}"`.
    pub at: Option<String>,
    /// The command that checks the candidate and commits nothing.
    pub check: Option<String>,
    /// The command that loads the configuration `{n}` commits ago into the candidate.
    pub rollback: Option<String>,
}

/// How a change is made that the device takes back by itself unless it is confirmed in time, by a timer on the device:
/// it holds when the link, or netplay, is gone.
///
/// `{minutes}`, `{seconds}` and `{hms}` stand for the time, `{session}` for the name of a configuration session.
#[derive(Clone, Debug)]
pub struct ConfirmWithin {
    /// What is sent before the lines, where each line acts at once: none may be refused, and the last one leads into the
    /// configuration level.
    pub enter: Vec<String>,
    /// What is sent instead of the commit, where there is a candidate.
    pub commit: Option<String>,
    /// Questions (regular expressions) that any of these commands may ask, and answers.
    pub expect: Vec<(String, String)>,
    /// What says, beside the platform's error texts, that one of these commands was refused.
    pub fail: Vec<Pattern>,
    /// What keeps the change.
    pub confirm: Steps,
    /// What takes it back at once; nothing where only its time does.
    pub cancel: Option<Steps>,
    /// Only the session that made the change can keep it, and when it ends the change is taken back: it is held open
    /// beside the connection over which the change is verified, and hung up when the time is over.
    pub holds_session: bool,
    /// What must hold before.
    pub needs: Vec<Need>,
    /// How long the time may be.
    pub range: std::ops::RangeInclusive<Duration>,
}

/// Commands in a level.
#[derive(Clone, Debug)]
pub struct Steps {
    /// The level; `None` is where commands run.
    pub level: Option<String>,
    /// The commands.
    pub send: Vec<String>,
    /// The session ends without a farewell.
    pub hangs_up: bool,
}

/// What must hold before something is done: a command, and what it must say or must not.
#[derive(Clone, Debug)]
pub struct Need {
    /// The command.
    pub send: String,
    /// It must say this.
    pub says: Option<Pattern>,
    /// It must not say this.
    pub says_not: Option<Pattern>,
    /// What to do when it does not hold.
    pub help: String,
}

/// How the running configuration is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// The command.
    pub send: String,
    /// Questions (regular expressions) and answers.
    pub expect: Vec<(String, String)>,
}

/// How a configuration's text shows what belongs to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigStyle {
    /// By indentation.
    #[default]
    Indent,
    /// Every line is a whole command: `set a b c`.
    Set,
}

/// What a configuration's text looks like.
#[derive(Clone, Debug, Default)]
pub struct ConfigText {
    /// How it shows what belongs to what.
    pub style: ConfigStyle,
    /// Prefixes of comments.
    pub comments: Vec<String>,
    /// What begins a line that sets something, where lines are whole commands: `set `.
    pub set: String,
    /// What undoes a line when it stands before it, in place of [`ConfigText::set`]: `no `, `delete `.
    pub negate: String,
    /// Lines that end a section and configure nothing: `exit-address-family`.
    pub section_end: Vec<String>,
    /// What is typed to leave a section; empty for `exit`.
    pub leave: String,
    /// Sections that must be ended, whatever follows, and what ends them: they take effect only then.
    pub leave_as: Vec<(Pattern, String)>,
    /// Sections that are entered as one text: they are compared and sent whole, and nothing is undone within (route
    /// policies, certificates).
    pub whole: Vec<Pattern>,
    /// A text in quotes may go over several lines.
    pub quotes_lines: bool,
    /// Lines of a text of which each is typed by itself and added to those that are there; what the groups fit is the same for
    /// those of one text: `^(banner \S+) `. A banner is no text with an end there.
    pub gathers: Vec<Pattern>,
    /// Lines that several belong to, which are typed without a prompt in between, and the line that ends them: a macro.
    pub texts: Vec<(Pattern, String)>,
    /// A line that ends with `\` goes on on the next, and a line that is a path stands before those after it.
    pub joins_lines: bool,
    /// Lines that differ from one reading to the next and mean nothing.
    pub volatile: Vec<Pattern>,
    /// Lines of which a section has one only: a second one overwrites the first.
    pub single: Vec<SingleLine>,
    /// Lines that are never undone, nor what stands in them: certificates, markers.
    pub keep: Vec<Pattern>,
    /// Sections that cannot be removed although what stands in them can: physical interfaces.
    pub permanent: Vec<Pattern>,
    /// Lines that are not undone by putting [`ConfigText::negate`] before them, and what does it; `$1` is a group.
    pub undo_as: Vec<(Pattern, String)>,
    /// How the device spells what may be typed otherwise.
    pub spelling: Spelling,
    /// What a line begins with that names several things at once, which are shown apart or together: `interface`, `vlan`.
    pub lists: Vec<String>,
    /// Lists of numbers that `add` and `remove` change: `switchport trunk allowed vlan`.
    pub grows: Vec<String>,
    /// Lines that the device numbers when they are typed without a number: what they are without it.
    pub numbered: Vec<Numbered>,
    /// Lines whose order counts; those of a section that are [`ConfigText::numbered`] are such without being named here.
    pub ordered: Vec<Ordered>,
    /// Lines of which a device has one at most, and that it refuses while there is another one: what goes of them goes first.
    pub goes_first: Vec<Pattern>,
    /// Lines that take others of their section along when they change: a port that comes into a VRF loses its addresses.
    pub resets: Vec<Reset>,
    /// What is not wanted is deleted by the shortest path on which nothing wanted stands: parts of a path that are left empty
    /// would stay.
    pub prunes: bool,
    /// Words of such a path that a name follows, without which they cannot be deleted; where there are none, any word can.
    pub keys: Vec<String>,
    /// What goes in sections goes after everything was added, the last section first: entries of one refer to those of another, and
    /// cannot be deleted while they do.
    pub deletes_last: bool,
    /// Lines that the device does not show because they hold unless others say otherwise.
    pub defaults: Vec<DefaultLine>,
}

impl ConfigText {
    /// Returns what a line of the section `within` sets, for lines of which a section has one only
    /// ([`ConfigText::single`]): equal for lines of which one overwrites the other.
    pub fn place(&self, line: &str, within: Option<&str>) -> Option<String> {
        let is_here = |single: &SingleLine| {
            single.within.as_ref().is_none_or(|pattern| within.is_some_and(|within| pattern.is_match(within)))
        };
        let parts = |(number, single): (usize, &SingleLine)| {
            is_here(single).then(|| single.line.parts(line)).flatten().map(|parts| (number, parts))
        };
        let (number, parts) = self.single.iter().enumerate().find_map(parts)?;
        Some(format!("{number} {}", parts.join(" ").trim_end()))
    }
}

/// A line of which a section has one only. What the expression matches of the line is what tells such lines apart
/// (`^neighbor \S+ remote-as `), or what its groups match, if it has some: `^(ip access-group) \S+ (in|out)$`.
#[derive(Clone, Debug)]
pub struct SingleLine {
    /// The line.
    pub line: Pattern,
    /// The sections of which that is so; all when `None`.
    pub within: Option<Pattern>,
}

/// Lines that a device numbers.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// The section in which they stand; `None` at the outermost level.
    pub within: Option<Pattern>,
    /// A line with its number.
    pub line: Pattern,
    /// What it is without; `$1` is a group.
    pub without: String,
}

/// Lines whose order counts. Of a configuration that is indented the groups of the expression say which of them belong together
/// (`^(access-list \d+) `). Of `set` lines its whole match is what an `insert` moves, and the first group stands before what is moved:
/// `^set (policy-options policy-statement \S+) term \S+`.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// The line.
    pub line: Pattern,
    /// The sections of which that is so; `None` for the outermost level.
    pub within: Option<Pattern>,
}

/// A line that takes others of its section along when it comes or goes.
#[derive(Clone, Debug)]
pub struct Reset {
    /// The line.
    pub line: Pattern,
    /// What it takes along.
    pub takes: Pattern,
}

/// A line that a device does not show, as it is its default.
#[derive(Clone, Debug)]
pub struct DefaultLine {
    /// The line.
    pub line: Pattern,
    /// The section in which it is the default; anywhere when `None`.
    pub within: Option<Pattern>,
    /// A line of the section with which it is none.
    pub unless: Option<Pattern>,
}

/// A prompt that was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptMatch<'a> {
    /// The number of the level in [`Platform::levels`].
    pub level: usize,
    /// The device's name, where the prompt shows it.
    pub host: Option<&'a str>,
}

impl Platform {
    /// Returns what a command may do: `Read` when the platform lists it as reading and nothing speaks against it.
    pub fn command_effect(&self, command: &str) -> Effect {
        let command = command.trim();
        let reads =
            self.reads.iter().any(|r| r.is_match(command)) && !self.reads_not.iter().any(|r| r.is_match(command));
        if reads && !command.contains(['\n', '\r']) { Effect::Read } else { Effect::Write }
    }

    /// Claims that the line before a prompt tells the level.
    pub fn has_two_line_prompts(&self) -> bool {
        self.levels.iter().any(|level| level.before.is_some())
    }

    /// Returns the level whose prompt is the last of these lines, whole, blanks at its end aside. The first level that
    /// fits counts. The line before matters only to platforms with prompts of two lines.
    pub fn prompt<'a>(&self, lines: &'a str) -> Option<PromptMatch<'a>> {
        let lines = lines.trim_end();
        let (before, line) = lines.rsplit_once('\n').unwrap_or(("", lines));
        self.levels.iter().enumerate().find_map(|(number, level)| {
            let found = level.prompt.captures(line)?;
            // One of `not` is asked only of the few lines that look right.
            if level.not.iter().any(|not| not.is_match(line)) {
                return None;
            }
            if level.before.as_ref().is_some_and(|needed| !needed.is_match(before.trim_end())) {
                return None;
            }
            Some(PromptMatch { level: number, host: found.name("host") })
        })
    }

    /// Returns the number of a level.
    pub fn level(&self, name: &str) -> Option<usize> {
        self.levels.iter().position(|level| level.name == name)
    }

    /// Returns the shortest way from one level to another, as numbers of [`Platform::moves`]; `None` when there is none.
    pub fn way(&self, from: usize, to: usize) -> Option<Vec<usize>> {
        let mut came_by: Vec<Option<usize>> = vec![None; self.levels.len()];
        let mut queue = std::collections::VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            if at == to {
                let mut way = Vec::new();
                let mut level = to;
                while level != from {
                    let number = came_by[level].expect("every level reached but the first was come to by a move");
                    way.push(number);
                    level = self.level(&self.moves[number].from).expect("a definition's moves name its levels");
                }
                way.reverse();
                return Some(way);
            }
            for (number, step) in self.moves.iter().enumerate().filter(|(_, step)| step.from == self.levels[at].name) {
                let next = self.level(&step.to).expect("a definition's moves name its levels");
                if next != from && came_by[next].is_none() {
                    came_by[next] = Some(number);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// Returns the lines of an answer that say that the command was refused, joined; `None` when none does.
    pub fn error_in(&self, output: &str) -> Option<String> {
        let is_error = |line: &&str| {
            self.errors.iter().any(|error| error.is_match(line))
                && !self.errors_not.iter().any(|not| not.is_match(line))
        };
        let lines: Vec<&str> = output.lines().filter(is_error).map(str::trim).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}
