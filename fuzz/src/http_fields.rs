//! Fields of an HTTP answer, and files of passwords.

use netplay::transport::http::reads::{challenges, cookies, netrc};

/// Reads the bytes: the first chooses what they are.
pub(crate) fn run(bytes: &[u8]) {
    let Some((first, text)) = super::choice_and_text(bytes) else { return };
    match first % 3 {
        0 => cookies(text),
        1 => challenges(text),
        _ => netrc(text),
    }
}
