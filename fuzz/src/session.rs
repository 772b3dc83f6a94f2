//! Whatever a device says, at login and to commands, ends in an answer or a failure.

use netplay::platform;
use netplay::transport::shell::replay;

/// Reads the bytes: which platform, in what pieces, and what is said.
pub(crate) fn run(bytes: &[u8]) {
    let [first, second, said @ ..] = bytes else { return };
    let platforms: Vec<_> = platform::all().filter(|platform| !platform.is_host).collect();
    let platform = platforms[usize::from(*first) % platforms.len()];
    let reads = said.chunks(1 + usize::from(*second) % 40).map(<[u8]>::to_vec);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be made");
    let shows: &[&str] = &["show version", "show clock"];
    let works = [(None, shows), (Some("config"), &["hostname r1"][..]), (None, &["reload"][..])];
    let done = runtime.block_on(replay(platform, reads, &works));
    assert!(done.len() == works.len() || done.len() == 1 && done[0].is_err());
}
