//! Whole files over SFTP, version 3 (draft-ietf-secsh-filexfer-02): what servers of every age speak.
//!
//! Several reads or writes are under way at once, so that a file costs few round trips. Whatever the server says is
//! checked: lengths, numbers of requests, offsets.

use crate::failure::{Failure, FailureKind};
use std::collections::{BTreeMap, VecDeque};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

const VERSION: u32 = 3;

const INIT: u8 = 1;
const SAYS_VERSION: u8 = 2;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const READ: u8 = 5;
const WRITE: u8 = 6;
const SAYS_STATUS: u8 = 101;
const SAYS_HANDLE: u8 = 102;
const SAYS_DATA: u8 = 103;

/// Flags of opening: to read; to write, made anew.
const TO_READ: u32 = 1;
const TO_WRITE: u32 = 2 | 8 | 16;

const OK: u32 = 0;
const END_OF_FILE: u32 = 1;

/// What one request reads or writes: every server takes so much.
const PIECE: usize = 32 << 10;

/// How many requests are under way at once. Arbitrary: half a megabyte, which is enough for 10 MB/s at 50 ms.
const UNDER_WAY: usize = 16;

/// The longest packet that is taken. Servers send no more than was asked for and some bytes around it.
const LONGEST_PACKET: usize = 256 << 10;

/// A client on the stream of an `sftp` subsystem.
pub(super) struct Sftp<S> {
    stream: S,
    next: u32,
    path: String,
}

/// What the server says to a request.
struct Said {
    kind: u8,
    id: u32,
    body: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sftp<S> {
    /// Begins, for one file.
    pub(super) async fn begin(stream: S, path: &str) -> Result<Sftp<S>, Failure> {
        let mut sftp = Sftp { stream, next: 0, path: path.to_owned() };
        sftp.send(INIT, &VERSION.to_be_bytes()).await?;
        let packet = sftp.packet().await?;
        match (packet.first(), packet.get(1..5)) {
            (Some(&SAYS_VERSION), Some(version)) if version >= &VERSION.to_be_bytes()[..] => Ok(sftp),
            _ => Err(sftp.odd("another version")),
        }
    }

    /// Reads the file, if it has at most so many bytes.
    pub(super) async fn read(&mut self, most: usize) -> Result<Vec<u8>, Failure> {
        let handle = self.open(TO_READ).await?;
        let read = self.pieces(&handle, most).await;
        let closed = self.close(&handle).await;
        // What went wrong first says more.
        read.and_then(|bytes| closed.map(|()| bytes))
    }

    async fn pieces(&mut self, handle: &[u8], most: usize) -> Result<Vec<u8>, Failure> {
        let mut wanted: VecDeque<(u64, usize)> = VecDeque::new();
        let mut asked: BTreeMap<u32, (u64, usize)> = BTreeMap::new();
        let mut came: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        let (mut next, mut size, mut has_ended) = (0_u64, 0_usize, false);
        loop {
            while asked.len() < UNDER_WAY && !(has_ended && wanted.is_empty()) {
                let piece = wanted.pop_front().unwrap_or_else(|| {
                    next += PIECE as u64;
                    (next - PIECE as u64, PIECE)
                });
                let id = self.ask(READ, |body| {
                    put_bytes(body, handle);
                    body.extend(piece.0.to_be_bytes());
                    body.extend((piece.1 as u32).to_be_bytes());
                });
                asked.insert(id.await?, piece);
            }
            if asked.is_empty() {
                break;
            }
            let said = self.said().await?;
            let (offset, length) = asked.remove(&said.id).ok_or_else(|| self.odd("an answer to nothing"))?;
            if said.kind == SAYS_STATUS {
                self.status(&said, &[END_OF_FILE])?;
                has_ended = true;
                continue;
            }
            let data = take_bytes(&said.body).filter(|_| said.kind == SAYS_DATA).map(<[u8]>::to_vec);
            let data = data.filter(|data| !data.is_empty() && data.len() <= length);
            let data = data.ok_or_else(|| self.odd("no data"))?;
            size += data.len();
            if size > most {
                return Err(self.failure(&format!("it is larger than {most} bytes")));
            }
            if data.len() < length {
                wanted.push_back((offset + data.len() as u64, length - data.len()));
            }
            came.insert(offset, data);
        }
        self.joined(came, size)
    }

    /// Joins pieces; there may be no gap between two.
    fn joined(&self, came: BTreeMap<u64, Vec<u8>>, size: usize) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::with_capacity(size);
        for (offset, piece) in came {
            if offset != bytes.len() as u64 {
                return Err(self.failure("it changed while it was read"));
            }
            bytes.extend(piece);
        }
        Ok(bytes)
    }

    /// Writes the file anew.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let handle = self.open(TO_WRITE).await?;
        let mut pieces = bytes.chunks(PIECE).enumerate();
        let mut asked = std::collections::BTreeSet::new();
        loop {
            while asked.len() < UNDER_WAY
                && let Some((number, piece)) = pieces.next()
            {
                let id = self.ask(WRITE, |body| {
                    put_bytes(body, &handle);
                    body.extend(((number * PIECE) as u64).to_be_bytes());
                    put_bytes(body, piece);
                });
                asked.insert(id.await?);
            }
            if asked.is_empty() {
                break;
            }
            let said = self.said().await?;
            if !asked.remove(&said.id) {
                return Err(self.odd("an answer to nothing"));
            }
            self.status(&said, &[OK])?;
        }
        // Some servers write only now, and say here that there is no room.
        self.close(&handle).await
    }

    async fn open(&mut self, flags: u32) -> Result<Vec<u8>, Failure> {
        let path = self.path.clone();
        let id = self
            .ask(OPEN, |body| {
                put_bytes(body, path.as_bytes());
                body.extend(flags.to_be_bytes());
                // No attributes.
                body.extend(0_u32.to_be_bytes());
            })
            .await?;
        let said = self.answer_to(id).await?;
        if said.kind == SAYS_STATUS {
            self.status(&said, &[])?;
        }
        let handle = take_bytes(&said.body).filter(|_| said.kind == SAYS_HANDLE);
        handle.map(<[u8]>::to_vec).ok_or_else(|| self.odd("no handle"))
    }

    async fn close(&mut self, handle: &[u8]) -> Result<(), Failure> {
        let id = self.ask(CLOSE, |body| put_bytes(body, handle)).await?;
        // A read that was given up leaves answers before this one.
        loop {
            let said = self.said().await?;
            if said.id == id {
                return self.status(&said, &[OK]);
            }
        }
    }

    async fn answer_to(&mut self, id: u32) -> Result<Said, Failure> {
        let said = self.said().await?;
        if said.id == id { Ok(said) } else { Err(self.odd("an answer to nothing")) }
    }

    /// Returns nothing when the status is one of these, and else a failure with what the server says.
    fn status(&self, said: &Said, fine: &[u32]) -> Result<(), Failure> {
        let code =
            said.body.first_chunk::<4>().filter(|_| said.kind == SAYS_STATUS).map(|code| u32::from_be_bytes(*code));
        let code = code.ok_or_else(|| self.odd("no status"))?;
        if fine.contains(&code) {
            return Ok(());
        }
        let words = take_bytes(&said.body[4..]).map(|text| String::from_utf8_lossy(text).trim().to_lowercase());
        let words = words.filter(|words| !words.is_empty() && words != "failure");
        let plain = match code {
            OK | END_OF_FILE => return Err(self.odd("an end")),
            2 => "no such file",
            3 => "permission denied",
            _ => "the server says no more than that it failed",
        };
        Err(self.failure(words.as_deref().unwrap_or(plain)))
    }

    async fn ask(&mut self, kind: u8, fill: impl FnOnce(&mut Vec<u8>)) -> Result<u32, Failure> {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let mut body = id.to_be_bytes().to_vec();
        fill(&mut body);
        self.send(kind, &body).await?;
        Ok(id)
    }

    async fn send(&mut self, kind: u8, body: &[u8]) -> Result<(), Failure> {
        let length = u32::try_from(body.len() + 1).map_err(|_| self.failure("its name is too long"))?;
        let packet = [&length.to_be_bytes()[..], &[kind], body].concat();
        let sent = self.stream.write_all(&packet).await;
        sent.map_err(|_| self.ended())
    }

    async fn said(&mut self) -> Result<Said, Failure> {
        let packet = self.packet().await?;
        match packet.as_slice() {
            [kind, a, b, c, d, body @ ..] => {
                Ok(Said { kind: *kind, id: u32::from_be_bytes([*a, *b, *c, *d]), body: body.to_vec() })
            }
            _ => Err(self.odd("nothing")),
        }
    }

    async fn packet(&mut self) -> Result<Vec<u8>, Failure> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).await.map_err(|_| self.ended())?;
        let length = u32::from_be_bytes(length) as usize;
        if !(1..=LONGEST_PACKET).contains(&length) {
            return Err(self.odd("something else"));
        }
        let mut packet = vec![0; length];
        self.stream.read_exact(&mut packet).await.map_err(|_| self.ended())?;
        Ok(packet)
    }

    fn failure(&self, why: &str) -> Failure {
        Failure::new(FailureKind::File, format!("the device does not copy `{}`: {why}", self.path))
    }

    fn odd(&self, what: &str) -> Failure {
        self.failure(&format!("its SFTP server says {what} where an answer was awaited"))
    }

    fn ended(&self) -> Failure {
        self.failure("its SFTP server has ended").help("SFTP must be allowed there; `protocol: scp` is the other way")
    }
}

fn put_bytes(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend((bytes.len() as u32).to_be_bytes());
    body.extend_from_slice(bytes);
}

/// Takes the bytes that begin with their length.
fn take_bytes(body: &[u8]) -> Option<&[u8]> {
    let (length, rest) = body.split_first_chunk::<4>()?;
    rest.get(..u32::from_be_bytes(*length) as usize)
}

#[cfg(test)]
mod tests;
