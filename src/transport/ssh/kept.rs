//! A shell that is kept on a host for plain commands: one round trip a command in place of two, and no new session.
//!
//! One `/bin/sh` runs on a channel of its own and reads a line for each command. It starts the command in a child with
//! an input that is empty and with the channel's two streams as its own, and then writes a mark that nobody can guess
//! at the end of both. What it says besides is for itself (`STARTUP`):
//!
//! - The child inherits the reading end of a pipe whose writing end the shell alone has. When that pipe can still be
//!   written to after the child's end, the child has left processes behind. They may yet write, so the shell is given
//!   up: what comes until the streams end belongs to the command, as it would without a kept shell.
//! - The shell's own errors go to another pipe. There it finds whether a signal has ended the child, which the status
//!   alone does not tell. (bash says it too late to be of use: where it is `/bin/sh` the status is 128 and the signal.)
//!
//! A host that has no such shell (another kind of login, a forced command, no `/proc`) does not greet; nothing has been
//! sent to it by then, and its commands go the usual way.

use super::exec::{Exec, read_some};
use super::marks::{Ending, Seeker};
use super::watch::AGAIN;
use crate::failure::{Failure, FailureKind};
use crate::module::ExecOutput;
use ssh2::Channel;
use std::io;
use std::time::{Duration, Instant};

/// What the shell is started with, one line when joined: not every login shell takes a word of several lines. For the
/// same reason it holds no `'` and no `!`. `GREETING` stands for a word.
const STARTUP: [&str; 13] = [
    // A line break; then two pipes, by way of texts of one line: such a pipe can be written to as well, through its
    // name in /proc. (An old bash makes files of such texts; that is seen below.)
    r#"L=$(printf "%b" "\012x"); L=${L%x}; eval "exec 4<<.$L-$L.$L"; eval "exec 5<<.$L-$L.$L"; read -r y <&4;"#,
    "exec 6>/proc/self/fd/5 5<&- || exit 96;",
    r#"exec 8>&1 9>&2 >/dev/null 2>/proc/self/fd/4 || exit 96; trap "" PIPE;"#,
    "{ printf . >&6; } 2>/dev/null && exit 96;",
    "n() { m=$1; shift;",
    r#"( trap - PIPE; exec "$@" </dev/null >&8 2>&9 7</proc/self/fd/6 4<&- 6>&- 8>&- 9>&- ); s=$?;"#,
    "r=0; { printf . >&6; } 2>/dev/null && r=1;",
    r#"x=; if [ "$s" -gt 128 ] && [ -z "$BASH_VERSION" ]; then"#,
    r#"echo . >&2; read -r y <&4; [ "$y" = . ] || { x=$(kill -l "$s"); read -r y <&4; }; fi;"#,
    r#"printf %s "$m" >&9; printf "%s %s %s %s." "$m" "$s" "$r" "$x" >&8; };"#,
    ": 7</proc/self/fd/6 || exit 96;",
    "printf GREETING >&9; printf GREETING >&8;",
    r#"while IFS= read -r l; do eval "$l"; done"#,
];

/// Returns what the shell is started with.
pub(super) fn startup(greeting: &str) -> String {
    STARTUP.join(" ").replace("GREETING", greeting)
}

/// How long a host may take to greet. It is a matter of one round trip and the start of a program.
const GREETING_PATIENCE: Duration = Duration::from_secs(10);

/// The longest line for a command. Shells read their input a byte at a time, which costs more than a session then.
const LONGEST_LINE: usize = 4096;

/// Makes a command's line from words for a shell; `None` when it has to go the usual way.
pub(super) fn line(words: &str) -> Option<String> {
    // A line break stands between single quotes, as everything that is not plain.
    let line = words.replace('\n', r#"'"$L"'"#);
    (line.len() <= LONGEST_LINE && !line.starts_with('-')).then_some(line)
}

/// A shell that is kept.
pub(super) struct Kept {
    channel: Channel,
    phase: Phase,
    since: Instant,
    mark: String,
    line: Vec<u8>,
    written: usize,
    has_no_input: bool,
    out: Seeker,
    err: Seeker,
    /// What comes while there is no command to give it to.
    aside: ExecOutput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Start,
    Greet,
    Idle,
    Send,
    Listen,
    /// It has no more input, and what its last command has left behind may yet write.
    Leave,
}

/// What came of driving it.
pub(super) enum KeptStep {
    Waits,
    Moved,
    /// The command is done and has been answered.
    Done,
    /// The shell is of no more use; its command, if it had one, has been answered.
    Ended,
    /// The same, but the command has not been sent.
    Lapsed,
    /// The host has no such shell. Nothing has been sent to it.
    Unsuited,
    /// The connection is lost.
    Lost(String),
}

impl Kept {
    /// Starts on a channel that was opened for it.
    pub(super) fn new(channel: Channel) -> Kept {
        Kept {
            channel,
            phase: Phase::Start,
            since: Instant::now(),
            mark: fresh_mark(),
            line: Vec::new(),
            written: 0,
            has_no_input: false,
            out: Seeker::default(),
            err: Seeker::default(),
            aside: ExecOutput::default(),
        }
    }

    /// Claims that it greets sooner or later, or has greeted and runs nothing.
    pub(super) fn is_free(&self) -> bool {
        matches!(self.phase, Phase::Start | Phase::Greet | Phase::Idle)
    }

    /// Claims that it has greeted and runs nothing.
    pub(super) fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }

    /// Returns when it has to have greeted.
    pub(super) fn deadline(&self) -> Option<Instant> {
        matches!(self.phase, Phase::Start | Phase::Greet).then(|| self.since + GREETING_PATIENCE)
    }

    /// Gets on as far as it goes, with the command that it has been given.
    pub(super) fn drive(&mut self, mut command: Option<&mut Exec>, scratch: &mut [u8]) -> KeptStep {
        loop {
            let before = self.phase;
            let step = match (self.phase, &mut command) {
                (Phase::Start, _) => self.start(),
                (Phase::Greet, _) => self.greet(scratch),
                (Phase::Idle, Some(exec)) => self.begin(exec, scratch),
                (Phase::Idle, None) => self.idle(scratch),
                (Phase::Send, Some(exec)) => self.send(exec),
                (Phase::Listen, Some(exec)) => self.listen(exec, scratch),
                (Phase::Leave, Some(exec)) => self.leave(exec, scratch),
                // Its command has gone: cancelled, or out of time.
                (Phase::Send | Phase::Listen | Phase::Leave, None) => KeptStep::Ended,
            };
            if self.phase == before || !matches!(step, KeptStep::Moved) {
                return step;
            }
        }
    }

    fn next(&mut self, phase: Phase) -> KeptStep {
        self.phase = phase;
        KeptStep::Moved
    }

    fn start(&mut self) -> KeptStep {
        match self.channel.exec(&format!("exec /bin/sh -c '{}'", startup(&self.mark))) {
            Ok(()) => self.next(Phase::Greet),
            Err(error) if error.code() == AGAIN => self.unless_late(),
            Err(error) if error.code() == ssh2::ErrorCode::Session(-22) => KeptStep::Unsuited,
            Err(error) => KeptStep::Lost(error.message().to_owned()),
        }
    }

    fn unless_late(&self) -> KeptStep {
        if self.since.elapsed() > GREETING_PATIENCE { KeptStep::Unsuited } else { KeptStep::Waits }
    }

    fn greet(&mut self, scratch: &mut [u8]) -> KeptStep {
        let mut aside = std::mem::take(&mut self.aside);
        let heard = self.hear(&mut aside, scratch);
        self.aside = aside;
        match heard {
            Err(error) => KeptStep::Lost(error.to_string()),
            // What the user's own files say at the start of a shell stands before the greeting.
            Ok(_) if self.out.at.is_some() && self.err.at.is_some() => {
                self.aside = ExecOutput::default();
                self.next(Phase::Idle)
            }
            Ok(_) if self.channel.eof() => KeptStep::Unsuited,
            Ok(_) => self.unless_late(),
        }
    }

    /// Reads both streams in turns and looks for the mark; returns whether anything came.
    fn hear(&mut self, output: &mut ExecOutput, scratch: &mut [u8]) -> io::Result<bool> {
        let mut moved = false;
        for (stream, into, seeker) in [(0, &mut output.stdout, &mut self.out), (1, &mut output.stderr, &mut self.err)] {
            moved |= read_some(&self.channel, stream, into, scratch)? > 0;
            seeker.seek(into, self.mark.as_bytes());
        }
        Ok(moved)
    }

    fn idle(&mut self, scratch: &mut [u8]) -> KeptStep {
        let mut stray = ExecOutput::default();
        for (stream, into) in [(0, &mut stray.stdout), (1, &mut stray.stderr)] {
            if let Err(error) = read_some(&self.channel, stream, into, scratch) {
                return KeptStep::Lost(error.to_string());
            }
        }
        let is_silent = stray.stdout.is_empty() && stray.stderr.is_empty();
        if is_silent && !self.channel.eof() { KeptStep::Waits } else { KeptStep::Lapsed }
    }

    fn begin(&mut self, exec: &Exec, scratch: &mut [u8]) -> KeptStep {
        // What an earlier command has left behind may have written since, which is no output of this one.
        match self.idle(scratch) {
            KeptStep::Waits => {}
            other => return other,
        }
        let Some(line) = exec.kept_line() else { return KeptStep::Lapsed };
        self.mark = fresh_mark();
        self.line = format!("n {} {line}\n", self.mark).into_bytes();
        self.written = 0;
        (self.out, self.err) = Default::default();
        self.next(Phase::Send)
    }

    fn send(&mut self, exec: &mut Exec) -> KeptStep {
        use std::io::Write as _;
        while self.written < self.line.len() {
            match self.channel.write(&self.line[self.written..]) {
                Ok(0) => return KeptStep::Waits,
                Ok(n) => self.written += n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return KeptStep::Waits,
                // The shell reads no more; its end tells the rest.
                Err(_) => break,
            }
        }
        exec.handed_over();
        self.next(Phase::Listen)
    }

    fn listen(&mut self, exec: &mut Exec, scratch: &mut [u8]) -> KeptStep {
        let moved = match self.hear(&mut exec.output, scratch) {
            Ok(moved) => moved,
            Err(error) => return KeptStep::Lost(error.to_string()),
        };
        if exec.writes_too_much() {
            return KeptStep::Ended;
        }
        if let (Some(out), Some(err)) = (self.out.at, self.err.at) {
            match Ending::read(&exec.output.stdout[out + self.mark.len()..]) {
                Ok(Some(ending)) => return self.end(exec, &ending, out, err),
                Ok(None) => {}
                Err(()) => return self.broken(exec),
            }
        }
        match (self.channel.eof(), moved) {
            (true, _) => self.broken(exec),
            (false, true) => KeptStep::Moved,
            (false, false) => KeptStep::Waits,
        }
    }

    fn end(&mut self, exec: &mut Exec, ending: &Ending, out: usize, err: usize) -> KeptStep {
        let (stdout, stderr) = (&mut exec.output.stdout, &mut exec.output.stderr);
        stdout.drain(out..out + self.mark.len() + ending.len);
        stderr.drain(err..err + self.mark.len());
        (exec.output.status, exec.output.signal) = match &ending.signal {
            Some(signal) => (-1, Some(signal.clone())),
            None => (ending.status, None),
        };
        if ending.left || stdout.len() > out || stderr.len() > err {
            return self.next(Phase::Leave);
        }
        exec.finish();
        self.phase = Phase::Idle;
        KeptStep::Done
    }

    fn leave(&mut self, exec: &mut Exec, scratch: &mut [u8]) -> KeptStep {
        if !self.has_no_input {
            // Any other error means that the other side has closed already.
            self.has_no_input = !matches!(self.channel.send_eof(), Err(error) if error.code() == AGAIN);
        }
        let mut moved = false;
        for (stream, into) in [(0, &mut exec.output.stdout), (1, &mut exec.output.stderr)] {
            match read_some(&self.channel, stream, into, scratch) {
                Ok(read) => moved |= read > 0,
                Err(error) => return KeptStep::Lost(error.to_string()),
            }
        }
        if exec.writes_too_much() {
            return KeptStep::Ended;
        }
        if self.channel.eof() {
            exec.finish();
            return KeptStep::Ended;
        }
        if moved { KeptStep::Moved } else { KeptStep::Waits }
    }

    fn broken(&self, exec: &mut Exec) -> KeptStep {
        let message = "the command ended the shell in which it ran, so its own end is not known";
        let failure = Failure::new(FailureKind::Command, message);
        exec.fail(failure.help("`netplay_kept_shell: false` gives each command of the host a session of its own"));
        KeptStep::Ended
    }
}

/// Returns a word that no output holds by chance, and that no command can know.
fn fresh_mark() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
