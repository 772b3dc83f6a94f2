//! `~/.ssh/config`, as ssh_config(5) describes it.
//!
//! Reading makes a flat list of sections; [`Config::lookup`] walks it for one host, the first value of a keyword
//! counting. Keywords that say nothing to a client like this one are passed over. `Match exec`, `Match canonical` and
//! whatever else would have to run something never match.

use super::pattern;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How deep files may include each other; OpenSSH's limit.
const DEEPEST_INCLUDE: usize = 16;

/// How many files are read in all: includes that include each other would multiply up to the depth.
const MOST_FILES: usize = 256;

/// The largest file that is read.
const LARGEST_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// A client configuration, ready to be asked about hosts.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    sections: Vec<Section>,
    files_read: usize,
}

/// Settings that hold under conditions (all of them: an include inside a section adds its own).
#[derive(Clone, Debug)]
struct Section {
    conditions: Vec<Condition>,
    settings: Vec<(String, Vec<String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Host(Vec<String>),
    /// Keyword of `Match`, whether it was negated, and its patterns.
    Match(Vec<(String, bool, Vec<String>)>),
}

/// What a configuration says about a host; everything it is silent about is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HostConfig {
    pub(super) host_name: Option<String>,
    pub(super) user: Option<String>,
    pub(super) port: Option<u16>,
    /// Paths as written, tokens and `~` not yet expanded.
    pub(super) identity_files: Vec<String>,
    /// `CertificateFile`, as written.
    pub(super) certificate_files: Vec<String>,
    pub(super) identities_only: bool,
    /// The socket of the agent; `none` for no agent.
    pub(super) identity_agent: Option<String>,
    /// Hosts in the order passed through; an empty list is `none`.
    pub(super) proxy_jump: Option<Vec<String>>,
    pub(super) proxy_command: Option<String>,
    pub(super) known_hosts_files: Vec<String>,
    pub(super) strict_host_key_checking: Option<String>,
    pub(super) host_key_alias: Option<String>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) keepalive: Option<Duration>,
}

impl Config {
    /// Reads files that exist, in the order in which they count.
    pub(super) fn read(files: &[PathBuf], home: Option<&Path>) -> Config {
        let mut config = Config::default();
        for file in files {
            config.read_file(file, &[], home, 0);
        }
        config
    }

    /// Reads a text that includes nothing.
    pub(super) fn of_text(text: &str, home: Option<&Path>) -> Config {
        let mut config = Config::default();
        config.read_text(text, &[], &|_| Vec::new(), home, 0);
        config
    }

    fn read_file(&mut self, file: &Path, outer: &[Condition], home: Option<&Path>, depth: usize) {
        self.files_read += 1;
        if self.files_read > MOST_FILES {
            return;
        }
        let small = std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST_FILE_BYTES);
        if let Some(bytes) = small.then(|| std::fs::read(file).ok()).flatten() {
            let include = |name: &str| included_files(name, file, home);
            self.read_text(&String::from_utf8_lossy(&bytes), outer, &include, home, depth);
        }
    }

    fn read_text(
        &mut self,
        text: &str,
        outer: &[Condition],
        include: &dyn Fn(&str) -> Vec<PathBuf>,
        home: Option<&Path>,
        depth: usize,
    ) {
        let mut conditions = outer.to_vec();
        self.sections.push(Section { conditions: conditions.clone(), settings: Vec::new() });
        for line in text.lines() {
            let Some((keyword, words)) = split_line(line) else { continue };
            match keyword.as_str() {
                "host" | "match" => {
                    conditions = outer.to_vec();
                    conditions.push(if keyword == "host" { Condition::Host(words) } else { match_condition(&words) });
                    self.sections.push(Section { conditions: conditions.clone(), settings: Vec::new() });
                }
                "include" if depth < DEEPEST_INCLUDE => {
                    for file in words.iter().flat_map(|name| include(name)) {
                        self.read_file(&file, &conditions, home, depth + 1);
                    }
                    self.sections.push(Section { conditions: conditions.clone(), settings: Vec::new() });
                }
                _ => {
                    let section = self.sections.last_mut().expect("one was pushed before the loop");
                    section.settings.push((keyword, words));
                }
            }
        }
    }

    /// Returns what is said about a host. `user` is the one that was asked for, if one was; `local_user` runs netplay.
    pub(super) fn lookup(&self, host: &str, user: Option<&str>, local_user: &str) -> HostConfig {
        let mut found = HostConfig::default();
        for section in &self.sections {
            let holds = section.conditions.iter().all(|condition| match condition {
                Condition::Host(patterns) => pattern::matches_list(patterns.iter().map(String::as_str), host),
                Condition::Match(criteria) => criteria.iter().all(|(keyword, negated, patterns)| {
                    let current_host = found.host_name.as_deref().unwrap_or(host);
                    let current_user = user.or(found.user.as_deref()).unwrap_or(local_user);
                    let subject = match keyword.as_str() {
                        "all" => return !negated,
                        "host" => current_host,
                        "originalhost" => host,
                        "user" => current_user,
                        "localuser" => local_user,
                        _ => return false,
                    };
                    pattern::matches_list(patterns.iter().map(String::as_str), subject) != *negated
                }),
            });
            if holds {
                section.settings.iter().for_each(|(keyword, words)| found.take(host, keyword, words));
            }
        }
        found
    }
}

impl HostConfig {
    fn take(&mut self, host: &str, keyword: &str, words: &[String]) {
        fn first<T>(slot: &mut Option<T>, value: Option<T>) {
            if slot.is_none() {
                *slot = value;
            }
        }
        let Some(word) = words.first() else { return };
        let seconds = || word.parse().ok().filter(|s| *s > 0).map(Duration::from_secs);
        match keyword {
            "hostname" => first(&mut self.host_name, Some(word.replace("%%", "%").replace("%h", host))),
            "user" => first(&mut self.user, Some(word.clone())),
            "port" => first(&mut self.port, word.parse().ok()),
            "identityfile" => self.identity_files.push(word.clone()),
            "certificatefile" => self.certificate_files.push(word.clone()),
            "identitiesonly" => self.identities_only |= word.eq_ignore_ascii_case("yes"),
            "identityagent" => first(&mut self.identity_agent, Some(word.clone())),
            "userknownhostsfile" if self.known_hosts_files.is_empty() => self.known_hosts_files = words.to_vec(),
            "stricthostkeychecking" => first(&mut self.strict_host_key_checking, Some(word.to_ascii_lowercase())),
            "hostkeyalias" => first(&mut self.host_key_alias, Some(word.clone())),
            "connecttimeout" => first(&mut self.connect_timeout, seconds()),
            "serveraliveinterval" => first(&mut self.keepalive, seconds()),
            // Whichever of the two comes first rules the other out.
            "proxyjump" if self.proxy_command.is_none() => {
                let jumps = words.join(",");
                let none = jumps.eq_ignore_ascii_case("none");
                let hosts = jumps.split(',').filter(|name| !name.is_empty() && !none).map(str::to_owned).collect();
                first(&mut self.proxy_jump, Some(hosts));
            }
            "proxycommand" if self.proxy_jump.is_none() => first(&mut self.proxy_command, Some(words.join(" "))),
            _ => {}
        }
    }
}

/// Splits a line into its keyword, in lower case, and its words. `keyword = value` and quotes are understood; the
/// value of `ProxyCommand` is kept as it is, for the shell.
fn split_line(line: &str) -> Option<(String, Vec<String>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let keyword = line[..end].to_ascii_lowercase();
    let rest = line[end..].trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
    let words = if keyword == "proxycommand" { vec![rest.to_owned()] } else { split_words(rest) };
    Some((keyword, words))
}

fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn match_condition(words: &[String]) -> Condition {
    let mut criteria = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        // `host=pattern` is the same as `host pattern`.
        let (keyword, inline) = match word.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let negated = keyword.starts_with('!');
        let keyword = keyword.trim_start_matches('!').to_ascii_lowercase();
        let patterns = match keyword.as_str() {
            "all" | "canonical" | "final" => Vec::new(),
            _ => inline.or_else(|| words.next().cloned()).unwrap_or_default().split(',').map(str::to_owned).collect(),
        };
        criteria.push((keyword, negated, patterns));
    }
    if criteria.is_empty() {
        criteria.push(("nothing".into(), false, Vec::new()));
    }
    Condition::Match(criteria)
}

/// Returns the files that an `Include` names: relative to `~/.ssh` in a user's file, to `/etc/ssh` in the system's.
fn included_files(name: &str, including: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let base = match home {
        Some(home) if !including.starts_with("/etc/ssh") => home.join(".ssh"),
        _ => PathBuf::from("/etc/ssh"),
    };
    let path = base.join(expand_tilde(name, home));
    if !name.contains(['*', '?']) {
        return vec![path];
    }
    // Only the last part may be a pattern: that is how these lines are written (`conf.d/*`).
    let (Some(folder), Some(pattern)) = (path.parent(), path.file_name()) else { return Vec::new() };
    let pattern = pattern.to_string_lossy();
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            !name.starts_with('.') && pattern::matches(&pattern, &name)
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

/// Returns a path with a leading `~/` replaced by the user's home.
pub(super) fn expand_tilde(path: &str, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// What `%`-tokens stand for.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    /// `%h`: the name or address connected to.
    pub(super) host: &'a str,
    /// `%n`: the name as the user wrote it.
    pub(super) original: &'a str,
    /// `%p`
    pub(super) port: u16,
    /// `%r`: the user on the server.
    pub(super) user: &'a str,
    /// `%u`: the local user.
    pub(super) local_user: &'a str,
    /// `%d`: the local home.
    pub(super) home: &'a str,
}

impl Tokens<'_> {
    /// Replaces the tokens in a text; unknown ones stay.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('%') => out.push('%'),
                Some('h') => out.push_str(self.host),
                Some('n') => out.push_str(self.original),
                Some('p') => out.push_str(&self.port.to_string()),
                Some('r') => out.push_str(self.user),
                Some('u') => out.push_str(self.local_user),
                Some('d') => out.push_str(self.home),
                other => {
                    out.push('%');
                    out.extend(other);
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn config(text: &str) -> Config {
        let mut config = Config::default();
        config.read_text(text, &[], &|_| Vec::new(), None, 0);
        config
    }

    #[test]
    fn the_first_value_counts() {
        let config = config(
            "User early\nHost r1 r2\n  HostName %h.example.com\n  Port=2222\n  IdentityFile ~/a\nHost *\n  \
             HostName other\n  IdentityFile \"~/b c\" # note\n  User late\n",
        );
        let found = config.lookup("r1", None, "me");
        assert_eq!(found.host_name.as_deref(), Some("r1.example.com"));
        assert_eq!((found.port, found.user.as_deref()), (Some(2222), Some("early")));
        assert_eq!(found.identity_files, ["~/a", "~/b c"]);
        assert_eq!(config.lookup("r3", None, "me").host_name.as_deref(), Some("other"));
    }

    #[test]
    fn hosts_are_excluded_by_negation() {
        let config = config("Host *.lab !old.lab\nUser admin\n");
        assert_eq!(config.lookup("new.lab", None, "me").user.as_deref(), Some("admin"));
        assert_eq!(config.lookup("old.lab", None, "me").user, None);
    }

    #[test]
    fn match_knows_the_simple_forms() {
        let cases = [
            ("Match all", true),
            ("Match host r*", true),
            ("Match host x*", false),
            ("Match !host x*", true),
            ("Match host=r1 user=admin", true),
            ("Match user root", false),
            ("Match localuser me originalhost r1", true),
            ("Match exec \"true\"", false),
            ("Match", false),
            ("Match host", false),
        ];
        for (line, matched) in cases {
            let found = config(&format!("{line}\nPort 7\n")).lookup("r1", Some("admin"), "me");
            assert_eq!(found.port.is_some(), matched, "{line}");
        }
    }

    #[test]
    fn jumps_and_commands_rule_each_other_out() {
        let jumps = |text: &str| {
            let found = config(text).lookup("h", None, "me");
            (found.proxy_jump, found.proxy_command)
        };
        let list = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(jumps("ProxyJump a,u@b:22\nProxyCommand nc\n"), (list(&["a", "u@b:22"]), None));
        assert_eq!(jumps("ProxyJump none\nProxyJump a\n"), (list(&[]), None));
        assert_eq!(jumps("ProxyCommand nc \"%h\" %p\nProxyJump a\n"), (None, Some("nc \"%h\" %p".to_owned())));
    }

    #[test]
    fn included_files_keep_to_the_section_they_stand_in() {
        let dir = tempfile::tempdir().unwrap();
        let ssh = dir.path().join(".ssh/conf.d");
        std::fs::create_dir_all(&ssh).unwrap();
        std::fs::write(ssh.join("a"), "Host *\nPort 1\n").unwrap();
        std::fs::write(ssh.join("b"), "Port 2\nInclude conf.d/*\n").unwrap();
        let main = dir.path().join(".ssh/config");
        std::fs::write(&main, "Host in\n  Include conf.d/*\n  User u\nHost out\n  Port 3\n").unwrap();
        let config = Config::read(&[main], Some(dir.path()));
        let found = config.lookup("in", None, "me");
        assert_eq!((found.port, found.user.as_deref()), (Some(1), Some("u")));
        assert_eq!(config.lookup("out", None, "me").port, Some(3));
    }

    #[test]
    fn tokens_are_replaced() {
        let tokens = Tokens { host: "10.0.0.1", original: "r1", port: 22, user: "root", local_user: "me", home: "/h" };
        assert_eq!(tokens.expand("%d/%n-%h:%p %r%u %% %x %"), "/h/r1-10.0.0.1:22 rootme % %x %");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(?s).{0,300}") {
            let _ = config(&text).lookup("h", None, "me");
        }
    }
}
