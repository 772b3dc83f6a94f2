//! Texts that are typed into an IOS or EOS device: banners up to their delimiter, certificates up to `quit`.

use super::device::Said;
use super::file::Model;
use super::ios::{Ios, Mode};

/// A text that is being typed.
pub(super) struct Text {
    /// The line that began it, without a delimiter.
    head: String,
    /// What ends it.
    end: String,
    lines: Vec<String>,
    /// The lines stand as they are under the head; else they are one line with it.
    is_section: bool,
}

impl Ios {
    /// Claims that what is typed is text and no command; there is no prompt in a banner.
    pub(super) fn takes_text(&self) -> bool {
        self.text.is_some()
    }

    /// Returns the prompt within a text.
    pub(super) fn text_prompt(&self, name: &str) -> Option<String> {
        let text = self.text.as_ref()?;
        Some(if text.is_section { format!("{name}(config-pubkey)#") } else { String::new() })
    }

    /// Takes a line that begins a text; `None` when it is another one.
    pub(super) fn begin_text(&mut self, line: &str, path: &[String]) -> Option<Said> {
        let is_eos = self.device.spec.platform == Model::AristaEos;
        if path.last().is_some_and(|last| last.starts_with("crypto pki certificate chain "))
            && line.starts_with("certificate ")
        {
            self.text = Some(Text { head: line.to_owned(), end: "quit".into(), lines: Vec::new(), is_section: true });
            return Some(Said::text("Enter the certificate in hexadecimal representation...."));
        }
        let (kind, rest) = line.strip_prefix("banner ")?.split_once(' ').unwrap_or((line.strip_prefix("banner ")?, ""));
        let head = format!("banner {kind}");
        if is_eos {
            let begins = rest.is_empty();
            self.text = begins.then(|| Text { head, end: "EOF".into(), lines: Vec::new(), is_section: false });
            return begins.then(|| Said::text("Enter TEXT message. Type 'EOF' on its own line to end."));
        }
        let delimiter = rest.chars().next()?;
        let body = &rest[delimiter.len_utf8()..];
        let text = Text { head, end: delimiter.to_string(), lines: Vec::new(), is_section: false };
        self.text = Some(text);
        if body.contains(delimiter) {
            return Some(self.take_text(body));
        }
        if !body.is_empty() {
            self.take_text(body);
        }
        Some(Said::text(format!("Enter TEXT message.  End with the character '{delimiter}'.")))
    }

    /// Takes a line of the text.
    pub(super) fn take_text(&mut self, line: &str) -> Said {
        let Some(text) = &mut self.text else { return Said::default() };
        let is_over = match text.end.as_str() {
            "EOF" | "quit" => line.trim() == text.end,
            end => line.contains(end),
        };
        if !is_over {
            text.lines.push(line.to_owned());
            return Said::default();
        }
        let Some(mut text) = self.text.take() else { return Said::default() };
        if text.end.len() == 1 {
            let last = line.split(&text.end).next().unwrap_or_default();
            text.lines.extend((!last.is_empty()).then(|| last.to_owned()));
        }
        self.keep_text(&text);
        Said::default()
    }

    fn keep_text(&self, text: &Text) {
        let Mode::Config(path) = &self.mode else { return };
        let mut state = self.device.state();
        let state = &mut *state;
        let edited = match &self.session {
            Some(name) => state.sessions.entry(name.clone()).or_default(),
            None => &mut state.running,
        };
        if text.is_section {
            let under = [path.as_slice(), std::slice::from_ref(&text.head)].concat();
            edited.remove(path, &text.head);
            edited.insert(path, &text.head);
            text.lines.iter().for_each(|line| edited.insert(&under, line.trim()));
            return edited.insert(&under, "quit");
        }
        let body = text.lines.join("\n");
        let line = match text.end.as_str() {
            "EOF" => format!("{}\n{body}\nEOF", text.head),
            _ => format!("{} ^C\n{body}\n^C", text.head),
        };
        edited.insert(&[], &line);
    }
}
