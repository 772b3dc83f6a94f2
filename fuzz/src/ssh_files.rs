//! Files of known hosts and configurations of SSH, certificates of servers, the stream of a kept shell.

use netplay::transport::ssh::reads::{config, host_certificate, kept_shell, known_hosts};

/// Reads the bytes: the first chooses what they are.
pub(crate) fn run(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    match (first % 4, std::str::from_utf8(bytes)) {
        (0, Ok(text)) => known_hosts(text),
        (1, Ok(text)) => config(text),
        (2, _) => host_certificate(bytes),
        _ => kept_shell(bytes),
    }
}
