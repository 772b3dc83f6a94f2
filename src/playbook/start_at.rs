use super::{Item, Play, RoleTasks};
use crate::source::{Diagnostic, did_you_mean};
use regex::Regex;
use std::sync::Arc;

/// Returns the plays without what stands before the first task of that name (`--start-at-task`): plays before its play
/// have no tasks left. Files that are included at run time are not looked into, as in Ansible.
pub fn start_at(plays: &[Arc<Play>], name: &str) -> Result<Vec<Arc<Play>>, Diagnostic> {
    let mut search = Search { name, pattern: glob(name), found: false, seen: Vec::new() };
    let mut left = Vec::new();
    for play in plays {
        if search.found {
            left.push(Arc::clone(play));
            continue;
        }
        let mut play = Play::clone(play);
        for section in &mut play.sections {
            *section = search.rest(section);
        }
        left.push(Arc::new(play));
    }
    if search.found {
        return Ok(left);
    }
    let error = Diagnostic::error("E0503", format!("`--start-at-task`: no task is called `{name}`"));
    Err(error.maybe_help(did_you_mean(name, search.seen.iter().map(String::as_str))))
}

struct Search<'a> {
    name: &'a str,
    pattern: Option<Regex>,
    found: bool,
    seen: Vec<String>,
}

impl Search<'_> {
    /// Returns what of a list is left; of a block that holds the task all parts but what stands before it.
    fn rest(&mut self, items: &[Item]) -> Vec<Item> {
        let mut left = Vec::new();
        for item in items {
            if self.found {
                left.push(item.clone());
                continue;
            }
            match item {
                Item::Task(task) => {
                    self.found = self.is_it(&task.title(), task.role.as_ref().map(|role| &*role.name));
                    left.extend(self.found.then(|| item.clone()));
                }
                Item::Block(block) => {
                    let mut rest = (**block).clone();
                    for part in [&mut rest.body, &mut rest.rescue, &mut rest.always] {
                        if !self.found {
                            *part = self.rest(part);
                        }
                    }
                    left.extend(self.found.then(|| Item::Block(Arc::new(rest))));
                }
                Item::Role(used) => {
                    let rest = RoleTasks { role: Arc::clone(&used.role), items: self.rest(&used.items) };
                    left.extend(self.found.then(|| Item::Role(Arc::new(rest))));
                }
            }
        }
        left
    }

    fn is_it(&mut self, title: &str, role: Option<&str>) -> bool {
        // A task of a role is found by its name with and without the role's.
        let short = role.and_then(|role| title.strip_prefix(role)?.strip_prefix(" : "));
        let is_it = [Some(title), short]
            .into_iter()
            .flatten()
            .any(|title| title == self.name || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(title)));
        self.seen.push(title.to_owned());
        is_it
    }
}

fn glob(name: &str) -> Option<Regex> {
    let pattern = regex::escape(name).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!("(?s)^{pattern}$")).ok()
}
