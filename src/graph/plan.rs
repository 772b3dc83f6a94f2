//! Which tasks a run has: tags.

use crate::playbook::{Block, Item, RoleTasks, Task};
use std::collections::BTreeSet;
use std::sync::Arc;

/// `--tags` and `--skip-tags`.
#[derive(Clone, Debug, Default)]
pub struct TagFilter {
    /// Only tasks with one of these; empty means all.
    pub only: BTreeSet<String>,
    /// No task with one of these.
    pub skip: BTreeSet<String>,
}

impl TagFilter {
    /// Claims that a task with these tags runs.
    ///
    /// <https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_tags.html#special-tags-always-and-never>
    pub fn takes(&self, tags: &BTreeSet<Arc<str>>) -> bool {
        let has = |name: &str| tags.contains(name);
        let any = |set: &BTreeSet<String>| set.iter().any(|name| has(name));
        let tagged = !tags.is_empty();
        let mut take =
            self.only.is_empty() || self.only.contains("all") && !has("never") || has("always") || any(&self.only);
        take |= self.only.contains("tagged") && tagged && !has("never");
        take |= self.only.contains("untagged") && !tagged;
        if has("never") && !has("always") && !any(&self.only) {
            take = false;
        }
        if take && !self.skip.is_empty() {
            let spared = has("always") && !self.skip.contains("always");
            let skip = any(&self.skip)
                || (self.skip.contains("all") && !spared)
                || (self.skip.contains("tagged") && tagged)
                || (self.skip.contains("untagged") && !tagged);
            take = !skip;
        }
        take
    }
}

impl TagFilter {
    /// Claims that handlers run at the ends of the sections of a play with these tags: as in Ansible, what runs them there
    /// has the tag `always`.
    pub fn flushes(&self, play: &BTreeSet<Arc<str>>) -> bool {
        self.takes(&play.iter().cloned().chain([Arc::from("always")]).collect())
    }
}

/// Returns the items that the filter takes; blocks without any left are dropped.
pub fn keep_tagged(items: &[Item], filter: &TagFilter) -> Vec<Item> {
    items.iter().filter_map(|item| keep(item, filter)).collect()
}

fn keep(item: &Item, filter: &TagFilter) -> Option<Item> {
    match item {
        Item::Task(task) => kept_task(task, filter).then(|| item.clone()),
        Item::Block(block) => {
            let body = keep_tagged(&block.body, filter);
            let rescue = keep_tagged(&block.rescue, filter);
            let always = keep_tagged(&block.always, filter);
            if body.is_empty() && rescue.is_empty() && always.is_empty() {
                return None;
            }
            let Block { name, span, parallel, .. } = &**block;
            let block = Block { name: name.clone(), span: *span, body, rescue, always, parallel: *parallel };
            Some(Item::Block(Arc::new(block)))
        }
        Item::Role(used) => {
            let items = keep_tagged(&used.items, filter);
            let role = Arc::clone(&used.role);
            (!items.is_empty()).then(|| Item::Role(Arc::new(RoleTasks { role, items })))
        }
    }
}

fn kept_task(task: &Task, filter: &TagFilter) -> bool {
    filter.takes(&task.tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_tags_mean_what_they_mean_in_ansible() {
        // tags of the task, --tags, --skip-tags, whether it runs (answers of ansible-core 2.19)
        let cases = [
            ("", "", "", true),
            ("a", "", "", true),
            ("never", "", "", false),
            ("never,a", "a", "", true),
            ("never,a", "never", "", true),
            ("never,always", "", "", true),
            ("never,always", "b", "", true),
            ("never,a", "all", "", false),
            ("always", "b", "", true),
            ("a", "b", "", false),
            ("a", "tagged", "", true),
            ("", "tagged", "", false),
            ("", "untagged", "", true),
            ("a", "untagged", "", false),
            ("a", "", "a", false),
            ("always", "", "always", false),
            ("always", "", "all", true),
            ("a", "", "all", false),
            ("a", "", "tagged", false),
            ("", "", "untagged", false),
        ];
        let set =
            |text: &str| text.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect::<BTreeSet<_>>();
        for (tags, only, skip, runs) in cases {
            let filter = TagFilter { only: set(only), skip: set(skip) };
            let tags = set(tags).iter().map(|tag| Arc::from(tag.as_str())).collect();
            assert_eq!(filter.takes(&tags), runs, "tags {tags:?} --tags {only:?} --skip-tags {skip:?}");
        }
    }
}
