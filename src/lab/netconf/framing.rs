//! Both framings, in the plainest way.

/// Makes messages of bytes.
#[derive(Default)]
pub(super) struct Framer {
    bytes: Vec<u8>,
    has_chunks: bool,
}

const MARK: &str = "]]>]]>";

/// A message of more bytes is none.
const MOST_BYTES: usize = 16 << 20;

impl Framer {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn change_to_chunks(&mut self) {
        self.has_chunks = true;
    }

    /// Returns the next message, if it is whole.
    pub(super) fn next_message(&mut self) -> Result<Option<String>, ()> {
        if self.bytes.len() > MOST_BYTES {
            return Err(());
        }
        let found = if self.has_chunks { chunked(&self.bytes)? } else { marked(&self.bytes) };
        let Some((message, length)) = found else { return Ok(None) };
        self.bytes.drain(..length);
        String::from_utf8(message).map(Some).map_err(|_| ())
    }

    pub(super) fn framed(&self, message: &str) -> Vec<u8> {
        match self.has_chunks {
            false => format!("{message}{MARK}").into_bytes(),
            // Two chunks, as a client must be able to put them together.
            true => {
                let middle = (message.len() / 2..).find(|at| message.is_char_boundary(*at)).unwrap_or(0).max(1);
                let (one, other) = message.split_at(middle);
                format!("\n#{}\n{one}\n#{}\n{other}\n##\n", one.len(), other.len()).into_bytes()
            }
        }
    }
}

fn marked(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let at = bytes.windows(MARK.len()).position(|window| window == MARK.as_bytes())?;
    Some((bytes[..at].to_vec(), at + MARK.len()))
}

fn chunked(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, ()> {
    let mut message = Vec::new();
    let mut at = 0;
    loop {
        let Some(end) = bytes[at..].iter().skip(2).position(|byte| *byte == b'\n') else { return Ok(None) };
        let head = bytes[at..].get(..end + 2).and_then(|head| head.strip_prefix(b"\n#")).ok_or(())?;
        at += end + 3;
        if head == b"#" {
            return Ok(Some((message, at)));
        }
        let size: usize = std::str::from_utf8(head).map_err(|_| ())?.parse().map_err(|_| ())?;
        if size == 0 || size > MOST_BYTES {
            return Err(());
        }
        let Some(chunk) = bytes.get(at..at + size) else { return Ok(None) };
        message.extend_from_slice(chunk);
        at += size;
    }
}
