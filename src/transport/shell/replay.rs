//! What a device said, heard without a device: how the driver takes any bytes can be tried on bytes alone.

use super::clean::Cleaner;
use super::login::Logins;
use super::session::Session;
use super::until::{Patience, Until};
use crate::failure::Failure;
use crate::module::{Boxed, Cli, CliLine, CliResponse};
use crate::platform::Platform;
use crate::redact::Secret;
use crate::transport::Wire;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A wire on which everything was said already, whatever is typed; then it ends.
struct Said(VecDeque<Vec<u8>>);

impl Wire for Said {
    fn send<'a>(&'a mut self, _bytes: &'a [u8]) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>> {
        Box::pin(async { Ok(self.0.pop_front().unwrap_or_default()) })
    }

    fn close(&mut self) -> Boxed<'_, ()> {
        Box::pin(async {})
    }
}

/// Logs in where that was said, with rights, and does works one after the other; returns what came of the login, when it
/// failed, or else of each work. Nothing is waited for.
pub async fn replay(
    platform: &'static Platform,
    reads: impl IntoIterator<Item = Vec<u8>>,
    works: &[(Option<&str>, &[&str])],
) -> Vec<Result<Vec<CliResponse>, Failure>> {
    let wire = Said(reads.into_iter().filter(|read| !read.is_empty()).collect());
    let password = Some(Secret::new("password"));
    let logins = Logins {
        user: Some("user".to_owned()),
        password: password.clone(),
        enable: true,
        enable_password: password,
        dialogue: Vec::new(),
    };
    let until = Until { deadline: Instant::now() + Duration::from_secs(60), cancel: CancellationToken::new() };
    let mut session = match Session::open(Box::new(wire), platform, logins, Patience::default(), &until).await {
        Ok(session) => session,
        Err(failure) => return vec![Err(failure)],
    };
    let mut done = Vec::with_capacity(works.len());
    for (level, lines) in works {
        let lines = lines.iter().map(|line| CliLine::new(*line)).collect();
        let cli = Cli { lines, level: level.map(str::to_owned), stop_on_error: true, ..Cli::default() };
        done.push(session.run(&cli, &until).await);
    }
    session.close().await;
    done
}

/// Returns the lines of text that bytes are on a terminal, and the unfinished one.
pub fn lines<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Option<String>) {
    let mut cleaner = Cleaner::default();
    let mut lines = Vec::new();
    for read in reads {
        cleaner.feed(read);
        while let Some(line) = cleaner.next_line() {
            lines.push(line.text);
        }
    }
    (lines, cleaner.partial(usize::MAX))
}
