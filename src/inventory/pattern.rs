//! Patterns that choose hosts: `leaf:&dc1:!old`, `web*`, `~db\d+`, `spine[0:3]`, `all`.
//!
//! A pattern is cut into parts; plain parts add hosts, `&` parts keep only those they match too, `!` parts take away: in
//! this order, wherever they stand. A part matches groups (all their hosts) and hosts by name.

use super::matcher::Matcher;
use super::parts::{split, split_subscript};
use super::{ALL, Inventory, LOCALHOST};
use crate::source::{Diagnostic, SourceMap, Span, did_you_mean, expand_home};
use indexmap::IndexSet;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// What a pattern chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The hosts, each once, in the order of the pattern's parts and inside of a part in inventory order.
    pub hosts: Vec<Arc<str>>,
    /// Parts that match neither a group nor a host.
    pub unmatched: Vec<Unmatched>,
}

/// A part of a pattern that matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The part as written, without `&` or `!`.
    pub part: String,
    /// "did you mean …?", when a group or host has a name near to it.
    pub help: Option<String>,
}

impl Unmatched {
    /// Returns the warning about it; `span` is where the pattern stands.
    pub fn diagnostic(&self, span: Option<Span>) -> Diagnostic {
        let message = format!("`{}` matches no group and no host", self.part);
        let warning = Diagnostic::warning("W0451", message).maybe_help(self.help.clone());
        match span {
            Some(span) => warning.at(span),
            None => warning,
        }
    }
}

/// A pattern that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid host pattern `{part}`: {message}")]
pub struct PatternError {
    /// The part that is wrong.
    pub part: String,
    /// Why.
    pub message: String,
}

impl PatternError {
    /// Returns the error as a diagnostic; `span` is where the pattern stands.
    pub fn diagnostic(&self, span: Option<Span>) -> Diagnostic {
        let error = Diagnostic::error("E0450", self.to_string());
        match span {
            Some(span) => error.at(span),
            None => error,
        }
    }
}

/// A limit that cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// A pattern in it is wrong.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// Its file cannot be read.
    #[error("{}", .0.message)]
    File(Box<Diagnostic>),
    /// Its file holds no pattern. Ansible would then take every host, which nobody means who limits a run.
    #[error("`{0}` names no hosts")]
    Empty(String),
}

impl LimitError {
    /// Returns the error as a diagnostic.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            LimitError::Pattern(error) => error.diagnostic(None),
            LimitError::File(diagnostic) => (**diagnostic).clone(),
            LimitError::Empty(_) => {
                Diagnostic::error("E0452", self.to_string()).help("leave `--limit` out to choose every host")
            }
        }
    }
}

impl Inventory {
    /// Returns the hosts that a pattern chooses. Parts that match nothing add nothing; see [`Inventory::selection`].
    ///
    /// A name of this machine (`localhost`, `127.0.0.1`, `::1`) that no source knows is the implicit localhost; only
    /// the name itself chooses it.
    pub fn select(&self, pattern: &str) -> Result<Vec<Arc<str>>, PatternError> {
        Ok(self.selection(&[pattern])?.hosts)
    }

    /// Returns the hosts that a list of patterns chooses together, and the parts that match nothing.
    pub fn selection<T: AsRef<str>>(&self, patterns: &[T]) -> Result<Selection, PatternError> {
        let parts: Vec<String> = patterns.iter().flat_map(|pattern| split(pattern.as_ref())).collect();
        self.evaluate(&parts, &[])
    }

    /// Keeps of `hosts` those that a limit chooses: a pattern in which `@FILE` stands for the patterns in that file, one
    /// on a line. A blank limit keeps all.
    pub fn limit(&self, hosts: &[Arc<str>], spec: &str) -> Result<Selection, LimitError> {
        let mut parts = Vec::new();
        for part in split(spec) {
            match part.strip_prefix('@') {
                Some(path) => parts.extend(limit_file(&expand_home(path), path)?),
                None => parts.push(part),
            }
        }
        if parts.is_empty() {
            return Ok(Selection { hosts: hosts.to_vec(), unmatched: Vec::new() });
        }
        let mut chosen = self.evaluate(&parts, hosts)?;
        let kept: HashSet<Arc<str>> = chosen.hosts.drain(..).collect();
        chosen.hosts = hosts.iter().filter(|host| kept.contains(*host)).cloned().collect();
        Ok(chosen)
    }

    /// Applies parts in their order: plain ones, `&`, `!`. `earlier` may hold the implicit localhost already.
    fn evaluate(&self, parts: &[String], earlier: &[Arc<str>]) -> Result<Selection, PatternError> {
        let with = |sign: &'static [char]| parts.iter().filter(move |part| part.starts_with(sign));
        let mut chosen: IndexSet<Arc<str>> = IndexSet::new();
        let localhost = |host: &&Arc<str>| LOCALHOST.contains(&&***host) && !self.hosts.contains_key(*host);
        let mut notes = Notes { unmatched: Vec::new(), localhost: earlier.iter().find(localhost).cloned() };
        let mut plain = parts.iter().filter(|part| !part.starts_with(['&', '!'])).peekable();
        if plain.peek().is_none() {
            chosen.extend(self.hosts_of(ALL));
        }
        for part in plain {
            match self.hosts.get_key_value(part.as_str()) {
                Some((name, _)) => {
                    chosen.insert(Arc::clone(name));
                }
                None => chosen.extend(self.matching(part, &mut notes)?),
            }
        }
        for part in with(&['&']) {
            let kept: HashSet<Arc<str>> = self.matching(part, &mut notes)?.into_iter().collect();
            chosen.retain(|host| kept.contains(host));
        }
        for part in with(&['!']) {
            let gone: HashSet<Arc<str>> = self.matching(part, &mut notes)?.into_iter().collect();
            chosen.retain(|host| !gone.contains(host));
        }
        Ok(Selection { hosts: chosen.into_iter().collect(), unmatched: notes.unmatched })
    }

    /// Returns the hosts that one part matches, whatever its sign, after its subscript.
    ///
    /// A host may come more than once (by its group and by its name), and the subscript counts that, as in Ansible.
    fn matching(&self, part: &str, notes: &mut Notes) -> Result<Vec<Arc<str>>, PatternError> {
        let wrong = |message: String| PatternError { part: part.into(), message };
        let part = part.strip_prefix(['&', '!']).unwrap_or(part);
        if part.is_empty() {
            return Err(wrong("nothing follows `&` or `!`".into()));
        }
        let (name, subscript) = split_subscript(part);
        let matcher = Matcher::new(name).map_err(wrong)?;
        let groups: Vec<&Arc<str>> = matcher.filter(&self.groups).map_err(wrong)?;
        let mut hosts: Vec<Arc<str>> = groups.iter().flat_map(|group| self.hosts_of(group)).collect();
        if groups.is_empty() || name.starts_with('~') || name.contains(['.', '?', '*', '[']) {
            hosts.extend(matcher.filter(&self.hosts).map_err(wrong)?.into_iter().cloned());
        }
        if hosts.is_empty() && LOCALHOST.contains(&name) {
            hosts.push(self.localhost(name, notes));
        }
        if hosts.is_empty() && groups.is_empty() && name != ALL {
            let names = self.groups.keys().chain(self.hosts.keys()).map(|name| &**name);
            let help = (!name.starts_with('~')).then(|| did_you_mean(name, names)).flatten();
            notes.unmatched.push(Unmatched { part: part.into(), help });
        }
        match subscript {
            Some(subscript) if !hosts.is_empty() => subscript.apply(hosts).map_err(wrong),
            _ => Ok(hosts),
        }
    }

    /// Returns the host that a name of this machine means: the first such host of the inventory, else the implicit one,
    /// which is one host under whatever name it was chosen first.
    fn localhost(&self, name: &str, notes: &mut Notes) -> Arc<str> {
        let known = self.hosts.keys().find(|host| LOCALHOST.contains(&&***host));
        match known {
            Some(known) => Arc::clone(known),
            None => Arc::clone(notes.localhost.get_or_insert_with(|| name.into())),
        }
    }
}

/// What is kept in mind while the parts of a pattern are applied.
struct Notes {
    unmatched: Vec<Unmatched>,
    /// The name under which the implicit localhost was chosen first.
    localhost: Option<Arc<str>>,
}

/// Reads the patterns of a limit's file.
fn limit_file(path: &Path, shown: &str) -> Result<Vec<String>, LimitError> {
    let sources = SourceMap::new();
    let id = sources.load(path).map_err(|diagnostic| {
        LimitError::File(Box::new(diagnostic.note(format!("it is the file of the limit `@{shown}`"))))
    })?;
    let text = Arc::clone(&sources.get(id).text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parts: Vec<String> = lines.map(String::from).collect();
    if parts.is_empty() { Err(LimitError::Empty(format!("@{shown}"))) } else { Ok(parts) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Group;
    use proptest::prelude::*;

    /// Makes an inventory of groups with their hosts.
    fn inventory(groups: &[(&str, &[&str])]) -> Inventory {
        let mut inventory = Inventory::default();
        inventory.groups.insert(ALL.into(), Group::default());
        for (group, hosts) in groups {
            for host in *hosts {
                inventory.add_host(host, &[group], []);
            }
        }
        inventory
    }

    fn network() -> Inventory {
        inventory(&[
            ("leaf", &["leaf1", "leaf2", "leaf3"]),
            ("spine", &["spine1", "spine2"]),
            ("dc1", &["leaf1", "leaf2", "spine1"]),
            ("old", &["leaf2"]),
            ("edge", &["fe80::1", "gw.example.com"]),
        ])
    }

    fn chosen(pattern: &str) -> Vec<String> {
        network().select(pattern).unwrap().iter().map(|host| host.to_string()).collect()
    }

    #[test]
    fn patterns_choose_hosts() {
        let cases: &[(&str, &[&str])] = &[
            ("leaf", &["leaf1", "leaf2", "leaf3"]),
            ("leaf1", &["leaf1"]),
            ("spine:leaf1", &["spine1", "spine2", "leaf1"]),
            ("leaf:&dc1:!old", &["leaf1"]),
            ("!old:&dc1:leaf", &["leaf1"]),
            ("leaf,!leaf1", &["leaf2", "leaf3"]),
            ("&dc1", &["leaf1", "leaf2", "spine1"]),
            ("leaf[0]", &["leaf1"]),
            ("leaf[-1]", &["leaf3"]),
            ("leaf[0:1]", &["leaf1", "leaf2"]),
            ("leaf[1:]", &["leaf2", "leaf3"]),
            ("leaf[1-2]", &["leaf2", "leaf3"]),
            ("leaf[5:9]", &[]),
            ("leaf:!leaf[0]", &["leaf2", "leaf3"]),
            ("~(leaf|spine)[12]$", &["leaf1", "leaf2", "spine1", "spine2"]),
            ("~spine", &["spine1", "spine2"]),
            ("~[[s]pine[12&&]$", &["spine1", "spine2"]),
            ("sp*1", &["spine1"]),
            ("?eaf3", &["leaf3"]),
            ("fe80::1", &["fe80::1"]),
            ("fe80::1,leaf1", &["fe80::1", "leaf1"]),
            ("*.example.com", &["gw.example.com"]),
            ("localhost", &["localhost"]),
            ("::1", &["::1"]),
            ("all:&localhost", &[]),
            ("localhost,127.0.0.1", &["localhost"]),
            ("leaf1:leaf1", &["leaf1"]),
            (" leaf1 , leaf2 ", &["leaf1", "leaf2"]),
            ("nope", &[]),
        ];
        for (pattern, expected) in cases {
            assert_eq!(chosen(pattern), *expected, "{pattern}");
        }
        assert_eq!(chosen("all").len(), 7);
        assert_eq!(chosen("*"), chosen("all"));
    }

    #[test]
    fn what_matches_nothing_is_told_with_the_nearest_name() {
        let selection = network().selection(&["leaf:!spin:&zzzzzzz"]).unwrap();
        let unmatched: Vec<_> = selection.unmatched.iter().map(|u| (u.part.as_str(), u.help.as_deref())).collect();
        assert_eq!(unmatched, [("zzzzzzz", None), ("spin", Some("did you mean `spine`?"))]);
        assert_eq!(network().selection(&["leaf", "all"]).unwrap().unmatched, []);
    }

    #[test]
    fn a_pattern_that_means_nothing_is_an_error() {
        let message = |pattern: &str| network().select(pattern).unwrap_err().to_string();
        assert!(message("~a)(b").starts_with("invalid host pattern `~a)(b`: not a regular expression: "));
        assert!(message("~leaf(").starts_with("invalid host pattern `~leaf(`: not a regular expression: "));
        assert_eq!(message("leaf[7]"), "invalid host pattern `leaf[7]`: there is no such host; it matches 3");
        assert_eq!(message("leaf,!"), "invalid host pattern `!`: nothing follows `&` or `!`");
    }

    #[test]
    fn an_inventory_host_is_preferred_to_the_implicit_localhost() {
        let inventory = inventory(&[("g", &["127.0.0.1"])]);
        assert_eq!(inventory.select("localhost").unwrap(), ["127.0.0.1".into()]);
    }

    #[test]
    fn a_limit_keeps_the_order_of_the_hosts() {
        let inventory = network();
        let hosts = inventory.select("leaf:spine").unwrap();
        let kept = |spec: &str| inventory.limit(&hosts, spec).map(|s| s.hosts.join(" "));
        assert_eq!(kept("spine1,leaf2").unwrap(), "leaf2 spine1");
        assert_eq!(kept("!leaf").unwrap(), "spine1 spine2");
        assert_eq!(kept("").unwrap(), "leaf1 leaf2 leaf3 spine1 spine2");
        let this = inventory.select("localhost").unwrap();
        assert_eq!(inventory.limit(&this, "127.0.0.1").unwrap().hosts, this);
        assert_eq!(inventory.limit(&this, "leaf").unwrap().hosts, []);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("hosts");
        std::fs::write(&file, "# failed\n\nleaf3\n  spine2 \n").unwrap();
        assert_eq!(kept(&format!("@{}", file.display())).unwrap(), "leaf3 spine2");
        std::fs::write(&file, "\n").unwrap();
        assert!(matches!(kept(&format!("@{}", file.display())), Err(LimitError::Empty(_))));
        assert!(matches!(kept("@/no/such/file"), Err(LimitError::File(_))));
    }

    proptest! {
        /// Sets of hosts, computed the plain way, for patterns of group names with signs.
        #[test]
        fn signs_agree_with_sets(terms in proptest::collection::vec(("[&!]?", 0usize..4), 1..5)) {
            let groups = [("a", ["h1", "h2"]), ("b", ["h2", "h3"]), ("c", ["h3", "h4"]), ("d", ["h1", "h4"])];
            let inventory = inventory(&groups.iter().map(|(name, hosts)| (*name, &hosts[..])).collect::<Vec<_>>());
            let pattern: Vec<String> = terms.iter().map(|(sign, at)| format!("{sign}{}", groups[*at].0)).collect();
            let of = |wanted: &str| terms.iter().filter(|(sign, _)| sign == wanted).map(|(_, at)| groups[*at].1).collect::<Vec<_>>();
            let (plus, and, not) = (of(""), of("&"), of("!"));
            let mut expected: Vec<&str> = ["h1", "h2", "h3", "h4"].into_iter().filter(|host| {
                (plus.is_empty() || plus.iter().any(|hosts| hosts.contains(host)))
                    && and.iter().all(|hosts| hosts.contains(host))
                    && !not.iter().any(|hosts| hosts.contains(host))
            }).collect();
            let chosen = inventory.select(&pattern.join(":")).unwrap();
            let mut chosen: Vec<&str> = chosen.iter().map(|host| &**host).collect();
            chosen.sort();
            expected.sort();
            prop_assert_eq!(chosen, expected);
        }

        #[test]
        fn slices_agree_with_counting(first in 0usize..6, last in proptest::option::of(0usize..6)) {
            let names = ["h0", "h1", "h2", "h3"];
            let inventory = inventory(&[("g", &names)]);
            let pattern = format!("g[{first}:{}]", last.map(|n| n.to_string()).unwrap_or_default());
            let model: Vec<&str> = names.iter().enumerate()
                .filter(|(at, _)| *at >= first && last.is_none_or(|last| *at <= last)).map(|(_, name)| *name).collect();
            let chosen = inventory.select(&pattern).unwrap();
            prop_assert_eq!(chosen.iter().map(|host| &**host).collect::<Vec<_>>(), model);
        }

        #[test]
        fn any_text_is_a_pattern_or_refused(pattern in "[a-c:,&!~*?\\[\\]0-9(){}\\\\ é.-]{0,20}") {
            let _ = network().select(&pattern);
            let _ = network().limit(&[], &pattern.replace('@', ""));
        }
    }
}
