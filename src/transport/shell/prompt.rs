//! Recognises the prompt: the last line, whole, as one of the platform's levels shows it.
//!
//! Only the unfinished line is ever looked at, and only when it is short, so that a long answer costs nothing. A line
//! that looks like a prompt in the midst of an answer is none, because a line end follows it. What stalls on such a
//! line is told by the device's name: the session learns it, and believes a line that carries it at once; a line with
//! another name (`hostname` was changed; a recording that stands in a description) is believed when nothing follows it.

use crate::platform::Platform;

/// The longest line that can be a prompt. Names have at most 63 letters, levels at most some 100.
pub(super) const MAX_PROMPT: usize = 512;

/// A name cut at so many letters still is the name: classic IOS cuts it at 20 in configuration mode, IOS XR at 31.
const CUT_NAME: usize = 16;

/// A prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prompt {
    /// The number of the platform's level.
    pub(super) level: usize,
    /// The device's name, where the prompt shows it.
    pub(super) host: Option<String>,
    /// The line.
    pub(super) text: String,
}

/// What the session knows of its prompts.
#[derive(Debug)]
pub(super) struct Prompts {
    platform: &'static Platform,
    host: Option<String>,
    /// The line that alone is a prompt, where the platform is not known.
    only: Option<String>,
}

impl Prompts {
    /// Makes the knowledge of a session that has seen nothing.
    pub(super) fn new(platform: &'static Platform) -> Prompts {
        Prompts { platform, host: None, only: None }
    }

    /// Takes no other line for a prompt from here on.
    pub(super) fn believe_only(&mut self, line: &str) {
        self.only = Some(line.trim().to_owned());
    }

    /// Returns the prompt that the line is. The line before it is asked for only where it tells the level.
    pub(super) fn find(&self, line: &str, before: impl FnOnce() -> String) -> Option<Prompt> {
        if self.only.as_ref().is_some_and(|only| only != line.trim()) {
            return None;
        }
        let two;
        let lines = match self.platform.has_two_line_prompts() {
            true => {
                two = format!("{}\n{line}", before());
                &two
            }
            false => line,
        };
        let found = self.platform.prompt(lines)?;
        Some(Prompt { level: found.level, host: found.host.map(str::to_owned), text: line.to_owned() })
    }

    /// Claims that the prompt carries the learned name, or that nobody knows a name yet.
    pub(super) fn is_ours(&self, prompt: &Prompt) -> bool {
        match (&self.host, &prompt.host) {
            (None, _) => true,
            (Some(host), Some(shown)) => host == shown || shown.len() >= CUT_NAME && host.starts_with(shown.as_str()),
            (Some(_), None) => false,
        }
    }

    /// Remembers the name that the prompt carries.
    pub(super) fn learn(&mut self, prompt: &Prompt) {
        if prompt.host.is_some() && !(self.host.is_some() && self.is_ours(prompt)) {
            self.host.clone_from(&prompt.host);
        }
    }

    /// Returns the learned name.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform;

    #[test]
    fn the_learned_name_is_believed_and_another_is_learned() {
        let mut prompts = Prompts::new(platform::find("ios").unwrap());
        let prompt = |prompts: &Prompts, line| prompts.find(line, String::new).unwrap();
        let first = prompt(&prompts, "a-router-with-a-long-name# ");
        assert!(prompts.is_ours(&first), "nobody knows better");
        prompts.learn(&first);
        assert_eq!(prompts.host(), Some("a-router-with-a-long-name"));
        let cut = prompt(&prompts, "a-router-with-a-long(config)#");
        assert!(prompts.is_ours(&cut), "IOS cuts it");
        prompts.learn(&cut);
        assert_eq!(prompts.host(), Some("a-router-with-a-long-name"), "the whole name is kept");
        let renamed = prompt(&prompts, "bb(config)#");
        assert!(!prompts.is_ours(&renamed));
        prompts.learn(&renamed);
        assert_eq!(prompts.host(), Some("bb"));
    }
}
