//! A simulated device as a terminal shows it: bytes in, reactions out. Knows nothing of SSH, sleeps nowhere.
//!
//! [`Terminal`] does what every CLI has in common: echo, line editing, questions without echo, paging, prescribed
//! answers, delays and faults. What a command means is the business of `ios.rs`, `junos.rs` and `linux.rs`.

use super::device::{Device, Question, Reaction, Said};
use super::file::{Answer, Fault, Model};
use super::ios::Ios;
use super::junos::Junos;
use super::linux::Linux;
use super::vendor::{SAFE_MODE, Vendor};
use super::words;
use std::collections::VecDeque;
use std::sync::Arc;

/// What commands mean on a device.
pub(super) enum Shell {
    Ios(Ios),
    Junos(Junos),
    Linux(Linux),
    Vendor(Vendor),
}

impl Shell {
    fn new(device: &Arc<Device>) -> Shell {
        let device = Arc::clone(device);
        match device.spec.platform {
            Model::JuniperJunos => Shell::Junos(Junos::new(device)),
            Model::Linux => Shell::Linux(Linux::new(device)),
            _ => match Vendor::new(Arc::clone(&device)) {
                Some(vendor) => Shell::Vendor(vendor),
                None => Shell::Ios(Ios::new(device)),
            },
        }
    }

    fn prompt(&self) -> String {
        match self {
            Shell::Ios(shell) => shell.prompt(),
            Shell::Junos(shell) => shell.prompt(),
            Shell::Linux(shell) => shell.prompt(),
            Shell::Vendor(shell) => shell.prompt(),
        }
    }

    fn run(&mut self, line: &str) -> Said {
        match self {
            Shell::Ios(shell) => shell.run(line),
            Shell::Junos(shell) => shell.run(line),
            Shell::Linux(shell) => shell.run(line, b""),
            Shell::Vendor(shell) => shell.run(line),
        }
    }

    fn answer(&mut self, line: &str) -> Said {
        match self {
            Shell::Ios(shell) => shell.answer(line),
            Shell::Junos(shell) => shell.answer(line),
            Shell::Linux(_) => Said::default(),
            Shell::Vendor(shell) => shell.answer(line),
        }
    }

    /// Returns how many lines make a page; `None` when nothing is paged.
    fn page(&self) -> Option<usize> {
        match self {
            Shell::Ios(shell) => shell.page(),
            Shell::Junos(shell) => shell.page(),
            Shell::Linux(_) | Shell::Vendor(_) => None,
        }
    }

    /// Returns the pager's prompt and what wipes it away, by platform.
    fn pager(&self, model: Model) -> (&'static str, String) {
        let wipe = |width: usize| format!("{0}{1}{0}", "\u{8}".repeat(width), " ".repeat(width));
        match (self, model) {
            (Shell::Junos(_), _) => ("---(more)---", format!("\r{}\r", " ".repeat(40))),
            (_, Model::AristaEos) => ("--More--", "\r\u{1b}[K".into()),
            _ => (" --More-- ", wipe(10)),
        }
    }
}

/// The longest line that is typed; what comes beyond it is dropped.
const LONGEST_LINE: usize = 64 << 10;

/// An interactive session.
pub(super) struct Terminal {
    device: Arc<Device>,
    shell: Shell,
    line: Vec<u8>,
    after_return: bool,
    question: Option<Question>,
    /// Lines that the pager holds back.
    held: VecDeque<String>,
    /// Nothing is answered any more.
    silent: bool,
}

impl Terminal {
    /// Opens a session; returns it and what is shown first.
    pub(super) fn open(device: &Arc<Device>) -> (Terminal, Vec<Reaction>) {
        let shell = Shell::new(device);
        let terminal = Terminal {
            device: Arc::clone(device),
            line: Vec::new(),
            after_return: false,
            question: None,
            held: VecDeque::new(),
            silent: false,
            shell,
        };
        let greeting = match device.spec.platform {
            Model::Frr => {
                "\r\nHello, this is FRRouting (version 8.4.4).\r\nCopyright 1996-2005 Kunihiro Ishiguro, et al.\r\n\r\n"
            }
            Model::JuniperJunos => "--- JUNOS 21.4R1.12 Kernel 64-bit\r\n",
            _ => "\r\n",
        };
        let first = format!("{greeting}{}", terminal.shell.prompt());
        (terminal, vec![Reaction::Send(first.into_bytes())])
    }

    /// Takes bytes that were typed.
    pub(super) fn input(&mut self, bytes: &[u8]) -> Vec<Reaction> {
        let mut out = Out::default();
        for byte in bytes {
            if self.silent {
                break;
            }
            self.typed(*byte, &mut out);
        }
        out.done()
    }

    fn typed(&mut self, byte: u8, out: &mut Out) {
        let after_return = std::mem::take(&mut self.after_return);
        if !self.held.is_empty() {
            return self.page_key(byte, out);
        }
        match byte {
            b'\n' if after_return => {}
            b'\r' | b'\n' => {
                self.after_return = byte == b'\r';
                out.text("\r\n");
                let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
                self.entered(&line, out);
            }
            // Backspace.
            0x08 | 0x7f => {
                let wiped = self.line.pop().is_some() && self.echoes();
                out.text(if wiped { "\u{8} \u{8}" } else { "" });
            }
            // Ctrl-C: the line is dropped.
            0x03 => {
                self.line.clear();
                self.question = None;
                out.text("\r\n");
                out.text(&self.shell.prompt());
            }
            // Ctrl-U: the line is wiped.
            0x15 => {
                let width = if self.echoes() { self.line.len() } else { 0 };
                self.line.clear();
                out.text(&"\u{8} \u{8}".repeat(width));
            }
            // Ctrl-D on an empty line is the end; Ctrl-Z leaves configuration mode.
            0x04 if self.line.is_empty() => out.last(Reaction::End(0)),
            0x1a => {
                self.line.clear();
                out.text("^Z\r\n");
                self.entered("end", out);
            }
            // Ctrl-X acts at once.
            0x18 if self.device.spec.platform == Model::MikrotikRouteros => {
                self.line.clear();
                out.text("\r\n");
                self.entered(SAFE_MODE, out);
            }
            byte if (byte >= 0x20 || byte == b'\t') && self.line.len() < LONGEST_LINE => {
                self.line.push(byte);
                if self.echoes() {
                    out.bytes(&[byte]);
                }
            }
            _ => {}
        }
    }

    fn echoes(&self) -> bool {
        self.question.as_ref().is_none_or(|question| question.echo)
    }

    fn entered(&mut self, line: &str, out: &mut Out) {
        if self.question.take().is_some() {
            let said = self.shell.answer(line);
            return self.say(said, out);
        }
        let takes_text = matches!(&self.shell, Shell::Ios(shell) if shell.takes_text());
        let command = if takes_text { line } else { line.trim() };
        let device = Arc::clone(&self.device);
        let prescribed = device.prescribed(command);
        let delay = prescribed.and_then(|answer| answer.delay).unwrap_or(device.spec.delay);
        if !command.is_empty() && !delay.is_zero() {
            out.push(Reaction::Wait(delay));
        }
        let mut said = match prescribed.and_then(|answer| answer.output.as_ref()) {
            Some(output) => Said::text(output.clone()),
            None => self.shell.run(prescribed.and_then(|answer| answer.short_for.as_deref()).unwrap_or(command)),
        };
        if device.spec.answers.iter().any(|answer| answer.after.as_deref() == Some(command)) {
            device.state().typed.insert(command.to_owned());
        }
        if let Some(line) = prescribed.and_then(|answer| answer.after.clone()) {
            out.push(Reaction::After(line));
        }
        if matches!(self.shell, Shell::Linux(_)) {
            said.output.push_str(&said.errors);
        }
        match prescribed.and_then(|answer| answer.fault) {
            Some(Fault::Close) => {
                let half = said.output.len() / 2;
                let half = (0..=half).rev().find(|at| said.output.is_char_boundary(*at)).unwrap_or(0);
                out.text(&said.output[..half].replace('\n', "\r\n"));
                out.last(Reaction::Cut);
                self.silent = true;
            }
            Some(Fault::Silence) => {
                out.last(Reaction::Silence);
                self.silent = true;
            }
            None => self.say(said, out),
        }
    }

    fn say(&mut self, said: Said, out: &mut Out) {
        if !said.took.is_zero() {
            out.push(Reaction::Wait(said.took));
        }
        if let Some(status) = said.end {
            out.text(&said.output.replace('\n', "\r\n"));
            self.silent = true;
            return out.last(Reaction::End(status));
        }
        self.question = said.question;
        self.held = said.output.lines().map(str::to_owned).collect();
        match self.shell.page() {
            Some(lines) if self.held.len() > lines => self.show_page(lines, out),
            _ => self.show_page(usize::MAX, out),
        }
    }

    /// Shows so many of the lines that are held, then the pager's prompt or the shell's.
    fn show_page(&mut self, lines: usize, out: &mut Out) {
        for line in self.held.drain(..lines.min(self.held.len())) {
            out.text(&line);
            out.text("\r\n");
        }
        if !self.held.is_empty() {
            out.text(self.shell.pager(self.device.spec.platform).0);
            return;
        }
        match &self.question {
            Some(question) => out.text(&question.text),
            None => out.text(&self.shell.prompt()),
        }
    }

    fn page_key(&mut self, byte: u8, out: &mut Out) {
        let page = self.shell.page().unwrap_or(usize::MAX);
        let lines = match byte {
            b' ' => page,
            b'\r' | b'\n' => 1,
            b'q' | b'Q' | 0x03 => {
                self.held.clear();
                0
            }
            _ => return,
        };
        out.text(&self.shell.pager(self.device.spec.platform).1);
        self.show_page(lines, out);
    }
}

/// Claims that a command on an exec channel reads standard input.
pub(super) fn wants_stdin(device: &Device, command: &str) -> bool {
    device.spec.platform == Model::Linux
        && device.prescribed(command.trim()).is_none()
        && words::wants_stdin(command, 0)
}

/// Runs one command on an exec channel.
pub(super) fn exec(device: &Arc<Device>, command: &str, stdin: &[u8]) -> Vec<Reaction> {
    let command = command.trim();
    let mut out = Out::default();
    let prescribed = device.prescribed(command);
    let delay = prescribed.and_then(|answer| answer.delay).unwrap_or(device.spec.delay);
    if !delay.is_zero() {
        out.push(Reaction::Wait(delay));
    }
    let mut said = match prescribed {
        Some(Answer { output: Some(output), status, .. }) => Said { status: *status, ..Said::text(output.clone()) },
        _ => match Shell::new(device) {
            Shell::Linux(mut shell) => shell.run(command, stdin),
            mut shell => shell.run(command),
        },
    };
    if device.spec.platform != Model::Linux && !said.output.is_empty() && !said.output.ends_with('\n') {
        said.output.push('\n');
    }
    if !said.took.is_zero() {
        out.push(Reaction::Wait(said.took));
    }
    match prescribed.and_then(|answer| answer.fault) {
        Some(Fault::Silence) => out.last(Reaction::Silence),
        fault => {
            out.text(&said.output);
            if !said.errors.is_empty() {
                out.push(Reaction::SendError(said.errors.into_bytes()));
            }
            let end = Reaction::End(said.end.unwrap_or(said.status));
            out.last(if fault.is_some() { Reaction::Cut } else { end });
        }
    }
    out.done()
}

/// Reactions in the making; what is sent in one go is one piece.
#[derive(Default)]
struct Out {
    reactions: Vec<Reaction>,
    ended: bool,
}

impl Out {
    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        match self.reactions.last_mut() {
            _ if self.ended || bytes.is_empty() => {}
            Some(Reaction::Send(sent)) => sent.extend_from_slice(bytes),
            _ => self.reactions.push(Reaction::Send(bytes.to_vec())),
        }
    }

    fn push(&mut self, reaction: Reaction) {
        if !self.ended {
            self.reactions.push(reaction);
        }
    }

    fn last(&mut self, reaction: Reaction) {
        self.push(reaction);
        self.ended = true;
    }

    fn done(self) -> Vec<Reaction> {
        self.reactions
    }
}
