//! Where a message ends: by the mark `]]>]]>`, or in chunks that say their sizes (RFC 6242, section 4).

use memchr::memmem;

/// How messages are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Framing {
    /// The mark stands behind each message: NETCONF 1.0, and every hello.
    #[default]
    Mark,
    /// Chunks: NETCONF 1.1.
    Chunks,
}

/// What stands behind a message.
const MARK: &[u8] = b"]]>]]>";

/// The longest message, as for the answer of a CLI: everything is kept in memory, several times while it is read.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The longest head of a chunk: a line end, `#`, a size of ten digits, a line end.
const LONGEST_HEAD: usize = 13;

/// Makes messages of bytes, however they come.
#[derive(Debug, Default)]
pub struct Framer {
    framing: Framing,
    bytes: Vec<u8>,
    /// Where to go on: with marks, where the next may begin; with chunks, where the next head begins.
    at: usize,
    /// The chunks of the message so far.
    message: Vec<u8>,
}

impl Framer {
    /// Takes bytes as they came.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// From here on messages are told apart in another way.
    pub fn change(&mut self, framing: Framing) {
        self.framing = framing;
        self.at = 0;
    }

    /// Returns the last bytes that belong to no message yet, for a person to look at.
    pub fn rest(&self) -> String {
        /// Arbitrary: what fits a line of a screen.
        const SHOWN: usize = 60;
        let bytes = if self.bytes.is_empty() { &self.message } else { &self.bytes };
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(SHOWN)..]).trim().escape_debug().to_string()
    }

    /// Returns the next whole message, if it has come.
    ///
    /// # Errors
    /// When the bytes cannot be a message: nothing that follows can be told apart then.
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>, String> {
        match self.framing {
            Framing::Mark => self.marked(),
            Framing::Chunks => self.chunked(),
        }
    }

    fn marked(&mut self) -> Result<Option<Vec<u8>>, String> {
        let Some(found) = memmem::find(&self.bytes[self.at..], MARK) else {
            // The mark may have begun.
            self.at = self.bytes.len().saturating_sub(MARK.len() - 1);
            return if self.bytes.len() > MOST_BYTES { Err(too_long()) } else { Ok(None) };
        };
        let end = self.at + found;
        let rest = self.bytes.split_off(end + MARK.len());
        let mut message = std::mem::replace(&mut self.bytes, rest);
        message.truncate(end);
        self.at = 0;
        if message.len() > MOST_BYTES { Err(too_long()) } else { Ok(Some(message)) }
    }

    fn chunked(&mut self) -> Result<Option<Vec<u8>>, String> {
        let whole = loop {
            match head(&self.bytes[self.at..])? {
                Head::Unfinished => break false,
                Head::End { length } => {
                    if self.message.is_empty() {
                        return Err("a message without any chunk".into());
                    }
                    self.at += length;
                    break true;
                }
                Head::Chunk { length, size } => {
                    if size > MOST_BYTES - self.message.len() {
                        return Err(too_long());
                    }
                    let begin = self.at + length;
                    let Some(chunk) = self.bytes.get(begin..begin + size) else { break false };
                    self.message.extend_from_slice(chunk);
                    self.at = begin + size;
                }
            }
        };
        self.bytes.drain(..self.at);
        self.at = 0;
        Ok(whole.then(|| std::mem::take(&mut self.message)))
    }
}

fn too_long() -> String {
    format!("a message of more than {} MiB", MOST_BYTES >> 20)
}

/// What stands before a chunk, or behind the last.
enum Head {
    Unfinished,
    Chunk { length: usize, size: usize },
    End { length: usize },
}

fn head(bytes: &[u8]) -> Result<Head, String> {
    let seen = &bytes[..bytes.len().min(LONGEST_HEAD)];
    let wrong = || format!("`{}` where the size of a chunk should stand", String::from_utf8_lossy(seen).escape_debug());
    if !b"\n#".starts_with(&seen[..seen.len().min(2)]) {
        return Err(wrong());
    }
    let Some(rest) = seen.get(2..) else { return Ok(Head::Unfinished) };
    let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
        let may_become_one = rest == b"#" || (is_size_so_far(rest) && seen.len() < LONGEST_HEAD);
        return if rest.is_empty() || may_become_one { Ok(Head::Unfinished) } else { Err(wrong()) };
    };
    let length = 2 + end + 1;
    match &rest[..end] {
        b"#" => Ok(Head::End { length }),
        digits if is_size_so_far(digits) => {
            let size = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
            Ok(Head::Chunk { length, size })
        }
        _ => Err(wrong()),
    }
}

/// Claims that these are digits of a size: it is not 0 and has no 0 before it.
fn is_size_so_far(digits: &[u8]) -> bool {
    digits.first().is_some_and(|first| (b'1'..=b'9').contains(first)) && digits.iter().all(u8::is_ascii_digit)
}

impl Framing {
    /// Returns a message as it is sent.
    pub fn framed(self, message: &str) -> Vec<u8> {
        match self {
            Framing::Mark => [message.as_bytes(), MARK].concat(),
            Framing::Chunks => format!("\n#{}\n{message}\n##\n", message.len()).into_bytes(),
        }
    }
}
