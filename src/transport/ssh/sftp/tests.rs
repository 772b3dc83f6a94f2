use super::*;
use futures_util::FutureExt as _;
use proptest::prelude::*;
use tokio::io::{DuplexStream, duplex};

/// A server with one file, that gives at most so many bytes at once and answers in pairs turned around.
struct Server {
    stream: DuplexStream,
    file: Option<Vec<u8>>,
    most: usize,
    turns: bool,
}

impl Server {
    async fn packet(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).await.ok()?;
        let mut packet = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut packet).await.ok()?;
        Some(packet)
    }

    fn answer(&mut self, packet: &[u8]) -> Vec<u8> {
        let status = |code: u32| {
            let mut body = code.to_be_bytes().to_vec();
            put_bytes(&mut body, if code == 2 { b"No such file" } else { b"" });
            put_bytes(&mut body, b"en");
            (SAYS_STATUS, body)
        };
        let data = |bytes: &[u8], kind| {
            let mut body = Vec::new();
            put_bytes(&mut body, bytes);
            (kind, body)
        };
        let id = &packet[1..5];
        let rest = &packet[5..];
        let (kind, body) = match packet[0] {
            OPEN if self.file.is_none() && packet.ends_with(&[0, 0, 0, 1, 0, 0, 0, 0]) => status(2),
            OPEN => {
                if packet.ends_with(&[0, 0, 0, 26, 0, 0, 0, 0]) {
                    self.file = Some(Vec::new());
                }
                data(b"handle", SAYS_HANDLE)
            }
            CLOSE => status(0),
            READ => {
                let offset = u64::from_be_bytes(rest[10..18].try_into().unwrap()) as usize;
                let length = u32::from_be_bytes(rest[18..22].try_into().unwrap()) as usize;
                let file = self.file.as_deref().unwrap_or_default();
                match file.get(offset..).filter(|rest| !rest.is_empty()) {
                    Some(rest) => data(&rest[..rest.len().min(length).min(self.most)], SAYS_DATA),
                    None => status(1),
                }
            }
            WRITE => {
                let offset = u64::from_be_bytes(rest[10..18].try_into().unwrap()) as usize;
                let bytes = take_bytes(&rest[18..]).unwrap();
                let file = self.file.as_mut().unwrap();
                file.resize(file.len().max(offset + bytes.len()), 0);
                file[offset..offset + bytes.len()].copy_from_slice(bytes);
                status(0)
            }
            other => panic!("{other}"),
        };
        let length = (body.len() + 5) as u32;
        [&length.to_be_bytes()[..], &[kind], id, &body].concat()
    }

    async fn serve(mut self) -> Option<Vec<u8>> {
        assert_eq!(self.packet().await?, [INIT, 0, 0, 0, 3]);
        self.stream.write_all(&[0, 0, 0, 5, SAYS_VERSION, 0, 0, 0, 3]).await.ok()?;
        while let Some(packet) = self.packet().await {
            let mut answers = vec![self.answer(&packet)];
            // Only where another request is there already: none may come before the answer to this one.
            if self.turns
                && packet[0] == READ
                && let Some(Some(next)) = self.packet().now_or_never()
            {
                answers.insert(0, self.answer(&next));
            }
            for answer in answers {
                if self.stream.write_all(&answer).await.is_err() {
                    break;
                }
            }
        }
        self.file
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

async fn with_server<T>(
    file: Option<Vec<u8>>,
    most: usize,
    turns: bool,
    work: impl AsyncFnOnce(&mut Sftp<DuplexStream>) -> T,
) -> (T, Option<Vec<u8>>) {
    let (ours, theirs) = duplex(1 << 20);
    let server = Server { stream: theirs, file, most, turns }.serve();
    let client = async {
        let mut sftp = Sftp::begin(ours, "flash:/x").await.unwrap();
        work(&mut sftp).await
    };
    tokio::join!(client, server)
}

#[test]
fn a_file_is_read_whole_whatever_pieces_come_and_in_what_order() {
    for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 40 * PIECE + 7] {
        let file: Vec<u8> = (0..size).map(|number| (number % 251) as u8).collect();
        for (most, turns) in [(usize::MAX, false), (usize::MAX, true), (20_000, false), (20_000, true)] {
            let (read, _) = run(with_server(Some(file.clone()), most, turns, async |sftp| sftp.read(usize::MAX).await));
            assert!(read.unwrap() == file, "{size} bytes, at most {most} at once, {turns}");
        }
    }
}

#[test]
fn a_file_is_written_anew() {
    for size in [0, 1, PIECE, 20 * PIECE + 7] {
        let bytes: Vec<u8> = (0..size).map(|number| (number % 253) as u8).collect();
        let old = Some(vec![1; 99]);
        let (written, file) = run(with_server(old, usize::MAX, false, async |sftp| sftp.write(&bytes).await));
        written.unwrap();
        assert!(file.unwrap() == bytes, "{size}");
    }
}

#[test]
fn what_the_server_refuses_is_said_in_its_words() {
    let (read, _) = run(with_server(None, usize::MAX, false, async |sftp| sftp.read(100).await));
    assert_eq!(read.unwrap_err().message.expose(), "the device does not copy `flash:/x`: no such file");
    let (read, _) = run(with_server(Some(vec![0; 101]), usize::MAX, false, async |sftp| sftp.read(100).await));
    assert_eq!(read.unwrap_err().message.expose(), "the device does not copy `flash:/x`: it is larger than 100 bytes");
}

proptest! {
    #[test]
    fn whatever_a_server_says_ends_in_a_file_or_a_failure(said in proptest::collection::vec(any::<u8>(), 0..200), begins in any::<bool>()) {
        run(async {
            let (ours, mut theirs) = duplex(1 << 20);
            if begins {
                theirs.write_all(&[0, 0, 0, 5, SAYS_VERSION, 0, 0, 0, 3]).await.unwrap();
                theirs.write_all(&[0, 0, 0, 15, SAYS_HANDLE, 0, 0, 0, 0, 0, 0, 0, 6, 1, 2, 3, 4, 5, 6]).await.unwrap();
            }
            theirs.write_all(&said).await.unwrap();
            theirs.shutdown().await.unwrap();
            if let Ok(mut sftp) = Sftp::begin(ours, "x").await {
                let _ = sftp.read(1000).await;
            }
        });
    }
}
