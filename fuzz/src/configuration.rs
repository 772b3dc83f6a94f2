//! Any two texts are configurations: compared, and turned into lines, for every platform that has them.

use super::choice_and_text;
use netplay::configuration::{merge, missing, parse, print, remedy, to_send};
use netplay::platform::{self, Platform};

/// Reads the bytes: a choice of the platform, what is wanted, and behind a NUL what is there.
pub(crate) fn run(bytes: &[u8]) {
    let Some((choice, text)) = choice_and_text(bytes) else { return };
    let platforms: Vec<&Platform> = platform::all().filter(|platform| platform.config_level.is_some()).collect();
    let style = &platforms[usize::from(choice) % platforms.len()].text;
    let (wanted, running) = text.split_once('\u{0}').unwrap_or((text, text));
    let (wanted, running) = (parse(wanted, style), parse(running, style));
    assert!(missing(&running, &running, style).is_empty(), "what is there is not missing");
    let lines = missing(&wanted, &running, style);
    let _ = to_send(&lines, style, None);
    let _ = print(&merge(running.clone(), &lines, style));
    let _ = to_send(&remedy(&wanted, &running, style), style, None);
}
