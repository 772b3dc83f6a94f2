//! Tells the echo of a command from its answer, by content.
//!
//! An echo comes byte by byte or in pieces, wrapped by a bare carriage return (the first character of the next row
//! often painted twice) or by line ends at the width, with the prompt before it or not, and twice where the terminal
//! echoes what is typed ahead and the line editor echoes it again after its prompt. Blanks do not count: a blank too
//! many for the pager ends up in front of the next command.

use super::clean::Line;
use std::collections::VecDeque;

/// What a finished line is to the echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is the echo, or its last part.
    Echo,
    /// It is the echo once more, or that of another of several lines sent at once.
    Again,
    /// It may be a part of the echo.
    Part,
    /// It is something else.
    Other,
}

/// The echo of one command.
#[derive(Debug)]
pub(super) struct Echo {
    /// What was sent, line by line, without blanks. The first is what is waited for.
    parts: VecDeque<Vec<char>>,
    /// The prompt behind which it was typed.
    prompt: String,
    /// How much of the first part has come: several numbers where a repainted character leaves it open.
    reached: Vec<usize>,
    seen: Option<Vec<char>>,
    in_place: bool,
    /// Something else came after the echo: what looks like an echo from here on is output.
    answered: bool,
}

impl Echo {
    /// Makes the echo of `command` typed behind `prompt`.
    pub(super) fn new(command: &str, prompt: &str) -> Echo {
        let parts = command.split('\n').map(|line| line.chars().filter(|c| !c.is_whitespace()).collect()).collect();
        Echo { parts, prompt: prompt.trim().to_owned(), reached: vec![0], seen: None, in_place: false, answered: false }
    }

    /// Returns the prompt behind which it was typed.
    pub(super) fn prompt(&self) -> &str {
        &self.prompt
    }

    /// Claims that the echo of all that was sent has come.
    pub(super) fn is_seen(&self) -> bool {
        self.seen.is_some() && self.parts.is_empty()
    }

    /// Claims that it came behind the prompt, so that the next prompt is the one after the answer.
    pub(super) fn is_in_place(&self) -> bool {
        self.in_place
    }

    /// Takes the next finished line.
    pub(super) fn hear(&mut self, line: &Line) -> Heard {
        if self.answered && self.parts.is_empty() && self.in_place {
            return Heard::Other;
        }
        let heard = match self.seen.is_some() {
            false => self.hear_first(line),
            true => self.hear_again(line),
        };
        if heard == Heard::Other && self.seen.is_some() && !line.text.trim().is_empty() {
            self.answered = true;
        }
        heard
    }

    fn hear_first(&mut self, line: &Line) -> Heard {
        let part = self.parts.front().cloned().unwrap_or_default();
        for (text, behind_prompt) in self.candidates(line) {
            for start in [std::mem::take(&mut self.reached), vec![0]] {
                let reached = advance(&part, start.clone(), &text);
                if reached.contains(&part.len()) {
                    self.in_place |= behind_prompt;
                    self.seen = self.parts.pop_front();
                    return Heard::Echo;
                }
                if !reached.is_empty() && reached.iter().any(|n| !start.contains(n)) {
                    self.in_place |= behind_prompt;
                    self.reached = reached;
                    return Heard::Part;
                }
            }
            self.reached = vec![0];
        }
        if self.is_repainted(line) {
            self.in_place = true;
            self.seen = self.parts.pop_front();
            return Heard::Echo;
        }
        Heard::Other
    }

    /// Takes a line after the echo: the next of several lines sent at once, or the echo once more behind a prompt.
    fn hear_again(&mut self, line: &Line) -> Heard {
        let seen = self.seen.clone().unwrap_or_default();
        for (text, behind_prompt) in self.candidates(line) {
            if self.parts.front().is_some_and(|next| advance(next, vec![0], &text).contains(&next.len())) {
                self.parts.pop_front();
                return Heard::Again;
            }
            let again = advance(&seen, vec![0], &text).contains(&seen.len());
            if again && behind_prompt && !seen.is_empty() && !(self.answered && self.in_place) {
                self.answered = false;
                // What stands between the two belongs to a command before.
                return if std::mem::replace(&mut self.in_place, true) { Heard::Again } else { Heard::Echo };
            }
        }
        Heard::Other
    }

    /// Returns what of a line may be the echo, and whether the prompt stood before it.
    fn candidates(&self, line: &Line) -> Vec<(String, bool)> {
        let mut candidates = Vec::new();
        for text in [line.typed(), &line.text] {
            if !self.prompt.is_empty() {
                for at in [text.rfind(&self.prompt), text.find(&self.prompt)].into_iter().flatten() {
                    candidates.push((text[at + self.prompt.len()..].to_owned(), true));
                }
            }
            candidates.push((text.to_owned(), false));
        }
        candidates
    }

    /// Claims that the line is an echo that the device scrolled sideways (classic IOS, terminal width not set): it
    /// stands behind our prompt, where nothing but an echo can stand, and was painted more than once.
    fn is_repainted(&self, line: &Line) -> bool {
        let behind = line.typed().trim_start().strip_prefix(self.prompt.as_str());
        !self.prompt.is_empty() && behind.is_some_and(|rest| rest.contains(['\x08', '\r']) && !rest.trim().is_empty())
    }
}

/// Returns how much of `part` has come after `text`, from each of the places in `from`; empty when it does not fit.
///
/// After a carriage return the character before it may be painted once more.
fn advance(part: &[char], from: Vec<usize>, text: &str) -> Vec<usize> {
    let mut reached = from;
    let mut after_return = false;
    for c in text.chars() {
        if c == '\r' {
            after_return = true;
        } else if !c.is_whitespace() && c != '\x08' {
            let mut next: Vec<usize> = Vec::with_capacity(reached.len());
            for &n in &reached {
                let again = after_return && n > 0 && part[n - 1] == c;
                for place in [(part.get(n) == Some(&c)).then_some(n + 1), again.then_some(n)].into_iter().flatten() {
                    if !next.contains(&place) {
                        next.push(place);
                    }
                }
            }
            after_return = false;
            reached = next;
            if reached.is_empty() {
                break;
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::shell::clean::Cleaner;

    /// Returns what is left of the bytes when the echo is out.
    fn strip(command: &str, bytes: &str) -> Vec<String> {
        let mut cleaner = Cleaner::default();
        cleaner.feed(bytes.as_bytes());
        let mut echo = Echo::new(command, "r1# ");
        let mut rest = Vec::new();
        while let Some(line) = cleaner.next_line() {
            match echo.hear(&line) {
                Heard::Echo => rest.clear(),
                Heard::Again => {}
                Heard::Part | Heard::Other => rest.push(line.text),
            }
        }
        assert!(echo.is_seen(), "{bytes:?}");
        rest
    }

    #[test]
    fn the_echo_is_taken_out_in_all_its_shapes() {
        let cases: [(&str, &str, &[&str]); 17] = [
            ("show run", "r1# show run\r\nout\r\n", &["out"]),
            ("show run", "show run\r\nout\r\n", &["out"]),
            ("show run", "r1#  show run\r\nout\r\n", &["out"]),
            // Typed ahead: by the terminal, then by the line editor.
            ("foo", "foo\r\nr1# foo\r\n% Unknown command: foo\r\n", &["% Unknown command: foo"]),
            // Wrapped by a bare return, with the next character painted twice, or with a blank.
            ("show abcdef", "r1# show a\rbcdef\r\nout\r\n", &["out"]),
            ("show abcdef", "r1# show ab\rbcdef\r\nout\r\n", &["out"]),
            ("show abcdef", "r1# show a \rbcdef\r\nout\r\n", &["out"]),
            ("show aab", "r1# show aa\rab\r\nout\r\n", &["out"]),
            // The same before a prompt stands: what is painted over tells nothing of it.
            ("show abcdef", "show a\rbcdef\r\nout\r\n", &["out"]),
            ("show abcdef", "show ab\rbcdef\r\nr1# show abcdef\r\nout\r\n", &["out"]),
            // Wrapped by line ends.
            ("show abcdef", "r1# show a\r\nbcdef\r\nout\r\n", &["out"]),
            // What came while nobody listened goes with it.
            ("show run", "r1# \r\n%SYS-5-CONFIG_I: by console\r\nr1# show run\r\nout\r\n", &["out"]),
            // The line editor redraws its line.
            ("show run", "r1# sh\rr1# \x1b[Kshow run\r\nout\r\n", &["out"]),
            // Scrolled sideways.
            ("show abcdefghij", "r1# show abc\x08\x08\x08\x08$cde\x08\x08$ghij\r\nout\r\n", &["out"]),
            // Several lines at once, of which the device says something in between.
            ("banner motd @\nhi\n\n@", "r1# banner motd @\r\nEnter TEXT\r\nhi\r\n\r\n@\r\n", &["Enter TEXT"]),
            // Typed ahead of the answer to the command before.
            ("foo", "foo\r\nlate\r\nr1# foo\r\nout\r\n", &["out"]),
            // An answer that is like the command.
            ("echo", "r1# echo\r\necho\r\necho\r\n", &["echo", "echo"]),
        ];
        for (command, bytes, rest) in cases {
            assert_eq!(strip(command, bytes), rest, "{bytes:?}");
        }
    }

    #[test]
    fn a_long_line_wrapped_at_any_width_is_recognised() {
        let command = format!("interface {}", "ab".repeat(300));
        for width in [20usize, 80, 511] {
            let typed = format!("r1# {command}");
            let chars: Vec<char> = typed.chars().collect();
            let rows: Vec<String> = chars.chunks(width).map(|row| row.iter().collect()).collect();
            for wrap in ["\r", " \r", "\r\n"] {
                let bytes = format!("{}\r\n% Unknown command\r\n", rows.join(wrap));
                assert_eq!(strip(&command, &bytes), ["% Unknown command"], "width {width}, {wrap:?}");
            }
        }
    }

    #[test]
    fn an_answer_is_no_echo() {
        let mut echo = Echo::new("show version", "r1# ");
        let mut cleaner = Cleaner::default();
        cleaner.feed(b"show\r\nshow versions\r\nversion 1\r\n");
        while let Some(line) = cleaner.next_line() {
            echo.hear(&line);
        }
        assert!(!echo.is_seen());
    }
}
