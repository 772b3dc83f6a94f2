//! Which platform a device is of, by what its prompt looks like and what it says to a command that only reads.
//!
//! Every definition has both ([`Detect`](super::Detect)). The prompt leaves a few platforms; their commands are asked, those
//! first that most of them share, until an answer fits one.

use super::pattern::Compile;
use super::{Platform, all, read};
use std::sync::LazyLock;

/// The name that asks for it: `ansible_network_os: auto`.
pub const AUTO: &str = "auto";

/// A device of which nothing is known yet: it prompts somehow, and some pager may stop what it says.
const DEFINITION: &str = r#"
name: auto
command_level: any
levels: [{name: any, prompt: '^\S.{0,200}[>#$%\]]$'}]
pager: {prompt: '(?i)^\W*-+ ?\(?more\b.*$|^lines \d+.*$|(?i)^press any key to continue.*$', answer: ' ', end: '^\(END\)$', end_answer: q}
text: {}
timeout_seconds: 30
"#;

static DEVICE: LazyLock<Platform> =
    LazyLock::new(|| read::read(DEFINITION, Compile::WhenAsked).expect("a test reads it"));

/// What an answer says.
#[derive(Debug)]
pub enum Verdict {
    /// It is this.
    One(&'static Platform),
    /// It is none of those whose command it was.
    None,
    /// It may be each of these.
    Several(Vec<&'static str>),
}

/// Returns the platform of devices of which nothing is known.
pub(super) fn unknown() -> &'static Platform {
    &DEVICE
}

/// Returns the platforms that have such a prompt. The line before it tells some of them apart.
pub fn candidates(before: &str, prompt: &str) -> Vec<&'static Platform> {
    let lines = format!("{before}\n{prompt}");
    let fits = |platform: &&Platform| {
        let seen = if platform.has_two_line_prompts() { lines.as_str() } else { prompt };
        !platform.is_host && platform.detect.is_some() && platform.prompt(seen).is_some()
    };
    all().filter(fits).collect()
}

/// Returns what is to be asked, those commands first that tell most of the platforms apart.
pub fn commands(candidates: &[&'static Platform]) -> Vec<&'static str> {
    let asked = |platform: &&'static Platform| platform.detect.as_ref().map(|detect| detect.command.as_str());
    let mut commands: Vec<(usize, &str)> = Vec::new();
    for command in candidates.iter().filter_map(asked) {
        match commands.iter_mut().find(|(_, known)| *known == command) {
            Some((count, _)) => *count += 1,
            None => commands.push((1, command)),
        }
    }
    // The order of the definitions among equals.
    commands.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    commands.into_iter().map(|(_, command)| command).collect()
}

/// Says what an answer to a command means.
pub fn judge(candidates: &[&'static Platform], command: &str, answer: &str) -> Verdict {
    let fits = |platform: &&&'static Platform| {
        platform.detect.as_ref().filter(|detect| detect.command == command).is_some_and(|detect| {
            detect.shows.iter().any(|shows| shows.is_match(answer))
                && !detect.shows_not.iter().any(|not| not.is_match(answer))
        })
    };
    let fitting: Vec<&'static Platform> = candidates.iter().filter(fits).copied().collect();
    match fitting.as_slice() {
        [] => Verdict::None,
        [one] => Verdict::One(one),
        several => Verdict::Several(several.iter().map(|platform| platform.name.as_str()).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::find;

    fn names(platforms: &[&'static Platform]) -> Vec<&'static str> {
        platforms.iter().map(|platform| platform.name.as_str()).collect()
    }

    #[test]
    fn a_prompt_leaves_few_platforms_and_an_answer_one() {
        let found = candidates("", "<HUAWEI>");
        assert!(names(&found).contains(&"huawei_vrp") && names(&found).contains(&"hp_comware"), "{found:?}");
        assert!(!names(&found).contains(&"cisco_ios"));
        assert_eq!(commands(&found)[0], "display version");
        let cases = [
            ("Huawei Versatile Routing Platform Software\nVRP (R) software, Version 5.170 (S5735)", "huawei_vrp"),
            ("Huawei Versatile Routing Platform Software\nVRP (R) software, Version 8.180 (CE6850)", "huawei_vrpv8"),
            ("H3C Comware Software, Version 7.1.070", "hp_comware"),
        ];
        for (answer, name) in cases {
            let verdict = judge(&found, "display version", answer);
            assert!(matches!(verdict, Verdict::One(platform) if platform.name == name), "{answer}: {verdict:?}");
        }
        assert!(matches!(judge(&found, "display version", "% Unrecognized command"), Verdict::None));
    }

    #[test]
    fn what_fits_two_is_said() {
        let two = [find("cisco_ios").unwrap(), find("frr").unwrap()];
        let verdict = judge(&two, "show version", "Cisco IOS Software, and\nFRRouting 8.4 as well");
        assert!(matches!(&verdict, Verdict::Several(names) if *names == ["cisco_ios", "frr"]), "{verdict:?}");
    }

    #[test]
    fn the_unknown_device_is_found_by_its_name_alone() {
        assert_eq!(find(AUTO).unwrap().name, AUTO);
        assert!(all().all(|platform| platform.name != AUTO));
    }
}
