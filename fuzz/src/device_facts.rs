//! Whatever a device answers, facts are made of it.

use netplay::module::cli_facts::of_answer;
use netplay::platform;

/// Reads the bytes: which platform, and what it says to every command.
pub(crate) fn run(bytes: &[u8]) {
    let Some((first, said)) = super::choice_and_text(bytes) else { return };
    let platforms: Vec<_> = platform::all().filter(|platform| !platform.is_host).collect();
    // A template may refuse it.
    let _ = of_answer(platforms[usize::from(first) % platforms.len()], said);
}
