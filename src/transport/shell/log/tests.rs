use super::record::Record;
use super::*;
use crate::redact::{MASK, Secret};
use proptest::prelude::*;
use std::os::unix::fs::PermissionsExt as _;

const SECRET: &str = "s3cret\\pass";

fn redactor() -> Arc<Redactor> {
    let redactor = Redactor::new();
    redactor.learn(&Secret::new(SECRET));
    redactor.learn(&Secret::new("another-one"));
    Arc::new(redactor)
}

/// Returns lines without their times.
fn plain(log: &str) -> String {
    log.lines().map(|line| line.split_once(' ').unwrap().1.to_owned() + "\n").collect()
}

#[test]
fn both_directions_are_marked_and_bytes_are_shown() {
    let mut record = Record::new(redactor());
    let mut log = record.came(b"\r\nr1# ");
    log += &record.typed(b"show clock\n");
    log += &record.came(b"show clock\r\n\x1b[1m10:00\xff\r\nr1");
    log += &record.came(b"# ");
    log += &record.end();
    assert_eq!(
        plain(&log),
        "< \\r\\n\n< r1# \n> show clock\\n\n< show clock\\r\\n\n< \\x1b[1m10:00\\xff\\r\\n\n< r1# \n"
    );
}

#[test]
fn a_secret_that_has_begun_is_not_shown_at_the_end() {
    let mut record = Record::new(redactor());
    let mut log = record.came(b"is s3cret\\pa");
    log += &record.typed(b"x\n");
    log += &record.end();
    assert_eq!(plain(&log), format!("< is \n> x\\n\n< {MASK}\n"));
}

fn part() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        Just(SECRET.as_bytes().to_vec()),
        Just(SECRET.as_bytes()[..5].to_vec()),
        Just(b"another-one".to_vec()),
        Just(b"\r\n".to_vec()),
    ]
}

proptest! {
    #[test]
    fn no_secret_is_in_the_log_however_it_came(
        parts in proptest::collection::vec(part(), 0..12),
        sizes in proptest::collection::vec(1usize..9, 1..20),
        typed in any::<bool>(),
    ) {
        let bytes = parts.concat();
        let mut record = Record::new(redactor());
        let (mut log, mut rest, mut sizes) = (String::new(), bytes.as_slice(), sizes.iter().cycle());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            log += &record.came(now);
            if typed {
                log += &record.typed(b"!");
            }
            rest = later;
        }
        log += &record.end();
        let came: String = plain(&log).lines().filter_map(|line| line.strip_prefix("< ")).collect();
        // As it is written in the log.
        let secret = SECRET.replace('\\', "\\\\");
        prop_assert!(!came.contains(&secret) && !came.contains("another-one"), "{}", came);
    }
}

/// A wire that says one thing.
struct Says(Option<Vec<u8>>);

impl Wire for Says {
    fn send<'a>(&'a mut self, _: &'a [u8]) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>> {
        Box::pin(async { Ok(self.0.take().unwrap_or_default()) })
    }

    fn close(&mut self) -> Boxed<'_, ()> {
        Box::pin(async {})
    }
}

#[tokio::test]
async fn a_log_is_its_owner_s_and_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let log = SessionLog { folder: dir.path().join("a/b"), redactor: redactor() };
    for _ in 0..2 {
        let mut wire = log.listen("../r1", Box::new(Says(Some(b"r1# ".to_vec())))).await.unwrap();
        wire.receive().await.unwrap();
        wire.send(format!("{SECRET}\n").as_bytes()).await.unwrap();
        wire.close().await;
    }
    for name in ["_._r1.log", "_._r1.2.log"] {
        let path = log.folder.join(name);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(plain(&text), format!("= ../r1\n< r1# \n> {MASK}\\n\n"));
    }
    assert_eq!(std::fs::metadata(&log.folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_log_that_cannot_be_made_is_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let log = SessionLog { folder: dir.path().join("file"), redactor: redactor() };
    let Err(failure) = log.listen("r1", Box::new(Says(None))).await else { panic!("a file is no folder") };
    assert_eq!(failure.kind, FailureKind::File);
    assert!(
        failure.message.expose().starts_with("cannot write the session log in `"),
        "{:?}",
        failure.message.expose()
    );
}
