//! Raw bytes of a terminal to lines of text.
//!
//! A state machine over the stream: an escape sequence, a UTF-8 character or a line end may be cut anywhere by the
//! reads and comes out the same. The current line is kept as a terminal would show it (a cursor, overwriting, erasing),
//! so that redrawn prompts and wiped pager prompts leave nothing behind. Lines are logical: devices wrap long echoes
//! by a bare carriage return, which overwrites what stands there; [`Line::typed`] keeps what came in the order of
//! coming, for the echo to be recognised in spite of it.

use std::collections::VecDeque;

/// The longest escape sequence that is swallowed whole. Arbitrary; titles are the longest seen, some 100 bytes. After
/// it the rest counts as text, so that an unfinished sequence cannot swallow a session.
const MAX_ESCAPE: usize = 4096;

/// The longest line, in characters; what is longer goes on as the next. Arbitrary: JSON of a whole table comes on one
/// line and is a tenth of it.
const MAX_LINE: usize = 16 << 20;

/// A finished line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// What the terminal shows.
    pub(super) text: String,
    /// What came, `\r` and `\x08` included, where that differs.
    typed: Option<String>,
}

impl Line {
    /// Returns what came in the order of coming, with `\r` and `\x08` in it.
    pub(super) fn typed(&self) -> &str {
        self.typed.as_deref().unwrap_or(&self.text)
    }
}

/// The state machine.
#[derive(Debug, Default)]
pub(super) struct Cleaner {
    state: State,
    /// Bytes of an unfinished UTF-8 character.
    pending: Vec<u8>,
    lines: VecDeque<Line>,
    /// The current line and where the next character goes.
    current: Vec<char>,
    cursor: usize,
    /// What came on the current line; kept only once something moved the cursor back.
    typed: Option<String>,
    /// The current line began as a pager's prompt, of which more may come before the pager wipes it.
    ghost: bool,
    /// A carriage return came on such a line: the next character wipes it. A line end does not, since lines end so.
    wipe: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate byte (`ESC ( B`).
    Intermediate,
    /// In a control sequence, with its parameters.
    Csi(Vec<u8>),
    /// In a string (title, device control) with its length so far; it ends at BEL or ESC \.
    String(usize),
    /// In a string after ESC.
    StringEscape(usize),
}

impl Cleaner {
    /// Takes bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            let plain =
                if self.is_at_end() { rest.iter().take_while(|b| (0x20..0x7f).contains(*b)).count() } else { 0 };
            if plain == 0 {
                self.byte(byte);
                rest = &rest[1..];
                continue;
            }
            let (text, after) = rest.split_at(plain);
            self.current.extend(text.iter().map(|b| char::from(*b)));
            self.cursor += plain;
            self.bound();
            rest = after;
        }
    }

    /// Claims that plain text is only added to the line: what nearly all bytes of an answer are.
    fn is_at_end(&self) -> bool {
        self.state == State::Text
            && self.pending.is_empty()
            && self.typed.is_none()
            && !self.wipe
            && self.cursor == self.current.len()
    }

    /// Takes out the oldest finished line.
    pub(super) fn next_line(&mut self) -> Option<Line> {
        self.lines.pop_front()
    }

    /// Returns the unfinished line if it has at most `limit` characters, without what was erased at its end.
    pub(super) fn partial(&self, limit: usize) -> Option<String> {
        let shown = self.shown();
        (shown.len() <= limit).then(|| shown.iter().collect())
    }

    /// Takes the pager's prompt off the unfinished line, with whatever the pager will do to wipe it.
    pub(super) fn forget_partial(&mut self) {
        self.current.clear();
        self.cursor = 0;
        self.typed = None;
        self.ghost = true;
    }

    fn byte(&mut self, byte: u8) {
        match std::mem::take(&mut self.state) {
            State::Text => self.text(byte),
            State::Escape => {
                self.state = match byte {
                    b'[' => State::Csi(Vec::new()),
                    b']' | b'P' | b'X' | b'^' | b'_' => State::String(0),
                    0x20..=0x2f => State::Intermediate,
                    0x1b => State::Escape,
                    _ => State::Text,
                }
            }
            State::Intermediate => {
                if matches!(byte, 0x20..=0x2f) {
                    self.state = State::Intermediate;
                }
            }
            State::Csi(mut params) => match byte {
                0x40..=0x7e => self.control(&params, byte),
                0x20..=0x3f if params.len() < MAX_ESCAPE => {
                    params.push(byte);
                    self.state = State::Csi(params);
                }
                // Control characters act in the midst of a sequence, as on a terminal; the sequence goes on.
                b'\n' | b'\r' | 0x08 => {
                    self.text(byte);
                    self.state = State::Csi(params);
                }
                0x1b => self.state = State::Escape,
                0x00 => self.state = State::Csi(params),
                _ => {}
            },
            State::String(length) => {
                self.state = match byte {
                    0x07 | 0x9c => State::Text,
                    0x1b => State::StringEscape(length),
                    _ if length >= MAX_ESCAPE => State::Text,
                    _ => State::String(length + 1),
                }
            }
            State::StringEscape(length) => {
                if byte != b'\\' {
                    self.state = State::String(length + 1);
                }
            }
        }
    }

    fn text(&mut self, byte: u8) {
        if byte >= 0x80 {
            self.pending.push(byte);
            self.take_utf8();
            return;
        }
        self.end_utf8();
        match byte {
            b'\n' => self.end_line(),
            b'\r' => self.carriage_return(),
            0x08 => {
                self.remember('\x08');
                self.cursor = self.cursor.saturating_sub(1);
            }
            b'\t' => self.put('\t'),
            0x1b => self.state = State::Escape,
            // NUL, BEL, DEL, XON and other control characters show nothing.
            0x00..=0x1f | 0x7f => {}
            _ => self.put(char::from(byte)),
        }
    }

    /// Takes whole characters out of the pending bytes; what cannot become one is U+FFFD.
    fn take_utf8(&mut self) {
        match std::str::from_utf8(&self.pending) {
            Ok(text) => {
                let chars: Vec<char> = text.chars().collect();
                self.pending.clear();
                for c in chars {
                    self.put(c);
                }
            }
            Err(error) if error.error_len().is_some() => {
                // The newest byte may begin a character of its own; what stood before it cannot be finished.
                let last = self.pending.pop();
                let broken = !self.pending.is_empty();
                self.pending.clear();
                if broken {
                    self.put('\u{fffd}');
                }
                match last {
                    Some(last @ 0xc2..=0xf4) => self.pending.push(last),
                    Some(_) => self.put('\u{fffd}'),
                    None => {}
                }
            }
            Err(_) => {}
        }
    }

    fn end_utf8(&mut self) {
        if !self.pending.is_empty() {
            self.pending.clear();
            self.put('\u{fffd}');
        }
    }

    fn put(&mut self, c: char) {
        if std::mem::take(&mut self.wipe) {
            self.clear_line();
        }
        if let Some(typed) = &mut self.typed {
            typed.push(c);
        }
        match self.current.get_mut(self.cursor) {
            Some(place) => *place = c,
            None => self.current.push(c),
        }
        self.cursor += 1;
        self.bound();
    }

    /// Keeps a device that never ends its line from filling the memory.
    fn bound(&mut self) {
        let typed = self.typed.as_ref().map_or(0, String::len);
        if self.current.len().max(typed) >= MAX_LINE {
            self.end_line();
        }
    }

    fn carriage_return(&mut self) {
        self.wipe |= std::mem::take(&mut self.ghost);
        self.remember('\r');
        self.cursor = 0;
    }

    /// Notes a character that moves the cursor back. Before the first one the line itself says what came.
    fn remember(&mut self, c: char) {
        if self.current.is_empty() {
            return;
        }
        let current = &self.current;
        let typed = self.typed.get_or_insert_with(|| current.iter().collect());
        if typed.len() < MAX_LINE {
            typed.push(c);
        }
    }

    fn end_line(&mut self) {
        let text: String = self.shown().iter().collect();
        // `\r\n` alone is no reason to keep two copies of each line.
        let typed = self.typed.take().filter(|typed| typed.trim_end_matches('\r') != text);
        self.lines.push_back(Line { text, typed });
        self.current.clear();
        self.cursor = 0;
        (self.ghost, self.wipe) = (false, false);
    }

    /// Returns the current line without blanks behind the cursor: they are what backspaces and blanks wiped.
    fn shown(&self) -> &[char] {
        let mut end = self.current.len();
        if self.cursor < end && self.cursor > 0 || self.typed.is_some() {
            while end > self.cursor && self.current[end - 1] == ' ' {
                end -= 1;
            }
        }
        &self.current[..end]
    }

    /// Does what a control sequence says, as far as it changes what stands on the line.
    fn control(&mut self, params: &[u8], end: u8) {
        let text = String::from_utf8_lossy(params);
        let number = |default: usize| text.split(';').next().and_then(|n| n.parse().ok()).unwrap_or(default);
        // Bounded, so that `ESC[999999999C` costs nothing.
        let far = |n: usize| n.min(MAX_ESCAPE);
        match end {
            b'K' => match number(0) {
                0 => self.current.truncate(self.cursor),
                1 => {
                    let until = (self.cursor + 1).min(self.current.len());
                    self.current[..until].fill(' ');
                }
                _ => self.clear_line(),
            },
            b'J' if number(0) >= 2 => self.clear_line(),
            b'J' => self.current.truncate(self.cursor),
            b'H' | b'f' => self.clear_line(),
            b'D' => self.move_to(self.cursor.saturating_sub(number(1).max(1))),
            b'C' => self.move_to(self.cursor + far(number(1).max(1))),
            b'G' => self.move_to(far(number(1).max(1)) - 1),
            b'P' => {
                let until = (self.cursor + far(number(1).max(1))).min(self.current.len());
                self.current.drain(self.cursor.min(until)..until);
            }
            // Colours, modes, questions about the terminal.
            _ => {}
        }
    }

    fn clear_line(&mut self) {
        self.current.clear();
        self.typed = None;
        self.cursor = 0;
    }

    fn move_to(&mut self, column: usize) {
        if column < self.cursor {
            self.remember('\x08');
        }
        while self.current.len() < column {
            self.current.push(' ');
        }
        self.cursor = column;
    }
}

#[cfg(test)]
mod tests;
